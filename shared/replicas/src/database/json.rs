//! One database for the answer, the log line and the activity.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::rds::CallResult;
use tidegate_aws::report::headline;
use tidegate_aws::report::section::Outcome;
use tidegate_policy::database::notice::DatabaseNotice;
use tidegate_policy::replicas::decision::{CountOf, RecordChange};

use crate::database::evaluated::{Beginning, DatabaseReport};
use crate::database::seen;

impl DatabaseReport {
    /// For the answer, the log line and the activity.
    #[must_use]
    pub fn to_json(&self, now: Timestamp) -> Value {
        let Self { name, resource, observe, seen, decision, .. } = self;
        let count = decision.count.map(|CountOf { serving, existing, wanted }| {
            json!({"serving": serving, "existing": existing, "wanted": wanted})
        });
        let change = decision.memory.change.as_ref().map(|change| {
            json!({"replica": change.replica, "step": change.step, "since": change.since, "began": change.began})
        });
        let mut json = json!({
            "target": name,
            "mode": if *observe { "observe" } else { "enforce" },
            "verdict": self.verdict_code(now),
            "outcome": self.outcome_code(),
            "count": count,
            "change": change,
            "reasons": decision.reasons.iter()
                .map(|reason| json!({"code": reason.code(), "text": reason.to_string()})).collect::<Vec<_>>(),
            "seen": seen::in_json(seen, now),
            "records": {
                "outcome": self.records.as_ref().map_or("none", Outcome::code),
                "changes": decision.records.iter().map(record_in_json).collect::<Vec<_>>(),
            },
            "sentence": headline(name, &self.verdict(now), self.cause(now).as_deref()),
        });
        json[resource.kind().to_string()] = resource.id().into();
        if !decision.notices.is_empty() {
            json["notices"] = decision.notices.iter().map(notice_in_json).collect();
        }
        if let Some(Outcome::Failed(error)) = self.outcome() {
            json["error"] = error.to_string().into();
        }
        json
    }

    /// Its stable name in JSON.
    fn verdict_code(&self, now: Timestamp) -> &'static str {
        match self.begins(now) {
            Some(Beginning { adds: true, .. }) => "add-replica",
            Some(Beginning { adds: false, .. }) => "remove-replica",
            None => "hold",
        }
    }

    /// What came of the call to RDS.
    fn outcome_code(&self) -> &'static str {
        match self.called.as_ref().and_then(CallResult::code) {
            Some(code) => code,
            None if self.observe && self.would.is_some() => "observed",
            None => "none",
        }
    }
}

fn notice_in_json(notice: &DatabaseNotice) -> Value {
    let DatabaseNotice { about, severity, phase, verdict, cause, advice } = notice;
    json!({"about": about, "severity": severity, "phase": phase.code(), "verdict": verdict, "cause": cause,
           "advice": advice})
}

fn record_in_json(change: &RecordChange) -> Value {
    let (action, record) = match change {
        RecordChange::Put(record) => ("UPSERT", record),
        RecordChange::Delete(record) => ("DELETE", record),
    };
    json!({"action": action, "set": record.set_identifier, "values": record.values, "weight": record.weight})
}
