//! What is replayed, and everything that runs are measured by.

use std::fmt::Display;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use jiff::Timestamp;
use tidegate_fleet::Fleet;
use tidegate_policy::ServicePolicy;
use tidegate_simulator::autoscaler::Production;
use tidegate_simulator::trace::{self, TraceError};
use tidegate_simulator::{Baseline, Load, Overload, Trace, WorldSettings};

use super::options::{Meaning, ReplayOptions};
use super::progress::Progress;
use super::queue::QueueWorld;
use super::setting;
use crate::check;
use crate::outcome::{CommandOutput, FAILED, REFUSED};

/// A service and its load, read and put into a world.
pub(crate) struct Replay {
    pub(crate) fleet: Fleet,
    /// The service's policy as the fleet file has it.
    pub(crate) policy: ServicePolicy,
    pub(crate) queue: QueueWorld,
    pub(crate) trace: Trace,
    pub(crate) load: Load,
    pub(crate) setting: WorldSettings,
    /// The size that the 99th percentile of a scaled trace needs.
    pub(crate) scaled_to: Option<f64>,
    /// Conditions of rules that a trace does not tell.
    pub(crate) left_out: Vec<String>,
    pub(crate) baseline: Baseline,
    /// What the load needs that is more than the maximum.
    pub(crate) overload: Option<Overload>,
}

/// Chance alone makes a job in a thousand late at a maximum that is only just enough.
const OVERLOADED_FROM_PERCENT: f64 = 0.1;

impl Replay {
    /// Reads the fleet and the trace, and asks the oracle; or says why not.
    pub(crate) fn prepare(options: &ReplayOptions, progress: &Progress) -> Result<Self, CommandOutput> {
        let fleet = fleet(&options.fleet)?;
        let service =
            fleet.service(&options.service).ok_or_else(|| unknown_service(&fleet, &options.service))?;
        let policy = service.policy().clone();
        let queue = QueueWorld::of(service, options)?;
        let production = production(&policy, queue, Timestamp::UNIX_EPOCH);
        let left_out = production.left_out().to_vec();
        if !production.decides() {
            return Err(not_in_a_trace(&options.service, &left_out));
        }
        progress.show(format_args!("reading {}", options.trace.display()));
        let trace = trace(options)?;
        let (load, setting, scaled_to) = setting::of(options, &policy, queue, &trace);
        progress.show(format_args!("asking the oracle"));
        let baseline = Baseline::of(&load, &setting);
        let is_overloaded = baseline.unavoidable_late_percent >= OVERLOADED_FROM_PERCENT;
        let overload = Overload::of(&load, &setting).filter(|_| is_overloaded);
        Ok(Self { fleet, policy, queue, trace, load, setting, scaled_to, left_out, baseline, overload })
    }

    /// Production with a policy, from the beginning of the trace on.
    pub(crate) fn production(&self, policy: &ServicePolicy) -> Production {
        production(policy, self.queue, self.trace.first().unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

fn production(policy: &ServicePolicy, queue: QueueWorld, begin: Timestamp) -> Production {
    let production = Production::new(policy, begin);
    if queue.kind.is_some() { production } else { production.without_queue() }
}

/// A service whose every rule is left out would hold whatever comes: its score would be that of no scaling at all.
fn not_in_a_trace(service: &str, left_out: &[String]) -> CommandOutput {
    if left_out.is_empty() {
        return failed(
            REFUSED,
            format_args!("`{service}` has no `rules`, `track` or `wait`: nothing to simulate"),
        );
    }
    let conditions: Vec<String> = left_out.iter().map(|condition| format!("`{condition}`")).collect();
    failed(
        REFUSED,
        format_args!(
            "`{service}` cannot be simulated: a trace tells `cpu` and what its queue shows, and nothing of {}",
            conditions.join(", ")
        ),
    )
}

fn fleet(path: &Path) -> Result<Fleet, CommandOutput> {
    let name = path.display().to_string();
    let bytes = check::read(path).map_err(|error| failed(FAILED, format_args!("read `{name}`: {error}")))?;
    tidegate_fleet::parse_bytes(&name, &bytes).map_err(|problems| {
        let stderr = check::refusal(&name, &String::from_utf8_lossy(&bytes), &problems);
        CommandOutput { stderr, code: REFUSED, ..CommandOutput::default() }
    })
}

fn unknown_service(fleet: &Fleet, name: &str) -> CommandOutput {
    let known: Vec<String> = fleet.services().iter().map(|service| format!("`{}`", service.name())).collect();
    let known = known.join(", ");
    failed(REFUSED, format_args!("fleet `{}` has no service `{name}`; it has {known}", fleet.name()))
}

fn trace(options: &ReplayOptions) -> Result<Trace, CommandOutput> {
    let name = options.trace.display();
    let file =
        File::open(&options.trace).map_err(|error| failed(FAILED, format_args!("read `{name}`: {error}")))?;
    let wanted = trace::Options {
        gaps: Meaning::gaps(options.gaps),
        zone: options.zone.clone(),
        metric: options.metric.clone(),
    };
    trace::read_with(BufReader::with_capacity(1 << 20, file), &wanted).map_err(|error| match &error {
        TraceError::Unreadable(error) => failed(FAILED, format_args!("read `{name}`: {error}")),
        TraceError::Refused(lines) => failed(REFUSED, format_args!("`{name}` is no trace\n{lines}")),
        TraceError::Gaps { .. } => failed(
            REFUSED,
            format_args!("`{name}` has gaps: {error}; --gaps zero if no job came in them, --gaps fill if nobody recorded them"),
        ),
        TraceError::SeveralMetrics { .. } | TraceError::NoSuchMetric { .. } => {
            failed(REFUSED, format_args!("`{name}`: {error}; choose with --metric NAME"))
        }
        TraceError::NoClock => failed(REFUSED, format_args!("`--zone` is not for `{name}`: {error}")),
        TraceError::TooShort { .. }
        | TraceError::NoInterval
        | TraceError::Json(_)
        | TraceError::LargeJson
        | TraceError::NoDatapoints
        | TraceError::OnePage
        | TraceError::Incomplete { .. }
        | TraceError::Unpaired { .. } => failed(REFUSED, format_args!("`{name}` is no trace: {error}")),
    })
}

pub(crate) fn failed(code: u8, message: impl Display) -> CommandOutput {
    CommandOutput { stderr: format!("error: {message}\n"), code, ..CommandOutput::default() }
}
