//! What lasts and operators are notified of: when it begins, and when it is over.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::since;
use crate::database::notice::{DatabaseNotice, NoticePhase};
use crate::ledger_time::millis;
use crate::severity::Severity;

/// Something that may last, and what this evaluation says about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watch {
    pub(crate) about: String,
    pub(crate) state: WatchState,
}

/// What one evaluation says about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WatchState {
    Holds(Holding),
    /// In a few words how it is now.
    Over(String),
    /// What cannot be seen is not over.
    NotSeen,
}

/// What lasts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Holding {
    pub(crate) severity: Severity,
    pub(crate) verdict: String,
    pub(crate) cause: Option<String>,
    pub(crate) advice: Option<&'static str>,
    /// Operators are notified once it has lasted for so long.
    pub(crate) after: SignedDuration,
}

impl Watch {
    pub(crate) fn holds(about: impl Into<String>, severity: Severity, verdict: impl Into<String>) -> Self {
        let after = SignedDuration::ZERO;
        let holding = Holding { severity, verdict: verdict.into(), cause: None, advice: None, after };
        Self { about: about.into(), state: WatchState::Holds(holding) }
    }

    pub(crate) fn over(about: impl Into<String>, how: impl Into<String>) -> Self {
        Self { about: about.into(), state: WatchState::Over(how.into()) }
    }

    pub(crate) fn not_seen(about: impl Into<String>) -> Self {
        Self { about: about.into(), state: WatchState::NotSeen }
    }

    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        if let WatchState::Holds(holding) = &mut self.state {
            holding.cause = Some(why.into());
        }
        self
    }

    pub(crate) fn advising(mut self, what: &'static str) -> Self {
        if let WatchState::Holds(holding) = &mut self.state {
            holding.advice = Some(what);
        }
        self
    }

    pub(crate) fn after(mut self, lasting: SignedDuration) -> Self {
        if let WatchState::Holds(holding) = &mut self.state {
            holding.after = lasting;
        }
        self
    }
}

/// A notice whose cause lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveDatabaseNotice {
    /// Since when.
    #[serde(with = "millis")]
    pub since: Timestamp,
    /// How much it matters. Where that rises, operators are notified once more.
    pub severity: Severity,
    /// SNS took it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub notified: bool,
    /// It is over, and SNS has not taken that yet.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub ended: bool,
    /// What it was, in a few words, for the notice of its end: `shop-2 lags by 42s`.
    #[serde(default)]
    pub detail: String,
}

/// What operators were notified of and is not over, by what it is about.
pub(crate) type ActiveNotices = BTreeMap<String, ActiveDatabaseNotice>;

/// Compares what is remembered with what is found: what is to be notified of now. It stays so until SNS has taken it.
pub(crate) fn compare(
    active: &mut ActiveNotices,
    watches: Vec<Watch>,
    is_complete: bool,
    now: Timestamp,
) -> Vec<DatabaseNotice> {
    let is_watched = |about: &String| watches.iter().any(|watch| watch.about == *about);
    let unwatched: Vec<String> = active.keys().filter(|about| !is_watched(about)).cloned().collect();
    let gone = |about: String| {
        if is_complete {
            Watch::over(
                about.clone(),
                format!("{about}: over, since it is gone or the fleet file asks no more"),
            )
        } else {
            Watch::not_seen(about)
        }
    };
    let all = watches.into_iter().chain(unwatched.into_iter().map(gone));
    all.filter_map(|watch| one(active, watch, now)).collect()
}

/// SNS took these: what they begin is known to operators, and what they end is forgotten.
pub(crate) fn notified(active: &mut ActiveNotices, notices: &[DatabaseNotice]) {
    for notice in notices {
        match notice.phase {
            NoticePhase::Begins => {
                if let Some(active) = active.get_mut(&notice.about) {
                    (active.notified, active.severity) = (true, notice.severity);
                }
            }
            NoticePhase::Ends => drop(active.remove(&notice.about)),
            // What happened is an outcome, told and forgotten by itself.
            NoticePhase::Happened => {}
        }
    }
}

fn one(active: &mut ActiveNotices, watch: Watch, now: Timestamp) -> Option<DatabaseNotice> {
    let Watch { about, state } = watch;
    match state {
        WatchState::Holds(holding) => begins(active, about, holding, now),
        WatchState::Over(how) => ends(active, about, Some(how)),
        WatchState::NotSeen => ends(active, about, None),
    }
}

fn begins(
    notices: &mut ActiveNotices,
    about: String,
    holding: Holding,
    now: Timestamp,
) -> Option<DatabaseNotice> {
    let Holding { severity, verdict, cause, advice, after } = holding;
    let fresh =
        ActiveDatabaseNotice { since: now, severity, notified: false, ended: false, detail: verdict.clone() };
    let active = notices.entry(about.clone()).or_insert(fresh);
    active.ended = false;
    let is_due = since(active.since, now) >= after;
    let is_news = !active.notified || severity > active.severity;
    if !active.notified {
        active.severity = severity;
    }
    // The end names what was reported, not what came after it.
    if is_news {
        active.detail.clone_from(&verdict);
    }
    let advice = advice.map(str::to_owned);
    let phase = NoticePhase::Begins;
    (is_due && is_news).then_some(DatabaseNotice { about, severity, phase, verdict, cause, advice })
}

/// What nobody was notified of ends in silence.
fn ends(notices: &mut ActiveNotices, about: String, how: Option<String>) -> Option<DatabaseNotice> {
    let active = notices.get_mut(&about)?;
    if how.is_some() && !active.notified {
        notices.remove(&about);
        return None;
    }
    active.ended |= how.is_some();
    let (is_over, severity) = (active.ended, active.severity);
    let was = active.detail.clone();
    let verdict = how.unwrap_or_else(|| format!("{about}: over"));
    let (phase, cause) = (NoticePhase::Ends, Some(format!("was: {was}")));
    is_over.then_some(DatabaseNotice { about, severity, phase, verdict, cause, advice: None })
}
