//! Worlds in which something goes wrong: deployments, restarts, outages, and metrics that grow.

use jiff::Timestamp;
use tidegate_simulator::autoscaler::{AutoscalerInput, Fixed, Production, QueueReading, TargetTracking};
use tidegate_simulator::synthetic::constant;
use tidegate_simulator::world::{Disruptions, JobTime, Moments, ScaleIn, Sensing, ServiceModel};
use tidegate_simulator::{Autoscaler, Load, Run, WorldSettings, simulate};

use crate::loads::{INTERRUPTIBLE, policy};
use crate::stage::setting;

const HOUR: f64 = 3_600.0;
const JOB_BY_JOB: ServiceModel = ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Waits };

/// What an evaluation saw: the second, whether anything could be read, tasks serving and asked for, a deployment.
#[derive(Debug, Clone, Copy)]
struct SeenInput {
    seconds: f64,
    unreadable: bool,
    ready: u32,
    total: u32,
    rollout: bool,
    recommendation: Option<u32>,
}

/// Records what an autoscaler sees and recommends, before the world keeps it within the bounds.
struct Watched<S>(S, Vec<SeenInput>);

impl<S: Autoscaler> Watched<S> {
    fn note(
        &mut self,
        seen: &AutoscalerInput<'_>,
        unreadable: bool,
        recommendation: Option<u32>,
    ) -> Option<u32> {
        let AutoscalerInput { seconds, ready, total, rollout, .. } = *seen;
        self.1.push(SeenInput { seconds, unreadable, ready, total, rollout, recommendation });
        recommendation
    }
}

impl<S: Autoscaler> Autoscaler for Watched<S> {
    fn initial_tasks(&self) -> Option<u32> {
        self.0.initial_tasks()
    }

    fn watch(&mut self, seen: &AutoscalerInput<'_>) {
        self.0.watch(seen);
    }

    fn unreadable(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let recommendation = self.0.unreadable(seen);
        self.note(seen, true, recommendation)
    }

    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let recommendation = self.0.evaluate(seen);
        self.note(seen, false, recommendation)
    }
}

fn bad(service: ServiceModel, seed: u64) -> WorldSettings {
    let moments = Moments::AnySecond;
    WorldSettings { service, moments, disruptions: Disruptions::BAD_DAYS, seed, ..setting() }
}

/// A day of 12 jobs a second, which 24 tasks can just serve.
fn day(seed: u64) -> Load {
    constant(12.0, 24.0 * HOUR, seed)
}

fn produced(setting: &WorldSettings, load: &Load) -> (Run, Vec<SeenInput>) {
    let production = Production::new(&policy(setting, INTERRUPTIBLE), Timestamp::UNIX_EPOCH);
    let mut watched = Watched(production, Vec::new());
    let run = simulate(load, setting, &mut watched);
    (run, watched.1)
}

#[test]
fn a_deployment_runs_both_colours_and_leaves_as_many_tasks_as_there_were() {
    for service in [ServiceModel::Fluid, JOB_BY_JOB] {
        let disruptions = Disruptions { deployments_a_day: 12.0, ..Disruptions::NONE };
        let setting = WorldSettings { disruptions, service, ..setting() };
        let mut watched = Watched(Fixed(30), Vec::new());
        let run = simulate(&day(3), &setting, &mut watched);
        let rollouts: Vec<&SeenInput> = watched.1.iter().filter(|seen| seen.rollout).collect();
        assert!(rollouts.iter().any(|seen| seen.ready == 60), "{service:?}: both colours serve");
        assert!(rollouts.iter().any(|seen| seen.ready == 30), "{service:?}: new ones start first");
        let others = watched.1.iter().filter(|seen| !seen.rollout);
        assert!(others.clone().count() > 1_000 && others.clone().all(|seen| seen.ready == 30), "{service:?}");
        assert!(watched.1.iter().all(|seen| seen.total == 30), "nothing is asked for: {service:?}");
        assert!(run.changes.is_empty() && run.starts >= 60, "{service:?}: {} starts", run.starts);
        let most = run.billed.iter().copied().fold(0.0, f64::max);
        assert!((60.0..66.0).contains(&most), "{service:?}: both colours are paid: {most}");
    }
}

#[test]
fn a_task_that_dies_is_replaced_and_its_jobs_begin_anew() {
    for service in [ServiceModel::Fluid, JOB_BY_JOB] {
        let disruptions = Disruptions { restarts_a_day: 48.0, ..Disruptions::NONE };
        let setting = WorldSettings { disruptions, service, ..setting() };
        let run = simulate(&day(3), &setting, &mut Fixed(30));
        assert!(run.ready.contains(&29) && run.ready.last() == Some(&30), "{service:?}");
        assert!((20..90).contains(&run.starts), "{service:?}: {}", run.starts);
        assert!((run.waits.jobs() - day(3).jobs()).abs() < 1e-3, "{service:?}: {}", run.waits.jobs());
        assert!(
            service == ServiceModel::Fluid || run.jobs_interrupted > Some(10),
            "{:?}",
            run.jobs_interrupted
        );
    }
}

/// 30 and 10 tasks by turns, ten minutes each.
struct Turns;

impl Autoscaler for Turns {
    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        Some(if (seen.seconds / 600.0) % 2.0 < 1.0 { 30 } else { 10 })
    }
}

#[test]
fn while_tasks_cannot_start_none_does_and_all_do_afterwards() {
    let disruptions = Disruptions { stuck_a_day: 12.0, lasting_seconds: 1_200.0, ..Disruptions::NONE };
    let setting = WorldSettings { disruptions, ..setting() };
    let longest = |setting: &WorldSettings| {
        let mut watched = Watched(Turns, Vec::new());
        let _ = simulate(&day(3), setting, &mut watched);
        let (mut longest, mut since) = (0.0_f64, 0.0);
        for seen in &watched.1 {
            if seen.ready >= seen.total {
                since = seen.seconds;
            }
            longest = longest.max(seen.seconds - since);
        }
        (longest, watched.1.iter().any(|seen| seen.ready == 30))
    };
    assert_eq!(longest(&WorldSettings { disruptions: Disruptions::NONE, ..setting.clone() }), (75.0, true));
    let (waited, arrived) = longest(&setting);
    assert!(waited > 300.0 && arrived, "{waited} s");
}

/// Minutes as CloudWatch shows them: low when they are young, never falling, and what they were after three minutes.
#[test]
fn the_newest_minutes_of_a_metric_read_low_and_grow() {
    struct Notes(Vec<(f64, Vec<f64>)>);
    impl Autoscaler for Notes {
        fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
            let minutes = seen.minutes.iter().map(|minute| minute.utilization).collect();
            self.0.push((seen.seconds, minutes));
            Some(30)
        }
    }
    let noted = |settles| {
        let sensing = Sensing { metric_settles_seconds: settles, ..Sensing::EXACT };
        let mut notes = Notes(Vec::new());
        let _ = simulate(&constant(12.0, HOUR, 3), &WorldSettings { sensing, ..setting() }, &mut notes);
        notes.0
    };
    let (whole, grows) = (noted(0), noted(180));
    let (mut lower, mut settled) = (0, 0);
    for ((seconds, whole), (_, shown)) in whole.iter().zip(&grows) {
        assert_eq!(whole.len(), shown.len(), "as many minutes at {seconds} s");
        for (minute, (whole, shown)) in (1..).zip(whole.iter().zip(shown)) {
            let age = seconds - 60.0 * f64::from(minute);
            assert!(shown <= whole, "{shown} of {whole}, {age} s old");
            if age >= 180.0 {
                assert!((shown - whole).abs() < 1e-9, "{shown} of {whole}, {age} s old");
                settled += 1;
            } else if *shown < 0.9 * whole {
                lower += 1;
            }
        }
    }
    assert!(lower > 50 && settled > 1_000, "{lower} low, {settled} settled");
    for (earlier, later) in grows.iter().zip(grows.iter().skip(1)) {
        assert!(earlier.1.iter().zip(&later.1).all(|(one, next)| one <= next), "a minute fell");
    }
}

/// An autoscaler that takes young minutes for whole ones sees load fall that does not.
#[test]
fn who_trusts_young_minutes_is_misled() {
    let tasks = |settles| {
        let sensing = Sensing { metric_settles_seconds: settles, ..Sensing::EXACT };
        let load = constant(12.0, 6.0 * HOUR, 3);
        let run =
            simulate(&load, &WorldSettings { sensing, ..setting() }, &mut TargetTracking::utilization(0.7));
        let after_an_hour = &run.ready[240..];
        (after_an_hour.iter().copied().min(), run.waits.late_percent())
    };
    let ((few, late), (enough, in_time)) = (tasks(180), tasks(0));
    assert!(few < enough && late >= in_time, "{few:?}, {late} % late; {enough:?}, {in_time} % late");
}

#[test]
fn production_asks_for_nothing_out_of_bounds_whatever_goes_wrong() {
    for (seed, service) in
        [(1, ServiceModel::Fluid), (2, ServiceModel::Fluid), (3, JOB_BY_JOB), (4, JOB_BY_JOB)]
    {
        let (run, seen) = produced(&bad(service, seed), &day(seed));
        assert!((run.waits.jobs() - day(seed).jobs()).abs() < 1e-3, "seed {seed}: {}", run.waits.jobs());
        let [unreadable, rollouts] = [|seen: &&SeenInput| seen.unreadable, |seen: &&SeenInput| seen.rollout]
            .map(|is| seen.iter().filter(is).count());
        assert!(
            unreadable > 20 && rollouts > 20,
            "seed {seed}: {unreadable} evaluations without readings, {rollouts} in deployments"
        );
        for seen in &seen {
            assert!(
                seen.recommendation.is_none_or(|recommendation| (5..=50).contains(&recommendation)),
                "seed {seed}: {seen:?}"
            );
            assert!(
                !seen.unreadable || seen.recommendation.is_none(),
                "nothing is changed unseen, seed {seed}: {seen:?}"
            );
            let falls = seen.recommendation.is_some_and(|recommendation| recommendation < seen.total);
            assert!(!(seen.rollout && falls), "nothing scales in during a deployment, seed {seed}: {seen:?}");
        }
    }
}

/// Six bad hours, then two good ones: in the last of them the number of tasks stays within a quarter above what the load
/// needs, and no job waits too long.
#[test]
fn production_recovers_when_nothing_goes_wrong_any_more() {
    for (seed, service) in (1..=6).flat_map(|seed| [(seed, ServiceModel::Fluid), (seed, JOB_BY_JOB)]) {
        let disruptions = Disruptions { until_seconds: 6.0 * HOUR, ..Disruptions::BAD_DAYS };
        let setting = WorldSettings { disruptions, ..bad(service, seed) };
        let (run, seen) = produced(&setting, &constant(12.0, 8.0 * HOUR, seed));
        let last: Vec<u32> =
            seen.iter().filter(|seen| seen.seconds >= 7.0 * HOUR).map(|seen| seen.total).collect();
        let (fewest, most) = (last.iter().min(), last.iter().max());
        assert!(fewest >= Some(&23) && most <= Some(&30), "seed {seed}, {service:?}: {fewest:?} to {most:?}");
        let waits = &run.waits.of_arrivals_seconds()[1_680..1_915];
        let longest = waits.iter().copied().fold(0.0, f64::max);
        assert!(longest <= 60.0, "seed {seed}, {service:?}: {longest} s");
    }
}

/// A queue that cannot be read is not a reading of zero: an evaluation without anything keeps what there is.
#[test]
fn an_evaluation_that_reads_nothing_changes_nothing() {
    let setting = setting();
    let mut production = Production::new(&policy(&setting, INTERRUPTIBLE), Timestamp::UNIX_EPOCH);
    let queue: Option<QueueReading> = None;
    for minute in 0..30 {
        let seconds = 60.0 * f64::from(minute);
        let seen = AutoscalerInput { seconds, queue, minutes: &[], ready: 20, total: 20, rollout: false };
        assert_eq!(production.unreadable(&seen), None, "minute {minute}");
    }
}
