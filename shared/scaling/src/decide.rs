//! From what was seen to what is to be done, for all services.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::Clients;
use tidegate_aws::report::Header;
use tidegate_aws::update::{self, CHANGES_PER_LOOK, Change};
use tidegate_fleet::{Mode, Service};
use tidegate_look::Clock;
use tidegate_policy::memory::Observed;
use tidegate_policy::{
    Decision, Look, Memory, NoticeKind, Observation, Override, ServicePolicy, Verdict, decide as decide_size,
};

use crate::memory::FleetMemory;
use crate::observe::Seen;
use crate::services::Services;
use crate::target::{Done, TargetReport};

/// Decides about every service that was seen, and puts the next memories in.
pub(crate) fn decide(
    all: &Services,
    seen: Seen,
    memory: &mut FleetMemory,
    overrides: &[Override],
    header: &Header,
) -> Vec<TargetReport> {
    let Seen { mut services, metrics_read } = seen;
    let mut targets = Vec::with_capacity(services.len());
    for service in all.services() {
        let Some(seen) = services.remove(service.name()) else { continue };
        let look = Look { target: service.name(), id: &header.look, overrides, now: header.at };
        targets.push(decide_one(service, seen, memory, look));
    }
    carry_over(&mut targets, memory);
    if metrics_read {
        memory.metrics_read_at = Some(header.at);
    }
    memory.remember(&targets, |name| all.services().any(|mine| mine.name() == name));
    targets
}

/// Decides about one service.
fn decide_one(service: &Service, seen: Observation, memory: &FleetMemory, look: Look<'_>) -> TargetReport {
    let observe = service.mode() == Mode::Observe;
    let before = memory.of(service.name(), observe);
    let decision = decide_size(&seen, service.policy(), &before, look);
    let (decision, done) = if observe {
        observed(decision, &before, service.policy(), look.now)
    } else {
        (decision, Done::Nothing)
    };
    let failed_before = before.edges.iter().any(|edge| edge.kind == NoticeKind::ActionFailing && edge.told);
    let target = service.name().to_owned();
    TargetReport { target, name: service.target().clone(), observe, seen, decision, done, failed_before }
}

/// Makes the changes, and keeps what came of each.
pub(crate) async fn apply(
    clients: &Clients,
    targets: &mut [TargetReport],
    not_after: Timestamp,
    clock: &Clock,
) {
    let (targets, changes): (Vec<&mut TargetReport>, Vec<Change>) = targets
        .iter_mut()
        .filter_map(|target| {
            let capacity = target.to_set()?;
            let change = Change { target: target.name.clone(), capacity, not_after };
            Some((target, change))
        })
        .unzip();
    let outcomes = update::apply(clients, &changes, &**clock).await;
    for (target, outcome) in targets.into_iter().zip(outcomes) {
        target.done = Done::Tried(outcome);
    }
}

/// A size that was not wished for during this long, or during a whole cooldown, is news again in observe mode. Less, and
/// a queue that swings around its threshold would be told at each swing.
const OBSERVED_IS_NEWS_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// In observe mode nothing is intended. A size is news when it differs from the one last wished for, or that was long
/// ago.
fn observed(
    mut decision: Decision,
    before: &Memory,
    policy: &ServicePolicy,
    now: Timestamp,
) -> (Decision, Done) {
    let cooldown = policy.cooldown.scale_out.max(policy.cooldown.scale_in);
    let quiet = cooldown.max(OBSERVED_IS_NEWS_AGAIN_AFTER);
    let lasting = before.observed.filter(|observed| now.duration_since(observed.at) <= quiet);
    let wish = decision.verdict.as_change().map(|(_, to)| to);
    decision.memory.withdraw(before);
    decision.memory.observed = wish.map(|tasks| Observed { tasks, at: now }).or(lasting);
    let done = match wish {
        Some(tasks) => Done::Observed { news: lasting.is_none_or(|observed| observed.tasks != tasks) },
        None => Done::Nothing,
    };
    (decision, done)
}

/// One look makes a limited number of changes, scale-outs first; the rest is decided again by the next look, with
/// the memory it had, so that no cooldown begins.
fn carry_over(targets: &mut [TargetReport], memory: &FleetMemory) {
    let mut changes: Vec<&mut TargetReport> =
        targets.iter_mut().filter(|target| target.to_set().is_some()).collect();
    if changes.len() <= CHANGES_PER_LOOK {
        return;
    }
    changes.sort_by_key(|target| Reverse(matches!(target.decision.verdict, Verdict::ScaleOut { .. })));
    for target in changes.into_iter().skip(CHANGES_PER_LOOK) {
        target.done = Done::CarriedOver;
        target.decision.memory = memory.of(&target.target, target.observe);
        target.decision.notices.clear();
    }
}
