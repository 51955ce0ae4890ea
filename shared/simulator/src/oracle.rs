//! The limit: what an autoscaler that knows the future would pay, and what no plan can go below.

use std::collections::VecDeque;

use crate::load::Load;
use crate::number::{place, real, tasks};
use crate::step::STEP;
use crate::world::{self, LEAST_BILLED_SECONDS, Run, WorldSettings};

/// The oracle plans this far ahead: ten minutes, well beyond every acceptable wait it is asked for. Longer changes the
/// cost by less than a thousandth.
const HORIZON_STEPS: usize = 40;

/// A plan made with perfect knowledge: no job waits longer than acceptable that need not, at the least cost found.
/// Tasks are ordered early enough, and paid while they start.
#[must_use]
pub fn oracle(load: &Load, setting: &WorldSettings) -> Run {
    let start_steps = place(setting.starts.seconds / STEP);
    let supply = closed(&plan(load, setting), start_steps);
    let Bill { started, unlived_seconds } = bill(&supply, start_steps);
    let billed = billed(&supply, start_steps);
    Run { billed, starts: started, unlived_seconds, ..world::supplied(load, setting, &supply) }
}

/// The least constant size at each step that meets all deadlines of the horizon, were it kept.
fn plan(load: &Load, setting: &WorldSettings) -> Vec<u32> {
    let arrived = sums(load.arrivals());
    let due = due(&arrived, setting);
    let per_task = setting.throughput * STEP;
    let all = arrived.last().copied().unwrap_or(0.0);
    let mut done = 0.0;
    let mut supply = Vec::with_capacity(load.steps());
    for arrived in arrived.iter().skip(1) {
        let next = supply.len() + 1;
        let needed = (1..=HORIZON_STEPS)
            .map(|ahead| {
                (due.get(next + ahead - 1).copied().unwrap_or(all) - done) / (real(ahead) * per_task)
            })
            .fold(f64::NEG_INFINITY, f64::max);
        let size = setting.capacity.clamp(tasks(needed));
        supply.push(size);
        done += (arrived - done).min(f64::from(size) * per_task);
    }
    supply
}

/// How many jobs must be done by each edge of a step. A deadline that the maximum cannot meet moves the work before it
/// forward as far as there is work, and no further.
fn due(arrived: &[f64], setting: &WorldSettings) -> Vec<f64> {
    let patience = place(setting.acceptable_wait_seconds / STEP).saturating_sub(1);
    let most = f64::from(setting.capacity.max()) * setting.throughput * STEP;
    let mut due: Vec<f64> = std::iter::repeat_n(0.0, patience.min(arrived.len()))
        .chain(arrived.iter().copied())
        .take(arrived.len())
        .collect();
    let mut after = f64::NEG_INFINITY;
    for (due, arrived) in due.iter_mut().zip(arrived).rev() {
        *due = due.max(after - most).min(*arrived);
        after = *due;
    }
    due
}

/// Running sums, beginning with zero.
fn sums(values: &[f64]) -> Vec<f64> {
    let running = values.iter().scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    });
    std::iter::once(0.0).chain(running).collect()
}

/// Fills valleys shorter than a start: stopping and starting again would cost more.
fn closed(supply: &[u32], start_steps: usize) -> Vec<u32> {
    let Some(&lowest) = supply.iter().min().filter(|_| start_steps > 0) else { return supply.to_vec() };
    let pad = || std::iter::repeat_n(lowest, start_steps);
    let padded: Vec<u32> = pad().chain(supply.iter().copied()).chain(pad()).collect();
    let highest = sliding(&padded, start_steps + 1, |one, other| one >= other);
    sliding(&highest, start_steps + 1, |one, other| one <= other)
}

/// The best of each window of that width.
fn sliding(values: &[u32], width: usize, better: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    let mut best: VecDeque<(usize, u32)> = VecDeque::new();
    let mut found = Vec::with_capacity(values.len());
    for (index, &value) in values.iter().enumerate() {
        while best.back().is_some_and(|(_, last)| better(value, *last)) {
            best.pop_back();
        }
        best.push_back((index, value));
        while best.front().is_some_and(|(first, _)| first + width <= index) {
            best.pop_front();
        }
        if index + 1 >= width {
            found.extend(best.front().map(|(_, value)| *value));
        }
    }
    found
}

/// Every increase is ordered a start earlier, and paid from then on.
fn billed(supply: &[u32], start_steps: usize) -> Vec<f64> {
    let before = supply.first().into_iter().chain(supply);
    let increases: Vec<u32> =
        supply.iter().zip(before).map(|(now, before)| now.saturating_sub(*before)).collect();
    let mut ahead: u32 = increases.iter().skip(1).take(start_steps).sum();
    let mut billed = Vec::with_capacity(supply.len());
    for (step, serving) in supply.iter().enumerate() {
        billed.push(f64::from(serving.saturating_add(ahead)));
        ahead += increases.get(step + 1 + start_steps).copied().unwrap_or(0);
        ahead -= increases.get(step + 1).copied().unwrap_or(0);
    }
    billed
}

/// What is billed beyond the tasks of each step.
struct Bill {
    started: u64,
    unlived_seconds: f64,
}

/// How many tasks a plan starts, and what a minute of each at least adds; the oldest stop first, which is the cheapest.
fn bill(supply: &[u32], start_steps: usize) -> Bill {
    let mut bill = Bill { started: 0, unlived_seconds: 0.0 };
    let before = supply.first().into_iter().chain(supply);
    // When tasks began to serve, and how many then; those of the first step did so before.
    let mut serving: VecDeque<(usize, u32)> = VecDeque::new();
    let mut before_the_load = supply.first().copied().unwrap_or(0);
    for (step, (&now, &before)) in supply.iter().zip(before).enumerate() {
        if now > before {
            serving.push_back((step, now - before));
            bill.started = bill.started.saturating_add((now - before).into());
        }
        let mut stop = before.saturating_sub(now);
        let old = stop.min(before_the_load);
        (before_the_load, stop) = (before_the_load - old, stop - old);
        while stop > 0
            && let Some((since, tasks)) = serving.front_mut()
        {
            let gone = stop.min(*tasks);
            (*tasks, stop) = (*tasks - gone, stop - gone);
            let lived = real(step - *since + start_steps) * STEP;
            bill.unlived_seconds += f64::from(gone) * (LEAST_BILLED_SECONDS - lived).max(0.0);
            if *tasks == 0 {
                serving.pop_front();
            }
        }
    }
    bill
}

/// Worker-hours that no plan can go below which does all the work within the load's time.
///
/// Proof: a task does at most `throughput` jobs a second, so all jobs need `jobs / throughput` task-seconds, however
/// they are spread; and the minimum is paid all the time, whether there is work or not.
#[must_use]
pub fn worker_hours_least(load: &Load, setting: &WorldSettings) -> f64 {
    let work = load.jobs() / setting.throughput;
    let minimum = f64::from(setting.capacity.min()) * load.seconds();
    work.max(minimum) / 3_600.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_billed_a_minute_of_every_task_it_starts() {
        let billed = |supply: &[u32]| {
            let Bill { started, unlived_seconds } = bill(supply, 2);
            (started, unlived_seconds)
        };
        // Two starts of 30 s and a step of 15 s each: a quarter of a minute is missing.
        assert_eq!(billed(&[0, 2, 0]), (2, 30.0));
        assert_eq!(billed(&[0, 2, 2, 0]), (2, 0.0));
        // Of a plan that goes on those stop that ran before.
        assert_eq!(billed(&[5, 7, 5, 5]), (2, 0.0));
        assert_eq!(billed(&[1, 3, 0, 1]), (3, 30.0));
    }
}
