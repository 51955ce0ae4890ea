//! The metrics of all databases: one batch, and each in its own unit.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::rds::{self, Measured};
use tidegate_policy::MetricReading;
use tidegate_policy::replicas::observation::Instances;

use crate::fake::{Aws, HttpAnswer};
use crate::metrics::{failure, now, points, results};
use crate::rds::{TAGS, cluster, member, replica, seen, source};

/// PostgreSQL with two replicas, MySQL with one, Aurora with a reader.
async fn databases() -> [Instances; 3] {
    let mysql = |xml: String| xml.replace("postgres<", "mysql<");
    let instances = source("prod", &["a", "b"], "")
        + &replica("a", "prod", "")
        + &replica("b", "prod", "")
        + &mysql(source("blog", &["c"], ""))
        + &mysql(replica("c", "blog", ""))
        + &member("w", "")
        + &member("r", "");
    let all = seen(&instances, &cluster("aurora-mysql", "available", Some("w"), &["r"])).await;
    let read = |instances: Result<Instances, _>| instances.expect("read");
    [read(all.of_rds("prod", TAGS)), read(all.of_rds("blog", TAGS)), read(all.of_aurora("sales", TAGS))]
}

async fn measure(aws: &Aws, databases: &mut [Instances], minutes: i64) {
    let measured = |instances| Measured { instances, longest_for: SignedDuration::from_mins(minutes) };
    let mut databases: Vec<Measured<'_>> = databases.iter_mut().map(measured).collect();
    rds::read_metrics(&aws.clients(), &mut databases, now()).await;
}

/// `prod ReplicaLag Average`, as a number that tells it from all others.
fn value(query: &Value) -> f64 {
    let metric = &query["MetricStat"]["Metric"];
    let id = metric["Dimensions"][0]["Value"].as_str().expect("an instance");
    let name = metric["MetricName"].as_str().expect("a name");
    let letters = id.bytes().chain(name.bytes()).map(f64::from);
    letters.fold(0.0, |sum, letter| sum * 1.5 % 100_000.0 + letter)
}

fn expected(id: &str, name: &str) -> f64 {
    value(&json!({"MetricStat": {"Metric": {"MetricName": name, "Dimensions": [{"Value": id}]}}}))
}

#[tokio::test(start_paused = true)]
async fn all_databases_are_read_in_one_batch_and_each_gets_its_own() {
    let aws = Aws::new(|_, body| Ok(results(body, |query| vec![(3, value(query))])));
    let mut databases = databases().await;
    measure(&aws, &mut databases, 5).await;
    assert_eq!(aws.calls("GetMetricData").len(), 1);
    let body = &aws.calls("GetMetricData")[0].body;
    let rows: Vec<String> = body["MetricDataQueries"].as_array().expect("queries").iter().map(row).collect();
    assert_eq!(rows.len(), 4 + 2 * 3 + 1 + 3 + 3, "{rows:#?}");
    assert!(
        rows.contains(&"AWS/RDS ReplicationSlotDiskUsage Maximum 60 DBInstanceIdentifier=prod".to_owned())
    );
    assert!(rows.contains(&"AWS/RDS FreeStorageSpace Minimum 60 DBInstanceIdentifier=blog".to_owned()));
    assert!(rows.contains(&"AWS/RDS AuroraReplicaLag Average 60 DBInstanceIdentifier=r".to_owned()));
    assert!(rows.contains(&"AWS/RDS DatabaseConnections Maximum 60 DBInstanceIdentifier=c".to_owned()));

    let one = |reading: &MetricReading, id: &str, name: &str| {
        assert_eq!(points(reading), [(3, expected(id, name))], "{id} {name}");
    };
    let [prod, blog, sales] = &databases;
    one(&prod.source.log_rate, "prod", "TransactionLogsGeneration");
    one(&prod.source.slot_lag, "prod", "OldestReplicationSlotLag");
    one(&prod.source.slot_disk, "prod", "ReplicationSlotDiskUsage");
    one(&prod.source.free_storage, "prod", "FreeStorageSpace");
    one(&blog.source.free_storage, "blog", "FreeStorageSpace");
    for (instances, id) in [(prod, "a"), (prod, "b"), (blog, "c"), (sales, "r")] {
        let replica = instances.replicas.iter().find(|replica| replica.id == id).expect("a replica");
        one(&replica.cpu, id, "CPUUtilization");
        one(&replica.connections, id, "DatabaseConnections");
        if id == "r" {
            let seconds = expected(id, "AuroraReplicaLag") / 1000.0;
            assert_eq!(points(&replica.lag), [(3, seconds)], "Aurora counts milliseconds");
        } else {
            one(&replica.lag, id, "ReplicaLag");
        }
    }
    let not_asked = [
        &blog.source.log_rate,
        &blog.source.slot_lag,
        &blog.source.slot_disk,
        &sales.source.log_rate,
        &sales.source.free_storage,
    ];
    assert!(not_asked.iter().all(|reading| **reading == MetricReading::NotRead));
}

/// A query on one line.
fn row(query: &Value) -> String {
    let (stat, metric) = (&query["MetricStat"], &query["MetricStat"]["Metric"]);
    let dimension = &metric["Dimensions"][0];
    let parts = [&metric["Namespace"], &metric["MetricName"], &stat["Stat"], &stat["Period"]];
    let line = parts.map(ToString::to_string).join(" ");
    format!("{line} {}={}", dimension["Name"], dimension["Value"]).replace('"', "")
}

#[tokio::test(start_paused = true)]
async fn the_history_is_as_long_as_the_longest_for_and_a_quarter_of_an_hour() {
    for (minutes, asked) in [(0, 30), (5, 30), (30, 45)] {
        let aws = Aws::new(|_, body| Ok(results(body, |_| vec![])));
        measure(&aws, &mut databases().await, minutes).await;
        let body = &aws.calls("GetMetricData")[0].body;
        let time = |key: &str| body[key].as_f64().expect("a time");
        let history = (time("EndTime") - time("StartTime")) / 60.0;
        assert!((history - f64::from(asked)).abs() < 1.5, "{minutes}: {history}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_fails_every_reading_and_no_number_appears() {
    let aws = Aws::new(|_, _| -> HttpAnswer { Err(("AccessDenied", "no")) });
    let mut databases = databases().await;
    measure(&aws, &mut databases, 5).await;
    let detail = |reading: &MetricReading| failure(reading).1.to_owned();
    assert_eq!(detail(&databases[0].source.log_rate), "AccessDenied: no");
    assert!(databases.iter().flat_map(|it| &it.replicas).all(|it| detail(&it.lag) == "AccessDenied: no"));
}

#[tokio::test(start_paused = true)]
async fn without_databases_nothing_is_asked() {
    let aws = Aws::new(|_, _| Ok(json!({})));
    measure(&aws, &mut [], 5).await;
    assert_eq!(aws.count(), 0);
}
