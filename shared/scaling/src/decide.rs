//! From what was seen to what is to be done, for all services.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::Clients;
use tidegate_aws::report::Header;
use tidegate_aws::update::{self, CHANGES_PER_EVALUATION, TargetChanges};
use tidegate_evaluation::Clock;
use tidegate_fleet::{Mode, Service};
use tidegate_policy::emergency::incident::Overrides;
use tidegate_policy::emergency::target::Change;
use tidegate_policy::memory::Observed;
use tidegate_policy::overrides::Override;
use tidegate_policy::{
    Decision, Evaluation, Memory, NoticeKind, Observation, ServicePolicy, Verdict, decide as decide_size,
};

use crate::asked::AskingOverride;
use crate::memory::FleetMemory;
use crate::observe::FleetObservation;
use crate::services::Services;
use crate::target::{ActionTaken, TargetReport};

/// Decides about every service that was seen, and puts the next memories in.
pub(crate) fn decide(
    all: &Services,
    seen: FleetObservation,
    memory: &mut FleetMemory,
    overrides: &Overrides,
    header: &Header,
) -> Vec<TargetReport> {
    let FleetObservation { mut services, metrics_read } = seen;
    let mut targets = Vec::with_capacity(services.len());
    for service in all.services() {
        let Some(seen) = services.remove(service.name()) else { continue };
        let emergency = overrides.of_emergency(service.name());
        let evaluation = Evaluation {
            target: service.name(),
            id: &header.evaluation,
            overrides: &overrides.of(service.name()),
            emergency: overrides.set.of(service.name(), header.at),
            observe: service.mode() == Mode::Observe,
            now: header.at,
        };
        targets.push(decide_one(service, seen, memory, evaluation, emergency.as_ref()));
    }
    defer(&mut targets, memory);
    if metrics_read {
        memory.metrics_read_at = Some(header.at);
    }
    memory.remember(&targets, |name| all.services().any(|mine| mine.name() == name));
    targets
}

/// Decides about one service.
fn decide_one(
    service: &Service,
    seen: Observation,
    memory: &FleetMemory,
    evaluation: Evaluation<'_>,
    emergency: Option<&Override>,
) -> TargetReport {
    let observe = evaluation.observe;
    let before = memory.of(service.name(), observe);
    let decision = decide_size(&seen, service.policy(), &before, evaluation);
    let (decision, action) = if observe {
        observed(decision, &before, service.policy(), evaluation.now)
    } else {
        (decision, ActionTaken::Nothing)
    };
    let failed_before = before
        .active_notices
        .iter()
        .any(|active| active.kind == NoticeKind::ActionFailing && active.notified);
    TargetReport {
        target: service.name().to_owned(),
        name: service.target().clone(),
        observe,
        most: service.policy().most(),
        seen,
        asked: AskingOverride::of(&decision, service.policy().capacity, emergency),
        decision,
        action,
        failed_before,
    }
}

/// Makes the changes, and keeps what came of each.
pub(crate) async fn apply(
    clients: &Clients,
    targets: &mut [TargetReport],
    not_after: Timestamp,
    clock: &Clock,
) {
    let (targets, changes): (Vec<&mut TargetReport>, Vec<TargetChanges>) = targets
        .iter_mut()
        .filter_map(|target| {
            let changes = vec![Change::SetCapacity(target.to_set()?)];
            let change = TargetChanges { target: target.name.clone(), changes };
            Some((target, change))
        })
        .unzip();
    let outcomes = update::apply(clients, &changes, not_after, &**clock).await;
    for (target, outcome) in targets.into_iter().zip(outcomes) {
        target.action = ActionTaken::Tried(outcome);
    }
}

/// A size that was not recommended during this long, or during a whole cooldown, is reported again in observe mode.
/// Less, and a queue that swings around its threshold would be reported at each swing.
const OBSERVED_IS_REPORTED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// In observe mode nothing is intended. A size is worth reporting when it differs from the one last recommended, or
/// that was long ago.
fn observed(
    mut decision: Decision,
    before: &Memory,
    policy: &ServicePolicy,
    now: Timestamp,
) -> (Decision, ActionTaken) {
    let cooldown = policy.cooldown.scale_out.max(policy.cooldown.scale_in);
    let quiet = cooldown.max(OBSERVED_IS_REPORTED_AGAIN_AFTER);
    let lasting = before.observed.filter(|observed| now.duration_since(observed.at) <= quiet);
    let recommendation = decision.verdict.as_change().map(|(_, to)| to);
    decision.memory.withdraw(before);
    decision.memory.observed = recommendation.map(|tasks| Observed { tasks, at: now }).or(lasting);
    let action = match recommendation {
        Some(tasks) => {
            ActionTaken::Observed { worth_reporting: lasting.is_none_or(|observed| observed.tasks != tasks) }
        }
        None => ActionTaken::Nothing,
    };
    (decision, action)
}

/// One evaluation makes a limited number of changes, scale-outs first; the rest is decided again by the next
/// evaluation, with the memory it had, so that no cooldown begins.
fn defer(targets: &mut [TargetReport], memory: &FleetMemory) {
    let mut changes: Vec<&mut TargetReport> =
        targets.iter_mut().filter(|target| target.to_set().is_some()).collect();
    if changes.len() <= CHANGES_PER_EVALUATION {
        return;
    }
    changes.sort_by_key(|target| Reverse(matches!(target.decision.verdict, Verdict::ScaleOut { .. })));
    for target in changes.into_iter().skip(CHANGES_PER_EVALUATION) {
        target.action = ActionTaken::Deferred;
        target.decision.memory = memory.of(&target.target, target.observe);
        target.decision.notices.clear();
    }
}
