//! One evaluation of one service: the whole pipeline, top to bottom. All services are decided about with it, those with
//! a queue and those without.

use jiff::Timestamp;

use crate::clock::to_the_millisecond;
use crate::decision::Decision;
use crate::emergency::lately::SizeSet;
use crate::memory::Memory;
use crate::method::combine::WaitResult;
use crate::notice::{NoticeKind, compare};
use crate::observation::{Observation, ServiceState};
use crate::overrides::{self, Override};
use crate::pipeline::bounds::InForce;
use crate::pipeline::changes::{self, PastChanges};
use crate::pipeline::gate::{self, Passed};
use crate::pipeline::known::DecisionInputs;
use crate::pipeline::notices::{self, FoundCondition};
use crate::pipeline::overwritten;
use crate::pipeline::recommend::{Recommendation, ask_wait, recommend, scalable, scaled_meanwhile};
use crate::reason::Reason;
use crate::service::ServicePolicy;

/// One evaluation of one service: whose turn it is, when, and what operators asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation<'a> {
    /// The service's name in the fleet file.
    pub target: &'a str,
    /// The evaluation's own id; an intent carries it.
    pub id: &'a str,
    /// The overrides of the whole fleet.
    pub overrides: &'a [Override],
    /// The size that `emergency-max` set of it a moment ago.
    pub emergency: Option<SizeSet>,
    /// Nothing comes of the decision: another autoscaler may go on scaling the service meanwhile.
    pub observe: bool,
    /// The one time of this evaluation.
    pub now: Timestamp,
}

/// Decides about one service. Pure and total: the same arguments give the same decision, and none of them panics.
pub fn decide(
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    evaluation: Evaluation<'_>,
) -> Decision {
    let now = to_the_millisecond(evaluation.now);
    let known = DecisionInputs::of(seen, policy, memory, now);
    let in_force = InForce::now(&known, overrides::of(evaluation.overrides, evaluation.target, now));
    let (wait, waited) = ask_wait(&known, memory, in_force.bounds);
    let size = match scalable(seen, evaluation.observe) {
        Ok(service) => DecidedSize::of(service, &known, &in_force, &wait, memory, evaluation.emergency),
        Err(reason) => DecidedSize::blocked(reason, &known, memory),
    };
    let (mut reasons, found) = explain(&known, &in_force, &size, memory);
    reasons.extend(scaled_meanwhile(seen).filter(|_| size.blocked.is_none()));
    let (active_notices, notices) = compare(
        &memory.active_notices,
        &found,
        |active| notices::end(active, &known, &in_force, &found),
        now,
    );

    let DecidedSize {
        changes,
        recommendation: Recommendation { recommendations, surplus_since, asked, .. },
        passed,
        ..
    } = size;
    let Passed { verdict, intent, failure, .. } = passed;
    let changes = changes.after(verdict, asked, policy, now);
    Decision {
        verdict,
        reasons,
        bounds: in_force.bounds,
        notices,
        moving: known.moving() || verdict.as_change().is_some(),
        capacity_unit: policy.capacity_unit,
        memory: Memory {
            scale_out: changes.scale_out,
            changed_at: changes.changed_at,
            woke_at: changes.woke_at,
            recommendations,
            surplus_since,
            desired_count: changes
                .not_shown
                .or(known.desired())
                .filter(|_| intent.is_none())
                .or(memory.desired_count),
            intent: changes::intent(verdict, evaluation.id, now).or(intent),
            failure,
            zeroed: changes.zeroed,
            overwritten: changes.overwritten,
            wait: waited,
            active_notices,
            observed: memory.observed,
            runs: known.runs,
            metrics: known.datapoints.settled,
            young: known.datapoints.young,
            empty: known.datapoints.empty,
            startup: known.startup,
            ran: known.ran,
            head: known.head,
            at_limit: known.at_limit,
            idle_since: known.idle_since,
        },
    }
}

/// How the size of a service came about, step by step.
struct DecidedSize {
    /// Why it cannot be scaled at all.
    blocked: Option<Reason>,
    changes: PastChanges,
    recommendation: Recommendation,
    passed: Passed,
}

impl DecidedSize {
    /// Of a service that can be scaled.
    fn of(
        service: &ServiceState,
        known: &DecisionInputs<'_>,
        in_force: &InForce<'_>,
        wait: &WaitResult,
        memory: &Memory,
        emergency: Option<SizeSet>,
    ) -> Self {
        let changes = PastChanges::seen(memory, service.desired_count, emergency, known.now);
        let recommendation = recommend(known, in_force, &changes, wait, service, memory);
        let passed =
            gate::pass(service.desired_count, recommendation.to, changes.not_shown, memory, known.now);
        Self { blocked: None, changes, recommendation, passed }
    }

    /// Of a service that cannot: what is pending stays so.
    fn blocked(reason: Reason, known: &DecisionInputs<'_>, memory: &Memory) -> Self {
        let at = known.desired();
        Self {
            blocked: Some(reason),
            changes: PastChanges::remembered(memory),
            // What is not known ends no surplus.
            recommendation: Recommendation {
                surplus_since: memory.surplus_since,
                ..Recommendation::none(at.unwrap_or(0), memory.recommendations.clone())
            },
            passed: Passed::nothing(at, memory),
        }
    }
}

/// Why: causes first, circumstances behind them, both in the order of the steps. And what of it operators may be
/// notified of.
fn explain(
    known: &DecisionInputs<'_>,
    in_force: &InForce<'_>,
    size: &DecidedSize,
    memory: &Memory,
) -> (Vec<Reason>, Vec<FoundCondition>) {
    let DecidedSize { blocked, changes, recommendation, passed } = size;
    let mut all = Explanation::default();
    all.both(blocked.clone().map(|reason| (NoticeKind::Blocked, reason)));
    all.found.extend(notices::unreadable(known, in_force, memory));
    all.both(notices::of_queue(known));
    all.reasons.extend(in_force.overrides.iter().map(|row| notices::overridden(row)));
    all.found.extend(notices::overrides(in_force));
    all.both(notices::limited_overrides(in_force));
    // What an operator asked for is set by `emergency-max`, and is no change from outside.
    let was_asked_for =
        in_force.overrides.iter().any(|row| row.kind.size().is_some() && row.kind.size() == known.desired());
    all.reasons.extend(changes.manual_change().filter(|_| !was_asked_for));
    all.reasons.extend(changes.by_emergency());
    all.both(overwritten::found(changes.overwritten));
    all.both(recommendation.switched_off.clone().map(|off| (NoticeKind::SwitchedOff, off)));
    all.reasons.extend(recommendation.reasons.iter().cloned());
    all.reasons.extend(passed.reasons.iter().cloned());
    all.found.extend(notices::of_reasons(known, in_force, &all.reasons));
    all.both(in_force.outside.clone().map(|reason| (NoticeKind::OutsideBounds, reason)));
    all.found.extend(notices::starting(known));
    all.both(notices::failed_deployment(known));
    all.found.extend(notices::failing(passed.failure));
    if all.reasons.is_empty() {
        all.reasons.push(Reason::NothingMatches);
    }
    all.both(notices::watched(known, &memory.active_notices));
    all.reasons.extend(in_force.behind(&all.reasons));
    all.reasons.sort_by_key(Reason::is_circumstance);
    (all.reasons, all.found)
}

/// Reasons and conditions, as they are gathered.
#[derive(Default)]
struct Explanation {
    reasons: Vec<Reason>,
    found: Vec<FoundCondition>,
}

impl Explanation {
    /// Conditions that are reasons too.
    fn both(&mut self, found: impl IntoIterator<Item = FoundCondition>) {
        for (kind, reason) in found {
            self.reasons.push(reason.clone());
            self.found.push((kind, reason));
        }
    }
}
