//! Metrics: what is asked of CloudWatch, and what the datapoints mean.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_fleet::{MathSource, MetricSource, Source};
use tidegate_policy::{AbsenceKind, MetricReading, OnAbsence};

use crate::fake::{Aws, HttpAnswer};

/// The moment of all evaluations here: a whole minute.
const NOW: i64 = 1_795_250_040;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("a moment")
}

/// The answer to `GetMetricData`: to each query that returns data its datapoints, as (minutes ago, value).
pub(crate) fn results(body: &Value, points: impl Fn(&Value) -> Vec<(i64, f64)>) -> Value {
    let queries = body["MetricDataQueries"].as_array().expect("queries").iter();
    let result = |query: &Value| {
        let points = points(query);
        let starts = points.iter().map(|(minutes, _)| NOW - 60 * (minutes + 1));
        let values = points.iter().map(|(_, value)| *value);
        json!({"Id": query["Id"], "StatusCode": "Complete", "Timestamps": starts.collect::<Vec<_>>(),
            "Values": values.collect::<Vec<_>>()})
    };
    json!({"MetricDataResults": queries.filter(|query| query["ReturnData"] == true).map(result).collect::<Vec<_>>()})
}

pub(crate) fn metric(name: &str) -> MetricSource {
    MetricSource {
        namespace: "App".to_owned(),
        metric: name.to_owned(),
        dimensions: BTreeMap::from([("Stage".to_owned(), "prod".to_owned())]),
        statistic: "Average".to_owned(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    }
}

pub(crate) fn wanted(source: &Source) -> Wanted<'_> {
    Wanted { source, limit: None, target_groups: &[], longest_for: SignedDuration::from_mins(5) }
}

async fn read(aws: &Aws, wanted: &[Wanted<'_>]) -> Vec<MetricReading> {
    metrics::read(&aws.clients(), &LoadBalancers::default(), wanted, now()).await
}

/// The datapoints of a reading, as (minutes ago, value), oldest first.
pub(crate) fn points(reading: &MetricReading) -> Vec<(i64, f64)> {
    let MetricReading::Points { points, .. } = reading else {
        unreachable!("no datapoints but {reading:?}");
    };
    points.iter().map(|point| ((NOW - point.at.as_second()) / 60, point.value)).collect()
}

pub(crate) fn failure(reading: &MetricReading) -> (AbsenceKind, &str) {
    let MetricReading::Failed(absence) = reading else { unreachable!("no failure but {reading:?}") };
    (absence.kind, absence.detail.as_str())
}

#[tokio::test(start_paused = true)]
async fn one_query_serves_every_service_that_wants_it_with_the_longest_history() {
    let aws = Aws::new(|_, body| Ok(results(body, |_| vec![(2, 40.0), (1, 50.0), (0, 60.0)])));
    let source = Source::Metric(metric("Depth"));
    let mut longer = wanted(&source);
    longer.longest_for = SignedDuration::from_mins(30);
    let readings = read(&aws, &[wanted(&source), longer, wanted(&source)]).await;
    assert_eq!(readings.len(), 3);
    for reading in &readings {
        assert_eq!(points(reading), [(2, 40.0), (1, 50.0), (0, 60.0)]);
    }
    let calls = aws.calls("GetMetricData");
    assert_eq!(calls.len(), 1);
    let body = &calls[0].body;
    assert_eq!(
        body["MetricDataQueries"],
        json!([{"Id": "m0", "ReturnData": true, "MetricStat": {"Period": 60, "Stat": "Average", "Metric": {
            "Namespace": "App", "MetricName": "Depth", "Dimensions": [{"Name": "Stage", "Value": "prod"}]}}}])
    );
    assert_eq!(body["EndTime"].as_f64(), Some(1_795_250_040.0));
    assert_eq!(
        body["StartTime"].as_f64(),
        Some(1_795_250_040.0 - 45.0 * 60.0),
        "30 min, five periods and ten more"
    );
}

#[tokio::test(start_paused = true)]
async fn with_a_limit_a_reading_is_in_percent_of_it() {
    let aws = Aws::new(|_, body| Ok(results(body, |_| vec![(1, 120.0), (0, 160.0)])));
    let source = Source::Metric(metric("DatabaseConnections"));
    let with = Wanted { limit: Some(160.0), ..wanted(&source) };
    let readings = read(&aws, &[with, wanted(&source)]).await;
    assert_eq!(points(&readings[0]), [(1, 75.0), (0, 100.0)]);
    assert_eq!(points(&readings[1]), [(1, 120.0), (0, 160.0)]);
}

fn math(expression: &str) -> Source {
    let inputs = ["errors", "requests"].map(|id| (id.to_owned(), metric(id)));
    Source::Math(MathSource {
        expression: expression.to_owned(),
        inputs: inputs.into(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    })
}

#[tokio::test(start_paused = true)]
async fn every_expression_has_ids_of_its_own_and_only_its_result_comes_back() {
    let aws = Aws::new(|_, body| {
        Ok(results(body, |query| match query["Expression"].as_str() {
            Some(expression) if expression.starts_with("100") => vec![(0, 2.5)],
            Some(_) => vec![(0, 7.0)],
            None => vec![(0, 1.0)],
        }))
    });
    let (share, sum, plain) =
        (math("100 * errors / requests"), math("errors+requests"), Source::Metric(metric("errors")));
    let readings = read(&aws, &[wanted(&share), wanted(&plain), wanted(&sum), wanted(&share)]).await;
    let values: Vec<Vec<(i64, f64)>> = readings.iter().map(points).collect();
    assert_eq!(values, [[(0, 2.5)], [(0, 1.0)], [(0, 7.0)], [(0, 2.5)]]);
    let body = &aws.calls("GetMetricData")[0].body;
    let queries = body["MetricDataQueries"].as_array().expect("queries");
    let row = |query: &Value| {
        let what = query["Expression"].as_str().or(query["MetricStat"]["Metric"]["MetricName"].as_str());
        format!("{} {} {}", query["Id"], what.expect("something"), query["ReturnData"]).replace('"', "")
    };
    assert_eq!(
        queries.iter().map(row).collect::<Vec<_>>(),
        [
            "m0 errors true",
            "m1 100 * m1_1 / m1_2 true",
            "m1_1 errors false",
            "m1_2 requests false",
            "m2 m2_1+m2_2 true",
            "m2_1 errors false",
            "m2_2 requests false",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn inputs_count_toward_the_five_hundred_of_a_call_and_no_expression_is_torn() {
    let aws = Aws::new(|_, body| Ok(results(body, |_| vec![(0, 1.0)])));
    let sources: Vec<Source> = (0..200).map(|number| math(&format!("errors/requests*{number}"))).collect();
    let readings = read(&aws, &sources.iter().map(wanted).collect::<Vec<_>>()).await;
    assert!(readings.iter().all(|reading| points(reading) == [(0, 1.0)]));
    let sizes = aws
        .calls("GetMetricData")
        .into_iter()
        .map(|call| call.body["MetricDataQueries"].as_array().expect("queries").len());
    assert_eq!(sizes.collect::<Vec<_>>(), [498, 102]);
}

#[tokio::test(start_paused = true)]
async fn a_long_history_is_asked_for_apart() {
    let aws = Aws::new(|_, body| Ok(results(body, |_| vec![])));
    let (short, long) = (Source::Metric(metric("short")), Source::Metric(metric("long")));
    let day = Wanted { longest_for: SignedDuration::from_hours(24), ..wanted(&long) };
    read(&aws, &[wanted(&short), day]).await;
    let hours = aws.calls("GetMetricData").into_iter().map(|call| {
        let seconds =
            call.body["EndTime"].as_f64().expect("a time") - call.body["StartTime"].as_f64().expect("a time");
        format!("{:.2}", seconds / 3600.0)
    });
    assert_eq!(hours.collect::<Vec<_>>(), ["0.33", "24.25"]);
}

/// An answer with this status for the one query.
fn with_status(status: &'static str) -> Aws {
    Aws::new(move |_, body| {
        let mut answer = results(body, |_| vec![(0, 1.0)]);
        answer["MetricDataResults"][0]["StatusCode"] = json!(status);
        Ok(answer)
    })
}

#[tokio::test(start_paused = true)]
async fn only_a_complete_answer_counts() {
    let source = Source::Metric(metric("Depth"));
    for (aws, kind, detail) in [
        (with_status("PartialData"), AbsenceKind::NoDatapoints, "CloudWatch: PartialData"),
        (with_status("InternalError"), AbsenceKind::NoDatapoints, "CloudWatch: InternalError"),
        (with_status("Forbidden"), AbsenceKind::Denied, "CloudWatch: Forbidden"),
        (
            Aws::new(|_, _| Ok(json!({"MetricDataResults": []}))),
            AbsenceKind::Unreadable,
            "CloudWatch left the metric out of its answer",
        ),
        (
            Aws::new(|_, _| -> HttpAnswer { Err(("AccessDenied", "no")) }),
            AbsenceKind::Denied,
            "AccessDenied: no",
        ),
        (
            Aws::new(|_, _| -> HttpAnswer { Err(("ValidationError", "Error in expression 'm0'")) }),
            AbsenceKind::Refused,
            "ValidationError: Error in expression 'm0'",
        ),
    ] {
        let readings = read(&aws, &[wanted(&source)]).await;
        assert_eq!(failure(&readings[0]), (kind, detail));
    }
    let empty = read(&Aws::new(|_, body| Ok(results(body, |_| vec![]))), &[wanted(&source)]).await;
    assert_eq!(points(&empty[0]), [], "complete and without datapoints is no failure");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_three_seconds_is_waited_for() {
    let slow = Aws::new(|_, body| Ok(results(body, |_| vec![(0, 1.0)])));
    let slow = slow.takes("GetMetricData", Duration::from_secs(3));
    let sources: Vec<Source> = (0..500).map(|number| Source::Metric(metric(&format!("m{number}")))).collect();
    let readings = read(&slow, &sources.iter().map(wanted).collect::<Vec<_>>()).await;
    assert!(readings.iter().all(|reading| points(reading) == [(0, 1.0)]));
    assert_eq!(slow.calls("GetMetricData").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_fails_before_the_time_for_reading_ends() {
    let never = Aws::new(|_, body| Ok(results(body, |_| vec![(0, 1.0)]))).slow("GetMetricData");
    let (source, began) = (Source::Metric(metric("Depth")), tokio::time::Instant::now());
    let readings = read(&never, &[wanted(&source)]).await;
    assert_eq!(failure(&readings[0]).0, AbsenceKind::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(5), "in virtual time, also after slow targets");
}
