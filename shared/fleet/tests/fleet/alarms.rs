//! `alarm(NAME)`: a CloudWatch alarm as a condition.

use jiff::SignedDuration;
use tidegate_policy::{AlarmName, Comparison, Condition, Signal, Unit};

use crate::mistakes::check_problems;
use crate::taken::{PLACE, fleet, service};

fn reported(condition: &str) -> String {
    format!("rules: [{{ when: {condition}, add: 1, notify: critical }}, {{ when: cpu < 30%, remove: 1 }}]")
}

#[test]
fn an_alarm_is_named_as_in_aws() {
    let longest = "x".repeat(255);
    for (written, name, minutes) in [
        ("alarm(api-5xx)".to_owned(), "api-5xx", 0),
        ("\"alarm( api-5xx ) for 5m\"".to_owned(), "api-5xx", 5),
        ("\"  alarm(Zone A: 5xx, all > 1%) for 1h30m \"".to_owned(), "Zone A: 5xx, all > 1%", 90),
        ("alarm(ü(1)".to_owned(), "ü(1", 0),
        ("alarm(for)for 1m".to_owned(), "for", 1),
        (format!("alarm({longest}) for 5m"), &longest, 5),
    ] {
        let service = service(&reported(&written));
        let name = AlarmName::new(name).expect("an alarm's name");
        let expected = Condition {
            signal: Signal::Alarm(name.clone()),
            comparison: Comparison::Above,
            threshold: 0.0,
            unit: Unit::Count,
            hold_for: SignedDuration::from_mins(minutes),
        };
        assert_eq!(service.policy().rules[0].when, expected, "{written}");
        assert_eq!(service.alarms(), [name], "{written}");
        assert_eq!(service.metrics().len(), 1, "an alarm is no metric");
    }
}

#[test]
fn each_alarm_is_read_once() {
    let service = service(
        "rules: [{ when: alarm(a), add: 1 }, { when: alarm(b), notify: critical }, { when: alarm(a) for 5m, add: 2 }]",
    );
    let names: Vec<&str> = service.alarms().iter().map(AlarmName::as_str).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn what_is_no_condition_on_an_alarm_is_refused() {
    let long = "x".repeat(256);
    for (condition, part, words) in [
        ("alarm(api", "alarm(api", "never closes `alarm(`"),
        ("alarm()", "alarm()", "allowed: 1 to 255 characters"),
        ("alarm(  )", "alarm(  )", "allowed: 1 to 255 characters"),
        (&format!("alarm({long})"), &format!("alarm({long})"), "allowed: 1 to 255 characters"),
        ("alarm(api (5xx) high)", " high)", "with a `)` in its name"),
        ("alarm(api) > 0", ">", "it holds while the alarm is in ALARM"),
        ("alarm(api) and cpu > 5%", "and", "`for` with a duration"),
        ("alarm(api) for 5m now", "now", "nothing may follow"),
        (
            "alarm(arn:aws:cloudwatch:eu-west-1:1:alarm:api)",
            "alarm(arn:aws:cloudwatch:eu-west-1:1:alarm:api)",
            "ARN",
        ),
    ] {
        let text = fleet(&format!("{PLACE}{}", reported(&format!("\"{condition}\""))));
        check_problems(&text, &[("bad-condition", part, words)]);
    }
    let text = |condition: &str| fleet(&format!("{PLACE}{}", reported(condition)));
    check_problems(&text("alarm(api) for 5"), &[("not-a-duration", "5", "write `5m`")]);
    check_problems(&text("alarm(api) for 30s"), &[("out-of-range", "30s", "1m to 7d")]);
    check_problems(&text("alarm > 5"), &[("unknown-signal", "alarm", "")]);
    check_problems(
        &fleet(&format!("{PLACE}track: {{ signal: alarm(api), target: 5 }}")),
        &[("bad-text", "alarm(api)", "lower-case letters")],
    );
    check_problems(
        &fleet(&format!(
            "{PLACE}rules: [{{ when: alarm(a), add: 1 }}, {{ when: alarm(a) for 5m, remove: 1 }}]"
        )),
        &[("contradicting-rules", "alarm(a) for 5m", "leave a gap")],
    );
}
