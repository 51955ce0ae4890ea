//! The alarms about Tidegate itself, and those that trigger it.

use std::collections::BTreeSet;

use serde_json::json;
use tidegate_tests::cloudformation::{pascal_case, resources, template};
use tidegate_tests::repository;

#[test]
fn alarms_of_this_account_can_use_their_topic_and_no_others_can() {
    let policy = template()["Resources"]["AlarmTopicPolicy"].to_string();
    assert!(policy.contains("cloudwatch.amazonaws.com"), "CloudWatch alarms are not admitted");
    assert!(policy.contains("aws:SourceAccount"), "the alarms of every account are admitted");
}

#[test]
fn every_function_is_missed_after_five_minutes() {
    let template = template();
    for name in repository::functions() {
        let alarm = &template["Resources"][format!("{}DeadManAlarm", pascal_case(&name))];
        let settings = &alarm["Properties"];
        assert_eq!(alarm["Type"], "AWS::CloudWatch::Alarm", "nobody misses {name}");
        assert_eq!(settings["TreatMissingData"], "breaching");
        assert_eq!((&settings["EvaluationPeriods"], &settings["DatapointsToAlarm"]), (&json!(5), &json!(5)));
        let metrics = &settings["Metrics"];
        let read = &metrics[0]["MetricStat"];
        assert_eq!(read["Metric"]["MetricName"], "Looks");
        assert_eq!(read["Metric"]["Namespace"], "Tidegate");
        assert_eq!(read["Period"], 60);
        let function =
            json!([{"Name": "FunctionName", "Value": {"Ref": format!("{}Function", pascal_case(&name))}}]);
        assert_eq!(read["Metric"]["Dimensions"], function);
        // A minute without a line counts at once: of missing minutes CloudWatch would wait for more.
        assert_eq!(metrics[1]["Expression"], "FILL(looks, 0)");
    }
}

#[test]
fn every_function_whose_reports_do_not_get_out_is_told_of() {
    let template = template();
    for name in repository::functions() {
        let settings = &template["Resources"][format!("{}ReportsAlarm", pascal_case(&name))]["Properties"];
        assert_eq!(settings["MetricName"], "FailedReports");
        assert_eq!(settings["TreatMissingData"], "notBreaching");
    }
}

#[test]
fn every_function_that_leaves_a_record_of_a_failure_is_told_of() {
    let template = template();
    for name in repository::functions().iter().map(|name| pascal_case(name)) {
        let settings = &template["Resources"][format!("{name}FailuresAlarm")]["Properties"];
        assert_eq!(settings["MetricName"], "ApproximateNumberOfMessagesVisible");
        let queue = json!({"Fn::GetAtt": format!("{name}Failures.QueueName")});
        assert_eq!(settings["Dimensions"], json!([{"Name": "QueueName", "Value": queue}]));
        let kept = &template["Resources"][format!("{name}Function")]["Properties"]["EventInvokeConfig"];
        let destination = &kept["DestinationConfig"]["OnFailure"]["Destination"];
        assert_eq!(destination, &json!({"Fn::GetAtt": format!("{name}Failures.Arn")}));
    }
}

/// SNS accepts a report that nobody gets. Of four numbers of its own, the alarm counts those that were lost; a filter policy
/// leaves out on purpose.
#[test]
fn reports_that_nobody_gets_are_told_of() {
    let template = template();
    let metrics = &template["Resources"]["LostReportsAlarm"]["Properties"]["Metrics"];
    let metrics = metrics.as_array().cloned().unwrap_or_default();
    let of_sns: BTreeSet<&str> = metrics
        .iter()
        .filter(|metric| metric["MetricStat"]["Metric"]["Namespace"] == "AWS/SNS")
        .filter_map(|metric| metric["MetricStat"]["Metric"]["MetricName"].as_str())
        .collect();
    let expected = [
        "NumberOfMessagesPublished",
        "NumberOfNotificationsDelivered",
        "NumberOfNotificationsFailed",
        "NumberOfNotificationsFilteredOut",
    ];
    assert_eq!(of_sns, expected.into());
    let result = metrics.iter().find(|metric| metric["Expression"].is_string()).expect("an expression");
    for id in ["published", "delivered", "filtered", "failed"] {
        assert!(result["Expression"].to_string().contains(&format!("FILL({id}, 0)")), "{id} may be missing");
    }
}

#[test]
fn any_alarm_of_this_account_may_ring_and_no_other() {
    for (id, permission) in resources(&template(), "AWS::Lambda::Permission") {
        assert_eq!(permission["Properties"]["Principal"], "lambda.alarms.cloudwatch.amazonaws.com", "{id}");
        assert_eq!(permission["Properties"]["SourceAccount"], json!({"Ref": "AWS::AccountId"}), "{id}");
    }
}
