//! Why a command did not do what it was asked for: a variant for each thing that can fail.

use std::io;

use tidegate_simulator::trace::TraceError;

use crate::lambda::InvokeError;
use crate::outcome::{CommandOutput, FAILED, REFUSED, USAGE};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("cannot read `{file}`: {source}")]
    FileUnreadable { file: String, source: io::Error },
    #[error("cannot write the page `{page}`: {source}")]
    PageUnwritable { page: String, source: io::Error },
    /// Every problem with its line, as `check` shows them.
    #[error("{0}")]
    FleetInvalid(String),
    #[error("fleet `{fleet}` has no service `{service}`; it has {}", quoted(known))]
    NoSuchService { fleet: String, service: String, known: Vec<String> },
    #[error("`{service}` has no `rules`, `track` or `wait`: nothing to simulate")]
    NothingToSimulate { service: String },
    /// Every rule of the service is left out: its score would be that of no scaling at all.
    #[error(
        "`{service}` cannot be simulated: a trace contains the queue and `cpu`, but not {}",
        quoted(left_out)
    )]
    NotInATrace { service: String, left_out: Vec<String> },
    #[error("`{option}` applies to {whose}; the queue of `{service}` is {kind}")]
    OptionUnfit { option: &'static str, whose: &'static str, service: String, kind: String },
    #[error("{}", trace_refused(trace, source))]
    TraceRefused { trace: String, source: TraceError },
    #[error("there is no setting to try")]
    NothingTried,
    #[error(
        "no setting keeps late jobs at or below {limit} %; the best is {least:.2} %, with `{setting}`{overload}"
    )]
    EverySettingLate { limit: f64, least: f64, setting: String, overload: String },
    #[error("cannot start the runtime: {0}")]
    RuntimeUnstarted(#[source] io::Error),
    #[error("which function? set {variable}, or add --function NAME; the stack's output `{output}` names it")]
    FunctionUnnamed { variable: &'static str, output: &'static str },
    #[error(transparent)]
    Invocation(#[from] InvokeError),
    /// A change that was asked for, and whose answer did not come.
    #[error("{source}\nit may be in force all the same: see `{status}`{again}")]
    Unconfirmed { source: InvokeError, status: String, again: &'static str },
    #[error("another invocation wrote at the same moment, and nothing was changed: type the command again")]
    Dropped,
    #[error("the standard input is no terminal, so the {noun}'s name cannot be typed: add --yes{instead}")]
    NoTerminal { noun: &'static str, instead: &'static str },
    #[error("{source}\n--yes does it without showing this first")]
    Unshown { source: Box<CommandError> },
    #[error("the {noun}'s name `{name}` was not typed: nothing was changed")]
    NotConfirmed { noun: &'static str, name: String },
    #[error("`{database}` would get no other class now: nothing was asked for")]
    WouldNotBegin { database: String },
    #[error("`{file}` is no answer of `tidegate emergency engage --json`: {problem}")]
    NoSnapshots { file: String, problem: String },
    #[error("`{file}` is of fleet `{theirs}`, and `{function}` is of fleet `{ours}`: nothing was changed")]
    OtherFleet { file: String, theirs: String, function: String, ours: String },
}

impl CommandError {
    /// The exit code: whether the answer is no, or something outside the command failed.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::FunctionUnnamed { .. } | Self::NoTerminal { .. } => USAGE,
            Self::Invocation(error) if error.is_no() => REFUSED,
            Self::Unshown { source } => source.code(),
            Self::FileUnreadable { .. }
            | Self::PageUnwritable { .. }
            | Self::RuntimeUnstarted(_)
            | Self::Invocation(_)
            | Self::Unconfirmed { .. } => FAILED,
            Self::FleetInvalid(_)
            | Self::NoSuchService { .. }
            | Self::NothingToSimulate { .. }
            | Self::NotInATrace { .. }
            | Self::OptionUnfit { .. }
            | Self::TraceRefused { .. }
            | Self::NothingTried
            | Self::EverySettingLate { .. }
            | Self::Dropped
            | Self::NotConfirmed { .. }
            | Self::WouldNotBegin { .. }
            | Self::NoSnapshots { .. }
            | Self::OtherFleet { .. } => REFUSED,
        }
    }

    /// As it stands on the error stream.
    pub(crate) fn shown(&self) -> String {
        if let Self::FleetInvalid(problems) = self { problems.clone() } else { format!("error: {self}\n") }
    }
}

impl From<CommandError> for CommandOutput {
    fn from(error: CommandError) -> Self {
        Self { stdout: String::new(), stderr: error.shown(), code: error.code() }
    }
}

/// What is wrong with a trace, and which option would help.
fn trace_refused(name: &str, error: &TraceError) -> String {
    match error {
        TraceError::Refused(lines) => format!("`{name}` is not a valid trace\n{lines}"),
        TraceError::Gaps { .. } => format!(
            "`{name}` has gaps: {error}; use --gaps zero if no job came in them, or --gaps fill if they were not recorded"
        ),
        TraceError::UnclearRepeats { .. } => format!(
            "`{name}` has repeated timestamps: {error}; use --repeats sum if a row is a job or a part of a count, or \
             --repeats mean if a row is one value recorded again"
        ),
        TraceError::SeveralMetrics { .. } | TraceError::NoSuchMetric { .. } => {
            format!("`{name}`: {error}; choose with --metric NAME")
        }
        TraceError::NoClock => format!("`--zone` does not apply to `{name}`: {error}"),
        TraceError::Unreadable(_)
        | TraceError::TooShort { .. }
        | TraceError::NoInterval
        | TraceError::Json(_)
        | TraceError::LargeJson
        | TraceError::NoDatapoints
        | TraceError::OnePage
        | TraceError::Incomplete { .. }
        | TraceError::Unpaired { .. } => format!("`{name}` is not a valid trace: {error}"),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
