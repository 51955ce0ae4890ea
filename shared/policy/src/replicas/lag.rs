//! How far each replica lags, by the meaning that its engine gives to the number.

use jiff::{SignedDuration, Timestamp};

use crate::clock::{since, to_the_millisecond};
use crate::database::points::LoadPoints;
use crate::observation::{Datapoint, MetricReading};
use crate::replicas::memory::ReplicaMemory;
use crate::replicas::observation::{Engine, Replica, Replication, SourceInstance, Status};
use crate::replicas::policy::LagLimits;
use crate::replicas::reason::ReplicaReason;
use crate::rule::Condition;

/// Of the last five minutes that have settled, so many above the limit are lag. One would report each spike, five would
/// report a replica that swings around its limit never.
const LAGS: usize = 3;
/// So many minutes are looked at. A replica has caught up, or has recovered, when all of them are there and below.
const LOOKED_AT: i32 = 5;
const RECOVERS: usize = 5;

/// On a source that writes next to nothing PostgreSQL shows up to 300 s, and RDS publishes once a minute. Above this it is
/// lag, whatever is written.
const IDLE_LAG_SECONDS: f64 = 360.0;
/// RDS makes PostgreSQL begin a new segment of 64 MiB every five minutes, and `TransactionLogsGeneration` shows it as
/// written. A fifth more is for the work of the server itself.
const IDLE_BYTES_PER_SECOND: f64 = SEGMENT_BYTES / 300.0 * 1.2;
const SEGMENT_BYTES: f64 = 64.0 * 1_048_576.0;
/// A replica whose slot is behind by more than two segments is behind, however little is written.
const IDLE_SLOT_BYTES: f64 = 2.0 * SEGMENT_BYTES;
/// The log is looked at over five minutes, since one of them has the new segment. Fewer of its minutes prove nothing.
const LOG_MINUTES: SignedDuration = SignedDuration::from_mins(5);
const LOG_MINUTES_NEEDED: usize = 4;
/// For an idle source the number proves nothing. After so many minutes, three segments, in which it was never lag, a
/// replica counts as calm: otherwise it would stay out of the records until someone writes.
const CALM_MINUTES: i32 = 15;
const CALM_MINUTES_NEEDED: usize = 15;

/// A new replica is behind as a matter of course, and that is not reported. After so long it is.
const CATCHES_UP_WITHIN: SignedDuration = SignedDuration::from_hours(2);

/// Where nobody asks for a limit, a new replica counts once it lags by less than this.
pub(crate) const CAUGHT_UP_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// A replica, and what is known of it after this evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged<'a> {
    pub(crate) replica: &'a Replica,
    /// To be remembered.
    pub(crate) memory: ReplicaMemory,
    /// Its lag in seconds, where that is known; whether it counts is another question.
    pub(crate) lag: Option<f64>,
    /// Why its replication is broken, where this evaluation sees that.
    pub(crate) broken: Option<String>,
    pub(crate) reasons: Vec<ReplicaReason>,
}

impl Judged<'_> {
    /// It has caught up once: it counts.
    pub(crate) fn is_serving(&self) -> bool {
        self.memory.caught_up_at.is_some()
    }

    pub(crate) fn is_available(&self) -> bool {
        self.replica.status == Status::Available
    }

    /// The metric that a condition compares: `cpu` or `connections`.
    pub(crate) fn load_of(&self, condition: &Condition) -> Option<&MetricReading> {
        match condition.signal.metric()?.as_str() {
            "cpu" => Some(&self.replica.cpu),
            "connections" => Some(&self.replica.connections),
            _ => None,
        }
    }

    /// It may answer reads: it counts, serves without a restart, replicates and does not lag.
    pub(crate) fn answers(&self) -> bool {
        self.memory.answers_since.is_some()
    }
}

/// What one lag datapoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// No replication.
    Broken,
    Above,
    Below,
    /// Above the limit, while the source writes next to nothing.
    Idle,
    /// Above the limit; what the source writes is not known.
    Unknown,
}

/// Judges one replica by what is remembered of it and what is seen now.
pub(crate) fn judge<'a>(
    replica: &'a Replica,
    source: &SourceInstance,
    limits: Option<LagLimits>,
    before: ReplicaMemory,
    now: Timestamp,
) -> Judged<'a> {
    let memory = of_this_instance(before, replica);
    let mut judged = Judged { replica, memory, lag: None, broken: None, reasons: Vec::new() };
    judged.memory.gone_since = None;
    if replica.status.serves() {
        let points = LoadPoints::of(&replica.lag, replica.created_at, now);
        judged.lag = points.as_ref().and_then(|points| points.newest(now)).map(|it| it.value);
        judged.lag = judged.lag.filter(|lag| *lag >= 0.0);
        judged.judge_replication(points.as_ref(), now);
        judged.judge_lag(points.as_ref(), source, limits, now);
    } else if let Status::Changing(_) = replica.status {
        // A full disk stops replication too: what RDS says of that counts, and no metric of before.
        judged.judge_replication(None, now);
    }
    judged.judge_answers(now);
    judged
}

/// What is remembered of this instance. One that was deleted, and created again under the same name, has not caught up yet,
/// and RDS shows no time of creation before it is available.
fn of_this_instance(mut before: ReplicaMemory, replica: &Replica) -> ReplicaMemory {
    let created_at = replica.created_at.map(to_the_millisecond);
    let is_later = before.created_at.zip(created_at).is_some_and(|(before, now)| before != now);
    let is_created_again = replica.status == Status::Creating && before.caught_up_at.is_some();
    if is_later || is_created_again {
        before = ReplicaMemory::default();
    }
    before.created_at = created_at.or(before.created_at);
    before
}

impl Judged<'_> {
    /// Broken: RDS says so, or shows −1 for most of the last minutes. One −1 is a restart, or a network that was lost.
    fn judge_replication(&mut self, points: Option<&LoadPoints>, now: Timestamp) {
        let last = points.map(|points| points.last(LOOKED_AT, now)).unwrap_or_default();
        let without = last.iter().filter(|point| point.value < 0.0).count();
        let id = || self.replica.id.clone();
        let cause = match &self.replica.replication {
            Replication::Broken { status, message } if message.is_empty() => Some(status.clone()),
            Replication::Broken { status, message } => Some(format!("{status}, {message}")),
            Replication::Running if self.is_serving() && without >= LAGS => {
                Some("`ReplicaLag` is -1".to_owned())
            }
            Replication::Running => None,
        };
        let is_seen = !last.is_empty();
        let reason = match cause {
            Some(cause) => {
                self.broken = Some(cause.clone());
                self.memory.broken_since.get_or_insert(now);
                Some(ReplicaReason::Broken { replica: id(), cause })
            }
            None if self.memory.broken_since.is_some() && is_seen && without == 0 => {
                self.memory.broken_since = None;
                Some(ReplicaReason::Replicates { replica: self.replica.id.clone() })
            }
            None if self.memory.broken_since.is_some() => {
                let cause = "not seen replicating again yet".to_owned();
                Some(ReplicaReason::Broken { replica: id(), cause })
            }
            None => None,
        };
        self.reasons.extend(reason);
    }

    /// Lagging, recovered, caught up: by the datapoints that have settled.
    fn judge_lag(
        &mut self,
        points: Option<&LoadPoints>,
        source: &SourceInstance,
        limits: Option<LagLimits>,
        now: Timestamp,
    ) {
        let warning = limits.map_or(CAUGHT_UP_WITHIN, |limits| limits.warning).as_secs_f64();
        let says = |point: &Datapoint, limit: f64| says(point, limit, source, now);
        let last = points.map(|points| points.last(LOOKED_AT, now)).unwrap_or_default();
        let above = |limit: f64| last.iter().filter(|it| says(it, limit) == Says::Above).count() >= LAGS;
        let is_below = |point: &Datapoint| says(point, warning) == Says::Below;
        let is_no_lag = |point: &Datapoint| matches!(says(point, warning), Says::Below | Says::Idle);
        let calm = points.map(|points| points.last(CALM_MINUTES, now)).unwrap_or_default();
        let is_calm = calm.len() >= CALM_MINUTES_NEEDED && calm.iter().all(is_no_lag);
        let is_all_below = last.len() >= RECOVERS && last.iter().all(is_below);

        // A new replica is not complete before it is available: RDS backs it up and modifies it first.
        let is_complete = self.is_available()
            && self.replica.is_initialized
            && self.replica.replication == Replication::Running;
        let has_caught_up = is_complete && (is_all_below || is_calm);
        if has_caught_up && self.memory.caught_up_at.is_none() {
            self.memory.caught_up_at = Some(now);
        }
        self.memory.is_new &= self.memory.caught_up_at.is_none();
        let age = self.replica.created_at.map_or(SignedDuration::MAX, |created| since(created, now));
        if let (Some(limits), true) = (limits, self.is_serving() || age >= CATCHES_UP_WITHIN) {
            let replica = || self.replica.id.clone();
            let is_asked = !matches!(self.replica.lag, MetricReading::NotRead);
            if above(warning) {
                self.memory.lags_since.get_or_insert(now);
                let critical = limits.critical.map(|limit| limit.as_secs_f64());
                self.memory.is_critical |= critical.is_some_and(above);
            } else if self.memory.lags_since.is_some() && (is_all_below || is_calm) {
                self.memory.lags_since = None;
                self.memory.is_critical = false;
                self.reasons.push(ReplicaReason::Recovered { replica: replica() });
            }
            let reason = match (self.memory.lags_since, self.lag, last.last()) {
                (Some(since), lag, _) => {
                    let limit = limits.of(self.memory.is_critical).as_secs_f64();
                    Some(ReplicaReason::Lags { replica: replica(), lag, limit, since })
                }
                (None, Some(lag), Some(newest)) if says(newest, warning) == Says::Idle => {
                    Some(ReplicaReason::SourceIdle { replica: replica(), lag })
                }
                (None, None, None) if is_asked => Some(ReplicaReason::LagUnknown { replica: replica() }),
                (None, _, _) => None,
            };
            self.reasons.extend(reason);
        }
    }

    /// Since when it may answer reads without a break.
    fn judge_answers(&mut self, now: Timestamp) {
        let ReplicaMemory { caught_up_at, lags_since, broken_since, .. } = &self.memory;
        let answers = caught_up_at.is_some()
            && lags_since.is_none()
            && broken_since.is_none()
            && self.replica.status.is_steady()
            && self.replica.endpoint.is_some();
        self.memory.answers_since = answers.then(|| self.memory.answers_since.unwrap_or(now));
    }
}

/// What one datapoint says about a limit, on such a source.
fn says(point: &Datapoint, limit: f64, source: &SourceInstance, now: Timestamp) -> Says {
    let Datapoint { at, value } = *point;
    if value < 0.0 {
        return Says::Broken;
    }
    if value <= limit {
        return Says::Below;
    }
    let Engine::PostgreSql { major, minor } = source.engine else { return Says::Above };
    if value > IDLE_LAG_SECONDS {
        return Says::Above;
    }
    let shows_slots = (major, minor) >= (14, 1);
    let slot = slot_lag_at(&source.slot_lag, at, now).filter(|_| shows_slots).map(|it| it > IDLE_SLOT_BYTES);
    let log = log_rate_until(&source.log_rate, at, now).map(|rate| rate > IDLE_BYTES_PER_SECOND);
    match (slot, log) {
        (Some(true), _) | (_, Some(true)) => Says::Above,
        (Some(false), _) | (_, Some(false)) => Says::Idle,
        (None, None) => Says::Unknown,
    }
}

/// How much log the source made a second over the five minutes before; `None` where too few of them are known.
fn log_rate_until(reading: &MetricReading, until: Timestamp, now: Timestamp) -> Option<f64> {
    let points = LoadPoints::of(reading, None, now)?;
    let from = until.saturating_sub(LOG_MINUTES).unwrap_or(until);
    let minutes = points.settled.iter().filter(|point| point.at > from && point.at <= until);
    let rates: Vec<f64> = minutes.map(|point| point.value).collect();
    (rates.len() >= LOG_MINUTES_NEEDED).then(|| rates.iter().sum::<f64>() * 60.0 / LOG_MINUTES.as_secs_f64())
}

/// How far the slot of the slowest replica was behind at that minute.
fn slot_lag_at(reading: &MetricReading, at: Timestamp, now: Timestamp) -> Option<f64> {
    let points = LoadPoints::of(reading, None, now)?;
    let of_that_minute =
        |point: &&Datapoint| point.at.duration_since(at).abs() < SignedDuration::from_mins(1);
    points.settled.iter().rev().find(of_that_minute).map(|point| point.value)
}
