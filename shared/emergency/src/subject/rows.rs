//! Which rows a report has: what begins, ends or is in force of holds and pins, what a release ends and leaves, and what an
//! emergency outranks.

use jiff::Timestamp;
use tidegate_fleet::Fleet;
use tidegate_policy::emergency::decision::EmergencyDecision;
use tidegate_policy::emergency::incident::{Incident, Phase};
use tidegate_policy::overrides::{self, Override, OverrideKind};
use tidegate_policy::rule::thousands;

use crate::subject::forecast::names;
use crate::subject::row::{self, Outranked, PinEffect, Row, RowState};
use crate::words;

/// What the rows of a report are made of.
#[derive(Debug, Clone)]
pub(crate) struct ReportedRows<'a> {
    pub(crate) fleet: &'a Fleet,
    pub(crate) decision: &'a EmergencyDecision,
    /// The rows that there were.
    pub(crate) before: &'a [Override],
    /// What the pin that is asked for does.
    pub(crate) effect: Option<PinEffect>,
    pub(crate) now: Timestamp,
}

impl ReportedRows<'_> {
    /// Rows that begin or end.
    pub(crate) fn told(&self) -> Vec<Row> {
        let told = self.decision.events.iter().filter_map(|event| {
            let begins = event.as_row().map(|asked| self.row(asked, RowState::Begins));
            begins.or_else(|| Some(self.row(event.as_ended_row()?, RowState::Ended)))
        });
        told.collect()
    }

    /// All that are in force.
    pub(crate) fn in_force(&self) -> Vec<Row> {
        let rows = self.decision.overrides.rows.iter();
        rows.map(|asked| self.row(asked, RowState::InForce)).collect()
    }

    fn row(&self, asked: &Override, is: RowState) -> Row {
        let is_release = asked.kind == OverrideKind::Release;
        Row {
            asked: asked.clone(),
            is,
            size: words::of_size(asked, self.fleet),
            effect: self.effect.as_ref().filter(|_| is == RowState::Begins && asked.is_pin()).cloned(),
            outranked: self.outranking(asked).filter(|_| is != RowState::Ended),
            ended: if is_release { self.ended(asked) } else { Vec::new() },
            left: if is_release { self.left(asked) } else { Vec::new() },
        }
    }

    /// The emergency, where it outranks a row: of all targets, where it does so of any.
    fn outranking(&self, row: &Override) -> Option<Outranked> {
        let overrides = &self.decision.overrides;
        let incident = overrides.incident.as_ref()?;
        let (profile, until) = (incident.profile.clone(), incident.until);
        if row.target == Override::ALL {
            let all = incident.targets.keys().chain(incident.replicas.keys());
            let of = all.filter(|name| overrides.outranking(name, row.kind).is_some());
            let of: Vec<&str> = of.map(String::as_str).collect();
            return (!of.is_empty()).then(|| Outranked { profile, until, size: None, of: names(&of) });
        }
        let asked = overrides.outranking(&row.target, row.kind)?.asked;
        let service = self.fleet.service(&row.target);
        let size = service.map_or_else(
            || format!("at least {} replicas", thousands(asked)),
            |service| service.policy().capacity_unit.so_many(asked),
        );
        Some(Outranked { profile, until, size: Some(size), of: row.target.clone() })
    }

    /// What a release ends, each with its own operator and reason.
    fn ended(&self, released: &Override) -> Vec<String> {
        let is_all = released.target == Override::ALL;
        let ended = overrides::kept(self.before, self.now).into_iter();
        let ended = ended.filter(|row| is_all || row.target == released.target);
        let told = ended.map(|row| {
            let what = self.other(&row);
            if is_all { format!("{}: {what}", row::name(&row.target)) } else { what }
        });
        told.collect()
    }

    /// What a release leaves in force for its target: what was asked for by another name, and an emergency. Each with the command
    /// that ends it.
    fn left(&self, released: &Override) -> Vec<(String, String)> {
        let (overrides, target) = (&self.decision.overrides, &released.target);
        let rows = overrides.rows.iter().filter(|row| row.target == Override::ALL);
        let rows =
            rows.map(|row| (format!("for all targets {}", self.other(row)), row::release(&row.target)));
        let holds = |incident: &&Incident| {
            let is_all = *target == Override::ALL;
            incident.phase != Phase::Restoring
                && (is_all
                    || overrides.of_emergency(target).is_some()
                    || incident.replicas.contains_key(target))
        };
        let incident = overrides.incident.as_ref().filter(holds).map(|incident| {
            let Incident { profile, until, who, why, .. } = incident;
            let what = format!("the emergency `{profile}` until {} ({who}: {why})", words::moment(*until));
            (what, "tidegate emergency restore".to_owned())
        });
        rows.chain(incident).collect()
    }

    fn other(&self, row: &Override) -> String {
        words::of_other_row(row, &words::of_size(row, self.fleet))
    }

    /// `worker: pinned at 3 tasks until 2026-11-28 15:04 UTC (ana: launch)`.
    fn named(&self, row: &Override) -> String {
        format!("{}: {}", row::name(&row.target), self.other(row))
    }

    /// The rows that the emergency outranks.
    pub(crate) fn outranked(&self) -> Vec<String> {
        let rows = self.decision.overrides.rows.iter().filter(|row| self.outranking(row).is_some());
        rows.map(|row| self.named(row)).collect()
    }

    /// The rows that an emergency leaves in force for its targets, each with the command that ends it.
    pub(crate) fn left_by(&self, incident: &Incident) -> Vec<(String, String)> {
        let is_its = |row: &&Override| {
            let Override { target, .. } = row;
            target == Override::ALL
                || incident.targets.contains_key(target)
                || incident.replicas.contains_key(target)
        };
        let rows = self.decision.overrides.rows.iter().filter(is_its);
        rows.map(|row| (self.named(row), row::release(&row.target))).collect()
    }
}
