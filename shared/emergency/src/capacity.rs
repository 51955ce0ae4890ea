//! What AWS Fargate has for the tasks of an emergency, read within a time of its own, and what this process knows of it already.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tidegate_aws::Clients;
use tidegate_aws::targets::fargate::{self, FargateReadings};
use tidegate_aws::targets::{self, TargetState};
use tidegate_aws::trigger::Trigger;
use tidegate_evaluation::{Clock, budget};
use tidegate_fleet::TargetName;
use tidegate_policy::emergency::delivery::FargateCapacity;
use tidegate_policy::emergency::request::Request;
use tokio::time::Instant;

use crate::seen::{Added, Described};
use crate::subject::{Foretold, Raised, Subject};

/// A revision of a task definition never changes: so many are kept. A fleet has at most 2,000 of them.
const REVISIONS_MAX: usize = 4_000;

/// What this process knows of when all of an emergency runs.
#[derive(Debug, Default)]
pub(crate) struct KnownCapacity {
    /// The virtual CPUs of one task, by the ARN of its task definition.
    revisions: Mutex<BTreeMap<String, f64>>,
    /// What was foretold when the emergency began: the answer of this invocation is that of its last evaluation.
    foretold: Mutex<Option<(Foretold, Timestamp)>>,
}

impl KnownCapacity {
    /// Reads what limits these tasks: quotas, usage and task definitions side by side, those of the most tasks first. In its time
    /// some 160 task definitions are read, since a call is made for each; another plan of this process goes on with the rest.
    pub(crate) async fn read(&self, clients: &Clients, added: Vec<Added>, now: Timestamp) -> FargateReadings {
        let kinds: BTreeSet<FargateCapacity> = added.iter().filter_map(|(tasks, _)| tasks.fargate).collect();
        let mut definitions: BTreeMap<&str, u32> = BTreeMap::new();
        for (tasks, count) in added.iter().filter(|(tasks, _)| tasks.fargate.is_some()) {
            let of_all = definitions.entry(tasks.task_definition.as_str()).or_default();
            *of_all = of_all.saturating_add(*count);
        }
        let known: BTreeMap<String, f64> = lock(&self.revisions).clone();
        let (found, left): (Vec<_>, Vec<_>) =
            definitions.into_iter().partition(|(arn, _)| known.contains_key(*arn));
        let mut left: Vec<(&str, u32)> = left;
        left.sort_by_key(|(_, count)| Reverse(*count));
        let left: Vec<&str> = left.into_iter().map(|(arn, _)| arn).collect();
        let deadline = Instant::now().checked_add(budget::CAPACITY).unwrap_or_else(Instant::now);
        let mut readings = fargate::read(clients, &kinds, &left, now, deadline).await;
        let read =
            readings.vcpus.iter().filter_map(|(arn, vcpus)| Some((arn.clone(), *vcpus.as_ref().ok()?)));
        let mut revisions = lock(&self.revisions);
        revisions.extend(read);
        while revisions.len() > REVISIONS_MAX {
            revisions.pop_first();
        }
        drop(revisions);
        let found = found.into_iter().filter_map(|(arn, _)| Some((arn.to_owned(), Ok(*known.get(arn)?))));
        readings.vcpus.extend(found);
        readings
    }

    /// The same beside the changes. Targets that this evaluation does not see, since it does not change them, are described
    /// first, until the changes end: 1,000 services take some 6 s.
    pub(crate) async fn read_beside(
        &self,
        clients: &Clients,
        Raised { mut added, unseen }: Raised,
        not_after: Timestamp,
        clock: &Clock,
    ) -> (FargateReadings, Described) {
        let left = Duration::try_from(not_after.duration_since(clock())).unwrap_or_default();
        let deadline = Instant::now().checked_add(left).unwrap_or_else(Instant::now);
        let names: Vec<&TargetName> = unseen.iter().map(|(_, target, _)| target).collect();
        let mut seen = if names.is_empty() {
            BTreeMap::new()
        } else {
            targets::describe(clients, &names, deadline).await
        };
        let mut described = BTreeMap::new();
        for (name, target, asked) in &unseen {
            let state = seen.remove(target).unwrap_or_else(|| Err(targets::late()));
            added.extend(state.as_ref().ok().and_then(|state| added_to(state, *asked)));
            described.insert(name.clone(), state);
        }
        (self.read(clients, added, clock()).await, described)
    }

    /// Keeps what is foretold for the later evaluations of this invocation.
    pub(crate) fn keep(&self, foretold: Foretold, at: Timestamp) {
        *lock(&self.foretold) = Some((foretold, at));
    }

    /// Says once more what was foretold at the beginning of this invocation; of another one it is forgotten.
    pub(crate) fn recall(&self, subjects: &mut [Subject], trigger: &Trigger) {
        let mut foretold = lock(&self.foretold);
        match foretold.as_ref().filter(|_| *trigger == Trigger::Resume) {
            Some((foretold, at)) => foretold.recall(subjects, *at),
            None => *foretold = None,
        }
    }
}

/// The tasks that engage would add to targets that are seen.
pub(crate) fn added(request: &Request, states: &Described) -> Vec<Added> {
    let Request::Engage(engage) = request else { return Vec::new() };
    let sizes = engage.sizes.iter();
    sizes.filter_map(|(name, size)| added_to(states.get(name)?.as_ref().ok()?, size.asked)).collect()
}

fn added_to(state: &TargetState, asked: u32) -> Option<Added> {
    let added = asked.saturating_sub(state.service.desired_count);
    state.tasks.clone().map(|tasks| (tasks, added))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
