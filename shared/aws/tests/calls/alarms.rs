//! Alarms: a hundred per call, and what their state means.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::alarms;
use tidegate_policy::{AbsenceKind, Alarm, AlarmEvaluation, AlarmName, AlarmState};
use tokio::time::Instant;

use crate::fake::{Aws, deadline};

fn name(text: &str) -> AlarmName {
    AlarmName::new(text).expect("a name")
}

async fn describe(aws: &Aws, names: &[&AlarmName]) -> alarms::Alarms {
    alarms::describe(&aws.clients(), names, deadline()).await
}

#[tokio::test(start_paused = true)]
async fn alarms_of_every_kind_are_read_with_their_state_and_since_when() {
    let aws = Aws::new(|_, _| {
        Ok(json!({
            "MetricAlarms": [
                {"AlarmName": "api-5xx", "StateValue": "ALARM", "StateUpdatedTimestamp": 1_795_250_300,
                    "StateTransitionedTimestamp": 1_795_250_000},
                {"AlarmName": "old", "StateValue": "OK", "StateUpdatedTimestamp": 1_795_250_100.5},
                {"AlarmName": "timeless", "StateValue": "OK"},
                {"AlarmName": "new-word", "StateValue": "MAYBE", "StateUpdatedTimestamp": 1_795_250_100},
            ],
            "CompositeAlarms": [
                {"AlarmName": "all", "StateValue": "INSUFFICIENT_DATA", "StateTransitionedTimestamp": 1_795_250_200},
            ],
            "LogAlarms": [
                {"AlarmName": "errors-in-log", "StateValue": "ALARM", "StateTransitionedTimestamp": 1_795_250_250},
                {"AlarmName": "many-groups", "StateValue": "OK", "EvaluationState": "PARTIAL_DATA",
                    "StateTransitionedTimestamp": 1_795_250_260},
            ],
        }))
    });
    let names =
        ["api-5xx", "old", "timeless", "new-word", "all", "errors-in-log", "many-groups", "typo"].map(name);
    let mut seen = describe(&aws, &names.iter().collect::<Vec<_>>()).await;
    let at = |milliseconds| jiff::Timestamp::from_millisecond(milliseconds).expect("a moment");
    let mut take = |text: &str| seen.remove(&name(text)).expect("an answer");
    let alarm = |state, milliseconds, evaluation_state| {
        Ok(Alarm { state, since: at(milliseconds), evaluation_state })
    };
    assert_eq!(take("api-5xx"), alarm(AlarmState::Alarm, 1_795_250_000_000, AlarmEvaluation::Complete));
    assert_eq!(take("old"), alarm(AlarmState::Ok, 1_795_250_100_500, AlarmEvaluation::Complete));
    assert_eq!(
        take("all"),
        alarm(AlarmState::InsufficientData, 1_795_250_200_000, AlarmEvaluation::Complete)
    );
    assert_eq!(take("errors-in-log"), alarm(AlarmState::Alarm, 1_795_250_250_000, AlarmEvaluation::Complete));
    assert_eq!(take("many-groups"), alarm(AlarmState::Ok, 1_795_250_260_000, AlarmEvaluation::PartialData));
    let absence = take("typo").expect_err("no alarm of this name");
    assert_eq!(
        (absence.kind, absence.detail.as_str()),
        (AbsenceKind::NotFound, "DescribeAlarms: no alarm of this name")
    );
    assert_eq!(take("timeless").expect_err("no time").kind, AbsenceKind::Unreadable);
    assert_eq!(
        take("new-word").expect_err("no known state").detail,
        "DescribeAlarms: the unknown state `MAYBE`"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hundred_alarms_are_one_call_and_each_is_asked_once() {
    let aws = Aws::new(|_, body| {
        let names = body["AlarmNames"].as_array().expect("names").iter();
        let alarm = |name: &Value| json!({"AlarmName": name, "StateValue": "OK", "StateUpdatedTimestamp": 1_795_250_000});
        Ok(json!({"MetricAlarms": names.map(alarm).collect::<Vec<_>>(), "CompositeAlarms": []}))
    });
    let names: Vec<AlarmName> = (0..250).map(|number| name(&format!("alarm-{number}"))).collect();
    let twice: Vec<&AlarmName> = names.iter().chain(&names).collect();
    let seen = describe(&aws, &twice).await;
    assert_eq!(seen.values().filter(|alarm| alarm.is_ok()).count(), 250);
    let calls = aws.calls("DescribeAlarms");
    let asked: Vec<usize> =
        calls.iter().map(|call| call.body["AlarmNames"].as_array().expect("names").len()).collect();
    assert_eq!(asked, [100, 100, 50]);
    assert_eq!(
        calls[0].body["AlarmTypes"],
        json!(["MetricAlarm", "CompositeAlarm", "LogAlarm"]),
        "composite and log alarms come only when asked for"
    );
}

#[tokio::test(start_paused = true)]
async fn a_region_that_refuses_the_name_of_log_alarms_shows_the_other_kinds() {
    let aws = Aws::new(|_, body| {
        if body["AlarmTypes"].as_array().expect("kinds").contains(&json!("LogAlarm")) {
            return Err((
                "ValidationError",
                "Member must satisfy enum value set: [CompositeAlarm, MetricAlarm]",
            ));
        }
        Ok(json!({"MetricAlarms": [{"AlarmName": "api-5xx", "StateValue": "OK",
            "StateUpdatedTimestamp": 1_795_250_000}]}))
    });
    let seen = describe(&aws, &[&name("api-5xx"), &name("typo")]).await;
    assert_eq!(seen[&name("api-5xx")].as_ref().map(|alarm| alarm.state), Ok(AlarmState::Ok));
    assert_eq!(seen[&name("typo")].as_ref().expect_err("no such alarm").kind, AbsenceKind::NotFound);
    assert_eq!(aws.calls("DescribeAlarms").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn alarms_that_may_not_be_read_are_denied_and_never_ok() {
    let aws = Aws::new(|_, _| Err(("AccessDenied", "no")));
    let seen = describe(&aws, &[&name("api-5xx")]).await;
    assert_eq!(seen[&name("api-5xx")].as_ref().expect_err("denied").kind, AbsenceKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn what_a_state_rests_on_is_read_and_an_unknown_word_for_it_is_no_state() {
    let words = ["PARTIAL_DATA", "EVALUATION_ERROR", "EVALUATION_FAILURE", "HALF_HEARTED"];
    let aws = Aws::new(move |_, _| {
        let alarm = |word: &&str| {
            json!({"AlarmName": word, "StateValue": "OK", "EvaluationState": word,
            "StateUpdatedTimestamp": 1_795_250_000})
        };
        Ok(json!({"MetricAlarms": words.iter().map(alarm).collect::<Vec<_>>(), "CompositeAlarms": []}))
    });
    let names = words.map(name);
    let seen = describe(&aws, &names.iter().collect::<Vec<_>>()).await;
    let evaluation_state = |text: &str| seen[&name(text)].clone().map(|alarm| alarm.evaluation_state);
    assert_eq!(evaluation_state("PARTIAL_DATA"), Ok(AlarmEvaluation::PartialData));
    assert_eq!(evaluation_state("EVALUATION_ERROR"), Ok(AlarmEvaluation::Error));
    assert_eq!(evaluation_state("EVALUATION_FAILURE"), Ok(AlarmEvaluation::Failure));
    let unknown = evaluation_state("HALF_HEARTED").expect_err("no known word");
    assert_eq!(unknown.detail, "DescribeAlarms: the unknown evaluation state `HALF_HEARTED`");
}

/// An AWS of metric alarms and composite ones: name, state, and the rule of a composite one.
fn made_of(alarms: &'static [(&'static str, &'static str, &'static str)]) -> Aws {
    Aws::new(move |_, body| {
        let asked = |name: &str| body["AlarmNames"].as_array().expect("names").contains(&json!(name));
        let shown = |composite: bool| {
            let those = alarms.iter().filter(|(name, _, rule)| asked(name) && rule.is_empty() != composite);
            let alarm = |(name, state, rule): &(&str, &str, &str)| {
                json!({"AlarmName": name, "StateValue": state, "AlarmRule": rule,
                    "StateTransitionedTimestamp": 1_795_250_000})
            };
            those.map(alarm).collect::<Vec<Value>>()
        };
        Ok(json!({"MetricAlarms": shown(false), "CompositeAlarms": shown(true)}))
    })
}

/// What `slow` rests on, and how many calls that took.
async fn rests_on(alarms: &'static [(&'static str, &'static str, &'static str)]) -> (Option<String>, usize) {
    let aws = made_of(alarms);
    let seen = describe(&aws, &[&name("slow"), &name("plain")]).await;
    assert_eq!(seen.len(), 2, "nothing but what was asked for");
    let alarm = seen[&name("slow")].clone().expect("it is there");
    (alarm.evaluation_state.code().map(str::to_owned), aws.calls("DescribeAlarms").len())
}

#[tokio::test(start_paused = true)]
async fn a_composite_alarm_is_as_good_as_the_alarms_that_it_is_made_of() {
    let said = |text: &str| Some(text.to_owned());
    let (plain, rule) = (("plain", "OK", ""), "ALARM(errors) OR ALARM(\"late jobs\")");
    let with = [("slow", "OK", rule), plain, ("errors", "OK", ""), ("late jobs", "ALARM", "")];
    assert_eq!(rests_on(with.to_vec().leak()).await, (None, 2), "one call more, for both");
    for state in ["OK", "ALARM"] {
        let without =
            vec![("slow", state, rule), plain, ("errors", "OK", ""), ("late jobs", "INSUFFICIENT_DATA", "")];
        assert_eq!(rests_on(without.leak()).await.0, said("its alarm late jobs is in INSUFFICIENT_DATA"));
    }
    let gone = vec![("slow", "OK", rule), plain, ("errors", "OK", "")];
    assert_eq!(
        rests_on(gone.leak()).await.0,
        said("its alarm late jobs cannot be read (not found: DescribeAlarms: no alarm of this name)")
    );
}

#[tokio::test(start_paused = true)]
async fn composite_alarms_of_composite_alarms_are_followed_three_steps_and_no_circle() {
    let nested = [
        ("slow", "OK", "ALARM(one)"),
        ("plain", "OK", ""),
        ("one", "OK", "ALARM(two)"),
        ("two", "OK", "ALARM(three)"),
        ("three", "INSUFFICIENT_DATA", ""),
    ];
    let (rests, calls) = rests_on(nested.to_vec().leak()).await;
    assert_eq!((rests.as_deref(), calls), (Some("its alarm three is in INSUFFICIENT_DATA"), 4));
    let circle = vec![("slow", "OK", "ALARM(one)"), ("plain", "OK", ""), ("one", "OK", "NOT ALARM(slow)")];
    let (rests, calls) = rests_on(circle.leak()).await;
    assert_eq!((rests.as_deref(), calls), (Some("its alarm slow was not read"), 2));
}

/// The alarms themselves were read before: what is late costs only what is made of it.
#[tokio::test(start_paused = true)]
async fn what_a_composite_alarm_is_made_of_and_is_late_takes_no_alarm_with_it() {
    let aws = made_of(&[("slow", "OK", "ALARM(errors)"), ("plain", "ALARM", ""), ("errors", "OK", "")]);
    let (clients, names) = (aws.clients(), [name("slow"), name("plain")]);
    // A call takes 40 ms: there is time for one.
    let deadline = Instant::now() + Duration::from_millis(60);
    let seen = alarms::describe(&clients, &names.iter().collect::<Vec<_>>(), deadline).await;
    let evaluation_state = |text: &str| seen[&name(text)].clone().map(|alarm| alarm.evaluation_state);
    assert_eq!(evaluation_state("plain"), Ok(AlarmEvaluation::Complete));
    let unread = AlarmEvaluation::ChildUnknown("its alarm errors was not read".to_owned());
    assert_eq!(evaluation_state("slow"), Ok(unread));
}
