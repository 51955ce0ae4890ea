//! Queries in calls of 500, each with enough history, each result with its own status.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MetricDataResult, ScanBy, StatusCode};
use futures_util::future::join_all;
use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, AbsenceKind, Datapoint, MetricReading};

use crate::clients::Clients;
use crate::error::absence;
use crate::metrics::query::Query;

/// `GetMetricData` takes at most 500 queries, those that only feed an expression included (CloudWatch API reference).
const QUERIES_PER_CALL: usize = 500;
/// Datapoints older than the longest `for` and this are never needed.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);
/// A history longer than this is asked for apart.
const LONG_REACH: SignedDuration = SignedDuration::from_mins(90);

/// How far back a query is asked for, for a `for` of this length.
pub(crate) fn reach(query: &Query, longest_for: SignedDuration) -> SignedDuration {
    longest_for.saturating_add(query.period().saturating_mul(5)).saturating_add(MARGIN)
}

/// Reads queries. Those that need a long history are asked for apart, each period by itself, so that they do not make every answer
/// long: weeks of hourly datapoints are few, weeks of datapoints of five minutes are not.
pub(crate) async fn read<'a>(
    clients: &Clients,
    reaches: BTreeMap<&'a Query, SignedDuration>,
    now: Timestamp,
) -> BTreeMap<&'a Query, MetricReading> {
    let mut groups: BTreeMap<Option<SignedDuration>, Vec<(&Query, SignedDuration)>> = BTreeMap::new();
    for (query, reach) in reaches {
        let period = (reach > LONG_REACH).then(|| query.period());
        groups.entry(period).or_default().push((query, reach));
    }
    let calls = groups.into_values().flat_map(into_calls).map(|queries| {
        let reach = queries.iter().map(|(_, reach)| *reach).max().unwrap_or(MARGIN);
        read_some(clients, queries.into_iter().map(|(query, _)| query).collect(), reach, now)
    });
    join_all(calls).await.into_iter().flatten().collect()
}

/// As many queries per call as it takes. One that is larger than a call gets its own, and AWS says so.
fn into_calls(queries: Vec<(&Query, SignedDuration)>) -> Vec<Vec<(&Query, SignedDuration)>> {
    let mut calls: Vec<Vec<_>> = Vec::new();
    let mut room = 0_usize;
    for (query, reach) in queries {
        let weight = query.weight();
        if let Some(call) = calls.last_mut().filter(|_| weight <= room) {
            call.push((query, reach));
        } else {
            calls.push(vec![(query, reach)]);
            room = QUERIES_PER_CALL;
        }
        room = room.saturating_sub(weight);
    }
    calls
}

/// One call, with its further pages.
async fn read_some<'a>(
    clients: &Clients,
    queries: Vec<&'a Query>,
    reach: SignedDuration,
    now: Timestamp,
) -> Vec<(&'a Query, MetricReading)> {
    let together = read_once(clients, queries.clone(), reach, now).await;
    let refused = |answer: &MetricReading| matches!(answer, MetricReading::Failed(why) if why.kind == AbsenceKind::Refused);
    if queries.len() < 2 || !together.iter().all(|(_, answer)| refused(answer)) {
        return together;
    }
    let (first, second) = queries.split_at(queries.len() / 2);
    let halves = join!(
        Box::pin(read_some(clients, first.to_vec(), reach, now)),
        Box::pin(read_some(clients, second.to_vec(), reach, now)),
    );
    [halves.0, halves.1].concat()
}

/// One call with its pages.
async fn read_once<'a>(
    clients: &Clients,
    queries: Vec<&'a Query>,
    reach: SignedDuration,
    now: Timestamp,
) -> Vec<(&'a Query, MetricReading)> {
    clients.buckets.get_metric_data.take().await;
    // Aligned to the longest period, or CloudWatch would cut the periods differently at each evaluation.
    let longest_period = queries.iter().map(|query| query.period().as_secs()).max().unwrap_or(60).max(60);
    let start = now.saturating_sub(reach).unwrap_or(now).as_second();
    let start = start.div_euclid(longest_period).saturating_mul(longest_period);
    // The running minute is left out: its datapoints still change.
    let end = now.as_second().div_euclid(60).saturating_mul(60);
    let id = |index: usize| format!("m{index}");
    let asked = queries.iter().enumerate().flat_map(|(index, query)| query.to_aws(&id(index)));
    let pages = clients
        .metric_data
        .get_metric_data()
        .set_metric_data_queries(Some(asked.collect()))
        .start_time(DateTime::from_secs(start))
        .end_time(DateTime::from_secs(end))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send()
        .try_collect()
        .await;
    let pages = match pages {
        Ok(pages) => pages,
        Err(error) => {
            let failed = MetricReading::Failed(absence(&error));
            return queries.into_iter().map(|query| (query, failed.clone())).collect();
        }
    };
    let mut results: BTreeMap<&str, Vec<&MetricDataResult>> = BTreeMap::new();
    for result in pages.iter().flat_map(GetMetricDataOutput::metric_data_results) {
        results.entry(result.id().unwrap_or_default()).or_default().push(result);
    }
    let mine = |index: usize| results.get(id(index).as_str()).map(Vec::as_slice).unwrap_or_default();
    let understood = |(index, query): (usize, &'a Query)| (query, understand(query, mine(index), now));
    queries.into_iter().enumerate().map(understood).collect()
}

/// The pages of one query. Only a complete answer counts; the last page says whether it is.
fn understand(query: &Query, pages: &[&MetricDataResult], now: Timestamp) -> MetricReading {
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
    let period = query.period();
    let mut points: Vec<Datapoint> = pages
        .iter()
        .flat_map(|page| page.timestamps().iter().zip(page.values()))
        .filter_map(|(start, value)| {
            let at = Timestamp::from_second(start.secs()).ok()?.saturating_add(period).ok()?;
            (at <= now && value.is_finite()).then_some(Datapoint { at, value: *value })
        })
        .collect();
    points.sort_by_key(|point| point.at);
    if points.iter().zip(points.iter().skip(1)).any(|(one, next)| one.at == next.at) {
        let detail = "the expression answers with several series; make it one, as with SUM";
        return failed(AbsenceKind::Unreadable, detail.to_owned());
    }
    MetricReading::Points { period, points }
}
