//! One database for the answer, the log line and the activity.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_aws::rds::CallResult;
use tidegate_aws::report::headline;
use tidegate_aws::report::section::Outcome;
use tidegate_policy::database::notice::DatabaseNotice;
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeState, WantedChange};
use tidegate_policy::upgrades::notices::downtime;

use crate::database::evaluated::UpgradeReport;
use crate::database::seen;

impl UpgradeReport {
    /// For the answer, the log line and the activity.
    #[must_use]
    pub fn to_json(&self, now: Timestamp) -> Value {
        let Self { name, resource, observe, seen, decision, .. } = self;
        let change = decision.memory.change.as_ref().map(|change| {
            json!({"instance": change.instance, "from": change.from, "to": change.to, "step": change.step,
                   "since": change.since, "began": change.began})
        });
        let snapshot = decision.memory.snapshot.as_ref().map(|snapshot| {
            json!({"id": snapshot.id, "instance": snapshot.instance, "began": snapshot.began, "ready": snapshot.is_ready})
        });
        let request = decision.memory.request.as_ref().map(|request| {
            json!({"to": request.to, "now": request.now, "snapshot": request.snapshot, "at": request.at,
                   "who": request.who, "why": request.why})
        });
        let refusals = decision.refusals.iter();
        let reasons = decision.reasons.iter();
        let mut json = json!({
            "target": name,
            "mode": if *observe { "observe" } else { "enforce" },
            "verdict": self.verdict_code(),
            "outcome": self.outcome_code(),
            "state": decision.state.code(),
            "wanted": decision.wanted.as_ref().map(|wanted| wanted_in_json(wanted, decision.state)),
            "refusals": refusals
                .map(|refusal| json!({"code": refusal.code(), "text": refusal.to_string()}))
                .collect::<Vec<_>>(),
            "snapshot": snapshot,
            "change": change,
            "request": request,
            "reasons": reasons
                .map(|reason| json!({"code": reason.code(), "text": reason.to_string()}))
                .collect::<Vec<_>>(),
            "seen": seen::in_json(seen, now),
            "sentence": self.sentence(),
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

    /// The headline; of what waits with its plan and everything that stands against it.
    fn sentence(&self) -> String {
        let headline = headline(&self.name, &self.verdict(), self.cause().as_deref());
        let refusals = &self.decision.refusals;
        let refusals = refusals.iter().map(|refusal| format!("\n  refused: {refusal}"));
        let plan = self.plan().map(|plan| format!("\n  plan: {plan}"));
        [headline].into_iter().chain(plan).chain(refusals).collect()
    }

    /// Its stable name in JSON.
    fn verdict_code(&self) -> &'static str {
        match &self.decision.call {
            Some(ClassCall::Modify { .. }) => "change-class",
            Some(ClassCall::TakeSnapshot { .. }) => "take-snapshot",
            Some(ClassCall::RaiseMaxStorage { .. }) => "raise-max-storage",
            None => "hold",
        }
    }

    /// What came of the call to RDS.
    fn outcome_code(&self) -> &'static str {
        match self.called.as_ref().and_then(CallResult::code) {
            Some(code) => code,
            None if self.observe => "observed",
            None => "none",
        }
    }
}

/// A change that is wanted. Where it may begin, how long the instance will be down is said too.
fn wanted_in_json(wanted: &WantedChange, state: UpgradeState) -> Value {
    let WantedChange { instance, from, to, why, window, is_multi_az, first, snapshot } = wanted;
    let is_over = matches!(state, UpgradeState::Verifying);
    json!({
        "instance": instance, "from": from, "to": to, "why": why, "window": window, "multi_az": is_multi_az,
        "replicas_first": first, "snapshot_first": snapshot,
        "downtime": (!is_over).then(|| downtime(*is_multi_az)),
    })
}

fn notice_in_json(notice: &DatabaseNotice) -> Value {
    let DatabaseNotice { about, severity, phase, verdict, cause, advice } = notice;
    json!({"about": about, "severity": severity, "phase": phase.code(), "verdict": verdict, "cause": cause,
           "advice": advice})
}
