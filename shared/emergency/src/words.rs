//! The words of this function's reports.

use jiff::Timestamp;
use tidegate_policy::emergency::decision::{Correction, Skip};
use tidegate_policy::emergency::engage::Limit;
use tidegate_policy::emergency::restore::Kept;
use tidegate_policy::overrides::{Held, Override, OverrideKind};

/// A moment to the minute, with its day.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `held until 2026-11-28 15:04 UTC: no scale-in`.
pub(crate) fn of_row(row: &Override) -> String {
    let until = moment(row.until);
    match row.kind {
        OverrideKind::Hold(Held::ScaleIn) => format!("held until {until}: nothing scales in"),
        OverrideKind::Hold(Held::Both) => format!("held until {until}: nothing changes"),
        OverrideKind::Pin(size) => format!("pinned at {size} until {until}"),
        OverrideKind::Min(size) => format!("min {size} until {until}"),
        OverrideKind::Max(size) => format!("max {size} until {until}"),
        OverrideKind::Raise(size) => format!("raised to {size} until {until}"),
        OverrideKind::Release => "released: its rules decide again".to_owned(),
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
        Skip::Observed => "it is in observe mode".to_owned(),
        Skip::NotInFleet => "it is no longer in the fleet file".to_owned(),
        Skip::NotFound(absence) => format!("it was not found ({absence})"),
        Skip::Refused(reason) => reason.to_string(),
    }
}

/// Why AWS gives less than was asked for.
pub(crate) fn of_limit(limit: Limit) -> String {
    match limit {
        Limit::MinSize(min) => format!("the group's MinSize is {min}"),
        Limit::MaxSize(max) => format!("the group's MaxSize is {max}"),
    }
}

/// What stays as someone set it meanwhile.
pub(crate) fn of_kept(kept: Kept) -> String {
    match kept {
        Kept::Registration => {
            "Application Auto Scaling was changed by hand meanwhile, and stays as it is".to_owned()
        }
        Kept::Capacity { desired } => format!("the desired count was set to {desired} by hand, and stays"),
    }
}

/// What of the table is in force.
pub(crate) fn of_correction(what: Correction) -> String {
    match what {
        Correction::Size { found, most } => {
            format!("the table has {found}; the fleet file allows {most}, which is in force")
        }
        Correction::End { found, latest } => {
            let (found, latest) = (moment(found), moment(latest));
            format!("the table has {found} as its end; it ends at {latest}, as late as any override may")
        }
    }
}
