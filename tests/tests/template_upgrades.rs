//! What `rds-upgrade` may do to databases: modify those that are named, take snapshots of them, and nothing else.

use std::collections::BTreeMap;

use tidegate_tests::cloudformation::{statements, template};
use tidegate_tests::iam::{Authorization, is_allowed};

fn rds(resource: &str) -> String {
    format!("arn:aws:rds:eu-central-1:111122223333:{resource}")
}

#[track_caller]
fn check(action: &'static str, resource: &str, expected: bool) {
    check_with(action, resource, &[], expected);
}

/// Whether the role of a stack with one named database allows it, in a request with these tags.
#[track_caller]
fn check_with(action: &'static str, resource: &str, tags: &[(&'static str, &'static str)], expected: bool) {
    let parameters = BTreeMap::from([
        ("UpgradeArns", vec![rds("db:shop")]),
        // What another function may do is not what this one may.
        ("DatabaseArns", vec![rds("db:billing")]),
        ("ClusterArns", vec![rds("cluster:orders")]),
    ]);
    let role = statements(&template()["Resources"]["RdsUpgradeRole"]);
    let context = tags.iter().map(|(key, value)| (*key, vec![*value])).collect();
    let asked = Authorization { action, resource: rds(resource), context };
    assert_eq!(is_allowed(&role, &parameters, &asked), expected, "{action} on {resource}");
}

#[test]
fn only_a_database_that_is_named_is_modified() {
    check("rds:ModifyDBInstance", "db:shop", true);
    for other in ["db:billing", "db:shop-2", "db:tidegate-shop-1", "cluster:shop", "cluster:orders"] {
        check("rds:ModifyDBInstance", other, false);
    }
}

/// RDS asks for the instance, for the snapshot and for its tags.
#[test]
fn a_snapshot_is_taken_of_a_named_database_under_our_prefix_and_with_our_tag_and_none_is_deleted() {
    let ours = [("aws:RequestTag/tidegate:fleet", "shop")];
    let snapshot = "snapshot:tidegate-shop-202611290500";
    for (action, resource) in [
        ("rds:CreateDBSnapshot", "db:shop"),
        ("rds:CreateDBSnapshot", snapshot),
        ("rds:AddTagsToResource", snapshot),
    ] {
        check_with(action, resource, &ours, true);
        check(action, resource, false);
    }
    for other in ["db:billing", "db:shop-2", "snapshot:shop", "snapshot:rds:shop-2026-11-29"] {
        check_with("rds:CreateDBSnapshot", other, &ours, false);
        check_with("rds:AddTagsToResource", other, &ours, false);
    }
    check_with("rds:AddTagsToResource", "db:shop", &ours, false);
    for action in [
        "rds:DeleteDBSnapshot",
        "rds:ModifyDBSnapshot",
        "rds:ModifyDBSnapshotAttribute",
        "rds:CopyDBSnapshot",
        "rds:RestoreDBInstanceFromDBSnapshot",
        "rds:RemoveTagsFromResource",
    ] {
        check_with(action, snapshot, &ours, false);
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
