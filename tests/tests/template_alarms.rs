//! The alarms about Tidegate itself, and those that trigger it.

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
        assert_eq!(alarm["Type"], "AWS::CloudWatch::Alarm", "every alarm has a row: {name}");
        assert_eq!(settings["TreatMissingData"], "breaching");
        assert_eq!((&settings["EvaluationPeriods"], &settings["DatapointsToAlarm"]), (&json!(5), &json!(5)));
        let metrics = &settings["Metrics"];
        let read = &metrics[0]["MetricStat"];
        assert_eq!(read["Metric"]["MetricName"], "Evaluations");
        assert_eq!(read["Metric"]["Namespace"], "Tidegate");
        assert_eq!(read["Period"], 60);
        let function =
            json!([{"Name": "FunctionName", "Value": {"Ref": format!("{}Function", pascal_case(&name))}}]);
        assert_eq!(read["Metric"]["Dimensions"], function);
        // A minute without a line counts at once: of missing minutes CloudWatch would wait for more.
        assert_eq!(metrics[1]["Expression"], "FILL(evaluations, 0)");
    }
}

#[test]
fn every_function_whose_reports_do_not_get_out_is_reported() {
    let template = template();
    for name in repository::functions() {
        let settings = &template["Resources"][format!("{}ReportsAlarm", pascal_case(&name))]["Properties"];
        assert_eq!(settings["MetricName"], "FailedReports");
        assert_eq!(settings["TreatMissingData"], "notBreaching");
    }
}

#[test]
fn every_function_that_leaves_a_record_of_a_failure_is_reported() {
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

#[test]
fn any_alarm_of_this_account_may_trigger_and_no_other() {
    for (id, permission) in resources(&template(), "AWS::Lambda::Permission") {
        assert_eq!(permission["Properties"]["Principal"], "lambda.alarms.cloudwatch.amazonaws.com", "{id}");
        assert_eq!(permission["Properties"]["SourceAccount"], json!({"Ref": "AWS::AccountId"}), "{id}");
    }
}
