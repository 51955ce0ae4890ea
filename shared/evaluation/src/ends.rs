//! How an evaluation ended: its answer, and its log line.

use serde_json::Value;
use tidegate_aws::report::EvaluationReport;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::{CallError, log};

use crate::failure::InvocationError;

/// How the parts of an evaluation's second half ended.
#[derive(Debug)]
pub(crate) struct StepResults {
    /// Delayed evaluations that were sent.
    pub(crate) evaluations_sent: Result<usize, CallError>,
    /// Reports that SNS took.
    pub(crate) published: Result<usize, CallError>,
    /// Whether the activities are in the ledger.
    pub(crate) recorded: Result<(), CallError>,
    /// Whether the outcomes are.
    pub(crate) remembered: Result<(), CallError>,
}

impl StepResults {
    /// The answer, and the one log line. Where the concern asks for it, fails if there were changes to make and none could be
    /// made.
    pub(crate) fn answer(self, report: &EvaluationReport, may_fail: bool) -> Result<Value, InvocationError> {
        let Self { evaluations_sent, published, recorded, remembered } = self;
        let report_failed = published.is_err();
        let mut answer = report.to_json();
        answer["dropped"] = false.into();
        answer["evaluations_sent"] = evaluations_sent.as_ref().copied().unwrap_or(0).into();
        answer["reports_published"] = published.as_ref().copied().unwrap_or(0).into();
        let errors = [evaluations_sent.err(), published.err(), recorded.err(), remembered.err()];
        answer["errors"] = errors.into_iter().flatten().map(|error| error.to_string()).collect();
        log::write_evaluation(report, &answer, report_failed);
        let tried: Vec<&Outcome> = report.sections.iter().filter_map(|it| it.outcome.as_ref()).collect();
        let failed: Vec<&CallError> = tried.iter().filter_map(|outcome| outcome.as_failed()).collect();
        match failed.first() {
            Some(first) if may_fail && failed.len() == tried.len() => Err((*first).clone().into()),
            Some(_) | None => Ok(answer),
        }
    }
}
