//! The world that a service's policy is put into.

use jiff::SignedDuration;
use tidegate_policy::ServicePolicy;
use tidegate_simulator::world::{
    Disruptions, Evaluations, JobTime, Moments, ScaleIn, Sensing, ServiceModel, Starts,
};
use tidegate_simulator::{Load, Trace, WorldSettings};

use crate::replay::options::{JobsOption, ReplayOptions};
use crate::replay::queue::QueueWorld;

/// Without a throughput only the shape of a trace can be used. This is the setting that policies are compared in: the
/// busiest hundredth of the time needs four fifths of the maximum, so that peaks may exceed it.
const BUSY_SHARE: f64 = 0.8;
const THROUGHPUT: f64 = 0.5;

/// The acceptable wait where none is given.
const ACCEPTABLE_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// CloudWatch adds to a minute for two to three minutes after its end.
const METRIC_SETTLES_SECONDS: u32 = 150;

/// Start-up times and failing starts of bad days, as policies are compared with (`make bench-quality`).
const SPREAD: f64 = 0.3;
const FAILING: f64 = 0.02;

/// The load, the world, and the size a scaled load needs.
pub(super) fn of(
    options: &ReplayOptions,
    policy: &ServicePolicy,
    queue: QueueWorld,
    trace: &Trace,
) -> (Load, WorldSettings, Option<f64>) {
    let asked = options.interval.map(|interval| u32::try_from(interval.as_secs()).unwrap_or(u32::MAX));
    let interval = asked.unwrap_or(queue.interval_seconds);
    let (moments, spread, failing, disruptions) = if options.disruptions {
        (Moments::AnySecond, SPREAD, FAILING, Disruptions::BAD_DAYS)
    } else {
        (Moments::Steps, 0.0, 0.0, Disruptions::NONE)
    };
    let setting = WorldSettings {
        capacity: policy.capacity,
        throughput: options.throughput.unwrap_or(THROUGHPUT),
        concurrency: policy.concurrency,
        prefetch: queue.prefetch,
        acceptable_wait_seconds: acceptable_wait(options, policy).as_secs_f64(),
        starts: Starts { seconds: options.startup.as_secs_f64(), spread, failing },
        moments,
        service: service(options.jobs, policy),
        evaluations: Evaluations { every_seconds: interval, act_from_seconds: interval },
        sensing: Sensing {
            shows: queue.shows,
            reading_age_seconds: queue.age_seconds,
            metric_settles_seconds: METRIC_SETTLES_SECONDS,
            ..Sensing::EXACT
        },
        disruptions,
        seed: options.seed,
    };
    if options.throughput.is_some() {
        return (Load::recorded(trace, options.seed), setting, None);
    }
    let tasks = BUSY_SHARE * f64::from(policy.capacity.max());
    (Load::scaled(trace, tasks, THROUGHPUT, options.seed), setting, Some(tasks))
}

/// How long a job may wait before it is late: what was asked for, or else what the fleet file promises.
fn acceptable_wait(options: &ReplayOptions, policy: &ServicePolicy) -> SignedDuration {
    options.wait.or(policy.wait).unwrap_or(ACCEPTABLE_WAIT)
}

/// ECS stops a task with its jobs; only a worker that finishes them first, or is protected, waits. A policy that says its
/// jobs may be interrupted is taken at its word.
fn service(jobs: JobsOption, policy: &ServicePolicy) -> ServiceModel {
    let scale_in = if policy.interruptible { ScaleIn::Kills } else { ScaleIn::Waits };
    match jobs {
        JobsOption::Fluid => ServiceModel::Fluid,
        JobsOption::Fixed => ServiceModel::Jobs { time: JobTime::Fixed, scale_in },
        JobsOption::Exponential => ServiceModel::Jobs { time: JobTime::Exponential, scale_in },
    }
}
