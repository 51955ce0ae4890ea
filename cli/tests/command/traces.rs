//! The files that `tidegate simulate` takes, and the options that say what a file does not.

use serde_json::Value;

use crate::simulate::{simulate, trace};

/// Three hours of two metrics, the newest first, as `aws cloudwatch get-metric-data` prints them.
fn metric_data() -> String {
    let stamps: Vec<String> = (0..180)
        .rev()
        .map(|minute| format!("\"2026-10-05T{:02}:{:02}:00+00:00\"", minute / 60, minute % 60))
        .collect();
    let result = |id: &str, value: u32| {
        let values: Vec<String> = (0..180).rev().map(|minute| format!("{}.0", value + minute % 7)).collect();
        format!(
            r#"{{"Id": "{id}", "Label": "{id}", "Timestamps": [{}], "Values": [{}], "StatusCode": "Complete"}}"#,
            stamps.join(","),
            values.join(",")
        )
    };
    let messages = r#"[{"Code": "MaxMetricsExceeded", "Value": "The maximum was exceeded"}]"#;
    format!(
        r#"{{"MetricDataResults": [{}, {}], "Messages": {messages}}}"#,
        result("sent", 10),
        result("deleted", 40)
    )
}

#[test]
fn the_json_of_cloudwatch_is_replayed_and_of_several_metrics_one_is_chosen() {
    let file = trace("metric-data.json", &metric_data());
    let (stdout, stderr, code) = simulate(&file, &[]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert_eq!(
        stderr,
        format!(
            "error: `{file}`: the file has several metrics: `sent`, `deleted`; choose with --metric NAME\n"
        )
    );
    let (stdout, stderr, code) = simulate(&file, &["--metric", "deleted", "--throughput", "0.1", "--json"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
    let shown = &answer["trace"];
    assert_eq!((&shown["rows"], &shown["interval_seconds"]), (&180.into(), &60.0.into()));
    assert_eq!(shown["first"], "2026-10-05T00:00:00Z");
    assert_eq!(shown["notes"][0], "CloudWatch reports MaxMetricsExceeded: The maximum was exceeded");
    let people = simulate(&file, &["--metric", "deleted", "--throughput", "0.1"]).0;
    assert!(people.contains("note       CloudWatch reports MaxMetricsExceeded"), "{people}");
}

#[test]
fn a_clock_without_a_zone_is_utc_unless_a_zone_is_named() {
    let rows: String = (0..120).fold("Label,Sent\n".to_owned(), |rows, minute| {
        rows + &format!("2026/10/05 {:02}:{:02},{}\n", minute / 60, minute % 60, 10 + minute % 7)
    });
    let file = trace("console.csv", &rows);
    let first = |more: &[&str]| {
        let (stdout, stderr, code) = simulate(&file, &[&["--throughput", "0.1", "--json"], more].concat());
        assert_eq!((stderr.as_str(), code), ("", 0));
        let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
        answer["trace"]["first"].as_str().expect("a time").to_owned()
    };
    assert_eq!(first(&[]), "2026-10-05T00:00:00Z");
    assert_eq!(first(&["--zone", "Europe/Berlin"]), "2026-10-04T22:00:00Z");
    let shown = simulate(&file, &["--throughput", "0.1"]).0;
    assert!(
        shown.contains("zone       UTC, because the timestamps name no zone (to set one: --zone)"),
        "{shown}"
    );
    let (_, stderr, code) = simulate(&file, &["--zone", "Berlin"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("is not an IANA time zone; write it like Europe/Berlin or UTC"), "{stderr}");
    let (_, stderr, code) =
        simulate(&trace("numbers.csv", "timestamp,value\n0,1\n60,2\n"), &["--zone", "UTC"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("the timestamps have a zone, or are numbers"), "{stderr}");
}
