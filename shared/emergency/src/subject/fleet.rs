//! The emergency as a whole in a report: the one section that operators read.

use serde_json::json;
use tidegate_aws::report::section::AlertState;
use tidegate_aws::report::{Section, headline};
use tidegate_fleet::Fleet;
use tidegate_policy::Severity;
use tidegate_policy::emergency::decision::{EmergencyDecision, Event};
use tidegate_policy::emergency::incident::{Incident, Phase};
use tidegate_policy::emergency::request::Request;

use crate::afterwards;
use crate::subject::forecast::{Forecast, names};
use crate::subject::keep::Keep;
use crate::words::{self, moment};

/// A report names so many targets; the answer and the log have them all.
const LINES_MAX: usize = 30;

/// It names so many holds and pins.
const ROWS_MAX: usize = 5;

/// The emergency as a whole.
#[derive(Debug, Default)]
pub struct Summary {
    incident: Option<Incident>,
    events: Vec<Event>,
    over: bool,
    runbook: Vec<String>,
    keep: Keep,
    /// What is to be known before it is ended.
    undo_note: Option<String>,
    /// What operators asked for and it outranks.
    pub(crate) outranked: Vec<String>,
    /// What operators asked for and it leaves in force, each with the command that ends that.
    pub(crate) left: Vec<(String, String)>,
    pub(crate) counted: Counted,
    /// When all of it runs; in a plan, and when it begins.
    pub(crate) forecast: Option<Forecast>,
    is_restore: bool,
    /// It is only planned.
    pub(crate) is_plan: bool,
}

/// How far the targets are.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counted {
    /// A line for each.
    lines: Vec<String>,
    pending: usize,
    asked: usize,
    done: usize,
    /// All runs that AWS's own bounds allow, and that is not what was asked for.
    limited: usize,
    failed: usize,
    skipped: usize,
    /// Of those that are put back: they have another size than before.
    not_back: usize,
    /// Something was changed by hand meanwhile and stays so, or a scheduled action was missed.
    has_notes: bool,
}

/// How far one target is.
#[derive(Debug)]
pub(crate) struct CountedTarget {
    pub(crate) line: String,
    /// As the answer says it.
    pub(crate) progress: &'static str,
    pub(crate) has_notes: bool,
    /// It is put back, and has another size than before.
    pub(crate) is_not_back: bool,
}

impl Counted {
    pub(crate) fn of(targets: impl Iterator<Item = CountedTarget>) -> Self {
        let targets: Vec<CountedTarget> = targets.collect();
        let count = |state: &str| targets.iter().filter(|one| one.progress == state).count();
        Self {
            lines: targets.iter().map(|one| one.line.clone()).collect(),
            pending: count("pending"),
            asked: count("asked"),
            done: count("done"),
            limited: count("limited"),
            failed: count("failed"),
            skipped: count("skipped"),
            not_back: targets.iter().filter(|one| one.is_not_back).count(),
            has_notes: targets.iter().any(|one| one.has_notes),
        }
    }

    /// `3 targets`.
    fn of_targets(&self) -> String {
        let count = self.lines.len();
        format!("{count} target{}", if count == 1 { "" } else { "s" })
    }
}

impl Summary {
    /// There is none.
    pub(crate) fn none(request: &Request) -> Self {
        Self { is_restore: matches!(request, Request::Restore { .. }), ..Self::default() }
    }

    pub(crate) fn of(fleet: &Fleet, incident: &Incident, decision: &EmergencyDecision, over: bool) -> Self {
        Self {
            incident: Some(incident.clone()),
            events: decision.events.clone(),
            over,
            runbook: fleet.emergency().runbook.clone(),
            keep: Keep::of(fleet, incident),
            undo_note: afterwards::undo_note(fleet, raised(incident)),
            ..Self::default()
        }
    }

    /// It begins here, or grows.
    pub(crate) fn begins(&self) -> bool {
        self.has(&Event::Engaged)
    }

    fn has(&self, event: &Event) -> bool {
        self.events.contains(event)
    }

    fn is_ending(&self) -> bool {
        self.incident.as_ref().is_some_and(|it| it.phase == Phase::Restoring)
    }

    fn restoring(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Restoring { .. }))
    }

    /// What began or ended, in a few words.
    fn verdict(&self) -> String {
        let Some(Incident { profile, until, phase, .. }) = &self.incident else {
            return if self.is_restore { "nothing to restore" } else { "no emergency in force" }.to_owned();
        };
        if self.over {
            return format!("emergency {profile} ended{}", self.how_it_ended());
        }
        if self.events.contains(&Event::Restoring { expired: true }) {
            return format!("emergency {profile} ends: its time is over");
        }
        if self.restoring() {
            return format!("emergency {profile} ends");
        }
        if self.is_plan && self.has(&Event::Engaged) {
            return format!("plan of emergency {profile}: nothing is changed");
        }
        if self.has(&Event::Engaged) {
            return format!("EMERGENCY {profile} in force until {}", moment(*until));
        }
        if self.has(&Event::EndsSoon) {
            return format!("emergency {profile} ends {}", moment(*until));
        }
        if *phase == Phase::Restoring {
            return format!("emergency {profile} is over, targets are being put back");
        }
        let runs = match (self.has(&Event::Complete), self.counted.limited) {
            (true, 0) => ", all tasks run".to_owned(),
            (_, 0) => String::new(),
            (_, limited) => format!(", {limited} of {} limited", self.counted.of_targets()),
        };
        format!("emergency {profile} in force until {}{runs}", moment(*until))
    }

    fn how_it_ended(&self) -> String {
        let Counted { skipped, not_back, .. } = self.counted;
        let not_back = match not_back {
            0 => None,
            1 => Some("1 size not back yet".to_owned()),
            count => Some(format!("{count} sizes not back yet")),
        };
        let left = (skipped > 0).then(|| format!("{skipped} left alone"));
        let parts: Vec<String> = left.into_iter().chain(not_back).collect();
        if parts.is_empty() { ", all targets put back".to_owned() } else { format!("; {}", parts.join(", ")) }
    }

    fn is_worth_reporting(&self) -> bool {
        self.counted.has_notes || self.events.iter().any(Event::is_of_emergency)
    }

    fn severity(&self) -> Severity {
        if self.counted.failed > 0 || self.has(&Event::Engaged) {
            Severity::Critical
        } else if self.has(&Event::EndsSoon) || self.counted.skipped > 0 {
            Severity::Warning
        } else {
            Severity::Info
        }
    }

    fn state(&self) -> Option<AlertState> {
        if self.over {
            Some(AlertState::Resolved)
        } else {
            self.has(&Event::Engaged).then_some(AlertState::Firing)
        }
    }

    /// `3 set, 9 to be set, 1 failed`.
    fn counts(&self) -> String {
        let Counted { pending, asked, done, limited, failed, skipped, not_back, .. } = self.counted;
        let of = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let running = if self.over || self.is_ending() { "put back" } else { "running" };
        let left = if self.is_ending() { "to be put back" } else { "to be set" };
        let parts = [
            of(done.saturating_sub(not_back), running),
            of(not_back, "put back but for the size"),
            of(limited, "limited"),
            of(asked, "set"),
            of(pending, left),
            of(failed, "failed"),
            of(skipped, "left alone"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}: {}", self.counted.of_targets(), parts.join(", "))
    }

    /// What became of saved snapshots beside an emergency that the ledger holds.
    fn taken_in(&self) -> Option<String> {
        self.events.iter().find_map(|event| match event {
            Event::TakenIn { added, known } => Some(format!(
                "saved snapshots: {added} added to this emergency; {known} already in the ledger, where the earlier \
                 snapshot of the two counts"
            )),
            Event::Row(_)
            | Event::RowEnded(_)
            | Event::Engaged
            | Event::AllSet
            | Event::Complete
            | Event::EndsSoon
            | Event::Restoring { .. }
            | Event::Restored(_)
            | Event::Corrected { .. }
            | Event::Skipped { .. } => None,
        })
    }

    /// What the forecast goes by, and what is not in it.
    fn notes(&self, forecast: &Forecast) -> Vec<String> {
        let databases: Vec<&str> =
            self.incident.iter().flat_map(|it| it.replicas.keys()).map(String::as_str).collect();
        let not_counted = (!databases.is_empty()).then(|| {
            format!("not counted: replicas of {}: {}", names(&databases), words::REPLICAS_TAKE_TIME)
        });
        forecast.notes().into_iter().chain(not_counted).collect()
    }

    /// It can be kept, and ended.
    fn is_in_force(&self) -> bool {
        self.incident.is_some() && !self.over && !self.restoring()
    }

    fn commands(&self) -> Vec<(&'static str, String)> {
        if !self.is_in_force() {
            let mut ends: Vec<String> = self.left().iter().map(|(_, command)| command.clone()).collect();
            ends.sort();
            ends.dedup();
            return ends.into_iter().map(|command| ("end", command)).collect();
        }
        let keep = self.keep.command.clone().map(|line| ("keep", line));
        let note = self.undo_note.iter().map(|note| format!("  # {note}"));
        let undo = format!("tidegate emergency restore{}", note.collect::<String>());
        keep.into_iter().chain([("undo", undo)]).collect()
    }

    /// What operators asked for and is in force again, once it ends.
    fn left(&self) -> &[(String, String)] {
        let ends = self.over || self.restoring();
        self.left.get(..ROWS_MAX.min(self.left.len())).filter(|_| ends).unwrap_or_default()
    }

    /// What operators asked for: what it outranks where it begins, what is in force again where it ends.
    fn rows(&self) -> Vec<String> {
        let outranked = self.outranked.iter().filter(|_| self.has(&Event::Engaged));
        let outranked = outranked.map(|row| format!("  note  not in effect before it ends: {row}"));
        let left = self.left().iter().map(|(row, _)| format!("  note  in effect again: {row}"));
        let mut rows: Vec<String> = outranked.chain(left).collect();
        let more = rows.len().saturating_sub(ROWS_MAX);
        rows.truncate(ROWS_MAX);
        rows.extend((more > 0).then(|| format!("        and {more} more: tidegate emergency status")));
        rows
    }

    pub(crate) fn section(&self) -> Section {
        let (verdict, name) = (self.verdict(), "emergency".to_owned());
        let cause = self.incident.as_ref().map(|it| format!("{} ({})", it.why, it.who));
        let first = headline("fleet", &verdict, cause.as_deref());
        let mut lines = vec![first.clone()];
        if let Some(Incident { who, request: Some(request), .. }) = &self.incident {
            lines.push(format!("  who   {who}, request id {request} in CloudTrail"));
        }
        if let Some(Incident { id, since, .. }) = &self.incident {
            lines.push(format!("  since {}, begun by evaluation {id}", moment(*since)));
            lines.push(format!("  seen  {}", self.counts()));
        }
        lines.extend(self.taken_in().map(|line| format!("  from  {line}")));
        if let Some(forecast) = &self.forecast {
            lines.push(format!("  full  {}", forecast.line()));
            lines.extend(self.notes(forecast).iter().map(|note| format!("        {note}")));
        }
        let shown = self.counted.lines.iter().take(LINES_MAX).map(|line| format!("        {line}"));
        lines.extend(shown);
        let more = self.counted.lines.len().saturating_sub(LINES_MAX);
        lines.extend((more > 0).then(|| format!("        and {more} more: tidegate emergency status")));
        lines.extend(self.rows());
        if self.has(&Event::Engaged) {
            lines.extend(self.runbook.iter().map(|line| format!("  also  {line}")));
        }
        let commands = self.commands();
        lines.extend(commands.iter().map(|(word, command)| format!("  {word:<4}  {command}")));
        let note = self.keep.note.filter(|_| self.is_in_force());
        lines.extend(note.map(|note| format!("        {note}")));
        Section {
            target: name,
            resource: String::new(),
            severity: self.severity(),
            is_worth_reporting: self.is_worth_reporting(),
            is_reported_again: false,
            state: self.state(),
            verdict,
            cause,
            paragraph: lines.join("\n"),
            commands,
            json: json!({"target": "*", "sentence": first, "outcome": "none", "emergency": self.to_json()}),
            outcome: None,
            is_unread: false,
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let Counted { ref lines, pending, asked, done, limited, failed, skipped, not_back, has_notes: _ } =
            self.counted;
        let targets = lines.len();
        let Some(incident) = &self.incident else { return json!({"phase": "none", "runbook": self.runbook}) };
        let Incident { id, profile, phase, since, until, who, why, request, .. } = incident;
        let full_capacity = self.forecast.as_ref().map(Forecast::line);
        let notes: Vec<String> =
            self.taken_in().into_iter().chain(self.forecast.iter().flat_map(|it| self.notes(it))).collect();
        let phase = match phase {
            _ if self.over => "restored",
            Phase::Engaging => "engaging",
            Phase::Engaged => "engaged",
            Phase::Restoring => "restoring",
        };
        json!({
            "id": id, "notes": notes, "profile": profile, "phase": phase, "since": since, "until": until, "who": who, "why": why,
            "request": request, "targets": targets, "pending": pending, "asked": asked, "done": done,
            "limited": limited, "failed": failed, "skipped": skipped, "not_back": not_back, "runbook": self.runbook, "full_capacity": full_capacity,
            "undo_note": self.undo_note.as_ref().filter(|_| self.is_in_force()),
        })
    }
}

/// The services that an emergency raises, and their sizes before.
fn raised(incident: &Incident) -> impl Iterator<Item = (String, u32)> {
    incident.targets.iter().filter_map(|(name, targeted)| {
        let before = targeted.snapshot.as_ref()?.desired;
        (targeted.asked > before).then(|| (name.clone(), before))
    })
}
