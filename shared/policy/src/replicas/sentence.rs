//! The sentence of every reason: a clause that can follow "because".

use std::fmt;

use jiff::SignedDuration;

use crate::replicas::reason::ReplicaReason;
use crate::replicas::why::{KeptWhy, VetoWhy};
use crate::rule::{Condition, Quantity, Span, thousands};
use crate::sentence::words::{DayAndTime, TimeOfDay};

impl fmt::Display for ReplicaReason {
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { absence } => {
                write!(f, "RDS could not be read ({absence}): replicas and records stay as they are")
            }
            Self::Observed => f.write_str("the mode is observe: Tidegate changes nothing"),
            Self::Overridden { kind, until, who, why } => {
                write!(f, "{who} set {kind} until {} ({why})", DayAndTime(*until))
            }
            Self::OverrideClamped { kind, max } => {
                write!(f, "`{kind}` is outside of what the fleet file allows (1 to {max} replicas)")
            }
            Self::OverrideUndated { kind, until } => write!(
                f,
                "`{kind}` until {} is ignored: its `since` is missing or in the future",
                DayAndTime(*until)
            ),
            Self::IntentPending { replica, evaluation, until } => write!(
                f,
                "another evaluation ({evaluation}) is sending the call for {replica} and has until {} to finish",
                TimeOfDay(*until)
            ),
            Self::Requested { replica, since } => write!(
                f,
                "RDS was asked for {replica} at {} and does not show {replica} yet",
                TimeOfDay(*since)
            ),
            Self::SentAgain { replica, failures: 0 } => {
                write!(f, "RDS took the call for {replica} and shows no effect: the call is sent again")
            }
            Self::SentAgain { replica, failures } => write!(
                f,
                "whether RDS took the call for {replica} is not known ({} unanswered): the call is sent again",
                thousands(failures)
            ),
            Self::Creating { replica, since } => {
                write!(f, "RDS has been creating {replica} since {}", DayAndTime(*since))
            }
            Self::CatchingUp { replica, is_initialized: false, .. } => {
                write!(f, "{replica} is available and its storage is still initializing")
            }
            Self::CatchingUp { replica, lag: Some(lag), limit, is_initialized: true } => write!(
                f,
                "{replica} is available and lags by {}: it counts once that is below {}",
                LagShown(*lag),
                LagShown(*limit)
            ),
            Self::CatchingUp { replica, lag: None, .. } => {
                write!(f, "{replica} is available and its lag is not known yet")
            }
            Self::Added { replica, took } => {
                write!(f, "{replica} has caught up and counts, {} after it was asked for", Span(*took))
            }
            Self::NotAdded { replica, cause } => write!(f, "{replica} was not created: {cause}"),
            Self::CleanedUp { replica, status } => {
                write!(f, "{replica} failed before it answered any reads (status {status}): Tidegate created it and deletes it")
            }
            Self::Draining { replica, connections: Some(connections), until } => write!(
                f,
                "{replica} is deleted once its connections ({}) have ended, or after {}",
                thousands(connections.round()),
                TimeOfDay(*until)
            ),
            Self::Draining { replica, connections: None, until } => write!(
                f,
                "{replica} is deleted once its connections have ended (how many there are is not known), or after {}",
                TimeOfDay(*until)
            ),
            Self::DrainingRecord { replica } => {
                write!(f, "the record of {replica} has still to be removed before {replica} is")
            }
            Self::DrainingUnknown { replica } => {
                write!(f, "the load of the other replicas is not known: {replica} is not removed yet")
            }
            Self::Kept { replica, why } => write!(f, "{replica} is kept, since {}", why.in_words()),
            Self::Deleting { replica, since } => {
                write!(f, "RDS is deleting {replica}, as it was asked at {}", DayAndTime(*since))
            }
            Self::Delete { replica } => {
                write!(f, "{replica} has no connections, or the time for them is over: RDS is asked to delete it")
            }
            Self::DeleteRequested { replica, since } => write!(
                f,
                "RDS was asked to delete {replica} at {} and does not show that yet",
                DayAndTime(*since)
            ),
            Self::Removed { replica, took } => {
                write!(f, "{replica} is gone, {} after its removal began", Span(*took))
            }
            Self::NotRemoved { replica, cause } => write!(f, "RDS refused to remove {replica}: {cause}"),
            Self::Missed { replica, since } => write!(
                f,
                "RDS has not shown {replica} since {}, and its answers may be minutes old",
                TimeOfDay(*since)
            ),
            Self::Vanished { replica } => write!(f, "{replica} is gone, and Tidegate did not remove it"),
            Self::Promoted { replica } => {
                write!(f, "{replica} was promoted outside Tidegate, and is no replica of the source any more")
            }
            Self::Writer { replica } => write!(f, "a failover made {replica} the writer: it is no reader any more"),
            Self::Lags { replica, lag: Some(lag), limit, since } => write!(
                f,
                "{replica} lags by {} (limit {}), since {}",
                LagShown(*lag),
                LagShown(*limit),
                DayAndTime(*since)
            ),
            Self::Lags { replica, lag: None, since, .. } => write!(
                f,
                "{replica} has lagged since {}, and its lag is not known now",
                DayAndTime(*since)
            ),
            Self::Recovered { replica } => write!(f, "{replica} lags no more"),
            Self::SourceIdle { replica, lag } => write!(
                f,
                "{replica} shows a lag of {}, which does not count: the source writes next to nothing, and PostgreSQL then shows up to 5m",
                LagShown(*lag)
            ),
            Self::LagUnknown { replica } => write!(f, "the lag of {replica} is not known"),
            Self::Broken { replica, cause } => write!(f, "replication of {replica} is broken: {cause}"),
            Self::Replicates { replica } => write!(f, "{replica} replicates again"),
            Self::SlotDisk { used, free, allocated } => SlotDisk { used: *used, free: *free, allocated: *allocated }.fmt(f),
            Self::RecordsUnreadable { absence } => {
                write!(f, "Route 53 could not be read ({absence}): the records stay as they are")
            }
            Self::RecordConflict { kind } => write!(
                f,
                "the name has a record of another kind ({kind}), beside which Route 53 takes no weighted CNAME: the records stay as they are"
            ),
            Self::RecordTtl { set, found, wanted } => write!(
                f,
                "the record `{set}` of others has the TTL {found}s and those of Tidegate {wanted}s, and Route 53 takes one TTL for all weighted records of a name: the records stay as they are"
            ),
            Self::RecordPut { replica } => write!(f, "the record of {replica} is written: new reads may go to {replica}"),
            Self::RecordDeleted { replica } => write!(f, "the record of {replica} is removed: new reads go to others"),
            Self::OneStays { replica } => {
                write!(f, "no replica is fit to answer reads: {replica} is the best of them and stays")
            }
            Self::ReadsOnSource => f.write_str("no replica is left to answer reads: the source answers them"),
            Self::NoEndpoint => f.write_str("no instance has an endpoint yet: the records stay as they are"),
            Self::NotAvailable { instance, status } => {
                write!(f, "the status of {instance} is {status}: no change begins before all are available")
            }
            Self::Pending { source } => {
                write!(f, "a change of {source} is pending: no change of its replicas begins")
            }
            Self::BlueGreen { source, green } => write!(
                f,
                "{green} is the green side of a blue/green deployment of {source}: no reads go to {green}, and no replica is added or removed"
            ),
            Self::BelowMin { count, min } => write!(f, "{} below min {min}", are(*count)),
            Self::AboveMax { count, max } => write!(f, "{} above max {max}", are(*count)),
            Self::Pinned { count, to } => write!(f, "the count is pinned to {to} (now {count})"),
            Self::ScaleOut { condition, replica, value } => write!(
                f,
                "{} of {replica}, the busiest, is {} (rule: {condition}): one more replica needed",
                condition.signal,
                of(condition, *value)
            ),
            Self::NotLongEnough { condition, replica, value, held } => write!(
                f,
                "{} of {replica}, the busiest, is {}, for {} so far (rule: {condition})",
                condition.signal,
                of(condition, *value),
                Span(*held)
            ),
            Self::ScaleIn { condition, replica, value } => write!(
                f,
                "{} of every replica is low, {} of {replica} being the highest (rule: {condition}): one fewer suffices",
                condition.signal,
                of(condition, *value)
            ),
            Self::ScaleInNotLongEnough { condition, replica, held } => write!(
                f,
                "{} of {replica} has been low for {} so far (rule: {condition})",
                condition.signal,
                Span(*held)
            ),
            Self::ScaleInVeto { replica, why } => {
                write!(f, "{replica} {}: no replica is removed", why.in_words())
            }
            Self::WouldScaleOut { condition, predicted, replicas } => write!(
                f,
                "with {} instead of {replicas}, {} would be {}, and the rule {condition} would add one again",
                replicas.saturating_sub(1),
                condition.signal,
                of(condition, *predicted)
            ),
            Self::Cooldown { until } => {
                write!(f, "the last change was a moment ago (cooldown until {})", TimeOfDay(*until))
            }
            Self::BackingOff { failures, cause, until } => write!(
                f,
                "{} failed{}{cause}; next attempt at {}",
                if *failures <= 1 { "the last change".to_owned() } else { format!("the last {failures} changes") },
                if cause.is_empty() { "" } else { ": " },
                TimeOfDay(*until)
            ),
            Self::AtMax { max } => write!(f, "one more replica is needed, and there are {max}, the maximum"),
            Self::Held => f.write_str("an operator holds the count"),
            Self::TooFewLeft { replica, answering, least } => write!(
                f,
                "without {replica}, {answering} would answer reads, and at least {least} must"
            ),
            Self::NoneToRemove => f.write_str(
                "Tidegate removes only replicas that it created, without deletion protection and replicas of their own, and there is none",
            ),
            Self::EngineLimit { limit } => {
                write!(f, "RDS takes no more than {limit} replicas of one source, and so many there are")
            }
            Self::NoBackups { source } => write!(
                f,
                "{source} makes no backups (`BackupRetentionPeriod` is 0), and RDS creates no replica of such a source"
            ),
            Self::ZonePassedOver { class, zone, until } => write!(
                f,
                "RDS had no capacity for {class} in {zone}, which is not tried before {}",
                TimeOfDay(*until)
            ),
            Self::NoCapacity { class, zones, offered } => {
                let offered = match offered.as_deref() {
                    None => "in which zones it offers that class is not known".to_owned(),
                    Some([]) => "it offers that class in no zone for this engine and version".to_owned(),
                    Some(offered) => format!("it offers that class in {}", offered.join(", ")),
                };
                let tried = if zones.is_empty() { "any zone".to_owned() } else { zones.join(", ") };
                write!(f, "RDS has no capacity for {class} in {tried}; {offered}")
            }
            Self::NoDns { adds: true } => f.write_str(
                "another replica would be added, and reads would not reach it: name a record under `dns` in the fleet file",
            ),
            Self::NoDns { adds: false } => f.write_str(
                "a replica would be removed, and reads might still go to it: name a record under `dns` in the fleet file",
            ),
            Self::Create { replica, class, zone: Some(zone) } => {
                write!(f, "{replica} ({class}) is created in {zone}")
            }
            Self::Create { replica, class, zone: None } => write!(f, "{replica} ({class}) is created"),
            Self::Remove { replica, drain, is_aurora: false } => write!(
                f,
                "{replica} is removed: first its record, then the instance, once its connections have ended or after {}",
                Span(*drain)
            ),
            Self::Remove { replica, drain, is_aurora: true } => write!(
                f,
                "{replica} is deleted once its connections have ended or after {}; the reader endpoint leads to it until then",
                Span(*drain)
            ),
            Self::NothingToDo => f.write_str("the replicas are as they should be"),
        }
    }
}

impl KeptWhy {
    /// A clause.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Held => "an operator holds the count or asks for more",
            Self::LoadRose => "the load of the others rose",
            Self::TooFewLeft => "too few others answer reads",
            Self::LoadUnknown => "the load of the others was not known for long",
            Self::Blocked => "something else kept it from being deleted for 2h",
            Self::Failed => "it has failed, and a failed replica that answered reads is left to operators",
            Self::BlueGreen => "a blue/green deployment of the source exists",
            Self::NotOurs => {
                "Tidegate may not remove it any more (tags, deletion protection, a promotion or replicas of its own)"
            }
        }
    }
}

impl VetoWhy {
    /// What follows the name of the replica.
    fn in_words(self) -> &'static str {
        match self {
            Self::TooNew => "has not answered reads for long enough to prove that the load is low",
            Self::NotAnswering => "lags or does not replicate, so its load proves nothing",
            Self::Unknown => "shows no load (missing datapoints)",
        }
    }
}

/// `1 replica is`, `3 replicas are`.
fn are(count: u32) -> String {
    if count == 1 { "1 replica is".to_owned() } else { format!("{} replicas are", thousands(count)) }
}

/// A value in the unit of a condition.
fn of(condition: &Condition, value: f64) -> Quantity {
    Quantity { value, unit: condition.unit }
}

/// Seconds of lag: `250ms`, `1.5s`, `2m5s`.
pub(crate) struct LagShown(pub(crate) f64);

impl fmt::Display for LagShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(seconds) = *self;
        match seconds {
            ..1.0 => write!(f, "{}ms", thousands((seconds * 1000.0).round())),
            ..10.0 => write!(f, "{}s", (seconds * 10.0).round() / 10.0),
            _ => {
                let whole = SignedDuration::try_from_secs_f64(seconds.round());
                write!(f, "{}", Span(whole.unwrap_or(SignedDuration::MAX)))
            }
        }
    }
}

/// Bytes: `12.5 GiB`, `64 MiB`.
pub(crate) struct Bytes(pub(crate) f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: f64 = 1_048_576.0;
        let mib = self.0 / MIB;
        let (number, unit) = if mib < 1024.0 { (mib, "MiB") } else { (mib / 1024.0, "GiB") };
        write!(f, "{} {unit}", thousands((number * 10.0).round() / 10.0))
    }
}

/// What replication slots keep of the disk of the source.
pub(crate) struct SlotDisk {
    pub(crate) used: f64,
    pub(crate) free: Option<f64>,
    pub(crate) allocated: u64,
}

impl fmt::Display for SlotDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used, free, allocated } = self;
        let allocated = Bytes(crate::reading::number(*allocated));
        write!(f, "replication slots keep {} of the {allocated} of the source", Bytes(*used))?;
        match free {
            Some(free) => write!(f, ", and {} are free", Bytes(*free)),
            None => Ok(()),
        }
    }
}
