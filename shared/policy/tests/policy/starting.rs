//! Tasks that start, and tasks that do not.

use tidegate_policy::NoticeKind;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};

use crate::stage::{Stage, codes, size};

/// Five tasks, a full queue, start-up within three minutes, and no credit in the way.
fn busy() -> Stage {
    Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -1"]).waiting(501).with(|stage| {
        stage.policy.cooldown.scale_out = crate::stage::seconds(60);
    })
}

#[test]
fn nothing_is_added_while_tasks_do_not_start() {
    let mut stage = busy();
    assert_eq!(stage.at(0).evaluate().verdict, ScaleOut { from: 5, to: 10 });
    stage.at(30).evaluate();
    stage.service().pending_count = 5;
    assert_eq!(
        stage.at(90).evaluate().verdict,
        ScaleOut { from: 10, to: 15 },
        "pending tasks are on their way"
    );
    assert_eq!(codes(&stage.at(210).evaluate()), ["rule-matched", "still-starting"]);
    let failing = stage.at(211).evaluate();
    assert_eq!(failing.verdict, Hold { at: Some(15) });
    assert_eq!(codes(&failing), ["rule-matched", "starts-failing"]);
    assert!(failing.notices.iter().any(|notice| notice.kind == NoticeKind::StartsFailing && notice.begins));
}

#[test]
fn one_running_task_more_is_progress_and_ends_it() {
    let mut stage = busy();
    stage.at(0).evaluate();
    stage.at(10).evaluate();
    stage.at(60).evaluate();
    let failing = stage.at(191).evaluate();
    assert!(failing.notices.iter().any(|notice| notice.kind == NoticeKind::StartsFailing));
    stage.service().running_count = 6;
    let better = stage.at(250).evaluate();
    assert!(better.notices.iter().any(|notice| notice.kind == NoticeKind::StartsFailing && !notice.begins));
}

/// Of so many tasks so many run, for longer than they may take to start, and 501 jobs wait: how many are wanted?
#[track_caller]
fn missing(desired: u32, running: u32, expected: u32) {
    let mut stage = Stage::new(1, 500, &["waiting > 500: +5"]).waiting(501).tasks(desired);
    stage.service().running_count = running;
    stage.service().pending_count = desired - running;
    stage.at(0).evaluate_and_crash();
    stage.memory.intent = None;
    stage.memory.scale_out = None;
    let decision = stage.at(600).evaluate_and_crash();
    assert_eq!(size(&decision), expected, "{decision}");
    let notified = decision.notices.iter().any(|notice| notice.kind == NoticeKind::StartsFailing);
    assert!(notified, "it is reported all the same: {decision}");
}

#[test]
fn one_task_or_a_tenth_that_is_missing_stops_no_scale_out_and_more_do() {
    missing(10, 9, 15);
    missing(10, 8, 10);
    missing(2, 1, 7);
    missing(2, 0, 2);
    missing(100, 90, 105);
    missing(100, 89, 100);
}

/// One has not started for hours. A step that many others are asked for has the time that a step has.
#[test]
fn what_is_added_while_few_are_missing_has_its_own_time_to_start() {
    let mut stage = busy().tasks(100).with(|stage| {
        stage.policy.capacity = tidegate_policy::Capacity::new(1, 500).unwrap();
        stage.policy.rules = vec![crate::stage::rule("waiting > 500: +15")];
    });
    stage.service().running_count = 99;
    stage.queue().waiting = 0;
    for at in (0..7_200).step_by(60) {
        stage.at(at).evaluate();
    }
    stage.queue().waiting = 501;
    assert_eq!(stage.at(7_200).evaluate().verdict, ScaleOut { from: 100, to: 115 });
    stage.service().pending_count = 16;
    assert_eq!(size(&stage.at(7_260).evaluate()), 130, "99 run and 16 are on their way");
    stage.service().pending_count = 0;
    for (at, stopped) in [(7_320, false), (7_440, false), (7_441, true)] {
        let decision = stage.at(at).evaluate();
        assert_eq!(size(&decision), 130, "{decision}");
        assert_eq!(codes(&decision).contains(&"starts-failing"), stopped, "{decision}");
    }
    assert!(stage.memory.active_notices.iter().any(|active| active.kind == NoticeKind::StartsFailing));
}

/// What is missing without stopping anything is no answer to the load: it is asked for beyond what the load needs.
#[test]
fn the_few_that_do_not_start_stop_no_small_step_and_no_tracker() {
    let wanted = |desired: u32, running: u32, percent: f64, set: fn(&mut Stage)| {
        let mut stage = Stage::new(1, 500, &[]).no_queue().tasks(desired).with(set);
        stage.service().running_count = running;
        stage.points("cpu", &[(0, percent)]).at(0).evaluate_and_crash();
        (stage.memory.intent, stage.memory.scale_out) = (None, None);
        stage.points("cpu", &[(60, percent), (540, percent), (600, percent)]).at(600);
        size(&stage.peek())
    };
    let rule = |stage: &mut Stage| stage.policy.rules = vec![crate::stage::rule("cpu > 80%: +1")];
    assert_eq!([wanted(10, 9, 100.0, rule), wanted(10, 8, 100.0, rule)], [11, 10]);
    let tracked = |stage: &mut Stage| stage.policy.track = vec![crate::track::track("cpu", 70.0)];
    assert_eq!([wanted(2, 1, 100.0, tracked), wanted(4, 3, 100.0, tracked)], [3, 6]);
    assert_eq!([wanted(2, 1, 75.0, tracked), wanted(4, 2, 100.0, tracked)], [2, 4]);
}

/// A tenth of them and more did not start, for longer than they may take.
#[test]
fn a_minimum_is_reached_whatever_starts() {
    let mut stage = busy().tasks(4);
    stage.service().running_count = 2;
    stage.at(0).evaluate_and_crash();
    stage.memory.intent = None;
    stage.policy.capacity = tidegate_policy::Capacity::new(12, 50).unwrap();
    let decision = stage.at(600).peek();
    assert!(size(&decision) == 12 && !codes(&decision).contains(&"starts-failing"), "{decision}");
    stage.service().desired_count = 12;
    let reached = stage.peek();
    assert!(size(&reached) == 12 && codes(&reached).contains(&"starts-failing"), "{reached}");
}

/// Seven ran once, none does now: what a minimum adds is no reason to wait for them again.
#[test]
fn a_minimum_that_is_reached_frees_no_rule_while_none_start() {
    let mut stage = busy().tasks(8);
    stage.service().running_count = 7;
    stage.at(0).evaluate_and_crash();
    stage.memory.intent = None;
    (stage.service().running_count, stage.service().pending_count) = (0, 8);
    stage.at(300).evaluate_and_crash();
    stage.memory.intent = None;
    stage.policy.capacity = tidegate_policy::Capacity::new(9, 50).unwrap();
    let reached = stage.at(600).evaluate();
    assert_eq!((size(&reached), codes(&reached)), (9, vec!["rule-matched", "below-min", "starts-failing"]));
    stage.service().pending_count = 9;
    let after = stage.at(601).peek();
    assert!(size(&after) == 9 && codes(&after).contains(&"starts-failing"), "{after}");
}

/// Five of twenty are replaced at a time, and no evaluation sees the moment at which more run.
#[test]
fn the_batches_of_a_deployment_are_no_tasks_that_do_not_start() {
    let mut stage = busy().tasks(20).with(|stage| stage.policy.cooldown.scale_out = crate::stage::seconds(0));
    (stage.service().running_count, stage.service().rollout) = (15, true);
    stage.at(0).evaluate_and_crash();
    stage.memory.intent = None;
    let decision = stage.at(600).evaluate_and_crash();
    assert_eq!(size(&decision), 25, "{decision}");
    assert_eq!(decision.notices, [], "{decision}");
    stage.memory.intent = None;
    let crashing = stage.at(1_801).peek();
    assert_eq!(size(&crashing), 20, "tasks that crash are not added to for ever: {crashing}");
    stage.service().running_count = 9;
    let crashing = stage.at(600).peek();
    assert_eq!(size(&crashing), 20, "no deployment runs with less than half: {crashing}");
}

#[test]
fn a_step_that_is_stopped_names_its_rule_and_once_what_does_not_start() {
    let mut stage = busy().tasks(10);
    stage.service().running_count = 8;
    stage.service().pending_count = 2;
    stage.at(0).evaluate_and_crash();
    stage.memory.intent = None;
    assert_eq!(codes(&stage.at(600).evaluate()), ["rule-matched", "starts-failing"]);
}

/// What is added to a service that cannot start any task is itself what is missing: one step, and no more.
#[test]
fn a_service_that_starts_no_task_asks_for_one_step_and_no_more() {
    let mut stage = busy();
    stage.service().running_count = 4;
    for at in (0..3_600).step_by(60) {
        stage.at(at).evaluate();
    }
    assert_eq!(stage.service().desired_count, 9, "four run, and five that never come were asked for");
}

#[test]
fn tasks_that_start_and_die_again_and_again_are_no_progress() {
    let mut stage = Stage::new(1, 50, &[]).tasks(5);
    let mut notified = 0;
    for (minute, running) in [3, 4, 3, 4, 3, 4, 3, 4].into_iter().enumerate() {
        stage.service().running_count = running;
        let decision = stage.at(i64::try_from(minute).unwrap() * 60).evaluate();
        notified += decision.notices.len();
    }
    assert_eq!(notified, 1, "reported once, and it never ends");
    assert!(stage.memory.active_notices.iter().any(|active| active.kind == NoticeKind::StartsFailing));
}

#[test]
fn all_tasks_running_forgets_how_long_it_took() {
    let mut stage = busy();
    stage.at(0).evaluate();
    stage.at(60).evaluate();
    stage.arrive().at(120).evaluate();
    stage.at(121).evaluate();
    assert_eq!(stage.memory.startup.map(|startup| startup.running), Some(10), "for the next five");
    stage.arrive().at(130);
    stage.queue().waiting = 100;
    stage.evaluate();
    assert_eq!(stage.memory.startup, None);
}

#[test]
fn a_service_that_does_not_start_may_still_scale_in() {
    let mut stage = busy();
    stage.at(0).evaluate();
    stage.at(10).evaluate();
    stage.queue().waiting = 0;
    assert_eq!(stage.at(400).evaluate().verdict, ScaleIn { from: 10, to: 9 });
}
