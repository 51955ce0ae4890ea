//! What the ledger holds is believed only as far as it can be true. Whoever may write the table can put anything there: a
//! time in the future would stop scaling until it has passed, and a size that no service has would be reported.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::memory::ran::{Ran, RunningSpan};
use crate::memory::wait::{
    Backlog, Bursts, FASTEST_PER_SECOND, JobPace, Last, LastRunning, Order, WaitMemory,
};
use crate::memory::{
    AtLimit, ConditionRun, FailedChanges, Head, Intent, LastPoint, Memory, Observed, Overwritten,
    PastRecommendation, ScaleOut, Startup, YoungPoint,
};
use crate::notice::ActiveNotice;
use crate::one_line::one_line;

/// The clocks of two processes differ by so much at most: Lambda's differ by milliseconds, a laptop's by seconds. Less
/// would take a clock that is ahead for a lie; more would be so much longer without scaling.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// The longest condition that a fleet file can have; ids of evaluations are shorter.
const LONGEST_TEXT: usize = 300;

/// A list of ours holds a few dozen entries at most. Of a longer one the newest stay: folding 66,000 entries of one list takes
/// longer than the function may run, and would end each evaluation before it writes.
const LONGEST_LIST: usize = 64;
/// What is remembered by name: of metrics, and of conditions that must last.
const MOST_NAMES: usize = 256;

/// CloudWatch's longest period is a day.
const LONGEST_PERIOD_SECONDS: i64 = 86_400;

/// More jobs than all tasks of a service run at a time.
const MOST_JOBS: f64 = 1e7;

impl Memory {
    /// Takes times of the future for now, and sizes that no service can have for the largest that one can. Every field is
    /// named, so that a new one cannot be forgotten.
    pub fn believe(&mut self, now: Timestamp) {
        self.shorten();
        self.wait.take_if(|wait| !is_plausible(wait));
        self.at_limit.take_if(|it| !(0.0..=MOST_JOBS).contains(&it.busy));
        let Self {
            scale_out,
            changed_at,
            woke_at,
            recommendations,
            surplus_since,
            runs,
            metrics,
            young,
            empty,
            startup,
            ran,
            head,
            at_limit,
            idle_since,
            active_notices,
            intent,
            failure,
            desired_count,
            zeroed: _,
            wait,
            observed,
            overwritten,
        } = self;
        let mut found = TimesAndSizes::default();
        found.times.extend([changed_at, woke_at, surplus_since, idle_since].into_iter().flatten());
        found.sizes.extend(desired_count);
        if let Some(ScaleOut { at, base, others }) = scale_out {
            found.add(at, [base, others]);
        }
        for PastRecommendation { at, tasks } in recommendations {
            found.add(at, [tasks]);
        }
        found.times.extend(runs.values_mut().flat_map(|ConditionRun { since, last }| [since, last]));
        for LastPoint { at, value: _, period } in metrics.values_mut() {
            found.times.push(at);
            *period = (*period).clamp(0, LONGEST_PERIOD_SECONDS);
        }
        found.times.extend(young.values_mut().map(|YoungPoint(at, _)| at).chain(empty.values_mut()));
        if let Some(Startup { since, running, many_after: _ }) = startup {
            found.add(since, [running]);
        }
        for RunningSpan { lasted, least, most } in ran.iter_mut().flat_map(|Ran { at: _, spans }| spans) {
            *lasted = (*lasted).max(0);
            found.sizes.extend([least, most]);
        }
        found.times.extend(of_queue(head.as_mut(), at_limit.as_mut()));
        of_notices(active_notices, &mut found);
        if let Some(Intent { from, to, at, evaluation }) = intent {
            one_line(evaluation, LONGEST_TEXT);
            found.add(at, [from, to]);
        }
        if let Some(FailedChanges { at, count: _, to }) = failure {
            found.add(at, to);
        }
        if let Some(Observed { tasks, at }) = observed {
            found.add(at, [tasks]);
        }
        found.times.extend(overwritten.iter_mut().map(|Overwritten { at, times: _ }| at));
        if let Some(wait) = wait {
            of_wait(wait, &mut found);
        }
        found.believe(now);
    }

    /// Cuts what is longer than a service can make it.
    fn shorten(&mut self) {
        shorten(&mut self.recommendations);
        shorten(&mut self.active_notices);
        if let Some(Ran { at: _, spans }) = &mut self.ran {
            shorten(spans);
        }
        fewer(&mut self.runs);
        fewer(&mut self.metrics);
        fewer(&mut self.young);
        fewer(&mut self.empty);
    }
}

/// Keeps the newest of a list.
fn shorten<T>(list: &mut Vec<T>) {
    list.drain(..list.len().saturating_sub(LONGEST_LIST));
}

/// Keeps as many names as a service can have.
fn fewer<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>) {
    if let Some(first_too_many) = map.keys().nth(MOST_NAMES).cloned() {
        map.split_off(&first_too_many);
    }
}

/// Whether what `wait` remembers can have been measured. A pace beyond all bounds would be believed for days. Answers without an
/// evaluation that gave them are of a version that kept their noise otherwise: the load was believed with another pace.
fn is_plausible(wait: &WaitMemory) -> bool {
    let JobPace { done, busy, places, samples, fastest, .. } = wait.pace;
    let counted = done <= 0.0 || done / busy <= FASTEST_PER_SECOND;
    let answered = places <= 0.0 || samples > 0.0;
    let rates = wait.load.iter().flat_map(|load| load.averages.iter().chain([&load.rate]));
    counted && answered && fastest <= FASTEST_PER_SECOND && rates.into_iter().all(|rate| rate.is_finite())
}

/// What is remembered of the queue.
fn of_queue<'a>(
    head: Option<&'a mut Head>,
    at_limit: Option<&'a mut AtLimit>,
) -> impl Iterator<Item = &'a mut Timestamp> {
    let head = head.map(|Head { print: _, since }| since);
    let at_limit = at_limit.map(|at_limit| &mut at_limit.last);
    head.into_iter().chain(at_limit)
}

/// The conditions that operators were notified of.
fn of_notices<'a>(active_notices: &'a mut [ActiveNotice], found: &mut TimesAndSizes<'a>) {
    for active in active_notices {
        let ActiveNotice { kind: _, condition, since, evaluations: _, notified: _, ended: _ } = active;
        found.times.push(since);
        if let Some(text) = condition {
            one_line(text, LONGEST_TEXT);
        }
    }
}

/// What `wait` remembers. How fast jobs are done and how many arrive are measured anew at every evaluation.
fn of_wait<'a>(wait: &'a mut WaitMemory, found: &mut TimesAndSizes<'a>) {
    let WaitMemory {
        last,
        pace: _,
        load: _,
        lasting: _,
        last_running,
        orders,
        starts,
        late_since,
        backlog,
        recommendations,
        bursts,
    } = wait;
    shorten(orders);
    shorten(starts);
    shorten(recommendations);
    if let Some(bursts) = bursts {
        shorten(&mut bursts.gaps);
        shorten(&mut bursts.sizes);
    }
    if let Some(Last { at, jobs: _, busy: _, waiting: _, running, done: _, unsettled: _, growing: _ }) = last
    {
        found.add(at, [running]);
    }
    if let Some(LastRunning { at, running }) = last_running {
        found.add(at, [running]);
    }
    for Order { at, tasks } in orders {
        found.add(at, [tasks]);
    }
    found.times.extend(late_since);
    found.times.extend(backlog.iter_mut().map(|Backlog { since, jobs: _ }| since));
    found.sizes.extend(recommendations);
    found.times.extend(bursts.iter_mut().map(|Bursts { at, gaps: _, sizes: _ }| at));
}

/// The times and sizes of a memory.
#[derive(Default)]
struct TimesAndSizes<'a> {
    times: Vec<&'a mut Timestamp>,
    sizes: Vec<&'a mut u32>,
}

impl<'a> TimesAndSizes<'a> {
    fn add(&mut self, time: &'a mut Timestamp, sizes: impl IntoIterator<Item = &'a mut u32>) {
        self.times.push(time);
        self.sizes.extend(sizes);
    }

    fn believe(self, now: Timestamp) {
        let latest = now.saturating_add(CLOCKS_DIFFER).unwrap_or(now);
        self.times.into_iter().filter(|time| **time > latest).for_each(|time| *time = now);
        for size in self.sizes {
            *size = (*size).min(Capacity::LIMIT);
        }
    }
}
