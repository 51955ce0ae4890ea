//! What a read asks about Celery's queues after its first round trip: the next tasks, what workers hold, and how that came
//! to its queue.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use redis::Value;
use tidegate_fleet::CeleryQueue;

use super::layout::{binding_key, exchanges, lists, task_fingerprint, unacked_key};
use crate::command::RedisCommand;
use crate::server::Session;
use crate::unacked::{HeldMessages, PORTION_BYTES, Unacked, portions};

/// How many bytes of next tasks one read reads, since each read reads them again: a quarter of a second on a seventh of
/// a core. With half as much one large task could leave out all that come after it; twice as much is all that a read
/// may read.
const HEADS_BYTES: u64 = 2 * PORTION_BYTES;

/// How many tasks the lists have together whose sizes are asked for. Redis goes through all of these lists, which takes it
/// 8 milliseconds if each task is larger than 4 KB, and an eighth of that with ordinary ones. Half as many would leave out
/// lists of an application with fifty queues of a thousand tasks; twice as many would hold up others twice as long.
const SIZED_TASKS: u64 = 50_000;

/// How many exchanges beside those of the fleet file are followed: one for each queue of a large application. Each costs
/// a command.
const EXCHANGES_MAX: usize = 200;

/// What a process keeps of one URL between two evaluations.
#[derive(Debug, Default)]
pub(crate) struct MessageCache {
    /// The messages held, by the key of their hash.
    hashes: BTreeMap<String, Unacked>,
    /// The reads so far. Each begins with another hash: what one read may read is the same for all, and none of them
    /// takes it all at every evaluation.
    evaluations: usize,
}

/// What was found. What could not be asked is not there.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// What workers hold, by the key of the hash.
    pub(crate) held: BTreeMap<String, HeldMessages>,
    /// The members of binding tables, by their keys.
    pub(crate) tables: BTreeMap<String, Vec<Value>>,
    /// The fingerprint of a list's oldest task, by the key of the list.
    pub(crate) heads: BTreeMap<String, u64>,
}

/// A queue, and what the first round trip said of it: its lists with something in them, and the length of `unacked`.
pub(crate) struct DetailRequest<'a> {
    pub(crate) queue: &'a CeleryQueue,
    /// The first list that holds something, and how many tasks are in it.
    pub(crate) next: Option<(String, u64)>,
    /// Messages in `unacked`, of all queues.
    pub(crate) unacked: u64,
}

impl<'a> DetailRequest<'a> {
    /// Reads the first answers: those of `celery::commands`, where they are numbers.
    pub(crate) fn new(queue: &'a CeleryQueue, number_of: impl Fn(usize) -> u64) -> Self {
        let lists = lists(queue);
        let unacked = number_of(lists.len());
        let sizes: Vec<_> = (0..lists.len()).map(&number_of).collect();
        let next = lists.into_iter().zip(sizes).find(|(_, tasks)| *tasks > 0);
        Self { queue, next, unacked }
    }
}

/// Asks for all queues of a server together.
pub(crate) async fn read(
    session: &mut Session<'_>,
    asked: &[DetailRequest<'_>],
    kept: &mut MessageCache,
    now: Timestamp,
) -> Details {
    let hashes: BTreeMap<String, u64> =
        asked.iter().map(|asked| (unacked_key(asked.queue), asked.unacked)).collect();
    kept.hashes.retain(|key, _| hashes.contains_key(key));
    let mut hashes: Vec<_> = hashes.into_iter().collect();
    let first = kept.evaluations.checked_rem(hashes.len()).unwrap_or(0);
    hashes.rotate_left(first);
    kept.evaluations = kept.evaluations.wrapping_add(1);
    let mut held = BTreeMap::new();
    for (key, messages) in hashes {
        let found = kept.hashes.entry(key.clone()).or_default().read(session, &key, messages, now).await;
        held.insert(key, found);
    }
    let tables = tables(session, asked, &held).await;
    // Last: without what is held and how it came nothing may scale in, without the next task only `stalled_for` is unknown.
    let heads = heads(session, asked).await;
    Details { held, tables, heads }
}

/// The next task of each queue whose first list is not larger than a portion.
///
/// No command shows how large a message is before it is read, so none is read of which that is not bounded: it is at most as
/// large as its whole list. `SAMPLES 0` makes Redis read all of the list. By default it reads the newest tasks only, and
/// the next one, the oldest, may be a thousand times as large. Only what was pushed into an empty list meanwhile is larger.
async fn heads(session: &mut Session<'_>, asked: &[DetailRequest<'_>]) -> BTreeMap<String, u64> {
    let lists: BTreeMap<&String, u64> =
        asked.iter().filter_map(|asked| asked.next.as_ref()).map(|(list, tasks)| (list, *tasks)).collect();
    let sizes_of = shortest(lists);
    let commands: Vec<_> = sizes_of
        .iter()
        .map(|list| RedisCommand::new("MEMORY USAGE", list).with("SAMPLES").with("0"))
        .collect();
    let sizes = session.ask(&commands).await.unwrap_or_default();
    let size = |(list, size): (&String, Value)| {
        let Value::Int(bytes) = size else { return None };
        Some((list.clone(), u64::try_from(bytes).ok()?))
    };
    let mut small: Vec<_> = sizes_of
        .into_iter()
        .zip(sizes)
        .filter_map(size)
        .filter(|(_, bytes)| *bytes <= PORTION_BYTES)
        .collect();
    small.sort_by_key(|(_, bytes)| *bytes);
    session.read_at_most(HEADS_BYTES);
    let mut heads = BTreeMap::new();
    for (lists, bytes) in portions(small) {
        let oldest: Vec<_> = lists.iter().map(|list| RedisCommand::new("LINDEX", list).with("-1")).collect();
        let Some((messages, _room)) = session.portion(bytes, &oldest).await else { break };
        for (list, message) in lists.into_iter().zip(messages) {
            if let Value::BulkString(message) = message {
                heads.insert(list, task_fingerprint(&message));
            }
        }
    }
    heads
}

/// The shortest lists, which have [`SIZED_TASKS`] together.
fn shortest(lists: BTreeMap<&String, u64>) -> Vec<&String> {
    let mut lists: Vec<_> = lists.into_iter().collect();
    lists.sort_by_key(|(_, tasks)| *tasks);
    let mut left = SIZED_TASKS;
    let fits = |(list, tasks): (_, u64)| {
        left = left.checked_sub(tasks)?;
        Some(list)
    };
    lists.into_iter().map_while(fits).collect()
}

/// The binding tables of the exchanges that messages came through and that no setting names.
async fn tables(
    session: &mut Session<'_>,
    asked: &[DetailRequest<'_>],
    held: &BTreeMap<String, HeldMessages>,
) -> BTreeMap<String, Vec<Value>> {
    let mut keys = BTreeSet::new();
    for DetailRequest { queue, .. } in asked {
        let named = exchanges(queue);
        let seen = held.get(&unacked_key(queue)).map(|held| &held.exchanges);
        let unnamed = seen.into_iter().flatten().filter(|exchange| !named.contains(exchange));
        keys.extend(unnamed.map(|exchange| binding_key(queue, exchange)));
    }
    let keys: Vec<_> = keys.into_iter().take(EXCHANGES_MAX).collect();
    let commands: Vec<_> = keys.iter().map(|key| RedisCommand::new("SMEMBERS", key)).collect();
    let replies = session.ask(&commands).await.unwrap_or_default();
    let members = |(key, reply)| {
        let (Value::Array(members) | Value::Set(members)) = reply else { return None };
        Some((key, members))
    };
    keys.into_iter().zip(replies).filter_map(members).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_the_shortest_lists_are_asked_for() {
        #[track_caller]
        fn check(tasks: [u64; 3], expected: &[&str]) {
            let names = ["a", "b", "c"].map(str::to_owned);
            assert_eq!(shortest(names.iter().zip(tasks).collect()), expected);
        }
        check([3, 2, 1], &["c", "b", "a"]);
        check([SIZED_TASKS, 1, u64::MAX], &["b"]);
        check([SIZED_TASKS - 1, 1, 1], &["b", "c"]);
        check([SIZED_TASKS - 2, 1, 1], &["b", "c", "a"]);
        check([SIZED_TASKS + 1; 3], &[]);
    }
}
