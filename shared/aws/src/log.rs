//! One JSON line per look, which is also its CloudWatch metrics in Embedded Metric Format.

use serde_json::{Value, json};

use crate::report::{Done, LookReport};
use crate::update::Outcome;

/// The namespace of all metrics.
const NAMESPACE: &str = "Tidegate";

/// The line of a look: its answer, and five metrics per fleet and concern (none per service: each custom metric
/// costs money every month). `Looks` counts looks that saw anything; the dead-man alarm watches it.
#[must_use]
pub fn line(report: &LookReport, answer: &Value, reports_failed: bool) -> Value {
    let mut line = answer.clone();
    let count =
        |test: &dyn Fn(&Done) -> bool| report.targets.iter().filter(|target| test(&target.done)).count();
    let unread = report
        .targets
        .iter()
        .filter(|target| target.seen.queue.is_err() || target.seen.service.is_err())
        .count();
    let blind = report.alert.is_some() || (unread > 0 && unread == report.targets.len());
    let metrics = [
        ("Looks", usize::from(!blind)),
        ("Changes", count(&|done| matches!(done, Done::Tried(Outcome::Applied)))),
        ("FailedChanges", count(&|done| matches!(done, Done::Tried(Outcome::Failed(_) | Outcome::TooLate)))),
        ("UnreadTargets", unread),
        ("FailedReports", usize::from(reports_failed)),
    ];
    for (name, value) in metrics {
        line[name] = value.into();
    }
    line["Fleet"] = report.fleet.clone().into();
    line["Concern"] = report.concern.into();
    let names = metrics.map(|(name, _)| json!({"Name": name, "Unit": "Count"}));
    line["_aws"] = json!({
        "Timestamp": report.at.as_millisecond(),
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Fleet", "Concern"]], "Metrics": names}],
    });
    line
}

/// Writes one line to standard output, where Lambda reads it.
#[expect(clippy::print_stdout, reason = "standard output is Lambda's log")]
pub fn write(line: &Value) {
    println!("{line}");
}
