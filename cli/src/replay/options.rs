//! The arguments that `tidegate simulate` and `tidegate tune` share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use tidegate_simulator::trace::{Gaps, Repeats};

/// What is replayed, and in which world.
#[derive(Debug, Args)]
pub(crate) struct ReplayOptions {
    /// The fleet file
    #[arg(long, value_name = "FILE")]
    pub(crate) fleet: PathBuf,
    /// The service whose policy is replayed
    #[arg(long, value_name = "NAME")]
    pub(crate) service: String,
    /// The recorded load, jobs per interval: CSV with the columns `timestamp,value`, what CloudWatch's console downloads, or
    /// the JSON of `aws cloudwatch get-metric-data` or `get-metric-statistics`
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: PathBuf,
    /// The metric to replay, if the trace has several: an id, a label, a statistic such as Sum, or a column
    #[arg(long, value_name = "NAME")]
    pub(crate) metric: Option<String>,
    /// The time zone of timestamps without one, for example Europe/Berlin; default: UTC. Rows of the hour that is repeated in
    /// autumn must be in order
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(crate) zone: Option<TimeZone>,
    /// What an interval without a row means. By default it is inferred from the file and printed: rows at irregular times, or
    /// rows that are (nearly) all 1, are single jobs; in whole numbers with almost no zeros, a missing row is zero; other gaps are filled
    #[arg(long, value_enum, value_name = "MEANING")]
    pub(crate) gaps: Option<Meaning>,
    /// What several rows of one timestamp mean. By default it is inferred from the file and printed: single jobs and whole
    /// numbers that differ are added, others are the same value again; a file that may be either is refused
    #[arg(long, value_enum, value_name = "MEANING")]
    pub(crate) repeats: Option<RepeatMeaning>,
    /// Jobs per second of one task. By default 0.5, and the trace is scaled so that its 99th percentile needs 80 % of the
    /// maximum
    #[arg(long, value_name = "NUMBER", value_parser = throughput)]
    pub(crate) throughput: Option<f64>,
    /// How long a task takes to start
    #[arg(long, value_name = "DURATION", default_value = "90s", value_parser = startup)]
    pub(crate) startup: SignedDuration,
    /// A job that waits longer is late; default: the service's own `wait`, or 60s without one
    #[arg(long, value_name = "DURATION", value_parser = wait)]
    pub(crate) wait: Option<SignedDuration>,
    /// The polling interval; default: 15s (with delayed evaluations), or 60s for a service that is scaled by metrics only
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub(crate) interval: Option<SignedDuration>,
    /// Simulates bad days: deployments, tasks that die, times when nothing can be read or no task starts; tasks start and stop
    /// at any second, start-up times differ and some starts fail. Without it nothing goes wrong
    #[arg(long)]
    pub(crate) disruptions: bool,
    /// How jobs are simulated
    #[arg(long, value_enum, default_value_t = JobsOption::Fluid)]
    pub(crate) jobs: JobsOption,
    /// The queue counts finished jobs, as BullMQ does if all workers have `metrics`; `wait` uses the count
    #[arg(long)]
    pub(crate) counts_done: bool,
    /// Celery's `worker_prefetch_multiplier`: messages that a worker reserves for each concurrent job; default: Celery's
    /// own, 4. 0 stands for `--disable-prefetch`
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub(crate) prefetch: Option<u32>,
    /// The seed of the random numbers: the same seed gives the same result
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    pub(crate) seed: u64,
}

/// What an interval without a row means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Meaning {
    /// No job came
    Zero,
    /// The interval was not recorded: filled with a straight line between its neighbors, or with zero beyond two hours
    Fill,
    /// An error: the trace is refused
    Refuse,
}

/// What several rows of one timestamp mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RepeatMeaning {
    /// Parts of one count, for example of several queues: added
    Sum,
    /// The same value recorded several times: their mean
    Mean,
}

/// How jobs are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JobsOption {
    /// As a continuous flow: fast, and accurate for jobs much shorter than the polling interval
    Fluid,
    /// One by one, all of the same duration
    Fixed,
    /// One by one, with exponentially distributed durations
    Exponential,
}

fn throughput(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (1e-6..=1e6).contains(&number) { Ok(number) } else { Err("must be 0.000001 to 1000000".to_owned()) }
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "is not an IANA time zone; write it like Europe/Berlin or UTC".to_owned())
}

fn startup(text: &str) -> Result<SignedDuration, String> {
    tidegate_fleet::duration(text, 0, 3_600)
}

fn wait(text: &str) -> Result<SignedDuration, String> {
    tidegate_fleet::duration(text, 1, 86_400)
}

fn interval(text: &str) -> Result<SignedDuration, String> {
    let every = tidegate_fleet::duration(text, 15, 3_600)?;
    if every.as_secs() % 15 == 0 { Ok(every) } else { Err("must be a multiple of 15s".to_owned()) }
}

impl Meaning {
    pub(super) fn gaps(meaning: Option<Self>) -> Gaps {
        match meaning {
            None => Gaps::ByTheFile,
            Some(Self::Zero) => Gaps::Zero,
            Some(Self::Fill) => Gaps::Fill,
            Some(Self::Refuse) => Gaps::Refuse,
        }
    }
}

impl RepeatMeaning {
    pub(super) fn repeats(meaning: Option<Self>) -> Repeats {
        match meaning {
            None => Repeats::ByTheFile,
            Some(Self::Sum) => Repeats::Sum,
            Some(Self::Mean) => Repeats::Mean,
        }
    }
}

impl JobsOption {
    /// As it is written on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fluid => "fluid",
            Self::Fixed => "fixed",
            Self::Exponential => "exponential",
        }
    }
}
