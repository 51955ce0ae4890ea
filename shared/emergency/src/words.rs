//! The words of this function's reports.

use jiff::Timestamp;
use tidegate_fleet::Fleet;
use tidegate_policy::emergency::decision::{Correction, Skip};
use tidegate_policy::emergency::engage::Limit;
use tidegate_policy::emergency::missed::{DueAction, MissedActions};
use tidegate_policy::emergency::restore::Kept;
use tidegate_policy::overrides::{Held, Override, OverrideKind};
use tidegate_policy::rule::thousands;

use crate::asked::Cut;

/// What adding replicas takes.
pub(crate) const REPLICAS_TAKE_TIME: &str =
    "`replica-lag` begins within a minute and adds one at a time; RDS takes minutes to hours for each";

/// A moment to the minute, with its day.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `nothing scales in until 2026-11-28 15:04 UTC`, `pinned at 12 tasks until 2026-11-28 15:04 UTC`.
pub(crate) fn of_row(row: &Override, size: &str) -> String {
    let until = moment(row.until);
    match row.kind {
        OverrideKind::Hold(Held::ScaleIn) => format!("nothing scales in until {until}"),
        OverrideKind::Hold(Held::Both) => format!("nothing changes until {until}"),
        OverrideKind::Pin(_) => format!("pinned at {size} until {until}"),
        OverrideKind::Min(_) => format!("min {size} until {until}"),
        OverrideKind::Max(_) => format!("max {size} until {until}"),
        OverrideKind::Raise(_) => format!("raised to {size} until {until}"),
        OverrideKind::Release => "released".to_owned(),
    }
}

/// The same with its own operator and reason, for where it is not what is asked for now: `pinned at 12 tasks until 2026-11-28
/// 15:04 UTC (ana: launch)`.
pub(crate) fn of_other_row(row: &Override, size: &str) -> String {
    format!("{} ({}: {})", of_row(row, size), row.who, row.why)
}

/// The size of a row with the unit of its target: `12 tasks`; of all targets without one.
pub(crate) fn of_size(row: &Override, fleet: &Fleet) -> String {
    let Some(size) = row.kind.size() else { return String::new() };
    match (fleet.service(&row.target), fleet.database(&row.target)) {
        (Some(service), _) => service.policy().capacity_unit.so_many(size),
        (None, Some(_)) if size == 1 => "1 replica".to_owned(),
        (None, Some(_)) => format!("{} replicas", thousands(size)),
        (None, None) => thousands(size),
    }
}

/// The action that a row came from.
pub(crate) fn action(kind: OverrideKind) -> &'static str {
    match kind {
        OverrideKind::Hold(_) => "hold",
        OverrideKind::Pin(_) => "pin",
        OverrideKind::Min(_) => "min",
        OverrideKind::Max(_) => "max",
        OverrideKind::Raise(_) => "raise",
        OverrideKind::Release => "release",
    }
}

/// Why a target is left alone.
pub(crate) fn of_skip(skip: &Skip) -> String {
    match skip {
        Skip::Observed => "in `mode: observe`".to_owned(),
        Skip::NotInFleet => "not in the fleet file".to_owned(),
        Skip::NotFound(absence) => absence.to_string(),
        Skip::Refused(reason) => reason.to_string(),
        Skip::ByHand(kept) => of_kept(*kept),
    }
}

/// Why AWS gives less than was asked for.
pub(crate) fn of_limit(limit: Limit) -> String {
    match limit {
        Limit::MinSize(min) => format!("the group's MinSize is {min}"),
        Limit::MaxSize(max) => format!("the group's MaxSize is {max}"),
        Limit::FleetFile(most) => format!("the fleet file allows {most} at most"),
    }
}

/// What stays as it was set by hand during the emergency.
pub(crate) fn of_kept(kept: Kept) -> String {
    match kept {
        Kept::Registration => {
            "Application Auto Scaling was changed by hand during the emergency and stays so".to_owned()
        }
        Kept::Capacity { desired } => {
            format!("the desired count was set to {desired} by hand during the emergency and stays so")
        }
        Kept::Processes => {
            "suspended processes were resumed by hand during the emergency and stay so".to_owned()
        }
    }
}

/// What a budget cuts.
pub(crate) fn of_cut(Cut { budget, from }: &Cut, to: u32) -> String {
    format!("the budget `{budget}` allows {to} of {from}; --ignore-budgets exceeds it")
}

/// What to do about a quota of virtual CPUs, by its code.
pub(crate) fn of_request(code: &str) -> String {
    format!("request more of the Fargate vCPU quota (Service Quotas {code})")
}

/// Scheduled actions of Application Auto Scaling that did not run during the emergency.
pub(crate) fn of_missed(MissedActions { due, not_understood, unread }: &MissedActions) -> Vec<String> {
    let due = due.iter().map(|DueAction { name, at }| {
        let at = moment(*at);
        format!("scheduled action `{name}` was due {at} while suspended, and counts in the bounds set now")
    });
    let odd = not_understood.iter().map(|name| {
        format!("scheduled action `{name}` has a schedule that Tidegate cannot read: check its bounds")
    });
    let unread = unread.iter().map(|why| {
        format!("scheduled actions cannot be read ({why}): bounds as before the emergency, check them")
    });
    due.chain(odd).chain(unread).collect()
}

/// What of the table is in force.
pub(crate) fn of_correction(what: Correction) -> String {
    match what {
        Correction::Size { found, most } => {
            format!("the DynamoDB table has size {found}, the fleet file allows {most}: {most} is in force")
        }
        Correction::End { found, latest } => {
            let (found, latest) = (moment(found), moment(latest));
            format!("the DynamoDB table has the end {found}, later than 31 days: it ends {latest}")
        }
    }
}
