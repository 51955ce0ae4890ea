//! Services without a queue: an API that follows its load, and a night without requests.

use tidegate_policy::Severity;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::{AlarmState, Days, Decision, Hours, MetricReading, NoticeKind, OnAbsence};

use crate::stage::{SETTLES_AFTER, Stage, codes, condition, seconds, size};
use crate::track::track;

/// Five tasks that follow what each of them serves.
fn api(min: u32, rules: &[&str]) -> Stage {
    Stage::new(min, 20, rules).no_queue().on_absence("requests", OnAbsence::Zero)
}

/// Five tasks at so many requests a minute for all of them.
fn at(requests: f64, rules: &[&str]) -> Decision {
    api(1, rules).points("requests", &[(0, requests)]).peek()
}

/// No reading would show that it is needed again: a share of no task is nothing, and a load balancer without a target
/// counts no request.
#[test]
fn without_a_queue_one_task_stays_and_one_wakes_after_the_hours_of_sleep() {
    let mut stage = api(0, &["cpu < 30%: -5"]);
    stage.points("cpu", &[(0, 1.0)]);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "one-task-at-a-time"]);
    stage.policy.interruptible = true;
    let last = stage.evaluate();
    assert_eq!((last.verdict, codes(&last)), (ScaleIn { from: 5, to: 1 }, vec!["rule-matched", "at-min"]));

    let mut rested = api(0, &["cpu < 30%: -5"]).tasks(0);
    rested.memory.zeroed = true;
    let wakes = rested.peek();
    assert_eq!((wakes.verdict, codes(&wakes)), (ScaleOut { from: 0, to: 1 }, vec!["below-min"]));
    rested.memory.zeroed = false;
    assert_eq!(codes(&rested.peek()), ["switched-off"], "not set by us");
}

/// Missing requests do not mean low load while no task could answer: ten tasks die, the load balancer counts no request any more.
#[test]
fn while_nothing_serves_or_new_tasks_do_not_start_little_load_removes_nothing() {
    for running in [0, 1] {
        let mut stage = api(2, &["requests < 1000: -1"]).tasks(10).on_absence("requests", OnAbsence::Zero);
        for minute in 0..60 {
            stage.seen.service = Ok(crate::stage::service(10, if minute < 5 { 10 } else { running }));
            let points = [(minute * 60, 9_000.0)];
            stage.points("requests", if minute < 5 + SETTLES_AFTER / 60 { &points } else { &[] });
            let decision = stage.at(minute * 60).evaluate();
            assert_eq!(size(&decision), 10, "{running} running at {minute}m: {decision}");
        }
        assert_eq!(codes(&stage.peek()), ["rule-matched", "few-serve"]);
    }
}

/// Nobody waits for a service that its hours put to sleep.
#[test]
fn a_service_whose_hours_are_over_goes_to_sleep_although_nothing_runs() {
    let mut stage = api(0, &[]).tasks(10).with(|stage| stage.policy.interruptible = true);
    stage.service().running_count = 0;
    let window = crate::hours::window(Days::EVERY, "00:00", "24:00", "UTC", &[]);
    stage.policy.hours.push(Hours { window, outside: false, min: None, max: Some(0) });
    let asleep = stage.peek();
    assert_eq!(asleep.verdict, ScaleIn { from: 10, to: 0 }, "{asleep}");
}

#[test]
fn a_service_without_a_queue_never_speaks_of_one() {
    for (tasks, cpu) in [(0, 10.0), (1, 10.0), (5, 10.0), (5, 90.0), (30, 50.0)] {
        let mut stage = api(0, &["cpu < 30%: -2", "cpu > 70%: +2"]).tasks(tasks);
        let decision = stage.points("cpu", &[(0, cpu)]).peek().to_string();
        assert!(!decision.contains("queue") && !decision.contains("job"), "{decision}");
    }
    // A rule by a queue signal has nothing to read: never zero, and never a reason to scale in.
    assert_eq!(codes(&api(0, &["waiting < 50: -1"]).peek()), ["reading-missing"]);
}

#[test]
fn a_total_is_divided_by_the_tasks_that_serve_now() {
    let rules = ["requests_per_task > 1000: +2", "requests_per_task < 100: -1"];
    assert_eq!(condition("requests_per_task > 1000").to_string(), "requests_per_task > 1000");
    assert_eq!(at(5_000.0, &rules).verdict, Hold { at: Some(5) });
    assert_eq!(at(5_001.0, &rules).verdict, ScaleOut { from: 5, to: 7 });
    assert_eq!(at(500.0, &rules).verdict, Hold { at: Some(5) });
    let low = at(499.0, &rules);
    assert_eq!(low.verdict, ScaleIn { from: 5, to: 4 });
    assert_eq!(
        low.reasons[0].to_string(),
        "requests_per_task is 99.8 (rule: requests_per_task < 100): 4 tasks needed"
    );
}

#[test]
fn a_share_that_would_rise_above_its_rule_keeps_the_tasks() {
    let rules = ["requests_per_task > 1000: +2", "cpu < 30%: -1"];
    let mut stage = api(1, &rules);
    stage.points("cpu", &[(0, 10.0)]).points("requests", &[(0, 4_100.0)]);
    let held = stage.peek();
    assert_eq!(codes(&held), ["rule-matched", "anticipated-flapping"]);
    assert!(held.to_string().contains("with 4 tasks, requests_per_task would be about 1,025"), "{held}");
    assert_eq!(stage.points("requests", &[(0, 4_000.0)]).peek().verdict, ScaleIn { from: 5, to: 4 });
}

/// AWS, target tracking with `ALBRequestCountPerTarget`: the load is known as a whole, so its size is `total / target`,
/// whichever tasks run and since when.
#[test]
fn a_tracked_total_asks_for_the_whole_load_by_its_target() {
    let check = |desired: u32, running: u32, requests: f64, expected: u32| {
        let mut stage = api(1, &[]).with(|stage| stage.policy.interruptible = true);
        stage.policy.track = vec![track("requests_per_task", 1_000.0)];
        stage.seen.service = Ok(crate::stage::service(desired, running));
        stage.at(-300).evaluate();
        let points: Vec<(i64, f64)> = (1..=5).map(|minute| (minute * 60, requests)).collect();
        let decision = stage.points("requests", &points).at(300).peek();
        assert_eq!(size(&decision), expected, "{running} of {desired} at {requests}: {decision}");
    };
    check(5, 5, 5_000.0, 5);
    check(5, 5, 5_400.0, 5); // within a tenth
    check(5, 5, 7_000.0, 7);
    check(5, 5, 7_001.0, 8);
    check(5, 5, 3_000.0, 3);
    check(5, 10, 7_000.0, 7); // ten run, of which five are another color, or stop: five serve
    check(8, 4, 7_000.0, 8); // four share what is for seven, and four more are on their way
    check(5, 0, 7_000.0, 5); // no task runs: a share of no task is no number
}

/// The total is known as a whole: that five of the ten began to run after it was measured changes nothing.
#[test]
fn a_tracked_total_belongs_to_the_tasks_that_it_is_divided_by() {
    let mut stage = api(1, &["cpu > 70%: +1"]);
    stage.policy.track = vec![track("requests_per_task", 1_000.0)];
    stage.points("cpu", &[(0, 50.0)]).points("requests", &[(0, 5_000.0)]).at(0).evaluate();
    stage.seen.service = Ok(crate::stage::service(10, 10));
    stage.points("cpu", &[(60, 50.0)]).points("requests", &[(60, 14_000.0)]);
    let decision = stage.at(60).evaluate();
    assert_eq!(decision.verdict, ScaleOut { from: 10, to: 14 }, "{decision}");
}

/// A share of no task is nothing: a rule by the total may wake, a rule or a tracker by the share does not.
#[test]
fn a_share_has_no_vote_while_the_service_sleeps_and_the_total_may_wake_it() {
    let asleep = |rules: &[&str]| {
        let mut stage = api(0, rules).tasks(0);
        stage.points("requests", &[(0, 9_000.0)]);
        stage
    };
    let mut share = asleep(&["requests_per_task > 1: +2", "requests_per_task < 1: -1"]);
    share.policy.track = vec![track("requests_per_task", 10.0)];
    assert_eq!((size(&share.peek()), codes(&share.peek())), (0, vec!["switched-off"]));
    share.metric("requests", MetricReading::Failed(crate::stage::refused()));
    share.evaluate();
    let missed =
        |decision: &Decision| decision.notices.iter().any(|it| it.kind == NoticeKind::ReadingMissing);
    assert!(!missed(&share.wait(60).evaluate()), "it has no vote");
    let mut woken = asleep(&["requests_per_task > 1: +2"]);
    woken.service().desired_count = 1;
    assert_eq!(
        codes(&woken.peek()),
        ["reading-missing"],
        "no task runs yet: a share of no task is not known"
    );
    let mut total = asleep(&["requests > 0: +1", "requests_per_task > 1000: +2"]);
    total.memory.zeroed = true;
    assert_eq!(total.peek().verdict, ScaleOut { from: 0, to: 1 });
}

/// An API of 3 to 20 tasks at night. Its load balancer publishes nothing while there are no requests: no requests are zero
/// requests, and neither a response time nor an error rate has a vote.
fn evening() -> Stage {
    let rules = [
        "requests_per_task > 1000: +2",
        "requests_per_task < 100 for 15m: -1",
        "response_time > 0.5 for 5m: +2",
        "errors > 5% for 3m: +1",
        "cpu < 30% for 15m: -1",
    ];
    Stage::new(3, 20, &rules)
        .no_queue()
        .tasks(12)
        .on_absence("requests", OnAbsence::Zero)
        .on_absence("response_time", OnAbsence::NoVote)
        .on_absence("errors", OnAbsence::NoVote)
        .notify("errors > 1% for 3m", Severity::Critical)
        .with(|stage| stage.policy.stabilization = seconds(300))
}

/// Eight hours of an evaluation a minute from noon on: the size at every full hour and what operators were notified.
fn night(stage: &mut Stage, cpu: impl Fn(i64) -> Option<f64>) -> (Vec<u32>, Vec<String>) {
    let (mut hours, mut notified) = (vec![], vec![]);
    for minute in 0..=8 * 60 {
        let now = minute * 60;
        for silent in ["requests", "response_time", "errors"] {
            stage.points(silent, &[]);
        }
        let points: Vec<(i64, f64)> = cpu(minute).into_iter().map(|value| (now, value)).collect();
        let decision = stage.points("cpu", &points).arrive().at(now).evaluate();
        let sign = |begins| if begins { '+' } else { '-' };
        notified.extend(decision.notices.iter().map(|it| format!("{minute} {}{it}", sign(it.begins))));
        if minute % 60 == 0 {
            hours.push(size(&decision));
        }
    }
    (hours, notified)
}

/// 15 minutes must be quiet, and five more without another recommendation; then one task goes every six minutes, the
/// cooldown and the evaluation after it, until the floor.
#[test]
fn on_a_quiet_night_the_service_comes_down_to_its_floor_step_by_step() {
    let mut stage = evening();
    let (hours, notified) = night(&mut stage, |_| Some(3.0));
    assert_eq!(hours, [12, 5, 3, 3, 3, 3, 3, 3, 3]);
    assert_eq!(notified, [""; 0], "a quiet night is not reported");
    assert_eq!(codes(&stage.peek()), ["rule-matched", "rule-matched", "at-min"]);
}

#[test]
fn a_cpu_that_is_missing_in_the_same_night_keeps_every_task_and_is_reported_once() {
    let (hours, notified) = night(&mut evening(), |_| None);
    assert_eq!(hours, [12; 9]);
    assert_eq!(notified, ["1 +missing data"]);
    // It breaks off at one o'clock: what is fresh for five minutes more is the last that goes.
    let (hours, notified) = night(&mut evening(), |minute| (minute < 25).then_some(3.0));
    assert_eq!(hours[1..], [hours[1]; 8]);
    assert!(hours[1] > 3 && hours[1] < 12, "{hours:?}");
    assert_eq!(notified.len(), 1, "{notified:?}");
}

/// A long deployment and an alarm at dawn: a scale-out needs no quiet reading.
#[test]
fn an_alarm_in_that_night_scales_out_although_the_cpu_is_missing() {
    let mut stage = evening();
    night(&mut stage, |_| None);
    stage.policy.rules.push(crate::stage::rule("alarm(api-5xx): +4"));
    stage.alarm("api-5xx", AlarmState::Alarm, 8 * 3_600);
    let woken = stage.wait(7).evaluate();
    assert_eq!(woken.verdict, ScaleOut { from: 12, to: 16 });
    assert!(woken.notices.iter().all(|it| it.kind != NoticeKind::Blocked));
}

/// Ten serve 2,000 requests and twenty run, ten of each color, while a deployment is checked for hours.
#[test]
fn the_other_color_of_a_deployment_hides_no_load() {
    let rules = ["requests_per_task > 150: +2", "requests_per_task < 120: -1"];
    let mut stage = api(1, &rules).tasks(10);
    stage.service().running_count = 20;
    stage.service().rollout = true;
    let held = stage.points("requests", &[(0, 2_000.0)]).peek();
    assert_eq!(held.verdict, ScaleOut { from: 10, to: 12 });
    assert!(held.to_string().contains("requests_per_task is 200"), "{held}");
    assert_eq!(stage.points("requests", &[(0, 900.0)]).peek().verdict, Hold { at: Some(10) });
    // Fewer than are wanted run in a rolling one: what comes is shared by those.
    stage.service().running_count = 5;
    let share = stage.points("requests", &[(0, 900.0)]).peek();
    assert!(share.to_string().contains("requests_per_task is 180"), "{share}");
}

/// Scale-in goes on, and operators know.
#[test]
fn a_deployment_that_failed_is_reported_and_holds_nothing_for_ever() {
    let mut stage = api(1, &["cpu < 30%: -1"]);
    stage.points("cpu", &[(0, 10.0)]).service().constraints.deployment_failed = true;
    let first = stage.evaluate();
    assert_eq!(
        (first.verdict, codes(&first)),
        (ScaleIn { from: 5, to: 4 }, vec!["rule-matched", "deployment-failed"])
    );
    assert_eq!(first.notices.iter().map(ToString::to_string).collect::<Vec<_>>(), ["deployment FAILED"]);
    assert!(stage.at(60).evaluate().notices.is_empty(), "once");
    stage.service().constraints.deployment_failed = false;
    let over = stage.at(120).evaluate();
    assert!(over.notices.iter().any(|it| it.kind == NoticeKind::DeploymentFailed && !it.begins), "{over}");
}
