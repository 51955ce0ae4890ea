//! Whether the load fits a smaller class. An idle CPU alone has proved too little: the smaller memory turns reads of the
//! cache into reads of the disk, and takes connections away (facts: an outage of September 2026).

use jiff::SignedDuration;

use crate::database_class::{baseline_iops, memory_mib};
use crate::reading::number;
use crate::upgrades::policy::ClassLadder;
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::sustained::{MIB, extreme};

/// The load must fit this part of what the smaller class has: what comes tomorrow is not what was.
const ROOM: f64 = 0.8;

/// Burst credits below this are used: a smaller memory reads more from the disk, and would use them up.
const BURST_LEAST: f64 = 90.0;

/// What stands against a smaller class: each with its numbers; what is not known too.
pub(crate) fn misfits(scene: &UpgradeScene<'_>, ladder: &ClassLadder, to: &str) -> Vec<ClassRefusal> {
    let over = ladder.history();
    let memory = memory(scene, to, over);
    let slow = slow_storage(scene).filter(|_| matches!(memory, Some(ClassRefusal::TooLittleMemory { .. })));
    let checks =
        [connections(scene, to, over), memory, operations(scene, to, over), burst(scene, over), slow];
    checks.into_iter().flatten().collect()
}

fn connections(scene: &UpgradeScene<'_>, to: &str, over: SignedDuration) -> Option<ClassRefusal> {
    let Some(limit) = scene.connections_of(to) else {
        return Some(not_known(format!("how many connections {to} takes (write `max_connections`)")));
    };
    let Some(peak) = extreme(scene, &scene.seen.load.connections.peak, over, true) else {
        return Some(not_known("the connections of the last days".to_owned()));
    };
    let fits = peak <= f64::from(limit) * ROOM;
    (!fits).then(|| ClassRefusal::TooFewConnections { peak: rounded(peak), limit })
}

fn memory(scene: &UpgradeScene<'_>, to: &str, over: SignedDuration) -> Option<ClassRefusal> {
    let (Some(has), Some(had)) = (memory_mib(to), memory_mib(&scene.main().class)) else {
        return Some(not_known(format!("how much memory {to} and {} have", scene.main().class)));
    };
    let Some(free) = extreme(scene, &scene.seen.load.free_memory.peak, over, false) else {
        return Some(not_known("the free memory of the last days".to_owned()));
    };
    let used = (number(had) - free / MIB).max(0.0);
    let fits = used <= number(has) * ROOM;
    (!fits).then(|| ClassRefusal::TooLittleMemory { used_mib: rounded(used), has_mib: has })
}

fn operations(scene: &UpgradeScene<'_>, to: &str, over: SignedDuration) -> Option<ClassRefusal> {
    let Some(baseline) = baseline_iops(to) else {
        return Some(not_known(format!("how many operations a second {to} carries for hours")));
    };
    let Some(peak) = extreme(scene, &scene.seen.load.iops.peak, over, true) else {
        return Some(not_known("the operations of the last days".to_owned()));
    };
    let fits = peak <= f64::from(baseline) * ROOM;
    (!fits).then(|| ClassRefusal::TooFewOperations { peak: rounded(peak), baseline })
}

/// Only `gp2` has burst credits.
fn burst(scene: &UpgradeScene<'_>, over: SignedDuration) -> Option<ClassRefusal> {
    if scene.main().storage_type != "gp2" {
        return None;
    }
    let Some(lowest) = extreme(scene, &scene.seen.load.burst_balance, over, false) else {
        return Some(not_known("the burst balance of the last days".to_owned()));
    };
    (lowest < BURST_LEAST).then(|| ClassRefusal::BurstCredits { lowest: rounded(lowest) })
}

/// `gp2` carries 3 operations a second for each GiB and no fewer than 100; from 1,000 GiB on it needs no credits (Amazon EBS user
/// guide, "General Purpose SSD volumes").
fn slow_storage(scene: &UpgradeScene<'_>) -> Option<ClassRefusal> {
    let gib = scene.main().allocated_gib;
    let baseline = gib.saturating_mul(3).max(100);
    let is_slow = scene.main().storage_type == "gp2" && baseline < 3_000;
    is_slow.then_some(ClassRefusal::SlowStorage { gib, baseline })
}

fn not_known(what: String) -> ClassRefusal {
    ClassRefusal::NotKnown { what, why: None }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped to what fits")]
fn rounded(value: f64) -> u64 {
    value.round().clamp(0.0, 9e15) as u64
}
