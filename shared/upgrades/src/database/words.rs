//! What was done about a database's class, in words.

use jiff::Timestamp;
use tidegate_aws::rds::CallResult;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::rule::thousands;
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeState, WantedChange};
use tidegate_policy::upgrades::notices::{before, downtime};

use crate::database::evaluated::{UpgradeLead, UpgradeReport};

impl UpgradeReport {
    /// What was done, or what begins or ends, in a few words.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.lead() {
            UpgradeLead::Notice(notice) => notice.headline(),
            UpgradeLead::Call(call) => self.call_in_words(call),
            UpgradeLead::State => self.state_in_words(),
        }
    }

    /// `changing shop-prod from db.t4g.large to db.m6g.xlarge`.
    fn call_in_words(&self, call: &ClassCall) -> String {
        let (verb, doing, what) = match call {
            ClassCall::Modify { instance, from, to } => {
                ("change", "changing", format!("{instance} from {from} to {to}"))
            }
            ClassCall::TakeSnapshot { instance, snapshot } => {
                ("take", "taking", format!("the snapshot {snapshot} of {instance}"))
            }
            ClassCall::RaiseMaxStorage { instance, to_gib } => (
                "raise",
                "raising",
                format!("MaxAllocatedStorage of {instance} to {} GiB", thousands(to_gib)),
            ),
        };
        match self.called.as_ref().map(|called| &called.outcome) {
            None => format!("{verb} {what}"),
            Some(CallOutcome::Taken) => format!("{doing} {what}"),
            Some(CallOutcome::NotSent) => format!("{doing} {what} not requested"),
            Some(CallOutcome::Refused(_)) => format!("failed to {verb} {what}"),
            Some(CallOutcome::Unknown(_)) => format!("{doing} {what} unconfirmed"),
        }
    }

    /// Where the class stands, while nothing begins or ends.
    fn state_in_words(&self) -> String {
        let class = self.seen.instances.as_ref().map_or("class", |instances| instances.main.class.as_str());
        let Some(WantedChange { instance, from, to, .. }) = &self.decision.wanted else {
            return match self.decision.state {
                UpgradeState::Unknown => "no change".to_owned(),
                UpgradeState::Idle
                | UpgradeState::Waiting
                | UpgradeState::Refused
                | UpgradeState::Snapshot
                | UpgradeState::Requested
                | UpgradeState::Modifying
                | UpgradeState::Verifying => format!("{class}, no change"),
            };
        };
        match self.decision.state {
            UpgradeState::Refused => format!("{instance}: {from} → {to} refused"),
            UpgradeState::Waiting => format!("{instance}: {from} → {to} waits"),
            UpgradeState::Snapshot => format!("{instance}: {from} → {to} waits for its snapshot"),
            UpgradeState::Requested | UpgradeState::Modifying => {
                format!("{instance}: {from} → {to} under way")
            }
            UpgradeState::Verifying => format!("{instance}: {to}, not complete yet"),
            UpgradeState::Idle | UpgradeState::Unknown => format!("{class}, no change"),
        }
    }

    /// The one cause of it, for the headline.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        let wanted = self.decision.wanted.as_ref();
        match self.lead() {
            UpgradeLead::Notice(notice) => notice.cause.clone(),
            UpgradeLead::Call(call) => {
                let failed = self.called.as_ref().and_then(CallResult::cause);
                failed.or_else(|| match call {
                    ClassCall::Modify { .. } | ClassCall::TakeSnapshot { .. } => {
                        wanted.map(|wanted| wanted.why.clone())
                    }
                    ClassCall::RaiseMaxStorage { .. } => None,
                })
            }
            UpgradeLead::State => {
                if let Err(absence) = &self.seen.instances {
                    return Some(format!("RDS could not be read ({absence})"));
                }
                match self.decision.refusals.as_slice() {
                    [] => wanted.map(|wanted| wanted.why.clone()),
                    [one] => Some(one.to_string()),
                    [first, others @ ..] => Some(format!("{first} (and {} more)", others.len())),
                }
            }
        }
    }

    /// What is planned: when it may begin, and how long the instance will be down.
    pub(super) fn plan(&self) -> Option<String> {
        let wanted = self.decision.wanted.as_ref()?;
        let WantedChange { instance, from, to, window, is_multi_az, .. } = wanted;
        let change = format!("{instance}: {from} → {to}");
        let down = downtime(*is_multi_az).to_owned() + &before(wanted);
        match (self.decision.state, window) {
            (UpgradeState::Waiting | UpgradeState::Refused, Some(window)) => {
                Some(format!("{change}, window of {}, {down}", day(*window)))
            }
            (UpgradeState::Waiting | UpgradeState::Refused, None) => {
                Some(format!("{change}, at once, {down}"))
            }
            (UpgradeState::Snapshot | UpgradeState::Requested | UpgradeState::Modifying, _) => {
                Some(format!("{change}, {down}"))
            }
            (UpgradeState::Idle | UpgradeState::Verifying | UpgradeState::Unknown, _) => None,
        }
    }

    /// What follows the change of a replica, which has no undo of its own.
    pub(super) fn next(&self, commands: &[(&'static str, String)]) -> Option<String> {
        let is_stop = |(word, line): &(&str, String)| *word == "stop" && line.contains("is changed next");
        let source = self.resource.id();
        commands.iter().any(is_stop).then(|| {
            format!(
                "{source} gets the same class; until then a replica is not made smaller again: it would be raised once \
                 more. The report of {source} has the line that undoes both"
            )
        })
    }

    /// What was done.
    pub(super) fn done(&self) -> String {
        if self.observe {
            return "nothing: the database is in observe mode".to_owned();
        }
        let (Some(call), Some(CallResult { outcome, error })) = (&self.decision.call, &self.called) else {
            return "nothing".to_owned();
        };
        let asked = match call {
            ClassCall::Modify { instance, to, .. } => {
                format!("ModifyDBInstance of {instance} to {to}, at once")
            }
            ClassCall::TakeSnapshot { instance, snapshot } => {
                format!("CreateDBSnapshot {snapshot} of {instance}")
            }
            ClassCall::RaiseMaxStorage { instance, to_gib } => {
                format!("ModifyDBInstance of {instance}, MaxAllocatedStorage {} GiB", thousands(to_gib))
            }
        };
        match (outcome, error) {
            (CallOutcome::Taken, _) => {
                format!("RDS accepted {asked}; that it happened is said once RDS shows it")
            }
            (CallOutcome::NotSent, None) => {
                "nothing: this evaluation ran out of time before the request; the next one decides again"
                    .to_owned()
            }
            (CallOutcome::NotSent, Some(error)) => {
                format!("nothing: failed to {error}, at the last look; the next evaluation decides again")
            }
            (CallOutcome::Unknown(_), Some(error)) => {
                format!("unknown: tried to {error}; a later evaluation checks")
            }
            (CallOutcome::Refused(_), Some(error)) => format!("nothing: failed to {error}"),
            (CallOutcome::Refused(words), None) => format!("nothing: {words}"),
            (CallOutcome::Unknown(words), None) => format!("unknown: {words}"),
        }
    }
}

/// `Sunday 2026-11-29 05:00 UTC`.
fn day(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%A %Y-%m-%d %H:%M UTC")
}
