//! The quantities that rules compare.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A quantity a rule can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Runnable jobs not yet taken, due delayed ones included.
    Waiting,
    /// Jobs taken and not finished, as far as the queue knows.
    InFlight,
    /// `waiting + in_flight`.
    Depth,
    /// Delayed jobs whose time has come (part of `waiting`).
    Due,
    /// Delayed jobs whose time has not come.
    Delayed,
    /// `waiting` divided by the running tasks (by 1 when none runs).
    WaitingPerTask,
    /// Seconds since the head of the queue last moved while jobs waited; a lower bound of the oldest job's wait.
    StalledFor,
    /// A CloudWatch metric by its name in the fleet file; built-in ones are always known.
    Metric(MetricName),
    /// A CloudWatch metric divided by the running tasks or instances: `requests_per_task`. Not known while none runs, and
    /// without a vote while none is wanted.
    PerTask(MetricName),
    /// 1 while a CloudWatch alarm is in ALARM, 0 while it is OK: `alarm(api-5xx)`.
    Alarm(AlarmName),
}

/// The name of a CloudWatch alarm: 1 to 255 characters, none of them a control character or `)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlarmName(String);

/// The name of a metric in the fleet file: lower-case letters, digits and `_`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricName(String);

/// What it means when CloudWatch has no datapoints for a metric while the answer itself was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAbsence {
    /// Not known: no proposal, and a veto against scale-in. The default.
    Missing,
    /// The source publishes only when there is something to count: absence is zero.
    Zero,
    /// Without datapoints the metric says nothing: it neither proposes nor vetoes.
    NoVote,
}

/// The unit a value is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    Count,
    /// `%`.
    Percent,
    /// `ms`.
    Milliseconds,
    /// Seconds, written as a duration.
    Seconds,
}

impl Signal {
    /// The names of all signals that need no declaration, in the order of the documentation.
    pub const BUILT_IN: [&'static str; 9] = [
        "waiting",
        "in_flight",
        "depth",
        "due",
        "delayed",
        "waiting_per_task",
        "stalled_for",
        "cpu",
        "memory",
    ];

    /// The signal of a built-in name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        Some(match name {
            "waiting" => Self::Waiting,
            "in_flight" => Self::InFlight,
            "depth" => Self::Depth,
            "due" => Self::Due,
            "delayed" => Self::Delayed,
            "waiting_per_task" => Self::WaitingPerTask,
            "stalled_for" => Self::StalledFor,
            "cpu" | "memory" => Self::Metric(MetricName(name.to_owned())),
            _ => return None,
        })
    }

    /// A total that was divided by the tasks that serve a moment ago, so that it is known as a whole.
    pub(crate) fn is_divided_by_us(&self) -> bool {
        matches!(self, Self::WaitingPerTask | Self::PerTask(_))
    }

    /// The average over the service's tasks, so that fewer tasks mean a higher value at the same load.
    #[must_use]
    pub fn is_shared_by_tasks(&self) -> bool {
        match self {
            Self::WaitingPerTask | Self::PerTask(_) => true,
            Self::Metric(name) => matches!(name.as_str(), "cpu" | "memory"),
            Self::Waiting
            | Self::InFlight
            | Self::Depth
            | Self::Due
            | Self::Delayed
            | Self::StalledFor
            | Self::Alarm(_) => false,
        }
    }

    /// The metric that must be read for it.
    #[must_use]
    pub fn metric(&self) -> Option<&MetricName> {
        match self {
            Self::Metric(name) | Self::PerTask(name) => Some(name),
            Self::Waiting
            | Self::InFlight
            | Self::Depth
            | Self::Due
            | Self::Delayed
            | Self::WaitingPerTask
            | Self::StalledFor
            | Self::Alarm(_) => None,
        }
    }

    /// It is read from the queue.
    #[must_use]
    pub fn is_of_queue(&self) -> bool {
        self.metric().is_none() && !matches!(self, Self::Alarm(_))
    }

    /// It counts jobs that wait, or how long they have.
    pub(crate) fn counts_waiting(&self) -> bool {
        matches!(self, Self::Waiting | Self::Depth | Self::Due | Self::WaitingPerTask | Self::StalledFor)
    }

    /// The unit its values are written with; a declared metric takes the one its rule was written with.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        match self {
            Self::StalledFor => Some(Unit::Seconds),
            Self::Metric(name) if matches!(name.as_str(), "cpu" | "memory") => Some(Unit::Percent),
            Self::Metric(_) | Self::PerTask(_) => None,
            Self::Waiting
            | Self::InFlight
            | Self::Depth
            | Self::Due
            | Self::Delayed
            | Self::WaitingPerTask
            | Self::Alarm(_) => Some(Unit::Count),
        }
    }
}

impl Unit {
    /// What follows the number.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Percent => "%",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        }
    }
}

impl AlarmName {
    /// A name as CloudWatch allows it; `None` when it breaks the rule above.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let allowed = |c: char| !c.is_control() && c != ')';
        let length = (1..=255).contains(&name.chars().count());
        (length && name.trim() == name && name.chars().all(allowed)).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MetricName {
    /// A name as the fleet file may write it; `None` when it breaks the rule above or names a queue signal.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let starts_with_letter = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let all_allowed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let is_queue_signal =
            Signal::built_in(name).is_some_and(|signal| !matches!(signal, Signal::Metric(_)));
        (starts_with_letter && all_allowed && !is_queue_signal && name.len() <= 64)
            .then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting"),
            Self::InFlight => f.write_str("in_flight"),
            Self::Depth => f.write_str("depth"),
            Self::Due => f.write_str("due"),
            Self::Delayed => f.write_str("delayed"),
            Self::WaitingPerTask => f.write_str("waiting_per_task"),
            Self::StalledFor => f.write_str("stalled_for"),
            Self::Metric(name) => f.write_str(name.as_str()),
            Self::PerTask(name) => write!(f, "{}_per_task", name.as_str()),
            Self::Alarm(name) => write!(f, "alarm({})", name.as_str()),
        }
    }
}
