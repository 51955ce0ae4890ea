//! What triggers the functions, and what is done with an event that fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_tests::cloudformation::{pascal_case, resources, template};
use tidegate_tests::repository;

#[test]
fn a_failed_call_is_not_repeated_and_none_is_older_than_a_minute() {
    for (id, function) in resources(&template(), "AWS::Serverless::Function") {
        let settings = &function["Properties"]["EventInvokeConfig"];
        assert_eq!(settings["MaximumRetryAttempts"], 0, "{id}");
        assert_eq!(settings["MaximumEventAgeInSeconds"], 60, "{id}");
        assert!(!settings["DestinationConfig"]["OnFailure"].is_null(), "{id} drops what fails");
        for (name, event) in function["Properties"]["Events"].as_object().cloned().unwrap_or_default() {
            match event["Type"].as_str() {
                Some("ScheduleV2") => {
                    let retry = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
                    assert_eq!(event["Properties"]["RetryPolicy"], retry, "{id}.{name}");
                    assert_eq!(event["Properties"]["OmitName"], true, "{id}.{name} allows one stack only");
                    assert_eq!(event["Properties"]["State"], json!({"Ref": "ScheduleState"}), "{id}.{name}");
                }
                Some("EventBridgeRule") => {
                    let retry = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
                    assert_eq!(event["Properties"]["RetryPolicy"], retry, "{id}.{name}");
                    let pattern = &event["Properties"]["Pattern"];
                    if pattern["source"] == json!(["aws.rds"]) {
                        // Which replicas a database has, and whether a change is over, is known only when it is read.
                        let kinds = match id.as_str() {
                            "ReplicaLagFunction" => json!(["RDS DB Instance Event", "RDS DB Cluster Event"]),
                            "RdsUpgradeFunction" => json!(["RDS DB Instance Event"]),
                            other => unreachable!("{other} is triggered by RDS"),
                        };
                        assert_eq!(pattern["detail-type"], kinds);
                    } else {
                        let named = json!({"alarmName": {"Ref": "AlarmNames"}});
                        assert_eq!(pattern["detail"], named, "{id}.{name} is triggered by any alarm");
                    }
                }
                Some("SQS") => assert_eq!(event["Properties"]["BatchSize"], 1, "{id}.{name}"),
                other => unreachable!("{id}.{name} is of the type {other:?}, which this test does not know"),
            }
        }
    }
}

#[test]
fn a_schedule_sends_the_event_that_the_tests_use() {
    let template = template();
    for name in repository::functions() {
        let function = &template["Resources"][format!("{}Function", pascal_case(&name))];
        let schedule = &function["Properties"]["Events"]["Schedule"]["Properties"];
        let input = schedule["Input"]["Fn::Sub"].as_str().expect("the schedule has an input");
        let sent: Value = serde_json::from_str(input).expect("the schedule's input is JSON");
        let shown: Value = serde_json::from_str(&repository::read(&format!("events/{name}.schedule.json")))
            .expect("events are JSON");
        let keys = |value: &Value| -> BTreeSet<String> {
            value.as_object().cloned().unwrap_or_default().into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(&sent), keys(&shown));
        assert_eq!((&sent["source"], &sent["detail-type"]), (&shown["source"], &shown["detail-type"]));
    }
}
