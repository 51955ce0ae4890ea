//! What `rds-upgrade` may do to databases: modify those that are named, and nothing else.

use std::collections::BTreeMap;

use tidegate_tests::cloudformation::{statements, template};
use tidegate_tests::iam::{Authorization, is_allowed};

fn rds(resource: &str) -> String {
    format!("arn:aws:rds:eu-central-1:111122223333:{resource}")
}

/// Whether the role of a stack with one named database allows it.
#[track_caller]
fn check(action: &'static str, resource: &str, expected: bool) {
    let parameters = BTreeMap::from([
        ("UpgradeArns", vec![rds("db:shop")]),
        // What another function may do is not what this one may.
        ("DatabaseArns", vec![rds("db:billing")]),
        ("ClusterArns", vec![rds("cluster:orders")]),
    ]);
    let role = statements(&template()["Resources"]["RdsUpgradeRole"]);
    let asked = Authorization { action, resource: rds(resource), context: BTreeMap::new() };
    assert_eq!(is_allowed(&role, &parameters, &asked), expected, "{action} on {resource}");
}

#[test]
fn only_a_database_that_is_named_is_modified() {
    check("rds:ModifyDBInstance", "db:shop", true);
    for other in ["db:billing", "db:shop-2", "db:tidegate-shop-1", "cluster:shop", "cluster:orders"] {
        check("rds:ModifyDBInstance", other, false);
    }
}

#[test]
fn no_database_is_created_deleted_restarted_or_tagged() {
    for action in [
        "rds:CreateDBInstance",
        "rds:CreateDBInstanceReadReplica",
        "rds:DeleteDBInstance",
        "rds:RebootDBInstance",
        "rds:StopDBInstance",
        "rds:PromoteReadReplica",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "rds:ModifyDBCluster",
        "rds:ModifyDBParameterGroup",
        "rds:ApplyPendingMaintenanceAction",
        "rds:PurchaseReservedDBInstancesOffering",
    ] {
        for resource in ["db:shop", "db:billing", "cluster:orders"] {
            check(action, resource, false);
        }
    }
}
