//! `notify`: conditions that operators are notified of.

use tidegate_policy::Severity;
use tidegate_policy::{Adjustment, Amount};

use crate::mistakes::check_problems;
use crate::taken::{PLACE, WORK, fleet, service};

#[test]
fn a_rule_tells_or_scales_or_both() {
    let service = service(
        "rules: [{ when: memory > 85% for 3m, notify: critical }, { when: cpu > 80%, add: 2, notify: warning },\n\
                 { when: cpu < 30%, remove: 1 }]",
    );
    let policy = service.policy();
    let reported: Vec<(String, Severity)> =
        policy.notify.iter().map(|notify| (notify.when.to_string(), notify.severity)).collect();
    let expected = [("memory > 85% for 3m", Severity::Critical), ("cpu > 80%", Severity::Warning)];
    assert_eq!(reported, expected.map(|(when, severity)| (when.to_owned(), severity)));
    let scaling: Vec<(String, Adjustment)> =
        policy.rules.iter().map(|rule| (rule.when.to_string(), rule.adjust)).collect();
    let (add, remove) = (Adjustment::Add(Amount::Tasks(2)), Adjustment::Remove(Amount::Tasks(1)));
    assert_eq!(scaling, [("cpu > 80%".to_owned(), add), ("cpu < 30%".to_owned(), remove)]);
    let names: Vec<&str> = service.metrics().iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["memory", "cpu"], "a metric that only `notify` names is read too");
}

#[test]
fn a_queue_and_an_alarm_may_be_reported_of() {
    let rules = WORK.replace("[{", "[{ when: stalled_for > 5m, notify: critical }, {");
    assert_eq!(service(&rules).policy().notify.len(), 1);
    assert_eq!(service("rules: [{ when: alarm(a), notify: warning }]").policy().rules, []);
}

#[test]
fn notices_that_cannot_be_meant_are_refused() {
    let rules = |rules: &str| fleet(&format!("{PLACE}rules: [{rules}]"));
    check_problems(
        &rules("{ when: cpu > 80%, notify: page }"),
        &[("unknown-value", "page", "allowed: `warning` and `critical`")],
    );
    check_problems(
        &rules("{ when: cpu > 80%, notify: warning, at_least: 2 }"),
        &[("at-least-without-percent", "2", "`at_least` without `add` or `remove` by percent")],
    );
    check_problems(
        &rules("{ when: cpu > 80%, notify: warning }, { when: cpu > 80%, notify: critical }"),
        &[("duplicate-name", "cpu > 80%", "`cpu > 80%` already has a `notify` in line 8")],
    );
    check_problems(
        &rules("{ when: cpu > 80%, add: 1, set: 2, notify: warning }"),
        &[("not-exactly-one", "set", "takes at most one of `add`, `remove` and `set`")],
    );
    check_problems(
        &rules("{ when: cpu > 80% }"),
        &[("missing-key", "{ ", "needs `add`, `remove`, `set` or `notify`")],
    );
}
