//! Every public example of a CloudWatch alarm and of an RDS event, in every envelope in which one may arrive.

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

/// The payloads of RDS and the source that each is about.
const RDS: [(&str, &str); 4] = [
    ("rds-eventbridge-instance", "my-db-instance"),
    ("rds-eventbridge-cluster", "my-db-cluster"),
    ("rds-sns", "dbinstanceid"),
    ("rds-sns-old", "shop-1"),
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

fn rds(source: &str) -> Trigger {
    Trigger::Rds { source: Some(source.to_owned()) }
}

/// Every payload with what it triggers.
fn payloads() -> impl Iterator<Item = (&'static str, Trigger)> {
    let alarms = PAYLOADS.into_iter().map(|(file, name)| (file, alarm(name)));
    alarms.chain(RDS.into_iter().map(|(file, source)| (file, rds(source))))
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
fn every_payload_triggers_for_its_alarm_or_its_source() {
    for (file, trigger) in payloads() {
        let event = read(&folder().join(file).with_extension("json"));
        assert_eq!(Trigger::parse(&event), Ok(trigger), "{file}");
    }
    let files = fs::read_dir(folder()).expect("a folder").flatten();
    let payloads = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "json"));
    assert_eq!(payloads.count(), PAYLOADS.len() + RDS.len(), "a payload that no test reads");
}

#[test]
fn every_payload_triggers_through_queues_and_topics_too() {
    for (file, trigger) in payloads() {
        let event = read(&folder().join(file).with_extension("json"));
        // The function is called by SNS with its message inside; what travels on is the message.
        let message = event.pointer("/Records/0/Sns/Message").and_then(Value::as_str);
        let published = message.map_or(event.clone(), |text| serde_json::from_str(text).expect("JSON"));
        let queued = Trigger::parse(&by_sqs(&published));
        assert_eq!(queued, Ok(trigger.clone()), "{file} in a queue");
        if file.starts_with("lambda-") {
            continue;
        }
        let from_topic = Trigger::parse(&by_sns(&published));
        assert_eq!(from_topic, Ok(trigger.clone()), "{file} from a topic");
        let through = by_sqs(&notification(&published));
        assert_eq!(Trigger::parse(&through), Ok(trigger), "{file} from a topic through a queue");
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
    assert!(refused.starts_with("SNS message: no CloudWatch alarm and no RDS event: "), "{refused}");
}

#[test]
fn whatever_an_rds_event_lacks_it_triggers() {
    let parsed = |event: Value| Trigger::parse(&event).expect("an RDS event");
    let event = json!({"detail-type": "RDS DB Instance Event"});
    assert_eq!(parsed(event), Trigger::Rds { source: None });
    let arn = "arn:aws:rds:eu-central-1:111122223333:db:shop-1";
    let event = json!({"detail-type": "RDS DB Instance Event", "detail": {"SourceArn": arn}});
    assert_eq!(parsed(event), rds("shop-1"));
    let event = json!({"detail-type": "RDS Blue Green Deployment Event", "resources": [arn], "detail": 1});
    assert_eq!(parsed(event), rds("shop-1"));
    let id = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-0046";
    let message = json!({"Event ID": id, "Source ARN": arn, "Source ID": 7, "Tags": {}});
    assert_eq!(parsed(message.clone()), rds("shop-1"));
    assert_eq!(parsed(by_sns(&message)), rds("shop-1"));
    assert_eq!(parsed(json!({"Source ID": " "})), Trigger::Rds { source: None });
    assert_eq!(rds("shop-1").to_string(), "RDS event of shop-1");
    assert_eq!(Trigger::Rds { source: None }.to_string(), "RDS event");
    assert_eq!((rds("shop-1").code(), rds("shop-1").action()), ("rds-event", "evaluate"));
}

#[test]
fn what_only_looks_like_an_rds_event_is_refused() {
    let refused = |event: Value| Trigger::parse(&event).expect_err("no RDS event").to_string();
    let call = json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.rds"});
    assert!(refused(call).contains("`AWS API Call via CloudTrail`"));
    let dms = json!({"Event Source": "replication-task", "Identifier Link": "https://x#\nSourceId: hello ",
        "Event ID": "http://docs.aws.amazon.com/dms/latest/userguide/CHAP_Events.html#DMS-EVENT-0079 "});
    assert!(refused(by_sns(&dms)).starts_with("SNS message: no CloudWatch alarm and no RDS event: "));
    // What RDS publishes once, when a subscription begins.
    let text = "This is a message to notify that RDS will attempt to send you event notifications";
    let first = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text}}]});
    assert!(refused(first).starts_with("SNS message: no CloudWatch alarm and no RDS event: "));
}

#[test]
fn databases_are_asked_for_by_hand() {
    let parsed = Trigger::parse(&json!({"databases": ["main"]})).expect("a manual event");
    let Trigger::Manual { action, arguments } = parsed else { unreachable!("{parsed:?}") };
    assert_eq!((action.as_str(), &arguments["databases"]), ("evaluate", &json!(["main"])));
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
