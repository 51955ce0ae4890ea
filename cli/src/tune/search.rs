//! Replaying many settings at once, and keeping those that no other beats.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use tidegate_simulator::{Score, WorldSettings, simulate};

use super::candidates;
use super::variation::Variation;
use crate::progress::ProgressLine;
use crate::replay::Replay;

/// Bounds are tried around so many settings of the first round: the cheapest, the least late and some between them.
/// With more, the second round grows by some twenty runs each and finds next to nothing.
const SURVIVORS: usize = 4;

/// A setting and how it did. Its number is its place in the order of trying, whichever thread replayed it.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) variation: Variation,
    pub(super) score: Score,
}

/// Everything that was tried; the fleet file's own stands first.
pub(super) fn search(replay: &Replay, service: &str, progress: &ProgressLine) -> Vec<Tried> {
    let mut tried = replay_all(candidates::methods(replay), replay, "ways to scale", progress);
    let around: Vec<Variation> =
        spread(&frontier(&tried)).into_iter().map(|tried| tried.variation.clone()).collect();
    let mut bounded: Vec<Variation> = Vec::new();
    for variation in around.iter().flat_map(|around| candidates::bounds(around, replay, service)) {
        let is_new = tried.iter().all(|tried| tried.variation.policy != variation.policy)
            && bounded.iter().all(|other| other.policy != variation.policy);
        if is_new {
            bounded.push(variation);
        }
    }
    tried.extend(replay_all(bounded, replay, "bounds", progress));
    tried
}

/// The settings that no other beats in cost and in late jobs, the cheapest first.
pub(super) fn frontier(tried: &[Tried]) -> Vec<&Tried> {
    let points: Vec<(f64, f64)> =
        tried.iter().map(|tried| (tried.score.worker_hours, tried.score.late_percent)).collect();
    unbeaten(&points).into_iter().filter_map(|place| tried.get(place)).collect()
}

/// The places of the points that no other is below in one coordinate and not above in the other, in the order of the first
/// coordinate. Of two that are alike the first stays: it is nearer to the file.
fn unbeaten(points: &[(f64, f64)]) -> Vec<usize> {
    let mut sorted: Vec<(usize, &(f64, f64))> = points.iter().enumerate().collect();
    sorted.sort_by(|(_, one), (_, other)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let mut least = f64::INFINITY;
    sorted.retain(|(_, (_, late))| {
        let stays = *late < least;
        least = least.min(*late);
        stays
    });
    sorted.into_iter().map(|(place, _)| place).collect()
}

/// Some of them, evenly, both ends among them.
fn spread<'a>(frontier: &[&'a Tried]) -> Vec<&'a Tried> {
    let last = frontier.len().saturating_sub(1);
    let kept = SURVIVORS.min(frontier.len());
    let places = (0..kept).map(|index| index.saturating_mul(last) / kept.saturating_sub(1).max(1));
    places.filter_map(|place| frontier.get(place).copied()).collect()
}

/// Replays all of them, on every core; what comes out stands in the order of what went in.
fn replay_all(variations: Vec<Variation>, replay: &Replay, of: &str, progress: &ProgressLine) -> Vec<Tried> {
    let count = variations.len();
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(count.max(1));
    let next = AtomicUsize::new(0);
    let (done, scores) = mpsc::channel();
    let mut found = vec![None; count];
    thread::scope(|scope| {
        for _ in 0..threads {
            let (done, next, variations) = (done.clone(), &next, &variations);
            scope.spawn(move || {
                while let Some((place, variation)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    variations.get(place).map(|variation| (place, variation))
                } {
                    // Nobody listens only if the command is about to end anyway.
                    let _ = done.send((place, score(variation, replay)));
                }
            });
        }
        drop(done);
        for (finished, (place, score)) in (1_usize..).zip(scores) {
            progress.show(format_args!("replayed {finished} of {count} {of}"));
            if let Some(slot) = found.get_mut(place) {
                *slot = Some(score);
            }
        }
    });
    let tried = variations.into_iter().zip(found);
    tried.filter_map(|(variation, score)| Some(Tried { variation, score: score? })).collect()
}

/// Measured by the same oracle and the same demand as all others, whatever its own bounds and its own `wait` are.
fn score(variation: &Variation, replay: &Replay) -> Score {
    let Replay { load, setting, baseline, .. } = replay;
    let bounded = WorldSettings { capacity: variation.policy.capacity, ..setting.clone() };
    let run = simulate(load, &bounded, &mut replay.production(&variation.policy));
    Score::of(&run, load, setting, baseline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_other_beats_stays() {
        assert_eq!(unbeaten(&[]), [0_usize; 0]);
        assert_eq!(unbeaten(&[(2.0, 1.0), (1.0, 2.0), (3.0, 0.0)]), [1, 0, 2]);
        // Dearer and later, as late and dearer, as dear and later.
        assert_eq!(unbeaten(&[(1.0, 1.0), (2.0, 2.0), (2.0, 1.0), (1.0, 3.0)]), [0]);
        assert_eq!(unbeaten(&[(1.0, 5.0), (1.0, 5.0), (4.0, 5.0)]), [0]);
    }
}
