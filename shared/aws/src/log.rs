//! One JSON line per evaluation, which is also its CloudWatch metrics in Embedded Metric Format.

use serde_json::{Value, json};

use crate::report::section::Outcome;
use crate::report::{EvaluationReport, FORMAT, Section};

/// The namespace of all metrics.
const NAMESPACE: &str = "Tidegate";
/// CloudWatch Logs takes events of at most 256 KB and splits longer ones, which are then neither JSON nor metrics.
const LINE_BYTES_MAX: usize = 200 * 1024;

/// The lines of an evaluation: one, unless the fleet is so large that its services need lines of their own. Five
/// metrics per fleet and concern (none per service: each custom metric costs money every month), and two of them once
/// more under the function's name, for its alarms: `Evaluations` counts evaluations that saw anything and were not dropped,
/// `FailedReports` reports that SNS did not take. A metric that only one concern has stands beside these two.
#[must_use]
pub fn lines(report: &EvaluationReport, answer: &Value, report_failed: bool) -> Vec<Value> {
    let mut first = answer.clone();
    let sections = &report.sections;
    let count = |test: fn(&Section) -> bool| sections.iter().filter(|section| test(section)).count();
    let unread = count(|section| section.is_unread);
    let unreadable = report.alert.is_some() || (unread > 0 && unread == sections.len());
    let dropped = answer["dropped"] == true;
    let metrics = [
        ("Evaluations", usize::from(!unreadable && !dropped)),
        ("FailedReports", usize::from(report_failed)),
        ("Changes", count(|section| section.outcome == Some(Outcome::Applied))),
        ("FailedChanges", count(|section| section.outcome.as_ref().is_some_and(Outcome::counts_as_failed))),
        ("UnreadTargets", unread),
    ];
    for (name, value) in metrics {
        first[name] = value.into();
    }
    first["Fleet"] = report.header.fleet.clone().into();
    first["Concern"] = report.header.concern.into();
    first["FunctionName"] = report.header.function.clone().into();
    let names = metrics.map(|(name, _)| json!({"Name": name, "Unit": "Count"}));
    let [evaluations, failed_reports, ..] = &names;
    let mut of_function = vec![evaluations.clone(), failed_reports.clone()];
    if let Some((name, value)) = report.metric {
        first[name] = value.into();
        of_function.push(json!({"Name": name, "Unit": "Count"}));
    }
    first["_aws"] = json!({
        "Timestamp": report.header.at.as_millisecond(),
        "CloudWatchMetrics": [
            {"Namespace": NAMESPACE, "Dimensions": [["Fleet", "Concern"]], "Metrics": names},
            {"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": of_function},
        ],
    });
    split(report, first)
}

/// Gives the services lines of their own where one line would be too long.
fn split(report: &EvaluationReport, mut first: Value) -> Vec<Value> {
    if first.to_string().len() <= LINE_BYTES_MAX {
        return vec![first];
    }
    let targets = first.get_mut("targets").map(Value::take);
    let mut lines = vec![first];
    let mut room = 0;
    for target in targets.as_ref().and_then(Value::as_array).into_iter().flatten() {
        let bytes = target.to_string().len().saturating_add(1);
        if bytes > room {
            lines.push(json!({"format": FORMAT, "fleet": report.header.fleet, "evaluation": report.header.evaluation, "at": report.header.at, "targets": []}));
            room = LINE_BYTES_MAX;
        }
        room = room.saturating_sub(bytes);
        if let Some(Value::Array(line)) = lines.last_mut().and_then(|line| line.get_mut("targets")) {
            line.push(target.clone());
        }
    }
    lines
}

/// Writes the lines of an evaluation.
pub fn write_evaluation(report: &EvaluationReport, answer: &Value, report_failed: bool) {
    lines(report, answer, report_failed).iter().for_each(write);
}

/// Writes one line to standard output, where Lambda reads it.
#[expect(clippy::print_stdout, reason = "standard output is Lambda's log")]
pub fn write(line: &Value) {
    println!("{line}");
}
