//! The JSON that `aws cloudwatch get-metric-data` and `get-metric-statistics` print.

use std::io::{BufRead, Read};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::metric::{self, Candidate};
use super::reader::Reader;
use super::refusal::TraceError;
use super::row;

/// Some half a million datapoints: a year of minutes. A larger file is no answer of one request.
const BYTES_MAX: u64 = 64 << 20;

/// What every datapoint of `get-metric-statistics` has beside its statistics.
const BESIDE: [&str; 3] = ["Timestamp", "Unit", "ExtendedStatistics"];

/// An answer of either command; the other's keys are missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CloudWatchAnswer {
    metric_data_results: Option<Vec<MetricDataResult>>,
    datapoints: Option<Vec<Map<String, Value>>>,
    #[serde(default)]
    messages: Vec<MetricDataMessage>,
    next_token: Option<String>,
}

/// One result. The command line joins the pages of an answer, so one id may come several times.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataResult {
    #[serde(default)]
    id: String,
    #[serde(default)]
    label: String,
    timestamps: Vec<Value>,
    values: Vec<Value>,
    status_code: Option<String>,
    #[serde(default)]
    messages: Vec<MetricDataMessage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataMessage {
    #[serde(default)]
    code: String,
    #[serde(default)]
    value: String,
}

/// Whether the input is JSON: no row begins with a brace.
pub(super) fn begins(input: &mut impl BufRead) -> Result<bool, TraceError> {
    let start = input.fill_buf().map_err(TraceError::Unreadable)?;
    let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
    Ok(start.trim_ascii_start().first() == Some(&b'{'))
}

/// Gives every datapoint of the wanted metric to the reader.
pub(super) fn read(
    input: impl BufRead,
    wanted: Option<&str>,
    reader: &mut Reader<'_>,
) -> Result<(), TraceError> {
    let mut text = String::new();
    input.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(TraceError::Unreadable)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(TraceError::LargeJson);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let answer: CloudWatchAnswer =
        serde_json::from_str(text).map_err(|error| TraceError::Json(error.to_string()))?;
    if answer.next_token.is_some() {
        return Err(TraceError::OnePage);
    }
    for message in answer.messages {
        reader.note(message.words());
    }
    match (answer.metric_data_results, answer.datapoints) {
        (Some(metrics), _) => metric_data(metrics, wanted, reader),
        (None, Some(datapoints)) => metric_statistics(&datapoints, wanted, reader),
        (None, None) => Err(TraceError::NoDatapoints),
    }
}

fn metric_data(
    metrics: Vec<MetricDataResult>,
    wanted: Option<&str>,
    reader: &mut Reader<'_>,
) -> Result<(), TraceError> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for MetricDataResult { id, label, .. } in &metrics {
        let candidate = Candidate(vec![id.clone(), label.clone()]);
        // One id with several labels is a search's: each label is a series of its own, and no page of another.
        if candidates.iter().all(|known| known.0 != candidate.0) {
            candidates.push(candidate);
        }
    }
    if candidates.is_empty() {
        return metric::none(wanted);
    }
    let chosen = metric::choose(&candidates, wanted)?;
    let Candidate(names) = candidates.swap_remove(chosen);
    let is_page = |metric: &MetricDataResult| names == [metric.id.as_str(), metric.label.as_str()];
    let id = names.first().cloned().unwrap_or_default();
    let pages: Vec<MetricDataResult> = metrics.into_iter().filter(is_page).collect();
    // Of joined pages all but the last are partial.
    if let Some(status) = pages.last().and_then(|last| last.status_code.clone()).filter(|it| it != "Complete")
    {
        return Err(TraceError::Incomplete { id, status });
    }
    let mut number = 0;
    for page in pages {
        if page.timestamps.len() != page.values.len() {
            let (timestamps, values) = (page.timestamps.len(), page.values.len());
            return Err(TraceError::Unpaired { id, timestamps, values });
        }
        for message in page.messages {
            reader.note(message.words());
        }
        for (timestamp, value) in page.timestamps.iter().zip(&page.values) {
            number += 1;
            datapoint(number, timestamp, value, reader);
        }
    }
    Ok(())
}

fn metric_statistics(
    datapoints: &[Map<String, Value>],
    wanted: Option<&str>,
    reader: &mut Reader<'_>,
) -> Result<(), TraceError> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for name in datapoints.iter().flat_map(statistics) {
        let candidate = Candidate(vec![name.to_owned()]);
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    if candidates.is_empty() {
        return metric::none(wanted);
    }
    let chosen = metric::choose(&candidates, wanted)?;
    let name = candidates.get(chosen).and_then(|Candidate(names)| names.first()).cloned().unwrap_or_default();
    for (number, point) in (1..).zip(datapoints) {
        let extended = point.get("ExtendedStatistics").and_then(|extended| extended.get(&name));
        let value = point.get(&name).or(extended).unwrap_or(&Value::Null);
        datapoint(number, point.get("Timestamp").unwrap_or(&Value::Null), value, reader);
    }
    Ok(())
}

/// The names of the statistics of a datapoint, percentiles among them.
fn statistics(point: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let extended = point.get("ExtendedStatistics").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let plain = point.keys().filter(|key| !BESIDE.contains(&key.as_str()));
    plain.chain(extended).map(String::as_str)
}

fn datapoint(number: u64, timestamp: &Value, value: &Value, reader: &mut Reader<'_>) {
    let (timestamp, value) = (text(timestamp), text(value));
    match row::row(&timestamp, &value) {
        Ok(row) => reader.take_row(number, row),
        Err(kind) => reader.refuse_row(number, kind),
    }
}

/// A value as it would stand in a row.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl MetricDataMessage {
    fn words(self) -> String {
        match (self.code.is_empty(), self.value.is_empty()) {
            (_, true) => format!("CloudWatch reports {}", self.code),
            (true, false) => format!("CloudWatch reports: {}", self.value),
            (false, false) => format!("CloudWatch reports {}: {}", self.code, self.value),
        }
    }
}
