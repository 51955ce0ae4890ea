//! From what was seen to what is to be done, for all services, and the page that remembers it.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_aws::ledger::{FleetMemory, Page};
use tidegate_aws::report::{Done, LookReport, TargetReport};
use tidegate_aws::ring::Ring;
use tidegate_aws::update::{CHANGES_PER_LOOK, Change, Outcome};
use tidegate_fleet::{Mode, Service};
use tidegate_policy::memory::Observed;
use tidegate_policy::queue_depth::Look;
use tidegate_policy::{Decision, Memory, NoticeKind, Observation, ServicePolicy, Verdict, decide};

use crate::Scaler;
use crate::observe::Seen;

/// Everything decided in one look.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The page to write: the next memory with every intent, at the version that was found.
    pub(crate) page: Page,
    /// What was decided and what came of it.
    pub(crate) report: LookReport,
}

impl Decided {
    /// Decides about every service that was seen.
    pub(crate) fn new(function: &Scaler, seen: Seen, look: &str, ring: &Ring, now: Timestamp) -> Self {
        let Seen { mut page, overrides, mut services, metrics_read } = seen;
        let mut report = function.empty_report(look, ring, now);
        report.unreported.clone_from(&page.memory.unreported);
        for service in function.fleet.services() {
            let Some(seen) = services.remove(service.name()) else { continue };
            let turn = Look { target: service.name(), id: look, overrides: &overrides, now };
            report.targets.push(decide_one(service, seen, &page.memory, turn));
        }
        carry_over(&mut report.targets, &page);
        if metrics_read {
            page.memory.metrics_read_at = Some(now);
        }
        remember(&mut page.memory, &report.targets, |name| {
            function.services().any(|mine| mine.name() == name)
        });
        Self { page, report }
    }

    /// The changes to make, in the order of the report.
    pub(crate) fn changes(&self, not_after: Timestamp) -> Vec<Change> {
        self.to_change()
            .filter_map(|target| {
                let (_, capacity) = target.decision.verdict.as_change()?;
                Some(Change { target: target.name.clone(), capacity, not_after })
            })
            .collect()
    }

    /// The outcomes, in the same order.
    pub(crate) fn done(&mut self, outcomes: Vec<Outcome>) {
        let mut outcomes = outcomes.into_iter();
        for target in &mut self.report.targets {
            if is_change(target) {
                target.done = outcomes.next().map_or(Done::Nothing, Done::Tried);
            }
        }
    }

    fn to_change(&self) -> impl Iterator<Item = &TargetReport> {
        self.report.targets.iter().filter(|target| is_change(target))
    }

    /// Work is moving somewhere.
    pub(crate) fn is_moving(&self) -> bool {
        self.report.targets.iter().any(|target| target.decision.moving)
    }

    /// The answer to `{"action": "plan"}`: what would be done, with a table to read.
    pub(crate) fn plan(&self) -> Value {
        let mut answer = self.report.to_json();
        let rows = self.report.targets.iter().map(|target| format!("{}: {}", target.target, target.decision));
        answer["plan"] = json!(rows.collect::<Vec<_>>());
        answer["zone_rules"] = tidegate_fleet::zone_rules().into();
        answer
    }
}

/// Still to be done: decided in enforce mode and neither tried nor carried over.
fn is_change(target: &TargetReport) -> bool {
    target.done == Done::Nothing && !target.observe && target.decision.verdict.as_change().is_some()
}

/// Decides about one service.
fn decide_one(service: &Service, seen: Observation, memory: &FleetMemory, look: Look<'_>) -> TargetReport {
    let observe = service.mode() == Mode::Observe;
    let pages = if observe { &memory.observe } else { &memory.enforce };
    let before = pages.get(service.name()).cloned().unwrap_or_default();
    let decision = decide(&seen, service.policy(), &before, look);
    let (decision, done) = if observe {
        observed(decision, &before, service.policy(), look.now)
    } else {
        (decision, Done::Nothing)
    };
    let failed_before = before.edges.iter().any(|edge| edge.kind == NoticeKind::ActionFailing && edge.told);
    let target = service.name().to_owned();
    TargetReport { target, name: service.target().clone(), observe, seen, decision, done, failed_before }
}

/// Puts the next memories into the page. A service has one memory, of the mode it is in: switching starts clean.
fn remember(memory: &mut FleetMemory, targets: &[TargetReport], known: impl Fn(&str) -> bool) {
    memory.enforce.retain(|name, _| known(name));
    memory.observe.retain(|name, _| known(name));
    for target in targets {
        let FleetMemory { enforce, observe, .. } = memory;
        let (here, there) = if target.observe { (observe, enforce) } else { (enforce, observe) };
        here.insert(target.target.clone(), target.decision.memory.clone());
        there.remove(&target.target);
    }
}

impl Scaler {
    /// A report in which nothing was looked at yet.
    pub(crate) fn empty_report(&self, look: &str, ring: &Ring, now: Timestamp) -> LookReport {
        LookReport {
            fleet: self.fleet.name().to_owned(),
            concern: self.concern.name,
            function: self.settings.function.clone(),
            ledger: self.settings.ledger.clone(),
            look: look.to_owned(),
            at: now,
            rung_by: ring.clone(),
            targets: Vec::new(),
            unreported: Vec::new(),
            alert: None,
        }
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
fn carry_over(targets: &mut [TargetReport], page: &Page) {
    let mut changes: Vec<&mut TargetReport> = targets.iter_mut().filter(|target| is_change(target)).collect();
    if changes.len() <= CHANGES_PER_LOOK {
        return;
    }
    changes.sort_by_key(|target| Reverse(matches!(target.decision.verdict, Verdict::ScaleOut { .. })));
    for target in changes.into_iter().skip(CHANGES_PER_LOOK) {
        target.done = Done::CarriedOver;
        target.decision.memory = page.memory.enforce.get(&target.target).cloned().unwrap_or_default();
        target.decision.notices.clear();
    }
}
