//! Storage: how far RDS may raise it by itself, and how much of it is free.

use jiff::SignedDuration;

use crate::clock::since;
use crate::database::call::DatabaseCall;
use crate::database::call::SHOWS_WITHIN;
use crate::database::points::LoadPoints;
use crate::replicas::observation::Status;
use crate::severity::Severity;
use crate::upgrades::decision::ClassCall;
use crate::upgrades::memory::{StorageChange, UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use crate::upgrades::policy::StorageLimits;
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::sustained::MIB;

/// After a refusal it is asked for again a day later.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Of the last five minutes that have settled so many must be below the limit, and none for the end.
const BELOW: usize = 3;
const LOOKED_AT: i32 = 5;

const MIB_PER_GIB: f64 = 1_024.0;

/// What is free of the storage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FreeStorage {
    /// Not known, or swinging around the limit.
    Unclear,
    /// Enough.
    Enough,
    /// Too little: the share in percent, and the limit.
    Little { severity: Severity, percent: f64, limit: u32 },
}

/// `MaxAllocatedStorage` that is to be raised. RDS takes a value of 10 percent and more above the storage (Amazon RDS user guide,
/// "Managing capacity automatically with Amazon RDS storage autoscaling"); a larger one than the file's is left.
pub(crate) fn raise(
    scene: &UpgradeScene<'_>,
    limits: StorageLimits,
    memory: &mut UpgradeMemory,
) -> (Option<ClassCall>, Option<UpgradeReason>) {
    let main = scene.main();
    let Some(to_gib) = limits.max_gib else {
        memory.storage = None;
        return (None, None);
    };
    let from_gib = main.max_allocated_gib;
    if from_gib.is_some_and(|is| is >= to_gib) {
        shown(scene, memory);
        return (None, None);
    }
    let reason = UpgradeReason::MaxStorage { from_gib, to_gib };
    let known = memory.storage.as_ref().filter(|storage| storage.to_gib == to_gib);
    let waits = known.is_some_and(|storage| {
        let pause = if !storage.refused.is_empty() {
            AGAIN_AFTER
        } else if storage.call.taken {
            SHOWS_WITHIN
        } else {
            storage.call.pause()
        };
        since(storage.call.at, scene.now) < pause
    });
    let is_ready =
        main.status == Status::Available && main.pending_class.is_none() && main.pending.is_empty();
    let held = scene.hold(false).is_some();
    if waits
        || !is_ready
        || held
        || scene.observe
        || scene.policy.is_aurora
        || is_too_small(main.allocated_gib, to_gib)
    {
        return (None, Some(reason));
    }
    let failures = known.map_or(0, |storage| storage.call.failures);
    let call = DatabaseCall { failures, ..DatabaseCall::first(scene.evaluation, scene.now) };
    let before = Some(from_gib.unwrap_or_default());
    memory.storage = Some(StorageChange { to_gib, from_gib: before, call, refused: String::new() });
    (Some(ClassCall::RaiseMaxStorage { instance: main.id.clone(), to_gib }), Some(reason))
}

/// RDS refuses less than 10 percent above what is allocated.
#[must_use]
pub fn is_too_small(allocated_gib: u32, max_gib: u32) -> bool {
    u64::from(max_gib).saturating_mul(10) < u64::from(allocated_gib).saturating_mul(11)
}

/// A size in an outcome, where classes stand otherwise.
fn gib(size: u32) -> String {
    format!("{size} GiB")
}

/// RDS shows what was asked for: that is told.
fn shown(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory) {
    let Some(storage) = memory.storage.take() else { return };
    memory.tell(UpgradeOutcome {
        instance: scene.main().id.clone(),
        from: storage.from_gib.map(gib).unwrap_or_default(),
        to: gib(storage.to_gib),
        snapshot: false,
        end: UpgradeEnd::StorageRaised,
        at: scene.now,
        began: storage.call.at,
        detail: String::new(),
    });
}

/// How much of the storage is free.
pub(crate) fn free(scene: &UpgradeScene<'_>, limits: StorageLimits) -> FreeStorage {
    let allocated = f64::from(scene.main().allocated_gib) * MIB_PER_GIB * MIB;
    let Some(points) = LoadPoints::of(&scene.seen.load.free_storage, None, scene.now) else {
        return FreeStorage::Unclear;
    };
    let last = points.last(LOOKED_AT, scene.now);
    let Some(newest) = last.last().filter(|_| allocated > 0.0) else { return FreeStorage::Unclear };
    let below =
        |limit: u32| last.iter().filter(|point| point.value < allocated * f64::from(limit) / 100.0).count();
    let percent = newest.value / allocated * 100.0;
    if below(limits.critical) >= BELOW {
        FreeStorage::Little { severity: Severity::Critical, percent, limit: limits.critical }
    } else if below(limits.warning) >= BELOW {
        FreeStorage::Little { severity: Severity::Warning, percent, limit: limits.warning }
    } else if below(limits.warning) == 0 && last.len() >= BELOW {
        FreeStorage::Enough
    } else {
        FreeStorage::Unclear
    }
}
