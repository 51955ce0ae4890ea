//! How many tasks ran over which time. An average over tasks speaks of those that ran while it was measured, and not of
//! those that run when it is read, minutes later.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A task enters an average, and leaves it, within this time: ECS sends what a task uses every 20 seconds. Half of it is
/// less than one sending; twice of it makes every second step of a service that grows wait for one more datapoint.
///
/// It also bounds what is not known of a change between two evaluations a minute apart: counted so long after the middle
/// of the two, it is never counted before it was seen.
const LAG: SignedDuration = SignedDuration::from_secs(30);

/// So many spans are told apart: one a minute over the three periods of five minutes for which a datapoint may count. A fall and a
/// rise after it take three: it is not known when the fall was. Of more, the two neighbors that together lasted shortest become one, with
/// the fewest and the most of both: a count is then kept for at most a seventh of the remembered time too long, and never forgotten. Half
/// of it would be two fifths of it; twice of it costs each service 170 bytes more of the ledger's item.
const SPANS_MAX: usize = 16;

/// How many tasks ran lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, Vec<RunningSpan>)", into = "(i64, Vec<RunningSpan>)")]
pub struct Ran {
    /// The last evaluation that saw them, in seconds since the epoch.
    pub at: i64,
    /// How many ran for how long until then, oldest first. Before the first nothing else is known to have run, and the last
    /// still run.
    pub spans: Vec<RunningSpan>,
}

impl From<(i64, Vec<RunningSpan>)> for Ran {
    fn from((at, spans): (i64, Vec<RunningSpan>)) -> Self {
        Self { at, spans }
    }
}

impl From<Ran> for (i64, Vec<RunningSpan>) {
    fn from(Ran { at, spans }: Ran) -> Self {
        (at, spans)
    }
}

/// A time over which the number of running tasks did not change, or is not known better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredSpan", into = "StoredSpan")]
pub struct RunningSpan {
    /// For how many seconds.
    pub lasted: i64,
    /// The fewest that ran. Beyond the desired count none is counted: more run only while a deployment replaces them, or
    /// while they stop.
    pub least: u32,
    /// The most that ran.
    pub most: u32,
}

/// A span as the ledger keeps it: nearly always so many ran, neither fewer nor more.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredSpan {
    Exactly(i64, u32),
    Between(i64, u32, u32),
}

impl From<StoredSpan> for RunningSpan {
    fn from(written: StoredSpan) -> Self {
        match written {
            StoredSpan::Exactly(lasted, running) => Self { lasted, least: running, most: running },
            StoredSpan::Between(lasted, least, most) => Self { lasted, least, most },
        }
    }
}

impl From<RunningSpan> for StoredSpan {
    fn from(RunningSpan { lasted, least, most }: RunningSpan) -> Self {
        if least == most { Self::Exactly(lasted, least) } else { Self::Between(lasted, least, most) }
    }
}

/// A span with its place in time, in seconds since the epoch.
#[derive(Debug, Clone, Copy)]
struct Placed {
    begin: i64,
    end: i64,
    least: u32,
    most: u32,
}

impl Placed {
    /// Its tasks may be in what is measured at a moment.
    fn is_measured(self, moment: i64, lag: i64) -> bool {
        self.begin <= moment && moment < self.end.saturating_add(lag)
    }
}

impl Ran {
    /// Adds what one evaluation saw to what is known, and forgets what can be in no measurement that began within `keep`.
    pub(crate) fn follow(
        before: Option<&Self>,
        (least, most): (u32, u32),
        keep: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let at = now.as_second();
        let gap = before.map_or(0, |before| at.saturating_sub(before.at).max(0));
        let mut spans = before.map_or_else(Vec::new, |before| before.spans.clone());
        let seen = RunningSpan { lasted: 0, least, most };
        match spans.last_mut() {
            None => spans.push(seen),
            Some(newest) if (newest.least, newest.most) == (least, most) => {
                newest.lasted = newest.lasted.saturating_add(gap);
            }
            Some(newest) => {
                let after = gap.checked_div(2).unwrap_or(0).min(LAG.as_secs());
                // Tasks that are gone may have gone right after the evaluation before.
                let before = if least < newest.least { 0 } else { after };
                let lasted = gap.saturating_sub(after).saturating_sub(before);
                let (fewest, greatest) = (newest.least.min(least), newest.most.max(most));
                let either = RunningSpan { lasted, least: fewest, most: greatest };
                newest.lasted = newest.lasted.saturating_add(before);
                if lasted > 1 {
                    spans.push(either);
                } else {
                    newest.lasted = newest.lasted.saturating_add(lasted);
                }
                spans.push(RunningSpan { lasted: after, ..seen });
            }
        }
        forget(&mut spans, keep.saturating_add(LAG).as_secs());
        fold(&mut spans);
        Self { at, spans }
    }

    /// The fewest and the most tasks that a value was measured over: the mean of those that ran over its time. A task may
    /// take so much longer than usual to enter the measurement (`warmup`).
    pub(crate) fn over(&self, from: Timestamp, until: Timestamp, warmup: SignedDuration) -> (f64, f64) {
        let (from, until) = (from.as_second(), until.as_second());
        let lag = LAG.saturating_add(warmup.max(SignedDuration::ZERO)).as_secs();
        let placed: Vec<Placed> = self.placed().filter(|it| it.begin <= until).collect();
        let at = |moment: i64| {
            let measured = || placed.iter().filter(|it| it.is_measured(moment, lag));
            let least = measured().map(|it| it.least).min().unwrap_or(0);
            (i64::from(least), i64::from(measured().map(|it| it.most).max().unwrap_or(0)))
        };
        let changes = placed.iter().flat_map(|it| [it.begin, it.begin.saturating_add(lag)]);
        let mut moments: Vec<i64> = changes.filter(|it| (from..until).contains(it)).collect();
        moments.extend([from, until]);
        moments.sort_unstable();
        let (mut least, mut most) = (0_i64, 0_i64);
        for (begin, end) in moments.iter().zip(moments.iter().skip(1)) {
            let (lasted, (fewest, greatest)) = (end.saturating_sub(*begin), at(*begin));
            least = least.saturating_add(lasted.saturating_mul(fewest));
            most = most.saturating_add(lasted.saturating_mul(greatest));
        }
        let lasted = until.saturating_sub(from);
        let (least, most, lasted) =
            if lasted > 0 { (least, most, lasted) } else { (at(until).0, at(until).1, 1) };
        (mean(least, lasted), mean(most, lasted))
    }

    /// Until when what was added last is not in the metrics (`DefaultInstanceWarmup`). A task that takes the place of one
    /// that stopped a moment ago adds nothing: what counts is when so many as now first ran within two warm-ups.
    pub(crate) fn warming(&self, warmup: SignedDuration, now: Timestamp) -> Option<Timestamp> {
        let (warmup, now) = (warmup.as_secs(), now.as_second());
        let running = self.spans.last()?.least;
        let lately = now.saturating_sub(warmup.saturating_mul(2));
        let mut reached = i64::MIN;
        for it in self.placed().filter(|it| it.end > lately && it.most >= running) {
            // Newest first: the oldest decides.
            reached = if it.least >= running { it.begin } else { it.end };
        }
        let until = reached.saturating_add(LAG.as_secs()).saturating_add(warmup);
        Timestamp::from_second(until).ok().filter(|_| now < until)
    }

    /// The spans, newest first.
    fn placed(&self) -> impl Iterator<Item = Placed> {
        let (mut begins, mut ends) = (self.at, i64::MAX);
        self.spans.iter().enumerate().rev().map(move |(index, span)| {
            begins = begins.saturating_sub(span.lasted);
            let begin = if index == 0 { i64::MIN } else { begins };
            let placed = Placed { begin, end: ends, least: span.least, most: span.most };
            ends = begins;
            placed
        })
    }
}

/// Drops the spans before the one in which the remembered time begins.
fn forget(spans: &mut Vec<RunningSpan>, keep: i64) {
    let mut lasted = 0_i64;
    let newer = spans.iter().rev().take_while(|span| {
        let needed = lasted < keep;
        lasted = lasted.saturating_add(span.lasted);
        needed
    });
    let kept = newer.count().max(1);
    spans.drain(..spans.len().saturating_sub(kept));
    if let Some(first) = spans.first_mut() {
        first.lasted = first.lasted.min(keep);
    }
}

/// Makes one of the two neighbors that together lasted shortest, until there are few enough. The last stays: it goes on.
fn fold(spans: &mut Vec<RunningSpan>) {
    while spans.len() > SPANS_MAX {
        let ended = spans.iter().take(spans.len().saturating_sub(1));
        let pairs =
            ended.clone().zip(ended.skip(1)).map(|(one, next)| one.lasted.saturating_add(next.lasted));
        let Some((shortest, _)) = pairs.enumerate().min_by_key(|(_, lasted)| *lasted) else { return };
        let one = spans.remove(shortest);
        if let Some(next) = spans.get_mut(shortest) {
            let lasted = one.lasted.saturating_add(next.lasted);
            *next = RunningSpan { lasted, least: one.least.min(next.least), most: one.most.max(next.most) };
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "tasks times seconds of hours: exact")]
fn mean(sum: i64, of: i64) -> f64 {
    sum as f64 / of as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Evaluations, each as the seconds since the one before and the running tasks that it saw.
    type Seen = Vec<(i64, u32)>;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn followed(seen: &Seen, keep: i64) -> Ran {
        let mut now = 0;
        let mut ran = None;
        for (gap, running) in seen {
            now += gap;
            let counts = (*running, *running);
            ran = Some(Ran::follow(ran.as_ref(), counts, SignedDuration::from_secs(keep), at(now)));
        }
        ran.unwrap()
    }

    /// The same second by second, with nothing ever folded or forgotten: the fewest and the most that ran before the first
    /// evaluation, and in each second since.
    fn second_by_second(seen: &Seen) -> Vec<(u32, u32)> {
        let mut last = seen[0].1;
        let mut seconds: Vec<(u32, u32)> = vec![(last, last)];
        for (gap, running) in seen.iter().skip(1) {
            let known = (gap / 2).min(30);
            let before = if *running < last { 0 } else { known };
            for second in 0..*gap {
                let is_old = second < before || (second == before && gap - known - before == 1);
                seconds.push(if *running == last || is_old {
                    (last, last)
                } else if second >= gap - known {
                    (*running, *running)
                } else {
                    (last.min(*running), last.max(*running))
                });
            }
            last = *running;
        }
        seconds
    }

    /// The mean over a time of the fewest, and of the most, that ran in the 30 seconds before each second of it.
    fn plain(seconds: &[(u32, u32)], from: i64, until: i64) -> (f64, f64) {
        let of = |second: i64| seconds[usize::try_from((second + 1).max(0)).unwrap().min(seconds.len() - 1)];
        let lately = |second: i64| (second - 30..=second).map(of);
        let least: u32 = (from..until).map(|second| lately(second).map(|it| it.0).min().unwrap()).sum();
        let most: u32 = (from..until).map(|second| lately(second).map(|it| it.1).max().unwrap()).sum();
        #[expect(clippy::cast_precision_loss, reason = "minutes")]
        let lasted = (until - from) as f64;
        (f64::from(least) / lasted, f64::from(most) / lasted)
    }

    fn over(ran: &Ran, from: i64, until: i64) -> (f64, f64) {
        ran.over(at(from), at(until), SignedDuration::ZERO)
    }

    fn seen(changes: std::ops::Range<usize>) -> impl Strategy<Value = Seen> {
        proptest::collection::vec((1..200_i64, 0..12_u32), changes).prop_map(|mut seen| {
            seen[0].0 = 0;
            seen
        })
    }

    proptest! {
        /// So few changes are remembered one by one: each makes at most two spans.
        #[test]
        fn few_changes_are_told_apart_exactly(seen in seen(2..8), age in 0..900_i64, period in 1..600_i64) {
            let seconds = second_by_second(&seen);
            let until = i64::try_from(seconds.len() - 1).unwrap() - age;
            let (ran, model) = (followed(&seen, 10_000), plain(&seconds, until - period, until));
            let ours = over(&ran, until - period, until);
            prop_assert!((ours.0 - model.0).abs() < 1e-9 && (ours.1 - model.1).abs() < 1e-9, "{ours:?} {model:?} {ran:?}");
        }

        /// Of many changes the fewest are never too many and the most never too few, and what is folded is kept for at
        /// most a seventh of the remembered time too long.
        #[test]
        fn many_changes_are_folded_on_the_safe_side_and_within_a_seventh(
            seen in seen(20..150),
            age in 0..500_i64,
            period in 1..300_i64,
        ) {
            const KEEP: i64 = 1_080;
            let seconds = second_by_second(&seen);
            let until = i64::try_from(seconds.len() - 1).unwrap() - age;
            let from = until - period;
            let ran = followed(&seen, KEEP);
            prop_assert!(ran.spans.len() <= SPANS_MAX);
            let (ours, model) = (over(&ran, from, until), plain(&seconds, from, until));
            prop_assert!(ours.0 <= model.0 + 1e-9 && ours.1 >= model.1 - 1e-9, "{ours:?} {model:?} {ran:?}");
            let near = |second: i64| plain(&seconds, second.max(0), second.max(0) + 1);
            let around = (from - KEEP / 7 - 1)..(until + KEEP / 7 + 1);
            let fewest = around.clone().map(|second| near(second).0).fold(f64::INFINITY, f64::min);
            let greatest = around.map(|second| near(second).1).fold(0.0, f64::max);
            prop_assert!(ours.0 >= fewest - 1e-9 && ours.1 <= greatest + 1e-9, "{ours:?} {fewest} {greatest} {ran:?}");
        }

        /// What was asked for is in no measurement before an evaluation saw it run, and what stops is in it until one saw it
        /// gone: a task that is counted too early would be ordered twice.
        #[test]
        fn nothing_counts_as_risen_or_fallen_before_it_was_seen(
            gaps in proptest::collection::vec(1..400_i64, 2..12),
            period in 1..300_i64,
        ) {
            let rising: Seen = gaps.iter().zip(5_u32..).map(|(gap, running)| (*gap, running)).collect();
            let falling: Seen = gaps.iter().zip(5_u32..).map(|(gap, running)| (*gap, 40 - running)).collect();
            let seen_then = |seen: &Seen, second: i64| {
                let mut then = 0;
                let known = seen.iter().take_while(|(gap, _)| { then += gap; then <= second });
                known.last().unwrap_or(&seen[0]).1
            };
            let now: i64 = gaps.iter().sum();
            for from in (0..now).step_by(17) {
                let until = from + period;
                let mean = |seen: &Seen| {
                    let sum: u32 = (from..until).map(|second| seen_then(seen, second)).sum();
                    f64::from(sum) / f64::from(i32::try_from(period).unwrap())
                };
                prop_assert!(over(&followed(&rising, 10_000), from, until).0 <= mean(&rising) + 1e-9);
                prop_assert!(over(&followed(&falling, 10_000), from, until).1 >= mean(&falling) - 1e-9);
            }
        }
    }

    /// A warm-up of five minutes. So many seconds after each evaluation saw so many, when does the warming end?
    #[track_caller]
    fn check(seen: &[(i64, u32)], expected: Option<i64>) {
        let ran = followed(&seen.to_vec(), 1_500);
        let until = ran.warming(SignedDuration::from_mins(5), at(ran.at));
        assert_eq!(until.map(Timestamp::as_second), expected, "{seen:?}");
    }

    #[test]
    fn what_was_added_warms_up_and_what_takes_the_place_of_another_does_not() {
        check(&[(0, 5)], None);
        check(&[(0, 5), (60, 9)], Some(360));
        check(&[(0, 5), (60, 9), (299, 9)], Some(360));
        check(&[(0, 5), (60, 9), (300, 9)], None);
        check(&[(0, 9), (60, 5)], None);
        // One of nine is replaced again and again.
        check(&[(0, 9), (1_000, 9), (60, 8), (60, 9)], None);
        check(
            &[(0, 9), (1_000, 9), (60, 8), (60, 9), (60, 8), (60, 9), (60, 8), (60, 9), (60, 8), (60, 9)],
            None,
        );
        // Four were added, and one of the nine is replaced meanwhile.
        check(&[(0, 5), (60, 9), (60, 8), (60, 9)], Some(360));
        // One that was missing for longer than a warm-up is a new one.
        check(&[(0, 9), (1_000, 8), (700, 9)], Some(2_000));
        // It stopped two warm-ups ago, or a second less.
        check(&[(0, 9), (1_000, 9), (60, 8), (569, 9)], None);
        check(&[(0, 9), (1_000, 9), (60, 8), (570, 9)], Some(1_930));
    }

    #[test]
    fn a_moment_is_measured_over_those_that_ran_then() {
        assert_eq!(over(&followed(&vec![(0, 5), (600, 5)], 1_080), 300, 300), (5.0, 5.0));
    }

    #[test]
    fn what_stays_as_it_is_takes_one_span_and_sixteen_are_told_apart() {
        let spans = |changes: u32, keep: i64| {
            let seen: Seen = (0..=changes).map(|change| (60, change % 2)).collect();
            followed(&seen, keep).spans.len()
        };
        assert_eq!(followed(&vec![(60, 5); 100], 1_080).spans.len(), 1);
        assert_eq!([9, 10, 11, 100].map(|changes| spans(changes, 10_000)), [14, 16, 16, 16]);
        // Those that ended a minute and a half ago are forgotten, where a minute is kept.
        assert_eq!([59, 60, 61].map(|keep| spans(9, keep)), [2, 2, 3]);
    }
}
