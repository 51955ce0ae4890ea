//! Where RDS offers the class of a new replica.

use tidegate_aws::rds::offered_zones;
use tidegate_policy::AbsenceKind;

use crate::fake::{Aws, deadline};
use crate::rds::{instance, seen, source};
use crate::rds_rehearsal::{answers, offer};

const CLASS: &str = "db.r6g.xlarge";

#[tokio::test(start_paused = true)]
async fn zones_of_the_same_storage_that_take_replicas_are_offered_each_once() {
    let storage = "<StorageType>gp3</StorageType>";
    let no_replicas =
        offer("gp3", &["eu-central-1d"]).replace("<ReadReplicaCapable>true", "<ReadReplicaCapable>false");
    let offers = offer("gp3", &["eu-central-1b", "eu-central-1a"])
        + &offer("gp3", &["eu-central-1a"])
        + &offer("io1", &["eu-central-1c"])
        + &no_replicas;
    let aws = answers(&offers, "", "");
    let all = seen(&source("prod", &[], storage), "").await;
    let zones = offered_zones(&aws.clients(), &all, "prod", CLASS, deadline()).await;
    assert_eq!(zones, Ok(["eu-central-1a", "eu-central-1b"].map(str::to_owned).to_vec()));
    assert_eq!(aws.count(), 1);
    let body = &aws.calls("DescribeOrderableDBInstanceOptions")[0].body;
    let asked = ["Engine", "EngineVersion", "DBInstanceClass"].map(|key| &body[key]);
    assert_eq!(asked, ["postgres", "16.4", CLASS]);
}

#[tokio::test(start_paused = true)]
async fn readers_of_aurora_need_no_offer_of_replicas() {
    let writer = instance(
        "orders-1",
        "<Engine>aurora-mysql</Engine><EngineVersion>8.0</EngineVersion><StorageType>aurora</StorageType>\
         <DBClusterIdentifier>orders</DBClusterIdentifier>",
    );
    let offers =
        offer("aurora", &["eu-central-1a"]).replace("<ReadReplicaCapable>true", "<ReadReplicaCapable>false");
    let aws = answers(&offers, "", "");
    let all = seen(&writer, "").await;
    let zones = offered_zones(&aws.clients(), &all, "orders-1", CLASS, deadline()).await;
    assert_eq!(zones, Ok(vec!["eu-central-1a".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_fails_or_an_instance_that_is_gone_offers_nothing_known() {
    let all = seen(&source("prod", &[], ""), "").await;
    let denied = Aws::new(|_, _| Err(("AccessDenied", "not authorized")));
    for (source, kind) in [("prod", AbsenceKind::Denied), ("gone", AbsenceKind::NotFound)] {
        let zones = offered_zones(&denied.clients(), &all, source, CLASS, deadline()).await;
        assert_eq!(zones.map_err(|absence| absence.kind), Err(kind));
    }
}
