//! Publishing a report: text for people, JSON for machines, attributes for filter policies.

use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Value, json};
use tidegate_policy::AbsenceKind;
use tidegate_policy::notice::Severity;

use crate::error::CallError;
use crate::report::LookReport;

/// SNS takes messages of at most 256 KiB; a report beyond this says so instead of being refused.
const TEXT_BYTES_MAX: usize = 60 * 1024;

/// Publishes the news of a look as one message.
///
/// # Errors
/// SNS did not take it; the conditions stay untold and the next look tells them again.
pub async fn publish(sns: &aws_sdk_sns::Client, topic: &str, report: &LookReport) -> Result<(), CallError> {
    let step = || format!("publish a report to `{topic}`");
    let targets: Vec<&str> = report.news().map(|target| target.target.as_str()).collect();
    let call = sns
        .publish()
        .topic_arn(topic)
        .subject(report.subject())
        .message_structure("json")
        .message(message(report).to_string())
        .message_attributes("severity", attribute(&step, "String", severity(report.severity()))?)
        .message_attributes("concern", attribute(&step, "String", report.concern.to_owned())?)
        .message_attributes("target", attribute(&step, "String.Array", json!(targets).to_string())?);
    call.send().await.map(|_| ()).map_err(|error| CallError::new(step(), &error))
}

/// One body per protocol: people get text, chat gets the custom notification of Amazon Q Developer in chat
/// applications, queues and functions get that and everything else.
fn message(report: &LookReport) -> Value {
    let text = limited(report.text());
    let chat = notification(report, &text);
    let mut machine = chat.clone();
    let mut look = report.to_json();
    look["targets"] = report.news().map(crate::report::TargetReport::to_json).collect();
    machine["tidegate"] = look;
    if machine.to_string().len() > TEXT_BYTES_MAX.saturating_mul(2) {
        machine = chat.clone();
    }
    let (chat, machine) = (chat.to_string(), machine.to_string());
    json!({"default": text, "http": chat, "https": chat, "sqs": machine, "lambda": machine})
}

/// The custom notification schema, version 1.0, of Amazon Q Developer in chat applications.
fn notification(report: &LookReport, text: &str) -> Value {
    let resources = report.news().map(|target| format!("{}/{}", target.name.cluster, target.name.service));
    let severity = severity(report.severity());
    json!({
        "version": "1.0",
        "source": "custom",
        "id": report.look,
        "content": {
            "textType": "client-markdown",
            "title": report.subject(),
            "description": text,
            "keywords": ["tidegate", report.fleet, severity],
        },
        "metadata": {
            "threadId": format!("{}-{}", report.fleet, report.concern),
            "summary": report.subject(),
            "eventType": report.concern,
            "relatedResources": resources.collect::<Vec<_>>(),
            "additionalContext": {"severity": severity, "concern": report.concern, "look": report.look},
        },
    })
}

/// Cuts a text that SNS would refuse, and says so.
fn limited(text: String) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let mut cut: String = text.chars().take(TEXT_BYTES_MAX / 4).collect();
    cut.push_str("\n\nThe rest is in the function's log.");
    cut
}

fn severity(severity: Severity) -> String {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
    .to_owned()
}

fn attribute(
    step: &impl Fn() -> String,
    data_type: &str,
    value: String,
) -> Result<MessageAttributeValue, CallError> {
    MessageAttributeValue::builder()
        .data_type(data_type)
        .string_value(value)
        .build()
        .map_err(|error| CallError::plain(step(), AbsenceKind::WrongType, error.to_string()))
}
