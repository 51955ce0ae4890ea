//! Where kombu keeps what belongs to a queue.

use std::collections::BTreeSet;

use tidegate_fleet::CeleryQueue;

use crate::fingerprint::fingerprint;
use crate::unacked::Message;

/// Celery's own default exchange, which queues declared without one are bound to.
pub(super) const DEFAULT_EXCHANGE: &str = "celery";

/// kombu's priorities. Whatever an application's steps are, its tasks are in lists of these numbers: asking for all costs
/// less than a setting that is wrong, which reads as an empty queue.
const PRIORITIES: std::ops::RangeInclusive<u8> = 0..=9;

/// The lists of a queue in the order in which workers take from them.
pub(super) fn lists(queue: &CeleryQueue) -> Vec<String> {
    let steps: BTreeSet<u8> = PRIORITIES.chain(queue.priority_steps.iter().copied()).collect();
    let CeleryQueue { prefix, queue, separator, .. } = queue;
    let list = |step| match step {
        0 => format!("{prefix}{queue}"),
        step => format!("{prefix}{queue}{separator}{step}"),
    };
    steps.into_iter().map(list).collect()
}

/// Where a queue may be bound: the exchange that the file names, the one of its own name that Celery makes for a queue that
/// that was not declared, and Celery's default for one declared without an exchange.
pub(super) fn exchanges(queue: &CeleryQueue) -> Vec<String> {
    let mut exchanges = vec![queue.exchange.clone()];
    for other in [queue.queue.as_str(), DEFAULT_EXCHANGE] {
        if !exchanges.iter().any(|exchange| exchange == other) {
            exchanges.push(other.to_owned());
        }
    }
    exchanges
}

pub(super) fn unacked_key(queue: &CeleryQueue) -> String {
    format!("{}{}", queue.prefix, queue.unacked_key)
}

pub(super) fn binding_key(queue: &CeleryQueue, exchange: &str) -> String {
    format!("{}_kombu.binding.{exchange}", queue.prefix)
}

/// A task by its id; by its bytes where it has none, as in Celery's message protocol 1.
pub(super) fn task_fingerprint(message: &[u8]) -> u64 {
    match serde_json::from_slice::<Message>(message) {
        Ok(message) => message.id().map(|id| fingerprint(id.as_bytes())),
        Err(_) => None,
    }
    .unwrap_or_else(|| fingerprint(message))
}
