//! Target tracking, number for number as Kubernetes and AWS document it.
//!
//! Kubernetes, "Horizontal Pod Autoscaling", algorithm details; Application Auto Scaling user guide, "Target tracking
//! scaling policies". Jobs may be interrupted here, so that one decision shows the whole step.

use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::track::LOW_FOR;
use tidegate_policy::{Decision, MetricReading, NoticeKind, OnAbsence, Track, Unit};

use crate::stage::{Stage, codes, refused, rule, seconds, service, signal, size};

/// A tracker of a built-in signal or of a metric.
pub(crate) fn track(name: &str, target: f64) -> Track {
    let signal = signal(name);
    let unit = signal.unit().unwrap_or(Unit::Count);
    Track { signal, target, unit, scale_in: true }
}

/// A service of 1 to 100 tasks with these trackers.
fn stage(tasks: u32, trackers: &[Track]) -> Stage {
    Stage::new(1, 100, &[]).tasks(tasks).with(|stage| {
        stage.policy.track = trackers.to_vec();
        stage.policy.interruptible = true;
    })
}

/// The same value for five minutes, seen five minutes after noon.
fn lasting(stage: &mut Stage, name: &str, value: f64) {
    let points: Vec<(i64, f64)> = (1..=5).map(|minute| (minute * 60, value)).collect();
    stage.points(name, &points).at(300);
}

/// So many tasks wanted and running, at a value of a target of 100.
fn at(desired: u32, running: u32, value: f64) -> Decision {
    let mut stage = stage(desired, &[track("load", 100.0)]);
    stage.seen.service = Ok(service(desired, running));
    lasting(&mut stage, "load", value);
    stage.peek()
}

#[track_caller]
fn check(desired: u32, running: u32, value: f64, expected: u32) {
    let decision = at(desired, running, value);
    assert_eq!(size(&decision), expected, "{running} of {desired} tasks at {value}: {decision}");
}

/// "If the current metric value is 200m, and the desired value is 100m, the number of replicas will be doubled, since
/// 200.0 / 100.0 = 2.0. If the current value is instead 50m, you'll halve the number of replicas."
#[test]
fn kubernetes_twice_the_target_doubles_and_half_of_it_halves() {
    check(4, 4, 200.0, 8);
    check(4, 4, 50.0, 2);
    check(10, 10, 200.0, 20);
    check(10, 10, 50.0, 5);
}

/// "The control plane skips any scaling action if the ratio is sufficiently close to 1.0 (within a configurable
/// tolerance, 0.1 by default)."
#[test]
fn kubernetes_within_a_tenth_of_the_target_nothing_changes() {
    check(10, 10, 100.0, 10);
    check(10, 10, 110.0, 10);
    check(10, 10, 110.1, 12);
    check(10, 10, 90.0, 10);
    check(10, 10, 89.9, 9);
    assert_eq!(codes(&at(10, 10, 110.0)), ["on-target"]);
    assert_eq!(codes(&at(10, 10, 90.0)), ["on-target"]);
    // The same at a target of 70%, whose tenth is no exact float.
    for (value, expected) in [(77.0, 10), (77.1, 12), (63.0, 10), (62.9, 9)] {
        let mut stage = stage(10, &[track("cpu", 70.0)]);
        lasting(&mut stage, "cpu", value);
        assert_eq!(size(&stage.peek()), expected, "{value}");
    }
}

/// Half of the way to 100% is high.
#[test]
fn a_target_of_the_cpu_that_a_tenth_above_is_out_of_reach_scales_out_all_the_same() {
    for (target, value, expected) in [
        (70.0, 77.0, 10),
        (70.0, 78.0, 12),
        (90.0, 94.9, 10),
        (90.0, 95.1, 11),
        (95.0, 97.4, 10),
        (95.0, 100.0, 11),
        (100.0, 105.0, 10), // more than was reserved, on EC2
    ] {
        let mut stage = stage(10, &[track("cpu", target)]);
        lasting(&mut stage, "cpu", value);
        assert_eq!(size(&stage.peek()), expected, "{value}% of {target}%: {}", stage.peek());
    }
    let mut stage = stage(10, &[track("load", 90.0), track("waiting_per_task", 90.0)]).waiting(951);
    lasting(&mut stage, "load", 95.1);
    assert_eq!(size(&stage.peek()), 10, "what is not bounded keeps its tenth: {}", stage.peek());
}

/// `desired = ceil(current x value / target)`; AWS: "we prioritize availability by rounding".
#[test]
fn the_number_of_tasks_is_always_rounded_up() {
    check(3, 3, 120.0, 4); // 3.6
    check(10, 10, 121.0, 13); // 12.1
    check(10, 10, 120.0, 12);
    check(7, 7, 300.0, 21);
    check(10, 10, 41.0, 5); // 4.1
    check(3, 3, 67.0, 3); // 2.01
    check(2, 2, 51.0, 2); // 1.02
}

/// "If there were any missing metrics, the control plane recomputes the average more conservatively, assuming those pods
/// were consuming 100% of the desired value in case of a scale down, and 0% in case of a scale up."
#[test]
fn kubernetes_tasks_that_are_not_measured_count_as_idle_for_growth_and_as_full_for_shrinking() {
    check(10, 5, 300.0, 15); // 5 x 3 + 5 x 0
    check(10, 8, 50.0, 6); // 8 x 0.5 + 2 x 1
    check(10, 5, 10.0, 6); // 5 x 0.1 + 5 x 1 = 5.5
}

/// "If the new ratio reverses the scale direction, or is within the tolerance, the controller doesn't take any scaling
/// action."
#[test]
fn kubernetes_nothing_changes_when_the_correction_reverses_the_direction_or_comes_within_the_tolerance() {
    check(10, 5, 150.0, 10); // 7.5 of 10
    assert_eq!(codes(&at(10, 5, 150.0)), ["tracked", "still-starting"]);
    check(10, 5, 220.0, 10); // 11 of 10
    check(10, 5, 221.0, 12); // 11.05 of 10
    check(10, 8, 88.0, 10); // 9.04 of 10
    assert_eq!(codes(&at(10, 8, 88.0)), ["on-target"]);
    check(10, 0, 500.0, 10);
}

/// AWS: while a deployment is in progress a scale-out starts from the desired count.
#[test]
fn more_tasks_than_wanted_never_make_a_scale_out_larger_nor_a_scale_in() {
    check(10, 20, 120.0, 12); // not 24
    check(10, 20, 40.0, 8); // 20 x 0.4
    check(10, 20, 60.0, 10); // 12
}

/// "If multiple metrics are specified, this calculation is done for each metric, and then the largest of the desired
/// replica counts is chosen."
#[test]
fn kubernetes_of_several_trackers_the_largest_wins() {
    let mut both = stage(10, &[track("cpu", 50.0), track("memory", 50.0)]);
    let mut check = |cpu: f64, memory: f64, expected: u32, why: &[&str]| {
        lasting(&mut both, "cpu", cpu);
        lasting(&mut both, "memory", memory);
        let decision = both.peek();
        assert_eq!((size(&decision), codes(&decision)), (expected, why.to_vec()), "{decision}");
    };
    check(100.0, 75.0, 20, &["tracked", "tracked"]);
    check(75.0, 100.0, 20, &["tracked", "tracked"]);
    check(100.0, 10.0, 20, &["tracked"]);
    check(25.0, 20.0, 5, &["tracked", "tracked"]);
    check(25.0, 40.0, 8, &["tracked", "tracked"]);
    check(25.0, 50.0, 10, &["tracked", "on-target"]);
}

/// "If any of these metrics cannot be converted into a desired replica count and a scale down is suggested by the
/// metrics which can be fetched, scaling is skipped. … the HPA is still capable of scaling up." AWS: insufficient data
/// changes nothing.
#[test]
fn a_tracker_that_is_missing_never_scales_in_and_growth_stays_possible() {
    let mut both = stage(10, &[track("cpu", 50.0), track("memory", 50.0)]);
    both.metric("memory", MetricReading::Failed(refused()));
    lasting(&mut both, "cpu", 10.0);
    let mut grows = both.clone();
    let decision = both.evaluate_and_crash();
    assert_eq!(decision.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&decision), ["tracked", "reading-missing"]);
    let notified = both.wait(60).evaluate_and_crash();
    assert!(
        notified.notices.iter().any(|it| it.kind == NoticeKind::ReadingMissing && it.begins),
        "{notified}"
    );
    lasting(&mut grows, "cpu", 100.0);
    assert_eq!(grows.peek().verdict, ScaleOut { from: 10, to: 20 });

    let mut above_max = stage(200, &[track("cpu", 50.0)]);
    above_max.metric("cpu", MetricReading::Failed(refused()));
    assert_eq!(above_max.peek().verdict, Hold { at: Some(200) });
}

/// AWS: "DisableScaleIn": such a policy never removes; others may, but not what this one's value needs.
#[test]
fn a_tracker_that_may_not_scale_in_keeps_what_its_value_needs() {
    let only_out = Track { scale_in: false, ..track("cpu", 50.0) };
    let mut alone = stage(10, std::slice::from_ref(&only_out));
    lasting(&mut alone, "cpu", 10.0);
    assert_eq!(codes(&alone.peek()), ["nothing-matches"]);
    lasting(&mut alone, "cpu", 100.0);
    assert_eq!(alone.peek().verdict, ScaleOut { from: 10, to: 20 });

    let mut beside = stage(10, &[only_out]);
    beside.policy.rules = vec![rule("waiting < 50: -5")];
    lasting(&mut beside, "cpu", 10.0);
    assert_eq!(beside.peek().verdict, ScaleIn { from: 10, to: 5 });
    lasting(&mut beside, "cpu", 40.0);
    assert_eq!(beside.peek().verdict, ScaleIn { from: 10, to: 8 });
    lasting(&mut beside, "cpu", 50.0);
    assert_eq!(beside.peek().verdict, Hold { at: Some(10) });
}

/// A source that publishes only while there is something to count.
#[test]
fn silence_that_means_zero_lets_a_tracker_scale_in() {
    let mut stage = stage(10, &[track("response_time", 1.0)]).on_absence("response_time", OnAbsence::Zero);
    for minute in 0..=5 {
        stage.points("response_time", &[]).at(minute * 60);
        let decision = stage.evaluate();
        let expected = if minute < 5 { Hold { at: Some(10) } } else { ScaleIn { from: 10, to: 1 } };
        assert_eq!(decision.verdict, expected, "{minute}: {decision}");
    }
}

#[test]
fn one_high_datapoint_is_enough_and_a_low_one_must_last_five_minutes() {
    let mut stage = stage(10, &[track("cpu", 50.0)]);
    stage.points("cpu", &[(60, 40.0), (120, 100.0)]).at(120);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 10, to: 20 });
    stage.points("cpu", &[(60, 60.0), (120, 40.0), (180, 40.0), (240, 40.0), (300, 40.0)]).at(300);
    let four = stage.peek();
    assert_eq!((size(&four), codes(&four)), (10, vec!["low-not-long-enough"]));
    stage.points("cpu", &[(60, 40.0), (120, 40.0), (180, 40.0), (240, 40.0), (300, 40.0)]);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 10, to: 8 });
    assert_eq!(LOW_FOR, seconds(300));
    // A hole begins anew.
    stage.points("cpu", &[(60, 40.0), (180, 40.0), (240, 40.0), (300, 40.0)]);
    assert_eq!(codes(&stage.peek()), ["low-not-long-enough"]);
}

/// The tasks just added run, but the newest datapoint was measured before: it asks for what it asked for then.
#[test]
fn a_datapoint_speaks_of_the_tasks_that_ran_when_it_was_measured() {
    let mut stage = stage(5, &[track("cpu", 50.0)]);
    stage.policy.cooldown.scale_out = seconds(0);
    assert_eq!(stage.answer("cpu", &[(60, 100.0)]).at(90).evaluate().verdict, ScaleOut { from: 5, to: 10 });
    stage.answer("cpu", &[(60, 100.0), (120, 100.0)]);
    let starting = stage.at(150).evaluate();
    assert_eq!(codes(&starting), ["tracked", "still-starting"]);
    stage.arrive().answer("cpu", &[(120, 100.0), (180, 100.0)]);
    assert_eq!(stage.at(210).evaluate().verdict, Hold { at: Some(10) }, "ten run, five were measured");
    stage.answer("cpu", &[(240, 60.0)]);
    assert_eq!(
        stage.at(270).evaluate().verdict,
        Hold { at: Some(10) },
        "measured while the tasks began to run"
    );
    stage.answer("cpu", &[(300, 60.0)]);
    assert_eq!(stage.at(330).evaluate().verdict, ScaleOut { from: 10, to: 12 });
}

/// A backlog per task is a share of the whole queue: `ceil(waiting / target)`.
#[test]
fn a_backlog_per_task_is_the_whole_queue_by_its_target() {
    let check = |tasks: u32, waiting: u64, expected: u32| {
        let mut stage = stage(tasks, &[track("waiting_per_task", 10.0)]).waiting(waiting);
        stage.policy.capacity = tidegate_policy::Capacity::new(0, 100).unwrap();
        assert_eq!(size(&stage.peek()), expected, "{tasks} tasks, {waiting} waiting");
    };
    check(5, 200, 20);
    check(5, 55, 5);
    check(5, 56, 6);
    check(0, 0, 0);
    check(0, 1, 1);
    check(0, 200, 20);
}

/// AWS: from zero a service gets its minimum with the first datapoint that is not zero.
#[test]
fn from_zero_a_service_gets_its_minimum_with_the_first_datapoint_that_is_not_zero() {
    let check = |value: f64, min: u32, expected: u32| {
        let mut stage = stage(0, &[track("requests", 100.0)]);
        stage.policy.capacity = tidegate_policy::Capacity::new(min, 100).unwrap();
        stage.memory.zeroed = true;
        lasting(&mut stage, "requests", value);
        assert_eq!(size(&stage.peek()), expected, "{value} at a minimum of {min}");
    };
    check(0.0, 0, 0);
    check(1.0, 0, 1);
    check(900.0, 0, 1);
    check(900.0, 3, 3);
}

#[test]
fn a_metric_without_a_vote_neither_asks_nor_stops() {
    let mut stage = stage(10, &[track("requests", 100.0)]).on_absence("requests", OnAbsence::NoVote);
    stage.policy.rules = vec![rule("waiting < 50: -2")];
    stage.points("requests", &[]);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 10, to: 8 });
}

#[test]
fn rules_and_trackers_want_the_largest_and_agree_on_the_smaller() {
    let mut stage = stage(10, &[track("cpu", 50.0)]);
    stage.policy.rules = vec![rule("waiting > 500: +5"), rule("waiting < 50: -4")];
    let mut check = |waiting: u64, cpu: f64, expected: u32, why: &[&str]| {
        stage.queue().waiting = waiting;
        lasting(&mut stage, "cpu", cpu);
        let decision = stage.peek();
        assert_eq!((size(&decision), codes(&decision)), (expected, why.to_vec()), "{decision}");
    };
    check(501, 60.0, 15, &["rule-matched"]);
    check(501, 100.0, 20, &["tracked", "rule-matched"]);
    check(501, 10.0, 15, &["rule-matched"]);
    check(200, 100.0, 20, &["tracked"]);
    check(0, 100.0, 20, &["tracked"]);
    check(0, 40.0, 8, &["tracked", "rule-matched"]);
    check(0, 10.0, 6, &["tracked", "rule-matched"]);
    check(0, 50.0, 10, &["on-target", "rule-matched"]);
    check(200, 10.0, 10, &["tracked", "not-agreed"]);
}

#[test]
fn beside_wait_nothing_leaves_while_wait_only_watches() {
    let mut stage = stage(10, &[track("cpu", 50.0)]);
    stage.policy.wait = Some(seconds(60));
    lasting(&mut stage, "cpu", 10.0);
    let decision = stage.peek();
    assert_eq!(decision.verdict, Hold { at: Some(10) });
    assert_eq!(codes(&decision), ["tracked", "watching"]);
    lasting(&mut stage, "cpu", 100.0);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 10, to: 20 });
}

#[test]
fn scale_in_takes_one_task_per_decision_unless_jobs_may_be_interrupted() {
    let mut stage = stage(10, &[track("cpu", 50.0)]);
    stage.policy.interruptible = false;
    lasting(&mut stage, "cpu", 10.0);
    let decision = stage.peek();
    assert_eq!(decision.verdict, ScaleIn { from: 10, to: 9 });
    assert_eq!(codes(&decision), ["tracked", "one-task-at-a-time"]);
}

/// A closed circle: a load that is spread over the running tasks, datapoints of a minute that arrive two minutes late,
/// tasks that run 90 seconds after they were asked for, and an evaluation a minute. Gives the desired count of every
/// evaluation.
fn circle(load: f64, tasks: u32, minutes: i64) -> Vec<u32> {
    let mut stage = stage(tasks, &[track("cpu", 70.0)]);
    stage.policy.interruptible = false;
    let mut asked = vec![(-600, tasks)];
    let running = |asked: &[(i64, u32)], at: i64| {
        let now = asked.last().map_or(0, |(_, tasks)| *tasks);
        let before = asked.iter().rev().find(|(since, _)| at - since >= 90).map_or(now, |(_, tasks)| *tasks);
        before.min(now)
    };
    let mut measured: Vec<(i64, f64)> = vec![];
    let mut seen = vec![];
    for minute in 0..minutes {
        let now = minute * 60;
        measured.push((now + 60, (load / f64::from(running(&asked, now + 30))).min(100.0)));
        let arrived: Vec<(i64, f64)> = measured.iter().filter(|(end, _)| end + 120 <= now).copied().collect();
        stage.service().running_count = running(&asked, now);
        let decision = stage.answer("cpu", &arrived).at(now).evaluate();
        if let Some((_, to)) = decision.verdict.as_change() {
            asked.push((now, to));
        }
        seen.push(stage.service().desired_count);
    }
    seen
}

#[test]
fn under_a_constant_load_it_finds_its_size_and_stays_there() {
    for (load, tasks) in [(700.0, 2), (700.0, 10), (700.0, 14), (2_345.0, 5), (130.0, 1), (500.0, 60)] {
        let seen = circle(load, tasks, 600);
        let (last, needed) = (*seen.last().unwrap(), load / 70.0);
        assert!(
            f64::from(last) >= needed / 1.1 && f64::from(last) <= (needed / 0.9).ceil() + 1.0,
            "{load}: {seen:?}"
        );
        assert!(seen[420..].iter().all(|size| *size == last), "{load} from {tasks}: {seen:?}");
        let most = *seen.iter().max().unwrap();
        assert!(
            f64::from(most) <= f64::from(tasks).max((needed * 1.1).ceil() + 1.0),
            "{load} from {tasks}: {seen:?}"
        );
    }
}
