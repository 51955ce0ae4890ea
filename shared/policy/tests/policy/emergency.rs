//! An emergency, decided: what it asks of one target, how it goes on, and what it puts back.

mod adopting;
mod again;
mod bounded;
mod calendar;
mod delivery;
mod deciding;
mod engage;
mod kept;
mod lately;
mod missed;
mod properties;
mod restore;
mod restoring;
mod rows;
mod said;
mod table;

use std::collections::BTreeMap;

use jiff::Timestamp;
use tidegate_policy::emergency::decide::decide;
use tidegate_policy::emergency::decision::{EmergencyDecision, Event, Work};
use tidegate_policy::emergency::engage::Size;
use tidegate_policy::emergency::incident::{Incident, Overrides, Progress, Targeted};
use tidegate_policy::emergency::request::{Asker, Engage, Member, Request, Turn};
use tidegate_policy::emergency::restore::Owner;
use tidegate_policy::emergency::target::{Change, ScalableTarget, Seen, Suspended};
use tidegate_policy::{Absence, OtherAutoscaler};

use crate::stage::{noon, seconds, service};

/// Nothing of it scales in one direction or the other, or by the clock.
pub(crate) fn flags(scale_in: bool, scale_out: bool, scheduled: bool) -> Suspended {
    Suspended { scale_in, scale_out, scheduled }
}

pub(crate) fn scalable(min: u32, max: u32, suspended: Suspended) -> ScalableTarget {
    ScalableTarget { min, max, suspended }
}

/// An ECS service that runs what is desired, and that nothing else scales.
pub(crate) fn seen(desired: u32) -> Seen {
    Seen { service: service(desired, desired), scalable: None, suspended_processes: vec![], scheduled: None }
}

/// The same with a scalable target.
pub(crate) fn scaled(desired: u32, found: ScalableTarget) -> Seen {
    let mut seen = Seen { scalable: Some(found), ..seen(desired) };
    let other = OtherAutoscaler::Active("Application Auto Scaling".to_owned());
    let is_active = found.suspended != Suspended::ALL;
    seen.service.constraints.other_autoscaler = if is_active { other } else { OtherAutoscaler::Suspended };
    seen
}

pub(crate) fn raise(asked: u32) -> Size {
    Size { asked, raise: true }
}

pub(crate) fn exactly(asked: u32) -> Size {
    Size { asked, raise: false }
}

pub(crate) fn asker(who: &str) -> Asker {
    Asker { who: who.to_owned(), why: "launch day".to_owned(), request: Some(format!("request of {who}")) }
}

/// A fleet whose targets nothing else scales, an AWS that does what it is asked, and a clock that is set by hand.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) names: Vec<&'static str>,
    pub(crate) owner: Owner,
    pub(crate) observed: Option<&'static str>,
    pub(crate) seen: BTreeMap<String, Result<Seen, Absence>>,
    pub(crate) memory: Overrides,
    pub(crate) now: Timestamp,
    /// The invocation that evaluates.
    pub(crate) invocation: &'static str,
}

impl World {
    pub(crate) fn new(targets: &[(&'static str, Seen)]) -> Self {
        Self {
            names: targets.iter().map(|(name, _)| *name).collect(),
            owner: Owner::Unmanaged,
            observed: None,
            seen: targets.iter().map(|(name, seen)| ((*name).to_owned(), Ok(seen.clone()))).collect(),
            memory: Overrides::default(),
            now: noon(),
            invocation: "first",
        }
    }

    /// `api` at 2 and `worker` at 2.
    pub(crate) fn shop() -> Self {
        Self::new(&[("api", seen(2)), ("worker", seen(2))])
    }

    /// Decides, and remembers nothing.
    pub(crate) fn peek(&self, request: &Request) -> EmergencyDecision {
        let member = |name: &&'static str| Member {
            name,
            observe: self.observed == Some(*name),
            most: 50,
            owner: self.owner,
        };
        let members: Vec<Member<'_>> = self.names.iter().map(member).collect();
        let (id, invocation, lasting) = ("e1", self.invocation, seconds(22));
        decide(
            &self.memory,
            request,
            Turn { id, invocation, now: self.now, lasting, members: &members, seen: &self.seen },
        )
    }

    /// Decides and remembers, and is killed before its changes.
    pub(crate) fn intend(&mut self, request: &Request) -> EmergencyDecision {
        let decision = self.peek(request);
        self.memory = decision.overrides.clone();
        decision
    }

    /// Decides, remembers, makes the changes and settles them.
    pub(crate) fn evaluate(&mut self, request: &Request) -> EmergencyDecision {
        let decision = self.intend(request);
        decision.work.iter().for_each(|work| self.apply(work));
        decision.work.iter().for_each(|work| self.settle(work, true));
        self.release();
        decision
    }

    pub(crate) fn settle(&mut self, work: &Work, is_made: bool) {
        if let Some(incident) = self.memory.incident.as_mut().filter(|_| !work.changes.is_empty()) {
            incident.settle(work, is_made);
        }
    }

    pub(crate) fn release(&mut self) {
        if let Some(incident) = &mut self.memory.incident {
            incident.release_lease(self.invocation);
        }
    }

    /// AWS makes the changes; every task runs at once.
    pub(crate) fn apply(&mut self, work: &Work) {
        for change in &work.changes {
            let Some(Ok(seen)) = self.seen.get_mut(&work.target) else { return };
            apply(seen, change);
        }
    }

    /// One evaluation a minute, until nothing is left to do.
    pub(crate) fn minutes(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..count {
            self.wait(60);
            events.extend(self.evaluate(&Request::Tick).events);
        }
        events
    }

    pub(crate) fn wait(&mut self, passing: i64) -> &mut Self {
        self.now += seconds(passing);
        self
    }

    /// An emergency of two hours.
    pub(crate) fn engage(&self, profile: &str, sizes: &[(&str, Size)], who: &str) -> Request {
        Request::Engage(Engage {
            profile: profile.to_owned(),
            named: Vec::new(),
            ignore_budgets: false,
            sizes: sizes.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect(),
            replicas: Vec::new(),
            until: self.now + seconds(7200),
            asker: asker(who),
        })
    }

    pub(crate) fn desired(&self, name: &str) -> u32 {
        self.sight(name).service.desired_count
    }

    pub(crate) fn sight(&self, name: &str) -> &Seen {
        self.seen[name].as_ref().expect("it was seen")
    }

    pub(crate) fn sight_mut(&mut self, name: &str) -> &mut Seen {
        self.seen.get_mut(name).unwrap().as_mut().expect("it was seen")
    }

    pub(crate) fn incident(&self) -> &Incident {
        self.memory.incident.as_ref().expect("an emergency is in force")
    }

    pub(crate) fn targeted(&self, name: &str) -> &Targeted {
        &self.incident().targets[name]
    }

    pub(crate) fn progress(&self, name: &str) -> Progress {
        self.targeted(name).progress
    }
}

/// What AWS does. Registering moves the service into its bounds.
pub(crate) fn apply(seen: &mut Seen, change: &Change) {
    let bounds = match change {
        Change::Register(set) => {
            seen.scalable = Some(*set);
            let active = OtherAutoscaler::Active("Application Auto Scaling".to_owned());
            let is_active = set.suspended != Suspended::ALL;
            seen.service.constraints.other_autoscaler =
                if is_active { active } else { OtherAutoscaler::Suspended };
            (set.min, set.max)
        }
        Change::SetCapacity(to) => (*to, *to),
        Change::Suspend(processes) => return seen.suspended_processes.extend(processes),
        Change::Resume(processes) => {
            return seen.suspended_processes.retain(|process| !processes.contains(process));
        }
    };
    let service = &mut seen.service;
    service.desired_count = service.desired_count.max(bounds.0).min(bounds.1);
    service.running_count = service.desired_count;
}

pub(crate) fn restore() -> Request {
    Request::Restore { asker: asker("bob"), from: BTreeMap::new() }
}

/// Raised from 2 to 10 and from 2 to 20.
pub(crate) fn engaged() -> World {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10)), ("worker", raise(20))], "alice");
    world.evaluate(&request);
    world
}

pub(crate) fn sizes(world: &World) -> (u32, u32) {
    (world.desired("api"), world.desired("worker"))
}
