//! What one evaluation knows before it decides: every signal read, every condition weighed, and the part of the next memory
//! that follows from what was seen alone.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{LONGEST_GAP, since};
use crate::evidence::at_limit;
use crate::evidence::conditions::{Evidence, SignalReader, weigh};
use crate::evidence::metric::{self, Datapoints};
use crate::evidence::readings::{self, QueueWork, partly_read};
use crate::evidence::running::ran_lately;
use crate::memory::ran::Ran;
use crate::memory::{AtLimit, ConditionRun, Head, Memory, Startup};
use crate::method::track::{self, Tracked};
use crate::observation::{InFlight, Observation, OtherAutoscaler, ServiceState};
use crate::pipeline::ceiling::{self, Ceiling};
use crate::pipeline::floor_reading::{self, FloorReading};
use crate::pipeline::startup;
use crate::reason::Reason;
use crate::service::{Notify, ServicePolicy};

/// What one evaluation knows.
#[derive(Debug, Clone)]
pub(crate) struct DecisionInputs<'a> {
    pub(crate) seen: &'a Observation,
    pub(crate) policy: &'a ServicePolicy,
    pub(crate) now: Timestamp,
    /// The rules, each with what its signal says.
    pub(crate) evidence: Vec<Evidence<'a>>,
    /// The conditions of `notify`; they have no vote.
    pub(crate) watched: Vec<Evidence<'a, Notify>>,
    /// The trackers.
    pub(crate) tracked: Vec<Tracked<'a>>,
    /// The floor table.
    pub(crate) floor: Option<FloorReading>,
    /// How many tasks the guarded database takes.
    pub(crate) ceiling: Option<Ceiling>,
    /// The queue's work in flight.
    pub(crate) work: Option<QueueWork>,
    /// To be remembered: how long each condition has held.
    pub(crate) runs: BTreeMap<String, ConditionRun>,
    /// To be remembered: the datapoints of the metrics.
    pub(crate) datapoints: Datapoints,
    /// To be remembered: the head of the queue.
    pub(crate) head: Option<Head>,
    /// To be remembered: the queue is at its limit, or was lately.
    pub(crate) at_limit: Option<AtLimit>,
    /// To be remembered: since when the queue has been empty.
    pub(crate) idle_since: Option<Timestamp>,
    /// To be remembered: how many tasks ran lately.
    pub(crate) ran: Option<Ran>,
    /// To be remembered: tasks that were asked for and do not run yet.
    pub(crate) startup: Option<Startup>,
}

impl<'a> DecisionInputs<'a> {
    /// Reads every signal and weighs every condition.
    pub(crate) fn of(
        seen: &'a Observation,
        policy: &'a ServicePolicy,
        memory: &Memory,
        now: Timestamp,
    ) -> Self {
        let ran = ran_lately(seen, policy, memory, now);
        let at_limit = at_limit::follow(seen, policy, memory, now);
        let orders_none = seen.queue().is_some_and(|queue| at_limit::orders_none(queue, at_limit));
        let runs = BTreeMap::new();
        let mut reader = SignalReader { seen, policy, memory, now, ran: ran.as_ref(), orders_none, runs };
        let evidence = weigh(&policy.rules, |rule| &rule.when, &mut reader);
        let tracked = track::follow(&policy.track, &mut reader);
        // For operators, jobs that wait at a limit wait all the same.
        reader.orders_none = false;
        let watched = weigh(&policy.notify, |notify| &notify.when, &mut reader);
        let runs = reader.runs;
        let datapoints = metric::remember(seen, policy, memory, now);
        let floor = policy.floor.as_ref().map(|floor| {
            floor_reading::of(floor, seen, policy, memory, datapoints.settled.get(floor.by()), now)
        });
        let guard = policy.guard.as_ref();
        let ceiling = guard.and_then(|guard| ceiling::of(guard, seen, policy, memory, ran.as_ref(), now));
        let service = seen.service.as_ref().ok();
        Self {
            seen,
            policy,
            now,
            evidence,
            watched,
            tracked,
            floor,
            ceiling,
            work: seen.queue().map(|queue| QueueWork::to_keep(queue, service, policy, memory.scale_out, now)),
            runs,
            datapoints,
            head: readings::remember_head(seen, memory, now),
            at_limit,
            idle_since: idle_since(seen, memory, now),
            ran,
            startup: service.map_or(memory.startup, |service| startup::follow(memory.startup, service, now)),
        }
    }

    /// The service, where it could be read.
    pub(crate) fn service(&self) -> Option<&'a ServiceState> {
        self.seen.service.as_ref().ok()
    }

    /// The desired count, where the service could be read.
    pub(crate) fn desired(&self) -> Option<u32> {
        self.service().map(|service| service.desired_count)
    }

    /// Work is moving: jobs wait or run, tasks start or stop.
    pub(crate) fn moving(&self) -> bool {
        let queue = self.seen.queue().is_some_and(|queue| queue.waiting > 0 || queue.in_flight.known() > 0);
        queue || self.service().is_some_and(|service| service.running_count != service.desired_count)
    }

    /// What runs and is not seen: said beside each scale-in, and where it is why a rule takes nothing away.
    pub(crate) fn unseen_work(&self, scales_in: bool) -> Option<Reason> {
        let known_jobs = self.work.filter(|work| !work.visible)?.in_flight;
        let asks_for_few =
            |one: &Evidence<'_>| one.signal_reading.is_at_least() && !one.when.comparison.is_upward();
        if !scales_in && !self.evidence.iter().any(asks_for_few) {
            return None;
        }
        match self.seen.queue()?.in_flight {
            InFlight::AtLeast(_) => Some(Reason::WorkInFlightShared { known_jobs }),
            InFlight::Reserved(_) | InFlight::Unknown => Some(Reason::WorkInFlightHidden { known_jobs }),
            // It scales nothing in, and says so itself.
            InFlight::Exactly(_) | InFlight::Partly { .. } => None,
        }
    }

    /// Until when what was added last is not in the metrics.
    pub(crate) fn warming(&self) -> Option<Timestamp> {
        let warmup = Some(self.service()?.constraints.warmup).filter(SignedDuration::is_positive)?;
        self.ran.as_ref()?.warming(warmup, self.now)
    }

    /// The first signal with a vote that does not say anything.
    pub(crate) fn unread(&self) -> Option<Reason> {
        let of_rules = self.evidence.iter().filter_map(Evidence::unread);
        let of_trackers = self.tracked.iter().filter_map(Tracked::unread);
        let of_floor = self.floor.iter().filter_map(|floor| floor.unread.clone());
        let of_queue = self.seen.queue().and_then(partly_read);
        of_rules
            .chain(of_trackers)
            .chain(of_floor)
            .chain(of_queue)
            .chain(self.other_autoscaler_unread())
            .next()
    }

    /// Whether another autoscaler scales the service is not known.
    pub(crate) fn other_autoscaler_unread(&self) -> Option<Reason> {
        match &self.service()?.constraints.other_autoscaler {
            OtherAutoscaler::Unknown(absence) => {
                Some(Reason::OtherAutoscalerUnknown { absence: absence.clone() })
            }
            OtherAutoscaler::Absent | OtherAutoscaler::Suspended | OtherAutoscaler::Active(_) => None,
        }
    }
}

/// Since when the queue has been seen empty, nothing in flight, nothing held. An evaluation that cannot see, or sees in
/// part only, ends it, and so does a time without evaluations.
fn idle_since(seen: &Observation, memory: &Memory, now: Timestamp) -> Option<Timestamp> {
    let queue = seen.queue()?;
    let evaluated = memory
        .recommendations
        .last()
        .is_some_and(|recommendation| since(recommendation.at, now) <= LONGEST_GAP);
    // Where running jobs are never shown, `idle` is longer than any of them.
    let sees_all = !matches!(queue.in_flight, InFlight::AtLeast(_) | InFlight::Partly { .. });
    let idle = queue.jobs_that_need_a_task() == 0 && sees_all;
    idle.then(|| memory.idle_since.filter(|_| evaluated).unwrap_or(now))
}
