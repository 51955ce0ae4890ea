//! What AWS can run of what is asked for, and when: the pace of the API, of launches, and the quota of virtual CPUs.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::metric::SETTLES_WITHIN;
use crate::observation::MetricReading;
use crate::reading::{Absence, AbsenceKind};

/// How fast something is given: so many at once, and so many a second after that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// At once, after a quiet time.
    pub burst: f64,
    /// A second; above zero.
    pub refill: f64,
}

/// What limits how fast tasks start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paces {
    /// `UpdateService` calls.
    pub calls: Pace,
    /// `RegisterScalableTarget` calls, which come before them.
    pub registrations: Pace,
    /// Tasks on AWS Fargate, of an account in one Region.
    pub launches: Pace,
    /// Tasks of one service in a minute.
    pub launches_of_one: f64,
}

/// More tasks of one target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Addition {
    /// So many more than are desired now; 0 where only a call is made.
    pub tasks: u32,
    /// Its desired count is set.
    pub is_call: bool,
    /// Its scalable target is registered before.
    pub is_registered: bool,
    /// On AWS Fargate: the virtual CPUs of one task, where they are known.
    pub fargate: Option<Fargate>,
}

/// Which capacity of AWS Fargate tasks run on: each kind has a quota of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FargateCapacity {
    /// The launch type `FARGATE`, or the capacity provider of that name.
    OnDemand,
    /// The capacity provider `FARGATE_SPOT`.
    Spot,
    /// Both capacity providers: how many tasks go to each is not foretold.
    Mixed,
}

impl FargateCapacity {
    /// The code of its quota of virtual CPUs in Service Quotas, and `Class` of its usage in the namespace `AWS/Usage`; of both
    /// capacity providers together there is no quota.
    #[must_use]
    pub fn quota(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::OnDemand => Some(("L-3032A538", "Standard/OnDemand")),
            Self::Spot => Some(("L-36FBB829", "Standard/Spot")),
            Self::Mixed => None,
        }
    }
}

/// What is known of a task on AWS Fargate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fargate {
    /// The virtual CPUs of one task; `None` where its task definition could not be read.
    pub vcpus: Option<f64>,
    /// The capacity that it runs on.
    pub capacity: FargateCapacity,
}

/// The quotas of virtual CPUs, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quotas {
    /// Of on-demand capacity.
    pub on_demand: Option<Quota>,
    /// Of Spot capacity.
    pub spot: Option<Quota>,
}

/// A quota of virtual CPUs on AWS Fargate, and how many of them are in use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    /// In all.
    pub vcpus: f64,
    /// In use now.
    pub used: f64,
}

/// The virtual CPUs in use, from the datapoints of `AWS/Usage`: the newest that has settled, or a younger one if it is higher.
/// A young one may still grow.
///
/// # Errors
/// They could not be read, or none has settled. Absence is not zero: it may mean that nothing runs, or a wrong name.
pub fn in_use(reading: &MetricReading, now: Timestamp) -> Result<f64, Absence> {
    let points = match reading {
        MetricReading::Points { points, .. } => points,
        MetricReading::NotRead => return Err(Absence::new(AbsenceKind::TimedOut, "not read")),
        MetricReading::Failed(absence) => return Err(absence.clone()),
    };
    let has_settled = |at: Timestamp| now.duration_since(at) >= SETTLES_WITHIN;
    let settled = points.iter().rposition(|point| has_settled(point.at)).ok_or_else(|| {
        let what = "AWS/Usage ResourceCount has no datapoint that is older than 3 minutes";
        Absence::new(AbsenceKind::NoDatapoints, what)
    })?;
    let newest = points.iter().skip(settled).map(|point| point.value);
    Ok(newest.fold(0.0, f64::max))
}

/// What one target gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivered {
    /// So many of the added tasks.
    pub tasks: u32,
    /// The quota does not suffice for the rest.
    pub is_beyond_quota: bool,
    /// On AWS Fargate: the quota, its use and the virtual CPUs of a task are known.
    pub is_known: bool,
    /// When the last of them is launched, from now.
    pub after: SignedDuration,
}

/// What each target gets, in the order in which they are asked for. A target whose virtual CPUs or whose quota are not known
/// counts as within it: what cannot be read stops nothing.
#[must_use]
pub fn forecast(additions: &[Addition], paces: Paces, quotas: Quotas) -> Vec<Delivered> {
    let left = |quota: Option<Quota>| quota.map(|quota| (quota.vcpus - quota.used).max(0.0));
    let (mut on_demand, mut spot) = (left(quotas.on_demand), left(quotas.spot));
    let (mut calls, mut registrations, mut launched) = (0.0, 0.0, 0.0);
    additions
        .iter()
        .map(|addition| {
            let registered_at =
                if addition.is_registered { paces.registrations.when(&mut registrations, 1.0) } else { 0.0 };
            let called_at = if addition.is_call { paces.calls.when(&mut calls, 1.0) } else { 0.0 };
            let asked_at = called_at.max(registered_at);
            let fitting = match addition.fargate {
                None => Some(addition.tasks),
                Some(Fargate { capacity: FargateCapacity::Mixed, .. }) => None,
                Some(Fargate { vcpus, capacity: FargateCapacity::OnDemand }) => {
                    within(&mut on_demand, vcpus, addition.tasks)
                }
                Some(Fargate { vcpus, capacity: FargateCapacity::Spot }) => {
                    within(&mut spot, vcpus, addition.tasks)
                }
            };
            let (tasks, is_known) = (fitting.unwrap_or(addition.tasks), fitting.is_some());
            let alone = f64::from(tasks) / paces.launches_of_one * 60.0;
            let launched_at = match addition.fargate {
                Some(_) if tasks > 0 => paces.launches.when(&mut launched, f64::from(tasks)),
                Some(_) | None => 0.0,
            };
            // The tasks of one service start from its call on; those of all services share one pace.
            let own = if addition.fargate.is_some() { (alone - 60.0).max(0.0) } else { 0.0 };
            let after = seconds((asked_at + own).max(launched_at));
            Delivered { tasks, is_beyond_quota: tasks < addition.tasks, is_known, after }
        })
        .collect()
}

/// How many tasks of so many virtual CPUs fit into what is left, and takes it; `None` where one of both is not known.
fn within(left: &mut Option<f64>, vcpus: Option<f64>, tasks: u32) -> Option<u32> {
    match (vcpus, left) {
        (Some(vcpus), Some(left)) if vcpus > 0.0 => {
            let fitting = whole((*left / vcpus + 1e-9).floor()).min(tasks);
            *left -= f64::from(fitting) * vcpus;
            Some(fitting)
        }
        _ => None,
    }
}

impl Pace {
    /// When the next so many are given, after those before them, in seconds from now.
    fn when(self, before: &mut f64, more: f64) -> f64 {
        *before += more;
        ((*before - self.burst) / self.refill).max(0.0)
    }
}

fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds.clamp(0.0, 1e9)).unwrap_or(SignedDuration::MAX)
}

/// A count that fits; what does not is as much as fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u32 first"
)]
fn whole(count: f64) -> u32 {
    count.clamp(0.0, f64::from(u32::MAX)) as u32
}
