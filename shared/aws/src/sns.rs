//! Publishing a report: text for operators, JSON for machines, attributes for filter policies.

use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Value, json};

use crate::error::{CallError, Step};
use crate::report::{EvaluationReport, FORMAT, Header};

/// SNS takes 262,144 bytes for all protocols' bodies, the subject and the attributes together. The rest is for the
/// attributes: 1,000 services' names are some 30 KB.
const MESSAGE_BYTES_MAX: usize = 190 * 1024;
/// A text longer than this is not read; it is cut between two services.
const TEXT_BYTES_MAX: usize = 100 * 1024;
/// Chat clients cut long messages in the middle of a line.
const DESCRIPTION_BYTES_MAX: usize = 6 * 1024;

/// Publishes the reports of an evaluation as one message.
///
/// # Errors
/// SNS did not accept the message; the notices stay active and the next evaluation reports them again.
pub async fn publish(
    sns: &aws_sdk_sns::Client,
    topic: &str,
    report: &EvaluationReport,
) -> Result<(), CallError> {
    let step = || Step::PublishReport { topic: topic.to_owned() };
    let call = sns
        .publish()
        .topic_arn(topic)
        .subject(report.subject())
        .message_structure("json")
        .message(message(report))
        .message_attributes("format", attribute(&step, "String", FORMAT.to_string())?)
        .message_attributes("severity", attribute(&step, "String", report.severity().code().to_owned())?)
        .message_attributes("concern", attribute(&step, "String", report.header.concern.to_owned())?)
        .message_attributes("target", attribute(&step, "String.Array", json!(report.about()).to_string())?);
    let call = match report.state() {
        Some(state) => call.message_attributes("state", attribute(&step, "String", state.code().to_owned())?),
        None => call,
    };
    call.send().await.map(|_| ()).map_err(|error| CallError::aws(step(), &error))
}

/// One body per protocol: e-mail gets text, chat gets the custom notification of Amazon Q Developer in chat
/// applications, queues and functions get that and everything else. What does not fit is left out and said: first the
/// data for machines, which the log has too, then services at the end of the text.
#[must_use]
pub fn message(report: &EvaluationReport) -> String {
    let mut text_bytes = TEXT_BYTES_MAX;
    let mut with_data = true;
    loop {
        let body = bodies(report, text_bytes, with_data).to_string();
        if body.len() <= MESSAGE_BYTES_MAX || text_bytes < 1024 {
            return body;
        }
        if with_data {
            with_data = false;
        } else {
            text_bytes /= 2;
        }
    }
}

fn bodies(report: &EvaluationReport, text_bytes: usize, with_data: bool) -> Value {
    let chat = notification(report);
    let mut machine = chat.clone();
    if with_data {
        machine["tidegate"] = report.reported_json();
    }
    let (chat, machine) = (chat.to_string(), machine.to_string());
    json!({"default": text(report, text_bytes), "https": chat, "sqs": machine, "lambda": machine})
}

/// The text, cut between two services where it is longer than allowed.
fn text(report: &EvaluationReport, bytes: usize) -> String {
    let mut text = String::new();
    let paragraphs = report.paragraphs();
    for (index, paragraph) in paragraphs.iter().enumerate() {
        if !text.is_empty() && text.len().saturating_add(paragraph.len()) > bytes {
            let left = paragraphs.len().saturating_sub(index);
            let more = format!("and {left} more; the log of the function has them all\n\n");
            text.push_str(&more);
            break;
        }
        text.push_str(paragraph.get(..paragraph.floor_char_boundary(bytes)).unwrap_or_default());
        text.push_str("\n\n");
    }
    text.push_str(&report.signature());
    text
}

/// The custom notification schema, version 1.0, of Amazon Q Developer in chat applications. The text stands in a code
/// block, which keeps its columns; a thread is one day of one service.
fn notification(report: &EvaluationReport) -> Value {
    let resources = report.worth_reporting().map(|section| section.resource.clone());
    let commands = report.worth_reporting().flat_map(|section| &section.commands);
    let severity = report.severity().code();
    let thread = match report.about().as_slice() {
        [one] => format!("{}-{one}-{}", report.header.fleet, report.header.at.strftime("%Y-%m-%d")),
        [] | [_, _, ..] => format!("{}-{}", report.header.fleet, report.header.evaluation),
    };
    let Header { concern, evaluation, .. } = &report.header;
    let mut context = json!({"severity": severity, "concern": concern, "evaluation": evaluation});
    if let Some(state) = report.state() {
        context["state"] = state.code().into();
    }
    json!({
        "version": "1.0",
        "source": "custom",
        "id": report.header.evaluation,
        "content": {
            "textType": "client-markdown",
            "title": report.subject(),
            "description": format!("```\n{}\n```", text(report, DESCRIPTION_BYTES_MAX)),
            "nextSteps": commands.map(|(word, command)| format!("{word}: `{command}`")).take(10).collect::<Vec<_>>(),
            "keywords": ["tidegate", report.header.fleet, severity],
        },
        "metadata": {
            "threadId": thread,
            "summary": report.subject(),
            "eventType": report.header.concern,
            "relatedResources": resources.take(50).collect::<Vec<_>>(),
            "additionalContext": context,
        },
    })
}

fn attribute(
    step: &impl Fn() -> Step,
    data_type: &str,
    value: String,
) -> Result<MessageAttributeValue, CallError> {
    MessageAttributeValue::builder()
        .data_type(data_type)
        .string_value(value)
        .build()
        .map_err(|error| CallError::unbuilt(step(), error))
}
