//! What is tried: first ways to scale within the file's bounds, then bounds around the best of them.

use jiff::SignedDuration;
use tidegate_fleet::Fleet;
use tidegate_policy::Capacity;

use super::variation::{Scale, Variation, reads_the_queue, rounded};
use crate::replay::Replay;

/// Shares of the acceptable wait that `wait` is tried with. An autoscaler that aims lower is late less often and costs
/// more; one that aims higher shows what patience would save.
const WAITS: [f64; 6] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5];

/// The fleet file's range of `wait`, in seconds.
const WAIT_SECONDS: std::ops::RangeInclusive<i64> = 15..=86_400;

const STEPS: [f64; 3] = [1.0, 0.5, 2.0];
const THRESHOLDS: [f64; 4] = [1.0, 0.25, 0.5, 2.0];

/// The file's own first, then the others; of two that are the same only the first.
pub(super) fn methods(replay: &Replay) -> Vec<Variation> {
    let own = Variation::own(&replay.policy);
    let mut tried = vec![own.clone()];
    let has_queue_rules = own.policy.rules.iter().any(reads_the_queue);
    if has_queue_rules {
        for steps in STEPS {
            tried.extend(THRESHOLDS.map(|thresholds| own.scaled(Scale { steps, thresholds })));
        }
    }
    let waits = waits(replay);
    if own.policy.wait.is_some() {
        tried.extend(waits.iter().map(|wait| own.waiting(*wait)));
    }
    // `wait` needs a queue.
    if replay.queue.kind.is_some() && (has_queue_rules || own.policy.wait.is_none()) {
        tried.extend(waits.iter().map(|wait| own.without_queue_rules().waiting(*wait)));
    }
    distinct(tried)
}

fn waits(replay: &Replay) -> Vec<SignedDuration> {
    let of = |share: f64| {
        let seconds = SignedDuration::from_secs_f64(replay.setting.acceptable_wait_seconds * share).as_secs();
        SignedDuration::from_secs(seconds.clamp(*WAIT_SECONDS.start(), *WAIT_SECONDS.end()))
    };
    let mut waits: Vec<SignedDuration> = WAITS.into_iter().map(of).chain(replay.policy.wait).collect();
    waits.sort_unstable();
    waits.dedup();
    waits
}

/// Other bounds around a setting: multiples of the file's own, and what the load itself needs. Without a throughput the maximum
/// is the file's.
pub(super) fn bounds(around: &Variation, replay: &Replay, service: &str) -> Vec<Variation> {
    let capacity = replay.policy.capacity;
    let (min, max) = (capacity.min(), capacity.max());
    let room = room(&replay.fleet, service);
    let needed = Needed::of(replay);
    // A service that never goes to zero does so for a reason that no trace shows.
    let least = u32::from(min > 0);
    let maxes = [rounded(max, 0.75), needed.busy, needed.peak, max.saturating_mul(2)];
    let mins = [min / 2, needed.quiet, min.saturating_mul(2)];
    // A scaled load is made from the file's maximum, and so cannot say which maximum it needs.
    let others = maxes.into_iter().filter(|_| replay.scaled_to.is_none()).map(|max| max.min(room));
    let maxes: Vec<u32> = std::iter::once(max).chain(others).collect();
    let mins: Vec<u32> = std::iter::once(min).chain(mins.map(|min| min.max(least))).collect();
    let pairs = maxes.iter().flat_map(|max| mins.iter().map(move |min| (*min, *max)));
    distinct(pairs.filter_map(|(min, max)| around.within(min, max)).collect())
}

/// The largest maximum that the fleet's budgets leave to the service.
fn room(fleet: &Fleet, service: &str) -> u32 {
    let own_max = fleet.service(service).map_or(0, |service| service.policy().capacity.max());
    let left = fleet.budgets().iter().filter_map(|budget| {
        let (_, per_task) = budget.uses().iter().find(|(name, _)| name == service)?;
        let own = u64::from(own_max).saturating_mul((*per_task).into());
        let others = budget.use_at_max().saturating_sub(own);
        u64::from(budget.limit()).saturating_sub(others).checked_div((*per_task).into())
    });
    let least = left.min().unwrap_or(u64::MAX).min(Capacity::LIMIT.into());
    u32::try_from(least).unwrap_or(Capacity::LIMIT)
}

/// The tasks that the load needs so that its queue does not grow.
#[derive(Debug, Clone, Copy)]
struct Needed {
    /// At its quietest tenth.
    quiet: u32,
    /// 99 % of the time.
    busy: u32,
    /// Always.
    peak: u32,
}

impl Needed {
    fn of(replay: &Replay) -> Self {
        let mut rates = replay.load.rate().to_vec();
        rates.sort_unstable_by(f64::total_cmp);
        let last = rates.len().saturating_sub(1);
        let tasks = |percent: usize| {
            let rate = rates.get(last.saturating_mul(percent) / 100).copied().unwrap_or(0.0);
            rounded(1, (rate / replay.setting.throughput).ceil())
        };
        Self { quiet: tasks(10), busy: tasks(99), peak: tasks(100) }
    }
}

/// The first of each that are alike.
fn distinct(tried: Vec<Variation>) -> Vec<Variation> {
    let mut kept: Vec<Variation> = Vec::new();
    for variation in tried {
        if kept.iter().all(|other| other.policy != variation.policy) {
            kept.push(variation);
        }
    }
    kept
}
