//! The classes that guards need: one call for all, kept for ten minutes.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_aws::rds::DatabaseClasses;
use tidegate_policy::{AbsenceKind, DatabaseClass, Engine};

use crate::fake::{Aws, deadline};
use crate::rds::{page, source};

fn group(name: &str) -> String {
    format!(
        "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>{name}</DBParameterGroupName>\
         <ParameterApplyStatus>in-sync</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>"
    )
}

#[tokio::test(start_paused = true)]
async fn the_classes_of_all_instances_take_one_call_and_are_kept_for_ten_minutes() {
    let instances = format!(
        "{}{}",
        source("main", &[], &group("default.postgres16")),
        source("own", &[], &group("tuned"))
    );
    let aws = Aws::new(move |_, _| Ok(page(&instances, None)));
    let (clients, classes) = (aws.clients(), DatabaseClasses::default());
    let now: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a moment");
    let ids = ["Main", "own", "gone", "own"];
    let found = classes.find(&clients, &ids, deadline(), now).await;
    let class = |has_default_parameters| DatabaseClass {
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        class: "db.r6g.large".to_owned(),
        has_default_parameters,
    };
    assert_eq!(found["Main"], Ok(class(true)), "RDS writes identifiers in lower case");
    assert_eq!(found["own"], Ok(class(false)), "a parameter group of one's own may say anything");
    assert_eq!(found["gone"].as_ref().map_err(|absence| absence.kind), Err(AbsenceKind::NotFound));
    assert_eq!(aws.count(), 1);

    classes.find(&clients, &["Main", "own"], deadline(), now + SignedDuration::from_secs(599)).await;
    assert_eq!(aws.count(), 1, "both are known");
    classes.find(&clients, &["Main", "own"], deadline(), now + SignedDuration::from_secs(600)).await;
    assert_eq!(aws.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_speaks_for_the_instances_it_asked_for() {
    let aws = Aws::new(|_, _| Ok(json!("<broken")));
    let found =
        DatabaseClasses::default().find(&aws.clients(), &["main"], deadline(), Timestamp::UNIX_EPOCH).await;
    assert!(found["main"].is_err(), "{found:?}");
    let none = DatabaseClasses::default().find(&aws.clients(), &[], deadline(), Timestamp::UNIX_EPOCH).await;
    assert!(none.is_empty());
    assert_eq!(aws.count(), 1, "without a name nothing is asked for");
}
