//! Token buckets: how fast one process asks each category of AWS calls, so that a large fleet waits for its turn instead
//! of being throttled, and leaves room for operators and deployments.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// How many calls at once, and how many a second after them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Calls that may be made at once after a quiet time.
    pub burst: u32,
    /// Calls a second that are earned back; above zero.
    pub refill_per_second: f64,
}

/// `DescribeServices`, with `ListServices`: the account has 100 and 20 a second, and deployments and those who wait for them
/// ask too (Amazon ECS developer guide, "Request throttling for the Amazon ECS API"). Two functions at once leave a fifth.
/// 1,000 services are 100 calls and take 6 s of the 8 s that there are; with half of this they would take 16 s.
pub const DESCRIBE_SERVICES: RateLimit = RateLimit { burst: 40, refill_per_second: 10.0 };
/// `UpdateService`, with `CreateService` and `DeleteService`: the account has 50 and 5 a second (the same page). Five are
/// left: a call that is faster on its way than the one before it would find the bucket empty, and be throttled.
pub const UPDATE_SERVICE: RateLimit = RateLimit { burst: 45, refill_per_second: 5.0 };
/// `GetMetricData`: 50 calls a second (CloudWatch user guide, service quotas).
pub const GET_METRIC_DATA: RateLimit = RateLimit { burst: 50, refill_per_second: 50.0 };
/// `DescribeAlarms`: 9 calls a second (the same page).
pub const DESCRIBE_ALARMS: RateLimit = RateLimit { burst: 9, refill_per_second: 9.0 };
/// What `EC2 Auto Scaling` is asked of groups and their instance refreshes. AWS publishes no number: assumed, and far below what
/// consoles and agents do.
pub const READ_AUTO_SCALING: RateLimit = RateLimit { burst: 40, refill_per_second: 20.0 };
/// `DescribePolicies` and `DescribeScheduledActions` of EC2 Auto Scaling, page by page: apart, since the refreshes of many groups
/// would take every turn. AWS publishes no number: assumed.
pub const READ_OWN_SCALING: RateLimit = RateLimit { burst: 40, refill_per_second: 20.0 };
/// `SetDesiredCapacity`. AWS publishes no number: assumed, as `UpdateService`.
pub const SET_DESIRED_CAPACITY: RateLimit = RateLimit { burst: 50, refill_per_second: 5.0 };
/// `DescribeScalableTargets` and `DescribeScheduledActions`. AWS publishes no number: assumed; 500 services are ten calls.
pub const DESCRIBE_SCALABLE_TARGETS: RateLimit = RateLimit { burst: 20, refill_per_second: 10.0 };
/// `RegisterScalableTarget`. AWS publishes no number: assumed, as `UpdateService`.
pub const REGISTER_SCALABLE_TARGET: RateLimit = RateLimit { burst: 20, refill_per_second: 5.0 };
/// `SuspendProcesses` and `ResumeProcesses`. AWS publishes no number: assumed, as `SetDesiredCapacity`.
pub const CHANGE_PROCESSES: RateLimit = RateLimit { burst: 20, refill_per_second: 5.0 };
/// `DescribeTaskDefinition`: the account has 50 and 20 a second (Amazon ECS developer guide, "Request throttling for the Amazon ECS
/// API"), shared with deployments.
pub const DESCRIBE_TASK_DEFINITION: RateLimit = RateLimit { burst: 40, refill_per_second: 15.0 };
/// `DescribeTargetGroups`. AWS publishes no number: assumed; what counts something is not asked for again.
pub const DESCRIBE_TARGET_GROUPS: RateLimit = RateLimit { burst: 20, refill_per_second: 10.0 };
/// What RDS is asked: instances and clusters, and of a class that is wanted its offers, maintenance and reservations. AWS publishes
/// no number: assumed. Ten instances that are polled one by one in a loop are throttled (aws-cli issue 8604); a page of 100
/// instances is one call here, so that an account of 1,000 instances is read at once.
pub const READ_RDS: RateLimit = RateLimit { burst: 10, refill_per_second: 2.0 };
/// `CreateDBInstanceReadReplica`, `CreateDBInstance`, `DeleteDBInstance` and `ModifyDBInstance`. AWS publishes no number: assumed;
/// a database has one change at a time.
pub const CHANGE_RDS: RateLimit = RateLimit { burst: 5, refill_per_second: 1.0 };
/// What Route 53 is asked, changes included: the account has five requests a second for all of its zones and Regions (Route 53
/// developer guide, quotas). Two are left to those who deploy.
pub const ROUTE53: RateLimit = RateLimit { burst: 3, refill_per_second: 3.0 };

/// One bucket per category of calls.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) describe_services: Bucket,
    pub(crate) update_service: Bucket,
    pub(crate) get_metric_data: Bucket,
    pub(crate) describe_alarms: Bucket,
    pub(crate) read_auto_scaling: Bucket,
    pub(crate) read_own_scaling: Bucket,
    pub(crate) set_desired_capacity: Bucket,
    pub(crate) describe_scalable_targets: Bucket,
    pub(crate) describe_target_groups: Bucket,
    pub(crate) describe_task_definition: Bucket,
    pub(crate) register_scalable_target: Bucket,
    pub(crate) change_processes: Bucket,
    pub(crate) read_rds: Bucket,
    pub(crate) change_rds: Bucket,
    pub(crate) route53: Bucket,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            describe_services: Bucket::new(DESCRIBE_SERVICES),
            update_service: Bucket::new(UPDATE_SERVICE),
            get_metric_data: Bucket::new(GET_METRIC_DATA),
            describe_alarms: Bucket::new(DESCRIBE_ALARMS),
            read_auto_scaling: Bucket::new(READ_AUTO_SCALING),
            read_own_scaling: Bucket::new(READ_OWN_SCALING),
            set_desired_capacity: Bucket::new(SET_DESIRED_CAPACITY),
            describe_scalable_targets: Bucket::new(DESCRIBE_SCALABLE_TARGETS),
            describe_target_groups: Bucket::new(DESCRIBE_TARGET_GROUPS),
            describe_task_definition: Bucket::new(DESCRIBE_TASK_DEFINITION),
            register_scalable_target: Bucket::new(REGISTER_SCALABLE_TARGET),
            change_processes: Bucket::new(CHANGE_PROCESSES),
            read_rds: Bucket::new(READ_RDS),
            change_rds: Bucket::new(CHANGE_RDS),
            route53: Bucket::new(ROUTE53),
        }
    }
}

/// Waits for a turn to change something; false where it comes too late, since another evaluation may act from `not_after` on. A
/// turn that comes too late is not taken: the next evaluation would wait for it. A process that stood still while it waited
/// sends nothing either.
pub(crate) async fn in_turn(
    bucket: &Bucket,
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> bool {
    let Ok(left) = Duration::try_from(not_after.duration_since(clock())) else { return false };
    bucket.take_within(left).await && clock() <= not_after
}

/// A token bucket. Every caller gets a moment to go at, in the order of the calls; no caller is refused.
#[derive(Debug)]
pub struct Bucket {
    rate: RateLimit,
    level: Mutex<Option<Level>>,
}

/// Tokens left at a moment; below zero, so many callers wait.
#[derive(Debug, Clone, Copy)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn new(rate: RateLimit) -> Self {
        Self { rate, level: Mutex::new(None) }
    }

    /// Waits until one more call may be made. A caller that stops waiting has used its token all the same: to ask a
    /// little less than allowed is harmless. The SDK's own retries wait by themselves and take none.
    pub async fn take(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// The same, where the wait is not longer than that; otherwise no token is taken, and the answer is false.
    pub async fn take_within(&self, longest: Duration) -> bool {
        let now = Instant::now();
        let is_near = self.wait(now) <= longest;
        if is_near {
            let wait = self.reserve(now);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
        }
        is_near
    }

    /// How long the next caller would wait.
    fn wait(&self, now: Instant) -> Duration {
        let level = *self.level.lock().unwrap_or_else(PoisonError::into_inner);
        level.map_or(Duration::ZERO, |level| self.until_earned(self.tokens(level, now) - 1.0))
    }

    /// What there is at a moment.
    fn tokens(&self, Level { tokens, at }: Level, now: Instant) -> f64 {
        let RateLimit { burst, refill_per_second } = self.rate;
        let earned = now.saturating_duration_since(at).as_secs_f64() * refill_per_second;
        (tokens + earned).min(f64::from(burst))
    }

    fn until_earned(&self, tokens: f64) -> Duration {
        Duration::from_secs_f64((-tokens / self.rate.refill_per_second).max(0.0))
    }

    /// Takes a token, perhaps one of the future; returns how long until it is there.
    fn reserve(&self, now: Instant) -> Duration {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Level { tokens: f64::from(self.rate.burst), at: now };
        let tokens = self.tokens(level.unwrap_or(full), now) - 1.0;
        *level = Some(Level { tokens, at: now });
        self.until_earned(tokens)
    }
}
