//! What AWS can run of what is asked for, and when: the pace of the API, of launches, and the quota of virtual CPUs.

use jiff::SignedDuration;

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
    /// A call is made for it.
    pub is_call: bool,
    /// On AWS Fargate: the virtual CPUs of one task, where they are known.
    pub fargate: Option<Fargate>,
}

/// What is known of a task on AWS Fargate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fargate {
    /// The virtual CPUs of one task; `None` where its task definition could not be read.
    pub vcpus: Option<f64>,
}

/// The quota of virtual CPUs on AWS Fargate, and how many of them are in use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    /// In all.
    pub vcpus: f64,
    /// In use now.
    pub used: f64,
}

/// What one target gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivered {
    /// So many of the added tasks.
    pub tasks: u32,
    /// The quota does not suffice for the rest.
    pub is_beyond_quota: bool,
    /// When the last of them is launched, from now.
    pub after: SignedDuration,
}

/// What each target gets, in the order in which they are asked for. A target whose virtual CPUs are not known counts as
/// within the quota: what cannot be read stops nothing.
#[must_use]
pub fn forecast(additions: &[Addition], paces: Paces, quota: Option<Quota>) -> Vec<Delivered> {
    let mut free = quota.map(|quota| (quota.vcpus - quota.used).max(0.0));
    let (mut calls, mut launched) = (0.0, 0.0);
    additions
        .iter()
        .map(|addition| {
            let asked_at = if addition.is_call { paces.calls.when(&mut calls, 1.0) } else { 0.0 };
            let tasks = match (addition.fargate.and_then(|fargate| fargate.vcpus), &mut free) {
                (Some(vcpus), Some(free)) if vcpus > 0.0 => {
                    let tasks = whole((*free / vcpus + 1e-9).floor()).min(addition.tasks);
                    *free -= f64::from(tasks) * vcpus;
                    tasks
                }
                _ => addition.tasks,
            };
            let alone = f64::from(tasks) / paces.launches_of_one * 60.0;
            let launched_at = match addition.fargate {
                Some(_) if tasks > 0 => paces.launches.when(&mut launched, f64::from(tasks)),
                Some(_) | None => 0.0,
            };
            // The tasks of one service start from its call on; those of all services share one pace.
            let own = if addition.fargate.is_some() { (alone - 60.0).max(0.0) } else { 0.0 };
            let after = seconds((asked_at + own).max(launched_at));
            Delivered { tasks, is_beyond_quota: tasks < addition.tasks, after }
        })
        .collect()
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
