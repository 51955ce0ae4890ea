//! What operators may be notified of in one evaluation of one database.

use jiff::SignedDuration;

use crate::clock::since;
use crate::database::notice::{DatabaseNotice, NoticePhase};
use crate::database::watch::Watch;
use crate::reading::Absence;
use crate::rule::Span;
use crate::severity::Severity;
use crate::upgrades::decision::{UpgradeState, WantedChange};
use crate::upgrades::ends::{PLAN, REFUSED, SLOW};
use crate::upgrades::memory::{UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use crate::upgrades::plan::{self, TOLD_BEFORE};
use crate::upgrades::policy::StorageLimits;
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::sentence::DayOfWeek;
use crate::upgrades::snapshot::SNAPSHOT_STOPS_IO;
use crate::upgrades::steps::UpgradeSteps;
use crate::upgrades::storage::{self, FreeStorage};

/// One answer that fails is repeated by the next evaluation, five minutes later.
const UNREADABLE_FOR: SignedDuration = SignedDuration::from_mins(15);
/// The longest change that was reported took a quarter of an hour. After this an operator should look.
const CHANGE_LASTS: SignedDuration = SignedDuration::from_hours(1);

const UNREADABLE: &str = "rds unreadable";
const AT_TOP: &str = "at top";
const FREE: &str = "free storage";
const MAX: &str = "max storage";

/// What holds where RDS could not be read completely.
pub(crate) fn unreadable(absence: &Absence) -> Vec<Watch> {
    let watch = Watch::holds(UNREADABLE, Severity::Warning, "the instance is not readable");
    vec![watch.because(absence.to_string()).after(UNREADABLE_FOR)]
}

/// Everything that lasts, or may be over.
pub(crate) fn all(scene: &UpgradeScene<'_>, memory: &UpgradeMemory, it: &UpgradeSteps) -> Vec<Watch> {
    let mut all = vec![
        Watch::over(UNREADABLE, "the instance is readable again"),
        planned(scene, memory, it),
        refused(scene, it),
        at_top(it),
        slow(scene, memory),
    ];
    if let Some(limits) = scene.policy.storage {
        all.extend([free(scene, limits), max(scene, limits, memory)]);
    }
    all
}

/// The plan is told a day before the window opens, and an hour more. It ends in silence when it begins: that is told then.
fn planned(scene: &UpgradeScene<'_>, memory: &UpgradeMemory, it: &UpgradeSteps) -> Watch {
    if memory.change.is_some() {
        return Watch::not_seen(PLAN);
    }
    match (&memory.planned, &it.wanted) {
        // What was told of an earlier window is not true any more.
        (Some(planned), _) if !plan::is_near(planned.window, scene.now) => {
            Watch::over(PLAN, format!("the change is planned for {} now", DayOfWeek(planned.window)))
        }
        (Some(planned), Some(wanted)) => {
            let WantedChange { instance, from, to, is_multi_az, .. } = wanted;
            let when = DayOfWeek(planned.window);
            let down = downtime(*is_multi_az);
            let after = before(wanted);
            let verdict = format!("{instance}: {from} → {to} planned for {when}, {down}{after}");
            let advice = "To prevent it, hold the database (`tidegate hold … --both`), or withdraw what was asked for.";
            Watch::holds(PLAN, Severity::Info, verdict).because(planned.why.clone()).advising(advice)
        }
        (Some(_), None) => Watch::not_seen(PLAN),
        (None, _) => Watch::over(PLAN, "no change of the class is planned any more"),
    }
}

/// What comes before it: `, after a snapshot (…) and shop-2`; empty where nothing does.
#[must_use]
pub fn before(wanted: &WantedChange) -> String {
    let WantedChange { snapshot, first, .. } = wanted;
    let taken = snapshot.then(|| format!("a snapshot ({SNAPSHOT_STOPS_IO})"));
    let replicas = (!first.is_empty()).then(|| first.join(", "));
    let all: Vec<String> = taken.into_iter().chain(replicas).collect();
    if all.is_empty() { String::new() } else { format!(", after {}", all.join(" and ")) }
}

/// How long the instance will be down, as others reported it.
#[must_use]
pub fn downtime(is_multi_az: bool) -> &'static str {
    if is_multi_az { "about 1 to 2 minutes down (Multi-AZ fails over)" } else { "about 2 to 15 minutes down" }
}

/// What stands against the plan is told with it, so that it can be fixed before the window opens.
fn refused(scene: &UpgradeScene<'_>, it: &UpgradeSteps) -> Watch {
    let Some(wanted) = it.wanted.as_ref().filter(|_| it.state == UpgradeState::Refused) else {
        return match it.state {
            UpgradeState::Unknown => Watch::not_seen(REFUSED),
            UpgradeState::Idle
            | UpgradeState::Waiting
            | UpgradeState::Refused
            | UpgradeState::Snapshot
            | UpgradeState::Requested
            | UpgradeState::Modifying
            | UpgradeState::Verifying => {
                Watch::over(REFUSED, "nothing stands against a change of the class any more")
            }
        };
    };
    let within = scene.now.saturating_add(TOLD_BEFORE).unwrap_or(scene.now);
    let Some(window) = wanted.window.filter(|window| *window <= within) else {
        return Watch::not_seen(REFUSED);
    };
    let verdict = format!("{} → {} would not begin on {}", wanted.from, wanted.to, DayOfWeek(window));
    let why = it.refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Watch::holds(REFUSED, Severity::Warning, verdict)
        .because(why)
        .advising("Each cause has its cure in docs/upgrades.md; it is looked at again every five minutes.")
}

fn at_top(it: &UpgradeSteps) -> Watch {
    let is_top = |reason: &&UpgradeReason| matches!(reason, UpgradeReason::AtTop { .. });
    if let Some(reason) = it.reasons.iter().find(is_top) {
        return Watch::holds(AT_TOP, Severity::Warning, "a larger class is needed, and there is none")
            .because(reason.to_string())
            .advising("Add a larger class to `classes` in the fleet file, or lower the load.");
    }
    let is_unknown = it.reasons.iter().any(|reason| {
        matches!(reason, UpgradeReason::NotWeighed { .. } | UpgradeReason::FloorUnknown { .. })
    });
    if is_unknown || it.state != UpgradeState::Idle {
        return Watch::not_seen(AT_TOP);
    }
    Watch::over(AT_TOP, "no larger class is needed any more")
}

fn slow(scene: &UpgradeScene<'_>, memory: &UpgradeMemory) -> Watch {
    match memory.change.as_ref().filter(|change| since(change.began, scene.now) >= CHANGE_LASTS) {
        Some(change) => {
            let verdict = format!("changing {} to {} takes more than 1h", change.instance, change.to);
            Watch::holds(SLOW, Severity::Warning, verdict)
                .because("RDS has not finished it")
                .advising("Look at the instance and its events in the console (docs/runbook.md).")
        }
        None => Watch::over(SLOW, "no change of the class takes long any more"),
    }
}

fn free(scene: &UpgradeScene<'_>, limits: StorageLimits) -> Watch {
    match storage::free(scene, limits) {
        FreeStorage::Little { severity, percent, limit } => {
            let verdict = format!("{percent:.0}% of the storage is free");
            let gib = scene.main().allocated_gib;
            let raises = match scene.main().max_allocated_gib {
                Some(max) => format!("RDS raises it by itself up to {max} GiB"),
                None => "RDS does not raise it by itself (`storage.max`)".to_owned(),
            };
            Watch::holds(FREE, severity, verdict)
                .because(format!("below {limit}% of {gib} GiB in 3 of the last 5 minutes; {raises}"))
                .advising(
                    "Add storage or delete data: a full disk stops the instance, and storage never shrinks.",
                )
        }
        FreeStorage::Enough => Watch::over(FREE, "enough of the storage is free again"),
        FreeStorage::Unclear => Watch::not_seen(FREE),
    }
}

/// `MaxAllocatedStorage` cannot be what the fleet file says.
fn max(scene: &UpgradeScene<'_>, limits: StorageLimits, memory: &UpgradeMemory) -> Watch {
    let gib = scene.main().allocated_gib;
    let refused =
        memory.storage.as_ref().map(|storage| storage.refused.as_str()).filter(|why| !why.is_empty());
    match (limits.max_gib, refused) {
        (Some(max), _) if storage::is_too_small(gib, max) => {
            let why = format!(
                "`storage.max` is {max} GiB, and RDS asks for 10% more than the {gib} GiB that there are"
            );
            Watch::holds(MAX, Severity::Warning, "RDS cannot raise the storage by itself")
                .because(why)
                .advising("Raise `storage.max` in the fleet file.")
        }
        (Some(max), Some(why)) => {
            let verdict = format!("MaxAllocatedStorage could not be raised to {max} GiB");
            Watch::holds(MAX, Severity::Warning, verdict).because(why)
        }
        (Some(_) | None, _) => Watch::over(MAX, "RDS may raise the storage as far as the fleet file says"),
    }
}

/// Why little storage is free, for the reasons of the decision.
pub(crate) fn free_storage_reason(scene: &UpgradeScene<'_>, limits: StorageLimits) -> Option<UpgradeReason> {
    match storage::free(scene, limits) {
        FreeStorage::Little { percent, limit, .. } => Some(UpgradeReason::FreeStorage { percent, limit }),
        FreeStorage::Enough | FreeStorage::Unclear => None,
    }
}

/// Something that has happened.
pub(crate) fn happened(outcome: &UpgradeOutcome) -> DatabaseNotice {
    let UpgradeOutcome { instance, from, to, snapshot: _, end, at, began, detail } = outcome;
    let took = Span(since(*began, *at));
    let (severity, verdict) = match end {
        UpgradeEnd::Started => (Severity::Warning, format!("{instance}: {from} → {to} has begun")),
        UpgradeEnd::Done => (Severity::Info, format!("{instance} is {to} now, after {took}")),
        UpgradeEnd::Failed => (Severity::Critical, format!("{instance}: {from} → {to} failed")),
        UpgradeEnd::Refused => (Severity::Warning, format!("{instance}: {from} → {to} refused")),
        UpgradeEnd::WindowPassed => (
            Severity::Warning,
            format!("{instance}: the window of {} passed without {from} → {to}", DayOfWeek(*began)),
        ),
        UpgradeEnd::Withdrawn => (Severity::Info, format!("{instance}: {from} → {to} withdrawn")),
        UpgradeEnd::NothingToWithdraw => (Severity::Info, format!("{instance}: nothing to withdraw")),
        UpgradeEnd::GoesOn => (Severity::Info, format!("{instance}: {from} → {to} goes on")),
        UpgradeEnd::ChangedByOthers => (
            Severity::Warning,
            format!("{instance}: {from} → {to} given up, the class was changed outside Tidegate"),
        ),
        UpgradeEnd::Vanished => (Severity::Critical, format!("{instance} is gone, during {from} → {to}")),
        UpgradeEnd::Observed => (Severity::Info, format!("{instance}: {from} → {to} would begin")),
        UpgradeEnd::StorageRaised => {
            let before = match from.as_str() {
                "" => String::new(),
                "0 GiB" => ", and was not set".to_owned(),
                from => format!(", and was {from}"),
            };
            (Severity::Info, format!("{instance}: MaxAllocatedStorage is {to} now{before}"))
        }
        UpgradeEnd::SnapshotBegan => {
            (Severity::Warning, format!("{instance}: the snapshot before {from} → {to} has begun"))
        }
        UpgradeEnd::SnapshotFailed => {
            (Severity::Critical, format!("{instance}: {from} → {to} did not begin, its snapshot failed"))
        }
        UpgradeEnd::SnapshotKept => {
            (Severity::Info, format!("{instance}: the snapshot before {from} → {to} is kept"))
        }
    };
    let advice = match end {
        UpgradeEnd::Failed | UpgradeEnd::SnapshotFailed => {
            Some("See docs/runbook.md, \"An upgrade did not happen\".")
        }
        UpgradeEnd::WindowPassed => Some("It is tried again in the next window."),
        UpgradeEnd::ChangedByOthers | UpgradeEnd::Vanished => Some("Ask CloudTrail who did it."),
        UpgradeEnd::Observed => Some("The database is in observe mode: Tidegate changes nothing."),
        UpgradeEnd::Started
        | UpgradeEnd::Done
        | UpgradeEnd::Refused
        | UpgradeEnd::Withdrawn
        | UpgradeEnd::NothingToWithdraw
        | UpgradeEnd::GoesOn
        | UpgradeEnd::StorageRaised
        | UpgradeEnd::SnapshotBegan
        | UpgradeEnd::SnapshotKept => None,
    };
    DatabaseNotice {
        about: outcome.about(),
        severity,
        phase: NoticePhase::Happened,
        verdict,
        cause: (!detail.is_empty()).then(|| detail.clone()),
        advice: advice.map(str::to_owned),
    }
}
