//! The policy of one service: the fleet file's settings, validated by `fleet`.

use std::num::NonZeroU32;

use jiff::SignedDuration;

use crate::capacity::Capacity;
use crate::capacity_unit::CapacityUnit;
use crate::floor::Floor;
use crate::guard::ConnectionGuard;
use crate::hours::Hours;
use crate::rule::{Condition, Rule};
use crate::severity::Severity;
use crate::signal::{MetricName, OnAbsence, Signal};
use crate::track::Track;

/// Everything `decide` needs to know about one service. There is no `Default`: each default of the fleet file is
/// declared once, in `fleet`, with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ServicePolicy {
    /// Minimum and maximum capacity in tasks.
    pub capacity: Capacity,
    /// The most tasks that an override may set; never fewer than the maximum.
    pub override_max: u32,
    /// Other bounds at certain hours; their order does not matter.
    pub hours: Vec<Hours>,
    /// A minimum that follows a metric of the business; hours and overrides outrank it.
    pub floor: Option<Floor>,
    /// A database whose connections limit scale-out.
    pub guard: Option<ConnectionGuard>,
    /// Jobs one task runs at a time.
    pub concurrency: NonZeroU32,
    /// Step rules, in the order of the file; the order does not matter.
    pub rules: Vec<Rule>,
    /// Trackers: values kept near their targets. They stand beside the rules; the largest capacity wins.
    pub track: Vec<Track>,
    /// The `wait` method: no job should wait longer than this. Stands beside the rules; the largest capacity wins.
    pub wait: Option<SignedDuration>,
    /// Cooldowns per direction.
    pub cooldown: Cooldown,
    /// Scale-in goes no lower than the largest recommendation of this window.
    pub stabilization: SignedDuration,
    /// The largest change of one decision.
    pub largest_step: LargestStep,
    /// Within this time after a scale-out new tasks run, or the service "starts failing".
    pub startup: SignedDuration,
    /// How long the queue must be seen empty, with nothing in flight or delayed, before going to zero.
    pub idle: SignedDuration,
    /// Running jobs may be interrupted: scale-in may take more than one task per decision.
    pub interruptible: bool,
    /// What is declared of each metric that this policy names.
    pub metrics: Vec<MetricPolicy>,
    /// Conditions that operators are notified of, and that scale nothing.
    pub notify: Vec<Notify>,
    /// What its capacity counts.
    pub capacity_unit: CapacityUnit,
}

/// A condition that operators are notified of when it begins and when it ends:
/// `{ when: memory > 85% for 3m, notify: critical }`. It begins like a rule matches, and ends with the first fresh
/// value that does not breach. Nothing but `for` keeps a value that swings around its threshold from being reported
/// again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Notify {
    /// The condition.
    pub when: Condition,
    /// How much it matters.
    pub severity: Severity,
}

/// What is declared of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricPolicy {
    /// Its name.
    pub name: MetricName,
    /// What absence means.
    pub on_absence: OnAbsence,
    /// It is made of several metrics: a ratio, or metric math. While any of these grows it is wrong in both directions.
    pub is_ratio: bool,
}

impl ServicePolicy {
    /// The most tasks that anyone may ask for.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.override_max.max(self.capacity.max())
    }

    /// What is declared of a metric.
    pub(crate) fn metric(&self, name: &MetricName) -> Option<&MetricPolicy> {
        self.metrics.iter().find(|metric| metric.name == *name)
    }

    /// Whether it divides a metric by the tasks.
    pub(crate) fn divides_a_total(&self) -> bool {
        let rules = self.rules.iter().map(|rule| &rule.when.signal);
        let trackers = self.track.iter().map(|track| &track.signal);
        let watched = self.notify.iter().map(|notify| &notify.when.signal);
        rules.chain(trackers).chain(watched).any(|signal| matches!(signal, Signal::PerTask(_)))
    }

    /// Whether anything in it is decided by this metric.
    pub(crate) fn reads(&self, name: &MetricName) -> bool {
        let is_it = |signal: &Signal| signal.metric() == Some(name);
        self.rules.iter().any(|rule| is_it(&rule.when.signal))
            || self.track.iter().any(|track| is_it(&track.signal))
            || self.notify.iter().any(|notify| is_it(&notify.when.signal))
            || self.floor.as_ref().is_some_and(|floor| floor.by() == name)
            || self.guard.as_ref().is_some_and(|guard| guard.metric == *name)
    }
}

/// Cooldowns; each is "not before this long after".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooldown {
    /// After a scale-out, capacity already added counts as part of a new step (`ScaleOutCooldown`).
    pub scale_out: SignedDuration,
    /// After any change, no scale-in (`ScaleInCooldown`, counted from the last change in either direction).
    pub scale_in: SignedDuration,
}

/// The largest change of one decision, in tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargestStep {
    /// Out.
    pub scale_out: NonZeroU32,
    /// In; never more than 1 unless jobs may be interrupted.
    pub scale_in: NonZeroU32,
}
