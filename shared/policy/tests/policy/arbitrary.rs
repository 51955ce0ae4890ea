//! Any service, any world, any memory: what `decide` may be asked.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use tidegate_policy::Evaluation;
use tidegate_policy::memory::{
    ConditionRun, FailedChanges, Head, LastPoint, PastRecommendation, ScaleOut, YoungPoint,
};
use tidegate_policy::overrides::{self, Held, OverrideKind};
use tidegate_policy::{
    Adjustment, Amount, Capacity, CapacityUnit, Cooldown, Datapoint, Decision, InFlight, LargestStep, Memory,
    MetricName, MetricPolicy, MetricReading, Observation, OnAbsence, Override, Queue, QueueLimits, Rule,
    ServicePolicy, ServiceState, decide,
};

use aws::{alarms, constraints, notify};
use ran::ran;
use remembered::{at_limit, intent, startup};
use steering::{active_notices, floor, hours, overrides, trackers};

use crate::stage::{noon, refused, rule, seconds};
use crate::track::track;

mod aws;
mod ran;
mod remembered;
mod steering;

/// Everything that `decide` takes.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) seen: Observation,
    pub(crate) policy: ServicePolicy,
    pub(crate) memory: Memory,
    pub(crate) overrides: Vec<Override>,
    pub(crate) now: Timestamp,
}

impl Case {
    pub(crate) fn decide(&self) -> Decision {
        let evaluation = Evaluation {
            target: "worker",
            id: "this-evaluation",
            overrides: &self.overrides,
            emergency: None,
            observe: false,
            now: self.now,
        };
        decide(&self.seen, &self.policy, &self.memory, evaluation)
    }

    /// A pin is in force: it outranks every guard.
    pub(crate) fn is_pinned(&self) -> bool {
        overrides::kept(&self.overrides, self.now)
            .iter()
            .any(|row| matches!(row.kind, OverrideKind::Pin(_) | OverrideKind::Hold(Held::Both)))
    }
}

/// Whether numbers stay where fleets live, or go to the end of their types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    Everyday,
    Extreme,
}

/// Rules whose direction is the usual one: more backlog adds, less removes.
const USUAL: &[&str] = &[
    "waiting > 500: +5",
    "waiting >= 100: +10%",
    "waiting > 200 for 2m: +25%/3",
    "waiting_per_task > 20: +2",
    "depth > 80: +1",
    "due > 3: +1",
    "stalled_for > 60: +2",
    "cpu > 70%: +2",
    "cpu >= 50% for 5m: +20%",
    "requests > 100 for 3m: +3",
    "requests_per_task > 20: +2",
    "alarm(busy): +2",
    "alarm(busy) for 2m: +10%",
    "waiting < 50: -2",
    "waiting <= 10: -30%/2",
    "waiting < 80 for 2m: -1",
    "waiting_per_task < 5: -1",
    "depth < 60: -4",
    "in_flight < 9: -1",
    "delayed < 2: -1",
    "cpu < 30%: -1",
    "requests <= 10: -50%",
    "requests_per_task < 5: -1",
];

/// Exact sizes: they may lower with a larger backlog, if that is what they say.
const EXACT: &[&str] = &["waiting > 100: =10", "waiting < 5: =2", "depth >= 40: =50%", "cpu > 90%: =100%"];

pub(crate) fn usual_rules() -> impl Strategy<Value = Vec<Rule>> {
    vec(prop::sample::select(USUAL), 0..6).prop_map(|texts| texts.into_iter().map(rule).collect::<Vec<_>>())
}

fn any_rules(range: Range) -> impl Strategy<Value = Vec<Rule>> {
    let all: Vec<&str> = USUAL.iter().chain(EXACT).copied().collect();
    let one = (prop::sample::select(all), amount(range), prop::bool::weighted(0.3)).prop_map(
        |(text, amount, replace)| {
            let mut rule = rule(text);
            if replace {
                rule.adjust = match rule.adjust {
                    Adjustment::Add(_) => Adjustment::Add(amount),
                    Adjustment::Remove(_) => Adjustment::Remove(amount),
                    Adjustment::Set(_) => Adjustment::Set(amount),
                };
            }
            rule
        },
    );
    vec(one, 0..6)
}

fn amount(range: Range) -> impl Strategy<Value = Amount> {
    prop_oneof![
        count(range).prop_map(Amount::Tasks),
        (1..=1_000_u32, count(range)).prop_map(|(percent, at_least)| Amount::Percent { percent, at_least }),
    ]
}

fn count(range: Range) -> BoxedStrategy<u32> {
    match range {
        Range::Everyday => (0..40_u32).boxed(),
        Range::Extreme => {
            prop_oneof![Just(0), Just(1), Just(5_000), Just(u32::MAX - 1), Just(u32::MAX), any::<u32>()]
                .boxed()
        }
    }
}

fn jobs(range: Range) -> BoxedStrategy<u64> {
    match range {
        Range::Everyday => prop_oneof![Just(0_u64), 0..12_u64, 0..120_u64, 400..700_u64].boxed(),
        Range::Extreme => prop_oneof![Just(0), Just(u64::MAX), Just(1 << 53), any::<u64>()].boxed(),
    }
}

/// A moment of the last quarter of an hour, or of any age.
fn time(range: Range) -> BoxedStrategy<Timestamp> {
    match range {
        Range::Everyday => (-900..=0_i64).prop_map(|before| noon() + seconds(before)).boxed(),
        Range::Extreme => prop_oneof![
            Just(Timestamp::MIN),
            Just(Timestamp::MAX),
            Just(Timestamp::UNIX_EPOCH),
            (Timestamp::MIN.as_millisecond()..=Timestamp::MAX.as_millisecond())
                .prop_map(|at| Timestamp::from_millisecond(at).unwrap()),
        ]
        .boxed(),
    }
}

fn duration(range: Range, everyday: &'static [i64]) -> BoxedStrategy<SignedDuration> {
    match range {
        Range::Everyday => prop::sample::select(everyday).prop_map(seconds).boxed(),
        Range::Extreme => prop_oneof![
            Just(SignedDuration::ZERO),
            Just(SignedDuration::MAX),
            Just(SignedDuration::MIN),
            any::<i64>().prop_map(seconds)
        ]
        .boxed(),
    }
}

fn value(range: Range) -> BoxedStrategy<f64> {
    match range {
        Range::Everyday => (0.0..120.0_f64).boxed(),
        Range::Extreme => any::<f64>().boxed(),
    }
}

pub(crate) fn policy(
    range: Range,
    rules: impl Strategy<Value = Vec<Rule>>,
) -> impl Strategy<Value = ServicePolicy> {
    let capacity = (0..30_u32, 1..40_u32)
        .prop_map(|(min, more)| Capacity::new(min, (min + more).min(Capacity::LIMIT)).unwrap());
    let capacity = (capacity, hours(range), floor(), (trackers(), notify()));
    let nonzero = || count(range).prop_map(|count| NonZeroU32::new(count.max(1)).unwrap());
    let cooldowns = (duration(range, &[60, 300]), duration(range, &[60, 300]));
    let rest = (
        duration(range, &[0, 60, 300]),
        duration(range, &[60, 180]),
        duration(range, &[60, 300]),
        any::<(bool, bool)>(),
        prop::sample::select(&[OnAbsence::Missing, OnAbsence::Zero, OnAbsence::NoVote][..]),
    );
    (capacity, nonzero(), rules, cooldowns, (nonzero(), nonzero()), rest).prop_map(
        |(
            (capacity, hours, floor, (track, notify)),
            concurrency,
            rules,
            (out, into),
            (step_out, step_in),
            rest,
        )| {
            let (stabilization, startup, idle, (interruptible, is_ratio), on_absence) = rest;
            ServicePolicy {
                capacity,
                override_max: capacity.max() + 7,
                hours,
                floor,
                guard: None,
                concurrency,
                rules,
                track,
                wait: None,
                cooldown: Cooldown { scale_out: out, scale_in: into },
                stabilization,
                largest_step: LargestStep { scale_out: step_out, scale_in: step_in },
                startup,
                idle,
                interruptible,
                metrics: vec![MetricPolicy {
                    name: MetricName::new("requests").unwrap(),
                    on_absence,
                    is_ratio,
                }],
                notify,
                capacity_unit: CapacityUnit::Tasks,
            }
        },
    )
}

pub(crate) fn observation(range: Range) -> impl Strategy<Value = Observation> {
    let metrics = (metric(range), metric(range)).prop_map(|(cpu, requests)| {
        BTreeMap::from([
            (MetricName::new("cpu").unwrap(), cpu),
            (MetricName::new("requests").unwrap(), requests),
        ])
    });
    let service = prop_oneof![9 => service(range).prop_map(Ok), 1 => Just(Err(refused()))];
    let queue = prop_oneof![9 => queue(range).prop_map(|queue| Some(Ok(queue))), 1 => Just(Some(Err(refused()))), 1 => Just(None)];
    (service, queue, metrics, alarms(range)).prop_map(|(service, queue, metrics, alarms)| Observation {
        service,
        queue,
        metrics,
        alarms,
        database: None,
    })
}

fn service(range: Range) -> impl Strategy<Value = ServiceState> {
    let running = prop_oneof![3 => Just(None), 1 => count(range).prop_map(Some)];
    let rare = || prop::bool::weighted(0.05);
    (count(range), running, count(range), prop::bool::weighted(0.1), (rare(), rare()), constraints(range))
        .prop_map(|(desired_count, running, pending, rollout, (draining, daemon), constraints)| {
            ServiceState {
                desired_count,
                running_count: running.unwrap_or(desired_count),
                pending_count: if running.is_none() { 0 } else { pending },
                rollout,
                active: !draining,
                daemon,
                constraints,
            }
        })
}

fn queue(range: Range) -> impl Strategy<Value = Queue> {
    let in_flight = prop_oneof![
        6 => jobs(range).prop_map(InFlight::Exactly),
        2 => jobs(range).prop_map(InFlight::Reserved),
        1 => jobs(range).prop_map(InFlight::AtLeast),
        1 => jobs(range).prop_map(|jobs| InFlight::Partly { jobs, read: jobs, held: jobs.saturating_add(1) }),
        1 => Just(InFlight::Unknown)
    ];
    let head = option::of(0..3_u64);
    let limit = || option::weighted(0.1, jobs(range));
    let limits = (prop::bool::weighted(0.1), option::of(jobs(range)), limit(), limit())
        .prop_map(|(rate_met, taken, max, concurrency)| QueueLimits { rate_met, taken, max, concurrency });
    let stopped = (any::<bool>(), prop::bool::weighted(0.1), limits);
    (jobs(range), jobs(range), jobs(range), in_flight, stopped, head).prop_map(
        |(waiting, due, delayed, in_flight, (delayed_held, paused, limits), head)| Queue {
            waiting,
            due: due.min(waiting),
            delayed,
            delayed_held,
            in_flight,
            done: None,
            paused,
            limits,
            head,
        },
    )
}

fn metric(range: Range) -> impl Strategy<Value = MetricReading> {
    let points = vec((time(range), value(range)), 0..8).prop_map(|mut points| {
        points.sort_by_key(|(at, _)| *at);
        points.into_iter().map(|(at, value)| Datapoint { at, value }).collect()
    });
    let read = (duration(range, &[60, 300]), points)
        .prop_map(|(period, points)| MetricReading::Points { period, points });
    prop_oneof![5 => read, 2 => Just(MetricReading::NotRead), 1 => Just(MetricReading::Failed(refused()))]
}

pub(crate) fn memory(range: Range) -> impl Strategy<Value = Memory> {
    let name = || prop::sample::select(&["cpu", "requests"][..]).prop_map(|it| MetricName::new(it).unwrap());
    let finite = value(range).prop_map(|it| if it.is_finite() { it } else { 0.0 });
    let point = (time(range), finite.clone(), prop_oneof![Just(60_i64), Just(i64::MAX), Just(-1)])
        .prop_map(|(at, value, period)| LastPoint { at, value, period });
    let young = (time(range), finite).prop_map(|(at, value)| YoungPoint(at, value));
    let run = (time(range), time(range)).prop_map(|(since, last)| ConditionRun { since, last });
    let low = || (1.0..100.0_f64).prop_map(|target| track("cpu", target).low().to_string());
    let key = prop_oneof![prop::sample::select(USUAL).prop_map(|text| rule(text).when.to_string()), low()];
    let intent = intent(range);
    let failure = (time(range), count(range), option::of(count(range)))
        .prop_map(|(at, count, to)| FailedChanges { at, count, to });
    let changes = (
        option::of((time(range), count(range), prop_oneof![3 => Just(0), 1 => count(range)]))
            .prop_map(|some| some.map(|(at, base, others)| ScaleOut { at, base, others })),
        (option::of(time(range)), option::of(time(range)), option::of(time(range))),
        vec((time(range), count(range)).prop_map(|(at, tasks)| PastRecommendation { at, tasks }), 0..5),
        option::weighted(0.2, intent),
        option::weighted(0.2, failure),
        option::of(count(range)),
    );
    let readings = (
        btree_map(key, run, 0..3),
        btree_map(name(), point, 0..3),
        (btree_map(name(), time(range), 0..3), btree_map(name(), young, 0..3)),
        option::of(startup(range)),
        option::of((0..3_u64, time(range)).prop_map(|(print, since)| Head { print, since })),
        option::of(at_limit(range)),
        option::of(ran(range)),
        option::of(time(range)),
    );
    (changes, readings, active_notices(range), any::<bool>()).prop_map(
        |(changes, readings, active_notices, zeroed)| {
            let (
                scale_out,
                (changed_at, woke_at, surplus_since),
                recommendations,
                intent,
                failure,
                desired_count,
            ) = changes;
            let (runs, metrics, (empty, young), startup, head, at_limit, ran, idle_since) = readings;
            let observed = None;
            Memory {
                scale_out,
                changed_at,
                woke_at,
                recommendations,
                surplus_since,
                runs,
                metrics,
                young,
                empty,
                startup,
                ran,
                head,
                at_limit,
                idle_since,
                active_notices,
                intent,
                failure,
                desired_count,
                overwritten: None,
                zeroed,
                wait: None,
                observed,
            }
        },
    )
}

/// Any question that `decide` can be asked.
pub(crate) fn case(range: Range) -> impl Strategy<Value = Case> {
    case_with(range, any_rules(range))
}

pub(crate) fn case_with(
    range: Range,
    rules: impl Strategy<Value = Vec<Rule>>,
) -> impl Strategy<Value = Case> {
    let now = match range {
        Range::Everyday => Just(noon()).boxed(),
        Range::Extreme => prop_oneof![Just(noon()), time(range)].boxed(),
    };
    (observation(range), policy(range, rules), memory(range), overrides(range), now)
        .prop_map(|(seen, policy, memory, overrides, now)| Case { seen, policy, memory, overrides, now })
}
