//! The decision of `functions/queue-depth`: workers follow the work that waits.

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::decision::{Decision, Verdict};
use crate::memory::{Intent, Memory, ScaleOut, since};
use crate::method::rules::{self, Start, Wish};
use crate::notice::{NoticeKind, edges};
use crate::observation::{Observation, Service};
use crate::overrides::Override;
use crate::pipeline::bounds::{InForce, in_force};
use crate::pipeline::evidence::{Evidence, weigh};
use crate::pipeline::readings::{self, Work};
use crate::pipeline::scale_in::{self, Guards};
use crate::pipeline::{scale_out, startup};
use crate::reading::Reading;
use crate::reason::Reason;
use crate::service::ServicePolicy;

/// A change is left to the look that remembered it for this long. It is longer than the function's time-out (30 s),
/// so that the look is certainly over, and longer than a frozen process was ever seen (60 s in the race tests). A
/// longer lease would leave a service alone for longer after a crash; a shorter one could let two looks act.
pub const INTENT_LEASE: SignedDuration = SignedDuration::from_secs(90);

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
    let (evidence, runs) = weigh(seen, policy, memory, look.now);
    let work = seen.queue.as_ref().ok().map(|queue| Work::of(queue, seen.service.as_ref().ok(), policy));
    let mut next = Memory { runs, ..memory.clone() };
    readings::remember(seen, &mut next, look.now);
    next.idle_since = idle_since(seen, memory, look.now);

    let rows = look.overrides.iter().filter(|row| row.applies(look.target, look.now));
    let in_force = in_force(policy.capacity, rows);
    let mut thinking =
        Thinking { seen, policy, look, in_force, evidence, work, next, reasons: vec![], found: vec![] };
    let verdict = thinking.verdict();
    thinking.conclude(verdict, memory)
}

/// Since when the queue has been seen empty, nothing in flight, nothing held. One look that cannot see ends it.
fn idle_since(seen: &Observation, memory: &Memory, now: Timestamp) -> Option<Timestamp> {
    let queue = seen.queue.as_ref().ok()?;
    let held = if queue.delayed_held { queue.delayed } else { 0 };
    let idle = queue.waiting == 0 && queue.in_flight.known() == 0 && held == 0;
    idle.then(|| memory.idle_since.unwrap_or(now))
}

/// A decision in the making.
struct Thinking<'a> {
    seen: &'a Observation,
    policy: &'a ServicePolicy,
    look: Look<'a>,
    in_force: InForce<'a>,
    evidence: Vec<Evidence<'a>>,
    work: Option<Work>,
    next: Memory,
    reasons: Vec<Reason>,
    found: Vec<(NoticeKind, Reason)>,
}

impl Thinking<'_> {
    /// The pipeline.
    fn verdict(&mut self) -> Verdict {
        self.notice_readings();
        let Some(service) = self.scalable() else { return Verdict::Hold { at: self.desired() } };
        let desired = service.desired_count;
        self.next.startup = startup::follow(self.next.startup, &service, self.look.now);
        self.notice_hand(desired);
        if let Some(pin) = self.person(desired) {
            return self.gate(desired, pin);
        }
        if self.switched_off(desired) {
            return Verdict::Hold { at: Some(desired) };
        }
        let wish = self.wish(&service);
        let rested = !matches!(wish.tasks.cmp(&desired), std::cmp::Ordering::Greater);
        self.next.wishes =
            scale_in::remember(&self.next.wishes, wish.tasks, desired, self.policy, self.look.now);
        self.reasons.extend(wish.reasons);
        let to =
            if rested { self.scale_in(&service, wish.tasks) } else { self.scale_out(&service, wish.tasks) };
        self.gate(desired, to)
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
            Ok(service) => return Some(service.clone()),
            Err(absence) => Reason::ServiceUnreadable { absence: absence.clone() },
        };
        self.found.push((NoticeKind::Blocked, reason.clone()));
        self.reasons.push(reason);
        None
    }

    /// Notices what cannot be read, is paused, or is held by workers.
    fn notice_readings(&mut self) {
        for one in &self.evidence {
            let signal = one.rule.when.signal.clone();
            let reason = match &one.reading {
                Some(Reading::Missing(absence)) => {
                    Reason::ReadingMissing { signal, absence: absence.clone() }
                }
                Some(Reading::Stale { age, .. }) => Reason::ReadingStale { signal, age: *age },
                Some(Reading::Fresh { .. }) | None => continue,
            };
            self.found.push((NoticeKind::ReadingMissing, reason));
        }
        if let Some(queue) = self.seen.queue.as_ref().ok().filter(|queue| queue.paused) {
            let reason = Reason::QueuePaused { waiting_jobs: queue.waiting };
            self.found.push((NoticeKind::QueuePaused, reason.clone()));
            self.reasons.push(reason);
        }
        if let Some(work) = self.work.filter(|work| work.held > 0) {
            let reason = Reason::HeldByWorkers { jobs: work.held, capacity_jobs: work.capacity };
            self.found.push((NoticeKind::HeldByWorkers, reason.clone()));
            self.reasons.push(reason);
        }
    }

    /// Notices that somebody else changed the desired count since the last look.
    fn notice_hand(&mut self, desired: u32) {
        let expected = self.next.desired_count.filter(|_| self.next.intent.is_none());
        if let Some(was) = expected.filter(|was| *was != desired) {
            self.reasons.push(Reason::ChangedElsewhere { was });
        }
        self.next.zeroed = self.next.zeroed && desired == 0;
    }

    /// What a person asked for: leaves the reasons, and returns the size when it is pinned.
    fn person(&mut self, desired: u32) -> Option<u32> {
        for row in &self.in_force.overrides {
            let Override { kind, until, who, why, target: _ } = row;
            let reason =
                Reason::Overridden { kind: *kind, until: *until, who: who.clone(), why: why.clone() };
            self.found.push((NoticeKind::Overridden, reason.clone()));
            self.reasons.push(reason);
        }
        let pin = self.in_force.pin?;
        self.next.wishes = scale_in::remember(&self.next.wishes, pin, desired, self.policy, self.look.now);
        Some(pin)
    }

    /// A desired count of 0 that we did not set, below the minimum: it was switched off, and stays so unless a
    /// person asks otherwise.
    fn switched_off(&mut self, desired: u32) -> bool {
        let min = self.in_force.bounds.min();
        let off = desired == 0 && min > 0 && !self.next.zeroed && self.in_force.overrides.is_empty();
        if off {
            self.found.push((NoticeKind::SwitchedOff, Reason::SwitchedOff { min }));
            self.reasons.push(Reason::SwitchedOff { min });
        }
        off
    }

    /// What rules, the minimum and a sleeping queue ask for together: the largest wins.
    fn wish(&mut self, service: &Service) -> Wish {
        let Self { policy, look, in_force, .. } = self;
        let desired = service.desired_count;
        let credit = self.next.scale_out.and_then(|scale_out| {
            let until = scale_out.at.saturating_add(policy.cooldown.scale_out).ok()?;
            (look.now < until && scale_out.base < desired).then_some((scale_out, until))
        });
        let arriving = service.running_count.saturating_add(service.pending_count);
        let settled = service.running_count == desired || service.rollout;
        let start = Start {
            desired,
            running: service.running_count,
            pending: service.pending_count,
            scale_out: if settled { desired } else { desired.min(arriving) },
            credit,
        };
        let mut wish = rules::wish(&self.evidence, start, in_force.bounds);
        let min = in_force.bounds.min();
        if desired < min {
            wish = raise(wish, min, desired, Reason::BelowMin { min });
        }
        let waiting =
            self.seen.queue.as_ref().map_or(0, |queue| if queue.paused { 0 } else { queue.waiting });
        if desired == 0 && waiting > 0 {
            wish = raise(wish, 1, desired, Reason::Wake { waiting_jobs: waiting });
        }
        let max = in_force.bounds.max();
        if desired > max {
            wish = Wish { tasks: wish.tasks.min(max), reasons: vec![Reason::AboveMax { max }] };
        }
        wish
    }

    /// The limits of a scale-out.
    fn scale_out(&mut self, service: &Service, wish: u32) -> u32 {
        let failing = startup::failing(self.next.startup, self.policy.startup, self.look.now);
        let (desired, running) = (service.desired_count, service.running_count);
        scale_out::limit(
            wish,
            desired,
            running,
            failing,
            self.policy,
            self.in_force.bounds,
            &mut self.reasons,
        )
    }

    /// The floors of a scale-in.
    fn scale_in(&mut self, service: &Service, wish: u32) -> u32 {
        let desired = service.desired_count;
        if wish >= desired {
            return desired;
        }
        let guards = Guards {
            service,
            queue: &self.seen.queue,
            work: self.work,
            evidence: &self.evidence,
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

    /// Lets a change pass unless another look is making one, or the last one failed a moment ago.
    fn gate(&mut self, desired: u32, to: u32) -> Verdict {
        let verdict = Verdict::change(desired, to);
        let hold = Verdict::Hold { at: Some(desired) };
        let now = self.look.now;
        if let Some(intent) = self.next.intent.take() {
            let until = intent.at.saturating_add(INTENT_LEASE).unwrap_or(intent.at);
            let Intent { from, to, look, at: _ } = intent.clone();
            if desired == to {
                self.reasons.push(Reason::IntentFoundApplied { to });
                self.next.failure = None;
            } else if now < until {
                self.reasons.push(Reason::IntentPending { to, look, until });
                self.next.intent = Some(intent);
                return hold;
            } else {
                self.reasons.push(Reason::IntentFoundLost { from, to });
            }
        }
        let retry_at = self.next.failure.map(crate::memory::Failure::retry_at);
        match (verdict.as_change(), self.next.failure, retry_at) {
            (Some(_), Some(failure), Some(until)) if now < until => {
                self.reasons.push(Reason::BackingOff { failures: failure.count, until });
                hold
            }
            _ => verdict,
        }
    }

    /// Finishes the memory and finds what begins and ends.
    fn conclude(mut self, verdict: Verdict, before: &Memory) -> Decision {
        self.notice_conditions();
        if self.reasons.is_empty() {
            self.reasons.push(Reason::NothingMatches);
        }
        if self.next.intent.is_none() {
            self.next.desired_count = self.desired().or(self.next.desired_count);
        }
        if let Some((from, to)) = verdict.as_change() {
            self.remember_change(from, to);
        }
        let (edges, notices) = edges(&before.edges, &self.found, self.look.now);
        self.next.edges = edges;
        Decision {
            verdict,
            moving: self.moving(verdict),
            reasons: self.reasons,
            bounds: self.in_force.bounds,
            notices,
            memory: self.next,
        }
    }

    /// Conditions that follow from the reasons, and outlive a single one.
    fn notice_conditions(&mut self) {
        let (desired, max) = (self.desired(), self.in_force.bounds.max());
        for reason in &self.reasons {
            let pinned =
                matches!(reason, Reason::AtMax { .. }) && desired.is_some_and(|desired| desired >= max);
            if pinned {
                self.found.push((NoticeKind::PinnedAtMax, reason.clone()));
            }
        }
        if let (Some(lasting), Ok(service)) =
            (startup::failing(self.next.startup, self.policy.startup, self.look.now), &self.seen.service)
        {
            let (desired, running) = (service.desired_count, service.running_count);
            self.found.push((NoticeKind::StartsFailing, Reason::StartsFailing { desired, running, lasting }));
        }
        if let Some(failure) = self.next.failure {
            let reason = Reason::BackingOff { failures: failure.count, until: failure.retry_at() };
            self.found.push((NoticeKind::ActionFailing, reason));
        }
    }

    /// Remembers a change before it is made: its intent, its cooldowns, and the base of AWS's credit.
    fn remember_change(&mut self, from: u32, to: u32) {
        let now = self.look.now;
        self.next.intent = Some(Intent { from, to, at: now, look: self.look.id.to_owned() });
        self.next.changed_at = Some(now);
        self.next.zeroed = to == 0;
        let running =
            self.next.scale_out.filter(|before| since(before.at, now) < self.policy.cooldown.scale_out);
        self.next.scale_out = (to > from)
            .then(|| ScaleOut { at: now, base: running.map_or(from, |before| before.base.min(from)) });
    }

    /// Work is moving: jobs wait or run, tasks start or stop, something changes.
    fn moving(&self, verdict: Verdict) -> bool {
        let queue =
            self.seen.queue.as_ref().is_ok_and(|queue| queue.waiting > 0 || queue.in_flight.known() > 0);
        let tasks =
            self.seen.service.as_ref().is_ok_and(|service| service.running_count != service.desired_count);
        queue || tasks || verdict.as_change().is_some()
    }
}

/// Raises a wish to a size; where that is more than the rules ask for, it gives the reason.
fn raise(wish: Wish, tasks: u32, desired: u32, because: Reason) -> Wish {
    if wish.tasks >= tasks && wish.tasks > desired {
        wish
    } else {
        Wish { tasks: tasks.max(wish.tasks), reasons: vec![because] }
    }
}

/// The capacity of a service before any override; for tables and pages.
#[must_use]
pub fn bounds_in_force(policy: &ServicePolicy, look: Look<'_>) -> Capacity {
    let rows = look.overrides.iter().filter(|row| row.applies(look.target, look.now));
    in_force(policy.capacity, rows).bounds
}
