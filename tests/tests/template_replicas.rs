//! What `replica-lag` may do to databases and to records: nothing to what is not Tidegate's.

use std::collections::BTreeMap;

use serde_json::Value;
use tidegate_tests::cloudformation::{statements, template};
use tidegate_tests::iam::{Authorization, is_allowed};

/// The condition keys of one request, with their values.
type Context = &'static [(&'static str, &'static [&'static str])];

const TAGGED: Context = &[("aws:RequestTag/tidegate:fleet", &["shop"])];
const UNTAGGED: Context = &[];
const OURS: Context = &[("aws:ResourceTag/tidegate:fleet", &["shop"])];
/// A reader of Aurora, as the request shows it.
const READER: Context =
    &[("aws:RequestTag/tidegate:fleet", &["shop"]), ("rds:DatabaseEngine", &["aurora-postgresql"])];

/// What the stack of a fleet with two databases may do, by its role alone: what functions share is no call to RDS.
fn role() -> Vec<Value> {
    statements(&template()["Resources"]["ReplicaLagRole"])
}

fn rds(resource: &str) -> String {
    format!("arn:aws:rds:eu-central-1:111122223333:{resource}")
}

fn zone(id: &str) -> String {
    format!("arn:aws:route53:::hostedzone/{id}")
}

fn is_permitted(action: &'static str, resource: &str, context: Context) -> bool {
    let resource = if resource.starts_with("arn:") { resource.to_owned() } else { rds(resource) };
    let parameters = BTreeMap::from([
        ("DatabaseArns", vec![rds("db:shop")]),
        ("ClusterArns", vec![rds("cluster:orders")]),
        ("ZoneArns", vec![zone("Z1")]),
        ("RecordNames", vec!["read.db.internal".to_owned()]),
        ("MonitoringRoleArns", vec!["arn:aws:iam::111122223333:role/monitoring".to_owned()]),
        ("DatabaseKeyArns", vec!["arn:aws:kms:eu-central-1:111122223333:key/1".to_owned()]),
    ]);
    let context = context.iter().map(|(key, values)| (*key, values.to_vec())).collect();
    is_allowed(&role(), &parameters, &Authorization { action, resource, context })
}

#[track_caller]
fn check(action: &'static str, resource: &str, context: Context, expected: bool) {
    let allowed = is_permitted(action, resource, context);
    assert_eq!(allowed, expected, "{action} on {resource} with {context:?}");
}

#[test]
fn somebodys_database_can_be_neither_tagged_nor_deleted() {
    for somebodys in
        ["db:shop", "db:billing", "db:tidegate", "db:tidegatex", "cluster:orders", "cluster:tidegate-1"]
    {
        check("rds:AddTagsToResource", somebodys, TAGGED, false);
        // Not even where it has the tag already: an operator may have copied all tags.
        check("rds:DeleteDBInstance", somebodys, OURS, false);
        check("rds:RemoveTagsFromResource", somebodys, OURS, false);
    }
    // The prefix alone is not enough.
    check("rds:DeleteDBInstance", "db:tidegate-shop-1", UNTAGGED, false);
    check("rds:AddTagsToResource", "db:tidegate-shop-1", UNTAGGED, false);
}

#[test]
fn an_own_replica_can_be_tagged_while_it_is_created_and_deleted() {
    check("rds:AddTagsToResource", "db:tidegate-shop-1", TAGGED, true);
    check("rds:DeleteDBInstance", "db:tidegate-shop-1", OURS, true);
}

/// `CreateDBInstance` may encrypt and decrypt with the key of Performance Insights in the caller's name, through RDS alone.
#[test]
fn the_keys_of_databases_and_of_their_insights_are_used_through_rds_alone() {
    let through = |service: &'static str| -> Context {
        if service == "rds" {
            &[("kms:ViaService", &["rds.eu-central-1.amazonaws.com"])]
        } else {
            &[("kms:ViaService", &["ec2.eu-central-1.amazonaws.com"])]
        }
    };
    let (ours, other) =
        ("arn:aws:kms:eu-central-1:111122223333:key/1", "arn:aws:kms:eu-central-1:111122223333:key/2");
    for action in ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"] {
        check(action, ours, through("rds"), true);
        check(action, ours, through("ec2"), false);
        check(action, ours, UNTAGGED, false);
        check(action, other, through("rds"), false);
    }
    check("kms:Encrypt", ours, through("rds"), false);
}

#[test]
fn what_protects_a_database_can_be_switched_off_by_nothing() {
    for action in
        ["rds:ModifyDBInstance", "rds:PromoteReadReplica", "rds:RebootDBInstance", "rds:StopDBInstance"]
    {
        for resource in ["db:shop", "db:tidegate-shop-1"] {
            check(action, resource, OURS, false);
        }
    }
    check("rds:DeleteDBCluster", "cluster:orders", OURS, false);
}

#[test]
fn a_replica_is_created_of_a_named_source_with_our_name_and_tag_or_not_at_all() {
    let create = "rds:CreateDBInstanceReadReplica";
    for needed in ["db:shop", "db:tidegate-shop-1", "og:default:postgres-16", "pg:shop", "subgrp:private"] {
        check(create, needed, TAGGED, true);
        check(create, needed, UNTAGGED, false);
    }
    check(create, "db:billing", TAGGED, false);
    check(create, "cluster:orders", TAGGED, false);
}

#[test]
fn a_reader_is_created_in_a_named_cluster_and_no_other_database_is() {
    let create = "rds:CreateDBInstance";
    for needed in
        ["cluster:orders", "db:tidegate-orders-1", "pg:orders", "og:default:aurora", "subgrp:private"]
    {
        check(create, needed, READER, true);
    }
    check(create, "db:tidegate-orders-1", TAGGED, false);
    check(create, "db:tidegate-orders-1", &[("rds:DatabaseEngine", &["aurora-postgresql"])], false);
    let own_database: Context =
        &[("aws:RequestTag/tidegate:fleet", &["shop"]), ("rds:DatabaseEngine", &["mysql"])];
    check(create, "db:tidegate-orders-1", own_database, false);
    for not_ours in ["db:orders-2", "db:shop", "cluster:billing"] {
        check(create, not_ours, READER, false);
    }
}

#[test]
fn only_cname_records_of_the_named_record_are_changed() {
    let change = "route53:ChangeResourceRecordSets";
    let ours: Context = &[
        ("route53:ChangeResourceRecordSetsNormalizedRecordNames", &["read.db.internal"]),
        ("route53:ChangeResourceRecordSetsRecordTypes", &["CNAME"]),
        ("route53:ChangeResourceRecordSetsActions", &["UPSERT", "DELETE"]),
    ];
    check(change, &zone("Z1"), ours, true);
    check(change, &zone("Z2"), ours, false);
    let one_more: Context = &[
        ("route53:ChangeResourceRecordSetsNormalizedRecordNames", &["read.db.internal", "www.shop.com"]),
        ("route53:ChangeResourceRecordSetsRecordTypes", &["CNAME"]),
        ("route53:ChangeResourceRecordSetsActions", &["UPSERT"]),
    ];
    check(change, &zone("Z1"), one_more, false);
    let address: Context = &[
        ("route53:ChangeResourceRecordSetsNormalizedRecordNames", &["read.db.internal"]),
        ("route53:ChangeResourceRecordSetsRecordTypes", &["A"]),
        ("route53:ChangeResourceRecordSetsActions", &["UPSERT"]),
    ];
    check(change, &zone("Z1"), address, false);
    check(change, &zone("Z1"), UNTAGGED, false);
    check("route53:ListResourceRecordSets", &zone("Z1"), UNTAGGED, true);
    check("route53:ListResourceRecordSets", &zone("Z2"), UNTAGGED, false);
}

#[test]
fn a_role_is_passed_to_enhanced_monitoring_alone() {
    let role = "arn:aws:iam::111122223333:role/monitoring";
    check("iam:PassRole", role, &[("iam:PassedToService", &["monitoring.rds.amazonaws.com"])], true);
    check("iam:PassRole", role, &[("iam:PassedToService", &["lambda.amazonaws.com"])], false);
    let admin = "arn:aws:iam::111122223333:role/admin";
    check("iam:PassRole", admin, &[("iam:PassedToService", &["monitoring.rds.amazonaws.com"])], false);
}
