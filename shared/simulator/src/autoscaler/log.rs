//! What production decided and why, evaluation by evaluation, in bounded memory.

use tidegate_policy::{Reason, Verdict};

use crate::evaluation::AutoscalerInput;
use crate::number::{jobs, place};

/// The first width of a cell, when there are too many decisions to keep each: a minute.
const CELL_SECONDS: f64 = 60.0;

/// A decision of production, or several that were folded into one.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedDecision {
    /// When, in seconds since the load began; of folded decisions the time of the largest change.
    pub seconds: f64,
    /// The time of the last evaluation that it stands for, in seconds; `seconds` if it stands for itself.
    pub until_seconds: f64,
    /// How many evaluations it stands for, itself included.
    pub evaluations: u64,
    /// How many of those evaluations changed the number of tasks.
    pub changes: u64,
    /// What was decided; of folded decisions the largest change.
    pub verdict: Verdict,
    /// Its reasons, as the policy gave them.
    pub reasons: Vec<Reason>,
    /// Jobs that waited; `None` if the queue could not be read.
    pub waiting: Option<u64>,
    /// Jobs in flight; `None` if the queue could not be read.
    pub in_flight: Option<u64>,
}

/// The decisions of a run in order of time.
///
/// Every change is one decision, and so is every row of evaluations that hold for the same reasons. When these are more
/// than the limit, holds are counted with the change before them; and when that is not enough, time is cut into cells
/// of equal width, of which each keeps its largest change and counts the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    limit: usize,
    holds: bool,
    cell_seconds: Option<f64>,
    decisions: Vec<LoggedDecision>,
}

impl Log {
    /// A log of at most that many decisions, and of one at least.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), holds: true, cell_seconds: None, decisions: Vec::new() }
    }

    /// What is kept, in order of time.
    #[must_use]
    pub fn decisions(&self) -> &[LoggedDecision] {
        &self.decisions
    }

    /// The time that one decision stands for, in seconds; `None` while every one is kept.
    #[must_use]
    pub fn cell_seconds(&self) -> Option<f64> {
        self.cell_seconds
    }

    /// Remembers a decision that was carried out.
    pub(super) fn add(&mut self, decided: LoggedDecision) {
        self.fold(decided);
        while self.decisions.len() > self.limit {
            if self.holds {
                self.holds = false;
            } else {
                self.cell_seconds = Some(self.cell_seconds.map_or(CELL_SECONDS, |width| 2.0 * width));
            }
            for decided in std::mem::take(&mut self.decisions) {
                self.fold(decided);
            }
        }
    }

    /// Puts a decision behind the others, or into the last of them.
    fn fold(&mut self, decided: LoggedDecision) {
        let Some(last) = self.decisions.last_mut() else { return self.decisions.push(decided) };
        let share_a_cell = self.cell_seconds.is_some_and(|width| last.shares_a_cell(&decided, width));
        if last.repeats(&decided) || (!self.holds && decided.changes == 0) {
            last.count(&decided);
        } else if share_a_cell && decided.size() > last.size() {
            let smaller = std::mem::replace(last, decided);
            last.count(&smaller);
        } else if share_a_cell {
            last.count(&decided);
        } else {
            self.decisions.push(decided);
        }
    }
}

impl LoggedDecision {
    /// One evaluation's decision.
    pub(super) fn new(seen: &AutoscalerInput<'_>, verdict: Verdict, reasons: Vec<Reason>) -> Self {
        Self {
            seconds: seen.seconds,
            until_seconds: seen.seconds,
            evaluations: 1,
            changes: u64::from(verdict.as_change().is_some()),
            verdict,
            reasons,
            waiting: seen.queue.map(|queue| jobs(queue.waiting)),
            in_flight: seen.queue.map(|queue| jobs(queue.in_flight)),
        }
    }

    /// Tasks added or removed.
    fn size(&self) -> u32 {
        self.verdict.as_change().map_or(0, |(from, to)| from.abs_diff(to))
    }

    /// Both hold, for the same reasons.
    fn repeats(&self, next: &Self) -> bool {
        let codes = |decided: &Self| decided.reasons.iter().map(Reason::code).collect::<Vec<_>>();
        self.changes == 0 && next.changes == 0 && codes(self) == codes(next)
    }

    fn shares_a_cell(&self, next: &Self, width: f64) -> bool {
        place(self.seconds / width) == place(next.seconds / width)
    }

    /// Stands for the evaluations of another one, too.
    fn count(&mut self, other: &Self) {
        self.evaluations += other.evaluations;
        self.changes += other.changes;
        self.until_seconds = self.until_seconds.max(other.until_seconds);
    }
}

#[cfg(test)]
mod tests {
    use tidegate_policy::{Reason, Verdict};

    use super::*;

    fn decided(seconds: f64, verdict: Verdict, reason: Reason) -> LoggedDecision {
        let seen = AutoscalerInput { seconds, queue: None, minutes: &[], ready: 1, total: 1, rollout: false };
        LoggedDecision::new(&seen, verdict, vec![reason])
    }

    fn change(seconds: f64, from: u32, to: u32) -> LoggedDecision {
        decided(seconds, Verdict::ScaleOut { from, to }, Reason::NothingMatches)
    }

    #[test]
    fn evaluations_that_hold_for_the_same_reasons_are_one_decision() {
        let mut log = Log::new(10);
        let hold = Verdict::Hold { at: Some(1) };
        for step in 0..4 {
            log.add(decided(f64::from(step) * 15.0, hold, Reason::NothingMatches));
        }
        log.add(change(60.0, 1, 2));
        log.add(decided(75.0, hold, Reason::NothingMatches));
        log.add(decided(90.0, hold, Reason::Rollout));
        let told: Vec<_> = log
            .decisions()
            .iter()
            .map(|it| (it.seconds, it.until_seconds, it.evaluations, it.changes))
            .collect();
        assert_eq!(told, [(0.0, 45.0, 4, 0), (60.0, 60.0, 1, 1), (75.0, 75.0, 1, 0), (90.0, 90.0, 1, 0)]);
        assert_eq!(log.cell_seconds(), None);
    }

    #[test]
    fn a_full_log_counts_holds_first() {
        let mut log = Log::new(4);
        for step in 0..4_u32 {
            log.add(change(f64::from(2 * step), 1, 2));
            log.add(decided(f64::from(2 * step + 1), Verdict::Hold { at: Some(2) }, Reason::Rollout));
        }
        let told: Vec<_> =
            log.decisions().iter().map(|it| (it.seconds, it.until_seconds, it.evaluations)).collect();
        assert_eq!(told, [(0.0, 1.0, 2), (2.0, 3.0, 2), (4.0, 5.0, 2), (6.0, 7.0, 2)]);
        assert_eq!(log.cell_seconds(), None);
    }

    #[test]
    fn a_full_log_keeps_the_largest_change_of_each_cell_and_counts_the_others() {
        let mut log = Log::new(100);
        for step in 0..5_000_u32 {
            let size = if step == 2_345 { 9 } else { 1 };
            log.add(change(f64::from(step) * 15.0, 1, 1 + size));
        }
        let kept = log.decisions();
        let width = log.cell_seconds().expect("cells");
        assert!((50..=100).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.iter().map(|it| it.changes).sum::<u64>(), 5_000);
        assert_eq!(
            kept.iter().filter(|it| it.size() == 9).map(|it| it.seconds).collect::<Vec<_>>(),
            [2_345.0 * 15.0]
        );
        let cells: Vec<usize> = kept.iter().map(|it| place(it.seconds / width)).collect();
        assert!(
            cells.iter().zip(cells.iter().skip(1)).all(|(one, next)| one < next),
            "one a cell: {cells:?}"
        );
    }
}
