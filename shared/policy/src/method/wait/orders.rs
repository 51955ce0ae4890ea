//! Tasks that were asked for and do not run yet, and how long starts take.

use jiff::Timestamp;

use crate::clock::since;
use crate::memory::wait::{self as memory, Order, WaitMemory};

use super::inputs::WaitInputs;
use super::intervals::{LONGEST_INTERVAL_SECONDS, USUAL_INTERVAL_SECONDS};
use super::numbers::{seconds, whole_seconds};

/// So many starts are remembered, and the slowest of them is expected. One alone would forget the slow one at once; many
/// would long remember a bad hour.
const STARTS: usize = 5;

/// Before a start was seen, half of the time allowed: patience is twice the usual (90 s of 3 min).
const EXPECTED_SHARE: f64 = 0.5;

/// At most so many orders are remembered: an evaluation every 15 s may order for four minutes. Beyond that neighbors
/// are counted as one, at the later time.
const ORDERS: usize = 16;

/// Who works, and who will.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Workers {
    /// Tasks that run and stay.
    pub(crate) running: f64,
    /// Tasks that start, each with the seconds until they run.
    pub(crate) starting: Vec<(f64, f64)>,
    /// How many seconds a task that is asked for now takes to run.
    pub(crate) startup: f64,
}

impl Workers {
    /// Tasks that run or start.
    pub(crate) fn tasks(&self) -> f64 {
        self.running + self.starting.iter().map(|(_, tasks)| tasks).sum::<f64>()
    }

    /// The same with no more than so many tasks: the youngest of those that start go first.
    pub(crate) fn reduced(&self, tasks: f64) -> Self {
        let mut workers = self.clone();
        let mut surplus = (self.tasks() - tasks).max(0.0);
        while surplus > 0.0
            && let Some((_, last)) = workers.starting.last_mut()
        {
            let canceled = last.min(surplus);
            surplus -= canceled;
            *last -= canceled;
            if *last <= 0.0 {
                workers.starting.pop();
            }
        }
        workers.running = (workers.running - surplus).max(0.0);
        workers
    }
}

/// Brings orders and starts up to date with what ECS shows. The evaluation before this one counts even if it could not see
/// the queue, or came too soon to tell anything of speed: what has risen must not rise again.
pub(crate) fn follow(next: &mut WaitMemory, seen: &WaitInputs) -> Workers {
    let before = next.last_running.replace(memory::LastRunning { at: seen.now, running: seen.running });
    let evaluated = before.map(|before| before.at);
    let ran = before.map_or(seen.running, |before| before.running);
    let ordered_at =
        seen.changed_at.filter(|at| evaluated.is_none_or(|evaluated| *at >= evaluated) && *at <= seen.now);
    let apart = evaluated.map_or(0.0, |at| seconds(since(at, seen.now)));
    let took = arrive(next, seen.running.saturating_sub(ran), ordered_at);
    if !seen.rollout {
        learn(&mut next.starts, &took, apart, seen.now);
    }
    let starting = seen.desired.saturating_sub(seen.running);
    settle(&mut next.orders, starting, ordered_at.unwrap_or(seen.now));

    let startup = expected_startup(next, seen);
    let due = |order: &Order| {
        let left = startup - seconds(since(order.at, seen.now));
        // What is overdue is expected at the next evaluation.
        let left = if left > 0.0 { left } else { LONGEST_INTERVAL_SECONDS.min(startup) };
        (left, f64::from(order.tasks))
    };
    let starting = next.orders.iter().map(due).collect();
    Workers { running: f64::from(seen.running.min(seen.desired)), starting, startup }
}

/// Tasks began to run: the oldest orders first. Gives when they were ordered.
fn arrive(next: &mut WaitMemory, mut rose: u32, ordered_at: Option<Timestamp>) -> Vec<Timestamp> {
    let mut took = Vec::new();
    while rose > 0
        && let Some(order) = next.orders.first_mut()
    {
        took.push(order.at);
        let arrived = order.tasks.min(rose);
        rose = rose.saturating_sub(arrived);
        order.tasks = order.tasks.saturating_sub(arrived);
        if order.tasks == 0 {
            next.orders.remove(0);
        }
    }
    if rose > 0 {
        took.extend(ordered_at);
    }
    took
}

/// Learns from starts how long they take. During a deployment tasks start for another reason, and nothing is learned.
fn learn(starts: &mut Vec<u32>, took: &[Timestamp], apart: f64, now: Timestamp) {
    // They began to run somewhere between two evaluations; when those were far apart, in the middle of what is too much.
    let unseen = (apart - USUAL_INTERVAL_SECONDS).max(0.0) / 2.0;
    starts.extend(took.iter().map(|at| whole_seconds(seconds(since(*at, now)) - unseen).max(1)));
    let surplus = starts.len().saturating_sub(STARTS);
    starts.drain(..surplus);
}

/// Makes the orders add up to the tasks that start: the youngest are canceled first, what is new was ordered just now.
fn settle(orders: &mut Vec<Order>, starting: u32, at: Timestamp) {
    let known = |orders: &[Order]| orders.iter().map(|order| order.tasks).fold(0, u32::saturating_add);
    while let Some(surplus) = known(orders).checked_sub(starting).filter(|surplus| *surplus > 0) {
        let Some(order) = orders.last_mut() else { break };
        let canceled = order.tasks.min(surplus);
        order.tasks = order.tasks.saturating_sub(canceled);
        if order.tasks == 0 {
            orders.pop();
        }
    }
    let new = starting.saturating_sub(known(orders));
    if new > 0 {
        orders.push(Order { at, tasks: new });
    }
    while orders.len() > ORDERS {
        let oldest = orders.remove(0);
        if let Some(neighbor) = orders.first_mut() {
            neighbor.tasks = neighbor.tasks.saturating_add(oldest.tasks);
        }
    }
}

/// The slowest of the last starts, within what the user allows.
fn expected_startup(next: &WaitMemory, seen: &WaitInputs) -> f64 {
    let allowed = seen.startup.max(1.0);
    let slowest = next.starts.iter().copied().max().map(f64::from);
    slowest.unwrap_or(allowed * EXPECTED_SHARE).clamp(1.0, allowed)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    /// Evaluations at so many tasks, at that second; the desired count was changed then, if it was.
    fn evaluate(next: &mut WaitMemory, at: i64, desired: u32, running: u32, changed: Option<i64>) -> Workers {
        let changed_at = changed.map(second);
        follow(next, &WaitInputs { changed_at, ..WaitInputs::of_tasks(desired, running).after(at) })
    }

    fn second(at: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at)
    }

    #[test]
    fn tasks_are_ordered_when_the_count_was_changed_since_the_last_evaluation_else_now() {
        for (changed, expected) in [(Some(20), 20), (Some(15), 15), (Some(0), 30), (Some(40), 30), (None, 30)]
        {
            let mut next = WaitMemory::default();
            evaluate(&mut next, 15, 10, 10, None);
            evaluate(&mut next, 30, 12, 10, changed);
            let orders = [Order { at: second(expected), tasks: 2 }];
            assert_eq!(next.orders, orders, "changed at second {changed:?}, evaluated 15 and 30");
        }
    }

    /// Half of 180 s is expected until a start was seen.
    #[test]
    fn a_task_that_is_due_is_expected_at_the_next_evaluation_and_never_at_once() {
        for (at, left) in [(0, 90.0), (60, 30.0), (89, 1.0), (90, 60.0), (500, 60.0)] {
            let mut next = WaitMemory::default();
            evaluate(&mut next, 0, 12, 10, None);
            let workers = evaluate(&mut next, at, 12, 10, None);
            assert_eq!(workers.starting, [(left, 2.0)], "after {at} s");
        }
    }

    /// Ordered in second 20 and running at the evaluation in second 60: somewhere after the evaluation in second 0.
    #[test]
    fn a_start_between_two_evaluations_far_apart_is_taken_from_the_middle() {
        for (apart, expected) in [(60, 18), (40, 8), (35, 5), (300, 138)] {
            let mut next = WaitMemory::default();
            evaluate(&mut next, 0, 10, 10, None);
            evaluate(&mut next, apart, 12, 12, Some(20));
            assert_eq!(next.starts, [expected], "evaluations {apart} s apart");
        }
    }

    #[test]
    fn beyond_sixteen_orders_the_oldest_are_counted_as_one_and_none_is_lost() {
        let mut orders = Vec::new();
        for number in 1..=18_u32 {
            settle(&mut orders, number, second(number.into()));
            let tasks: Vec<u32> = orders.iter().map(|order| order.tasks).collect();
            assert_eq!(tasks.iter().sum::<u32>(), number);
            assert_eq!(tasks.len(), usize::try_from(number).unwrap().min(ORDERS), "{tasks:?}");
        }
        assert_eq!(orders.first(), Some(&Order { at: second(3), tasks: 3 }));
    }

    #[test]
    fn of_fewer_workers_the_youngest_that_start_go_first() {
        let workers = |running: f64, starting: &[(f64, f64)]| Workers {
            running,
            starting: starting.to_vec(),
            startup: 90.0,
        };
        let all = workers(10.0, &[(30.0, 3.0), (60.0, 2.0)]);
        assert_eq!(all.reduced(20.0), all);
        assert_eq!(all.reduced(15.0), all);
        assert_eq!(all.reduced(14.0), workers(10.0, &[(30.0, 3.0), (60.0, 1.0)]));
        assert_eq!(all.reduced(13.0), workers(10.0, &[(30.0, 3.0)]));
        assert_eq!(all.reduced(12.0), workers(10.0, &[(30.0, 2.0)]));
        assert_eq!(all.reduced(10.0), workers(10.0, &[]));
        assert_eq!(all.reduced(8.0), workers(8.0, &[]));
        assert_eq!(all.reduced(0.0), workers(0.0, &[]));
    }
}
