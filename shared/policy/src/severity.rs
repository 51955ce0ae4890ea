//! How much a report matters.

use serde::{Deserialize, Serialize};

/// How much a report matters, for SNS filter policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Evaluation at it today.
    Warning,
    /// Evaluation at it now.
    Critical,
}
