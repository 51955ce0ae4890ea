//! CloudWatch metrics: 500 queries per `GetMetricData` call, each result with its own status.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::source::{CloudwatchQueue, MetricSource};
use tidegate_policy::{Absence, AbsenceKind, Datapoint, InFlight, MetricReading, OnAbsence, Queue};

use crate::error::absence;

/// `GetMetricData` takes at most 500 queries (CloudWatch API reference).
const QUERIES_PER_CALL: usize = 500;
/// Datapoints older than the longest `for` and this are never needed.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);
/// A history longer than this is asked for apart.
const LONG_REACH: SignedDuration = SignedDuration::from_mins(90);
/// Metrics are read at most once a minute, whatever rang: they have no newer datapoints, and each read costs money.
/// A little less than a minute, since two schedule rings may be less than 60 s apart.
pub const READ_EVERY: SignedDuration = SignedDuration::from_secs(55);

/// What was read of each metric asked for.
pub type Readings = BTreeMap<Key, MetricReading>;

/// A metric by everything that identifies it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    namespace: String,
    metric: String,
    dimensions: BTreeMap<String, String>,
    statistic: String,
    period_seconds: i32,
}

impl Key {
    /// The key of a metric of the fleet file.
    #[must_use]
    pub fn of(source: &MetricSource) -> Self {
        Self {
            namespace: source.namespace.clone(),
            metric: source.metric.clone(),
            dimensions: source.dimensions.clone(),
            statistic: source.statistic.clone(),
            period_seconds: i32::try_from(source.period.as_secs()).unwrap_or(i32::MAX),
        }
    }

    fn period(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.period_seconds))
    }

    fn query(&self, id: String) -> MetricDataQuery {
        let dimensions =
            self.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
        let metric = Metric::builder()
            .namespace(&self.namespace)
            .metric_name(&self.metric)
            .set_dimensions(Some(dimensions.collect()))
            .build();
        let stat =
            MetricStat::builder().metric(metric).period(self.period_seconds).stat(&self.statistic).build();
        MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
    }
}

/// A metric to read, and how far back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The metric.
    pub key: Key,
    /// The longest `for` of the rules that name it.
    pub longest_for: SignedDuration,
}

/// Reads metrics, each with enough history for the longest `for` of its rules. Those that need a long history are
/// asked for apart, so that they do not make every metric's answer long.
pub async fn read(cloudwatch: &aws_sdk_cloudwatch::Client, wanted: &[Wanted], now: Timestamp) -> Readings {
    let mut reaches: BTreeMap<&Key, SignedDuration> = BTreeMap::new();
    for Wanted { key, longest_for } in wanted {
        let reach = longest_for.saturating_add(key.period().saturating_mul(5)).saturating_add(MARGIN);
        let known = reaches.entry(key).or_insert(reach);
        *known = reach.max(*known);
    }
    let (long, short): (Vec<_>, Vec<_>) = reaches.into_iter().partition(|(_, reach)| *reach > LONG_REACH);
    let groups = [short, long];
    let chunks = groups.iter().flat_map(|group| group.chunks(QUERIES_PER_CALL));
    let calls = chunks.map(|chunk| {
        let reach = chunk.iter().map(|(_, reach)| *reach).max().unwrap_or(MARGIN);
        read_some(cloudwatch, chunk.iter().map(|(key, _)| *key).collect(), reach, now)
    });
    join_all(calls).await.into_iter().flatten().collect()
}

/// One call, with its further pages.
async fn read_some(
    cloudwatch: &aws_sdk_cloudwatch::Client,
    keys: Vec<&Key>,
    reach: SignedDuration,
    now: Timestamp,
) -> Vec<(Key, MetricReading)> {
    // Aligned to the longest period, or CloudWatch would cut the periods differently at each look.
    let longest_period = keys.iter().map(|key| key.period().as_secs()).max().unwrap_or(60).max(60);
    let start = now.saturating_sub(reach).unwrap_or(now).as_second();
    let start = start.div_euclid(longest_period).saturating_mul(longest_period);
    // The running minute is left out: its datapoints still change.
    let end = now.as_second().div_euclid(60).saturating_mul(60);
    let queries = keys.iter().enumerate().map(|(index, key)| key.query(format!("m{index}"))).collect();
    let pages = cloudwatch
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(start))
        .end_time(aws_sdk_cloudwatch::primitives::DateTime::from_secs(end))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send()
        .try_collect()
        .await;
    let pages = match pages {
        Ok(pages) => pages,
        Err(error) => {
            let failed = MetricReading::Failed(absence(&error));
            return keys.into_iter().map(|key| (key.clone(), failed.clone())).collect();
        }
    };
    let results: Vec<&MetricDataResult> =
        pages.iter().flat_map(GetMetricDataOutput::metric_data_results).collect();
    keys.iter()
        .enumerate()
        .map(|(index, key)| {
            let id = format!("m{index}");
            let mine = results.iter().copied().filter(|result| result.id() == Some(id.as_str()));
            ((*key).clone(), understand(key, &mine.collect::<Vec<_>>(), now))
        })
        .collect()
}

/// The pages of one metric. Only a complete answer counts; the last page says whether it is.
fn understand(key: &Key, pages: &[&MetricDataResult], now: Timestamp) -> MetricReading {
    let failed = |kind, detail: String| MetricReading::Failed(Absence::new(kind, detail));
    match pages.last().and_then(|last| last.status_code()) {
        Some(StatusCode::Complete) => {}
        Some(StatusCode::Forbidden) => {
            return failed(AbsenceKind::Denied, "CloudWatch: Forbidden".to_owned());
        }
        Some(status) => return failed(AbsenceKind::NoDatapoints, format!("CloudWatch: {}", status.as_str())),
        None => {
            return failed(
                AbsenceKind::Unreadable,
                "CloudWatch left the metric out of its answer".to_owned(),
            );
        }
    }
    let period = key.period();
    let mut points: Vec<Datapoint> = pages
        .iter()
        .flat_map(|page| page.timestamps().iter().zip(page.values()))
        .filter_map(|(start, value)| {
            let at = Timestamp::from_second(start.secs()).ok()?.saturating_add(period).ok()?;
            (at <= now && value.is_finite()).then_some(Datapoint { at, value: *value })
        })
        .collect();
    points.sort_by_key(|point| point.at);
    MetricReading::Points { period, points }
}

/// A queue that is known by metrics only.
///
/// # Errors
/// The number of waiting jobs is not known: no datapoint, or only old ones.
pub fn queue(source: &CloudwatchQueue, readings: &Readings, now: Timestamp) -> Result<Queue, Absence> {
    let waiting = jobs(&source.waiting, readings, now)?;
    let in_flight = match &source.in_flight {
        Some(metric) => InFlight::Exactly(jobs(metric, readings, now)?),
        None => InFlight::Unknown,
    };
    Ok(Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight,
        done: None,
        paused: false,
        head: None,
    })
}

/// The newest value of a metric that counts jobs.
fn jobs(source: &MetricSource, readings: &Readings, now: Timestamp) -> Result<u64, Absence> {
    let none = |detail: &str| Absence::new(AbsenceKind::NoDatapoints, format!("{}: {detail}", source.metric));
    let (period, points) = match readings.get(&Key::of(source)) {
        Some(MetricReading::Points { period, points }) => (*period, points),
        Some(MetricReading::Failed(absence)) => return Err(absence.clone()),
        Some(MetricReading::NotRead) | None => return Err(none("not read")),
    };
    let too_old = period.saturating_mul(2).saturating_add(SignedDuration::from_mins(3));
    match points.last().filter(|point| now.duration_since(point.at) <= too_old) {
        Some(point) => Ok(whole(point.value)),
        None if source.on_absence == OnAbsence::Zero => Ok(0),
        None => Err(none("no recent datapoint")),
    }
}

/// A number of jobs, rounded up: half a job is work.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded to the exact range before"
)]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9_007_199_254_740_992.0).ceil() as u64
}
