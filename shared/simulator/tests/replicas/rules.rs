//! What must hold in every story. The first thing that does not hold is kept, with when it was found.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Override;
use tidegate_policy::database::notice::NoticePhase;
use tidegate_policy::overrides::Held;
use tidegate_policy::replicas::decision::InstanceCall;
use tidegate_policy::replicas::memory::{
    DatabaseMemory, ReplicaChange, ReplicaEnd, ReplicaOutcome, ZoneWithoutCapacity,
};
use tidegate_policy::replicas::policy::DatabasePolicy;
use tidegate_simulator::rds::{Actor, InstanceStatus, SimulatedRds};

use crate::process::EvaluationProcess;
use crate::story::{holds, is_same_change, replica_of};
use crate::tale::Tale;

/// What RDS shows is at most 2 minutes old in this world, and an evaluation lasts at most another.
pub(crate) const STALE: SignedDuration = SignedDuration::from_mins(4);

/// In a world that is well again every change is over within this: 40 minutes of `creating`, 20 of `backing-up` and
/// `modifying`, an hour of initialization, beside it at most as long to catch up; or 40 minutes of draining while the load of the
/// others is not known, and 15 of `deleting`.
const ENDS_WITHIN: SignedDuration = SignedDuration::from_hours(4);

/// Outcomes that are kept while SNS is down.
const OUTCOMES_KEPT: usize = 8;

/// What must hold, and what of the past is needed to know it.
#[derive(Debug)]
pub(crate) struct Checker {
    pub(crate) policy: DatabasePolicy,
    observe: bool,
    /// What the source was, of the last minutes: a failover of Aurora makes another instance the writer.
    sources: VecDeque<(Timestamp, String)>,
    /// Until then an operator may have asked for fewer than the minimum.
    asked_until: Option<Timestamp>,
    /// How many replicas served, of the last minutes, by identifier.
    pub(crate) served: VecDeque<(Timestamp, Vec<String>)>,
    /// Calls of Tidegate, whatever became of them.
    pub(crate) calls: Vec<(Timestamp, String, bool)>,
    /// When RDS last said of a zone that it has no capacity.
    pub(crate) full_zones: BTreeMap<Option<String>, Timestamp>,
    /// How changes ended, and what came of calls: what the stories are about.
    pub(crate) seen: BTreeMap<String, usize>,
    /// Changes whose end is written.
    ends: BTreeMap<String, (ReplicaChange, Timestamp)>,
    well_since: Option<Timestamp>,
    /// SNS was down for so long that the oldest outcomes were forgotten, as stated.
    forgets: bool,
    /// What operators were told, and when.
    reports: Vec<(Timestamp, String)>,
    pub(crate) tale: Tale,
}

impl Checker {
    pub(crate) fn new(policy: &DatabasePolicy, observe: bool) -> Self {
        Self {
            policy: policy.clone(),
            observe,
            sources: VecDeque::new(),
            asked_until: None,
            served: VecDeque::new(),
            calls: Vec::new(),
            full_zones: BTreeMap::new(),
            seen: BTreeMap::new(),
            ends: BTreeMap::new(),
            well_since: None,
            forgets: false,
            reports: Vec::new(),
            tale: Tale::default(),
        }
    }

    pub(crate) fn fault(&mut self, now: Timestamp, text: impl std::fmt::Display) {
        self.tale.fault(now, text);
    }

    pub(crate) fn tell(&mut self, text: String) {
        self.tale.tell(text);
    }

    pub(crate) fn asked(&mut self, until: Timestamp) {
        self.asked_until = self.asked_until.max(Some(until));
    }

    pub(crate) fn is_well(&mut self, now: Timestamp) {
        self.well_since = Some(now);
    }

    /// The least that must be left by Tidegate's doing.
    pub(crate) fn least(&self, now: Timestamp) -> usize {
        let min = self.policy.count.as_ref().map_or(1, |count| count.min);
        let is_asked =
            self.asked_until.is_some_and(|until| now.duration_since(until) < SignedDuration::from_mins(30));
        if is_asked { 1 } else { usize::try_from(min).unwrap_or(1) }
    }

    /// It was the source within the last minutes.
    fn was_writer(&self, id: &str) -> bool {
        self.sources.iter().any(|(_, source)| source == id)
    }

    pub(crate) fn time_passes(&mut self, world: &SimulatedRds) {
        let now = world.now();
        self.sources.extend(world.instances().first().map(|source| (now, source.id.clone())));
        while self.sources.front().is_some_and(|(at, _)| now.duration_since(*at) > STALE + STALE) {
            self.sources.pop_front();
        }
        let serving = world.instances().iter().skip(1).filter(|it| it.status.serves());
        self.served.push_back((now, serving.map(|it| it.id.clone()).collect()));
        while self.served.front().is_some_and(|(at, _)| now.duration_since(*at) > STALE) {
            self.served.pop_front();
        }
    }

    /// What an evaluation decided, beside what it saw.
    pub(crate) fn decided(&mut self, process: &EvaluationProcess, world: &SimulatedRds, asked: &[Override]) {
        let EvaluationProcess { decision, seen, before, now, .. } = process;
        let because = decision.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        self.tell(format!("{now} {}: {because} {:?} {:?}", process.id, decision.call, decision.records));
        let acts = decision.call.is_some() || !decision.records.is_empty();
        if decision.reasons.is_empty() {
            self.fault(*now, "a decision without a reason".to_owned());
        }
        if acts && seen.instances.is_err() {
            self.fault(*now, format!("RDS was not read, and yet: {decision:?}"));
        }
        if acts && self.observe {
            self.fault(*now, format!("the mode is observe, and yet: {decision:?}"));
        }
        if !decision.records.is_empty() && !matches!(seen.records, Some(Ok(_))) {
            self.fault(*now, format!("records were not read, and yet: {:?}", decision.records));
        }
        if let Some(call) = &decision.call {
            let intent = decision.memory.change.as_ref();
            if intent.is_none_or(|it| {
                it.replica != replica_of(call)
                    || it.call.as_ref().is_none_or(|call| call.evaluation != process.id)
            }) {
                self.fault(*now, format!("{call:?} without its intent: {intent:?}"));
            }
            let begins = intent.is_some_and(|it| !is_same_change(it, before.change.as_ref()));
            let is_removal = matches!(call, InstanceCall::Delete { .. });
            match holds(asked, *now) {
                Some(Held::Both) if begins || is_removal => {
                    self.fault(*now, format!("an operator holds, and yet: {call:?}"));
                }
                Some(Held::ScaleIn) if is_removal => {
                    self.fault(*now, format!("an operator holds removals, and yet: {call:?}"));
                }
                Some(_) | None => {}
            }
        }
        self.told_twice(process);
        if decision.memory.replicas.len() > 60 {
            self.fault(*now, format!("{} replicas are remembered", decision.memory.replicas.len()));
        }
        let _ = world;
    }

    /// What SNS took once is not told again while it lasts.
    fn told_twice(&mut self, process: &EvaluationProcess) {
        for notice in process.decision.notices.iter().filter(|it| it.phase == NoticePhase::Begins) {
            let known = process.before.active.get(&notice.about);
            if known.is_some_and(|it| it.notified && !it.ended && it.severity >= notice.severity) {
                self.fault(process.now, format!("told again: {notice:?}"));
            }
        }
    }

    pub(crate) fn count(&mut self, what: String) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// One write of the ledger follows another.
    pub(crate) fn written(&mut self, before: &DatabaseMemory, after: &DatabaseMemory, world: &SimulatedRds) {
        let now = world.now();
        self.forgets |= after.outcomes.len() >= OUTCOMES_KEPT;
        for outcome in after.outcomes.iter().filter(|it| !before.outcomes.contains(it)) {
            self.count(format!("{:?}", outcome.end));
            self.is_true(outcome, world);
        }
        let lacks = |memory: &DatabaseMemory| memory.failure.as_ref().is_some_and(|it| it.no_capacity);
        if lacks(after) && before.failure != after.failure {
            self.count("no zone left".to_owned());
        }
        let Some(change) = before.change.as_ref() else { return };
        if is_same_change(change, after.change.as_ref()) {
            return;
        }
        let was_sent = self.calls.iter().any(|(at, id, _)| *id == change.replica && *at >= change.began);
        if !was_sent && after.change.is_none() {
            // It was withdrawn before anything was asked for.
            return;
        }
        let had_none = |it: &ZoneWithoutCapacity| it.at >= change.began;
        if after.change.is_none() && after.no_capacity.iter().any(had_none) {
            // Its zone has no capacity: another one is tried, and that none has any is told.
            return;
        }
        let is_told =
            after.outcomes.iter().any(|it| it.replica == change.replica && it.began == change.began);
        if !is_told {
            self.fault(now, format!("{change:?} ended without an outcome: {:?}", after.outcomes));
        }
        self.ends.insert(format!("{} {}", change.replica, change.began), (change.clone(), now));
        if let Some(well) = self.well_since {
            let from = change.began.max(well);
            if now.duration_since(from) > ENDS_WITHIN {
                self.fault(now, format!("{change:?} took {}", now.duration_since(from)));
            }
        }
    }

    /// What is told to be gone is gone, and what was not added is not there.
    fn is_true(&mut self, outcome: &ReplicaOutcome, world: &SimulatedRds) {
        let found = world.instances().iter().find(|it| it.id == outcome.replica);
        let Some(found) = found.filter(|it| it.status != InstanceStatus::Deleting) else { return };
        let is_false = match outcome.end {
            // The writer, unless it became a reader again while RDS still showed what was before.
            ReplicaEnd::Writer => !self.was_writer(&outcome.replica),
            ReplicaEnd::Vanished | ReplicaEnd::Removed | ReplicaEnd::Promoted => true,
            ReplicaEnd::NotAdded => !found.status.has_failed() && found.created_by == Actor::Tidegate,
            ReplicaEnd::Added | ReplicaEnd::NotRemoved | ReplicaEnd::Kept => false,
        };
        if is_false {
            self.fault(world.now(), format!("{outcome:?}, and {} is {}", found.id, found.status.word()));
        }
    }

    /// SNS took a report.
    pub(crate) fn told(&mut self, process: &EvaluationProcess) {
        self.reports.extend(process.told().map(|told| (process.now, told)));
    }

    /// What must be true at the end of a story, in a world that has been well for 6 hours.
    pub(crate) fn ended(&mut self, world: &SimulatedRds, memory: &DatabaseMemory) {
        let now = world.now();
        if !memory.outcomes.is_empty() {
            self.fault(now, format!("never told: {:?}", memory.outcomes));
        }
        if let Some(change) = &memory.change
            && now.duration_since(change.began) > ENDS_WITHIN
        {
            self.fault(now, format!("never ends: {change:?}"));
        }
        for (change, at) in self.ends.clone().into_values() {
            let hears = |(heard, told): &(Timestamp, String)| *heard >= at && told.contains(&change.replica);
            if !self.forgets && !self.reports.iter().any(hears) {
                self.fault(at, format!("operators never heard of {change:?}"));
            }
        }
        if self.observe {
            return;
        }
        self.reads_reach_replicas(world);
        // Without a record or a reader endpoint, replicas are only advised.
        let is_reached = self.policy.is_aurora || self.policy.dns.is_some();
        let Some(count) = self.policy.count.as_ref().filter(|_| is_reached) else { return };
        let serving = world.instances().iter().skip(1).filter(|it| it.status.serves()).count();
        let (min, blocked) = (usize::try_from(count.min).unwrap_or(0), memory.failure.is_some());
        if serving < min && !blocked && memory.change.is_none() {
            self.fault(now, format!("{serving} replicas serve at the end, at least {min}"));
        }
    }

    /// Every record of Tidegate leads to an instance that serves.
    fn reads_reach_replicas(&mut self, world: &SimulatedRds) {
        if self.policy.dns.is_none() {
            return;
        }
        let now = world.now();
        let zone = world.zone();
        if zone.answer().is_empty() || zone.is_all_zero() {
            self.fault(now, format!("reads reach nothing at the end: {:?}", zone.records));
        }
        for record in &zone.records {
            let ours = record.set_identifier.as_deref().is_some_and(|it| it.starts_with("tidegate:"));
            let mut all = world.instances().iter().filter(|it| it.status.serves());
            let leads = all.any(|it| it.endpoint().is_some_and(|endpoint| record.values.contains(&endpoint)));
            if ours && !leads {
                self.fault(now, format!("a record leads to nothing: {record:?}"));
            }
        }
    }
}
