//! The trigger: the event, read only as far as needed to know what sent it. An event is never a reading, so
//! nothing that AWS may add, drop or format differently prevents an evaluation.

use std::fmt;

use serde_json::{Map, Value};

/// What triggered the evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// EventBridge Scheduler or a scheduled rule.
    Schedule,
    /// The function's own delayed message.
    DelayedEvaluation,
    /// An earlier evaluation of the same invocation left something to do.
    Resume,
    /// A CloudWatch alarm, in whichever envelope.
    Alarm {
        /// The alarm's name.
        name: String,
    },
    /// An event of RDS, in whichever envelope. RDS delivers events on a best-effort basis, late, twice or never: one only
    /// triggers, and what it says of an instance is never a reading.
    Rds {
        /// The instance, cluster or other thing that it is about, where the event names it: `SourceIdentifier`, `Source ID`.
        source: Option<String>,
    },
    /// An operator or a tool asks for something by name; the function knows which actions it has.
    Manual {
        /// What is asked for: [`EVALUATE`] when nothing else is said.
        action: String,
        /// With what.
        arguments: Map<String, Value>,
    },
}

/// The action that every trigger asks for, unless it says another.
pub const EVALUATE: &str = "evaluate";
/// The action that only asks what would be done: nothing is remembered, done or reported.
pub const PLAN: &str = "plan";

/// The action that only asks what is in force: nothing is remembered, done or reported.
pub const STATUS: &str = "status";

/// An event that no function understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// The shape is none of those known.
    #[error(
        "unknown event: {shape}; expected an EventBridge schedule, a CloudWatch alarm (directly, through EventBridge or SNS), \
         an RDS event (through EventBridge or SNS), an SQS evaluation message {{\"evaluation\": n}}, or a manual {{}}, \
         {{\"services\": [\"name\"]}}, {{\"databases\": [\"name\"]}}, {{\"database\": \"name\", \"to\": \"next\"}} or {{\"action\": \"plan\"}}"
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

impl TriggerError {
    /// What is asked for by hand is nothing that this function does.
    #[must_use]
    pub fn manual(problem: &str) -> Self {
        malformed("manual event", problem)
    }
}

impl Trigger {
    /// Reads an event.
    ///
    /// # Errors
    /// Names the shape that was found and the shapes that are known.
    pub fn parse(event: &Value) -> Result<Self, TriggerError> {
        let Some(fields) = event.as_object() else { return Err(unknown(event)) };
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        if fields.contains_key("Records") {
            return records(event);
        }
        if let Some(data) = fields.get("alarmData") {
            return alarm(data, "alarmName", "CloudWatch alarm", "`alarmData.alarmName` is missing");
        }
        if let Some(detail_type) = text("detail-type") {
            return from_eventbridge(detail_type, event);
        }
        if text("AlarmName").is_some() {
            return from_alarm_message(event);
        }
        if is_rds_message(event) {
            return Ok(from_rds_message(event));
        }
        if let (Some("Notification"), Some(message)) = (text("Type"), text("Message")) {
            return from_sns(message);
        }
        if fields.keys().all(|key| key == "evaluation") && !fields.is_empty() {
            return Ok(Self::DelayedEvaluation);
        }
        let by_hand = ["action", "services", "databases", "database"];
        if fields.is_empty() || by_hand.iter().any(|key| fields.contains_key(*key)) {
            return manual(fields.clone());
        }
        Err(unknown(event))
    }

    /// Only a question: nothing is to be remembered, done or reported.
    #[must_use]
    pub fn is_question(&self) -> bool {
        matches!(self.action(), PLAN | STATUS)
    }

    /// It comes once, because something has happened or somebody asks: an evaluation that looked before it says nothing of
    /// it, and unlike a tick it does not come again.
    #[must_use]
    pub fn comes_once(&self) -> bool {
        match self {
            Self::Alarm { .. } | Self::Rds { .. } | Self::Manual { .. } => !self.is_question(),
            Self::Schedule | Self::DelayedEvaluation | Self::Resume => false,
        }
    }

    /// What it asks for.
    #[must_use]
    pub fn action(&self) -> &str {
        match self {
            Self::Manual { action, .. } => action,
            Self::Schedule
            | Self::DelayedEvaluation
            | Self::Resume
            | Self::Alarm { .. }
            | Self::Rds { .. } => EVALUATE,
        }
    }

    /// Its stable name in JSON and logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::DelayedEvaluation => "delayed-evaluation",
            Self::Resume => "resume",
            Self::Alarm { .. } => "alarm",
            Self::Rds { .. } => "rds-event",
            Self::Manual { .. } => "manual",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm { name } => write!(f, "alarm {name}"),
            Self::Rds { source: Some(source) } => write!(f, "RDS event of {}", shown(source)),
            Self::Rds { source: None } => f.write_str("RDS event"),
            Self::Schedule | Self::DelayedEvaluation | Self::Resume | Self::Manual { .. } => {
                f.write_str(self.code())
            }
        }
    }
}

/// An action by its name, and everything else as its arguments.
fn manual(mut arguments: Map<String, Value>) -> Result<Trigger, TriggerError> {
    let action = match arguments.remove("action") {
        None => EVALUATE.to_owned(),
        Some(Value::String(action)) => action,
        Some(other) => {
            return Err(malformed(
                "manual event",
                &format!("`action` is {other}, not the name of an action"),
            ));
        }
    };
    Ok(Trigger::Manual { action, arguments })
}

/// A scheduled event, an alarm that changed its state, or an event of RDS.
fn from_eventbridge(detail_type: &str, event: &Value) -> Result<Trigger, TriggerError> {
    match detail_type {
        "Scheduled Event" => Ok(Trigger::Schedule),
        "CloudWatch Alarm State Change" => {
            let detail = event.get("detail").unwrap_or(&Value::Null);
            alarm(detail, "alarmName", "EventBridge alarm event", "`detail.alarmName` is missing")
        }
        // What CloudTrail reports of calls to RDS has another detail-type, and is no event of RDS.
        kind if kind.starts_with("RDS ") => Ok(from_rds_event(event)),
        other => {
            let shape = format!("an EventBridge event with detail-type `{}`", shown(other));
            Err(TriggerError::Unknown { shape })
        }
    }
}

/// Records of SQS or SNS. Several messages trigger one evaluation.
fn records(event: &Value) -> Result<Trigger, TriggerError> {
    let first = event.get("Records").and_then(|records| records.get(0)).unwrap_or(&Value::Null);
    let source = first.get("eventSource").or_else(|| first.get("EventSource"));
    match source.and_then(Value::as_str) {
        Some("aws:sqs") => {
            let body = first.get("body").and_then(Value::as_str).unwrap_or_default();
            let inner: Value =
                serde_json::from_str(body).map_err(|error| malformed("SQS message", &error.to_string()))?;
            Trigger::parse(&inner)
        }
        Some("aws:sns") => {
            from_sns(first.pointer("/Sns/Message").and_then(Value::as_str).unwrap_or_default())
        }
        Some(other) => Err(TriggerError::Unknown { shape: format!("records of `{}`", shown(other)) }),
        None => Err(TriggerError::Unknown { shape: "`Records` without an event source".to_owned() }),
    }
}

/// The message of an SNS notification: what CloudWatch publishes, or what an EventBridge rule sends there.
fn from_sns(message: &str) -> Result<Trigger, TriggerError> {
    let inner: Value = serde_json::from_str(message).map_err(|error| {
        malformed("SNS message", &format!("no CloudWatch alarm and no RDS event: {error}"))
    })?;
    match inner.get("detail-type").and_then(Value::as_str) {
        Some(detail_type) => from_eventbridge(detail_type, &inner),
        None if is_rds_message(&inner) => Ok(from_rds_message(&inner)),
        None => from_alarm_message(&inner),
    }
}

/// What RDS sends to EventBridge (EventBridge events reference, "Amazon RDS service events"): `RDS DB Instance Event`, `RDS DB
/// Cluster Event` and nine others.
fn from_rds_event(event: &Value) -> Trigger {
    let text = |path: &str| event.pointer(path).and_then(Value::as_str);
    let arn = || text("/detail/SourceArn").or(text("/resources/0")).map(last_part);
    Trigger::Rds { source: text("/detail/SourceIdentifier").or_else(arn).and_then(named) }
}

/// Whether it is what RDS publishes to SNS for an event subscription: an object whose keys have spaces. Messages of DMS have
/// the same keys, and another event id.
fn is_rds_message(message: &Value) -> bool {
    let id = message.get("Event ID").and_then(Value::as_str);
    id.map_or(message.get("Source ID").is_some(), |id| id.contains("RDS-EVENT-"))
}

/// The JSON that RDS publishes to SNS. Old messages name the source only in the link (`#\nSourceId: shop-1`).
fn from_rds_message(message: &Value) -> Trigger {
    let text = |key: &str| message.get(key).and_then(Value::as_str);
    let arn = || text("Source ARN").map(last_part);
    let link = || text("Identifier Link")?.split_once("SourceId:").map(|(_, source)| source);
    Trigger::Rds { source: text("Source ID").or_else(arn).or_else(link).and_then(named) }
}

/// `arn:aws:rds:eu-central-1:111122223333:db:shop-1`: `shop-1`.
fn last_part(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// A name, where the text has one.
fn named(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The JSON that CloudWatch publishes to SNS.
fn from_alarm_message(message: &Value) -> Result<Trigger, TriggerError> {
    alarm(message, "AlarmName", "SNS message", "no CloudWatch alarm and no RDS event: `AlarmName` is missing")
}

/// The alarm whose name stands under a key.
fn alarm(data: &Value, key: &str, envelope: &'static str, missing: &str) -> Result<Trigger, TriggerError> {
    let name = data.get(key).and_then(Value::as_str);
    name.map(|name| Trigger::Alarm { name: name.to_owned() }).ok_or_else(|| malformed(envelope, missing))
}

/// A text of the event for an error: short, and on one line.
fn shown(text: &str) -> String {
    one_line(text, 60)
}

/// Something wrong with the content of a known shape.
fn malformed(envelope: &'static str, problem: &str) -> TriggerError {
    TriggerError::Malformed { envelope, problem: one_line(problem, 300) }
}

/// A text without control characters, cut where it is longer than operators read.
fn one_line(text: &str, characters_max: usize) -> String {
    let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let more = text.chars().nth(characters_max).map(|_| '…');
    text.chars().take(characters_max).map(printable).chain(more).collect()
}

/// Names the shape of an unknown event.
fn unknown(event: &Value) -> TriggerError {
    let shape = match event {
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().take(8).map(|key| format!("`{}`", shown(key))).collect();
            format!("an object with {}", keys.join(", "))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Null => "null".to_owned(),
    };
    TriggerError::Unknown { shape }
}
