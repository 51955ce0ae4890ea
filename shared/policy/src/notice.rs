//! Conditions that people are told of when they begin and when they end, and not in between.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::{since, to_the_millisecond};
use crate::counts::{Counted, Counts, counts_tasks};
use crate::reason::Reason;
use crate::severity::Severity;

/// A condition worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// New tasks do not start; nothing more is added.
    StartsFailing,
    /// The service itself cannot be read or scaled: missing, draining, a daemon, an Express Mode service, scaled
    /// by somebody else.
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
    PinnedAtMax,
    /// Somebody set the desired count to 0 although the minimum is higher; it stays so.
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
    /// Whether somebody else scales the service is not known; nothing scales in.
    OwnerUnknown,
}

/// A condition in the memory: since when it lasts, in how many looks it was seen, and whether people know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Which.
    #[serde(rename = "k")]
    pub kind: NoticeKind,
    /// Of a [`NoticeKind::Condition`]: its words, so that two of one service do not hide each other.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Since when.
    #[serde(rename = "s", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
    /// In how many looks in a row, counted until it may be told.
    #[serde(rename = "l")]
    pub looks: u32,
    /// Whether the report that told of it was accepted by SNS.
    #[serde(rename = "t", default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
    /// It has ended, and its end is not told yet.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

/// A beginning or an end that is to be told now.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Which condition.
    pub kind: NoticeKind,
    /// Whether it begins; otherwise it ends.
    pub begins: bool,
    /// Since when it lasts, or lasted.
    pub since: Timestamp,
    /// The reason in this look, when it begins; a condition of `notify` ends for a reason too.
    pub because: Option<Reason>,
}

counts_tasks!(Notice);

impl Notice {
    /// The words of the condition, where a [`NoticeKind::Condition`] begins or ends.
    #[must_use]
    pub fn condition(&self) -> Option<String> {
        self.because.as_ref().and_then(condition)
    }

    /// How much it matters. An end wakes nobody: it is [`Severity::Info`], and `state: resolved` closes what the
    /// beginning opened.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match &self.because {
            _ if !self.begins => Severity::Info,
            Some(Reason::ConditionHolds { severity, .. }) => *severity,
            Some(_) | None => self.kind.severity(),
        }
    }

    fn is_about(&self, edge: &Edge) -> bool {
        self.kind == edge.kind && self.condition() == edge.condition
    }
}

/// The words of the condition that a reason is about, where that has an edge of its own.
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

/// `pinned at max`, `RESOLVED: memory > 85% for 3m`.
impl fmt::Display for Counted<&Notice> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what: notice, counts } = *self;
        f.write_str(if notice.begins { "" } else { "RESOLVED: " })?;
        match notice.condition() {
            Some(condition) => f.write_str(&condition),
            None => write!(f, "{}", counts.tell(&notice.kind)),
        }
    }
}

counts_tasks!(NoticeKind);

impl NoticeKind {
    /// How much its beginning matters, where the fleet file does not say; see [`Notice::severity`].
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::StartsFailing | Self::ActionFailing | Self::Blocked => Severity::Critical,
            Self::QueueUnreadable
            | Self::QueuePartlyRead
            | Self::ReadingMissing
            | Self::PinnedAtMax
            | Self::SwitchedOff
            | Self::RolloutLasts
            | Self::DeploymentFailed
            | Self::HeldByWorkers
            | Self::OverrideLimited
            | Self::Overwritten
            | Self::OutsideBounds
            | Self::NoScaleOut
            | Self::Condition
            | Self::WatchedMissing
            | Self::OwnerUnknown => Severity::Warning,
            Self::QueuePaused | Self::Overridden => Severity::Info,
        }
    }

    /// In how many looks in a row it must be seen before people are told. One failed read is noise that the next
    /// look repairs; two in a row are news. Everything else is told at once.
    #[must_use]
    pub fn looks_before_telling(self) -> u32 {
        match self {
            Self::QueueUnreadable
            | Self::QueuePartlyRead
            | Self::ReadingMissing
            | Self::WatchedMissing
            | Self::OwnerUnknown
            | Self::Blocked
            | Self::HeldByWorkers => 2,
            Self::StartsFailing
            | Self::ActionFailing
            | Self::PinnedAtMax
            | Self::SwitchedOff
            | Self::RolloutLasts
            | Self::DeploymentFailed
            | Self::QueuePaused
            | Self::Overridden
            | Self::OverrideLimited
            | Self::Overwritten
            | Self::OutsideBounds
            | Self::NoScaleOut
            | Self::Condition => 1,
        }
    }

    /// How long it must last before people are told. Deployments take minutes, and ones of an hour exist; one that was
    /// stopped by its circuit breaker and not rolled back lasts until somebody deploys again. A new process reads a large
    /// `unacked` in several looks; what is not read after five minutes will not be. A queue with a rate limit is at it for
    /// a while in each of its periods.
    #[must_use]
    pub fn time_before_telling(self) -> SignedDuration {
        match self {
            Self::RolloutLasts => SignedDuration::from_hours(1),
            Self::QueuePartlyRead | Self::QueuePaused => SignedDuration::from_mins(5),
            Self::StartsFailing
            | Self::Blocked
            | Self::ActionFailing
            | Self::QueueUnreadable
            | Self::ReadingMissing
            | Self::PinnedAtMax
            | Self::SwitchedOff
            | Self::DeploymentFailed
            | Self::HeldByWorkers
            | Self::Overridden
            | Self::OverrideLimited
            | Self::Overwritten
            | Self::OutsideBounds
            | Self::NoScaleOut
            | Self::Condition
            | Self::WatchedMissing
            | Self::OwnerUnknown => SignedDuration::ZERO,
        }
    }
}

impl fmt::Display for Counted<&NoticeKind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use NoticeKind as N;
        f.write_str(match self.what {
            N::StartsFailing => match self.counts {
                Counts::Tasks => "tasks do not start",
                Counts::Instances => "instances do not start",
            },
            N::Blocked => "blocked",
            N::ActionFailing => "changes fail",
            N::QueueUnreadable => "queue cannot be read",
            N::QueuePartlyRead => "in-flight count incomplete",
            N::ReadingMissing => "reading missing",
            N::PinnedAtMax => "pinned at max",
            N::SwitchedOff => "switched off by hand",
            N::RolloutLasts => "deployment does not end",
            N::DeploymentFailed => "deployment FAILED",
            N::QueuePaused => "queue paused or at its limit",
            N::HeldByWorkers => "jobs held by workers",
            N::Overridden => "override in force",
            N::OverrideLimited => "override limited",
            N::Overwritten => "another process keeps changing the desired count",
            N::OutsideBounds => "AWS's own bounds are narrower",
            N::NoScaleOut => "unable to scale out",
            N::Condition => "condition holds",
            N::WatchedMissing => "reading for notify missing",
            N::OwnerUnknown => "other owner not known",
        })
    }
}

/// Whether a condition that this look did not find is over.
pub(crate) enum End {
    /// It cannot be judged: it neither begins nor ends.
    NotSeen,
    /// It is over.
    Over,
    /// It is over, and there is something to say about it.
    Because(Reason),
}

/// Compares what was remembered with what this look found: the next memory, and what is to be told.
pub(crate) fn edges(
    remembered: &[Edge],
    found: &[(NoticeKind, Reason)],
    end: impl Fn(&Edge) -> End,
    now: Timestamp,
) -> (Vec<Edge>, Vec<Notice>) {
    let mut next: Vec<Edge> = Vec::new();
    let mut tell = Vec::new();
    for (kind, reason) in found {
        let condition = condition(reason);
        let is_it = |edge: &&Edge| edge.kind == *kind && edge.condition == condition;
        if next.iter().any(|edge| is_it(&edge)) {
            continue;
        }
        // One whose end was not told yet goes on: people still think that it lasts.
        let before = remembered.iter().find(is_it);
        let enough = kind.looks_before_telling();
        let first = if let Reason::ConditionHolds { since, .. } = reason { *since } else { now };
        let edge = Edge {
            kind: *kind,
            since: before.map_or(first, |edge| edge.since),
            looks: before.map_or(1, |edge| edge.looks.saturating_add(1).min(enough)),
            told: before.is_some_and(|edge| edge.told),
            ended: false,
            condition,
        };
        let long_enough = since(edge.since, now) >= kind.time_before_telling();
        if !edge.told && edge.looks >= enough && long_enough {
            tell.push(Notice { kind: *kind, begins: true, since: edge.since, because: Some(reason.clone()) });
        }
        next.push(edge);
    }
    for edge in remembered {
        if next.iter().any(|now| now.kind == edge.kind && now.condition == edge.condition) {
            continue;
        }
        let because = match end(edge) {
            // What ended is told again until somebody hears it; a condition's end with a value, once there is one.
            End::NotSeen if !edge.ended || edge.condition.is_some() => {
                next.push(edge.clone());
                continue;
            }
            End::Because(reason) => Some(reason),
            End::NotSeen | End::Over => None,
        };
        if edge.told {
            tell.push(Notice { kind: edge.kind, begins: false, since: edge.since, because });
            next.push(Edge { ended: true, ..edge.clone() });
        }
    }
    (next, tell)
}

/// A condition begins, or goes on, and the report that told of it was accepted.
pub fn begin_told(edges: &mut Vec<Edge>, kind: NoticeKind, now: Timestamp) {
    match edges.iter_mut().find(|edge| edge.kind == kind) {
        Some(edge) => (edge.told, edge.ended) = (true, false),
        None => edges.push(Edge {
            kind,
            condition: None,
            since: to_the_millisecond(now),
            looks: 1,
            told: true,
            ended: false,
        }),
    }
}

/// The report was accepted: beginnings are marked as told, ends are forgotten.
pub fn mark_told(edges: &mut Vec<Edge>, notices: &[Notice]) {
    for notice in notices {
        if notice.begins {
            for edge in edges.iter_mut().filter(|edge| notice.is_about(edge)) {
                edge.told = true;
            }
        } else {
            edges.retain(|edge| !notice.is_about(edge) || !edge.ended);
        }
    }
}
