//! What was done to a database's replicas, in words.

use jiff::Timestamp;
use tidegate_aws::place::{AccountAndRegion, aws_cli, in_account};
use tidegate_aws::rds::CallResult;
use tidegate_aws::report::Header;
use tidegate_aws::report::section::Outcome;
use tidegate_fleet::DatabaseName;
use tidegate_policy::Condition;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decision::{CountOf, InstanceCall, RecordChange};
use tidegate_policy::replicas::observation::DnsRecord;
use tidegate_policy::replicas::reason::ReplicaReason;
use tidegate_policy::rule::{Span, thousands};

use crate::database::evaluated::{Beginning, DatabaseReport, Lead};
use crate::database::seen::{instance_of, rounded};
use crate::known::FailingRecords;

impl DatabaseReport {
    /// What was done, or what begins or ends, in a few words.
    #[must_use]
    pub fn verdict(&self, now: Timestamp) -> String {
        match self.lead(now) {
            Lead::Notice(notice) => notice.headline(),
            Lead::NoticeAndChange(notice, begins) => {
                format!("{}, {}", notice.headline(), self.change_in_words(begins))
            }
            Lead::Change(begins) => self.change_in_words(begins),
            Lead::FailingRecords(_) => format!("records of {} not changed", self.read_name()),
            Lead::RecordsRecovered => format!("RESOLVED: records of {} changed", self.read_name()),
            Lead::Nothing => match self.decision.count {
                Some(CountOf { serving: 0, .. }) => "no replica is fit to answer reads, no change".to_owned(),
                Some(CountOf { serving: 1, .. }) => "1 replica answers reads, no change".to_owned(),
                Some(CountOf { serving, .. }) => format!("{serving} replicas answer reads, no change"),
                None => "no change".to_owned(),
            },
        }
    }

    /// `adding replica tidegate-shop-2 (1 to 2)`.
    fn change_in_words(&self, begins: Beginning<'_>) -> String {
        let existing = self.decision.count.map_or(0, |count| count.existing);
        let to = to(begins, existing);
        let (verb, doing) = match begins {
            Beginning { adds: true, .. } => ("add", "adding"),
            Beginning { is_clean_up: true, .. } => ("delete failed", "deleting failed"),
            Beginning { .. } => ("remove", "removing"),
        };
        let Some(replica) = begins.replica else {
            return format!("would {verb} a replica ({existing} to {to})");
        };
        // One that has failed counts no more already.
        let is_counted = self.decision.count.is_some() && !begins.is_clean_up;
        let counts = if is_counted { format!(" ({existing} to {to})") } else { String::new() };
        match self.called.as_ref().map(|called| &called.outcome) {
            Some(CallOutcome::Taken) => format!("{doing} replica {replica}{counts}"),
            // The records come first; what comes of them stands beside.
            None if self.is_enforced => format!("{doing} replica {replica}{counts}"),
            Some(CallOutcome::NotSent) => format!("{doing} replica {replica} not requested"),
            Some(CallOutcome::Refused(_)) => format!("failed to {verb} replica {replica}"),
            Some(CallOutcome::Unknown(_)) => format!("{doing} replica {replica} unconfirmed"),
            None => format!("{verb} replica {replica}{counts}"),
        }
    }

    /// The one cause of it, for the headline.
    #[must_use]
    pub fn cause(&self, now: Timestamp) -> Option<String> {
        match self.lead(now) {
            Lead::Notice(notice) | Lead::NoticeAndChange(notice, _) => notice.cause.clone(),
            Lead::Change(_) => {
                let failed = self.called.as_ref().and_then(CallResult::cause);
                failed.or_else(|| self.cause_of_change())
            }
            Lead::FailingRecords(error) => Some(format!("Route 53 {}", error.predicate())),
            Lead::RecordsRecovered => self.failing_records.map(|failing| {
                let FailingRecords { since, failures, .. } = failing;
                let attempts =
                    if failures == 1 { "1 attempt".to_owned() } else { format!("{failures} attempts") };
                format!("{attempts} had failed within {}", Span(now.duration_since(since)))
            }),
            Lead::Nothing => {
                self.seen.instances.as_ref().err().map(|absence| format!("RDS could not be read ({absence})"))
            }
        }
    }

    /// What lets a change begin, in a few words; the whole sentence stands below.
    fn cause_of_change(&self) -> Option<String> {
        let load = |condition: &Condition, value: f64| {
            let unit = condition.unit.suffix();
            format!("{} {}{unit} (rule: {condition})", condition.signal, thousands(rounded(value)))
        };
        let reasons = &self.decision.reasons;
        let short = |reason: &ReplicaReason| {
            if let ReplicaReason::ScaleOut { condition, value, .. }
            | ReplicaReason::ScaleIn { condition, value, .. } = reason
            {
                return Some(load(condition, *value));
            }
            if let ReplicaReason::CleanedUp { status, .. } = reason {
                return Some(format!("its status is {status}"));
            }
            if let ReplicaReason::BelowMin { count, min } = reason {
                return Some(format!("{count} below min {min}"));
            }
            if let ReplicaReason::AboveMax { count, max } = reason {
                return Some(format!("{count} above max {max}"));
            }
            if let ReplicaReason::Pinned { to, .. } = reason { Some(format!("pinned to {to}")) } else { None }
        };
        let cause = reasons.iter().find_map(short)?;
        // To delete one that has failed is asked for by nobody.
        let is_clean_up = reasons.iter().any(|reason| matches!(reason, ReplicaReason::CleanedUp { .. }));
        let by = self
            .asked()
            .first()
            .filter(|_| !is_clean_up)
            .map(|asked| format!(" by {} ({})", asked.who, asked.why));
        Some(cause + &by.unwrap_or_default())
    }

    /// What was done, a line for RDS and one for Route 53.
    pub(super) fn done(&self, now: Timestamp) -> Vec<String> {
        if self.observe {
            return vec!["nothing: the database is in observe mode".to_owned()];
        }
        let call = self.called.as_ref().map(|called| self.call_in_words(called));
        let records = self.records.as_ref().map(|outcome| self.records_in_words(outcome));
        let done: Vec<String> = call.into_iter().chain(records).collect();
        if !done.is_empty() {
            return done;
        }
        match self.begins(now) {
            Some(Beginning { adds: false, replica: Some(replica), .. }) => {
                vec![format!(
                    "nothing yet: {replica} is deleted once its connections have ended, or `drain` is over"
                )]
            }
            Some(_) | None => vec!["nothing".to_owned()],
        }
    }

    fn call_in_words(&self, called: &CallResult) -> String {
        let asked = match (&self.decision.call, &self.resource) {
            (Some(InstanceCall::Create(new)), DatabaseName::Rds(_)) => {
                format!("CreateDBInstanceReadReplica of {} as {} ({})", new.source, new.id, new.class)
            }
            (Some(InstanceCall::Create(new)), DatabaseName::Aurora(cluster)) => {
                format!("CreateDBInstance of {} ({}) in {cluster}", new.id, new.class)
            }
            (Some(InstanceCall::Delete { replica }), _) => format!("DeleteDBInstance of {replica}"),
            (None, _) => String::new(),
        };
        match (&called.outcome, &called.error) {
            (CallOutcome::Taken, _) => format!("RDS accepted {asked}, which takes minutes to hours"),
            (CallOutcome::NotSent, Some(error)) => {
                format!("nothing: failed to {error}, at the last look; the next evaluation decides again")
            }
            (CallOutcome::NotSent, None) => {
                "nothing: this evaluation ran out of time before the request; the next one decides again"
                    .to_owned()
            }
            (CallOutcome::Unknown(_), Some(error)) => {
                format!("unknown: tried to {error}; a later evaluation checks")
            }
            (CallOutcome::Refused(_), Some(error)) => format!("nothing: failed to {error}"),
            (CallOutcome::Unknown(words) | CallOutcome::Refused(words), None) => words.clone(),
        }
    }

    fn records_in_words(&self, outcome: &Outcome) -> String {
        let name = self.read_name();
        match outcome {
            Outcome::Applied => format!("{name}: {}", changes_in_words(&self.decision.records)),
            Outcome::Failed(error) if error.outcome_is_unknown() => {
                format!("unknown: tried to {error}; the next evaluation checks")
            }
            Outcome::Failed(error) => format!("records unchanged: failed to {error}"),
            Outcome::TooLate => format!("records of {name} not changed: this evaluation ran out of time"),
        }
    }

    /// The name that reads go to.
    fn read_name(&self) -> &str {
        self.dns.as_ref().map_or("", |dns| dns.name.as_str())
    }

    /// The commands that keep and undo a change that begins, one of them for who has only the AWS CLI. What an operator set is
    /// undone by releasing it.
    #[must_use]
    pub fn commands(&self, header: &Header) -> Vec<(&'static str, String)> {
        let Some(begins) = self.made(header.at) else { return Vec::new() };
        let (name, asked) = (&self.name, self.asked());
        if !asked.is_empty() {
            let is = |emergency: bool| asked.iter().any(|asked| asked.is_emergency == emergency);
            let release = is(false).then(|| ("undo", format!("tidegate release {name}")));
            let restore = is(true).then(|| ("undo", "tidegate emergency restore".to_owned()));
            return release.into_iter().chain(restore).collect();
        }
        let existing = self.decision.count.map_or(0, |count| count.existing);
        let to = to(begins, existing);
        let delete = begins
            .replica
            .filter(|_| begins.adds)
            .map(|replica| self.delete_by_hand(replica, header.place.as_ref()));
        // Tidegate keeps one replica at least.
        let is_kept = begins.adds && self.is_emergency();
        let when = if is_kept { "  # none is removed before the emergency ends" } else { "" };
        let is_allowed = |count: u32| count > 0 && self.bounds.is_none_or(|(_, max)| count <= max);
        let pin = |word, count, when| {
            is_allowed(count).then(|| (word, format!("tidegate pin {name} {count} --for 2h{when}")))
        };
        let or = delete.map(|command| ("or", command));
        [pin("keep", to, ""), pin("undo", existing, when), or].into_iter().flatten().collect()
    }

    /// The change of the count that begins.
    fn made(&self, now: Timestamp) -> Option<Beginning<'_>> {
        let outcome = self.called.as_ref().map(|called| &called.outcome);
        let is_made =
            self.is_enforced && !matches!(outcome, Some(CallOutcome::Refused(_) | CallOutcome::NotSent));
        // To delete one that has failed changes no count: there is nothing to keep or to undo.
        self.begins(now).filter(|begins| is_made && !begins.is_clean_up)
    }

    /// Why there is no pin that keeps the change or undoes it: it would be refused.
    pub(super) fn without_pin(&self, now: Timestamp) -> Option<String> {
        let begins = self.made(now).filter(|_| self.asked().is_empty())?;
        let (max, existing) = (self.bounds?.1, self.decision.count?.existing);
        let above = |words, count| (count > max).then(|| format!("{words} {count}"));
        let kept = above("keeps", to(begins, existing));
        let above: Vec<String> = kept.into_iter().chain(above("goes back to", existing)).collect();
        let (above, replicas) = (above.join(" or "), if max == 1 { "replica" } else { "replicas" });
        (!above.is_empty()).then(|| {
            format!("the fleet file allows at most {max} {replicas}, so no pin {above}: raise `max` and deploy, then pin")
        })
    }

    /// Of a reader of Aurora AWS takes no final snapshot, whatever is said.
    fn delete_by_hand(&self, replica: &str, place: Option<&AccountAndRegion>) -> String {
        let snapshot = match self.resource {
            DatabaseName::Rds(_) => " --skip-final-snapshot",
            DatabaseName::Aurora(_) => "",
        };
        let (command, account) = (aws_cli(place, "rds delete-db-instance"), in_account(place));
        format!("{command} --db-instance-identifier {replica}{snapshot}  # {account}once it is available")
    }
}

/// How many there are after a change.
fn to(begins: Beginning<'_>, existing: u32) -> u32 {
    if begins.adds { existing.saturating_add(1) } else { existing.saturating_sub(1) }
}

/// `new reads may go to tidegate-shop-2, and no new ones to tidegate-shop-1`.
fn changes_in_words(changes: &[RecordChange]) -> String {
    let named = |wanted: fn(&RecordChange) -> Option<&DnsRecord>| {
        let names: Vec<&str> = changes.iter().filter_map(wanted).map(instance_of).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let put = named(|change| if let RecordChange::Put(record) = change { Some(record) } else { None });
    let deleted = named(|change| if let RecordChange::Delete(record) = change { Some(record) } else { None });
    match (put, deleted) {
        (Some(put), None) => format!("new reads may go to {put}"),
        (Some(put), Some(deleted)) => format!("new reads may go to {put}, and no new ones to {deleted}"),
        (None, Some(deleted)) => format!("no new reads go to {deleted}"),
        (None, None) => "unchanged".to_owned(),
    }
}
