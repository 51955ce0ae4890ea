//! One database of an emergency in a report. `replica-lag` adds its replicas, by its own rules; what it wrote of them into the
//! ledger is said here.

use serde_json::{Value, json};
use tidegate_aws::report::Section;
use tidegate_fleet::{Database, DatabaseName, Mode};
use tidegate_policy::Severity;
use tidegate_policy::replicas::policy::ReplicaCount;
use tidegate_policy::replicas::standing::ReplicaStanding;

use crate::words;

/// One database of an emergency: how many replicas are asked of it, and how many there are.
#[derive(Debug)]
pub struct RaisedDatabase {
    name: String,
    /// What the fleet file says of it; `None` where it has it no more.
    written: Option<WrittenDatabase>,
    /// At least so many replicas.
    asked: u32,
    /// What `replica-lag` wrote, or why that is not known.
    known: Result<ReplicaStanding, String>,
    /// The emergency ends, or is over.
    ends: bool,
    /// The ledger cannot be written: `replica-lag` does not learn of it.
    pub(crate) is_lost: bool,
}

/// What the fleet file says of a database.
#[derive(Debug)]
struct WrittenDatabase {
    resource: DatabaseName,
    observe: bool,
    count: Option<ReplicaCount>,
}

impl RaisedDatabase {
    pub(crate) fn of(
        name: &str,
        asked: u32,
        database: Option<&Database>,
        known: Result<ReplicaStanding, String>,
        ends: bool,
    ) -> Self {
        let written = database.map(|it| WrittenDatabase {
            resource: it.instance().clone(),
            observe: it.mode() == Mode::Observe,
            count: it.policy().count.clone(),
        });
        Self { name: name.to_owned(), written, asked, known, ends, is_lost: false }
    }

    fn serving(&self) -> Option<u32> {
        self.known.as_ref().ok().and_then(|known| known.serving)
    }

    fn is_reached(&self) -> bool {
        self.serving().is_some_and(|serving| serving >= self.asked)
    }

    /// Why nothing of it is changed.
    fn skipped(&self) -> Option<String> {
        match &self.written {
            None => Some("not in the fleet file".to_owned()),
            Some(WrittenDatabase { observe: true, .. }) => Some("in `mode: observe`".to_owned()),
            Some(WrittenDatabase { count: None, .. }) => {
                Some("the fleet file has neither `min` nor `max` of its replicas".to_owned())
            }
            Some(_) => None,
        }
    }

    /// How far it is, as the answer says it.
    pub(crate) fn progress(&self) -> &'static str {
        if self.skipped().is_some() {
            "skipped"
        } else if self.is_lost && !self.ends {
            "failed"
        } else if self.ends || self.is_reached() {
            "done"
        } else {
            "asked"
        }
    }

    /// What keeps it from the number that was asked for.
    fn blocked_by(&self) -> Option<String> {
        if let Some(why) = self.skipped() {
            return Some(why);
        }
        if self.ends || self.is_reached() {
            return None;
        }
        if self.is_lost {
            let why = "`replica-lag` reads what is asked from the DynamoDB table, which cannot be reached: no replica is added";
            return Some(why.to_owned());
        }
        match &self.known {
            Err(why) => Some(format!("how many there are is unknown: {why}")),
            Ok(ReplicaStanding { moves: false, why, .. }) if !why.is_empty() => Some(why.clone()),
            Ok(_) => self.above_max(),
        }
    }

    /// The fleet file may have changed since.
    fn above_max(&self) -> Option<String> {
        let max = self.written.as_ref()?.count.as_ref()?.max;
        (self.asked > max).then(|| format!("the fleet file allows {max} replicas at most"))
    }

    /// What it takes, or what becomes of it.
    fn note(&self) -> Option<String> {
        if self.skipped().is_some() || (self.is_lost && !self.ends) {
            return None;
        }
        if self.ends {
            return Some(self.after());
        }
        if self.is_reached() || self.blocked_by().is_some() {
            return None;
        }
        let moves = self.known.as_ref().ok().filter(|known| known.moves && !known.why.is_empty());
        Some(match moves {
            Some(known) => format!("{}; {}", known.why, words::REPLICAS_TAKE_TIME),
            None => words::REPLICAS_TAKE_TIME.to_owned(),
        })
    }

    /// What becomes of the replicas once the emergency is over.
    fn after(&self) -> String {
        let count = self.written.as_ref().and_then(|written| written.count.as_ref());
        match count {
            Some(ReplicaCount { scale_in: Some(rule), .. }) => {
                format!("`replica-lag` removes replicas by its rule `in: {rule}`, one at a time")
            }
            Some(ReplicaCount { min, .. }) => format!(
                "the replicas stay: the fleet file has no `in`; to remove them: tidegate pin {} {min}",
                self.name
            ),
            None => "the replicas stay".to_owned(),
        }
    }

    /// `main: 1 replica answers reads, at least 3 asked`.
    pub(crate) fn line(&self) -> String {
        let Self { name, asked, .. } = self;
        let answering = self.serving().map(|serving| match serving {
            0 => "no replica is fit to answer reads".to_owned(),
            1 => "1 replica answers reads".to_owned(),
            serving => format!("{serving} replicas answer reads"),
        });
        let is = match (self.progress(), answering) {
            ("skipped", _) => "left alone".to_owned(),
            ("failed", _) => format!("failed: at least {asked} replicas"),
            (_, Some(answering)) if self.ends => format!("{answering}, no longer at least {asked}"),
            (_, None) if self.ends => format!("no longer at least {asked} replicas"),
            (_, Some(answering)) => format!("{answering}, at least {asked} asked"),
            (_, None) => format!("at least {asked} replicas asked"),
        };
        let notes: Vec<String> = self.blocked_by().into_iter().chain(self.note()).collect();
        if notes.is_empty() {
            format!("{name}: {is}")
        } else {
            format!("{name}: {is} ({})", notes.join("; "))
        }
    }

    pub(crate) fn section(&self) -> Section {
        let severity = if self.progress() == "failed" { Severity::Critical } else { Severity::Info };
        let resource = self.written.as_ref().map(|written| written.resource.id().to_owned());
        Section {
            target: self.name.clone(),
            resource: resource.unwrap_or_default(),
            severity,
            is_worth_reporting: false,
            is_reported_again: false,
            state: None,
            verdict: self.line(),
            cause: None,
            paragraph: String::new(),
            commands: Vec::new(),
            json: self.to_json(),
            outcome: None,
            is_unread: false,
        }
    }

    fn to_json(&self) -> Value {
        let existing = self.known.as_ref().ok().and_then(|known| known.existing);
        let mut json = json!({
            "target": self.name,
            "sentence": self.line(),
            "outcome": "none",
            "from": existing,
            "asked": self.asked,
            "running": self.serving(),
            "state": self.progress(),
            "blocked_by": self.blocked_by(),
            "note": self.note(),
            "snapshot": null,
        });
        if let Some(WrittenDatabase { resource, .. }) = &self.written {
            json[resource.kind().to_string()] = resource.id().into();
        }
        json
    }
}
