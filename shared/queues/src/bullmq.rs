//! BullMQ, versions 5 and 6 (and the markers that version 4 left).
//!
//! `wait` is a list pushed at the left and taken at the right, `prioritized` and `delayed` are sorted sets, `active` is
//! a list. A delayed job whose time has come is moved to `wait` only by a worker that asks for work: without workers it
//! stays in `delayed`, so it is counted as waiting here.
//!
//! Jobs wait that no worker may take: of a queue that is paused, one at its global concurrency, and one at its rate limit
//! until the period ends. The queue's own limits stand in `meta`, the jobs of the period in `limiter`. A limit that only the
//! workers have (their option `limiter`) is in no key: it shows when jobs were taken in the period, more wait, and none
//! runs, for a worker takes the next job in the same step that ends one. Without a worker nothing of this is known: workers
//! that live renew the key `stalled-check` every half minute.
//!
//! Workers with the option `metrics`, and only those, count jobs that they completed and jobs that failed for good.
//! Neither retries nor the removal of old jobs touch the counts; `obliterate` deletes them. The counter `id` is no
//! substitute: it rises with every attempt to add a job, also where the job is there already or is dropped as a
//! duplicate, so jobs would seem done that never were.
//!
//! BullMQ Pro keeps a job that was added with a group in a list of the group, and the groups in four sorted sets, by whether they
//! may be taken from. These jobs are not counted here, so a queue that has some is not known.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use redis::Value;
use tidegate_fleet::BullmqQueue;
use tidegate_policy::{Absence, AbsenceKind, InFlight, Queue, QueueLimits};

use crate::command::RedisCommand;
use crate::fingerprint::fingerprint;
use crate::reply::{Replies, Reply};

/// The scores of `delayed` are due times in milliseconds times this, plus a counter.
const SCORES_PER_MILLISECOND: i64 = 4096;

/// Version 4 and older keep an entry in `wait` that is no job.
const MARKER: &[u8] = b"0:";

/// Counters that no job has moved for longer are taken as abandoned: they stay for ever when workers lose the option
/// `metrics`, and the jobs that they do not count would seem never to end. BullMQ notes the time of a job once a minute.
const COUNTED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// What `limiter` is set to by a worker that must wait: JavaScript's largest integer.
const FORBIDDEN: u64 = (1 << 53) - 1;

/// The sorted sets of groups, as BullMQ Pro's `getGroupsCountByStatus` counts them: each is there while it has a group, and a group is
/// in one of them while it has jobs.
const GROUPS: [&str; 4] = ["groups", "groups:limit", "groups:max", "groups:paused"];

/// What to ask about a queue; [`interpret`] takes the answers in this order.
///
/// `paused` and `meta` come before `wait`: version 5 renames one list to the other, and a queue resumed between two
/// reads is then seen in both, never in neither.
pub(crate) fn commands(queue: &BullmqQueue, now: Timestamp) -> Vec<RedisCommand> {
    let key = |name| format!("{}:{}:{name}", queue.prefix, queue.queue);
    let count = |state| RedisCommand::new("HMGET", &key(state)).with("count").with("prevTS");
    let groups = GROUPS.map(|set| RedisCommand::new("EXISTS", &key(set)));
    let queue = [
        RedisCommand::new("LLEN", &key("paused")),
        RedisCommand::new("EXISTS", &key("meta")),
        RedisCommand::new("HMGET", &key("meta")).with("paused").with("concurrency").with("max"),
        RedisCommand::new("GET", &key("limiter")),
        RedisCommand::new("PTTL", &key("limiter")),
        RedisCommand::new("EXISTS", &key("stalled-check")),
        RedisCommand::new("LLEN", &key("wait")),
        RedisCommand::new("LINDEX", &key("wait")).with("0"),
        RedisCommand::new("LINDEX", &key("wait")).with("-1"),
        RedisCommand::new("ZCARD", &key("prioritized")),
        RedisCommand::new("ZRANGE", &key("prioritized")).with("0").with("0"),
        RedisCommand::new("ZCARD", &key("delayed")),
        RedisCommand::new("ZCOUNT", &key("delayed")).with("-inf").with(&last_due_score(now).to_string()),
        RedisCommand::new("ZRANGE", &key("delayed")).with("0").with("0"),
        RedisCommand::new("LLEN", &key("active")),
        count("metrics:completed"),
        count("metrics:failed"),
    ];
    groups.into_iter().chain(queue).collect()
}

/// What the answers mean.
pub(crate) fn interpret(
    queue: &BullmqQueue,
    replies: &mut Replies<'_>,
    now: Timestamp,
) -> Result<Queue, Absence> {
    for set in GROUPS {
        if replies.take()?.flag()? {
            return Err(grouped(queue, set));
        }
    }
    let paused_jobs = replies.take()?.count()?;
    let meta = replies.take()?.flag()?;
    let settings = replies.take()?.members()?;
    let taken = replies.take()?.element()?.and_then(number_of).unwrap_or(0);
    // Without the key, or without an end of it, the answer is negative.
    let limiter_lasts = replies.take()?.count().is_ok_and(|milliseconds| milliseconds > 0);
    let workers_live = replies.take()?.flag()?;
    let listed = replies.take()?.count()?;
    let newest = replies.take()?.element()?;
    let oldest = replies.take()?.element()?;
    let prioritized = replies.take()?.count()?;
    let most_urgent = replies.take()?.first()?;
    let scheduled = replies.take()?.count()?;
    let due = replies.take()?.count()?.min(scheduled);
    let first_scheduled = replies.take()?.first()?;
    let active = replies.take()?.count()?;
    let ended = [ended(replies.take()?), ended(replies.take()?)];

    let jobs = [paused_jobs, listed, prioritized, scheduled, active];
    if !meta && jobs.iter().all(|jobs| *jobs == 0) {
        return Err(not_proved(queue));
    }
    // Version 5 keeps the jobs of a paused queue in `paused`, version 6 leaves them in `wait`. What version 6 finds in
    // `paused` after an upgrade moves only at a resume, so it is no waiting work while the queue runs.
    let setting = |place: usize| settings.get(place).filter(|value| **value != Value::Nil);
    let paused = setting(0).is_some();
    let held_back = if paused { paused_jobs } else { 0 };
    let wait = listed.saturating_sub(markers(listed, newest, oldest));
    let oldest = oldest.filter(|id| !id.starts_with(MARKER));
    let first_due = first_scheduled.filter(|_| due > 0);
    let waiting = [held_back, wait, prioritized, due].into_iter().fold(0, u64::saturating_add);
    let max = setting(2).and_then(number);
    let rate = JobRateLimit { max, taken, limiter_lasts, workers_live };
    Ok(Queue {
        waiting,
        due,
        delayed: scheduled.saturating_sub(due),
        delayed_held: false,
        in_flight: InFlight::Exactly(active),
        done: done(ended, now),
        paused,
        limits: QueueLimits {
            rate_met: waiting > 0 && rate.forbids_more(active),
            taken: Some(taken).filter(|taken| limiter_lasts && *taken < FORBIDDEN),
            max,
            concurrency: setting(1).and_then(number),
        },
        head: oldest.or(most_urgent).or(first_due).map(fingerprint),
    })
}

/// The highest score of `delayed` that is due, as BullMQ's own workers compute it.
fn last_due_score(now: Timestamp) -> i64 {
    let next = now.as_millisecond().saturating_add(1);
    next.saturating_mul(SCORES_PER_MILLISECOND).saturating_sub(1)
}

/// How many entries of `wait` are markers: they stand at its ends. BullMQ's own count removes them; we only read.
fn markers(listed: u64, newest: Option<&[u8]>, oldest: Option<&[u8]>) -> u64 {
    let is_marker = |id: Option<&[u8]>| u64::from(id.is_some_and(|id| id.starts_with(MARKER)));
    let at_the_ends = is_marker(newest).saturating_add(is_marker(oldest));
    at_the_ends.min(listed)
}

/// What keeps workers from taking jobs that wait.
struct JobRateLimit {
    /// The jobs that may be taken in one period.
    max: Option<u64>,
    /// The jobs that were taken in this one, if a limit counts them.
    taken: u64,
    /// The period has not ended.
    limiter_lasts: bool,
    /// Some worker was there within the last half minute.
    workers_live: bool,
}

impl JobRateLimit {
    /// Whether no job that waits may be taken now, while so many run.
    fn forbids_more(&self, active: u64) -> bool {
        let by_rate = match self.max {
            Some(max) => self.taken >= max,
            None => self.taken >= FORBIDDEN || (self.workers_live && active == 0),
        };
        self.limiter_lasts && by_rate
    }
}

/// What workers counted of the jobs that ended in one way, and up to when.
struct FinishedCounter {
    jobs: u64,
    noted: Timestamp,
}

/// Reads one counter. The queue is known without it, so an answer that is no counter is none.
fn ended(reply: &Reply) -> Option<FinishedCounter> {
    let [count, noted] = reply.members().ok()? else { return None };
    let noted = Timestamp::from_millisecond(number(noted)?).ok()?;
    Some(FinishedCounter { jobs: number(count)?, noted })
}

fn number<T: FromStr>(value: &Value) -> Option<T> {
    let Value::BulkString(digits) = value else { return None };
    number_of(digits)
}

fn number_of<T: FromStr>(digits: &[u8]) -> Option<T> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// The jobs that ended. Who counts one way counts the other too: while no job has failed, only one counter exists.
fn done(ended: [Option<FinishedCounter>; 2], now: Timestamp) -> Option<u64> {
    let ended: Vec<_> = ended.into_iter().flatten().collect();
    let noted = ended.iter().map(|ended| ended.noted).max()?;
    let counted = now.duration_since(noted) <= COUNTED_WITHIN;
    counted.then(|| ended.iter().map(|ended| ended.jobs).fold(0, u64::saturating_add))
}

fn grouped(queue: &BullmqQueue, set: &str) -> Absence {
    let BullmqQueue { queue, prefix, .. } = queue;
    Absence::new(
        AbsenceKind::Unreadable,
        format!(
            "`{prefix}:{queue}:{set}` exists: the queue has jobs in groups of BullMQ Pro, which Tidegate does not count; publish their \
             number as a CloudWatch metric, and use `queue: {{ cloudwatch: … }}`"
        ),
    )
}

fn not_proved(queue: &BullmqQueue) -> Absence {
    let BullmqQueue { queue, prefix, .. } = queue;
    Absence::new(
        AbsenceKind::NotFound,
        format!(
            "neither `{prefix}:{queue}:meta` nor any job of `{prefix}:{queue}` exists, so it may be a typo; check the \
             queue's name, the prefix and the database number in the URL (BullMQ 6 on PostgreSQL keeps nothing in Redis)"
        ),
    )
}

#[cfg(test)]
mod tests;
