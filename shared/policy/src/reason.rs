//! Why a decision is what it is: one variant per cause, each with its numbers, "hold" included.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::overrides::OverrideKind;
use crate::reading::Absence;
use crate::rule::{Condition, Quantity, Span};
use crate::signal::{Signal, Unit};
use crate::track::LOW_FOR;

mod words;

pub(crate) use words::tasks;
use words::{Clock, Day, Seen, Tracking, jobs, plural, waits};

/// One cause that shaped a decision. Counts are tasks unless the name says jobs.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants' sentences name every field")]
pub enum Reason {
    /// The ECS service could not be read.
    ServiceUnreadable { absence: Absence },
    /// The ECS service is not `ACTIVE`.
    ServiceInactive,
    /// A daemon service has no desired count.
    ServiceIsDaemon,
    /// Desired count 0 below the minimum, and not set by us: somebody switched the service off.
    SwitchedOff { min: u32 },
    /// Another look is making a change.
    IntentPending { to: u32, look: String, until: Timestamp },
    /// A change of an earlier look was found made.
    IntentFoundApplied { to: u32 },
    /// A change of an earlier look was found not made.
    IntentFoundLost { from: u32, to: u32 },
    /// The last change failed; it is tried again later.
    BackingOff { failures: u32, until: Timestamp },
    /// Somebody else changed the desired count since the last look.
    ChangedElsewhere { was: u32 },
    /// An override is in force.
    Overridden { kind: OverrideKind, until: Timestamp, who: String, why: String },
    /// A rule's condition holds.
    RuleMatched { condition: Condition, value: f64, proposes: u32 },
    /// A rule's condition breaches, but not for long enough yet.
    RuleNotLongEnough { condition: Condition, value: f64, held: SignedDuration },
    /// A rule adds within the scale-out cooldown: what was already added counts.
    Credit { base: u32, already: u32, until: Timestamp },
    /// A rule adds, but tasks already asked for are not running yet (AWS steps from the running count).
    StillStarting { running: u32, pending: u32 },
    /// `track`: what the value asks for.
    Tracked { signal: Signal, value: f64, target: f64, unit: Unit, proposes: u32 },
    /// `track`: the value is near its target, or would be without a task.
    OnTarget { signal: Signal, value: f64, target: f64, unit: Unit },
    /// `track`: the value is low, but not for long enough yet.
    LowNotLongEnough { signal: Signal, value: f64, target: f64, unit: Unit, held: SignedDuration },
    /// `wait`: without more tasks the newest job would wait too long by the time that new ones could run.
    WouldWait { jobs: u64, within: SignedDuration, planned: SignedDuration, proposes: u32 },
    /// `wait`: a job that comes now waits longer than planned, so nobody leaves.
    JobsWait { wait: SignedDuration, planned: SignedDuration },
    /// `wait`: what arrives keeps so many tasks busy.
    LoadKeeps { load: f64, proposes: u32 },
    /// `wait`: bursts come back, and tasks stand by for the next.
    StandsBy { bursts: usize, proposes: u32 },
    /// `wait`: one look tells nothing about speed; this one only watches.
    Watching,
    /// No rule's condition holds.
    NothingMatches,
    /// Work waits and no task is wanted: one wakes.
    Wake { waiting_jobs: u64 },
    /// The desired count lies below the minimum.
    BelowMin { min: u32 },
    /// The desired count lies above the maximum: the bounds or the count were changed by a person.
    AboveMax { max: u32 },
    /// The maximum limits a scale-out.
    AtMax { max: u32, wish: u32 },
    /// The minimum limits a scale-in.
    AtMin { min: u32 },
    /// A row of `hours` sets the bound that this decision met.
    Hours { window: String, min: Option<u32>, max: Option<u32>, until: Option<Timestamp> },
    /// The floor table sets the minimum that this decision met; with an age where the metric is not read any more.
    Floor { metric: String, value: f64, age: Option<SignedDuration>, tasks: u32 },
    /// A signal that votes cannot be read.
    ReadingMissing { signal: Signal, absence: Absence },
    /// A signal that votes is too old.
    ReadingStale { signal: Signal, age: SignedDuration },
    /// A signal does not agree to scale in.
    NotAgreed { condition: Condition, value: Option<f64> },
    /// The queue is paused: its waiting jobs do not count.
    QueuePaused { waiting_jobs: u64 },
    /// Work in flight keeps capacity.
    WorkInFlight { jobs: u64, concurrency: u32, floor: u32 },
    /// Running jobs are not visible in this queue.
    WorkInFlightHidden { known_jobs: u64 },
    /// Workers hold more jobs than they can run; new workers cannot take these.
    HeldByWorkers { jobs: u64, capacity_jobs: u64 },
    /// Scale-in takes one task per decision while jobs may not be interrupted.
    OneTaskAtATime { asked: u32 },
    /// A deployment is in progress.
    Rollout,
    /// New tasks do not start.
    StartsFailing { desired: u32, running: u32, lasting: SignedDuration },
    /// Scale-in goes no lower than the largest wish of the window.
    Stabilizing { wish: u32, window: SignedDuration },
    /// The smaller size would trip a scale-out rule at once.
    AnticipatedFlapping { condition: Condition, predicted: f64, at: u32 },
    /// The scale-in cooldown runs.
    CooldownIn { until: Timestamp },
    /// The largest step limits the change.
    LargestStep { limit: u32, wish: u32 },
    /// Zero is reached only from a queue seen empty for a while.
    NotIdleLongEnough { idle: SignedDuration, needed: SignedDuration },
    /// The last task stays, or one wakes, while jobs wait, are taken, or are held by workers.
    NotIdle { jobs: u64 },
}

impl Reason {
    /// It tells of circumstances and is no cause by itself: it stands behind the causes.
    pub(crate) fn is_circumstance(&self) -> bool {
        matches!(
            self,
            Self::IntentFoundApplied { .. }
                | Self::IntentFoundLost { .. }
                | Self::ChangedElsewhere { .. }
                | Self::QueuePaused { .. }
                | Self::HeldByWorkers { .. }
                | Self::WorkInFlightHidden { .. }
        )
    }

    /// Its stable name in JSON, logs and activities.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ServiceUnreadable { .. } => "service-unreadable",
            Self::ServiceInactive => "service-inactive",
            Self::ServiceIsDaemon => "service-is-daemon",
            Self::SwitchedOff { .. } => "switched-off",
            Self::IntentPending { .. } => "intent-pending",
            Self::IntentFoundApplied { .. } => "intent-found-applied",
            Self::IntentFoundLost { .. } => "intent-found-lost",
            Self::BackingOff { .. } => "backing-off",
            Self::ChangedElsewhere { .. } => "changed-elsewhere",
            Self::Overridden { .. } => "overridden",
            Self::RuleMatched { .. } => "rule-matched",
            Self::RuleNotLongEnough { .. } => "rule-not-long-enough",
            Self::Credit { .. } => "credit",
            Self::StillStarting { .. } => "still-starting",
            Self::Tracked { .. } => "tracked",
            Self::OnTarget { .. } => "on-target",
            Self::LowNotLongEnough { .. } => "low-not-long-enough",
            Self::WouldWait { .. } => "would-wait",
            Self::JobsWait { .. } => "jobs-wait",
            Self::LoadKeeps { .. } => "load-keeps",
            Self::StandsBy { .. } => "stands-by",
            Self::Watching => "watching",
            Self::NothingMatches => "nothing-matches",
            Self::Wake { .. } => "wake",
            Self::BelowMin { .. } => "below-min",
            Self::AboveMax { .. } => "above-max",
            Self::AtMax { .. } => "at-max",
            Self::AtMin { .. } => "at-min",
            Self::Hours { .. } => "hours",
            Self::Floor { .. } => "floor",
            Self::ReadingMissing { .. } => "reading-missing",
            Self::ReadingStale { .. } => "reading-stale",
            Self::NotAgreed { .. } => "not-agreed",
            Self::QueuePaused { .. } => "queue-paused",
            Self::WorkInFlight { .. } => "work-in-flight",
            Self::WorkInFlightHidden { .. } => "work-in-flight-hidden",
            Self::HeldByWorkers { .. } => "held-by-workers",
            Self::OneTaskAtATime { .. } => "one-task-at-a-time",
            Self::Rollout => "rollout",
            Self::StartsFailing { .. } => "starts-failing",
            Self::Stabilizing { .. } => "stabilizing",
            Self::AnticipatedFlapping { .. } => "anticipated-flapping",
            Self::CooldownIn { .. } => "cooldown-in",
            Self::LargestStep { .. } => "largest-step",
            Self::NotIdleLongEnough { .. } => "not-idle-long-enough",
            Self::NotIdle { .. } => "not-idle",
        }
    }
}

/// A fragment that reads well after "because" and after a colon.
impl fmt::Display for Reason {
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceUnreadable { absence } => write!(f, "the ECS service cannot be read ({absence})"),
            Self::ServiceInactive => write!(f, "the ECS service is not ACTIVE"),
            Self::ServiceIsDaemon => write!(f, "the ECS service is a DAEMON and has no desired count to set"),
            Self::SwitchedOff { min } => write!(
                f,
                "desired count is 0 below min {min} and was set by somebody else: it counts as switched off until raised by hand"
            ),
            Self::IntentPending { to, look, until } => {
                write!(f, "another look ({look}) is setting {to} and has until {}", Clock(*until))
            }
            Self::IntentFoundApplied { to } => {
                write!(f, "an earlier look's change to {} was found made", tasks(*to))
            }
            Self::IntentFoundLost { from, to } => {
                write!(f, "an earlier look's change from {from} to {} was never made", tasks(*to))
            }
            Self::BackingOff { failures: 0 | 1, until } => {
                write!(f, "the last change failed, next attempt at {}", Clock(*until))
            }
            Self::BackingOff { failures, until } => {
                write!(f, "the last {failures} changes failed, next attempt at {}", Clock(*until))
            }
            Self::ChangedElsewhere { was } => {
                write!(f, "somebody else changed the desired count, it was {was}")
            }
            Self::Overridden { kind, until, who, why } => {
                write!(f, "{who} asked for {kind} until {} ({why})", Day(*until))
            }
            Self::RuleMatched { condition, value, proposes } => {
                write!(f, "{}, which asks for {}", Seen { condition, value: *value }, tasks(*proposes))
            }
            Self::RuleNotLongEnough { condition, value, held } => {
                write!(f, "{}, so far for {}", Seen { condition, value: *value }, Span(*held))
            }
            Self::Credit { base, already, until } => write!(
                f,
                "the {} added to {base} {} toward this step until {}",
                tasks(*already),
                plural(u64::from(*already), "counts", "count"),
                Clock(*until)
            ),
            Self::StillStarting { running, pending } => {
                write!(f, "{running} running and {pending} pending: the tasks already asked for come first")
            }
            Self::Tracked { signal, value, target, unit, proposes } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}, which asks for {}", tasks(*proposes))
            }
            Self::OnTarget { signal, value, target, unit } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}: near enough for the tasks there are")
            }
            Self::LowNotLongEnough { signal, value, target, unit, held } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}, low for {} of {}", Span(*held), Span(LOW_FOR))
            }
            Self::WouldWait { jobs: n, within, planned, proposes } => write!(
                f,
                "in {}, when new tasks could run, {} would need {} to wait no longer than {}",
                Span(*within),
                jobs(*n),
                tasks(*proposes),
                Span(*planned)
            ),
            Self::JobsWait { wait, planned } => write!(
                f,
                "a job that comes now waits {}, longer than {}: nobody leaves",
                Span(*wait),
                Span(*planned)
            ),
            Self::LoadKeeps { load, proposes } => {
                let load = Quantity { value: *load, unit: Unit::Count };
                write!(f, "what arrives is work for {load} tasks, which asks for {}", tasks(*proposes))
            }
            Self::StandsBy { bursts, proposes } => {
                write!(f, "{bursts} bursts came out of silence, {} stand by for the next", tasks(*proposes))
            }
            Self::Watching => write!(f, "the queue is watched for one look before `wait` decides"),
            Self::NothingMatches => write!(f, "no rule matches"),
            Self::Wake { waiting_jobs } => {
                write!(f, "{} and desired count is 0", waits(*waiting_jobs))
            }
            Self::BelowMin { min } => write!(f, "desired count is below min {min}"),
            Self::AboveMax { max } => {
                write!(f, "desired count is above max {max}")
            }
            Self::AtMax { max, wish } => write!(f, "max {max} limits the wish for {}", tasks(*wish)),
            Self::AtMin { min } => write!(f, "min is {min}"),
            Self::Hours { window, min, max, until } => {
                let bound = |name, tasks: &Option<u32>| tasks.map(|tasks| format!("{name} {tasks}"));
                let bounds: Vec<String> =
                    [bound("min", min), bound("max", max)].into_iter().flatten().collect();
                write!(f, "`{window}` sets {}", bounds.join(" and "))?;
                until.map_or(Ok(()), |until| write!(f, " until {}", Day(until)))
            }
            Self::Floor { metric, value, age, tasks: n } => {
                let value = Quantity { value: *value, unit: Unit::Count };
                let seen = age.map_or_else(
                    || format!("is {value}"),
                    |age| format!("was {value} when it was last known, {} ago", Span(age)),
                );
                write!(f, "`{metric}` {seen}, and the floor table keeps {}", tasks(*n))
            }
            Self::ReadingMissing { signal, absence } => write!(f, "`{signal}` is not known ({absence})"),
            Self::ReadingStale { signal, age } => {
                write!(f, "`{signal}` is {} old, too old to act on", Span(*age))
            }
            Self::NotAgreed { condition, value: Some(value) } => write!(
                f,
                "{} is {} and does not agree to scale in (rule: {condition})",
                condition.signal,
                Quantity { value: *value, unit: condition.unit }
            ),
            Self::NotAgreed { condition, value: None } => {
                write!(f, "{} does not agree to scale in (rule: {condition})", condition.signal)
            }
            Self::QueuePaused { waiting_jobs } => {
                let verb = plural(*waiting_jobs, "does", "do");
                write!(f, "the queue is paused, its {} {verb} not count", jobs(*waiting_jobs))
            }
            Self::WorkInFlight { jobs: n, concurrency, floor } => {
                let verb = plural(*n, "keeps", "keep");
                write!(f, "{} in flight at {concurrency} per task {verb} {}", jobs(*n), tasks(*floor))
            }
            Self::WorkInFlightHidden { known_jobs } => write!(
                f,
                "this queue does not show every running job, only {known_jobs} {} known",
                plural(*known_jobs, "is", "are")
            ),
            Self::HeldByWorkers { jobs: n, capacity_jobs } => write!(
                f,
                "workers hold {} more than the {capacity_jobs} they can run, and new workers cannot take what is held",
                jobs(*n)
            ),
            Self::OneTaskAtATime { asked } => {
                write!(f, "one task per decision instead of {asked}, since jobs may not be interrupted")
            }
            Self::Rollout => write!(f, "a deployment is in progress"),
            Self::StartsFailing { desired, running, lasting } => {
                write!(f, "new tasks do not start: {running} of {desired} running for {}", Span(*lasting))
            }
            Self::Stabilizing { wish, window } => {
                let verb = plural(u64::from(*wish), "was", "were");
                write!(f, "{} {verb} still wished for within the last {}", tasks(*wish), Span(*window))
            }
            Self::AnticipatedFlapping { condition, predicted, at } => write!(
                f,
                "at {} {} would be about {} and scale out again (rule: {condition})",
                tasks(*at),
                condition.signal,
                Quantity { value: *predicted, unit: condition.unit }
            ),
            Self::CooldownIn { until } => write!(f, "scale-in cooldown until {}", Clock(*until)),
            Self::LargestStep { limit, wish } => {
                write!(f, "the largest step is {limit}, the wish is for {}", tasks(*wish))
            }
            Self::NotIdleLongEnough { idle, needed } => {
                write!(f, "the queue has been empty for {}, zero needs {}", Span(*idle), Span(*needed))
            }
            Self::NotIdle { jobs: n } => {
                write!(f, "{} in the queue would be stranded at zero", jobs(*n))
            }
        }
    }
}
