//! `wait` behind every kind of queue, by chance: it settles, costs little, and starves no load.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate_policy::Verdict;

use crate::stage::seconds;
use crate::wait_day::{Day, KINDS, QueueKind, Starving};

/// A burst is met by a hundred tasks that start between two evaluations. What the queue loses then was not done by the
/// few that ran before: divided by these, the pace is dozens of times too fast, and later nothing is ordered for hours.
#[test]
fn tasks_that_start_at_once_starve_no_load() {
    for kind in KINDS {
        let mut day = Day::new(kind, 2.0, 4, 91, 100, 1);
        day.jobs = 2_000.0;
        let (mut starving, mut late) = (Starving::beyond(60.0), 0);
        day.live(
            6 * 3_600,
            |elapsed| if elapsed < 1_800 { 22.8 } else { 40.0 },
            |day, decision| {
                starving.evaluate(day, decision);
                late += i64::from(day.elapsed > 600 && day.head_waits() > 120.0);
            },
        );
        assert!(starving.longest <= 60, "{kind:?}: nothing ordered for {} s", starving.longest);
        assert!(late <= 20, "{kind:?}: at {late} evaluations a job had waited for two minutes");
    }
}

/// At a constant load, by chance alone, the pace must not be learned too fast.
#[test]
fn a_constant_load_by_chance_starves_no_load() {
    for seed in 0..32_u32 {
        let job = [1.0, 2.0, 5.0, 10.0][usize::try_from(seed % 4).unwrap()];
        let concurrency = [1, 2, 4, 8][usize::try_from(seed / 4 % 4).unwrap()];
        let mut day = Day::new(
            QueueKind::Shows,
            job,
            concurrency,
            [60, 90, 120][usize::try_from(seed % 3).unwrap()],
            100,
            seed.into(),
        );
        let rate = day.rate_for(3.5 + f64::from(seed) / 2.0);
        let mut starving = Starving::beyond(60.0);
        day.live(3_600, |_| rate, |_, _| ());
        day.live(11 * 3_600, |_| rate, |day, decision| starving.evaluate(day, decision));
        assert!(starving.longest <= 600, "seed {seed}: nothing ordered for {} s", starving.longest);
    }
}

/// Whatever the queue shows, however long jobs and starts take: six hours later the tasks cost no more than a stated share
/// above the need, and stay in a band around it; but for one load in fifty, for which chance asks once for more. What is left
/// of the way up and down is chance too: jobs of minutes, few at a time, and starts as long as they.
#[test]
fn a_constant_load_settles_behind_every_queue() {
    let (mut ratios, mut cases, mut beyond) = (0.0, 0.0, vec![]);
    for seed in 0..144_u32 {
        let one_of = |list: &[f64], step: u32| list[usize::try_from(seed / step).unwrap() % list.len()];
        let kind = KINDS[usize::try_from(seed % 4).unwrap()];
        let (job, startup) =
            (one_of(&[0.2, 1.0, 5.0, 20.0, 60.0, 300.0], 4), [30, 90, 300][(seed / 24 % 3) as usize]);
        let (concurrency, max) =
            ([1, 2, 4, 16][(seed % 7 % 4) as usize], [10_u32, 30, 100][(seed % 5 % 3) as usize]);
        let need = f64::from(max) * one_of(&[0.17, 0.3, 0.55], 1);
        let mut day = Day::new(kind, job, concurrency, startup, max, seed.into());
        let rate = day.rate_for(need);
        day.live(6 * 3_600, |_| rate, |_, _| ());
        let (mut most, mut sum, mut evaluations) = (0, 0.0, 0.0);
        day.live(
            6 * 3_600,
            |_| rate,
            |day, _| {
                most = most.max(day.desired());
                (sum, evaluations) = (sum + f64::from(day.desired()), evaluations + 1.0);
            },
        );
        let mean = sum / evaluations;
        let (band, share) = if startup <= 90 { (8.0, 6.0) } else { (35.0, 8.0) };
        let what = format!(
            "{kind:?}, jobs of {job} s, {concurrency} a task, {startup} s to start, {need:.1} of {max} needed"
        );
        assert!(mean <= 1.25 * need + share, "{what}: {mean:.1} in the mean");
        if f64::from(most) > 2.0 * need + band {
            beyond.push(format!("{what}: up to {most}"));
        }
        (ratios, cases) = (ratios + mean / need, cases + 1.0);
    }
    assert!(beyond.len() <= 2, "{beyond:#?}");
    assert!(ratios / cases <= 1.25, "{} times the need in the mean of all", ratios / cases);
}

/// A hidden queue is left by many tasks at once when nothing waits and the window of stabilization ends. They did nothing:
/// the first jobs that wait after it must not be taken for the work of all of them.
#[test]
fn behind_a_hidden_queue_tasks_that_left_idle_order_no_multiple_of_the_need() {
    for seed in 0..60_u32 {
        let kind = if seed < 30 { QueueKind::Reserves } else { QueueKind::Hides };
        let seed = seed % 30;
        let need = [2.9, 6.0, 12.0][usize::try_from(seed % 3).unwrap()];
        let mut day = Day::new(kind, 0.2, 1, 90, 400, seed.into());
        day.stage.policy.stabilization = seconds(300);
        let rate = day.rate_for(need);
        day.live(7_200, |_| rate, |_, _| ());
        let mut most = 0;
        day.live(6 * 3_600, |_| rate, |day, _| most = most.max(day.desired()));
        assert!(f64::from(most) <= 2.0 * need + 8.0, "{kind:?}, seed {seed}: {most} for the work of {need}");
    }
}

/// After a release jobs take three times as long: whatever the queue shows, more is ordered for those that wait too long.
#[test]
fn jobs_that_become_three_times_slower_starve_no_load() {
    for dice in 0..160_u32 {
        let one_of = |list: &[f64], step: u32| list[usize::try_from(dice / step).unwrap() % list.len()];
        let kind = KINDS[usize::try_from(dice % 4).unwrap()];
        let (job, tasks) = (one_of(&[0.2, 1.0, 5.0, 20.0, 60.0], 4), one_of(&[3.0, 6.0, 12.0], 7));
        let concurrency = [1, 2, 4, 16][(dice % 11 % 4) as usize];
        let startup = [30, 90, 300][(dice / 24 % 3) as usize];
        let mut day = Day::new(kind, job, concurrency, startup, 200, dice.into());
        let rate = day.rate_for(tasks);
        day.live(7_200, |_| rate, |_, _| ());
        day.job_seconds *= 3.0;
        let mut starving = Starving::beyond(90.0);
        day.live(4 * 3_600, |_| rate, |day, decision| starving.evaluate(day, decision));
        let what = format!("{kind:?}, jobs of {job} s, {concurrency} a task, {startup} s to start");
        assert!(starving.longest <= 300, "{what}: {starving:?}");
    }
}

/// How long a load starves in four hours, and at how many evaluations a job had waited for two minutes.
fn four_hours(day: &mut Day, rate: f64) -> (Starving, u32) {
    let (mut starving, mut late) = (Starving::beyond(90.0), 0);
    day.live(
        4 * 3_600,
        |_| rate,
        |day, decision| {
            starving.evaluate(day, decision);
            late += u32::from(day.head_waits() > 120.0);
        },
    );
    (starving, late)
}

/// Twenty thousand jobs come at once, and are purged within two minutes or end five hundred times faster than others. What they
/// seem to show of the pace must not be believed of the jobs that come later.
#[test]
fn jobs_that_vanish_at_once_starve_no_load() {
    for dice in 0..96_u32 {
        let kind = KINDS[usize::try_from(dice % 4).unwrap()];
        let job = [2.0, 10.0, 30.0][usize::try_from(dice / 4 % 3).unwrap()];
        let is_purged = dice / 12 % 2 == 0;
        let mut day = Day::new(kind, job, 1, 90, 200, dice.into());
        let rate = day.rate_for(10.0);
        day.live(7_200, |_| rate, |_, _| ());
        day.come(20_000.0);
        if is_purged {
            day.live(20 + i64::from(dice % 100), |_| rate, |_, _| ());
            day.purge();
        } else {
            day.job_seconds /= 500.0;
            day.live(120, |_| rate, |_, _| ());
            day.job_seconds *= 500.0;
        }
        day.live(1_800, |_| rate, |_, _| ());
        let (starving, late) = four_hours(&mut day, 3.0 * rate);
        let what = format!("{kind:?}, jobs of {job} s, purged: {is_purged}");
        assert!(starving.longest <= 300, "{what}: {starving:?}");
        assert!(late <= 60, "{what}: at {late} evaluations a job had waited for two minutes");
    }
}

/// A batch of far faster jobs lasts for minutes, so that tasks start beside it and the queue itself answers how fast they are done:
/// true, but not of the jobs that come later.
#[test]
fn a_long_batch_of_fast_jobs_starves_few_loads_of_slow_ones() {
    let mut starved = BTreeMap::new();
    for dice in 0..96_u32 {
        let kind = KINDS[usize::try_from(dice % 4).unwrap()];
        let job = [2.0, 10.0, 30.0][usize::try_from(dice / 4 % 3).unwrap()];
        let faster = [20, 60, 200][usize::try_from(dice / 12 % 3).unwrap()];
        let mut day = Day::new(kind, job, 1, 90, 200, dice.into());
        let rate = day.rate_for(10.0);
        day.live(7_200, |_| rate, |_, _| ());
        day.come(f64::from(40_000 + 1_000 * dice));
        day.job_seconds /= f64::from(faster);
        day.live(240 + 10 * i64::from(dice), |_| rate, |_, _| ());
        day.job_seconds *= f64::from(faster);
        day.purge();
        day.live(1_800, |_| rate, |_, _| ());
        let (starving, late) = four_hours(&mut day, 3.0 * rate);
        *starved.entry(faster).or_insert(0) += i32::from(starving.longest > 300 || late > 60);
    }
    // It still happens with jobs of 30 s and a load that just the tasks that run, or one more, would serve: growth is lost in chance. With
    // old answers that outweigh new ones it was 21, 0 and 1.
    assert!(starved[&20] <= 9 && starved[&60] == 0 && starved[&200] == 0, "{starved:?}");
}

/// One evaluation in three can read the queue, three minutes apart: what waits is known, and what grows.
#[test]
fn readings_three_minutes_apart_order_what_is_needed_and_take_nothing_away() {
    for kind in KINDS {
        let mut day = Day::new(kind, 2.0, 1, 90, 100, 3);
        let rate = day.rate_for(20.0);
        let mut late = 0;
        for evaluation in 0..180 {
            let decision =
                if evaluation % 3 == 0 { day.evaluate() } else { day.evaluation_without_readings() };
            assert!(!matches!(decision.verdict, Verdict::ScaleIn { .. }), "{kind:?}: {decision}");
            late += i32::from(evaluation > 60 && day.head_waits() > 60.0);
            for _ in 0..60 {
                day.pass(rate);
            }
        }
        assert!((20..=100).contains(&day.desired()), "{kind:?}: {} tasks for the work of 20", day.desired());
        assert!(late == 0, "{kind:?}: late at {late} of 120 evaluations");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    /// Where jobs are counted it is known who waits too long, however much slower they became, and whatever the load does. A
    /// job that waits half again as long as acceptable is none of chance. In one case of 3,300 it took an evaluation more, in none of
    /// 10,000 two.
    #[test]
    fn jobs_over_the_acceptable_wait_order_more_within_two_evaluations(
        job in 0.2..8.0_f64,
        slower in 1.0..5.0_f64,
        tasks in 3.0..15.0_f64,
        change in 0.5..2.0_f64,
        dice in any::<u64>(),
    ) {
        let mut day = Day::new(QueueKind::Counts, job, 2, 60, 200, dice);
        let rate = day.rate_for(tasks);
        day.live(3_600, |_| rate, |_, _| ());
        day.job_seconds *= slower;
        let mut starving = Starving::beyond(90.0);
        day.live(7_200, |_| rate * change, |day, decision| starving.evaluate(day, decision));
        prop_assert!(starving.longest <= 30, "nothing ordered for {} s", starving.longest);
    }
}
