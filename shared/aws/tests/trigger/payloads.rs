//! Every public example of a CloudWatch alarm, in every envelope in which one may arrive.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tidegate_aws::trigger::{Trigger, TriggerError};

/// The payloads and the alarm that each is about. `payloads/ORIGIN.md` says where they are from.
const PAYLOADS: [(&str, &str); 10] = [
    ("lambda-metric", "lambda-demo-metric-alarm"),
    ("lambda-composite", "CompositeDemo.Main"),
    ("lambda-composite-suppressed", "ServiceAggregatedAlarm"),
    ("sns-metric", "EXAMPLE"),
    ("sns-metric-math", "EXAMPLE"),
    ("sns-composite", "CompositeAlarm"),
    ("eventbridge-metric", "ServerCpuTooHigh"),
    ("eventbridge-metric-math", "TotalNetworkTrafficTooHigh"),
    ("eventbridge-anomaly", "EC2 CPU Utilization Anomaly"),
    ("eventbridge-composite", "ServiceAggregatedAlarm"),
];

pub(crate) fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trigger/payloads"))
}

fn alarm(name: &str) -> Trigger {
    Trigger::Alarm { name: name.to_owned() }
}

/// As an SNS topic hands it to a function.
fn by_sns(message: &Value) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Type": "Notification",
        "Message": message.to_string()}}]})
}

/// As an SQS queue hands it to a function.
fn by_sqs(body: &Value) -> Value {
    json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body.to_string()}]})
}

/// As an SNS topic hands it to an SQS queue, without raw message delivery.
fn notification(message: &Value) -> Value {
    json!({"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": message.to_string()})
}

#[test]
fn every_payload_triggers_for_its_alarm() {
    for (file, name) in PAYLOADS {
        let event = read(&folder().join(file).with_extension("json"));
        assert_eq!(Trigger::parse(&event), Ok(alarm(name)), "{file}");
    }
    let files = fs::read_dir(folder()).expect("a folder").flatten();
    let payloads = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "json"));
    assert_eq!(payloads.count(), PAYLOADS.len(), "a payload that no test reads");
}

#[test]
fn every_payload_triggers_through_queues_and_topics_too() {
    for (file, name) in PAYLOADS {
        let event = read(&folder().join(file).with_extension("json"));
        // The function is called by SNS with its message inside; what travels on is the message.
        let message = event.pointer("/Records/0/Sns/Message").and_then(Value::as_str);
        let published = message.map_or(event.clone(), |text| serde_json::from_str(text).expect("JSON"));
        let queued = Trigger::parse(&by_sqs(&published));
        assert_eq!(queued, Ok(alarm(name)), "{file} in a queue");
        if file.starts_with("lambda-") {
            continue;
        }
        assert_eq!(Trigger::parse(&by_sns(&published)), Ok(alarm(name)), "{file} from a topic");
        let through = by_sqs(&notification(&published));
        assert_eq!(Trigger::parse(&through), Ok(alarm(name)), "{file} from a topic through a queue");
    }
}

#[test]
fn only_a_change_of_state_triggers() {
    let event =
        json!({"detail-type": "CloudWatch Alarm Configuration Change", "detail": {"alarmName": "api"}});
    let refused = Trigger::parse(&event).expect_err("no change of state").to_string();
    assert!(
        refused.starts_with("unknown event: an EventBridge event with detail-type `CloudWatch Alarm Config"),
        "{refused}"
    );
    let hello = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "Hello\r\nworld!"}}]});
    let refused = Trigger::parse(&hello).expect_err("no alarm").to_string();
    assert!(refused.starts_with("SNS message: no CloudWatch alarm: "), "{refused}");
}

#[test]
fn a_refusal_is_one_short_line_whatever_it_quotes() {
    let long = "\u{7f}\n".repeat(5_000);
    let keys: serde_json::Map<String, Value> = (0..20).map(|n| (format!("{n}{long}"), json!(n))).collect();
    let in_queue = json!({"Records": [{"eventSource": "aws:sqs", "body": long.clone()}]});
    let detail_type = json!({"detail-type": long.clone()});
    let refused = |event| Trigger::parse(&event).expect_err("nothing known").to_string();
    let no_name = json!({"action": [long.clone()]});
    let parsed = [Value::Object(keys), no_name, in_queue, detail_type].map(refused);
    // What a function does not know of is quoted too.
    for refused in parsed.into_iter().chain([TriggerError::manual(&long).to_string()]) {
        assert!(refused.chars().count() < 1_000 && !refused.chars().any(char::is_control), "{refused:?}");
    }
}
