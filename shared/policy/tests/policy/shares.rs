//! What each task has of a total: the minutes are divided by those that ran over them, in every answer anew.

use tidegate_policy::Cooldown;
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};

use crate::stage::{Stage, seconds};

/// Five tasks without a queue; cooldowns of a minute, so that nothing but the readings holds.
fn api(rules: &[&str]) -> Stage {
    Stage::new(1, 50, rules)
        .no_queue()
        .with(|stage| stage.policy.cooldown = Cooldown { scale_out: seconds(60), scale_in: seconds(60) })
}

/// Ten tasks under 80 requests each, for an hour. CloudWatch shows every minute of it halved until it is four minutes old.
fn an_hour_of_late_corrections(rule: &str, change: impl Fn(&mut Stage, i64)) -> u32 {
    let mut stage = api(&[rule]).tasks(10);
    for minute in 0..60 {
        let now = minute * 60 + 20;
        let shown = |at: i64| (at * 60, if now - at * 60 < 240 { 400.0 } else { 800.0 });
        stage.answer("requests", &(minute - 15..=minute).map(shown).collect::<Vec<_>>());
        change(&mut stage, minute);
        stage.arrive().at(now).evaluate();
    }
    stage.service().desired_count
}

#[test]
fn a_share_is_corrected_as_its_total_is() {
    for rule in ["requests < 500 for 5m: -1", "requests_per_task < 50 for 5m: -1"] {
        assert_eq!(an_hour_of_late_corrections(rule, |_, _| ()), 10, "{rule}");
    }
    assert!(an_hour_of_late_corrections("requests_per_task < 81 for 5m: -1", |_, _| ()) < 10);
    // What ran is forgotten with each fourth evaluation: minutes over which it is not known let nothing go.
    let forgetful = |stage: &mut Stage, minute: i64| {
        if minute % 4 == 0 {
            stage.memory.ran = None;
        }
    };
    assert_eq!(an_hour_of_late_corrections("requests_per_task < 81 for 5m: -1", forgetful), 10);
}

/// It is not known how many ran before the first evaluation: what was high by those of now asks, and what was low waits.
#[test]
fn minutes_before_the_first_evaluation_scale_out_and_not_in() {
    let first = |rule: &str| {
        let mut stage = api(&[rule]);
        stage.answer("requests", &(-12..=-3).map(|minute| (minute * 60, 1_000.0)).collect::<Vec<_>>());
        stage.peek().verdict
    };
    assert_eq!(first("requests_per_task > 150 for 5m: +1"), ScaleOut { from: 5, to: 6 });
    assert_eq!(first("requests_per_task < 250 for 5m: -1"), Hold { at: Some(5) });
    assert_eq!(first("requests_per_task > 150 for 5m: -1"), Hold { at: Some(5) });
    assert_eq!(first("requests < 1250 for 5m: -1"), ScaleIn { from: 5, to: 4 });
}
