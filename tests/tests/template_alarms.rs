//! The alarms about Tidegate itself, and those that trigger it.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::log;
use tidegate_aws::report::{EvaluationReport, Header};
use tidegate_aws::trigger::Trigger;
use tidegate_tests::cloudformation::{pascal_case, resources, template};
use tidegate_tests::repository;

#[test]
fn alarms_of_this_account_can_use_their_topic_and_no_others_can() {
    let policy = template()["Resources"]["AlarmTopicPolicy"].to_string();
    assert!(policy.contains("cloudwatch.amazonaws.com"), "CloudWatch alarms are not admitted");
    assert!(policy.contains("aws:SourceAccount"), "the alarms of every account are admitted");
}

/// How often a function evaluates, in seconds, and how many evaluations may be missing: five of a minute, three of five minutes.
fn missed(function: &str) -> (i64, i64) {
    if function == "rds-upgrade" { (300, 3) } else { (60, 5) }
}

#[test]
fn every_function_is_missed_after_five_minutes_and_one_of_five_minutes_after_fifteen() {
    let template = template();
    for name in repository::functions() {
        let (period, periods) = missed(&name);
        let function = &template["Resources"][format!("{}Function", pascal_case(&name))]["Properties"];
        let schedule = &function["Events"]["Schedule"]["Properties"]["ScheduleExpression"];
        let every = if period == 60 { "rate(1 minute)" } else { "rate(5 minutes)" };
        assert_eq!(schedule, every, "{name}");
        let alarm = &template["Resources"][format!("{}DeadManAlarm", pascal_case(&name))];
        let settings = &alarm["Properties"];
        assert_eq!(alarm["Type"], "AWS::CloudWatch::Alarm", "every alarm has a row: {name}");
        assert_eq!(settings["TreatMissingData"], "breaching");
        let all = (&json!(periods), &json!(periods));
        assert_eq!((&settings["EvaluationPeriods"], &settings["DatapointsToAlarm"]), all);
        let metrics = &settings["Metrics"];
        let read = &metrics[0]["MetricStat"];
        assert_eq!(read["Metric"]["MetricName"], "Evaluations");
        assert_eq!(read["Metric"]["Namespace"], "Tidegate");
        assert_eq!(read["Period"], period);
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
        // Less than the time between two evaluations would never be breached twice in a row.
        assert_eq!(settings["Period"], missed(&name).0);
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
fn an_emergency_that_lasts_a_day_is_reported() {
    let settings = &template()["Resources"]["EmergencyMaxLastsAlarm"]["Properties"];
    let hours = json!([settings["Period"], settings["EvaluationPeriods"], settings["DatapointsToAlarm"]]);
    assert_eq!(hours, json!([3600, 24, 24]), "24 hours in a row");
    assert_eq!(settings["Statistic"], "Minimum", "one evaluation without an emergency ends it");
    assert_eq!(settings["TreatMissingData"], "ignore");
    let function = json!([{"Name": "FunctionName", "Value": {"Ref": "EmergencyMaxFunction"}}]);
    assert_eq!(settings["Dimensions"], function);

    // The metric that it reads is the one that the function writes, under the function's name.
    let name = "EmergencyInForce";
    assert_eq!(settings["MetricName"], name);
    assert!(repository::read("shared/emergency/src/concern.rs").contains(&format!("\"{name}\"")));
    for in_force in [0, 1] {
        let line = line(Some((name, in_force)));
        assert_eq!(line[name], in_force);
        let directive = &line["_aws"]["CloudWatchMetrics"][1];
        assert_eq!(directive["Dimensions"], json!([["FunctionName"]]));
        let metrics = directive["Metrics"].as_array().cloned().unwrap_or_default();
        assert!(metrics.iter().any(|metric| metric["Name"] == name), "{directive}");
    }
    assert!(line(None).get(name).is_none(), "the other functions have no such metric");
}

/// The log line of an evaluation that changed nothing.
fn line(metric: Option<(&'static str, u32)>) -> Value {
    let header = Header {
        fleet: "shop".to_owned(),
        place: None,
        concern: "emergency-max",
        function: "tidegate-EmergencyMaxFunction".to_owned(),
        evaluation: "8fc06518".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        trigger: Trigger::Schedule,
        request: None,
    };
    let report = EvaluationReport { metric, ..EvaluationReport::empty(header) };
    log::lines(&report, &report.to_json(), false).swap_remove(0)
}

#[test]
fn any_alarm_of_this_account_may_trigger_and_no_other() {
    for (id, permission) in resources(&template(), "AWS::Lambda::Permission") {
        assert_eq!(permission["Properties"]["Principal"], "lambda.alarms.cloudwatch.amazonaws.com", "{id}");
        assert_eq!(permission["Properties"]["SourceAccount"], json!({"Ref": "AWS::AccountId"}), "{id}");
    }
}
