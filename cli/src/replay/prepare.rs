//! What is replayed, and everything that runs are measured by.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use jiff::Timestamp;
use tidegate_fleet::{Fleet, Service};
use tidegate_policy::ServicePolicy;
use tidegate_simulator::autoscaler::Production;
use tidegate_simulator::trace::{self, TraceError};
use tidegate_simulator::{Baseline, Load, Overload, Trace, WorldSettings};

use crate::error::CommandError;
use crate::fleet_file;
use crate::progress::ProgressLine;
use crate::replay::options::{Meaning, RepeatMeaning, ReplayOptions};
use crate::replay::queue::QueueWorld;
use crate::replay::setting;

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
    /// Conditions of rules that a trace does not contain.
    pub(crate) left_out: Vec<String>,
    pub(crate) baseline: Baseline,
    /// What the load needs that is more than the maximum.
    pub(crate) overload: Option<Overload>,
}

/// Chance alone makes a job in a thousand late at a maximum that is only just enough.
const OVERLOADED_FROM_PERCENT: f64 = 0.1;

impl Replay {
    /// Reads the fleet and the trace, and asks the oracle; or says why not.
    pub(crate) fn prepare(options: &ReplayOptions, progress: &ProgressLine) -> Result<Self, CommandError> {
        let fleet = fleet(&options.fleet)?;
        let service = service(&fleet, &options.service)?;
        let policy = service.policy().clone();
        let queue = QueueWorld::of(service, options)?;
        let production = production(&policy, queue, Timestamp::UNIX_EPOCH);
        let left_out = production.left_out().to_vec();
        if !production.decides() {
            let service = options.service.clone();
            return Err(if left_out.is_empty() {
                CommandError::NothingToSimulate { service }
            } else {
                CommandError::NotInATrace { service, left_out }
            });
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

fn fleet(path: &Path) -> Result<Fleet, CommandError> {
    let name = path.display().to_string();
    let bytes = fleet_file::read(path, &name)?;
    tidegate_fleet::parse_bytes(&name, &bytes).map_err(|problems| {
        CommandError::FleetInvalid(fleet_file::refusal(&name, &String::from_utf8_lossy(&bytes), &problems))
    })
}

fn service<'a>(fleet: &'a Fleet, name: &str) -> Result<&'a Service, CommandError> {
    fleet.service(name).ok_or_else(|| CommandError::NoSuchService {
        fleet: fleet.name().to_owned(),
        service: name.to_owned(),
        known: fleet.services().iter().map(|service| service.name().to_owned()).collect(),
    })
}

fn trace(options: &ReplayOptions) -> Result<Trace, CommandError> {
    let name = options.trace.display().to_string();
    let wanted = trace::Options {
        gaps: Meaning::gaps(options.gaps),
        repeats: RepeatMeaning::repeats(options.repeats),
        zone: options.zone.clone(),
        metric: options.metric.clone(),
    };
    let read = File::open(&options.trace)
        .map_err(TraceError::Unreadable)
        .and_then(|file| trace::read_with(BufReader::with_capacity(1 << 20, file), &wanted));
    read.map_err(|source| {
        if let TraceError::Unreadable(source) = source {
            CommandError::FileUnreadable { file: name, source }
        } else {
            CommandError::TraceRefused { trace: name, source }
        }
    })
}
