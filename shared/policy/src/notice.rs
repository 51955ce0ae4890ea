//! Conditions that people are told of when they begin and when they end, and not in between.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::memory::{since, to_the_millisecond};
use crate::reason::Reason;

/// A condition worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// New tasks do not start; nothing more is added.
    StartsFailing,
    /// The service itself cannot be read or scaled: missing, draining, a daemon.
    Blocked,
    /// A change was refused by AWS.
    ActionFailing,
    /// The queue cannot be read: nothing follows it, and nothing scales in. Apart from other readings, so that a
    /// metric that never had a datapoint cannot hide a Redis that goes down.
    QueueUnreadable,
    /// A metric that votes cannot be read; nothing scales in.
    ReadingMissing,
    /// The signals ask for more than the maximum allows.
    PinnedAtMax,
    /// Somebody set the desired count to 0 although the minimum is higher; it stays so.
    SwitchedOff,
    /// A deployment has been in progress for an hour, or has failed and was never rolled back; nothing scales in.
    RolloutLasts,
    /// The queue is paused.
    QueuePaused,
    /// Workers hold jobs that new workers cannot take.
    HeldByWorkers,
    /// An override is in force.
    Overridden,
}

/// A condition in the memory: since when it lasts, in how many looks it was seen, and whether people know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Which.
    #[serde(rename = "k")]
    pub kind: NoticeKind,
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
    /// The reason in this look, when it begins.
    pub because: Option<Reason>,
}

/// How much a report matters, for SNS filter policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it today.
    Warning,
    /// Look at it now.
    Critical,
}

impl NoticeKind {
    /// How much its beginning matters; ends are `Info`.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::StartsFailing | Self::ActionFailing | Self::Blocked => Severity::Critical,
            Self::QueueUnreadable
            | Self::ReadingMissing
            | Self::PinnedAtMax
            | Self::SwitchedOff
            | Self::RolloutLasts
            | Self::HeldByWorkers => Severity::Warning,
            Self::QueuePaused | Self::Overridden => Severity::Info,
        }
    }

    /// In how many looks in a row it must be seen before people are told. One failed read is noise that the next
    /// look repairs; two in a row are news. Everything else is told at once.
    #[must_use]
    pub fn looks_before_telling(self) -> u32 {
        match self {
            Self::QueueUnreadable | Self::ReadingMissing | Self::Blocked | Self::HeldByWorkers => 2,
            Self::StartsFailing
            | Self::ActionFailing
            | Self::PinnedAtMax
            | Self::SwitchedOff
            | Self::RolloutLasts
            | Self::QueuePaused
            | Self::Overridden => 1,
        }
    }

    /// How long it must last before people are told. Deployments take minutes, and ones of an hour exist; one that was
    /// stopped by its circuit breaker and not rolled back lasts until somebody deploys again.
    #[must_use]
    pub fn time_before_telling(self) -> SignedDuration {
        match self {
            Self::RolloutLasts => SignedDuration::from_hours(1),
            Self::StartsFailing
            | Self::Blocked
            | Self::ActionFailing
            | Self::QueueUnreadable
            | Self::ReadingMissing
            | Self::PinnedAtMax
            | Self::SwitchedOff
            | Self::QueuePaused
            | Self::HeldByWorkers
            | Self::Overridden => SignedDuration::ZERO,
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartsFailing => "tasks do not start",
            Self::Blocked => "blocked",
            Self::ActionFailing => "changes fail",
            Self::QueueUnreadable => "queue cannot be read",
            Self::ReadingMissing => "reading missing",
            Self::PinnedAtMax => "pinned at max",
            Self::SwitchedOff => "switched off by hand",
            Self::RolloutLasts => "deployment does not end",
            Self::QueuePaused => "queue paused",
            Self::HeldByWorkers => "jobs held by workers",
            Self::Overridden => "override in force",
        })
    }
}

/// Compares what was remembered with what this look found: the next memory, and what is to be told. A condition that
/// this look could not judge neither begins nor ends.
pub(crate) fn edges(
    remembered: &[Edge],
    found: &[(NoticeKind, Reason)],
    judged: impl Fn(NoticeKind) -> bool,
    now: Timestamp,
) -> (Vec<Edge>, Vec<Notice>) {
    let mut next = Vec::new();
    let mut tell = Vec::new();
    for (kind, reason) in found {
        if next.iter().any(|edge: &Edge| edge.kind == *kind) {
            continue;
        }
        // One whose end was not told yet goes on: people still think that it lasts.
        let before = remembered.iter().find(|edge| edge.kind == *kind);
        let enough = kind.looks_before_telling();
        let edge =
            before.map_or(Edge { kind: *kind, since: now, looks: 1, told: false, ended: false }, |edge| {
                Edge { looks: edge.looks.saturating_add(1).min(enough), ended: false, ..*edge }
            });
        let long_enough = since(edge.since, now) >= kind.time_before_telling();
        if !edge.told && edge.looks >= enough && long_enough {
            tell.push(Notice { kind: *kind, begins: true, since: edge.since, because: Some(reason.clone()) });
        }
        next.push(edge);
    }
    for edge in remembered {
        let lasts = next.iter().any(|now| now.kind == edge.kind);
        if !lasts && !edge.ended && !judged(edge.kind) {
            next.push(*edge);
        } else if !lasts && edge.told {
            tell.push(Notice { kind: edge.kind, begins: false, since: edge.since, because: None });
            next.push(Edge { ended: true, ..*edge });
        }
    }
    (next, tell)
}

impl crate::memory::Memory {
    /// A condition begins, and the report that told of it was accepted.
    pub fn begin_told(&mut self, kind: NoticeKind, now: Timestamp) {
        if !self.edges.iter().any(|edge| edge.kind == kind && !edge.ended) {
            self.edges.push(Edge {
                kind,
                since: to_the_millisecond(now),
                looks: 1,
                told: true,
                ended: false,
            });
        }
    }

    /// The report was accepted: beginnings are marked as told, ends are forgotten.
    pub fn mark_told(&mut self, notices: &[Notice]) {
        for notice in notices {
            if notice.begins {
                for edge in self.edges.iter_mut().filter(|edge| edge.kind == notice.kind) {
                    edge.told = true;
                }
            } else {
                self.edges.retain(|edge| edge.kind != notice.kind || !edge.ended);
            }
        }
    }
}
