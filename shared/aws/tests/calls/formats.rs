//! What leaves the function states its format, and a change of its keys is seen here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::report::{Alert, EvaluationReport, Header, Unreported};
use tidegate_aws::trigger::Trigger;
use tidegate_aws::{log, sns};
use tidegate_policy::Severity;

use crate::fake::Aws;

/// A report with everything that one may have, but for targets: their keys are their concern's.
fn report() -> EvaluationReport {
    let at = Timestamp::from_second(1_795_250_000).expect("a moment");
    let header = Header {
        place: None,
        fleet: "shop-prod".to_owned(),
        concern: "queue-depth",
        function: "tidegate-QueueDepthFunction".to_owned(),
        evaluation: "3f2a91c0".to_owned(),
        at,
        trigger: Trigger::Alarm { name: "late".to_owned() },
        request: None,
    };
    let (severity, text) = (Severity::Critical, "not evaluated".to_owned());
    EvaluationReport {
        unreported: vec![Unreported { severity, target: "worker".to_owned(), at, text: text.clone() }],
        alert: Some(Alert {
            severity,
            text,
            cause: String::new(),
            because: None,
            targets: vec!["worker".to_owned()],
        }),
        ..EvaluationReport::empty(header)
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn an_answer_and_a_log_line_have_the_keys_of_format_1_and_no_others() {
    let answer = report().to_json();
    let common = ["alarm", "alert", "at", "concern", "evaluation", "fleet", "format", "state"];
    assert_eq!(keys(&answer), [&common[..], &["targets", "trigger", "unreported"]].concat());
    assert_eq!(answer["format"], 1);
    assert_eq!(keys(&answer["unreported"][0]), ["at", "severity", "target", "text"]);
    assert_eq!(report().reported_json()["format"], 1);

    let lines = log::lines(&report(), &answer, false);
    let [line] = lines.as_slice() else { unreachable!("one line, not {}", lines.len()) };
    let added: BTreeSet<&str> = keys(line).into_iter().filter(|key| answer.get(key).is_none()).collect();
    let metrics = ["Changes", "Concern", "Evaluations", "FailedChanges", "FailedReports", "Fleet"];
    let more = ["FunctionName", "UnreadTargets", "_aws"];
    assert_eq!(added, metrics.into_iter().chain(more).collect());

    assert_eq!(line["Evaluations"], 0, "this one reports an outage");
    let quiet = EvaluationReport { alert: None, ..report() };
    let counted = |answer: &Value| log::lines(&quiet, answer, false)[0]["Evaluations"].clone();
    assert_eq!(counted(&answer), 1);
    assert_eq!(counted(&json!({"dropped": true})), 0, "another one wrote first");

    let many: Value = (0..3_000).map(|index| json!({"target": format!("{index:0100}")})).collect();
    let mut long = answer.clone();
    long["targets"] = many;
    let lines = log::lines(&report(), &long, false);
    assert!(lines.len() > 1 && lines.iter().all(|line| line["format"] == 1), "each line states it");
    assert_eq!(keys(&lines[1]), ["at", "evaluation", "fleet", "format", "targets"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_has_the_attributes_of_format_1_and_no_others() {
    let aws = Aws::new(|_, _| Ok(json!({"MessageId": "1"})));
    sns::publish(&aws.clients().sns, "arn:aws:sns:eu-central-1:111122223333:reports", &report())
        .await
        .expect("published");
    let body = &aws.calls("Publish")[0].body;
    let value = |suffix: &str| -> Vec<String> {
        let entries = (1..10).map(|index| format!("MessageAttributes.entry.{index}.{suffix}"));
        entries.map_while(|key| body[&key].as_str().map(str::to_owned)).collect()
    };
    let found: BTreeSet<(String, String)> =
        value("Name").into_iter().zip(value("Value.StringValue")).collect();
    let expected = [
        ("concern", "queue-depth"),
        ("format", "1"),
        ("severity", "critical"),
        ("state", "firing"),
        ("target", "[\"worker\"]"),
    ];
    assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let message: Value = serde_json::from_str(body["Message"].as_str().expect("a text")).expect("JSON");
    assert_eq!(keys(&message), ["default", "https", "lambda", "sqs"]);
    let machine: Value = serde_json::from_str(message["sqs"].as_str().expect("a text")).expect("JSON");
    assert_eq!(keys(&machine), ["content", "id", "metadata", "source", "tidegate", "version"]);
    assert_eq!(machine["tidegate"]["format"], 1);
}
