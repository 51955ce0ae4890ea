//! Celery on Redis, as kombu lays it out.
//!
//! Each priority step has its own list, pushed at the left and taken at the right. A task that a worker took is in no
//! list: it is in the `unacked` hash until it is acknowledged, which by default is when it *starts*. So the lists say
//! what waits, `unacked` says what workers hold (prefetched, waiting for its ETA, running with `acks_late`), and a
//! running task with early acknowledgment is nowhere.
//!
//! A message in `unacked` has its exchange and routing key, and the exchange's bindings show the queues that these
//! reach, however the application declared them. A fanout exchange keeps no list at all: nothing waits in its queues.

use std::collections::BTreeMap;

use redis::Value;
use tidegate_fleet::CeleryQueue;
use tidegate_policy::{Absence, AbsenceKind, InFlight, Queue, QueueLimits};

use crate::binding::Binding;
use crate::command::RedisCommand;
use crate::reply::Replies;
use crate::unacked::{HeldJobs, HeldMessages, Route};

pub(crate) mod details;
mod layout;

use details::Details;
use layout::{DEFAULT_EXCHANGE, binding_key, exchanges, lists, unacked_key};

/// What to ask about a queue first; [`interpret`] takes the answers in this order.
pub(crate) fn commands(queue: &CeleryQueue) -> Vec<RedisCommand> {
    let lists = lists(queue).into_iter().map(|list| RedisCommand::new("LLEN", &list));
    let held = RedisCommand::new("HLEN", &unacked_key(queue));
    let tables = exchanges(queue).into_iter();
    let tables = tables.map(|exchange| RedisCommand::new("SMEMBERS", &binding_key(queue, &exchange)));
    lists.chain([held]).chain(tables).collect()
}

/// What the answers mean.
pub(crate) fn interpret(
    queue: &CeleryQueue,
    replies: &mut Replies<'_>,
    details: &Details,
) -> Result<Queue, Absence> {
    let mut waiting: u64 = 0;
    let mut next = None;
    for list in lists(queue) {
        let tasks = replies.take()?.count()?;
        waiting = waiting.saturating_add(tasks);
        // The steps are taken in their order, so the first list that holds something holds the next task.
        next = next.or((tasks > 0).then_some(list));
    }
    let unacked = replies.take()?.count()?;
    let mut tables = Tables::new(queue, details);
    for exchange in exchanges(queue) {
        let members = replies.take()?.members();
        // An exchange that the file names must be readable; the others are read because one of them may be it.
        match members {
            Ok(members) => tables.add(exchange, members),
            Err(absence) if exchange == queue.exchange => return Err(absence),
            Err(_) => {}
        }
    }
    let is_bound = tables.bind_it();
    if waiting == 0 && !is_bound {
        return Err(not_proved(queue));
    }
    let none = HeldMessages::unread(unacked);
    let held = details.held.get(&unacked_key(queue)).unwrap_or(&none);
    let jobs = tables.jobs(held);
    Ok(Queue {
        // A task in the list whose ETA is still to come counts as waiting too: only a worker can take it and hold it,
        // and until one does its ETA is unknown.
        waiting,
        due: 0,
        delayed: jobs.delayed,
        delayed_held: true,
        in_flight: if held.unread > 0 {
            let read = held.read();
            InFlight::Partly { jobs: jobs.in_flight, read, held: read.saturating_add(held.unread) }
        } else if !queue.acks_late {
            InFlight::Reserved(jobs.in_flight)
        } else if !is_bound || tables.may_share_messages(held) {
            InFlight::AtLeast(jobs.in_flight)
        } else {
            InFlight::Exactly(jobs.in_flight)
        },
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        head: next.and_then(|list| details.heads.get(&list).copied()),
    })
}

/// The bindings of all exchanges that are known.
struct Tables<'a> {
    queue: &'a CeleryQueue,
    bindings: BTreeMap<String, Vec<Binding>>,
}

impl<'a> Tables<'a> {
    /// Those that were found beside the named ones.
    fn new(queue: &'a CeleryQueue, details: &'a Details) -> Self {
        let mut tables = Self { queue, bindings: BTreeMap::new() };
        let start = binding_key(queue, "");
        for (key, members) in &details.tables {
            if let Some(exchange) = key.strip_prefix(&start) {
                tables.add(exchange.to_owned(), members);
            }
        }
        tables
    }

    fn add(&mut self, exchange: String, members: &[Value]) {
        let binding = |member: &Value| {
            let Value::BulkString(member) = member else { return None };
            Binding::parse(member, &self.queue.separator)
        };
        let bindings = members.iter().filter_map(binding).collect();
        self.bindings.insert(exchange, bindings);
    }

    /// Whether any exchange binds the queue: proof that it exists.
    fn bind_it(&self) -> bool {
        self.bindings.values().flatten().any(|binding| binding.queue == self.queue.queue)
    }

    /// The part of what workers hold that came from this queue. What cannot be assigned counts as in flight: too many keep
    /// capacity for a while, too few would stop tasks that run.
    fn jobs(&self, held: &HeldMessages) -> HeldJobs {
        let ours = held.routes.iter().filter(|(route, _)| self.reaches_it(route)).map(|(_, jobs)| *jobs);
        let strange = HeldJobs { in_flight: held.strange, delayed: 0 };
        ours.fold(strange, |all, jobs| HeldJobs {
            in_flight: all.in_flight.saturating_add(jobs.in_flight),
            delayed: all.delayed.saturating_add(jobs.delayed),
        })
    }

    /// Whether a held message may have come from this queue.
    fn reaches_it(&self, route: &Route) -> bool {
        let Route { exchange, routing_key } = route;
        // The anonymous exchange, Celery's default, routes by the queue's name.
        if exchange.is_empty() {
            return *routing_key == self.queue.queue;
        }
        let bindings = self.bindings.get(exchange).map(Vec::as_slice).unwrap_or_default();
        let mut taken = bindings.iter().filter(|binding| binding.takes(routing_key)).peekable();
        let is_ours = |binding: &Binding| binding.queue == self.queue.queue;
        if taken.peek().is_some() {
            return taken.any(is_ours);
        }
        // A fanout exchange takes every key to all its queues; of one without bindings nothing is known.
        bindings.is_empty() || bindings.iter().any(is_ours)
    }

    /// Whether a message may be in this queue and in another one. Both copies have one delivery tag, and one entry in
    /// `unacked` that goes with the first of them: what is left may be too little. Through the binding that all queues
    /// without an exchange have in common nothing comes, since Celery sends tasks to a queue by its name, unless it did. Of an
    /// exchange whose bindings were not read this is unknown.
    fn may_share_messages(&self, held: &HeldMessages) -> bool {
        let unread = held.exchanges.iter().any(|exchange| !self.bindings.contains_key(exchange));
        unread
            || self.bindings.iter().any(|(exchange, bindings)| {
                let (ours, others): (Vec<_>, Vec<_>) =
                    bindings.iter().partition(|binding| binding.queue == self.queue.queue);
                let is_used = held.exchanges.contains(exchange);
                let used = ours.iter().filter(|binding| is_used || !is_automatic(exchange, binding));
                used.into_iter()
                    .any(|one| may_be_fanout(exchange, one) || others.iter().any(|other| one.overlaps(other)))
            })
    }
}

/// The binding that Celery makes of its own accord: its default exchange and default routing key have one name.
fn is_automatic(exchange: &str, binding: &Binding) -> bool {
    !binding.topic && binding.routing_key == exchange
}

/// A binding to a named exchange without a routing key of its own, as fanout exchanges have it: every worker gets a copy
/// of each message.
fn may_be_fanout(exchange: &str, binding: &Binding) -> bool {
    let named = exchange != binding.queue && exchange != DEFAULT_EXCHANGE;
    named && !binding.topic && ["", DEFAULT_EXCHANGE].contains(&binding.routing_key.as_str())
}

fn not_proved(queue: &CeleryQueue) -> Absence {
    let tables: Vec<_> =
        exchanges(queue).iter().map(|exchange| format!("`{}`", binding_key(queue, exchange))).collect();
    let CeleryQueue { queue, prefix, .. } = queue;
    let list = format!("{prefix}{queue}");
    let prefix = if prefix.is_empty() { "none" } else { prefix };
    Absence::new(
        AbsenceKind::NotFound,
        format!(
            "no list `{list}`, and no queue `{queue}` in {}, so it may be a typo; check the queue's name, the database \
             number in the URL, the prefix (here {prefix}) and the exchange",
            tables.join(" or ")
        ),
    )
}

#[cfg(test)]
mod tests;
