//! When AWS has launched what is asked for: at the pace of its API and of its launches, within the quota of virtual CPUs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::bucket::{REGISTER_SCALABLE_TARGET, RateLimit, UPDATE_SERVICE};
use tidegate_aws::targets::Tasks;
use tidegate_aws::targets::fargate::FargateReadings;
use tidegate_policy::emergency::delivery::{
    Addition, Delivered, Fargate, FargateCapacity, Pace, Paces, Quota, Quotas, forecast,
};
use tidegate_policy::emergency::target::Change;

use crate::subject::one::One;
use crate::words;

/// Tasks on AWS Fargate: 100 at once and 20 a second after them, of an account in one Region (Amazon ECS developer guide, "AWS
/// Fargate throttling quotas", which names no Region with less); of one service 500 a minute.
const LAUNCHES: Pace = Pace { burst: 100.0, refill: 20.0 };
const LAUNCHES_OF_ONE: f64 = 500.0;
/// Smaller Regions are said to have these; AWS publishes no list of them.
const SLOW_LAUNCHES: Pace = Pace { burst: 25.0, refill: 5.0 };
const SLOW_LAUNCHES_OF_ONE: f64 = 125.0;

/// So many names stand in one line; the rest is counted.
const NAMES_MAX: usize = 3;

/// When all of it runs, as far as that is known.
#[derive(Debug, Clone)]
pub(crate) struct Forecast {
    /// When the last task is launched, or the last size is set.
    after: SignedDuration,
    /// The same at the launch rates of smaller Regions.
    slowly_after: SignedDuration,
    /// Tasks that are to be added.
    asked: u32,
    /// Of these, what AWS gives.
    given: u32,
    /// The own bounds of a group keep it from what was asked for.
    is_limited: bool,
    /// Quotas that do not suffice: their virtual CPUs, and their codes.
    reached: Vec<(f64, &'static str)>,
    /// What could not be read.
    unknown: Vec<String>,
    /// When it was said first, where that was in an earlier evaluation.
    from: Option<Timestamp>,
}

impl Forecast {
    /// Of all targets of an emergency, and what each of them gets, in their order.
    pub(crate) fn of(targets: &[&One], readings: &FargateReadings) -> (Self, Vec<Delivered>) {
        let additions: Vec<Addition> = targets.iter().map(|one| addition(one, readings)).collect();
        let quotas = Quotas {
            on_demand: quota(readings, FargateCapacity::OnDemand),
            spot: quota(readings, FargateCapacity::Spot),
        };
        let (fast, slow) = (paces(LAUNCHES, LAUNCHES_OF_ONE), paces(SLOW_LAUNCHES, SLOW_LAUNCHES_OF_ONE));
        let all = forecast(&additions, fast, quotas);
        let last = |all: &[Delivered]| all.iter().map(|it| it.after).max().unwrap_or_default();
        let reached = |kind: FargateCapacity, quota: Option<Quota>| {
            let is_beyond = |(addition, got): (&Addition, &Delivered)| {
                got.is_beyond_quota && addition.fargate.is_some_and(|fargate| fargate.capacity == kind)
            };
            let any = additions.iter().zip(&all).any(is_beyond);
            quota.zip(kind.quota()).filter(|_| any).map(|(quota, (code, _))| (quota.vcpus, code))
        };
        let reached = [
            reached(FargateCapacity::OnDemand, quotas.on_demand),
            reached(FargateCapacity::Spot, quotas.spot),
        ];
        let forecast = Self {
            after: last(&all),
            slowly_after: last(&forecast(&additions, slow, quotas)),
            asked: additions.iter().map(|it| it.tasks).fold(0, u32::saturating_add),
            given: all.iter().map(|it| it.tasks).fold(0, u32::saturating_add),
            is_limited: targets.iter().any(|one| one.is_limited()),
            reached: reached.into_iter().flatten().collect(),
            unknown: unknown(targets, readings),
            from: None,
        };
        (forecast, all)
    }

    /// `about 3 min 20 s; 24 of 40 tasks, then the vCPU quota of 20 is reached: request more of the Fargate vCPU quota (Service
    /// Quotas L-3032A538)`.
    pub(crate) fn line(&self) -> String {
        let Self { after, slowly_after: _, asked, given, is_limited, reached, unknown, from: _ } = self;
        let time =
            if after.as_secs() == 0 { "at once".to_owned() } else { format!("about {}", span(*after)) };
        let quotas = reached.iter().map(|(vcpus, code)| {
            format!("then the vCPU quota of {vcpus} is reached: {}", words::of_request(code))
        });
        let quotas: Vec<String> = quotas.collect();
        let line = match (asked, quotas.as_slice(), unknown.as_slice()) {
            (0, ..) => format!("{time}; no task is added"),
            (1, [], []) => format!("{time}; one task"),
            (asked, [], []) => format!("{time}; all {asked} tasks"),
            (asked, [], [_, ..]) => {
                format!("{time}; {asked} tasks, if the limits that could not be read allow them")
            }
            (asked, [_, ..], _) => format!("{time}; {given} of {asked} tasks, {}", quotas.join(", and ")),
        };
        let limited =
            if *is_limited { "; without what a group's own MinSize or MaxSize forbids" } else { "" };
        line + limited
    }

    /// The same, said again later.
    pub(crate) fn counted_from(self, at: Timestamp) -> Self {
        Self { from: Some(at), ..self }
    }

    /// What the line goes by, and what is not known.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.unknown.iter().map(|what| format!("unknown: {what}")).collect();
        notes.extend(
            self.from.map(|at| format!("counted from {} UTC, when it began", at.strftime("%H:%M:%S"))),
        );
        if self.slowly_after > self.after {
            notes.push(format!(
                "assumed: Fargate starts 100 tasks at once and 20 a second after that, as AWS publishes it. Smaller Regions \
                 are said to start 25 and 5: about {} there",
                span(self.slowly_after)
            ));
        }
        if self.given > 0 {
            notes.push("not counted: pulling images and passing health checks".to_owned());
        }
        notes
    }
}

/// The quota, where it and its use are known.
fn quota(readings: &FargateReadings, kind: FargateCapacity) -> Option<Quota> {
    let known = |of: &BTreeMap<FargateCapacity, Result<f64, _>>| of.get(&kind)?.as_ref().ok().copied();
    Some(Quota { vcpus: known(&readings.quotas)?, used: known(&readings.used)? })
}

fn paces(launches: Pace, launches_of_one: f64) -> Paces {
    let pace =
        |RateLimit { burst, refill_per_second }| Pace { burst: f64::from(burst), refill: refill_per_second };
    let (calls, registrations) = (pace(UPDATE_SERVICE), pace(REGISTER_SCALABLE_TARGET));
    Paces { calls, registrations, launches, launches_of_one }
}

fn addition(one: &One, readings: &FargateReadings) -> Addition {
    let tasks = one.planned().map_or(0, |work| work.to.saturating_sub(work.from));
    let has = |is: fn(&Change) -> bool| one.planned().iter().flat_map(|work| &work.changes).any(is);
    let fargate = one.tasks().and_then(|Tasks { task_definition, fargate }| {
        let vcpus = readings.vcpus.get(task_definition).and_then(|read| read.as_ref().ok()).copied();
        Some(Fargate { vcpus, capacity: (*fargate)? })
    });
    Addition {
        tasks,
        is_call: has(|change| matches!(change, Change::SetCapacity(_))),
        is_registered: has(|change| matches!(change, Change::Register(_))),
        fargate,
    }
}

/// What is not known of the tasks that are added, by name.
fn unknown(targets: &[&One], readings: &FargateReadings) -> Vec<String> {
    let mut unknown = Vec::new();
    let added: Vec<&&One> = targets.iter().filter(|one| one.adds()).collect();
    let on = |kind: Option<FargateCapacity>| -> Vec<&str> {
        let is_on = |one: &&&&One| one.tasks().is_some_and(|tasks| tasks.fargate == kind);
        added.iter().filter(is_on).map(|one| one.name.as_str()).collect()
    };
    for kind in [FargateCapacity::OnDemand, FargateCapacity::Spot] {
        let Some((code, _)) = kind.quota().filter(|_| !on(Some(kind)).is_empty()) else { continue };
        if let Some(Err(absence)) = readings.quotas.get(&kind) {
            unknown.push(format!("the vCPU quota {code} ({absence})"));
        }
        if let Some(Err(absence)) = readings.used.get(&kind) {
            unknown.push(format!("how much of the vCPU quota {code} is in use ({absence})"));
        }
    }
    let mut unread: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in &added {
        let definition = one.tasks().and_then(|tasks| readings.vcpus.get(&tasks.task_definition));
        if let Some(Err(absence)) = definition {
            unread.entry(absence.to_string()).or_default().push(&one.name);
        }
    }
    unknown.extend(unread.iter().map(|(why, of)| format!("the vCPUs of a task of {} ({why})", names(of))));
    let mut undescribed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in targets {
        if let Some(Err(absence)) = one.foreseen.as_ref().map(|foreseen| &foreseen.state) {
            undescribed.entry(absence.to_string()).or_default().push(&one.name);
        }
    }
    let not_in_it = |(why, of): (&String, &Vec<&str>)| {
        format!(
            "how many tasks are added to {} of the targets: {} ({why}); they are not in it",
            of.len(),
            names(of)
        )
    };
    unknown.extend(undescribed.iter().map(not_in_it));
    let mixed = on(Some(FargateCapacity::Mixed));
    if !mixed.is_empty() {
        unknown
            .push(format!("how the tasks of {} are divided between FARGATE and FARGATE_SPOT", names(&mixed)));
    }
    let on_instances = on(None);
    if !on_instances.is_empty() {
        unknown.push(format!("room on the container instances of {}", names(&on_instances)));
    }
    unknown
}

/// `api, worker and 12 more`.
pub(crate) fn names(of: &[&str]) -> String {
    let shown = of.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = of.len().saturating_sub(NAMES_MAX);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// `3 min 20 s`.
fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs();
    match (seconds.div_euclid(60), seconds.rem_euclid(60)) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
