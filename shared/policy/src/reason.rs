//! Why a decision is what it is: one variant per cause, each with its numbers, "hold" included.

use jiff::{SignedDuration, Timestamp};

use crate::capacity_unit::tasks_by_default;
use crate::guard::Connections;
use crate::overrides::OverrideKind;
use crate::reading::Absence;
use crate::rule::Condition;
use crate::severity::Severity;
use crate::signal::{Signal, Unit};

/// One cause that shaped a decision. Counts are tasks unless the name says jobs.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants' sentences name every field")]
pub enum Reason {
    /// What is scaled could not be read.
    ServiceUnreadable { absence: Absence },
    /// The ECS service is not `ACTIVE`, or the Auto Scaling group is being deleted.
    ServiceInactive,
    /// A daemon service has no desired count.
    ServiceIsDaemon,
    /// ECS itself manages the desired count of an Express Mode service, and its autoscaling.
    ServiceIsExpress,
    /// AWS's own autoscaling scales it too: there may be one autoscaler only, so nothing is changed at all.
    OtherAutoscaler { who: String },
    /// AWS's own autoscaling scales it while Tidegate only observes.
    OtherAutoscalerMeanwhile { who: String },
    /// Whether AWS's own autoscaling scales it too is not known.
    OtherAutoscalerUnknown { absence: Absence },
    /// Desired count 0 below the minimum, and not set by us: the service was switched off.
    SwitchedOff { min: u32 },
    /// Another evaluation is making a change.
    IntentPending { to: u32, evaluation: String, until: Timestamp },
    /// A change of an earlier evaluation was found made.
    IntentFoundApplied { to: u32 },
    /// A change of an earlier evaluation was found not made.
    IntentFoundLost { from: u32, to: u32 },
    /// AWS still shows another desired count than the one that was just set.
    ChangeNotShown { to: u32 },
    /// The last change failed; it is tried again later.
    BackingOff { failures: u32, until: Timestamp },
    /// The desired count was changed outside Tidegate since the last evaluation.
    ManualChange { was: u32 },
    /// `emergency-max` changed the desired count since the last evaluation.
    SetByEmergency { to: u32, was: u32, at: Timestamp },
    /// An override is in force.
    Overridden { kind: OverrideKind, until: Timestamp, who: String, why: String },
    /// An override asks for more than the fleet file allows; that is what holds.
    OverrideAbove { kind: OverrideKind, most: u32 },
    /// An override ends later than any may, and holds no longer than that.
    OverrideTooLong { kind: OverrideKind, until: Timestamp, longest: SignedDuration },
    /// An override does not state since when it holds, or a time to come, and is not in force.
    OverrideUndated { kind: OverrideKind, until: Timestamp },
    /// Another process has so often changed what was set here.
    Overwritten { times: u32 },
    /// A rule's condition holds; an alarm has its own `since`.
    RuleMatched { condition: Condition, value: f64, since: Option<Timestamp>, proposes: u32 },
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
    /// `wait`: the same, but orders stop at so many tasks until the queue has shown how fast jobs are done.
    PaceUnknown { jobs: u64, within: SignedDuration, proposes: u32 },
    /// `wait`: a job that comes now waits longer than planned, so nothing scales in.
    JobsWait { wait: SignedDuration, planned: SignedDuration },
    /// `wait`: jobs went on waiting longer than acceptable, whatever was expected.
    StillLate { acceptable: SignedDuration, lasting: SignedDuration, proposes: u32 },
    /// `wait`: jobs have waited at every evaluation, and the queue becomes longer beyond chance or stays.
    QueueStays { proposes: u32 },
    /// `wait`: what arrives keeps so many tasks busy.
    LoadKeeps { load: f64, proposes: u32 },
    /// `wait`: bursts come back, and tasks stand by for the next.
    StandsBy { bursts: usize, proposes: u32 },
    /// `wait`: one evaluation shows no speed; this one only measures.
    Watching,
    /// No rule's condition holds.
    NothingMatches,
    /// Work waits and no task is wanted: one wakes.
    Wake { waiting_jobs: u64 },
    /// The desired count lies below the minimum.
    BelowMin { min: u32 },
    /// The desired count lies above the maximum: the bounds or the count were changed by an operator.
    AboveMax { max: u32 },
    /// The maximum limits a scale-out.
    AtMax { max: u32, recommendation: u32 },
    /// The connections of a database limit a scale-out.
    ConnectionsLimit { most: u32, recommendation: u32, because: Connections },
    /// How many connections a guarded database takes is not known.
    GuardLimitUnknown { database: String, absence: Absence },
    /// The minimum limits a scale-in.
    AtMin { min: u32 },
    /// AWS's own bounds are narrower than what is asked for, and hold. A pin has an operator that it is asked `by`.
    OutsideBounds { min: Option<u32>, max: Option<u32>, asked: (u32, u32), by: Option<String> },
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
    /// The queue is paused: its waiting jobs do not count now.
    QueuePaused { waiting_jobs: u64 },
    /// The queue is at a limit of its own, or was so long ago: its waiting jobs order no tasks.
    QueueAtLimit { waiting_jobs: u64, last: Option<SignedDuration> },
    /// With these the queue does all that its limit allows: `busy` of them work in the mean, where that has been measured.
    LimitKeeps { busy: Option<f64>, proposes: u32 },
    /// Work in flight keeps capacity.
    WorkInFlight { jobs: u64, concurrency: u32, floor: u32 },
    /// Running jobs are not visible in this queue.
    WorkInFlightHidden { known_jobs: u64 },
    /// Messages of the queue may be in other queues too, and go from all of them with the first acknowledgment: these jobs run,
    /// perhaps more.
    WorkInFlightShared { known_jobs: u64 },
    /// Only a part of what workers hold was read: so many messages of all that are held, these jobs of the queue among them.
    WorkInFlightPartlyRead { known_jobs: u64, read: u64, held: u64 },
    /// Workers hold more jobs than they can run; new workers cannot take these.
    HeldByWorkers { jobs: u64, capacity_jobs: u64 },
    /// Scale-in takes one task per decision while jobs may not be interrupted.
    OneTaskAtATime { asked: u32 },
    /// A deployment is in progress.
    Rollout,
    /// A deployment is FAILED.
    DeploymentFailed,
    /// AWS adds nothing now.
    NoScaleOut { why: String },
    /// AWS takes nothing away now.
    NoScaleIn { why: String },
    /// So many of the running ones are protected from scale-in.
    Protected { count: u32 },
    /// What was added is not in the metrics yet.
    WarmingUp { until: Timestamp },
    /// New tasks do not start.
    StartsFailing { desired: u32, running: u32, lasting: SignedDuration },
    /// Scale-in goes no lower than the largest recommendation of the window.
    Stabilizing { recommendation: u32, window: SignedDuration },
    /// `wait`: few tasks are surplus, and have not been so for long.
    FewSurplus { surplus: u32, lasted: SignedDuration, needed: SignedDuration },
    /// The smaller size would trip a scale-out rule at once.
    AnticipatedFlapping { condition: Condition, predicted: f64, at: u32 },
    /// The scale-in cooldown runs.
    CooldownIn { until: Timestamp },
    /// The largest step limits the change.
    LargestStep { limit: u32, recommendation: u32 },
    /// Zero is reached only from a queue seen empty for a while.
    NotIdleLongEnough { idle: SignedDuration, needed: SignedDuration },
    /// The last task stays, or one wakes, while jobs wait, are taken, or are held by workers.
    NotIdle { jobs: u64 },
    /// `notify`: the condition holds, and operators are notified.
    ConditionHolds { condition: Condition, value: f64, since: Timestamp, severity: Severity },
    /// `notify`: the condition is over.
    ConditionOver { condition: Condition, value: f64, severity: Severity },
    /// `notify`: the condition is no longer in the fleet file.
    ConditionGone { condition: String },
    /// A condition that operators were notified of has nothing to measure any more.
    ConditionQuiet { condition: Condition, severity: Severity },
    /// Nothing serves, or new tasks do not start: little load may be the outage itself.
    FewServe { desired: u32, running: u32 },
}

tasks_by_default!(Reason);

impl Reason {
    /// It describes circumstances and is no cause by itself, so it follows the causes.
    pub(crate) fn is_circumstance(&self) -> bool {
        matches!(
            self,
            Self::OtherAutoscalerMeanwhile { .. }
                | Self::IntentFoundApplied { .. }
                | Self::IntentFoundLost { .. }
                | Self::ManualChange { .. }
                | Self::SetByEmergency { .. }
                | Self::QueuePaused { .. }
                | Self::QueueAtLimit { .. }
                | Self::HeldByWorkers { .. }
                | Self::WorkInFlightHidden { .. }
                | Self::WorkInFlightShared { .. }
                | Self::OverrideAbove { .. }
                | Self::OverrideTooLong { .. }
                | Self::OverrideUndated { .. }
                | Self::Overwritten { .. }
                | Self::OutsideBounds { .. }
                | Self::ConditionHolds { .. }
                | Self::DeploymentFailed
        )
    }

    /// Its stable name in JSON, logs and activities.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ServiceUnreadable { .. } => "service-unreadable",
            Self::ServiceInactive => "service-inactive",
            Self::ServiceIsDaemon => "service-is-daemon",
            Self::ServiceIsExpress => "service-is-express",
            Self::OtherAutoscaler { .. } => "other-autoscaler",
            Self::OtherAutoscalerMeanwhile { .. } => "other-autoscaler-meanwhile",
            Self::OtherAutoscalerUnknown { .. } => "other-autoscaler-unknown",
            Self::SwitchedOff { .. } => "switched-off",
            Self::IntentPending { .. } => "intent-pending",
            Self::IntentFoundApplied { .. } => "intent-found-applied",
            Self::IntentFoundLost { .. } => "intent-found-lost",
            Self::ChangeNotShown { .. } => "change-not-shown",
            Self::BackingOff { .. } => "backing-off",
            Self::ManualChange { .. } => "manual-change",
            Self::SetByEmergency { .. } => "set-by-emergency",
            Self::Overridden { .. } => "overridden",
            Self::OverrideAbove { .. } => "override-above",
            Self::OverrideTooLong { .. } => "override-too-long",
            Self::OverrideUndated { .. } => "override-undated",
            Self::Overwritten { .. } => "overwritten",
            Self::RuleMatched { .. } => "rule-matched",
            Self::RuleNotLongEnough { .. } => "rule-not-long-enough",
            Self::Credit { .. } => "credit",
            Self::StillStarting { .. } => "still-starting",
            Self::Tracked { .. } => "tracked",
            Self::OnTarget { .. } => "on-target",
            Self::LowNotLongEnough { .. } => "low-not-long-enough",
            Self::WouldWait { .. } => "would-wait",
            Self::PaceUnknown { .. } => "pace-unknown",
            Self::JobsWait { .. } => "jobs-wait",
            Self::StillLate { .. } => "still-late",
            Self::QueueStays { .. } => "queue-stays",
            Self::LoadKeeps { .. } => "load-keeps",
            Self::StandsBy { .. } => "stands-by",
            Self::Watching => "watching",
            Self::NothingMatches => "nothing-matches",
            Self::Wake { .. } => "wake",
            Self::BelowMin { .. } => "below-min",
            Self::AboveMax { .. } => "above-max",
            Self::AtMax { .. } => "at-max",
            Self::ConnectionsLimit { .. } => "connections-limit",
            Self::GuardLimitUnknown { .. } => "guard-limit-unknown",
            Self::AtMin { .. } => "at-min",
            Self::OutsideBounds { .. } => "outside-bounds",
            Self::Hours { .. } => "hours",
            Self::Floor { .. } => "floor",
            Self::ReadingMissing { .. } => "reading-missing",
            Self::ReadingStale { .. } => "reading-stale",
            Self::NotAgreed { .. } => "not-agreed",
            Self::QueuePaused { .. } => "queue-paused",
            Self::QueueAtLimit { .. } => "queue-at-limit",
            Self::LimitKeeps { .. } => "limit-keeps",
            Self::WorkInFlight { .. } => "work-in-flight",
            Self::WorkInFlightHidden { .. } => "work-in-flight-hidden",
            Self::WorkInFlightShared { .. } => "work-in-flight-shared",
            Self::WorkInFlightPartlyRead { .. } => "work-in-flight-partly-read",
            Self::HeldByWorkers { .. } => "held-by-workers",
            Self::OneTaskAtATime { .. } => "one-task-at-a-time",
            Self::Rollout => "rollout",
            Self::DeploymentFailed => "deployment-failed",
            Self::NoScaleOut { .. } => "no-scale-out",
            Self::NoScaleIn { .. } => "no-scale-in",
            Self::Protected { .. } => "protected",
            Self::WarmingUp { .. } => "warming-up",
            Self::StartsFailing { .. } => "starts-failing",
            Self::Stabilizing { .. } => "stabilizing",
            Self::FewSurplus { .. } => "few-surplus",
            Self::AnticipatedFlapping { .. } => "anticipated-flapping",
            Self::CooldownIn { .. } => "cooldown-in",
            Self::LargestStep { .. } => "largest-step",
            Self::NotIdleLongEnough { .. } => "not-idle-long-enough",
            Self::NotIdle { .. } => "not-idle",
            Self::ConditionHolds { .. } => "condition-holds",
            Self::ConditionOver { .. } => "condition-over",
            Self::ConditionGone { .. } => "condition-gone",
            Self::ConditionQuiet { .. } => "condition-quiet",
            Self::FewServe { .. } => "few-serve",
        }
    }
}
