//! One look at one service: the whole pipeline, top to bottom. Both concerns decide with it, those with a queue
//! ([`crate::queue_depth`]) and those without ([`crate::service_load`]).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::decision::{Decision, Verdict};
use crate::memory::{Memory, to_the_millisecond};
use crate::method::rules::{Start, Wish};
use crate::method::together::{self, Say, Wait};
use crate::method::track::{self, Tracked};
use crate::notice::{NoticeKind, edges};
use crate::observation::{Observation, OtherScaler, Service};
use crate::overrides::{Override, OverrideKind};
use crate::pipeline::bounds::{InForce, in_force};
use crate::pipeline::evidence::{Evidence, Sights, weigh};
use crate::pipeline::footing;
use crate::pipeline::gate;
use crate::pipeline::readings::{self, Work};
use crate::pipeline::scale_in::{self, Guards};
use crate::pipeline::scale_out::Limits;
use crate::pipeline::startup;
use crate::reason::Reason;
use crate::service::{Notify, ServicePolicy};
use change::Asked;

mod begin;
mod change;
mod notices;

/// A change is left to the look that remembered it for this long. It is longer than the function's time-out (30 s),
/// so that the look is certainly over, and longer than a frozen process was ever seen (60 s in the race tests). A
/// longer lease would leave a service alone for longer after a crash; a shorter one could let two looks act.
pub const INTENT_LEASE: SignedDuration = SignedDuration::from_secs(90);

/// A look lives no longer than its function's time-out. A change that is found made within this time is left to the look
/// that made it, which is about to tell of it; after it, nobody else will. Longer, and the news of a look that was
/// killed would come later; shorter, and each would be told twice.
pub const LOOK_LIFE: SignedDuration = SignedDuration::from_secs(30);

/// One look at one service: whose turn it is, when, and what people asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look<'a> {
    /// The service's name in the fleet file.
    pub target: &'a str,
    /// The look's own id; an intent carries it.
    pub id: &'a str,
    /// The overrides of the whole fleet.
    pub overrides: &'a [Override],
    /// The one time of this look.
    pub now: Timestamp,
}

/// Decides about one service. Pure and total: the same arguments give the same decision, and none of them panics.
pub fn decide(seen: &Observation, policy: &ServicePolicy, memory: &Memory, look: Look<'_>) -> Decision {
    let look = Look { now: to_the_millisecond(look.now), ..look };
    let mut sights = Sights { seen, policy, memory, now: look.now, runs: BTreeMap::new() };
    let evidence = weigh(&policy.rules, |rule| &rule.when, &mut sights);
    let watched = weigh(&policy.notify, |notify| &notify.when, &mut sights);
    let ran = begin::ran(seen, policy, memory, look.now);
    let tracked = track::follow(&policy.track, ran.as_ref(), &mut sights);
    let work = seen.queue().map(|queue| Work::of(queue, seen.service.as_ref().ok(), policy));
    let mut next = begin::carried(memory, sights.runs);
    readings::remember(seen, policy, &mut next, look.now);
    next.idle_since = begin::idle_since(seen, memory, look.now);
    next.ran = ran;
    if let Ok(service) = &seen.service {
        next.startup = startup::follow(next.startup, service, look.now);
    }

    let footing = policy
        .floor
        .as_ref()
        .map(|floor| footing::of(floor, seen, policy, memory, next.metrics.get(floor.by()), look.now));
    let rows = look.overrides.iter().filter(|row| row.applies(look.target, look.now));
    let in_force = in_force(policy, footing, rows, look.now);
    let in_force = match &seen.service {
        Ok(service) => in_force.narrowed(&service.constraints),
        Err(_) => in_force,
    };
    let in_force = if seen.queue.is_none() { in_force.awake() } else { in_force };
    let wait = begin::ask_wait(seen, policy, memory, in_force.bounds, look.now, &mut next);
    let mut thinking = Thinking {
        seen,
        policy,
        look,
        in_force,
        evidence,
        watched,
        tracked,
        wait,
        work,
        next,
        asked: None,
        reasons: vec![],
        found: vec![],
    };
    let verdict = thinking.verdict();
    thinking.conclude(verdict, memory)
}

/// A decision in the making.
struct Thinking<'a> {
    seen: &'a Observation,
    policy: &'a ServicePolicy,
    look: Look<'a>,
    in_force: InForce<'a>,
    evidence: Vec<Evidence<'a>>,
    /// What people want to be told of; it has no vote.
    watched: Vec<Evidence<'a, Notify>>,
    tracked: Vec<Tracked<'a>>,
    /// What the `wait` method says.
    wait: Wait,
    work: Option<Work>,
    next: Memory,
    /// What rules and methods ask for in this look, where they ask for more.
    asked: Option<Asked>,
    reasons: Vec<Reason>,
    found: Vec<(NoticeKind, Reason)>,
}

impl Thinking<'_> {
    /// The pipeline.
    fn verdict(&mut self) -> Verdict {
        let service = self.scalable();
        self.notice_readings();
        self.notice_overrides();
        let Some(service) = service else { return Verdict::Hold { at: self.desired() } };
        let desired = service.desired_count;
        self.notice_hand(desired);
        if let Some(pin) = self.in_force.pin {
            self.remember_wish(pin, desired);
            return self.gate(desired, pin);
        }
        if self.switched_off(desired) {
            return self.gate(desired, desired);
        }
        let start = self.start(&service);
        let wish = self.wish(start);
        let knows_all = self.unread().next().is_none();
        if knows_all {
            self.remember_wish(wish.tasks, desired);
        }
        self.reasons.extend(wish.reasons);
        let to = if wish.tasks > desired {
            self.scale_out(&service, start, wish.tasks)
        } else {
            self.scale_in(&service, wish.tasks)
        };
        if !knows_all {
            // What is not known holds what there is: such a look is no part of a calm window.
            self.remember_wish(wish.tasks.max(desired), desired);
        }
        self.gate(desired, to)
    }

    /// Remembers a wish for the stabilization window.
    fn remember_wish(&mut self, tasks: u32, desired: u32) {
        let wishes = std::mem::take(&mut self.next.wishes);
        self.next.wishes = scale_in::remember(wishes, tasks, desired, self.policy, self.look.now);
    }

    /// Lets a change pass, or not.
    fn gate(&mut self, desired: u32, to: u32) -> Verdict {
        gate::pass(desired, to, &mut self.next, self.look.now, &mut self.reasons)
    }

    /// The desired count, where the service could be read.
    fn desired(&self) -> Option<u32> {
        self.seen.service.as_ref().ok().map(|service| service.desired_count)
    }

    /// The service, if it can be scaled at all.
    fn scalable(&mut self) -> Option<Service> {
        let reason = match &self.seen.service {
            Ok(service) if !service.active => Reason::ServiceInactive,
            Ok(service) if service.daemon => Reason::ServiceIsDaemon,
            Ok(service) if service.constraints.express => Reason::ServiceIsExpress,
            Ok(service) => match &service.constraints.other_scaler {
                OtherScaler::Active(who) => Reason::OtherScaler { who: who.clone() },
                OtherScaler::Absent | OtherScaler::Suspended | OtherScaler::Unknown(_) => {
                    return Some(service.clone());
                }
            },
            Err(absence) => Reason::ServiceUnreadable { absence: absence.clone() },
        };
        self.found.push((NoticeKind::Blocked, reason.clone()));
        self.reasons.push(reason);
        None
    }

    /// Notices that somebody else changed the desired count since the last look.
    fn notice_hand(&mut self, desired: u32) {
        let expected = self.next.desired_count.filter(|_| self.next.intent.is_none());
        if let Some(was) = expected.filter(|was| *was != desired) {
            self.reasons.push(Reason::ChangedElsewhere { was });
            // What somebody else adds counts toward no step either.
            if let Some(credit) = &mut self.next.scale_out {
                credit.others = credit.others.saturating_add(desired.saturating_sub(was));
            }
        }
        let about_to = self.next.intent.as_ref().is_some_and(|intent| intent.to == 0);
        self.next.zeroed = self.next.zeroed && (desired == 0 || about_to);
    }

    /// A desired count of 0 that we did not set, below the minimum: it was switched off, and stays so until it is
    /// raised by hand or a person asks for a minimum.
    fn switched_off(&mut self, desired: u32) -> bool {
        let min = self.in_force.bounds.min();
        let asked = |row: &&Override| matches!(row.kind, OverrideKind::Min(1..));
        let off = desired == 0 && min > 0 && !self.next.zeroed && !self.in_force.overrides.iter().any(asked);
        if off {
            self.found.push((NoticeKind::SwitchedOff, Reason::SwitchedOff { min }));
            self.reasons.push(Reason::SwitchedOff { min });
        }
        off
    }

    /// What rules, `wait`, the minimum and a sleeping queue ask for together: the largest wins.
    fn wish(&mut self, start: Start) -> Wish {
        let Start { desired, .. } = start;
        let (min, max) = (self.in_force.bounds.min(), self.in_force.bounds.max());
        let tracked = track::say(&self.tracked, start, self.in_force.bounds);
        let say = together::both(tracked, Say::of(&self.wait), desired);
        let methods = say.asks();
        let mut wish = together::wish(&self.evidence, start, self.in_force.bounds, say);
        let wake = self.wake().filter(|_| desired == 0);
        let tasks = wish.tasks.max(u32::from(wake.is_some()));
        let step = methods < tasks;
        let (base, others) = (start.base(), start.others());
        self.asked = (tasks > desired).then_some(Asked { base, others, tasks, step });
        if desired < min {
            wish = raise(wish, min, Reason::BelowMin { min });
        }
        if let Some(wake) = wake {
            wish = raise(wish, 1, wake);
        }
        if desired > max {
            wish = Wish { tasks: wish.tasks.min(max), reasons: vec![Reason::AboveMax { max }], ..wish };
        }
        wish
    }

    /// Why a service without tasks must wake: for work that waits, and for work that tasks took along when they
    /// stopped and that only a task gives back.
    fn wake(&self) -> Option<Reason> {
        let queue = self.seen.queue()?;
        let waiting_jobs = if queue.paused { 0 } else { queue.waiting };
        let stranded = scale_in::jobs_that_need_a_task(queue).saturating_sub(queue.waiting);
        match (waiting_jobs, stranded) {
            (0, 0) => None,
            (0, jobs) => Some(Reason::NotIdle { jobs }),
            (waiting_jobs, _) => Some(Reason::Wake { waiting_jobs }),
        }
    }

    /// Where proposals start from.
    fn start(&self, service: &Service) -> Start {
        let (desired, running, pending) =
            (service.desired_count, service.running_count, service.pending_count);
        let credit = self.next.scale_out.filter(|it| it.without() < desired);
        let credit = credit.and_then(|it| Some((it, self.credit_until(it)?)));
        let settled = running == desired || service.rollout;
        let scale_out = if settled { desired } else { desired.min(running.saturating_add(pending)) };
        let failing = startup::many_failing(self.next.startup, service, self.policy.startup, self.look.now);
        Start { desired, running, pending, scale_out, failing, warming: self.warming(service), credit }
    }

    /// Until when what was added last is not in the metrics.
    fn warming(&self, service: &Service) -> Option<Timestamp> {
        let warmup = Some(service.constraints.warmup).filter(SignedDuration::is_positive)?;
        self.next.ran.as_ref()?.warming(warmup, self.look.now)
    }

    /// Everything with a vote that does not say anything.
    fn unread(&self) -> impl Iterator<Item = Reason> {
        let of_rules = self.evidence.iter().filter_map(Evidence::unread);
        let of_floor = self.in_force.footing.as_ref().and_then(|floor| floor.unread.clone());
        let of_trackers = self.tracked.iter().filter_map(Tracked::unread);
        let of_queue = self.seen.queue().and_then(readings::partly_read);
        of_rules.chain(of_trackers).chain(of_floor).chain(of_queue).chain(self.other_scaler_unread())
    }

    /// Whether somebody else scales the service is not known.
    fn other_scaler_unread(&self) -> Option<Reason> {
        match &self.seen.service.as_ref().ok()?.constraints.other_scaler {
            OtherScaler::Unknown(absence) => Some(Reason::OtherScalerUnknown { absence: absence.clone() }),
            OtherScaler::Absent | OtherScaler::Suspended | OtherScaler::Active(_) => None,
        }
    }

    /// The limits of a scale-out.
    fn scale_out(&mut self, service: &Service, start: Start, wish: u32) -> u32 {
        let (constraints, bounds) = (&service.constraints, self.in_force.bounds);
        let limits = Limits { start, constraints, policy: self.policy, bounds };
        limits.limit(wish, &mut self.reasons)
    }

    /// The floors of a scale-in.
    fn scale_in(&mut self, service: &Service, wish: u32) -> u32 {
        let desired = service.desired_count;
        if wish >= desired {
            return desired;
        }
        let guards = Guards {
            service,
            queue: self.seen.queue.as_ref(),
            work: self.work,
            evidence: &self.evidence,
            unread: self.unread().next(),
            warming: self.warming(service),
            policy: self.policy,
            memory: &self.next,
            bounds: self.in_force.bounds,
            now: self.look.now,
        };
        let to = guards.limit(wish, &mut self.reasons);
        if let Some(work) = self.work.filter(|work| !work.visible && to < desired) {
            self.reasons.push(Reason::WorkInFlightHidden { known_jobs: work.in_flight });
        }
        to
    }

    /// Finishes the memory and finds what begins and ends.
    fn conclude(mut self, verdict: Verdict, before: &Memory) -> Decision {
        self.notice_conditions();
        if self.reasons.is_empty() {
            self.reasons.push(Reason::NothingMatches);
        }
        self.notice_watched(before);
        if self.next.intent.is_none() {
            self.next.desired_count = self.desired().or(self.next.desired_count);
        }
        if let Some((from, to)) = verdict.as_change() {
            self.remember_change(from, to);
        }
        self.reasons.extend(self.in_force.behind(&self.reasons));
        // Causes first, circumstances behind them; both in the order of the pipeline.
        self.reasons.sort_by_key(Reason::is_circumstance);
        let (edges, notices) = edges(&before.edges, &self.found, |edge| self.end(edge), self.look.now);
        self.next.edges = edges;
        Decision {
            verdict,
            moving: self.moving(verdict),
            reasons: self.reasons,
            bounds: self.in_force.bounds,
            notices,
            memory: self.next,
            counts: self.policy.counts,
        }
    }

    /// Work is moving: jobs wait or run, tasks start or stop, something changes.
    fn moving(&self, verdict: Verdict) -> bool {
        let queue = self.seen.queue().is_some_and(|queue| queue.waiting > 0 || queue.in_flight.known() > 0);
        let tasks =
            self.seen.service.as_ref().is_ok_and(|service| service.running_count != service.desired_count);
        queue || tasks || verdict.as_change().is_some()
    }
}

/// Raises a wish to a size; where that is more than the rules ask for, it gives the reason.
fn raise(wish: Wish, tasks: u32, because: Reason) -> Wish {
    if wish.tasks >= tasks { wish } else { Wish { tasks, reasons: vec![because], ..wish } }
}
