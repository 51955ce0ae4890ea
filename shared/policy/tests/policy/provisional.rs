//! The newest minutes of CloudWatch are provisional: they appear in part and grow, and are read again until they stay.

use proptest::prelude::*;
use tidegate_policy::Severity::Warning;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::{Cooldown, Datapoint, MetricReading, OnAbsence};

use crate::arbitrary::{Range, case};
use crate::floor::monitors;
use crate::properties::size as size_of;
use crate::stage::{SETTLES_AFTER, Stage, codes, noon, seconds, size};
use crate::track::track;

/// The last 20 minutes of a steady load as a load balancer publishes them: of the newest minute three tenths have
/// arrived, of the one before seven.
fn growing(stage: &mut Stage, name: &str, now: i64, value: f64) {
    let newest = now.div_euclid(60);
    let points: Vec<(i64, f64)> = (newest - 20..=newest)
        .map(|minute| match newest - minute {
            0 => (minute * 60, value * 0.3),
            1 => (minute * 60, value * 0.7),
            _ => (minute * 60, value),
        })
        .collect();
    stage.answer(name, &points);
}

/// Five tasks without a queue; cooldowns of a minute, so that nothing but the readings holds.
fn api(rules: &[&str]) -> Stage {
    Stage::new(1, 50, rules)
        .no_queue()
        .with(|stage| stage.policy.cooldown = Cooldown { scale_out: seconds(60), scale_in: seconds(60) })
}

/// Evaluations once a minute for an hour at a steady load whose newest minutes grow; gives the size at the end.
fn an_hour(mut stage: Stage, name: &str, value: f64) -> u32 {
    for minute in 0..60 {
        let now = minute * 60 + 5;
        growing(&mut stage, name, now, value);
        stage.arrive().at(now).evaluate();
    }
    stage.service().desired_count
}

#[test]
fn minutes_that_grow_never_scale_in_under_a_steady_load() {
    for rule in ["requests < 500: -1", "requests < 500 for 5m: -1", "requests <= 900 for 2m: -10%"] {
        assert_eq!(an_hour(api(&[rule]), "requests", 1_200.0), 5, "{rule}");
        assert!(an_hour(api(&[rule]), "requests", 400.0) < 5, "{rule}: what is low in full scales in");
    }
    let tracked = api(&[]).with(|stage| stage.policy.track = vec![track("cpu", 70.0)]);
    assert_eq!(an_hour(tracked, "cpu", 70.0), 5);
}

#[test]
fn minutes_that_grow_keep_no_load_from_scaling_out() {
    for rule in ["requests > 1000: +1", "requests > 1000 for 5m: +1", "requests >= 1200 for 3m: +10%"] {
        assert!(an_hour(api(&[rule]), "requests", 1_200.0) > 5, "{rule}");
        assert_eq!(an_hour(api(&[rule]), "requests", 990.0), 5, "{rule}");
    }
}

/// The load jumps with the minute that ended just now.
#[test]
fn a_young_datapoint_that_breaches_upward_scales_out_at_once() {
    let (calm, high) = ([(-240, 300.0), (-180, 300.0)], [(-120, 1_100.0), (-60, 1_100.0), (0, 1_100.0)]);
    for (rule, breaching) in
        [("requests > 1000: +2", 1), ("requests > 1000 for 2m: +2", 2), ("requests > 1000 for 3m: +2", 3)]
    {
        let mut stage = api(&[rule]);
        let young = |count: usize| [&calm[..], &high[3 - count..]].concat();
        stage.answer("requests", &young(breaching));
        assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 7 }, "{rule}");
        stage.answer("requests", &young(breaching - 1));
        assert_eq!(stage.peek().verdict, Hold { at: Some(5) }, "{rule}");
    }
}

/// CloudWatch may show a minute after the next one: the one that is missing may still come, and ends nothing.
#[test]
fn a_young_datapoint_that_is_missing_does_not_end_a_wait() {
    let all: Vec<(i64, f64)> = (-9..=0).map(|minute| (minute * 60, 1_100.0)).collect();
    for missing in [-120, -60, 0] {
        let mut stage = api(&["requests > 1000 for 5m: +2"]);
        let shown: Vec<_> = all.iter().copied().filter(|(at, _)| *at != missing).collect();
        stage.answer("requests", &shown);
        assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 7 }, "without the minute of {missing} s");
    }
}

/// A minute of 20 % and four of 10 %: the first is over before its `for` has begun, the last holds everything.
#[test]
fn a_young_datapoint_that_is_not_low_stops_a_scale_in_at_once() {
    let mut stage = api(&["cpu < 30% for 5m: -1"]);
    let low: Vec<(i64, f64)> = (-10..=0).map(|minute| (minute * 60, 10.0)).collect();
    stage.answer("cpu", &low);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 5, to: 4 });
    stage.answer("cpu", &[&low[..10], &[(0, 80.0)]].concat());
    let held = stage.peek();
    assert_eq!((held.verdict, codes(&held)), (Hold { at: Some(5) }, vec!["nothing-matches"]));
    // An evaluation between two answers knows it too.
    stage.evaluate();
    stage.metric("cpu", MetricReading::NotRead);
    assert_eq!(stage.at(15).evaluate().verdict, Hold { at: Some(5) });
    assert_eq!(stage.at(45).evaluate().verdict, Hold { at: Some(5) });
}

/// A rule that goes down on a high value needs one that stays, as every scale-in does.
#[test]
fn whatever_the_comparison_only_what_is_settled_scales_in() {
    for rule in ["free_slots > 100: -1", "free_slots > 100: =2", "free_slots > 100 for 2m: -1"] {
        let mut stage = api(&[rule]);
        stage.answer("free_slots", &[(-180, 50.0), (-120, 200.0), (-60, 200.0), (0, 200.0)]);
        assert_eq!(stage.peek().verdict, Hold { at: Some(5) }, "{rule}");
        stage.answer("free_slots", &[(-240, 200.0), (-180, 200.0), (-120, 200.0), (-60, 200.0)]);
        assert_eq!(stage.peek().verdict, ScaleIn { from: 5, to: 4 }, "{rule}");
    }
}

/// One minute of 90 %: it steps once, and not again while the minutes after it are young.
#[test]
fn one_high_minute_is_one_step() {
    let mut stage = api(&["cpu > 70%: +2"]);
    let mut sizes = vec![];
    for minute in 0..8 {
        let value = |at: i64| if at == 0 { 90.0 } else { 50.0 };
        let points: Vec<(i64, f64)> = (minute - 10..=minute).map(|at| (at * 60, value(at))).collect();
        stage.answer("cpu", &points);
        sizes.push(size(&stage.arrive().at(minute * 60 + 5).evaluate()));
        stage.metric("cpu", MetricReading::NotRead);
        sizes.push(size(&stage.arrive().wait(45).evaluate()));
    }
    assert_eq!(sizes, [7; 16]);
}

/// Two minutes of a new load after one that is young and lower: they are a run of their own.
#[test]
fn a_young_datapoint_without_a_breach_begins_no_wait_for_those_after_it() {
    let mut stage = api(&["requests > 1000 for 2m: +2"]);
    stage.answer("requests", &[(-180, 300.0), (-120, 300.0), (-60, 1_100.0), (0, 1_100.0)]);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 7 });
}

#[test]
fn what_was_read_once_is_read_again_and_corrected() {
    let mut stage = api(&["requests < 500 for 5m: -1"]);
    let at = |minutes: &[(i64, f64)]| minutes.iter().map(|(m, v)| (m * 60, *v)).collect::<Vec<_>>();
    // Five minutes that settled low ...
    stage.answer("requests", &at(&[(0, 400.0), (1, 400.0), (2, 400.0), (3, 400.0)]));
    stage.at(360).evaluate_and_crash();
    assert_eq!(stage.memory.runs.len(), 1);
    // Upward the same: a minute that settled below the threshold, and rose above it later, is a part of the run.
    let mut rising = api(&["requests > 1000 for 5m: +1"]);
    rising.answer("requests", &at(&[(0, 1_100.0), (1, 900.0), (2, 1_100.0), (3, 1_100.0)]));
    rising.at(360).evaluate_and_crash();
    rising.answer("requests", &at(&[(0, 1_100.0), (1, 1_100.0), (2, 1_100.0), (3, 1_100.0), (4, 1_100.0)]));
    assert_eq!(rising.at(420).evaluate_and_crash().verdict, ScaleOut { from: 5, to: 6 });
    // ... and one of them has grown meanwhile: CloudWatch's values converge for up to ten minutes.
    let corrected = at(&[(0, 400.0), (1, 400.0), (2, 900.0), (3, 400.0), (4, 400.0)]);
    stage.answer("requests", &corrected);
    let held = stage.at(420).evaluate_and_crash();
    assert_eq!((held.verdict, codes(&held)), (Hold { at: Some(5) }, vec!["rule-not-long-enough"]));
}

/// Errors in percent of requests: while either count is still growing the share is wrong in both directions.
#[test]
fn a_ratio_says_nothing_until_it_has_settled() {
    let mut stage = api(&["errors > 5%: +2", "cpu < 30%: -1"]).ratio("errors", OnAbsence::NoVote);
    stage.answer("cpu", &[(-180, 50.0)]);
    stage.answer("errors", &[(-180, 1.0), (-120, 80.0), (-60, 80.0), (0, 80.0)]);
    assert_eq!(stage.peek().verdict, Hold { at: Some(5) });
    stage.answer("errors", &[(-240, 1.0), (-180, 80.0), (-120, 0.0), (-60, 0.0)]);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 7 });
    // Where it would let something go, its young datapoints still have a say.
    let mut lowers = api(&["errors < 5%: -1"]).ratio("errors", OnAbsence::NoVote);
    lowers.answer("errors", &[(-180, 1.0), (-60, 80.0)]);
    assert_eq!(lowers.peek().verdict, Hold { at: Some(5) });
}

#[test]
fn a_condition_is_not_called_over_by_a_young_low_value() {
    let mut stage = api(&["cpu < 1%: -1"]).notify("requests > 1000", Warning);
    let notified = |stage: &mut Stage| -> Vec<String> {
        stage.evaluate().notices.iter().map(ToString::to_string).collect()
    };
    stage.answer("cpu", &[(0, 50.0)]);
    stage.answer("requests", &[(-60, 900.0), (0, 1_100.0)]);
    assert_eq!(notified(stage.at(5)), ["requests 1,100 > 1000"]);
    stage.metric("requests", MetricReading::NotRead);
    assert_eq!(notified(stage.at(20)), [""; 0]);
    for minute in 1..=3 {
        growing(&mut stage, "requests", minute * 60, 1_100.0);
        assert_eq!(notified(stage.at(minute * 60 + 5)), [""; 0], "{minute}");
    }
    stage.answer("requests", &[(180, 1_100.0), (240, 200.0), (300, 200.0)]);
    assert_eq!(notified(stage.at(305)), [""; 0], "two low minutes that may still grow");
    stage.answer("cpu", &[(420, 50.0)]);
    assert_eq!(notified(stage.at(425)), ["RESOLVED: requests 200 (was above 1000)"]);
}

#[test]
fn a_young_value_raises_a_floor_and_lowers_none() {
    let mut stage = api(&["cpu < 1%: -1"]).with(|stage| stage.policy.floor = Some(monitors()));
    stage.answer("cpu", &[(-180, 50.0)]);
    stage.answer("monitors", &[(-180, 1_000.0), (-60, 10_000.0), (0, 50.0)]);
    assert_eq!(stage.evaluate().bounds.min(), 15);
    stage.metric("monitors", MetricReading::NotRead);
    assert_eq!(stage.at(15).evaluate().bounds.min(), 15);
    stage.answer("monitors", &[(-180, 1_000.0), (-60, 50.0), (0, 50.0)]);
    assert_eq!(stage.at(30).evaluate().bounds.min(), 5);
}

#[test]
fn a_tracker_grows_by_a_young_value_and_shrinks_by_none() {
    let mut stage = api(&[]).with(|stage| stage.policy.track = vec![track("cpu", 50.0)]);
    let settled: Vec<(i64, f64)> = (-10..=-3).map(|minute| (minute * 60, 40.0)).collect();
    stage.answer("cpu", &[&settled[..], &[(0, 100.0)]].concat());
    assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 10 });
    stage.answer("cpu", &[&settled[..], &[(0, 52.0)]].concat());
    assert_eq!(codes(&stage.peek()), ["on-target"]);
    stage.answer("cpu", &[&settled[..], &[(0, 1.0)]].concat());
    assert_eq!(stage.peek().verdict, ScaleIn { from: 5, to: 4 }, "by the 40 % that are settled");
    let four: Vec<(i64, f64)> = [(-6, 60.0), (-5, 1.0), (-4, 1.0), (-3, 1.0), (-2, 1.0), (-1, 1.0), (0, 1.0)]
        .map(|(minute, value)| (minute * 60, value))
        .to_vec();
    stage.answer("cpu", &four);
    assert_eq!(codes(&stage.peek()), ["low-not-long-enough"], "six low minutes, of which three are settled");
}

#[test]
fn of_several_young_values_the_largest_asks() {
    for factor in [1.0, 1.4] {
        let mut stage = api(&[]).with(|stage| stage.policy.track = vec![track("cpu", 50.0)]);
        stage.answer("cpu", &[(-60, 90.0 * factor), (0, 48.0 * factor)]);
        assert_eq!(size(&stage.peek()), if factor > 1.0 { 13 } else { 9 }, "{factor}");
    }
}

/// The first requests after a quiet night: what is settled is still no request at all.
#[test]
fn the_first_minutes_after_silence_scale_out_and_scale_nothing_in() {
    let rules = ["requests > 100 for 2m: +1", "requests < 10: -1"];
    let mut stage = api(&rules).on_absence("requests", OnAbsence::Zero);
    stage.answer("requests", &[(-7_200, 5.0)]);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 5, to: 4 }, "silence");
    stage.answer("requests", &[(0, 500.0)]);
    assert_eq!(stage.peek().verdict, Hold { at: Some(5) });
    stage.answer("requests", &[(-60, 500.0), (0, 300.0)]);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 6 });
}

/// A metric that is new, or back after an outage: nothing of it is settled, and no operator is notified that it is
/// missing.
#[test]
fn a_metric_of_which_nothing_has_settled_holds_in_silence_and_scales_out() {
    let mut stage = api(&["cpu > 70%: +2", "cpu < 30%: -1"]);
    for minute in 0..3 {
        let points: Vec<(i64, f64)> = (0..=minute).map(|minute| (minute * 60, 10.0)).collect();
        stage.answer("cpu", &points);
        let held = stage.at(minute * 60 + 5).evaluate();
        assert_eq!((size(&held), codes(&held)), (5, vec!["reading-missing"]), "{minute}");
        assert!(held.notices.is_empty(), "{held}");
    }
    assert!(held_words(&stage).contains("`cpu` is unknown (still provisional"), "{}", held_words(&stage));
    stage.answer("cpu", &[(0, 10.0), (60, 10.0), (120, 80.0)]);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 7 });
}

/// An evaluation may come with any second, and evaluations between the minutes have no answer.
#[test]
fn a_metric_that_is_published_every_minute_is_never_stale() {
    for second in 0..60 {
        let mut stage = api(&["cpu > 70%: +2", "cpu < 30%: -1"]);
        growing(&mut stage, "cpu", second, 50.0);
        assert_eq!(codes(&stage.at(second).evaluate()), ["nothing-matches"], "{second}");
        stage.metric("cpu", MetricReading::NotRead);
        for later in [15, 30, 45, 55] {
            assert_eq!(
                codes(&stage.at(second + later).evaluate()),
                ["nothing-matches"],
                "{second} + {later}"
            );
        }
    }
}

fn held_words(stage: &Stage) -> String {
    stage.peek().to_string()
}

#[test]
fn what_is_remembered_as_known_has_settled() {
    let mut stage = api(&["cpu < 30% for 5m: -1"]);
    stage.answer("cpu", &[(-240, 11.0), (-180, 12.0), (-120, 13.0), (-60, 25.0), (0, 14.0)]);
    stage.evaluate();
    let (last, young) = (stage.memory.metrics.values().next(), stage.memory.young.values().next());
    assert_eq!(last.map(|last| (last.at, last.value)), Some((noon() - seconds(180), 12.0)));
    assert_eq!(young.map(|point| point.1), Some(25.0), "the largest of what may still change");
    let run = stage.memory.runs.values().next().expect("a run");
    assert_eq!(run.last, noon() - seconds(180));
}

proptest! {
    /// Whatever the newest minutes say, and however often: they keep, or they ask for more.
    #[test]
    fn no_datapoint_that_may_still_change_scales_in(case in case(Range::Everyday), value in 0.0..120.0_f64) {
        let ScaleIn { to, .. } = case.decide().verdict else { return Ok(()) };
        let still_changes = |point: &Datapoint| point.at > case.now - seconds(SETTLES_AFTER);
        let changed = |change: &dyn Fn(Datapoint) -> Option<Datapoint>| {
            let mut other = case.clone();
            for reading in other.seen.metrics.values_mut() {
                if let MetricReading::Points { points, .. } = reading {
                    *points = points.iter().filter_map(|point| {
                        if still_changes(point) { change(*point) } else { Some(*point) }
                    }).collect();
                }
            }
            other.memory.young.clear();
            other
        };
        let without = changed(&|_| None);
        prop_assert!(size_of(&without) <= to, "{}\nwithout: {}", case.decide(), without.decide());
        // Another value, however low, never takes more away than none at all.
        let with = changed(&|point| Some(Datapoint { value, ..point }));
        prop_assert!(size_of(&with) >= size_of(&without), "{}\nwithout: {}", with.decide(), without.decide());
    }
}

/// Errors in percent breach in every minute, and something is changed in every minute.
#[test]
fn a_ratio_that_breaches_throughout_asks_however_often_the_size_changes() {
    for minute in 0..30 {
        let mut stage = api(&["errors > 5: +2"]).ratio("errors", OnAbsence::Missing);
        let now = minute * 60 + 30;
        let points: Vec<(i64, f64)> = (minute - 10..=minute).map(|ended| (ended * 60, 20.0)).collect();
        stage.at(now).answer("errors", &points);
        stage.memory.changed_at = Some(stage.now - seconds(60));
        assert_eq!(stage.peek().verdict, ScaleOut { from: 5, to: 7 }, "minute {minute}");
    }
}

/// Twenty tasks at 30 % became twelve. What has settled was measured over twenty, a young 31 % over twelve: it is the larger
/// value of the smaller load.
#[test]
fn a_young_value_of_fewer_tasks_allows_no_larger_step() {
    let after = |young: &[(i64, f64)]| {
        let mut stage = Stage::new(1, 40, &["cpu > 60%: +2", "cpu < 45%: -8"]).no_queue().tasks(20);
        stage.policy.interruptible = true;
        stage.policy.cooldown = Cooldown { scale_out: seconds(60), scale_in: seconds(60) };
        let known = [(-240, 30.0), (-180, 30.0), (-120, 30.0), (-60, 30.0), (0, 30.0)];
        stage.at(0).answer("cpu", &known).evaluate();
        stage.arrive().at(30).answer("cpu", &known).evaluate();
        assert_eq!(stage.service().desired_count, 12);
        size(&stage.at(240).answer("cpu", &[&known[..], young].concat()).evaluate())
    };
    assert!(after(&[(180, 31.0)]) >= after(&[]), "{} and {}", after(&[(180, 31.0)]), after(&[]));
    assert!(after(&[]) >= 10, "at seven tasks the load of now would be 86 %");
}

/// Six tasks became fourteen, and the load grew with them: 30 % of six has settled, 31 % of fourteen is young.
#[test]
fn a_tracker_keeps_what_the_largest_measured_load_needs() {
    let bounds = |min| tidegate_policy::Capacity::new(min, 40).unwrap();
    let mut stage = Stage::new(6, 40, &[]).no_queue().tasks(6);
    stage.policy.track = vec![track("cpu", 70.0)];
    stage.policy.interruptible = true;
    stage.policy.cooldown.scale_in = seconds(60);
    let settled: Vec<(i64, f64)> = (-12..0).map(|minute| (minute * 60, 30.0)).collect();
    stage.at(0).answer("cpu", &settled).evaluate();
    stage.policy.capacity = bounds(14);
    stage.wait(60).answer("cpu", &settled).evaluate();
    stage.arrive().answer("cpu", &settled).evaluate();
    stage.policy.capacity = bounds(2);
    let points = [&settled[..], &[(150, 31.0), (210, 31.0)]].concat();
    let decision = stage.wait(150).answer("cpu", &points).evaluate();
    assert!((7..14).contains(&size(&decision)), "{decision}");
}

/// Twenty tasks became eight in the first minute; the first datapoint, of five minutes, comes after ten.
#[test]
fn the_first_datapoint_of_a_long_period_belongs_to_the_tasks_of_its_time() {
    let mut stage = api(&[]).tasks(20).with(|stage| stage.policy.track = vec![track("cpu", 70.0)]);
    stage.policy.interruptible = true;
    stage.policy.stabilization = seconds(0);
    let five_minutes = |points| MetricReading::Points { period: seconds(300), points };
    for at in (0..600).step_by(60) {
        if at == 60 {
            stage.seen.service = Ok(crate::stage::service(8, 8));
        }
        stage.at(at).metric("cpu", five_minutes(vec![])).evaluate();
    }
    let first = Datapoint { at: noon() + seconds(300), value: 30.0 };
    let decision = stage.at(600).metric("cpu", five_minutes(vec![first])).evaluate();
    assert_eq!(size(&decision), 5, "30 % of ten and a half tasks: {decision}");
}
