//! BullMQ, versions 5 and 6 (and the markers that version 4 left).
//!
//! `wait` is a list pushed at the left and taken at the right, `prioritized` and `delayed` are sorted sets, `active` is
//! a list. A delayed job whose time has come is moved to `wait` only by a worker that asks for work: without workers it
//! stays in `delayed`, so it is counted as waiting here.

use jiff::Timestamp;
use tidegate_fleet::source::BullmqQueue;
use tidegate_policy::{Absence, AbsenceKind, InFlight, Queue};

use crate::answer::Answers;
use crate::command::Command;
use crate::fingerprint::fingerprint;

/// The scores of `delayed` are due times in milliseconds times this, plus a counter.
const SCORES_PER_MILLISECOND: i64 = 4096;

/// Version 4 and older keep an entry in `wait` that is no job.
const MARKER: &[u8] = b"0:";

/// What to ask about a queue; [`interpret`] takes the answers in this order.
///
/// `paused` and `meta` come before `wait`: version 5 renames one list to the other, and a queue resumed between two
/// reads is then seen in both, never in neither.
pub(crate) fn commands(queue: &BullmqQueue, now: Timestamp) -> Vec<Command> {
    let key = |name| format!("{}:{}:{name}", queue.prefix, queue.queue);
    vec![
        Command::new("LLEN", &key("paused")),
        Command::new("EXISTS", &key("meta")),
        Command::new("HEXISTS", &key("meta")).with("paused"),
        Command::new("LLEN", &key("wait")),
        Command::new("LINDEX", &key("wait")).with("0"),
        Command::new("LINDEX", &key("wait")).with("-1"),
        Command::new("ZCARD", &key("prioritized")),
        Command::new("ZRANGE", &key("prioritized")).with("0").with("0"),
        Command::new("ZCARD", &key("delayed")),
        Command::new("ZCOUNT", &key("delayed")).with("-inf").with(&last_due_score(now).to_string()),
        Command::new("ZRANGE", &key("delayed")).with("0").with("0"),
        Command::new("LLEN", &key("active")),
    ]
}

/// What the answers mean.
pub(crate) fn interpret(queue: &BullmqQueue, answers: &mut Answers<'_>) -> Result<Queue, Absence> {
    let paused_jobs = answers.take()?.count()?;
    let meta = answers.take()?.flag()?;
    let paused = answers.take()?.flag()?;
    let listed = answers.take()?.count()?;
    let newest = answers.take()?.element()?;
    let oldest = answers.take()?.element()?;
    let prioritized = answers.take()?.count()?;
    let most_urgent = answers.take()?.first()?;
    let scheduled = answers.take()?.count()?;
    let due = answers.take()?.count()?.min(scheduled);
    let first_scheduled = answers.take()?.first()?;
    let active = answers.take()?.count()?;

    let jobs = [paused_jobs, listed, prioritized, scheduled, active];
    if !meta && jobs.iter().all(|jobs| *jobs == 0) {
        return Err(not_proved(queue));
    }
    // Version 5 keeps the jobs of a paused queue in `paused`, version 6 leaves them in `wait`. What version 6 finds in
    // `paused` after an upgrade moves only at a resume, so it is no waiting work while the queue runs.
    let held_back = if paused { paused_jobs } else { 0 };
    let wait = listed.saturating_sub(markers(listed, newest, oldest));
    let oldest = oldest.filter(|id| !id.starts_with(MARKER));
    let first_due = first_scheduled.filter(|_| due > 0);
    Ok(Queue {
        waiting: [held_back, wait, prioritized, due].into_iter().fold(0, u64::saturating_add),
        due,
        delayed: scheduled.saturating_sub(due),
        delayed_held: false,
        in_flight: InFlight::Exactly(active),
        done: None,
        paused,
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
