//! Celery on Redis, as kombu lays it out.
//!
//! Each priority step has its own list, pushed at the left and taken at the right. A task that a worker took is in no
//! list: it is in the `unacked` hash until it is acknowledged, which by default is when it *starts*. So the lists say
//! what waits, `unacked` says what workers hold (prefetched, waiting for its ETA, running with `acks_late`), and a
//! running task with early acknowledgment is nowhere.

use std::collections::BTreeSet;

use jiff::Timestamp;
use redis::Value;
use tidegate_fleet::source::CeleryQueue;
use tidegate_policy::{Absence, AbsenceKind, InFlight, Queue};

use crate::answer::Answers;
use crate::command::Command;
use crate::fingerprint::fingerprint;
use crate::unacked::{Entry, Message, SAMPLE_ENTRIES, Sample};

/// What to ask about a queue; [`interpret`] takes the answers in this order.
pub(crate) fn commands(queue: &CeleryQueue) -> Vec<Command> {
    let mut commands = Vec::new();
    for list in lists(queue) {
        commands.push(Command::new("LLEN", &list));
        commands.push(Command::new("LINDEX", &list).with("-1"));
    }
    let unacked = format!("{}{}", queue.prefix, queue.unacked_key);
    commands.push(Command::new("SMEMBERS", &binding_key(queue)));
    commands.push(Command::new("HLEN", &unacked));
    commands.push(Command::new("HSCAN", &unacked).with("0").with("COUNT").with(&SAMPLE_ENTRIES.to_string()));
    commands
}

/// What the answers mean.
pub(crate) fn interpret(
    queue: &CeleryQueue,
    answers: &mut Answers<'_>,
    now: Timestamp,
) -> Result<Queue, Absence> {
    let mut waiting: u64 = 0;
    let mut head = None;
    for _ in lists(queue) {
        waiting = waiting.saturating_add(answers.take()?.count()?);
        let oldest = answers.take()?.element()?;
        // The steps are taken in their order, so the first list that holds something holds the next task.
        head = head.or(oldest.map(task_fingerprint));
    }
    let bindings = bindings(queue, answers.take()?.members()?);
    if waiting == 0 && bindings.is_empty() {
        return Err(not_proved(queue));
    }
    let unacked = answers.take()?.count()?;
    let by_workers = held_by_workers(queue, &bindings, unacked, answers.take()?.sample(), now);
    Ok(Queue {
        // A task in the list whose ETA is still to come counts as waiting too: only a worker can take it and hold it,
        // and until one does nobody knows of its ETA.
        waiting,
        due: 0,
        delayed: by_workers.delayed,
        delayed_held: true,
        in_flight: if queue.acks_late && by_workers.counted {
            InFlight::Exactly(by_workers.in_flight)
        } else {
            InFlight::AtLeast(by_workers.in_flight)
        },
        done: None,
        paused: false,
        head,
    })
}

/// The lists of a queue in the order in which workers take from them.
fn lists(queue: &CeleryQueue) -> Vec<String> {
    let steps: BTreeSet<u8> = queue.priority_steps.iter().copied().collect();
    let CeleryQueue { prefix, queue, separator, .. } = queue;
    let list = |step| match step {
        0 => format!("{prefix}{queue}"),
        step => format!("{prefix}{queue}{separator}{step}"),
    };
    steps.into_iter().map(list).collect()
}

fn binding_key(queue: &CeleryQueue) -> String {
    format!("{}_kombu.binding.{}", queue.prefix, queue.exchange)
}

/// The oldest task of a list by its id; by its bytes where it has none, as in Celery's message protocol 1.
fn task_fingerprint(message: &[u8]) -> u64 {
    match serde_json::from_slice::<Message>(message) {
        Ok(message) => message.id().map(|id| fingerprint(id.as_bytes())),
        Err(_) => None,
    }
    .unwrap_or_else(|| fingerprint(message))
}

/// One way by which messages of the exchange reach this queue.
struct Binding {
    routing_key: String,
    /// The exchange is a topic exchange: the routing key holds wildcards.
    topic: bool,
}

/// The bindings of this queue among those of its exchange; a member is routing key, pattern, queue.
fn bindings(queue: &CeleryQueue, members: &[Value]) -> Vec<Binding> {
    let binding = |member: &Value| {
        let Value::BulkString(bytes) = member else {
            return None;
        };
        let member = String::from_utf8_lossy(bytes);
        let (rest, bound) = member.rsplit_once(&queue.separator)?;
        let (routing_key, pattern) = rest.split_once(&queue.separator)?;
        (bound == queue.queue)
            .then(|| Binding { routing_key: routing_key.to_owned(), topic: !pattern.is_empty() })
    };
    members.iter().filter_map(binding).collect()
}

/// What workers hold of one queue.
struct Held {
    in_flight: u64,
    delayed: u64,
    /// Every entry was seen; otherwise the numbers are an estimate.
    counted: bool,
}

/// The part of `unacked` that belongs to this queue, split by whether its ETA has come.
///
/// An incomplete sample is scaled up to the whole hash and rounded up. What cannot be assigned counts as in flight:
/// too many keep capacity for a while, too few would stop tasks that run.
fn held_by_workers(
    queue: &CeleryQueue,
    bindings: &[Binding],
    unacked: u64,
    sample: &Sample,
    now: Timestamp,
) -> Held {
    let mut in_flight: u64 = 0;
    let mut delayed: u64 = 0;
    for entry in &sample.entries {
        match entry {
            Some(entry) if !belongs(queue, bindings, entry) => {}
            Some(Entry { eta: Some(eta), .. }) if *eta > now => delayed = delayed.saturating_add(1),
            Some(_) | None => in_flight = in_flight.saturating_add(1),
        }
    }
    if sample.complete {
        return Held { in_flight, delayed, counted: true };
    }
    let seen = u64::try_from(sample.entries.len()).unwrap_or(u64::MAX);
    if seen == 0 {
        return Held { in_flight: unacked, delayed: 0, counted: unacked == 0 };
    }
    // The hash may have shrunk between `HLEN` and `HSCAN`.
    let all = unacked.max(seen);
    Held { in_flight: share(in_flight, seen, all), delayed: share(delayed, seen, all), counted: false }
}

/// `part` of `seen`, carried over to `all` and rounded up.
fn share(part: u64, seen: u64, all: u64) -> u64 {
    let product = u128::from(part).saturating_mul(u128::from(all));
    u64::try_from(product.div_ceil(u128::from(seen.max(1)))).unwrap_or(u64::MAX)
}

/// Whether a held message came from this queue.
fn belongs(queue: &CeleryQueue, bindings: &[Binding], entry: &Entry) -> bool {
    // The anonymous exchange, Celery's default, routes by the queue's name; so do those we know nothing of.
    if entry.exchange != queue.exchange || bindings.is_empty() {
        return entry.routing_key == queue.queue;
    }
    bindings.iter().any(|binding| {
        if binding.topic {
            topic_matches(&binding.routing_key, &entry.routing_key)
        } else {
            binding.routing_key == entry.routing_key
        }
    })
}

/// Kombu's topic exchange: words between dots, `*` is one word, `#` is anything.
fn topic_matches(pattern: &str, routing_key: &str) -> bool {
    fn matches(pattern: &[&str], words: &[&str]) -> bool {
        match (pattern.split_first(), words.split_first()) {
            (None, None) => true,
            (Some((&"#", rest)), None) => matches(rest, words),
            (Some((&"#", rest)), Some((_, later))) => matches(rest, words) || matches(pattern, later),
            (Some((&"*", rest)), Some((_, later))) => matches(rest, later),
            (Some((word, rest)), Some((first, later))) => word == first && matches(rest, later),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
    let words = |text| str::split(text, '.').collect::<Vec<_>>();
    matches(&words(pattern), &words(routing_key))
}

fn not_proved(queue: &CeleryQueue) -> Absence {
    let binding = binding_key(queue);
    let CeleryQueue { queue, prefix, .. } = queue;
    let list = format!("{prefix}{queue}");
    let prefix = if prefix.is_empty() { "none" } else { prefix };
    Absence::new(
        AbsenceKind::NotFound,
        format!(
            "no list `{list}`, and `{binding}` binds no queue `{queue}`, so it may be a typo; check the queue's name, \
             the database number in the URL, the prefix (here {prefix}) and the exchange"
        ),
    )
}

#[cfg(test)]
mod tests;
