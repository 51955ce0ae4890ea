//! What lateness itself asks for, whatever is believed of pace and load.
//!
//! A wrong estimate makes jobs wait although no task is added. So jobs that go on waiting longer than acceptable ask for
//! more by themselves: for one task at the second evaluation, and for a quarter more once it has lasted as long as a
//! task takes to start. While what was ordered starts, nothing more is asked for: so the growth is geometric and never
//! a jump.
//!
//! And a queue that goes on growing slowly asks for one task more, also while no job is believed to wait long, and so does a
//! backlog that does not become shorter, where no finished job is counted: a pace that is believed too fast would show when it is
//! too late, and with one task more the queue answers how fast it is.

use jiff::SignedDuration;

use crate::clock::since;
use crate::memory::wait::{Backlog, Last, WaitMemory};

use super::inputs::WaitInputs;
use super::numbers::{seconds, whole_tasks};

/// After a start-up time this share more. Half of it takes an hour to tenfold, twice of it orders the same tasks a
/// second time for a backlog that the first is about to work off.
const GROWTH: f64 = 0.25;

/// A backlog stays once it has lasted so many times as long as a job may wait and takes. With 2.5 a quarter more of the
/// services whose pace is believed too fast starve for two minutes.
const STAYS_FOR: f64 = 2.0;

/// One that has become shorter by more than a tenth is being worked off. With a fifth lists cost 0.4% more.
const STAYS_ABOVE: f64 = 0.9;

/// A backlog is what waits for a tenth of the acceptable wait by the pace that is believed: it may be ten times too fast.
const BACKLOG_SHARE: f64 = 0.1;

/// The tasks that lateness asks for; none while jobs wait no longer than acceptable.
pub(crate) fn grown(next: &mut WaitMemory, seen: &WaitInputs, wait: f64, startup: f64) -> u32 {
    let late = wait > seen.acceptable;
    next.late_since = late.then(|| next.late_since.unwrap_or(seen.now));
    let lasted = seconds(lasted(next, seen));
    // What was ordered less than a start-up time ago is still to come.
    let ordered = seen.changed_at.is_some_and(|at| seconds(since(at, seen.now)) <= startup);
    if lasted <= 0.0 || (ordered && seen.running < seen.desired) {
        return 0;
    }
    let more = GROWTH * (lasted / startup.max(1.0)).min(1.0);
    whole_tasks(f64::from(seen.desired) * (1.0 + more)).max(seen.desired.saturating_add(1))
}

/// The tasks that a queue asks for which grows slowly, or stays, while every task works: one more than there are. So many jobs wait,
/// for so long by the pace that is believed.
pub(crate) fn one_more(
    next: &mut WaitMemory,
    seen: &WaitInputs,
    this: &Last,
    (waiting, wait, pace): (f64, f64, f64),
) -> u32 {
    let stays = stays(next, seen, this, (waiting, wait, pace));
    let grows = next.last.is_some_and(|last| last.growing);
    if (grows || stays) && all_work(seen, this.busy) { seen.desired.saturating_add(1) } else { 0 }
}

/// All tasks that were asked for run, and most places are busy: a queue that they do not serve would grow with more of them as well.
fn all_work(seen: &WaitInputs, busy: f64) -> bool {
    seen.running >= seen.desired && busy >= f64::from(seen.running) * seen.concurrency / 2.0
}

/// Whether a backlog has hardly become shorter for too long, although every task works.
fn stays(
    next: &mut WaitMemory,
    seen: &WaitInputs,
    this: &Last,
    (waiting, wait, pace): (f64, f64, f64),
) -> bool {
    let is_backlog = this.waiting && this.done.is_none() && all_work(seen, this.busy);
    let new = Backlog { since: seen.now, jobs: waiting };
    let before = next.backlog.filter(|before| waiting >= STAYS_ABOVE * before.jobs);
    next.backlog = is_backlog.then(|| before.unwrap_or(new));
    let lasting = next.backlog.map_or(0.0, |backlog| seconds(since(backlog.since, seen.now)));
    let is_long = lasting >= STAYS_FOR * (seen.acceptable + 1.0 / pace);
    is_backlog && is_long && wait >= BACKLOG_SHARE * seen.acceptable
}

/// How long jobs have waited longer than acceptable.
pub(crate) fn lasted(next: &WaitMemory, seen: &WaitInputs) -> SignedDuration {
    next.late_since.map_or(SignedDuration::ZERO, |at| since(at, seen.now))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    /// An evaluation at which jobs waited and so many places were busy.
    fn works(busy: f64) -> Last {
        Last {
            at: Timestamp::UNIX_EPOCH,
            jobs: 0.0,
            busy,
            waiting: true,
            running: 40,
            done: None,
            unsettled: false,
            growing: false,
        }
    }

    /// What forty tasks that start within 90 s ask for, so many seconds after jobs waited too long for the first time.
    fn asked(after: i64, change: impl FnOnce(&mut WaitInputs)) -> u32 {
        let mut next = WaitMemory::default();
        let first = WaitInputs::of_tasks(40, 40);
        assert_eq!(grown(&mut next, &first, 61.0, 90.0), 0, "one evaluation alone proves nothing");
        let mut seen = first.after(after);
        change(&mut seen);
        grown(&mut next, &seen, 61.0, 90.0)
    }

    #[test]
    fn jobs_that_stay_late_ask_for_a_quarter_more_per_start_up_time_and_never_for_a_jump() {
        for (after, expected) in [(0, 0), (1, 41), (15, 42), (45, 45), (89, 50), (90, 50), (900, 50)] {
            assert_eq!(asked(after, |_| ()), expected, "after {after} s");
        }
    }

    #[test]
    fn a_single_task_grows_too() {
        assert_eq!(asked(15, |seen| (seen.desired, seen.running) = (1, 1)), 2);
    }

    #[test]
    fn what_is_still_to_come_is_waited_for_no_longer_than_a_start() {
        for (ago, running, expected) in [(90, 39, 0), (91, 39, 50), (15, 40, 50)] {
            let asked = asked(900, |seen| {
                seen.running = running;
                seen.changed_at = Some(seen.now - SignedDuration::from_secs(ago));
            });
            assert_eq!(asked, expected, "ordered {ago} s ago, {running} of 40 run");
        }
    }

    /// Forty tasks of two places each are asked for.
    #[test]
    fn a_growing_queue_asks_for_one_task_more_when_all_run_and_half_of_the_places_are_busy() {
        for (busy, running, expected) in
            [(80.0, 40, 41), (82.0, 41, 41), (78.0, 39, 0), (40.0, 40, 41), (39.0, 40, 0)]
        {
            let last = Last { growing: true, ..works(busy) };
            let mut next = WaitMemory { last: Some(last), ..WaitMemory::default() };
            let asked = one_more(&mut next, &WaitInputs::of_tasks(40, running), &last, (90.0, 1.0, 1.0));
            assert_eq!(asked, expected, "{running} run, {busy} busy");
        }
    }

    /// Forty tasks of two jobs each, `wait: 60s`, and jobs that take a second: a backlog stays once it has lasted 122 s.
    #[test]
    fn a_backlog_stays_when_every_task_works_and_it_hardly_becomes_shorter() {
        for (what, second, jobs, after, wait, expected) in [
            ("it stays", works(80.0), 500.0, 122, 6.0, true),
            ("it grows", works(80.0), 900.0, 122, 6.0, true),
            ("not long enough", works(80.0), 500.0, 121, 6.0, false),
            ("it is hardly shorter", works(80.0), 450.0, 122, 6.0, true),
            ("it is being worked off", works(80.0), 449.0, 122, 6.0, false),
            ("it is no backlog by the pace that is believed", works(80.0), 500.0, 122, 5.9, false),
            ("few places work", works(39.0), 500.0, 122, 6.0, false),
            ("nothing waits", Last { waiting: false, ..works(80.0) }, 500.0, 122, 6.0, false),
            ("the queue counts its jobs", Last { done: Some(7), ..works(80.0) }, 500.0, 122, 6.0, false),
        ] {
            let mut next = WaitMemory::default();
            let first = WaitInputs::of_tasks(40, 40);
            assert!(!stays(&mut next, &first, &works(80.0), (500.0, 6.0, 1.0)), "{what}");
            assert_eq!(stays(&mut next, &first.after(after), &second, (jobs, wait, 1.0)), expected, "{what}");
        }
    }

    /// While tasks start a backlog may well be worked off once they run: it begins anew when all do.
    #[test]
    fn a_backlog_begins_anew_while_tasks_start() {
        let mut next = WaitMemory::default();
        let (some, all) = (WaitInputs::of_tasks(40, 39), WaitInputs::of_tasks(40, 40));
        for (seen, expected) in [
            (all, false),
            (some.after(100), false),
            (all.after(200), false),
            (all.after(321), false),
            (all.after(322), true),
        ] {
            assert_eq!(stays(&mut next, &seen, &works(80.0), (500.0, 6.0, 1.0)), expected, "{:?}", seen.now);
        }
    }

    #[test]
    fn jobs_that_wait_just_as_long_as_acceptable_are_not_late() {
        let mut next = WaitMemory::default();
        let seen = WaitInputs::of_tasks(40, 40);
        grown(&mut next, &seen, 60.0, 90.0);
        assert_eq!(next.late_since, None);
        grown(&mut next, &seen, 60.1, 90.0);
        assert_eq!(next.late_since, Some(seen.now));
        // One evaluation in time ends it.
        assert_eq!(grown(&mut next, &seen.after(90), 60.0, 90.0), 0);
        assert_eq!(next.late_since, None);
    }
}
