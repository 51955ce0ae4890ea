//! Whether a condition has held for its whole time: over every datapoint of it, none missing.

use jiff::SignedDuration;

use crate::database::points::LoadPoints;
use crate::database_class::memory_mib;
use crate::observation::{Datapoint, MetricReading};
use crate::reading::number;
use crate::rule::Condition;
use crate::signal::Unit;
use crate::upgrades::observation::{ClassLoad, SeenLoad};
use crate::upgrades::scene::UpgradeScene;

/// Bytes of a mebibyte.
pub(crate) const MIB: f64 = 1_048_576.0;

/// What a condition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sustained {
    /// It has held for its whole time.
    Holds,
    /// A datapoint of its time stands against it.
    DoesNot,
    /// Datapoints are missing: it is known to hold for so long only.
    NotKnown(SignedDuration),
}

/// Weighs a condition. What asks for more compares averages, what asks for less the heaviest moments.
pub(crate) fn weigh(scene: &UpgradeScene<'_>, condition: &Condition) -> Sustained {
    let unknown = Sustained::NotKnown(SignedDuration::ZERO);
    let is_upward = condition.comparison.is_upward();
    let Some(reading) = reading(scene, condition, is_upward) else { return unknown };
    let Some(points) = LoadPoints::of(&reading, scene.changed_at, scene.now) else { return unknown };
    let Some(newest) = points.newest(scene.now) else { return unknown };
    let held = if is_upward {
        points.held_upward(condition, scene.now)
    } else {
        points.held_downward(condition, scene.now)
    };
    if held >= condition.hold_for && !held.is_zero() {
        return Sustained::Holds;
    }
    let from = scene.now.saturating_sub(condition.hold_for).unwrap_or(scene.now);
    let stands_against = |point: &Datapoint| !condition.comparison.holds(point.value, condition.threshold);
    // The newest that has settled may be older than the whole time: of hourly datapoints it mostly is older than ten minutes.
    let mut of_time = points.settled.iter().filter(|point| point.at > from || point.at == newest.at);
    if of_time.any(stands_against) { Sustained::DoesNot } else { Sustained::NotKnown(held) }
}

/// The datapoints that a condition compares, in its unit.
fn reading(scene: &UpgradeScene<'_>, condition: &Condition, is_upward: bool) -> Option<MetricReading> {
    let ClassLoad { cpu, connections, free_memory, iops, .. } = &scene.seen.load;
    let class = &scene.main().class;
    let of = |seen: &SeenLoad| if is_upward { seen.usual.clone() } else { seen.peak.clone() };
    let is_percent = condition.unit == Unit::Percent;
    match condition.signal.to_string().as_str() {
        "cpu" => Some(of(cpu)),
        "iops" => Some(of(iops)),
        "connections" if !is_percent => Some(of(connections)),
        "connections" => {
            let most = f64::from(scene.connections_of(class)?);
            Some(each(of(connections), |value| value / most * 100.0))
        }
        "memory" => {
            let has = number(memory_mib(class)?) * MIB;
            Some(each(of(free_memory), |free| (1.0 - free / has).max(0.0) * 100.0))
        }
        _ => None,
    }
}

fn each(reading: MetricReading, change: impl Fn(f64) -> f64) -> MetricReading {
    match reading {
        MetricReading::Points { period, points } => {
            let changed = |point: Datapoint| Datapoint { value: change(point.value), ..point };
            MetricReading::Points { period, points: points.into_iter().map(changed).collect() }
        }
        MetricReading::NotRead | MetricReading::Failed(_) => reading,
    }
}

/// The extreme of a reading over a whole time; `None` where a datapoint of it is missing. Those that may still change count too.
pub(crate) fn extreme(
    scene: &UpgradeScene<'_>,
    reading: &MetricReading,
    over: SignedDuration,
    largest: bool,
) -> Option<f64> {
    let points = LoadPoints::of(reading, scene.changed_at, scene.now)?;
    points.extreme(over, largest, scene.now)
}
