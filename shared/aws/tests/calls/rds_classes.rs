//! The classes that guards need: one call for all and one for each parameter group, kept for ten minutes.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_aws::rds::DatabaseClasses;
use tidegate_policy::{AbsenceKind, ConnectionSetting, DatabaseClass, Engine, GuardedInstance};

use crate::fake::{Aws, deadline};
use crate::rds::{page, source};

const PARAMETERS: &str = "DescribeDBParameters";

fn group(name: &str) -> String {
    group_that_is(name, "in-sync")
}

fn group_that_is(name: &str, status: &str) -> String {
    format!(
        "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>{name}</DBParameterGroupName>\
         <ParameterApplyStatus>{status}</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>"
    )
}

/// Parameters that a group sets.
fn parameters(all: &[(&str, &str)], marker: Option<&str>) -> String {
    let one = |(name, value): &(&str, &str)| {
        format!(
            "<Parameter><ParameterName>{name}</ParameterName><ParameterValue>{value}</ParameterValue>\
             <Source>user</Source></Parameter>"
        )
    };
    let marker = marker.map(|marker| format!("<Marker>{marker}</Marker>")).unwrap_or_default();
    format!("<Parameters>{}</Parameters>{marker}", all.iter().map(one).collect::<String>())
}

fn large(has_default_parameters: bool) -> DatabaseClass {
    DatabaseClass {
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        class: "db.r6g.large".to_owned(),
        has_default_parameters,
    }
}

fn set(value: &str, is_pending: bool) -> GuardedInstance {
    let setting = ConnectionSetting::Set { value: value.to_owned(), is_pending };
    GuardedInstance { class: large(false), setting: Some(Ok(setting)) }
}

#[tokio::test(start_paused = true)]
async fn the_classes_of_all_instances_take_one_call_and_are_kept_for_ten_minutes() {
    let instances = format!(
        "{}{}",
        source("main", &[], &group("default.postgres16")),
        source("own", &[], &group("tuned"))
    );
    let aws = Aws::new(move |action, _| {
        Ok(if action == PARAMETERS {
            json!(parameters(&[("work_mem", "64"), ("max_connections", "300")], None))
        } else {
            page(&instances, None)
        })
    });
    let (clients, classes) = (aws.clients(), DatabaseClasses::default());
    let now: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a moment");
    let ids = ["Main", "own", "gone", "own"];
    let found = classes.find(&clients, &ids, deadline(), now).await;
    let by_default = GuardedInstance { class: large(true), setting: None };
    assert_eq!(found["Main"], Ok(by_default), "RDS writes identifiers in lower case");
    assert_eq!(found["own"], Ok(set("300", false)));
    assert_eq!(found["gone"].as_ref().map_err(|absence| absence.kind), Err(AbsenceKind::NotFound));
    assert_eq!(aws.count(), 2, "one for the instances, one for the group");
    let asked = &aws.calls(PARAMETERS)[0].body;
    assert_eq!([&asked["DBParameterGroupName"], &asked["Source"]], ["tuned", "user"]);

    classes.find(&clients, &["Main", "own"], deadline(), now + SignedDuration::from_secs(599)).await;
    assert_eq!(aws.count(), 2, "both are known");
    classes.find(&clients, &["Main", "own"], deadline(), now + SignedDuration::from_secs(600)).await;
    assert_eq!(aws.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_group_is_read_once_to_its_last_page_and_believed_as_far_as_it_is_applied() {
    let instances = format!(
        "{}{}{}",
        source("one", &[], &group("tuned")),
        source("two", &[], &group_that_is("tuned", "pending-reboot")),
        source("three", &[], &group("bare"))
    );
    let aws = Aws::new(move |action, body| {
        let page_of = |group: &str, marker: &str| match (group, marker) {
            ("tuned", "") => parameters(&[("work_mem", "64")], Some("next")),
            ("tuned", _) => {
                parameters(&[("max_connections", "LEAST({DBInstanceClassMemory/9531392},500)")], None)
            }
            _ => parameters(&[], None),
        };
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        Ok(if action == PARAMETERS {
            json!(page_of(&text("DBParameterGroupName"), &text("Marker")))
        } else {
            page(&instances, None)
        })
    });
    let classes = DatabaseClasses::default();
    let found =
        classes.find(&aws.clients(), &["one", "two", "three"], deadline(), Timestamp::UNIX_EPOCH).await;
    let formula = "LEAST({DBInstanceClassMemory/9531392},500)";
    assert_eq!(found["one"], Ok(set(formula, false)));
    assert_eq!(found["two"], Ok(set(formula, true)));
    let left_alone = GuardedInstance { class: large(false), setting: Some(Ok(ConnectionSetting::Default)) };
    assert_eq!(found["three"], Ok(left_alone));
    assert_eq!(aws.calls(PARAMETERS).len(), 3, "two pages of one group, one of the other");
}

#[tokio::test(start_paused = true)]
async fn a_parameter_group_that_cannot_be_read_is_asked_for_again() {
    let instances = source("own", &[], &group("tuned"));
    let aws = Aws::new(move |action, _| {
        if action == PARAMETERS {
            Err(("AccessDenied", "not authorized"))
        } else {
            Ok(page(&instances, None))
        }
    });
    let (clients, classes) = (aws.clients(), DatabaseClasses::default());
    for round in 1..=2 {
        let found = classes.find(&clients, &["own"], deadline(), Timestamp::UNIX_EPOCH).await;
        let setting =
            found["own"].clone().expect("the class is known").setting.expect("it has its own group");
        assert_eq!(setting.map_err(|absence| absence.kind), Err(AbsenceKind::Denied));
        assert_eq!(aws.calls(PARAMETERS).len(), round);
    }
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
