//! Conditions that operators are notified of when they begin and when they end, and not in between.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity_unit::{CapacityUnit, InUnit, tasks_by_default};
use crate::clock::{since, to_the_millisecond};
use crate::reason::Reason;
use crate::severity::Severity;

/// A condition worth reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// New tasks do not start; nothing more is added.
    StartsFailing,
    /// The service itself cannot be read or scaled: missing, draining, a daemon, an Express Mode service, scaled
    /// by another autoscaler.
    Blocked,
    /// A change was refused by AWS.
    ActionFailing,
    /// The queue cannot be read: nothing follows it, and nothing scales in. Apart from other readings, so that a
    /// metric that never had a datapoint cannot hide a Redis that goes down.
    QueueUnreadable,
    /// Only a part of what the queue's workers hold can be read; nothing scales in.
    QueuePartlyRead,
    /// A metric that votes cannot be read; nothing scales in.
    ReadingMissing,
    /// The signals ask for more than the maximum allows.
    AtMax,
    /// The connections of a database allow no more tasks.
    ConnectionsLimit,
    /// The connections of a guarded database, or how many it takes, are not known.
    GuardUnknown,
    /// The desired count was set to 0 although the minimum is higher; it stays so.
    SwitchedOff,
    /// A deployment has been in progress for an hour, or has failed and was never rolled back; nothing scales in.
    RolloutLasts,
    /// A deployment is FAILED.
    DeploymentFailed,
    /// The queue is paused, or at a limit of its own.
    QueuePaused,
    /// Workers hold jobs that new workers cannot take.
    HeldByWorkers,
    /// An override is in force.
    Overridden,
    /// An override asks for more than the fleet file allows, or for longer than any may last.
    OverrideLimited,
    /// Another process keeps overwriting the desired count.
    Overwritten,
    /// AWS's own bounds are narrower than what is asked for.
    OutsideBounds,
    /// More is wanted, and AWS adds nothing now.
    NoScaleOut,
    /// A condition of the fleet file's `notify` holds; each condition begins and ends by itself.
    Condition,
    /// A signal that only `notify` names cannot be read. Apart from those that vote, which it must not hide.
    WatchedMissing,
    /// Whether another autoscaler scales the service is not known; nothing scales in.
    OtherAutoscalerUnknown,
}

/// A condition in the memory: since when it lasts, in how many evaluations it was seen, and whether operators were
/// notified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveNotice {
    /// Which.
    #[serde(rename = "k")]
    pub kind: NoticeKind,
    /// Of a [`NoticeKind::Condition`]: its words, so that two of one service do not hide each other.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Since when.
    #[serde(rename = "s", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
    /// In how many evaluations in a row, counted until it may be reported.
    #[serde(rename = "l")]
    pub evaluations: u32,
    /// Whether the report that notified of it was accepted by SNS.
    #[serde(rename = "t", default, skip_serializing_if = "std::ops::Not::not")]
    pub notified: bool,
    /// It has ended, and its end is not reported yet.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

/// A beginning or an end that is to be reported now.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Which condition.
    pub kind: NoticeKind,
    /// Whether it begins; otherwise it ends.
    pub begins: bool,
    /// Since when it lasts, or lasted.
    pub since: Timestamp,
    /// The reason in this evaluation, when it begins; a condition of `notify` ends for a reason too.
    pub because: Option<Reason>,
}

tasks_by_default!(Notice);

impl Notice {
    /// The words of the condition, where a [`NoticeKind::Condition`] begins or ends.
    #[must_use]
    pub fn condition(&self) -> Option<String> {
        self.because.as_ref().and_then(condition)
    }

    /// How much it matters. An end needs no action: it is [`Severity::Info`], and `state: resolved` closes what the
    /// beginning opened.
    #[must_use]
    pub fn severity(&self) -> Severity {
        if !self.begins {
            return Severity::Info;
        }
        match &self.because {
            Some(Reason::ConditionHolds { severity, .. }) => *severity,
            Some(_) | None => self.kind.severity(),
        }
    }

    fn is_about(&self, active: &ActiveNotice) -> bool {
        self.kind == active.kind && self.condition() == active.condition
    }
}

/// The words of the condition that a reason is about, where that has an active notice of its own.
fn condition(reason: &Reason) -> Option<String> {
    if let Reason::ConditionHolds { condition, .. }
    | Reason::ConditionOver { condition, .. }
    | Reason::ConditionQuiet { condition, .. } = reason
    {
        Some(condition.to_string())
    } else if let Reason::ConditionGone { condition } = reason {
        Some(condition.clone())
    } else {
        None
    }
}

/// `at max (12 tasks), 17 needed`, `RESOLVED: memory 61% (was above 85% for 3m)`.
impl fmt::Display for InUnit<&Notice> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what: notice, capacity_unit } = *self;
        let because = notice.because.as_ref();
        f.write_str(if notice.begins { "" } else { "RESOLVED: " })?;
        match (because, notice.kind) {
            (Some(because), NoticeKind::Condition | NoticeKind::AtMax | NoticeKind::ConnectionsLimit) => {
                f.write_str(&capacity_unit.describe(because).in_short())
            }
            (_, kind) => f.write_str(&kind.words(notice.begins, capacity_unit)),
        }
    }
}

tasks_by_default!(NoticeKind);

impl fmt::Display for InUnit<&NoticeKind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what.words(true, self.capacity_unit))
    }
}

/// What a kind of notice is: all there is to say about it, in one place.
struct Spec {
    /// How much its beginning matters, where the fleet file does not say.
    severity: Severity,
    /// In how many evaluations in a row it must be seen before operators are notified.
    evaluations: u32,
    /// How long it must last before operators are notified.
    time: SignedDuration,
    /// Its words when it begins; `{many}`, `{desired}` and `{rollout}` stand for the words of [`CapacityUnit`].
    begins: &'static str,
    /// Its words when it ends; they follow "RESOLVED: ".
    ends: &'static str,
}

/// Reported at once.
const AT_ONCE: SignedDuration = SignedDuration::ZERO;
/// A new process reads a large `unacked` in several evaluations; what is not read after five minutes will not be. A queue
/// with a rate limit is at it for a while in each of its periods.
const MINUTES: SignedDuration = SignedDuration::from_mins(5);
/// Deployments take minutes, and ones of an hour exist; one that was stopped by its circuit breaker and not rolled back
/// lasts until the next deployment.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl NoticeKind {
    /// One row per kind. One failed read is noise that the next evaluation repairs, so what comes of reads must be seen
    /// in two evaluations in a row; everything else is reported at once.
    const fn spec(self) -> Spec {
        use Severity::{Critical, Info, Warning};
        match self {
            Self::StartsFailing => row(Critical, 1, AT_ONCE, "{many} do not start", "{many} start again"),
            Self::Blocked => row(Critical, 2, AT_ONCE, "scaling blocked", "scaling no longer blocked"),
            Self::ActionFailing => row(Critical, 1, AT_ONCE, "changes fail", "changes succeed again"),
            Self::QueueUnreadable => row(Warning, 2, AT_ONCE, "queue cannot be read", "queue readable again"),
            Self::QueuePartlyRead => {
                row(Warning, 2, MINUTES, "in-flight count incomplete", "in-flight count complete again")
            }
            Self::ReadingMissing => row(Warning, 2, AT_ONCE, "missing data", "data available again"),
            Self::AtMax => row(Warning, 1, AT_ONCE, "at max", "max is enough again"),
            Self::ConnectionsLimit => {
                row(Warning, 1, AT_ONCE, "at its connection limit", "its connection limit is enough again")
            }
            Self::GuardUnknown => row(Warning, 2, AT_ONCE, "guard has no data", "guard has data again"),
            Self::SwitchedOff => {
                row(Warning, 1, AT_ONCE, "switched off outside Tidegate", "switched on again")
            }
            Self::RolloutLasts => row(Warning, 1, HOUR, "{rollout} unfinished", "{rollout} finished"),
            Self::DeploymentFailed => {
                row(Warning, 1, AT_ONCE, "deployment FAILED", "deployment no longer FAILED")
            }
            Self::QueuePaused => row(
                Info,
                1,
                MINUTES,
                "queue paused or at its limit",
                "queue no longer paused or at its limit",
            ),
            Self::HeldByWorkers => {
                row(Warning, 2, AT_ONCE, "too many jobs prefetched", "no longer too many jobs prefetched")
            }
            Self::Overridden => row(Info, 1, AT_ONCE, "override in force", "override ended"),
            Self::OverrideLimited => {
                row(Warning, 1, AT_ONCE, "override exceeds limits", "override no longer exceeds limits")
            }
            Self::Overwritten => row(
                Warning,
                1,
                AT_ONCE,
                "another process keeps changing the {desired}",
                "no other process changes the {desired} any more",
            ),
            Self::OutsideBounds => row(
                Warning,
                1,
                AT_ONCE,
                "limited by the group's own min or max",
                "no longer limited by the group's own min or max",
            ),
            Self::NoScaleOut => row(Warning, 1, AT_ONCE, "unable to scale out", "able to scale out again"),
            Self::Condition => row(Warning, 1, AT_ONCE, "condition holds", "condition no longer holds"),
            Self::WatchedMissing => {
                row(Warning, 2, AT_ONCE, "missing data for notify", "data for notify available again")
            }
            Self::OtherAutoscalerUnknown => row(
                Warning,
                2,
                AT_ONCE,
                "check for another autoscaler fails",
                "check for another autoscaler succeeds again",
            ),
        }
    }

    fn words(self, begins: bool, capacity_unit: CapacityUnit) -> String {
        let Spec { begins: beginning, ends, .. } = self.spec();
        if begins { beginning } else { ends }
            .replace("{many}", capacity_unit.many())
            .replace("{desired}", capacity_unit.desired())
            .replace("{rollout}", capacity_unit.rollout())
    }

    /// How much its beginning matters, where the fleet file does not say; see [`Notice::severity`].
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.spec().severity
    }

    /// In how many evaluations in a row it must be seen before operators are notified.
    #[must_use]
    pub const fn evaluations_before_notifying(self) -> u32 {
        self.spec().evaluations
    }

    /// How long it must last before operators are notified.
    #[must_use]
    pub const fn time_before_notifying(self) -> SignedDuration {
        self.spec().time
    }
}

/// One row of the table.
const fn row(
    severity: Severity,
    evaluations: u32,
    time: SignedDuration,
    begins: &'static str,
    ends: &'static str,
) -> Spec {
    Spec { severity, evaluations, time, begins, ends }
}

/// Whether a condition that this evaluation did not find is over.
pub(crate) enum End {
    /// It cannot be judged: it neither begins nor ends.
    NotSeen,
    /// It is over.
    Over,
    /// It is over, and there is something to say about it.
    Because(Reason),
}

/// Compares what was remembered with what this evaluation found: the next memory, and what is to be reported.
pub(crate) fn compare(
    remembered: &[ActiveNotice],
    found: &[(NoticeKind, Reason)],
    end: impl Fn(&ActiveNotice) -> End,
    now: Timestamp,
) -> (Vec<ActiveNotice>, Vec<Notice>) {
    let mut next: Vec<ActiveNotice> = Vec::new();
    let mut due = Vec::new();
    for (kind, reason) in found {
        let condition = condition(reason);
        let is_it = |active: &&ActiveNotice| active.kind == *kind && active.condition == condition;
        if next.iter().any(|active| is_it(&active)) {
            continue;
        }
        // One whose end was not reported yet goes on: operators still think that it lasts.
        let before = remembered.iter().find(is_it);
        let enough = kind.evaluations_before_notifying();
        let first = if let Reason::ConditionHolds { since, .. } = reason { *since } else { now };
        let active = ActiveNotice {
            kind: *kind,
            since: before.map_or(first, |active| active.since),
            evaluations: before.map_or(1, |active| active.evaluations.saturating_add(1).min(enough)),
            notified: before.is_some_and(|active| active.notified),
            ended: false,
            condition,
        };
        let long_enough = since(active.since, now) >= kind.time_before_notifying();
        if !active.notified && active.evaluations >= enough && long_enough {
            due.push(Notice {
                kind: *kind,
                begins: true,
                since: active.since,
                because: Some(reason.clone()),
            });
        }
        next.push(active);
    }
    for active in remembered {
        if next.iter().any(|now| now.kind == active.kind && now.condition == active.condition) {
            continue;
        }
        let because = match end(active) {
            // What ended is reported again until it is reported; a condition's end with a value, once there is one.
            End::NotSeen if !active.ended || active.condition.is_some() => {
                next.push(active.clone());
                continue;
            }
            End::Because(reason) => Some(reason),
            End::NotSeen | End::Over => None,
        };
        if active.notified {
            due.push(Notice { kind: active.kind, begins: false, since: active.since, because });
            next.push(ActiveNotice { ended: true, ..active.clone() });
        }
    }
    (next, due)
}

/// A condition begins, or goes on, and the report that notified of it was accepted.
pub fn mark_begun(active_notices: &mut Vec<ActiveNotice>, kind: NoticeKind, now: Timestamp) {
    match active_notices.iter_mut().find(|active| active.kind == kind) {
        Some(active) => (active.notified, active.ended) = (true, false),
        None => active_notices.push(ActiveNotice {
            kind,
            condition: None,
            since: to_the_millisecond(now),
            evaluations: 1,
            notified: true,
            ended: false,
        }),
    }
}

/// The report was accepted: beginnings are marked as notified, ends are forgotten.
pub fn mark_notified(active_notices: &mut Vec<ActiveNotice>, notices: &[Notice]) {
    for notice in notices {
        if notice.begins {
            for active in active_notices.iter_mut().filter(|active| notice.is_about(active)) {
                active.notified = true;
            }
        } else {
            active_notices.retain(|active| !notice.is_about(active) || !active.ended);
        }
    }
}
