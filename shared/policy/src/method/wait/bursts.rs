//! Bursts out of silence: what cannot be caught by tasks that start when it begins must be caught by tasks that stand.
//!
//! A burst's jobs of the first start-up time and evaluation, less the acceptable wait, have to be done within the wait
//! by what stands: the share `1 - wait / (start-up + evaluation)` of its size. Standing by costs as much, so it is done
//! only when bursts come back, and only around the times at which they have come back so far.

use jiff::Timestamp;

use crate::clock::since;
use crate::memory::wait::{Bursts, WaitMemory, four_digits};

use super::inputs::WaitInputs;
use super::numbers::{seconds, whole_tasks};

/// So many bursts are remembered: they show most of what a series does. With half as many, twice as many jobs of
/// irregular bursts are late.
const REMEMBERED: usize = 16;

/// The next burst is expected from so much before the shortest gap until so much after the longest, as a share of them.
/// Twice of it stands by for longer and costs 3% more; half of it misses a third more jobs.
const MARGIN: f64 = 0.25;

/// The next burst may be a tenth larger than the largest seen: counting noise alone makes it so.
const LARGER: f64 = 1.1;

/// A series of bursts ends when none came for so long: standing by for longer costs more than most bursts are worth.
/// Hourly ones belong to it.
const SERIES_SECONDS: f64 = 5_400.0;

/// Less work than for half a task begins no burst: it is what is left of a load that fades. Without it one batch for a service that
/// sleeps at zero is taken for a series of bursts, and its tasks stand by for hours.
const LEAST_TASKS: f64 = 0.5;

/// So many evaluations back tell what stood before a burst: it may rise over two evaluations, and with one most would
/// be missed.
const EVALUATIONS_BEFORE: usize = 2;

/// Follows bursts; gives the tasks to stand by, 0 when none must. `demand` is what the evaluation asks for without
/// bursts, and `reaction` how many seconds pass from a burst's beginning until the first task ordered for it runs.
pub(crate) fn follow(next: &mut WaitMemory, seen: &WaitInputs, load: f64, demand: u32, reaction: f64) -> u32 {
    // What no capacity could serve is no burst that standing by would catch, however often it seems to begin.
    let load = four_digits(load.min(f64::from(seen.bounds.max())));
    let share = (1.0 - seen.acceptable / reaction.max(1.0)).max(0.0);
    let stood = next.recommendations.iter().copied().min().unwrap_or(demand).max(seen.bounds.min());
    next.recommendations.push(demand);
    let surplus = next.recommendations.len().saturating_sub(EVALUATIONS_BEFORE);
    next.recommendations.drain(..surplus);

    let ago = |at: Timestamp| seconds(since(at, seen.now));
    let mut bursts = next.bursts.take().filter(|bursts| ago(bursts.at) <= SERIES_SECONDS);
    let beginning = bursts.as_ref().is_none_or(|bursts| ago(bursts.at) > reaction);
    if beginning && load >= LEAST_TASKS && load * share > f64::from(stood) {
        bursts = Some(begin(bursts, seen.now, load));
    } else if !beginning && let Some(size) = bursts.as_mut().and_then(|it| it.sizes.last_mut()) {
        *size = size.max(load);
    }
    let standing = bursts.as_ref().map_or(0, |bursts| {
        let size = bursts.sizes.iter().copied().fold(0.0, f64::max).min(f64::from(seen.bounds.max()));
        let standing = whole_tasks(LARGER * size * share).min(seen.bounds.max());
        if expects(bursts, ago(bursts.at), reaction) { standing } else { 0 }
    });
    next.bursts = bursts;
    standing
}

/// A burst begins, the next of a series or the first of a new one.
fn begin(series: Option<Bursts>, now: Timestamp, load: f64) -> Bursts {
    let Some(mut bursts) = series else {
        return Bursts { at: now, gaps: vec![], sizes: vec![load] };
    };
    let gap = since(bursts.at, now).as_secs();
    bursts.gaps.push(u32::try_from(gap).unwrap_or(u32::MAX));
    bursts.sizes.push(load);
    let surplus = bursts.sizes.len().saturating_sub(REMEMBERED);
    bursts.sizes.drain(..surplus);
    let surplus = bursts.gaps.len().saturating_sub(bursts.sizes.len().saturating_sub(1));
    bursts.gaps.drain(..surplus);
    bursts.at = now;
    bursts
}

/// Whether a burst has just begun, or the next one is due. The first of a series does not predict the next.
fn expects(bursts: &Bursts, ago: f64, reaction: f64) -> bool {
    let gaps = bursts.gaps.iter().copied().map(f64::from);
    let (shortest, longest) =
        gaps.fold((f64::MAX, 0.0), |(least, most), gap| (gap.min(least), gap.max(most)));
    let due = shortest * (1.0 - MARGIN) - reaction <= ago && ago <= longest * (1.0 + MARGIN);
    !bursts.gaps.is_empty() && (ago <= reaction || due)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    /// Bursts came back after 1,000 s and 1,200 s; a task ordered when one begins runs 100 s later.
    #[test]
    fn the_next_burst_is_expected_from_before_the_shortest_gap_until_after_the_longest() {
        let bursts =
            Bursts { at: Timestamp::UNIX_EPOCH, gaps: vec![1_000, 1_200], sizes: vec![20.0, 20.0, 20.0] };
        for (ago, expected) in [
            (0.0, true),
            (100.0, true),
            (101.0, false), // it is caught, and tasks that stand longer cost and catch nothing
            (649.0, false),
            (650.0, true), // so that they run when the shortest gap, less a quarter, is over
            (1_500.0, true),
            (1_501.0, false),
        ] {
            assert_eq!(expects(&bursts, ago, 100.0), expected, "after {ago} s");
        }
        let first = Bursts { gaps: vec![], ..bursts };
        assert!(!expects(&first, 0.0, 100.0), "the first does not predict the next");
    }

    /// With `wait: 60s` and a reaction of 120 s half of a burst has to be caught by what stands.
    #[test]
    fn a_load_that_what_stood_just_catches_is_no_burst() {
        for (load, begins) in [(20.0, false), (20.1, true)] {
            let mut next = WaitMemory { recommendations: vec![10, 12], ..WaitMemory::default() };
            follow(&mut next, &WaitInputs::of_tasks(12, 12), load, 12, 120.0);
            assert_eq!(next.bursts.is_some(), begins, "the work of {load} tasks after ten stood");
        }
    }

    /// What was ordered when it began runs after 120 s: a load that grows until then belongs to it.
    #[test]
    fn a_burst_lasts_until_what_it_ordered_runs() {
        for (ago, sizes) in [(120, vec![40.0]), (121, vec![20.0, 40.0])] {
            let at = Timestamp::UNIX_EPOCH - SignedDuration::from_secs(ago);
            let series = Bursts { at, gaps: vec![], sizes: vec![20.0] };
            let mut next =
                WaitMemory { bursts: Some(series), recommendations: vec![10, 12], ..WaitMemory::default() };
            follow(&mut next, &WaitInputs::of_tasks(12, 12), 40.0, 12, 120.0);
            assert_eq!(next.bursts.unwrap().sizes, sizes, "{ago} s later");
        }
    }

    #[test]
    fn of_a_service_at_zero_less_work_than_for_half_a_task_is_no_burst() {
        for (load, begins) in [(0.49, false), (0.5, true)] {
            let mut next = WaitMemory { recommendations: vec![0, 1], ..WaitMemory::default() };
            follow(&mut next, &WaitInputs::of_tasks(0, 0), load, 1, 120.0);
            assert_eq!(next.bursts.is_some(), begins, "the work of {load} tasks");
        }
    }

    #[test]
    fn what_stands_by_catches_its_share_of_a_burst_a_tenth_larger_than_the_largest() {
        for (sizes, reaction, expected) in [
            (vec![20.0, 40.0], 120.0, 22),
            (vec![20.0, 40.0], 240.0, 33),
            (vec![20.0, 40.0], 60.0, 0), // tasks ordered when it begins are in time
            (vec![20.0, 9_000.0], 240.0, 83),
        ] {
            let at = Timestamp::UNIX_EPOCH - SignedDuration::from_secs(1_000);
            let series = Bursts { at, gaps: vec![1_000], sizes };
            let mut next = WaitMemory { bursts: Some(series.clone()), ..WaitMemory::default() };
            let standing = follow(&mut next, &WaitInputs::of_tasks(2, 2), 0.0, 2, reaction);
            assert_eq!(standing, expected, "{series:?}, {reaction} s");
        }
    }
}
