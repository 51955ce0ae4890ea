//! `floor`: a guide's table, and tables that cannot be meant.

use crate::mistakes::check_problems;
use crate::taken::{PLACE, WORK, fleet};

const METRICS: &str =
    "metrics: { monitors: { namespace: Hyperverge, metric: Monitors, dimensions: { Env: prod } } }\n";

fn text(floor: &str) -> String {
    fleet(&format!("{PLACE}{WORK}{METRICS}floor: {floor}"))
}

#[test]
fn a_table_reads_as_the_guide_has_it() {
    let fleet = tidegate_fleet::parse(&text("{ by: monitors, table: { 100: 2, 10000: 15, 1000: 5 } }"))
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(fleet.warnings(), []);
    let service = &fleet.services()[0];
    let floor = service.policy().floor.as_ref().expect("there is a floor");
    assert_eq!(floor.to_string(), "by monitors: 2 from 100, 5 from 1000, 15 from 10000");
    assert_eq!(service.metrics().len(), 1, "its metric is read");
}

#[track_caller]
fn refused(floor: &str, expected: &[(&str, &str, &str)]) {
    check_problems(&text(floor), expected);
}

#[test]
fn tables_that_cannot_be_meant_are_refused() {
    refused(
        "{ by: monitors, table: { 100: 5, 1000: 2 } }",
        &[("floor-falls", "2", "`1000: 2` has fewer tasks than `100: 5`")],
    );
    refused(
        "{ by: monitors, table: { 100: 21 } }",
        &[("floor-above-capacity", "21", "raise `capacity.max`")],
    );
    refused(
        "{ by: monitor, table: { 100: 2 } }",
        &[("unknown-signal", "monitor", "did you mean `monitors`?")],
    );
    refused("{ by: cpu, table: { 100: 2 } }", &[("unknown-signal", "cpu", "under `metrics`")]);
    refused("{ by: monitors, table: {} }", &[("empty-value", "{", "`{ 100: 2, 1000: 5 }`")]);
    refused("{ by: monitors, table: { 1k: 2 } }", &[("bad-text", "1k", "plain digits")]);
    refused("{ by: monitors, table: { 0100: 2 } }", &[("bad-text", "0100", "plain digits")]);
    refused("{ by: monitors, table: { 100: many } }", &[("not-a-number", "many", "digits only")]);
    refused("{ by: monitors, table: [2, 5] }", &[("wrong-shape", "[", "a list")]);
    refused("{ by: monitors }", &[("missing-key", "{ ", "table")]);
    refused("{ table: { 100: 2 } }", &[("missing-key", "{ ", "by")]);
}

#[test]
fn a_metric_in_percent_of_a_limit_counts_nothing() {
    let limited =
        text("{ by: monitors, table: { 100: 2 } }").replace("{ Env: prod }", "{ Env: prod }, limit: 500");
    check_problems(
        &limited,
        &[("limit-without-total", "monitors", "`monitors` is in percent of its `limit`")],
    );
}

#[test]
fn a_metric_that_counts_as_zero_would_take_the_floor_away() {
    let zero =
        text("{ by: monitors, table: { 100: 2 } }").replace("{ Env: prod }", "{ Env: prod }, absent: zero");
    let problems = tidegate_fleet::parse(&zero).expect_err("absence is no zero");
    assert_eq!(problems.iter().map(|it| it.code().as_str()).collect::<Vec<_>>(), ["floor-absent-zero"]);
}
