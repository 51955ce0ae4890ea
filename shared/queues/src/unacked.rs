//! kombu's `unacked` hash: what Celery's workers hold.
//!
//! Workers keep here what they prefetched, what waits for its ETA, and, with `acks_late`, what runs. The hash is shared
//! by all queues of a database and prefix, and only the end of each value names the queue, so a part of it proves nothing:
//! it is read whole. What a delivery tag stands for never changes, so a warm process reads each message once. First come
//! the tags, then the sizes of the new messages, then these, in portions that fit a small function's memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{Timestamp, civil, tz};
use redis::Value;
use serde::Deserialize;

use crate::command::RedisCommand;
use crate::server::{Room, Session};

/// How many messages may be held. `HKEYS` on so many takes a Redis a few milliseconds, at every evaluation; five times
/// as many take it ten times as long (they no longer fit its processor's cache), and others wait meanwhile. Half as
/// many would refuse an application of 250 workers that hold 40 messages each.
const TAGS_MAX: u64 = 20_000;

/// How many sizes are asked for in one round trip: they take Redis some 3 milliseconds.
const SIZES_AT_ONCE: usize = 5_000;

/// How many bytes of messages are read in one round trip, and so the largest message that can be read. With what the
/// client keeps while it reads, a portion takes three times as much memory: a tenth of the smallest usual function.
/// Messages of half as much exist.
pub(crate) const PORTION_BYTES: u64 = 8 << 20;

/// The messages of one hash that this process has read, by their delivery tags.
#[derive(Debug, Default)]
pub(crate) struct Unacked {
    known: HashMap<String, Content>,
    exchanges: BTreeSet<String>,
}

/// What a delivery tag stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Message(HeldMessage),
    /// A value that is not kombu's.
    Strange,
    /// A message larger than a portion.
    TooLarge,
}

/// What the workers of all queues hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HeldMessages {
    /// The messages that were read, by the way they came.
    pub(crate) routes: BTreeMap<Route, HeldJobs>,
    /// Values that are not kombu's: whose they are is unknown.
    pub(crate) strange: u64,
    /// Messages that were not read.
    pub(crate) unread: u64,
    /// The exchanges that messages came through by name, at any time that this process knows of.
    pub(crate) exchanges: BTreeSet<String>,
}

/// How a message came to its queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// The exchange; empty for the anonymous one, which routes by the queue's name.
    pub(crate) exchange: String,
    /// The routing key.
    pub(crate) routing_key: String,
}

/// Messages that are held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HeldJobs {
    /// They run, or may at any time.
    pub(crate) in_flight: u64,
    /// Their ETA is still to come.
    pub(crate) delayed: u64,
}

impl HeldMessages {
    /// Of the messages, none was read.
    pub(crate) fn unread(messages: u64) -> Self {
        Self { unread: messages, ..Self::default() }
    }

    /// How many messages were read.
    pub(crate) fn read(&self) -> u64 {
        let jobs = self.routes.values().flat_map(|jobs| [jobs.in_flight, jobs.delayed]);
        jobs.fold(self.strange, u64::saturating_add)
    }
}

impl Unacked {
    /// Brings what is known up to date. `held` is the length of the hash.
    pub(crate) async fn read(
        &mut self,
        session: &mut Session<'_>,
        key: &str,
        held: u64,
        now: Timestamp,
    ) -> HeldMessages {
        if held == 0 || held > TAGS_MAX {
            self.known.clear();
            return self.held(held, now);
        }
        let Some(mut tags) = tags(session, key).await else {
            return HeldMessages { exchanges: self.exchanges.clone(), ..HeldMessages::unread(held) };
        };
        self.known.retain(|tag, _| tags.remove(tag));
        let mut unknown: Vec<String> = tags.into_iter().collect();
        let mut unread: usize = 0;
        while !unknown.is_empty() {
            let some = unknown.split_off(unknown.len().saturating_sub(SIZES_AT_ONCE));
            unread = unread.saturating_add(self.read_some(session, key, some).await);
        }
        self.held(u64::try_from(unread).unwrap_or(u64::MAX), now)
    }

    /// Reads new messages, the small ones first; returns how many could not be read.
    async fn read_some(&mut self, session: &mut Session<'_>, key: &str, tags: Vec<String>) -> usize {
        let asked: Vec<_> = tags.iter().map(|tag| RedisCommand::new("HSTRLEN", key).with(tag)).collect();
        let Some(replies) = session.ask(&asked).await else { return tags.len() };
        let mut unread: usize = 0;
        let mut sized = Vec::with_capacity(tags.len());
        for (tag, reply) in tags.into_iter().zip(replies) {
            let Value::Int(size) = reply else {
                unread = unread.saturating_add(1);
                continue;
            };
            // Without a size it was acknowledged meanwhile.
            if size != 0 {
                sized.push((tag, u64::try_from(size).unwrap_or(u64::MAX)));
            }
        }
        sized.sort_by_key(|(_, size)| *size);
        for (portion, bytes) in portions(sized) {
            if bytes > PORTION_BYTES {
                self.known.extend(portion.into_iter().map(|tag| (tag, Content::TooLarge)));
            } else if let Some((values, _room)) = read_portion(session, key, &portion, bytes).await {
                portion.into_iter().zip(values).for_each(|(tag, value)| self.learn(tag, value));
            } else {
                unread = unread.saturating_add(portion.len());
            }
        }
        unread
    }

    fn learn(&mut self, tag: String, value: Value) {
        let content = if value == Value::Nil {
            // Acknowledged meanwhile.
            return;
        } else if let Value::BulkString(json) = value {
            HeldMessage::parse(&json).map_or(Content::Strange, Content::Message)
        } else {
            Content::Strange
        };
        if let Content::Message(HeldMessage { route, .. }) = &content
            && !route.exchange.is_empty()
        {
            self.exchanges.insert(route.exchange.clone());
        }
        self.known.insert(tag, content);
    }

    /// What is known, as of now.
    fn held(&self, unread: u64, now: Timestamp) -> HeldMessages {
        let mut held = HeldMessages { exchanges: self.exchanges.clone(), ..HeldMessages::unread(unread) };
        for content in self.known.values() {
            let one_more = |count: &mut u64| *count = count.saturating_add(1);
            match content {
                Content::Message(HeldMessage { route, eta }) => {
                    if !held.routes.contains_key(route) {
                        held.routes.insert(route.clone(), HeldJobs::default());
                    }
                    let Some(jobs) = held.routes.get_mut(route) else { continue };
                    let delayed = eta.is_some_and(|eta| eta > now);
                    one_more(if delayed { &mut jobs.delayed } else { &mut jobs.in_flight });
                }
                Content::Strange => one_more(&mut held.strange),
                Content::TooLarge => one_more(&mut held.unread),
            }
        }
        held
    }
}

/// The delivery tags; `None` when they could not be read.
async fn tags(session: &mut Session<'_>, key: &str) -> Option<HashSet<String>> {
    let reply = session.ask(&[RedisCommand::new("HKEYS", key)]).await?;
    let Some(Value::Array(tags)) = reply.into_iter().next() else { return None };
    let text = |tag| {
        let Value::BulkString(bytes) = tag else { return None };
        String::from_utf8(bytes).ok()
    };
    tags.into_iter().map(text).collect()
}

/// The messages of some tags, and the room that they take; `None` when they could not be read in this evaluation.
async fn read_portion<'a>(
    session: &mut Session<'a>,
    key: &str,
    tags: &[String],
    bytes: u64,
) -> Option<(Vec<Value>, Room<'a>)> {
    let command = tags.iter().fold(RedisCommand::new("HMGET", key), |command, tag| command.with(tag));
    let (replies, room) = session.portion(bytes, &[command]).await?;
    let Value::Array(values) = replies.into_iter().next()? else { return None };
    (values.len() == tags.len()).then_some((values, room))
}

/// What is to be read, in portions of at most [`PORTION_BYTES`]; what is larger by itself is a portion of its own.
pub(crate) fn portions<T>(sized: Vec<(T, u64)>) -> Vec<(Vec<T>, u64)> {
    let mut portions: Vec<(Vec<T>, u64)> = Vec::new();
    for (one, size) in sized {
        match portions.last_mut() {
            Some((portion, bytes)) if bytes.saturating_add(size) <= PORTION_BYTES => {
                portion.push(one);
                *bytes = bytes.saturating_add(size);
            }
            Some(_) | None => portions.push((vec![one], size)),
        }
    }
    portions
}

/// One message that a worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HeldMessage {
    route: Route,
    /// `headers.eta`: it does not run before.
    eta: Option<Timestamp>,
}

impl HeldMessage {
    fn parse(json: &[u8]) -> Option<Self> {
        let (message, exchange, routing_key): (Message, Option<String>, Option<String>) =
            serde_json::from_slice(json).ok()?;
        let (exchange, routing_key) = (exchange.unwrap_or_default(), routing_key.unwrap_or_default());
        Some(Self { route: Route { exchange, routing_key }, eta: message.eta() })
    }
}

/// What is read of a Celery message; the body is skipped.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    #[serde(default)]
    headers: Option<Headers>,
}

/// The headers of Celery's message protocol 2; protocol 1 has none of them.
#[derive(Debug, Deserialize)]
struct Headers {
    #[serde(default)]
    id: serde_json::Value,
    #[serde(default)]
    eta: serde_json::Value,
}

impl Message {
    /// The task's id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.headers.as_ref()?.id.as_str()
    }

    /// The moment before which the task does not run.
    fn eta(&self) -> Option<Timestamp> {
        let text = self.headers.as_ref()?.eta.as_str()?;
        // Celery takes a time without an offset as UTC.
        let naive = || {
            let time: civil::DateTime = text.parse().ok()?;
            tz::Offset::UTC.to_timestamp(time).ok()
        };
        text.parse().ok().or_else(naive)
    }
}

#[cfg(test)]
mod tests;
