//! A hold, a pin or a release in a report.

use jiff::Timestamp;
use serde_json::json;
use tidegate_aws::report::{Section, headline};
use tidegate_policy::emergency::decision::Correction;
use tidegate_policy::emergency::engage::{self, Limit};
use tidegate_policy::overrides::{Override, OverrideKind};
use tidegate_policy::{CapacityUnit, OtherAutoscaler, ServiceState, Severity};

use crate::words::{self, moment};

/// A row that comes into force, ends, or is in force.
#[derive(Debug)]
pub struct Row {
    pub(crate) asked: Override,
    pub(crate) is: RowState,
    /// Its size with its unit, if it has one.
    pub(crate) size: String,
    /// What it does to the size that was seen, where it is a pin that begins.
    pub(crate) effect: Option<PinEffect>,
    /// The emergency that it is not in effect beside.
    pub(crate) outranked: Option<Outranked>,
    /// Of a release: what it ended.
    pub(crate) ended: Vec<String>,
    /// Of a release: what is in force for its target all the same, and the command that ends it.
    pub(crate) left: Vec<(String, String)>,
}

/// An emergency that outranks a row.
#[derive(Debug)]
pub(crate) struct Outranked {
    pub(crate) profile: String,
    pub(crate) until: Timestamp,
    /// What it asks of the target; `None` where the row is of all targets.
    pub(crate) size: Option<String>,
    /// The targets of which it does so.
    pub(crate) of: String,
}

/// What a pin does to the size that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PinEffect {
    /// What else manages the target: no function sets its size meanwhile.
    not_set: Option<String>,
    /// AWS's own bounds do not allow its size: the size that they allow, and which they are.
    limit: Option<(u32, Limit)>,
    /// So many tasks leave at once.
    removes: u32,
    unit: CapacityUnit,
}

impl PinEffect {
    /// `None` where there is nothing to say.
    pub(crate) fn of(size: u32, seen: &ServiceState, unit: CapacityUnit) -> Option<Self> {
        let (to, limit) = engage::within(size, seen);
        let limit = limit.map(|limit| (to, limit));
        let (not_set, removes) = match &seen.constraints.other_autoscaler {
            OtherAutoscaler::Active(who) => (Some(who.clone()), 0),
            OtherAutoscaler::Absent | OtherAutoscaler::Suspended | OtherAutoscaler::Unknown(_) => {
                (None, seen.desired_count.saturating_sub(to))
            }
        };
        let says_something = not_set.is_some() || limit.is_some() || removes > 0;
        says_something.then_some(Self { not_set, limit, removes, unit })
    }

    /// `; the next evaluation removes 12 tasks at once, with what they run`.
    fn words(&self) -> String {
        let Self { not_set, limit, removes, unit } = self;
        let not_set = not_set
            .as_ref()
            .map(|who| format!("; not set while {who} manages it too: suspend or remove that autoscaler"));
        let allowed = limit
            .map(|(to, limit)| format!("; {} are allowed: {}", unit.so_many(to), words::of_limit(limit)));
        let leaving = (*removes > 0).then(|| {
            format!("; the next evaluation removes {} at once, with what they run", unit.so_many(*removes))
        });
        not_set.into_iter().chain(allowed).chain(leaving).collect()
    }
}

/// A release of all targets may end a hundred rows: so many are told.
const ENDED_MAX: usize = 5;

/// What there is to say of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowState {
    /// It comes into force.
    Begins,
    /// Its time is over.
    Ended,
    /// It is in force, as it was before.
    InForce,
}

impl Row {
    /// What it is, in one line without its reason; of a release with it, so that it is not taken for the reason of what remains.
    fn verdict(&self) -> String {
        let Self { asked, is, size, outranked, .. } = self;
        let what = words::of_row(asked, size);
        match outranked {
            _ if *is == RowState::Ended => format!("override ended: {}", asked.kind),
            _ if asked.kind == OverrideKind::Release => self.released(),
            None => format!("{what}{}", self.effect.as_ref().map(PinEffect::words).unwrap_or_default()),
            Some(Outranked { profile, until, size: None, of }) => {
                format!("{what}, except {of}: emergency {profile} sets the size until {}", moment(*until))
            }
            Some(Outranked { profile, until, size: Some(size), of: _ }) => {
                let recorded = if *is == RowState::Begins { "recorded, " } else { "" };
                let (emergency, end) = (format!("emergency {profile} ({size})"), moment(*until));
                if asked.until > *until {
                    format!("{recorded}not in effect before {emergency} ends {end}: {what}")
                } else {
                    format!("{recorded}not in effect: {emergency} lasts longer, until {end}: {what}")
                }
            }
        }
    }

    /// `released by ana (over): pinned at 3 tasks until 2026-11-28 15:04 UTC (bob: launch); rules decide again`.
    fn released(&self) -> String {
        let Override { target, who, why, .. } = &self.asked;
        let mut ended: Vec<String> = self.ended.iter().take(ENDED_MAX).cloned().collect();
        let more = self.ended.len().saturating_sub(ENDED_MAX);
        ended.extend((more > 0).then(|| format!("{more} more")));
        if ended.is_empty() {
            let own = if target == Override::ALL { "" } else { " of its own" };
            ended.push(format!("no hold or pin{own} was in force"));
        }
        let left: Vec<&str> = self.left.iter().map(|(what, _)| what.as_str()).collect();
        let left = if left.is_empty() {
            "rules decide again".to_owned()
        } else {
            format!("still in force: {}", left.join("; "))
        };
        format!("released by {who} ({why}): {}; {left}", ended.join("; "))
    }

    pub(crate) fn section(&self) -> Section {
        let Override { target, kind, since: _, until: _, who, why, request } = &self.asked;
        let verdict = self.verdict();
        let cause = (*kind != OverrideKind::Release).then(|| format!("{why} ({who})"));
        let first = headline(name(target), &verdict, cause.as_deref());
        let request = request.as_ref().map(|id| format!("\n  who   {who}, request id {id} in CloudTrail"));
        let can_be_undone = *kind != OverrideKind::Release && self.is != RowState::Ended;
        let undo = can_be_undone.then(|| ("undo", release(target)));
        let outranked = self.outranked.iter().map(|_| ("end", "tidegate emergency restore".to_owned()));
        let ends = self.left.iter().map(|(_, command)| ("end", command.clone())).chain(outranked);
        let ends: Vec<(&'static str, String)> = ends.collect();
        let end: Vec<&str> = ends.iter().map(|(_, command)| command.as_str()).collect();
        let json = json!({
            "target": target,
            "action": words::action(*kind),
            "override": self.asked,
            "ended": self.is == RowState::Ended,
            "outcome": if self.is == RowState::Begins { "applied" } else { "none" },
            "sentence": first,
            "outranked_by": self.outranked.as_ref().map(|it| &it.profile),
            "end": end,
        });
        let commands: Vec<(&'static str, String)> = undo.into_iter().chain(ends).collect();
        let mut paragraph = format!("{first}{}", request.unwrap_or_default());
        for (word, line) in &commands {
            paragraph = format!("{paragraph}\n  {word:<4}  {line}");
        }
        Section {
            target: target.clone(),
            resource: String::new(),
            severity: Severity::Info,
            is_worth_reporting: self.is != RowState::InForce,
            is_reported_again: false,
            state: None,
            verdict,
            cause,
            paragraph,
            commands,
            json,
            outcome: None,
            is_unread: false,
        }
    }
}

/// A target as reports name it.
pub(crate) fn name(target: &str) -> &str {
    if target == Override::ALL { "all targets" } else { target }
}

/// The command that ends the rows of a target.
pub(crate) fn release(target: &str) -> String {
    let word = if target == Override::ALL { "'*'" } else { target };
    format!("tidegate release {word}")
}

/// What someone wrote into the table by hand, beyond what anyone may ask for.
pub(crate) fn corrected(target: &str, what: Correction) -> Section {
    let (verdict, cause) = ("override corrected".to_owned(), words::of_correction(what));
    let first = headline(name(target), &verdict, Some(&cause));
    Section {
        target: target.to_owned(),
        resource: String::new(),
        severity: Severity::Warning,
        is_worth_reporting: true,
        is_reported_again: false,
        state: None,
        verdict,
        cause: Some(cause),
        paragraph: first.clone(),
        commands: Vec::new(),
        json: json!({"target": target, "outcome": "none", "sentence": first}),
        outcome: None,
        is_unread: false,
    }
}
