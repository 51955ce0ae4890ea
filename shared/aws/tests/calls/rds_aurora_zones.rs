//! In which zones a new reader of Aurora may stand: where the subnet group has subnets and the cluster its storage. RDS refuses
//! any other one; this fake does too.

use serde_json::{Value, json};
use tidegate_aws::rds;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica};

use crate::fake::Aws;
use crate::rds::{TAGS, cluster, member, page, seen};
use crate::update::{clock, end};

/// A writer whose subnet group has these zones.
fn writer(zones: &str) -> String {
    let subnet = |zone: char| {
        format!(
            "<Subnet><SubnetAvailabilityZone><Name>eu-west-1{zone}</Name></SubnetAvailabilityZone></Subnet>"
        )
    };
    let subnets: String = zones.chars().map(subnet).collect();
    member("w", &format!("<DBSubnetGroup><Subnets>{subnets}</Subnets></DBSubnetGroup>"))
}

/// A cluster whose storage is in these zones; it says nothing of them where there are none.
fn stored_in(zones: &str) -> String {
    let zone = |zone: char| format!("<AvailabilityZone>eu-west-1{zone}</AvailabilityZone>");
    let zones: String = zones.chars().map(zone).collect();
    let zones = format!("<AvailabilityZones>{zones}</AvailabilityZones></DBCluster>");
    cluster("aurora-postgresql", "available", Some("w"), &[]).replace("</DBCluster>", &zones)
}

#[tokio::test(start_paused = true)]
async fn a_reader_may_stand_where_the_cluster_has_its_storage() {
    for (subnets, storage, expected) in [
        ("abcd", "bcd", &["eu-west-1b", "eu-west-1c", "eu-west-1d"][..]),
        ("ab", "abc", &["eu-west-1a", "eu-west-1b"]),
        ("ab", "", &["eu-west-1a", "eu-west-1b"]),
        // RDS chooses.
        ("a", "bcd", &[]),
        ("", "abc", &[]),
    ] {
        let seen = seen(&writer(subnets), &stored_in(storage)).await;
        let instances = seen.of_aurora("sales", TAGS).expect("read");
        assert_eq!(instances.source.zones, expected, "{subnets} {storage}");
    }
}

/// RDS with a cluster in the zones b, c and d.
fn unkind() -> Aws {
    Aws::new(|action, body: &Value| match (action, body["AvailabilityZone"].as_str()) {
        ("DescribeDBInstances", _) => Ok(page(&writer("abcd"), None)),
        ("DescribeDBClusters", _) => Ok(json!(format!("<DBClusters>{}</DBClusters>", stored_in("bcd")))),
        (_, None | Some("eu-west-1b" | "eu-west-1c" | "eu-west-1d")) => Ok(json!("")),
        (_, Some(_)) => Err(("InvalidParameterValue", "the zone is none of the DB cluster")),
    })
}

#[tokio::test(start_paused = true)]
async fn every_zone_that_is_shown_is_one_that_rds_takes_a_reader_in() {
    let aws = unkind();
    let seen = rds::describe(&aws.clients(), true, crate::fake::deadline()).await.expect("an answer");
    let zones = seen.of_aurora("sales", TAGS).expect("read").source.zones;
    assert_eq!(zones.len(), 3);
    for zone in zones {
        let (id, source, class) = ("tidegate-w-1".to_owned(), "w".to_owned(), "db.r6g.large".to_owned());
        let call = InstanceCall::Create(NewReplica { id, source, class, zone: Some(zone) });
        let left = jiff::SignedDuration::from_secs(8);
        let answer = rds::apply(&aws.clients(), &call, &seen, TAGS, end(left), &clock()).await;
        assert_eq!(answer.outcome, CallOutcome::Taken);
    }
}
