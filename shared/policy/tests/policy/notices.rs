//! Beginnings and ends: each is reported once, and reported again only if the report did not get out.

use tidegate_policy::memory::Settled;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{Decision, MetricReading, NoticeKind};

use crate::stage::{Stage, queue, refused, seconds};

fn calm() -> Stage {
    Stage::new(1, 5, &["waiting > 500: +5", "waiting < 50: -1"]).waiting(100)
}

/// What a decision tells: `+` begins, `-` ends.
fn notified(decision: &Decision) -> Vec<String> {
    let sign = |begins| if begins { '+' } else { '-' };
    decision.notices.iter().map(|notice| format!("{}{}", sign(notice.begins), notice.kind)).collect()
}

#[track_caller]
fn evaluate(stage: &mut Stage, expected: &[&str]) {
    let decision = stage.wait(60).evaluate();
    assert_eq!(notified(&decision), expected, "{decision}");
}

#[test]
fn a_missing_queue_is_reported_after_two_evaluations_and_its_return_at_once() {
    let mut stage = calm();
    stage.seen.queue = Some(Err(refused()));
    evaluate(&mut stage, &[]);
    evaluate(&mut stage, &["+queue cannot be read"]);
    evaluate(&mut stage, &[]);
    stage.seen.queue = Some(Ok(queue(100)));
    evaluate(&mut stage, &["-queue cannot be read"]);
    evaluate(&mut stage, &[]);
}

#[test]
fn one_missed_evaluation_is_not_reported() {
    let mut stage = calm();
    for _ in 0..3 {
        stage.seen.queue = Some(Err(refused()));
        evaluate(&mut stage, &[]);
        stage.seen.queue = Some(Ok(queue(100)));
        evaluate(&mut stage, &[]);
    }
}

#[test]
fn a_metric_that_never_comes_does_not_hide_a_queue_that_goes() {
    let mut stage = Stage::new(1, 5, &["waiting > 500: +5", "cpu > 70%: +1"]).waiting(100);
    stage.points("cpu", &[]);
    evaluate(&mut stage, &[]);
    evaluate(&mut stage, &["+missing data"]);
    stage.seen.queue = Some(Err(refused()));
    evaluate(&mut stage, &[]);
    evaluate(&mut stage, &["+queue cannot be read"]);
}

#[test]
fn delayed_evaluations_do_not_tell_of_what_the_last_answer_explained() {
    use tidegate_policy::OnAbsence;
    let mut stage = Stage::new(1, 5, &["waiting > 500: +5", "requests > 70: +1"])
        .waiting(100)
        .on_absence("requests", OnAbsence::Zero);
    for minute in 0..5 {
        stage.points("requests", &[]).at(minute * 60);
        assert!(notified(&stage.evaluate()).is_empty());
        stage.metric("requests", MetricReading::NotRead);
        for _ in 0..3 {
            assert!(notified(&stage.wait(15).evaluate()).is_empty());
        }
    }
}

/// The rule was written between two answers of CloudWatch.
#[test]
fn a_metric_that_is_new_in_the_fleet_file_is_not_missed_before_it_was_asked_for() {
    let mut stage = Stage::new(1, 5, &["cpu > 70%: +1"]).waiting(100);
    stage.metric("cpu", MetricReading::NotRead);
    for _ in 0..3 {
        assert_eq!(notified(&stage.wait(15).evaluate()), [""; 0]);
    }
    stage.points("cpu", &[]).wait(15).evaluate();
    stage.metric("cpu", MetricReading::NotRead);
    assert_eq!(
        notified(&stage.wait(15).evaluate()),
        ["+missing data"],
        "it was asked for, and has no datapoint"
    );
}

#[test]
fn a_metric_that_is_not_asked_for_any_more_is_reported_when_its_last_datapoint_is_too_old() {
    let mut stage = Stage::new(1, 5, &["cpu > 70%: +1"]).waiting(100);
    stage.points("cpu", &[(0, 50.0)]).at(0).evaluate();
    stage.metric("cpu", MetricReading::NotRead).at(3_600).evaluate();
    assert_eq!(notified(&stage.wait(60).evaluate()), ["+missing data"]);
}

/// Five minutes after a scale-out a CPU without datapoints is explained only if the service slept before it; after an
/// hour nothing explains it.
#[test]
fn a_cpu_without_datapoints_is_not_reported_only_while_a_service_wakes() {
    for (from, to, at, is_worth_reporting) in [(0, 1, 300, false), (0, 1, 3_600, true), (5, 10, 300, true)] {
        let mut stage = Stage::new(from, to, &["waiting > 0: +5", "cpu > 70%: +1"]).tasks(from).waiting(1);
        stage.points("cpu", &[]).at(0);
        assert_eq!(stage.evaluate().verdict, tidegate_policy::Verdict::ScaleOut { from, to });
        let tells: Vec<_> =
            [at, at + 60].iter().flat_map(|at| notified(&stage.arrive().at(*at).evaluate())).collect();
        assert_eq!(
            tells.contains(&"+missing data".to_owned()),
            is_worth_reporting,
            "from {from}, {at} s later: {tells:?}"
        );
    }
}

#[test]
fn at_max_is_reported_when_entered_and_when_left() {
    let mut stage = calm().waiting(501);
    evaluate(&mut stage, &["+at max"]);
    evaluate(&mut stage, &[]);
    stage.queue().waiting = 100;
    evaluate(&mut stage, &["-at max"]);
}

#[test]
fn what_an_evaluation_cannot_see_is_not_over() {
    let mut stage = calm().waiting(501).overridden(OverrideKind::Min(2), 86_400);
    evaluate(&mut stage, &["+override in force", "+at max"]);
    let service = stage.seen.service.clone();
    stage.seen.service = Err(refused());
    evaluate(&mut stage, &[]);
    evaluate(&mut stage, &["+scaling blocked"]);
    stage.seen.service = service;
    evaluate(&mut stage, &["-scaling blocked"]);
    stage.seen.queue = Some(Err(refused()));
    evaluate(&mut stage, &[]);
    stage.seen.queue = Some(Ok(queue(501)));
    evaluate(&mut stage, &[]);
}

#[test]
fn a_condition_that_began_before_its_end_was_heard_simply_goes_on() {
    let mut stage = calm().waiting(501);
    evaluate(&mut stage, &["+at max"]);
    stage.queue().waiting = 100;
    let unheard = stage.wait(60).evaluate_and_crash();
    assert_eq!(notified(&unheard), ["-at max"]);
    stage.queue().waiting = 501;
    evaluate(&mut stage, &[]);
    stage.queue().waiting = 100;
    evaluate(&mut stage, &["-at max"]);
}

#[test]
fn a_report_that_was_not_accepted_is_reported_again_beginning_and_end() {
    let mut stage = calm().waiting(501);
    for _ in 0..2 {
        assert_eq!(notified(&stage.wait(60).evaluate_and_crash()), ["+at max"]);
    }
    evaluate(&mut stage, &["+at max"]);
    stage.queue().waiting = 100;
    for _ in 0..2 {
        assert_eq!(notified(&stage.wait(60).evaluate_and_crash()), ["-at max"]);
    }
    evaluate(&mut stage, &["-at max"]);
    evaluate(&mut stage, &[]);
    assert!(stage.memory.active_notices.is_empty());
}

#[test]
fn an_end_that_was_not_reported_is_reported_again_by_an_evaluation_that_cannot_see() {
    let mut stage = calm().waiting(501);
    evaluate(&mut stage, &["+at max"]);
    stage.queue().waiting = 100;
    assert_eq!(notified(&stage.wait(60).evaluate_and_crash()), ["-at max"]);
    stage.seen.queue = Some(Err(refused()));
    evaluate(&mut stage, &["-at max"]);
}

#[test]
fn a_beginning_that_was_not_reported_ends_unreported() {
    let mut stage = calm().waiting(501);
    stage.wait(60).evaluate_and_crash();
    stage.queue().waiting = 100;
    evaluate(&mut stage, &[]);
}

#[test]
fn a_notice_tells_since_when() {
    let mut stage = calm();
    stage.seen.queue = Some(Err(refused()));
    let since = stage.now + seconds(60);
    evaluate(&mut stage, &[]);
    let decision = stage.wait(60).evaluate();
    assert_eq!(decision.notices[0].since, since);
    stage.seen.queue = Some(Ok(queue(100)));
    assert_eq!(stage.wait(60).evaluate().notices[0].since, since);
}

#[test]
fn a_switched_off_service_and_an_override_are_reported_at_once() {
    let mut stage = calm().tasks(0);
    evaluate(&mut stage, &["+switched off outside Tidegate"]);
    stage.service().desired_count = 1;
    evaluate(&mut stage.arrive().clone(), &["-switched off outside Tidegate"]);
    let until = 86_400;
    evaluate(&mut calm().overridden(OverrideKind::Max(3), until), &["+override in force"]);
}

#[test]
fn a_deployment_is_reported_when_it_has_lasted_for_an_hour_and_when_it_ends() {
    let mut stage = calm();
    stage.service().rollout = true;
    for minute in 0..60 {
        let quiet = stage.at(minute * 60).evaluate();
        assert_eq!(notified(&quiet), [""; 0], "in minute {minute}");
    }
    let late = stage.at(3_600).evaluate();
    assert_eq!(notified(&late), ["+deployment unfinished"]);
    stage.service().rollout = false;
    assert_eq!(notified(&stage.at(3_660).evaluate()), ["-deployment unfinished"]);
    let mut quick = calm();
    quick.service().rollout = true;
    quick.at(0).evaluate();
    quick.service().rollout = false;
    assert_eq!(notified(&quick.at(60).evaluate()), [""; 0], "it was never reported");
}

#[test]
fn failing_changes_are_reported_until_one_succeeds() {
    let mut stage =
        calm().with(|stage| stage.policy.capacity = tidegate_policy::Capacity::new(1, 50).unwrap());
    stage.queue().waiting = 501;
    stage.at(0).evaluate_and_crash();
    stage.settle(Settled::Failed);
    assert_eq!(notified(&stage.at(15).evaluate()), ["+changes fail"]);
    assert_eq!(notified(&stage.at(30).evaluate()), [""; 0]);
    let retried = stage.at(60).evaluate();
    assert!(retried.verdict.as_change().is_some());
    assert_eq!(notified(&stage.arrive().at(75).evaluate()), ["-changes fail"]);
}

/// The report of a change that fails is sent by the evaluation that made it, with the failure in hand.
#[test]
fn failing_changes_that_were_already_reported_are_reported_once_and_their_end_once() {
    let mut stage = calm().waiting(501).with(|stage| {
        stage.policy.capacity = tidegate_policy::Capacity::new(1, 50).unwrap();
    });
    stage.at(0).evaluate_and_crash();
    stage.settle(Settled::Failed);
    for _ in 0..2 {
        stage.memory.mark_begun(NoticeKind::ActionFailing, stage.now);
    }
    assert_eq!(notified(&stage.at(15).evaluate()), [""; 0], "operators know");
    stage.at(60).evaluate();
    let unheard = stage.arrive().at(75).evaluate_and_crash();
    assert_eq!(notified(&unheard), ["-changes fail"]);
    // The next change fails too, before operators were notified of the end.
    stage.memory.mark_begun(NoticeKind::ActionFailing, stage.now);
    assert_eq!(notified(&stage.at(90).evaluate()), ["-changes fail"], "notified of as failing, it ends once");
    assert_eq!(notified(&stage.at(105).evaluate()), [""; 0]);
}

#[test]
fn a_report_of_failing_changes_leaves_other_conditions_alone() {
    let mut stage = calm().waiting(501);
    evaluate(&mut stage, &["+at max"]);
    stage.memory.mark_begun(NoticeKind::ActionFailing, stage.now);
    stage.queue().waiting = 100;
    evaluate(&mut stage, &["-at max", "-changes fail"]);
}

#[test]
fn jobs_held_by_workers_are_reported_after_two_evaluations() {
    let mut stage = calm().in_flight(100);
    evaluate(&mut stage, &[]);
    evaluate(&mut stage, &["+too many jobs prefetched"]);
    stage.queue().in_flight = tidegate_policy::InFlight::Exactly(20);
    evaluate(&mut stage, &["-too many jobs prefetched"]);
}

#[test]
fn a_pause_of_five_minutes_is_reported_and_a_limit_of_one_is_not() {
    let mut stage = calm();
    stage.queue().paused = true;
    for _ in 0..5 {
        evaluate(&mut stage, &[]);
    }
    evaluate(&mut stage, &["+queue paused or at its limit"]);
    stage.queue().paused = false;
    evaluate(&mut stage, &["-queue paused or at its limit"]);
    for minute in 0..20 {
        stage.queue().paused = minute % 4 > 0;
        evaluate(&mut stage, &[]);
    }
}

#[test]
fn a_queue_that_stays_read_in_part_is_reported_after_five_minutes() {
    let mut stage = calm();
    stage.queue().in_flight = tidegate_policy::InFlight::Partly { jobs: 2, read: 100, held: 3_002 };
    for _ in 0..5 {
        evaluate(&mut stage, &[]);
    }
    evaluate(&mut stage, &["+in-flight count incomplete"]);
    stage.queue().in_flight = tidegate_policy::InFlight::Exactly(2);
    evaluate(&mut stage, &["-in-flight count incomplete"]);
}

#[test]
fn jobs_held_by_workers_are_not_over_while_the_queue_or_the_service_cannot_be_read() {
    for queue_goes in [true, false] {
        let mut stage = calm().in_flight(100);
        evaluate(&mut stage, &[]);
        evaluate(&mut stage, &["+too many jobs prefetched"]);
        let seen = stage.seen.clone();
        if queue_goes {
            stage.seen.queue = Some(Err(refused()));
        } else {
            stage.seen.service = Err(refused());
        }
        evaluate(&mut stage, &[]);
        stage.seen = seen;
        evaluate(&mut stage, &[]);
    }
}

#[test]
fn every_notice_kind_has_words_and_a_severity() {
    use tidegate_policy::Severity;
    let critical = [NoticeKind::StartsFailing, NoticeKind::Blocked, NoticeKind::ActionFailing];
    assert!(critical.iter().all(|kind| kind.severity() == Severity::Critical));
    assert_eq!(NoticeKind::QueueUnreadable.severity(), Severity::Warning);
}
