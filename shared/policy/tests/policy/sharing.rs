//! Several services that guard the same database.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use proptest::prelude::*;
use tidegate_policy::Verdict;

use crate::connections::{METRIC, guard, shown, stage};
use crate::stage::{Stage, rule};

/// A service that shares the database, with the tasks that it was given and when: tasks run so many minutes later.
struct Sharer {
    stage: Stage,
    per_task: u32,
    given: Vec<(i64, u32)>,
}

impl Sharer {
    fn new(max: u32, per_task: u32, declared: bool, step: u32, sharers: u32) -> Self {
        let stage = stage().with(|stage| {
            stage.policy.rules = vec![rule(&format!("waiting > 500: +{step}"))];
            stage.policy.cooldown.scale_out = SignedDuration::ZERO;
            guard(stage).max_connections = NonZeroU32::new(max);
            guard(stage).per_task = declared.then_some(per_task).and_then(NonZeroU32::new);
            guard(stage).sharers = NonZeroU32::new(sharers).unwrap_or(NonZeroU32::MIN);
        });
        Self { stage, per_task, given: vec![(0, 5)] }
    }

    fn runs(&self, minute: i64, start: i64) -> u32 {
        let given = self.given.iter().rev().find(|(at, _)| *at <= minute - start);
        given.map_or(5, |(_, tasks)| *tasks)
    }

    fn evaluate(&mut self, minute: i64, start: i64, wants: bool, points: &[(i64, f64)]) {
        let runs = self.runs(minute, start);
        self.stage.service().running_count = runs;
        self.stage.service().pending_count = self.stage.service().desired_count - runs;
        let mut stage = self.stage.clone().waiting(if wants { 5_000 } else { 400 });
        stage.at(minute * 60);
        if let Verdict::ScaleOut { to, .. } = stage.answer(METRIC, points).evaluate().verdict {
            self.given.push((minute, to));
        }
        self.stage = stage;
    }
}

proptest! {
    /// Each wants more at times, whatever the others do; tasks take minutes to start, and metrics are minutes old. What all of them
    /// hold together is never above 85% of the connections, or above what there was.
    #[test]
    fn together_they_never_hold_more_than_the_share(
        services in prop::collection::vec((1_u32..=20, any::<bool>(), 1_u32..=40, any::<u64>()), 2..5),
        max in 200_u32..=2_000,
        start in 1_i64..=6,
        others in 0_u32..=30,
    ) {
        let count = services.iter().map(|_| 1).sum();
        let wants: Vec<u64> = services.iter().map(|(.., wants)| *wants).collect();
        let mut sharers: Vec<Sharer> = services.iter()
            .map(|(per_task, declared, step, _)| Sharer::new(max, *per_task, *declared, *step, count))
            .collect();
        let allowed = f64::from(max) * 0.85;
        let hold = |sharers: &[Sharer], minute| {
            f64::from(others + sharers.iter().map(|it| it.runs(minute, start) * it.per_task).sum::<u32>())
        };
        let mut used = vec![hold(&sharers, 0); 10];
        for minute in 10..50_i64 {
            let in_use = hold(&sharers, minute);
            let before = used.last().copied().unwrap_or(0.0);
            prop_assert!(in_use <= allowed.max(before), "{in_use} of {allowed} after {minute} minutes");
            used.push(in_use);
            let points = shown(&used, minute);
            for (sharer, wants) in sharers.iter_mut().zip(&wants) {
                sharer.evaluate(minute, start, wants >> minute & 1 == 1, &points);
            }
        }
    }
}

/// 170 may be used, 85 by each of two: 8 tasks, whatever the other wants. What it does not take stays free.
#[test]
fn each_has_an_equal_part_whatever_the_others_want() {
    let mut one = Sharer::new(200, 10, true, 40, 2);
    let mut used = vec![50.0; 10];
    let mut tasks = Vec::new();
    for minute in 10..20 {
        used.push(f64::from(one.runs(minute, 1) * 10));
        let points: Vec<(i64, f64)> =
            used.iter().enumerate().map(|(at, value)| (i64::try_from(at).unwrap() * 60, *value)).collect();
        one.evaluate(minute, 1, true, &points[points.len().saturating_sub(10)..]);
        tasks.push(one.stage.service().desired_count);
    }
    assert_eq!(tasks, [8; 10]);
}
