//! `alarm(NAME)`: CloudWatch compares and keeps the time; the evaluation only asks.

use tidegate_policy::AlarmState::{Alarm, InsufficientData, Ok as Fine};
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::{AlarmEvaluation, AlarmName, NoticeKind};

use crate::stage::{Stage, codes, condition, refused, rule, size};

/// Five tasks without a queue that follow alarms.
fn api(rules: &[&str]) -> Stage {
    Stage::new(2, 20, rules).no_queue()
}

#[test]
fn a_condition_on_an_alarm_is_written_as_in_the_fleet_file() {
    assert_eq!(condition("alarm(api-5xx)").to_string(), "alarm(api-5xx)");
    assert_eq!(rule("alarm(api-5xx) for 5m: +1").when.to_string(), "alarm(api-5xx) for 5m");
}

#[test]
fn a_name_is_what_cloudwatch_allows_without_a_closing_parenthesis() {
    let longest = "a".repeat(255);
    for name in ["a", "TargetTracking-table/x-AlarmHigh-1", "CPU > 70 %", "(x", &longest] {
        assert_eq!(AlarmName::new(name).expect(name).as_str(), name);
    }
    for name in ["", " a", "a ", "a)", "a\nb", &format!("{longest}a")] {
        assert_eq!(AlarmName::new(name), None, "{name:?}");
    }
}

#[test]
fn an_alarm_scales_out_while_it_is_in_alarm_and_its_name_and_time_are_reported() {
    let mut stage = api(&["alarm(busy): +2"]);
    assert_eq!(stage.alarm("busy", Fine, -600).peek().verdict, Hold { at: Some(5) });
    let triggers = stage.alarm("busy", Alarm, -1).peek();
    assert_eq!(triggers.verdict, ScaleOut { from: 5, to: 7 });
    let notified = triggers.reasons[0].to_string();
    assert_eq!(
        notified,
        "alarm busy has been in ALARM since 2026-03-01 11:59 UTC (rule: alarm(busy)): 7 tasks needed"
    );
}

/// The alarm's own time counts, evaluated or not; nothing of it is remembered.
#[track_caller]
fn held(evaluations: &[(i64, i64)], expected: &str) {
    let mut stage = api(&["alarm(busy) for 5m: +2"]);
    for (at, since) in evaluations {
        stage.alarm("busy", Alarm, *since).at(*at);
        let last = stage.evaluate_and_crash();
        stage.memory.intent = None;
        if (*at, *since) == evaluations[evaluations.len() - 1] {
            assert_eq!(codes(&last)[0], expected, "{evaluations:?}: {last}");
        }
    }
    assert!(stage.memory.runs.is_empty());
}

#[test]
fn for_holds_since_the_alarm_went_off_however_often_it_was_evaluated() {
    held(&[(300, 0)], "rule-matched"); // the very first evaluation
    held(&[(299, 0)], "rule-not-long-enough");
    held(&[(0, 0), (60, 0), (300, 0)], "rule-matched");
    held(&[(0, 0), (1_000, 0)], "rule-matched"); // a long time without evaluations
    held(&[(0, -600), (60, 30)], "rule-not-long-enough"); // OK for a moment between two evaluations
    held(&[(0, -600), (15, 10), (30, 10), (309, 10)], "rule-not-long-enough");
    held(&[(0, -600), (15, 10), (30, 10), (310, 10)], "rule-matched");
    held(&[(0, 30)], "rule-not-long-enough"); // a clock that runs behind AWS's
}

#[test]
fn an_alarm_may_scale_in_and_then_must_be_in_alarm_to_agree() {
    let mut stage = api(&["alarm(idle): -1", "cpu < 30%: -1"]);
    stage.points("cpu", &[(0, 20.0)]).alarm("idle", Fine, -60);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "not-agreed"]);
    assert_eq!(stage.alarm("idle", Alarm, -60).peek().verdict, ScaleIn { from: 5, to: 4 });
}

#[test]
fn an_alarm_that_adds_objects_while_it_is_in_alarm_and_only_then() {
    let mut stage = api(&["alarm(busy) for 5m: +2", "cpu < 30%: -1"]);
    stage.points("cpu", &[(0, 20.0)]).alarm("busy", Alarm, -60);
    assert_eq!(codes(&stage.peek()), ["rule-matched", "not-agreed"]);
    assert_eq!(stage.alarm("busy", Fine, -60).peek().verdict, ScaleIn { from: 5, to: 4 });
}

/// `INSUFFICIENT_DATA` is not OK, an alarm that cannot be read is not OK, and one that was not asked for is not OK.
#[test]
fn an_alarm_that_says_nothing_stops_every_scale_in_and_no_scale_out() {
    let unknown: [fn(&mut Stage); 3] = [
        |stage| {
            stage.alarm("busy", InsufficientData, -60);
        },
        |stage| {
            stage.alarm_read("busy", Err(refused()));
        },
        |stage| stage.seen.alarms.clear(),
    ];
    for make_unknown in unknown {
        let mut stage = api(&["alarm(busy): +2", "cpu < 30%: -1", "cpu > 70%: +3"]);
        make_unknown(&mut stage);
        let low = stage.points("cpu", &[(0, 20.0)]).evaluate();
        assert_eq!(
            (low.verdict, codes(&low)),
            (Hold { at: Some(5) }, vec!["rule-matched", "reading-missing"])
        );
        let high = stage.points("cpu", &[(60, 80.0)]).wait(60).evaluate();
        assert_eq!(size(&high), 8);
        assert!(high.notices.iter().any(|it| it.kind == NoticeKind::ReadingMissing && it.begins), "{high}");
    }
}

/// The alarm triggers once. The schedule steps on while the breach lasts, under the cooldown; on OK nothing is assumed.
#[test]
fn an_alarm_wakes_once_and_the_schedule_steps_on_while_the_breach_lasts() {
    let mut stage = api(&["alarm(busy): +2", "cpu < 30%: -1"]);
    stage.policy.cooldown = tidegate_policy::Cooldown {
        scale_out: crate::stage::seconds(180),
        scale_in: crate::stage::seconds(300),
    };
    let mut sizes = vec![];
    // Triggered at 12:00:07 by the alarm; then the schedule, an evaluation a minute, until 12:10.
    for at in (7..600).step_by(60) {
        stage.points("cpu", &[(at - 7, 80.0)]).alarm("busy", Alarm, 0);
        sizes.push(size(&stage.arrive().at(at).evaluate()));
    }
    assert_eq!(sizes, [7, 7, 7, 9, 9, 9, 11, 11, 11, 13]);
    // OK with a CPU of 50 %: nothing matches, and nothing is given back.
    for at in (607..1_200).step_by(60) {
        stage.points("cpu", &[(at - 7, 50.0)]).alarm("busy", Fine, 600);
        let calm = stage.arrive().at(at).evaluate();
        assert_eq!((size(&calm), codes(&calm)), (13, vec!["nothing-matches"]));
    }
    // Only a rule that asks for fewer takes away, one task per cooldown.
    stage.points("cpu", &[(1_200, 10.0)]);
    assert_eq!(stage.arrive().at(1_207).evaluate().verdict, ScaleIn { from: 13, to: 12 });
}

/// A state that is not evaluated, or only on a part of the alarm's data, is no state; only an ALARM that a part sufficed
/// for asks for more.
#[test]
fn an_alarm_that_is_not_evaluated_on_all_its_data_never_scales_in() {
    let at = |state, evaluation_state| {
        Ok(tidegate_policy::Alarm { state, since: crate::stage::noon(), evaluation_state })
    };
    for (evaluation_state, triggers) in [
        (AlarmEvaluation::Complete, true),
        (AlarmEvaluation::PartialData, true),
        (AlarmEvaluation::Error, false),
        (AlarmEvaluation::Failure, false),
        (AlarmEvaluation::ChildUnknown("its alarm a is in INSUFFICIENT_DATA".to_owned()), true),
    ] {
        let mut out = api(&["alarm(busy): +2"]);
        let expected = if triggers { ScaleOut { from: 5, to: 7 } } else { Hold { at: Some(5) } };
        assert_eq!(
            out.alarm_read("busy", at(Alarm, evaluation_state.clone())).peek().verdict,
            expected,
            "{evaluation_state:?}"
        );

        let complete = evaluation_state == AlarmEvaluation::Complete;
        let expected = if complete { ScaleIn { from: 5, to: 4 } } else { Hold { at: Some(5) } };
        let mut beside = api(&["alarm(busy): +2", "cpu < 30%: -1"]);
        beside.points("cpu", &[(0, 20.0)]).alarm_read("busy", at(Fine, evaluation_state.clone()));
        assert_eq!(beside.peek().verdict, expected, "an old OK, {evaluation_state:?}");
        let mut down = api(&["alarm(idle): -1"]);
        assert_eq!(
            down.alarm_read("idle", at(Alarm, evaluation_state.clone())).peek().verdict,
            expected,
            "{evaluation_state:?}"
        );
    }
    let mut notified = api(&["alarm(busy): +2"]);
    let words = notified.alarm_read("busy", at(Fine, AlarmEvaluation::Failure)).peek().to_string();
    assert!(words.contains("the alarm's evaluation is in EVALUATION_FAILURE"), "{words}");
    let child = AlarmEvaluation::ChildUnknown("its alarm api-5xx is in INSUFFICIENT_DATA".to_owned());
    let words = notified.alarm_read("busy", at(Fine, child)).peek().to_string();
    assert!(words.contains("(no datapoints: its alarm api-5xx is in INSUFFICIENT_DATA)"), "{words}");
}
