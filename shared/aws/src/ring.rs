//! What rang: the event, read only as far as needed to know who it was. An event is a doorbell, not a reading.

use std::fmt;

use aws_lambda_events::cloudwatch_alarms::CloudWatchAlarm;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sns::SnsEvent;
use aws_lambda_events::sqs::SqsEvent;
use serde::Deserialize;
use serde_json::Value;

/// What rang.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ring {
    /// EventBridge Scheduler or a scheduled rule.
    Schedule,
    /// The function's own delayed message.
    Look,
    /// A CloudWatch alarm, in whichever envelope.
    Alarm {
        /// The alarm's name.
        name: String,
    },
    /// A person or a tool.
    Manual {
        /// Only these services; empty means all.
        services: Vec<String>,
        /// Only say what would be done: no memory, no action.
        plan: bool,
    },
}

/// An event that no function understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// The shape is none of those known.
    #[error(
        "unknown event: {shape}; known are an EventBridge schedule, a CloudWatch alarm (directly, through EventBridge or SNS), \
         an SQS look {{\"look\": n}}, and a manual {{}}, {{\"services\": [\"name\"]}} or {{\"action\": \"plan\"}}"
    )]
    Unknown {
        /// What it looks like.
        shape: String,
    },
    /// The shape is known, its content is not.
    #[error("{envelope}: {problem}")]
    Malformed {
        /// Which shape.
        envelope: &'static str,
        /// What is wrong.
        problem: String,
    },
}

/// What a person may send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manual {
    action: Option<Action>,
    #[serde(default)]
    services: Vec<String>,
}

/// What a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Look,
    Plan,
}

impl Ring {
    /// Reads an event.
    ///
    /// # Errors
    /// Names the shape that was found and the shapes that are known.
    pub fn parse(event: &Value) -> Result<Self, RingError> {
        let Some(fields) = event.as_object() else { return Err(unknown(event)) };
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        if fields.contains_key("Records") {
            return records(event);
        }
        if fields.contains_key("alarmData") {
            let alarm: CloudWatchAlarm<Value, Value> = typed(event, "CloudWatch alarm")?;
            return Ok(Self::Alarm { name: alarm.alarm_data.alarm_name });
        }
        if fields.contains_key("detail-type") {
            let event: EventBridgeEvent<Value> = typed(event, "EventBridge event")?;
            return from_eventbridge(&event);
        }
        if text("AlarmName").is_some() {
            return from_alarm_message(event);
        }
        if fields.keys().all(|key| key == "look") && !fields.is_empty() {
            return Ok(Self::Look);
        }
        let known = ["action", "services"];
        if fields.keys().all(|key| known.contains(&key.as_str())) {
            let Manual { action, services } = typed(event, "manual event")?;
            return Ok(Self::Manual { services, plan: action == Some(Action::Plan) });
        }
        Err(unknown(event))
    }

    /// Only a question: nothing is to be remembered, done or told.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        matches!(self, Self::Manual { plan: true, .. })
    }

    /// Its stable name in JSON and logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Look => "look",
            Self::Alarm { .. } => "alarm",
            Self::Manual { .. } => "manual",
        }
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm { name } => write!(f, "alarm {name}"),
            Self::Schedule | Self::Look | Self::Manual { .. } => f.write_str(self.code()),
        }
    }
}

/// A scheduled event, or an alarm that changed its state.
fn from_eventbridge(event: &EventBridgeEvent<Value>) -> Result<Ring, RingError> {
    match event.detail_type.as_str() {
        "Scheduled Event" => Ok(Ring::Schedule),
        "CloudWatch Alarm State Change" => {
            let name = event.detail.get("alarmName").and_then(Value::as_str);
            name.map(|name| Ring::Alarm { name: name.to_owned() }).ok_or_else(|| RingError::Malformed {
                envelope: "EventBridge alarm event",
                problem: "`detail.alarmName` is missing".to_owned(),
            })
        }
        other => {
            Err(RingError::Unknown { shape: format!("an EventBridge event with detail-type `{other}`") })
        }
    }
}

/// Records of SQS or SNS. Several messages ring once: a look is a look.
fn records(event: &Value) -> Result<Ring, RingError> {
    let first = event.get("Records").and_then(|records| records.get(0));
    let source = first.and_then(|record| record.get("eventSource").or_else(|| record.get("EventSource")));
    match source.and_then(Value::as_str) {
        Some("aws:sqs") => {
            let event: SqsEvent = typed(event, "SQS event")?;
            let body = event.records.first().and_then(|record| record.body.as_deref()).unwrap_or_default();
            match serde_json::from_str::<Value>(body) {
                Ok(inner) => Ring::parse(&inner),
                Err(error) => {
                    Err(RingError::Malformed { envelope: "SQS message", problem: error.to_string() })
                }
            }
        }
        Some("aws:sns") => {
            let event: SnsEvent = typed(event, "SNS event")?;
            let message = event.records.first().map(|record| record.sns.message.as_str()).unwrap_or_default();
            let inner = serde_json::from_str::<Value>(message).map_err(|error| RingError::Malformed {
                envelope: "SNS message",
                problem: format!("no CloudWatch alarm: {error}"),
            })?;
            from_alarm_message(&inner)
        }
        Some(other) => Err(RingError::Unknown { shape: format!("records of `{other}`") }),
        None => Err(RingError::Unknown { shape: "`Records` without an event source".to_owned() }),
    }
}

/// The JSON that CloudWatch publishes to SNS.
fn from_alarm_message(message: &Value) -> Result<Ring, RingError> {
    let name = message.get("AlarmName").and_then(Value::as_str);
    name.map(|name| Ring::Alarm { name: name.to_owned() }).ok_or_else(|| RingError::Malformed {
        envelope: "SNS message",
        problem: "no CloudWatch alarm: `AlarmName` is missing".to_owned(),
    })
}

/// Reads a typed event.
fn typed<T: for<'a> Deserialize<'a>>(event: &Value, envelope: &'static str) -> Result<T, RingError> {
    T::deserialize(event).map_err(|error| RingError::Malformed { envelope, problem: error.to_string() })
}

/// Names the shape of an event that nobody knows.
fn unknown(event: &Value) -> RingError {
    let shape = match event {
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().take(8).map(|key| format!("`{key}`")).collect();
            format!("an object with {}", keys.join(", "))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Null => "null".to_owned(),
    };
    RingError::Unknown { shape }
}
