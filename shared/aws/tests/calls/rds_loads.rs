//! The metrics that a class is judged by: one batch, each with its own period, and never a part for the whole.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::rds::{self, ClassReadings, MeasuredClass};
use tidegate_fleet::Source;
use tidegate_policy::rule::{Comparison, Condition};
use tidegate_policy::signal::{Signal, Unit};
use tidegate_policy::upgrades::observation::ClassedInstance;
use tidegate_policy::upgrades::policy::{ChangeWindow, ClassLadder, StorageLimits, UpgradePolicy};
use tidegate_policy::{MetricName, MetricReading};

use crate::fake::{Aws, HttpAnswer};
use crate::metrics::{failure, metric, now, points, results};
use crate::rds::{seen, source};

async fn instance(storage: &str) -> ClassedInstance {
    let xml = source("prod", &[], &format!("<StorageType>{storage}</StorageType>"));
    seen(&xml, "").await.classed_rds("prod").expect("read").main
}

fn condition(signal: &str, comparison: Comparison, hours: i64) -> Condition {
    let signal = Signal::Metric(MetricName::new(signal).expect("a name"));
    let hold_for = SignedDuration::from_hours(hours);
    Condition { signal, comparison, threshold: 80.0, unit: Unit::Percent, hold_for }
}

/// A ladder with `when` and `down`: the signal, and for how many hours.
fn ladder(up: &[(&str, i64)], down: &[(&str, i64)]) -> UpgradePolicy {
    let conditions = |list: &[(&str, i64)], comparison| {
        list.iter().map(|(signal, hours)| condition(signal, comparison, *hours)).collect()
    };
    let ladder = ClassLadder {
        classes: vec!["db.t4g.medium".to_owned(), "db.t4g.large".to_owned()],
        up: conditions(up, Comparison::Above),
        down: conditions(down, Comparison::Below),
        floor: None,
        window: ChangeWindow::Maintenance,
        per_day: 1,
        keeps_reservations: true,
    };
    UpgradePolicy { is_aurora: false, ladder: Some(ladder), storage: None, max_connections: None }
}

fn storage_only() -> UpgradePolicy {
    let storage = Some(StorageLimits { max_gib: Some(1_000), warning: 20, critical: 10 });
    UpgradePolicy { is_aurora: false, ladder: None, storage, max_connections: NonZeroU32::new(100) }
}

async fn read(aws: &Aws, databases: &[MeasuredClass<'_>]) -> Vec<ClassReadings> {
    rds::read_loads(&aws.clients(), databases, now()).await
}

/// `CPUUtilization Average 300`, of every call, in order.
fn asked(aws: &Aws) -> Vec<String> {
    let calls = aws.calls("GetMetricData");
    let queries = calls.iter().flat_map(|call| call.body["MetricDataQueries"].as_array().expect("queries"));
    let mut rows: Vec<String> = queries.map(row).collect();
    rows.sort();
    rows
}

fn row(query: &Value) -> String {
    let (stat, metric) = (&query["MetricStat"], &query["MetricStat"]["Metric"]);
    let parts = [&metric["MetricName"], &stat["Stat"], &stat["Period"]].map(ToString::to_string);
    parts.join(" ").replace('"', "")
}

/// A number that tells a query from all others.
fn value(query: &Value) -> f64 {
    let bytes = row(query).into_bytes();
    bytes.into_iter().map(f64::from).fold(0.0, |sum, letter| sum * 1.5 % 100_000.0 + letter)
}

fn expected(name: &str, statistic: &str, period: i64) -> f64 {
    value(&json!({"MetricStat": {"Metric": {"MetricName": name}, "Stat": statistic, "Period": period}}))
}

#[tokio::test(start_paused = true)]
async fn each_reading_is_the_metric_that_it_is_called() {
    let aws = Aws::new(|_, body| Ok(results(body, |query| vec![(3, value(query))])));
    let (instance, mut policy) = (instance("gp2").await, ladder(&[("cpu", 24)], &[("cpu", 14 * 24)]));
    policy.storage = storage_only().storage;
    let floor = Source::Metric(metric("Users"));
    let database = MeasuredClass { instance: &instance, policy: &policy, floor: Some(&floor) };
    let ClassReadings { load, floor } = read(&aws, &[database]).await.remove(0);
    let hour = |name, statistic| expected(name, statistic, 3_600);
    for (reading, minutes, value) in [
        // The end of an hour's datapoint is an hour after its start.
        (&load.cpu.usual, -56, hour("CPUUtilization", "Average")),
        (&load.cpu.peak, -56, hour("CPUUtilization", "Maximum")),
        (&load.connections.usual, -1, expected("DatabaseConnections", "Average", 300)),
        (&load.connections.peak, -56, hour("DatabaseConnections", "Maximum")),
        (&load.free_memory.usual, -1, expected("FreeableMemory", "Average", 300)),
        (&load.free_memory.peak, -56, hour("FreeableMemory", "Minimum")),
        (&load.burst_balance, -56, hour("BurstBalance", "Minimum")),
        (&load.free_storage, 3, expected("FreeStorageSpace", "Minimum", 60)),
        (&floor, 3, expected("Users", "Average", 60)),
    ] {
        // What ends in the future is left out: the running hour still changes.
        let expected = if minutes < 0 { vec![] } else { vec![(minutes, value)] };
        assert_eq!(points(reading), expected);
    }
}

/// Of every query one datapoint that has ended.
fn ended(body: &Value) -> Value {
    results(body, |query| {
        let minutes = query["MetricStat"]["Period"].as_i64().expect("a period") / 60;
        vec![(minutes + 4, value(query))]
    })
}

#[tokio::test(start_paused = true)]
async fn reads_and_writes_are_added() {
    let aws = Aws::new(|_, body| Ok(ended(body)));
    let (instance, policy) = (instance("gp3").await, ladder(&[], &[]));
    let database = MeasuredClass { instance: &instance, policy: &policy, floor: None };
    let load = read(&aws, &[database]).await.remove(0).load;
    let both = |statistic, period| {
        expected("ReadIOPS", statistic, period) + expected("WriteIOPS", statistic, period)
    };
    assert_eq!(points(&load.iops.usual), [(5, both("Average", 300))]);
    assert_eq!(points(&load.iops.peak), [(5, both("Maximum", 3_600))]);
    assert_eq!(points(&load.cpu.peak), [(5, expected("CPUUtilization", "Maximum", 3_600))]);
    assert_eq!(points(&load.connections.usual), [(5, expected("DatabaseConnections", "Average", 300))]);
    assert_eq!(load.burst_balance, MetricReading::NotRead, "only `gp2` has burst credits");
}

#[tokio::test(start_paused = true)]
async fn a_datapoint_of_writes_that_is_missing_leaves_out_that_of_reads() {
    let aws = Aws::new(|_, body| {
        Ok(results(body, |query| match query["MetricStat"]["Metric"]["MetricName"].as_str() {
            Some("ReadIOPS") => vec![(90, 100.0), (80, 100.0), (70, 100.0)],
            Some("WriteIOPS") => vec![(90, 7.0), (70, 9.0), (65, 9.0)],
            _ => vec![],
        }))
    });
    let (instance, policy) = (instance("gp3").await, ladder(&[], &[]));
    let database = MeasuredClass { instance: &instance, policy: &policy, floor: None };
    let iops = read(&aws, &[database]).await.remove(0).load.iops;
    assert_eq!(points(&iops.usual), [(86, 107.0), (66, 109.0)]);
    assert_eq!(points(&iops.peak), [(31, 107.0), (11, 109.0)]);
}

#[tokio::test(start_paused = true)]
async fn half_of_the_operations_is_no_number_of_operations() {
    let aws = Aws::new(|_, body| {
        let mut answer = results(body, |_| vec![(90, 100.0)]);
        let names = body["MetricDataQueries"].as_array().expect("queries").iter().map(row);
        let fails: Vec<bool> = names.map(|name| name.starts_with("WriteIOPS")).collect();
        let results = answer["MetricDataResults"].as_array_mut().expect("results");
        for (result, _) in results.iter_mut().zip(fails).filter(|(_, fails)| *fails) {
            result["StatusCode"] = json!("Forbidden");
        }
        Ok(answer)
    });
    let (instance, policy) = (instance("gp3").await, ladder(&[], &[]));
    let database = MeasuredClass { instance: &instance, policy: &policy, floor: None };
    let load = read(&aws, &[database]).await.remove(0).load;
    assert_eq!(failure(&load.iops.usual).1, "CloudWatch: Forbidden");
    assert_eq!(failure(&load.iops.peak).1, "CloudWatch: Forbidden");
    assert_eq!(points(&load.cpu.usual).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_longest_for_of_a_signal_says_how_fine_its_datapoints_are() {
    for (up, down, usual_cpu, usual_connections, peaks) in [
        (&[][..], &[][..], 300, 300, 3_600),
        (&[("cpu", 6)], &[], 300, 300, 3_600),
        (&[("cpu", 6), ("cpu", 7)], &[], 3_600, 300, 3_600),
        (&[("cpu", 24), ("connections", 1)], &[("cpu", 24)], 3_600, 300, 3_600),
        (&[("connections", 24)], &[("cpu", 24)], 300, 3_600, 3_600),
    ] {
        let aws = Aws::new(|_, body| Ok(results(body, |_| vec![])));
        let (instance, policy) = (instance("gp3").await, ladder(up, down));
        read(&aws, &[MeasuredClass { instance: &instance, policy: &policy, floor: None }]).await;
        let asked = asked(&aws);
        assert_eq!(asked.len(), 10, "{asked:?}");
        for row in [
            format!("CPUUtilization Average {usual_cpu}"),
            format!("DatabaseConnections Average {usual_connections}"),
            format!("CPUUtilization Maximum {peaks}"),
            format!("FreeableMemory Minimum {peaks}"),
            format!("WriteIOPS Maximum {peaks}"),
        ] {
            assert!(asked.contains(&row), "{row} of {asked:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_heaviest_moments_are_read_over_the_longest_for_and_a_week_at_least() {
    for (down, days) in [(&[("cpu", 30 * 24), ("memory", 24)][..], 30), (&[("cpu", 24)], 7), (&[], 7)] {
        let aws = Aws::new(|_, body| Ok(results(body, |_| vec![])));
        let (instance, policy) = (instance("gp3").await, ladder(&[], down));
        read(&aws, &[MeasuredClass { instance: &instance, policy: &policy, floor: None }]).await;
        let calls = aws.calls("GetMetricData");
        let reach = |body: &Value| {
            let time = |key: &str| body[key].as_f64().expect("a time");
            (time("EndTime") - time("StartTime")) / 3_600.0
        };
        let mut reaches: Vec<f64> = calls.iter().map(|call| reach(&call.body)).collect();
        reaches.sort_by(f64::total_cmp);
        let hours = f64::from(days * 24);
        let [short, long] = reaches[..] else {
            unreachable!("a long history is asked for apart: {reaches:?}")
        };
        assert!(long >= hours + 5.0 && long < hours + 7.0, "{days}: {long}");
        assert!(short < 2.0, "weeks of datapoints of five minutes are not asked for: {short}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_is_judged_is_read_and_all_databases_share_the_calls() {
    let aws = Aws::new(|_, body| Ok(results(body, |query| vec![(3, value(query))])));
    let (instance, storage) = (instance("gp3").await, storage_only());
    let nothing = UpgradePolicy { storage: None, ..storage_only() };
    let of = |policy| MeasuredClass { instance: &instance, policy, floor: None };
    let readings = read(&aws, &[of(&nothing), of(&storage), of(&nothing)]).await;
    assert_eq!(asked(&aws), ["FreeStorageSpace Minimum 60"]);
    assert_eq!(points(&readings[1].load.free_storage), [(3, expected("FreeStorageSpace", "Minimum", 60))]);
    assert_eq!((&readings[0], &readings[2]), (&ClassReadings::default(), &ClassReadings::default()));

    let quiet = Aws::new(|_, _| Ok(json!({})));
    assert_eq!(read(&quiet, &[of(&nothing)]).await, [ClassReadings::default()]);
    assert_eq!(quiet.count(), 0, "without a question nothing is asked");

    let (aws, ladder) = (Aws::new(|_, body| Ok(results(body, |_| vec![]))), ladder(&[("cpu", 24)], &[]));
    let twenty = vec![of(&ladder); 20];
    assert_eq!(read(&aws, &twenty).await.len(), 20);
    assert_eq!(aws.calls("GetMetricData").len(), 2, "one for each period");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_fails_every_reading_and_no_number_appears() {
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("AccessDenied", "no")) });
    let (instance, policy) = (instance("gp2").await, ladder(&[("cpu", 1)], &[]));
    let load = read(&aws, &[MeasuredClass { instance: &instance, policy: &policy, floor: None }])
        .await
        .remove(0)
        .load;
    let all = [&load.cpu.usual, &load.cpu.peak, &load.connections.peak, &load.iops.peak, &load.burst_balance];
    assert!(all.iter().all(|reading| failure(reading).1 == "AccessDenied: no"));
}
