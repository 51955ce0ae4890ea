//! Tasks that stop and are replaced, again and again, as tasks do that are overloaded: what is tracked goes on.

use jiff::SignedDuration;
use tidegate_policy::{Datapoint, MetricReading, Verdict};

use crate::stage::{Stage, noon, seconds, service, size};
use crate::track::track;

/// A service that tracks its CPU at 50%, and evaluations once a minute.
#[derive(Debug, Clone, Copy)]
struct Restarts {
    /// The tasks at first.
    tasks: u32,
    /// A task stops every so many minutes.
    every: i64,
    /// The next one runs so many seconds later.
    down: i64,
    /// Seconds of a datapoint's period.
    period: i64,
    /// A datapoint can be read so many minutes after its end.
    delay: i64,
}

impl Restarts {
    /// How many of the desired tasks run at a second.
    fn running(self, desired: u32, second: i64) -> u32 {
        let stopped = (second + 7).rem_euclid(self.every * 60) < self.down;
        if stopped { desired - 1 } else { desired }
    }

    /// The datapoints that can be read at a second, at such a load of tasks at 100%.
    fn read(self, now: i64, load: impl Fn(i64) -> f64, history: &[(i64, u32)]) -> MetricReading {
        let newest = (now - self.delay * 60).div_euclid(self.period) * self.period;
        let ends = (0..7).rev().map(|back| newest - back * self.period);
        let value = |end: i64| {
            let (mut used, mut measured) = (0.0, 0.0);
            for second in (end - self.period..end).step_by(5) {
                let desired =
                    history.iter().rev().find(|(since, _)| *since <= second).unwrap_or(&history[0]).1;
                let running = f64::from(self.running(desired, second));
                used += load(second).min(running);
                measured += running;
            }
            100.0 * used / measured
        };
        let points = ends.map(|end| Datapoint { at: noon() + seconds(end), value: value(end) }).collect();
        MetricReading::Points { period: seconds(self.period), points }
    }

    /// The desired count at each minute; tasks that are added run a minute later.
    fn day(self, minutes: i64, load: impl Fn(i64) -> f64) -> Vec<u32> {
        let mut stage = Stage::new(1, 200, &[]).tasks(self.tasks).no_queue();
        stage.policy.track = vec![track("cpu", 50.0)];
        stage.policy.cooldown.scale_in = SignedDuration::from_mins(1);
        let (mut desired, mut history) = (self.tasks, vec![(-7_200, self.tasks)]);
        let mut all = vec![];
        for minute in 0..minutes {
            let now = minute * 60 + 20;
            let started = history.iter().rev().find(|(since, _)| *since <= now).unwrap().1;
            let running = self.running(started.min(desired), now);
            stage.seen.service = Ok(service(desired, running));
            stage.service().pending_count = desired - running;
            stage.metric("cpu", self.read(now, &load, &history));
            match stage.at(now).evaluate().verdict {
                Verdict::ScaleOut { to, .. } => {
                    desired = to;
                    history.push((now + 60, to));
                }
                Verdict::ScaleIn { to, .. } => {
                    desired = to;
                    history.push((now, to));
                }
                Verdict::Hold { .. } => {}
            }
            all.push(desired);
        }
        all
    }
}

/// Each interval of restarts, period and delay that there is.
fn each(tasks: u32, down: i64) -> Vec<Restarts> {
    let mut all = vec![];
    for every in 1..=20 {
        for (period, delay) in [(60, 1), (60, 2), (60, 3), (300, 1), (300, 2), (300, 3)] {
            all.push(Restarts { tasks, every, down, period, delay });
        }
    }
    all
}

/// From minute 40 on all tasks are at 100% of a 50% target: the first scale-out comes with the first datapoint that shows
/// it, so within two periods and the delay; restarts add nothing to that.
#[test]
fn a_restart_every_few_minutes_never_delays_a_scale_out() {
    let load = |second: i64| if second < 2_400 { 4.5 } else { 1_000.0 };
    for restarts in each(10, 45).into_iter().chain(each(10, 20)) {
        let seen = restarts.day(80, load);
        let first = seen.iter().position(|desired| *desired > 10).expect("a scale-out");
        let late = i64::try_from(first).unwrap() - 40;
        let allowed = (restarts.period * 2).div_euclid(60) + restarts.delay;
        assert!(late <= allowed, "{late} minutes instead of {allowed}: {restarts:?} {seen:?}");
        assert!(seen[first] >= 18 && seen[first] <= 20, "{restarts:?} {seen:?}");
    }
}

/// A small service has nearly half of its tasks missing then, and is as overloaded.
#[test]
fn two_tasks_of_which_one_restarts_every_few_minutes_scale_out_as_soon() {
    let load = |second: i64| if second < 2_400 { 0.9 } else { 1_000.0 };
    for restarts in each(2, 20) {
        let seen = restarts.day(80, load);
        let first = seen.iter().position(|desired| *desired > 2).expect("a scale-out");
        let late = i64::try_from(first).unwrap() - 40;
        let allowed = (restarts.period * 2).div_euclid(60) + restarts.delay;
        assert!(late <= allowed, "{late} minutes instead of {allowed}: {restarts:?} {seen:?}");
    }
}

/// At 15% of a 50% target, four of twelve tasks are needed, and they are all that is left within an hour.
#[test]
fn a_restart_every_few_minutes_never_keeps_what_is_not_needed() {
    for restarts in each(12, 45) {
        let seen = restarts.day(120, |_| 1.8);
        let left = *seen.last().unwrap();
        assert!((4..=5).contains(&left), "{restarts:?} {seen:?}");
        assert!(seen.iter().all(|desired| *desired >= 4), "never fewer than needed: {restarts:?} {seen:?}");
    }
}

/// What was added is not ordered again, whatever restarts meanwhile: a constant load is met once and stays met.
#[test]
fn a_load_that_doubles_is_met_once_whatever_restarts() {
    for restarts in each(10, 45) {
        let seen = restarts.day(180, |second| if second < 2_400 { 5.0 } else { 9.0 });
        let most = *seen.iter().max().unwrap();
        assert!((17..=21).contains(&most), "{restarts:?} {seen:?}");
        assert!(seen[80..].iter().all(|desired| (17..=21).contains(desired)), "{restarts:?} {seen:?}");
    }
}

/// Twenty restarts of ten tasks and a change of size an evaluation: the memory stays as small.
#[test]
fn however_often_the_count_changes_it_is_remembered_in_so_few_bytes() {
    let mut stage = Stage::new(1, 5_000, &[]).no_queue();
    stage.policy.track = vec![track("cpu", 50.0)];
    for evaluation in 0..500_i64 {
        let running = u32::try_from(4_000 + (evaluation * 7_919) % 1_000).unwrap();
        stage.seen.service = Ok(service(5_000, running));
        stage.at(evaluation * 15).evaluate();
    }
    let text = serde_json::to_string(&stage.memory.ran).unwrap();
    assert!(text.len() <= 290, "{} bytes: {text}", text.len());
    assert_eq!(size(&stage.peek()), 5_000);
}
