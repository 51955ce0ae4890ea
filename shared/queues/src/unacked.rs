//! A sample of kombu's `unacked` hash: what Celery's workers hold.
//!
//! Workers keep here what they prefetched, what waits for its ETA, and, with `acks_late`, what runs. The hash is shared
//! by all queues of a database and prefix, so each entry is assigned to a queue by its exchange and routing key.

use jiff::{Timestamp, civil, tz};
use redis::Value;
use serde::Deserialize;

/// How many entries one `HSCAN` is asked to look at.
///
/// Entries carry whole messages, 1 or 2 KB each in an ordinary application: 100 of them are read in a few
/// milliseconds, and a share measured on 100 is right within 10 percentage points. Ten times as many would hold a
/// Redis that others depend on for milliseconds at every look; ten times fewer would make the share a guess.
pub(crate) const SAMPLE_ENTRIES: u32 = 100;

/// What one `HSCAN` of `unacked` showed.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// The cursor came back as 0: these are all entries.
    pub(crate) complete: bool,
    /// The entries seen; `None` for one that is not kombu's.
    pub(crate) entries: Vec<Option<Entry>>,
}

/// One message that a worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The exchange it came through; empty for the anonymous one.
    pub(crate) exchange: String,
    /// Its routing key.
    pub(crate) routing_key: String,
    /// `headers.eta`: it does not run before.
    pub(crate) eta: Option<Timestamp>,
}

impl Sample {
    /// Reads an answer of `HSCAN`; one that is not understood, or refused, is an empty and incomplete sample.
    pub(crate) fn parse(answer: &Value) -> Self {
        let Value::Array(parts) = answer else {
            return Self::default();
        };
        let [Value::BulkString(cursor), Value::Array(pairs)] = parts.as_slice() else {
            return Self::default();
        };
        let values = pairs.iter().skip(1).step_by(2);
        Self { complete: cursor.as_slice() == b"0", entries: values.map(Entry::parse).collect() }
    }
}

impl Entry {
    fn parse(value: &Value) -> Option<Self> {
        let Value::BulkString(json) = value else {
            return None;
        };
        let (message, exchange, routing_key): (Message, Option<String>, Option<String>) =
            serde_json::from_slice(json).ok()?;
        Some(Self {
            exchange: exchange.unwrap_or_default(),
            routing_key: routing_key.unwrap_or_default(),
            eta: message.eta(),
        })
    }
}

/// What is read of a Celery message; the body is skipped.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    #[serde(default)]
    headers: Option<Headers>,
}

/// The headers of Celery's message protocol 2; protocol 1 has none of them.
#[derive(Debug, Deserialize)]
struct Headers {
    #[serde(default)]
    id: serde_json::Value,
    #[serde(default)]
    eta: serde_json::Value,
}

impl Message {
    /// The task's id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.headers.as_ref()?.id.as_str()
    }

    /// The moment before which the task does not run.
    pub(crate) fn eta(&self) -> Option<Timestamp> {
        let text = self.headers.as_ref()?.eta.as_str()?;
        // Celery takes a time without an offset as UTC.
        let naive = || {
            let time: civil::DateTime = text.parse().ok()?;
            tz::Offset::UTC.to_timestamp(time).ok()
        };
        text.parse().ok().or_else(naive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hscan(cursor: &str, values: &[&str]) -> Value {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let pairs = values.iter().flat_map(|value| [text("tag"), text(value)]);
        Value::Array(vec![text(cursor), Value::Array(pairs.collect())])
    }

    #[test]
    fn an_entry_is_message_exchange_and_routing_key() {
        let json =
            r#"[{"body": "W10=", "headers": {"id": "a", "eta": "2026-03-01T12:00:00+01:00"}}, "", "emails"]"#;
        let sample = Sample::parse(&hscan("0", &[json]));
        assert!(sample.complete);
        let expected = Entry {
            exchange: String::new(),
            routing_key: "emails".to_owned(),
            eta: "2026-03-01T11:00:00Z".parse().ok(),
        };
        assert_eq!(sample.entries, [Some(expected)]);
    }

    #[test]
    fn an_eta_without_an_offset_is_utc() {
        let message: Message =
            serde_json::from_str(r#"{"headers": {"eta": "2026-03-01T12:00:00.5"}}"#).unwrap();
        assert_eq!(message.eta(), "2026-03-01T12:00:00.5Z".parse().ok());
    }

    #[test]
    fn what_is_not_kombus_is_kept_as_unknown() {
        let sample = Sample::parse(&hscan("17", &["not json", "[1]", "[{}, null, null]"]));
        assert!(!sample.complete);
        assert_eq!(sample.entries.len(), 3);
        assert_eq!(sample.entries.iter().flatten().count(), 1);
    }
}
