//! `metrics`: expressions, limits, and what cannot be read.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tidegate_fleet::{MathSource, Metric, MetricSource, Source};
use tidegate_policy::{OnAbsence, Unit};

use crate::mistakes::check_problems;
use crate::taken::{PLACE, fleet, service};

const INPUTS: &str =
    "{ e: { namespace: Shop, metric: Failed, statistic: Sum }, r: { namespace: Shop, metric: All } }";

fn metric(settings: &str, condition: &str) -> String {
    format!("metrics: {{ share: {{ {settings} }} }}\nrules: [{{ when: {condition}, notify: warning }}]")
}

#[track_caller]
fn refused(settings: &str, condition: &str, code: &str, part: &str, words: &str) {
    check_problems(&fleet(&format!("{PLACE}{}", metric(settings, condition))), &[(code, part, words)]);
}

#[test]
fn an_expression_has_metrics_of_one_period() {
    let settings =
        format!("expression: 100 * e / r, metrics: {INPUTS}, period: 5m, absent: no_vote, unit: percent");
    let service = service(&metric(&settings, "share > 5% for 5m"));
    let (period, on_absence) = (SignedDuration::from_mins(5), OnAbsence::NoVote);
    let input = |metric: &str, statistic: &str| MetricSource {
        namespace: "Shop".into(),
        metric: metric.into(),
        dimensions: BTreeMap::new(),
        statistic: statistic.into(),
        period,
        on_absence,
    };
    let inputs = [("e".into(), input("Failed", "Sum")), ("r".into(), input("All", "Average"))].into();
    let expected = MathSource { expression: "100 * e / r".into(), inputs, period, on_absence };
    let [Metric { source, limit, .. }] = service.metrics() else { panic!("one metric is read") };
    assert_eq!((source, limit), (&Source::Math(expected), &None));
    assert_eq!(source.metrics(), 2, "each input is charged for");
    assert_eq!(service.policy().notify[0].when.unit, Unit::Percent);
}

#[test]
fn expressions_that_cannot_be_computed_are_refused() {
    let with = |expression: &str| format!("expression: \"{expression}\", metrics: {INPUTS}");
    let wrong = |expression: &str, code: &str, part: &str, words: &str| {
        refused(&with(expression), "share > 5", code, part, words);
    };
    wrong(
        "100 * e / rr",
        "bad-expression",
        "rr",
        "names `rr`, which is not under `metrics`; did you mean `r`?",
    );
    wrong("100 * e", "bad-expression", "\"100 * e\"", "does not name `r`");
    wrong("100 * (e / r", "bad-expression", "(", "never closes its `(`");
    wrong("SUM(METRICS()) / r + e", "bad-expression", "METRICS", "also count the metrics of other services");
    wrong("SEARCH('x', 'Sum') + e + r", "bad-text", "\"SEARCH('x', 'Sum') + e + r\"", "without quotes");
    let input = "{ e: { namespace: N, metric: M } }";
    refused(
        &format!("expression: e, metrics: {input}, namespace: N"),
        "share > 5",
        "unknown-key",
        "namespace",
        "",
    );
    refused(
        &format!("expresion: e, metrics: {input}"),
        "share > 5",
        "unknown-key",
        "expresion",
        "`expression`?",
    );
    refused(&format!("metrics: {input}"), "share > 5", "missing-key", "{ ", "`expression` is missing");
    refused(
        "expression: e",
        "share > 5",
        "missing-key",
        "{ ",
        "`metrics` is missing in a metric by an expression",
    );
    refused("expression: \"5\", metrics: {}", "share > 5", "bad-expression", "\"5\"", "names no metric");
    refused(
        "expression: e, metrics: { e: { namespace: N, metric: M, period: 5m } }",
        "share > 5",
        "unknown-key",
        "period",
        "unknown key `period` in a metric of the expression",
    );
    refused(
        &format!("expression: e, metrics: {input}, period: 90s"),
        "share > 5",
        "out-of-range",
        "90s",
        "60s",
    );
    refused(
        &format!("expression: e, metrics: {input}, period: 10m"),
        "share > 5 for 5m",
        "for-below-period",
        "5m",
        "at least `for 10m`",
    );
}

#[test]
fn ids_are_those_of_cloudwatch() {
    let settings =
        "expression: x, metrics: { x: { namespace: N, metric: M }, 1e: { namespace: N, metric: M } }";
    check_problems(
        &fleet(&format!("{PLACE}{}", metric(settings, "share > 5"))),
        &[("bad-text", "1e", "beginning with a lower-case letter")],
    );
    let many: Vec<String> = (0..11).map(|n| format!("m{n}: {{ namespace: N, metric: M }}")).collect();
    let sum: Vec<String> = (0..11).map(|n| format!("m{n}")).collect();
    let settings = format!("expression: {}, metrics: {{ {} }}", sum.join(" + "), many.join(", "));
    refused(&settings, "share > 5", "wrong-length", "{ ", "allowed: 0 to 10");
}

#[test]
fn a_limit_makes_percent() {
    let service =
        service(&metric("namespace: AWS/RDS, metric: DatabaseConnections, limit: 500", "share > 80%"));
    assert_eq!(service.metrics()[0].limit, Some(500.0));
    let when = &service.policy().notify[0].when;
    assert_eq!((when.threshold, when.unit), (80.0, Unit::Percent));
    let math = format!("expression: e + r, metrics: {INPUTS}, limit: 999999999999999");
    let service = crate::taken::service(&metric(&math, "share > 80%"));
    assert_eq!(service.metrics()[0].limit, Some(999_999_999_999_999.0));
}

#[test]
fn limits_that_cannot_be_meant_are_refused() {
    let limited = |more: &str| format!("namespace: N, metric: M, {more}");
    refused(&limited("limit: 500"), "share > 80", "wrong-unit", "80", "write `80%`");
    refused(&limited("limit: 0"), "share > 80%", "out-of-range", "0", "allowed: 1 to 999999999999999");
    refused(
        &limited("limit: 1000000000000000"),
        "share > 80%",
        "out-of-range",
        "1000000000000000",
        "allowed",
    );
    refused(&limited("limit: 1e3"), "share > 80%", "not-a-number", "1e3", "write digits only");
    for unit in ["percent", "seconds"] {
        let settings = limited(&format!("limit: 500, unit: {unit}"));
        refused(&settings, "share > 80%", "limit-without-total", unit, "remove `unit`");
    }
}
