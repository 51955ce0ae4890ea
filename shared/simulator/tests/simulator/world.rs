//! What must hold in every world.

use proptest::prelude::*;
use tidegate_policy::Capacity;
use tidegate_simulator::autoscaler::{AutoscalerInput, Fixed, Keda, QueueReading, StepRules};
use tidegate_simulator::oracle::worker_hours_least;
use tidegate_simulator::synthetic::{Cron, by_the_clock, on_off};
use tidegate_simulator::world::{
    Disruptions, Evaluations, JobTime, Moments, ScaleIn, Sensing, ServiceModel, Shows, Starts,
};
use tidegate_simulator::{Autoscaler, Baseline, Load, Run, Score, WorldSettings, oracle, simulate};

use crate::stage::setting;

const JOB_BY_JOB: ServiceModel = ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Waits };

/// A load of an hour: rates in jobs per second, each for five minutes.
fn load(rates: &[f64], seed: u64) -> Load {
    let rate: Vec<f64> = rates.iter().flat_map(|rate| std::iter::repeat_n(*rate, 20)).collect();
    Load::drawn(&rate, seed)
}

fn rates() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(prop_oneof![Just(0.0), 0.0..20.0], 1..12)
}

fn services() -> impl Strategy<Value = ServiceModel> {
    prop_oneof![
        Just(ServiceModel::Fluid),
        Just(ServiceModel::Jobs { time: JobTime::Fixed, scale_in: ScaleIn::Waits }),
        Just(JOB_BY_JOB),
        Just(ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Kills }),
    ]
}

fn worlds() -> impl Strategy<Value = WorldSettings> {
    let moments = prop_oneof![Just(Moments::Steps), Just(Moments::AnySecond)];
    let disruptions = prop_oneof![
        Just(Disruptions::NONE),
        Just(Disruptions {
            deployments_a_day: 300.0,
            restarts_a_day: 900.0,
            stuck_a_day: 100.0,
            ..Disruptions::BAD_DAYS
        }),
    ];
    let held =
        (moments, disruptions, 0_u32..5, prop_oneof![Just(Shows::TakenAndDone), Just(Shows::Reserved)]);
    (services(), 0.0..0.9, 0.0..0.5, 1_u32..4, 0_u32..3, 0.0..0.3, held).prop_map(
        |(service, spread, failing, concurrency, age, missing, (moments, disruptions, prefetch, shows))| {
            WorldSettings {
                service,
                moments,
                disruptions,
                prefetch,
                starts: Starts { seconds: 90.0, spread, failing },
                concurrency: concurrency.try_into().expect("at least 1"),
                sensing: Sensing {
                    reading_age_seconds: 15 * age,
                    noise: 0.1,
                    missing,
                    shows,
                    ..Sensing::EXACT
                },
                ..setting()
            }
        },
    )
}

/// Somebody who orders any size at any evaluation.
struct Erratic(Vec<u32>, usize);

impl Autoscaler for Erratic {
    fn evaluate(&mut self, _seen: &AutoscalerInput<'_>) -> Option<u32> {
        self.1 += 1;
        self.0.get(self.1 % self.0.len()).copied()
    }
}

/// Notes what it sees and does nothing.
#[derive(Default)]
struct Diary(Vec<(f64, Option<QueueReading>, usize)>);

impl Autoscaler for Diary {
    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        self.0.push((seen.seconds, seen.queue, seen.minutes.len()));
        None
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_job_is_lost_and_none_is_made(
        rates in rates(), setting in worlds(), sizes in proptest::collection::vec(0_u32..60, 1..9),
    ) {
        let load = load(&rates, 1);
        let run = simulate(&load, &setting, &mut Erratic(sizes, 0));
        prop_assert!((run.waits.jobs() - load.jobs()).abs() < 1e-6, "{} of {}", run.waits.jobs(), load.jobs());
        prop_assert_eq!(run.ready.len(), load.steps());
        prop_assert!(run.ready.iter().all(|ready| *ready <= 150), "at most 50, those of a deployment and those about to stop");
        if setting.moments == Moments::Steps && setting.disruptions == Disruptions::NONE {
            let mut paid = run.ready.iter().zip(&run.billed);
            prop_assert!(paid.all(|(ready, billed)| f64::from(*ready) <= *billed && *ready <= 50));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_run(rates in rates(), setting in worlds()) {
        let run = || simulate(&load(&rates, 3), &setting, &mut Keda::new(1.0));
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn more_capacity_never_means_more_waiting(
        rates in rates(), setting in worlds(), few in 5_u32..30, more in 0_u32..20,
    ) {
        // Reserved jobs wait for their own task: with more tasks a job may meet a slower one.
        let sensing = Sensing { shows: Shows::Taken, ..setting.sensing };
        let setting = WorldSettings { prefetch: 1, sensing, disruptions: Disruptions::NONE, ..setting };
        let load = load(&rates, 5);
        let wait = |size| {
            let run = simulate(&load, &setting, &mut Fixed(size));
            [0.5, 0.9, 0.95, 0.99, 1.0].map(|share| run.waits.percentile_seconds(share))
        };
        for (few, more) in wait(few).into_iter().zip(wait(few + more)) {
            prop_assert!(more <= few, "{more} s with more tasks, {few} s with few");
        }
    }

    #[test]
    fn no_plan_that_does_the_work_in_time_costs_less_than_the_bound(rates in rates()) {
        let (load, setting) = (load(&rates, 9), setting());
        let run = oracle(&load, &setting);
        // What is left at the end of the load was not paid.
        let left = run.waiting.last().copied().unwrap_or_default() / setting.throughput / 3_600.0;
        let paid = run.billed.iter().sum::<f64>() * 15.0 / 3_600.0;
        prop_assert!(paid + left >= worker_hours_least(&load, &setting) - 1e-9);
        let baseline = Baseline::of(&load, &setting);
        prop_assert!(run.waits.late_percent() <= baseline.unavoidable_late_percent + 1e-9);
    }
}

/// A steady load of 10 jobs a second, which 20 tasks can just serve.
fn steady() -> Load {
    load(&[10.0; 24], 11)
}

#[test]
fn another_seed_gives_another_run() {
    for service in [ServiceModel::Fluid, JOB_BY_JOB] {
        let run = |seed| {
            let setting = WorldSettings { service, seed, ..setting() };
            simulate(&load(&[10.0, 22.0, 4.0], seed), &setting, &mut Keda::new(1.0)).waiting
        };
        assert_ne!(run(3), run(4), "{service:?}");
    }
}

fn scored(run: &Run, load: &Load, setting: &WorldSettings) -> Score {
    Score::of(run, load, setting, &Baseline::of(load, setting))
}

/// By policies that read the backlog alone. In-flight is not the same in both: jobs one by one are counted at the
/// moment of the evaluation, a fluid shows the mean of its last step, so that KEDA pays 10 % more job by job.
#[test]
fn both_models_agree_where_jobs_are_short() {
    let load = load(&[10.0, 16.0, 22.0, 12.0, 4.0, 18.0, 25.0, 6.0], 11);
    let check = |autoscaler: &dyn Fn() -> Box<dyn Autoscaler>| {
        let score = |service| {
            let setting = WorldSettings { service, ..setting() };
            scored(&simulate(&load, &setting, autoscaler().as_mut()), &load, &setting)
        };
        let one = score(ServiceModel::Fluid);
        let other = score(ServiceModel::Jobs { time: JobTime::Fixed, scale_in: ScaleIn::Waits });
        assert!((one.worker_hours / other.worker_hours - 1.0).abs() < 0.02, "{one:?}\n{other:?}");
        assert!((one.late_percent - other.late_percent).abs() < 2.0, "{one:?}\n{other:?}");
        assert!((one.wait_p95_seconds - other.wait_p95_seconds).abs() < 8.0, "{one:?}\n{other:?}");
    };
    check(&|| Box::new(Fixed(28)));
    check(&|| Box::new(Fixed(50)));
    check(&|| Box::new(StepRules::with_cooldowns()));
}

/// M/M/c: with 10 jobs a second on 24 tasks of 0.5 a second, Erlang's C formula gives a mean wait of 0.188 s and 37.6 %
/// of the jobs waiting at all.
#[test]
fn waits_of_exponential_jobs_follow_erlang() {
    let rate = vec![10.0; 240 * 100];
    let load = Load::drawn(&rate, 4);
    let setting = WorldSettings { service: JOB_BY_JOB, ..setting() };
    let run = simulate(&load, &setting, &mut Fixed(24));
    let waited =
        (0..1_000_u32).rev().find(|share| run.waits.percentile_seconds(f64::from(*share) / 1e3) == 0.0);
    let (servers, offered) = (24_u32, 20.0_f64);
    let mut blocked = 1.0;
    for server in 1..=servers {
        blocked = offered * blocked / (f64::from(server) + offered * blocked);
    }
    let erlang = blocked / (1.0 - offered / f64::from(servers) * (1.0 - blocked));
    let simulated = 1.0 - f64::from(waited.expect("some start at once")) / 1e3;
    assert!((simulated - erlang).abs() < 0.02, "{simulated} wait, Erlang says {erlang}");
}

#[test]
fn only_killing_interrupts_jobs() {
    let load = load(&[0.6, 0.05, 0.05, 0.6, 0.05, 0.05], 2);
    let interrupted = |scale_in| {
        let service = ServiceModel::Jobs { time: JobTime::Exponential, scale_in };
        // Jobs of 60 s.
        let setting = WorldSettings { throughput: 1.0 / 60.0, service, ..setting() };
        simulate(&load, &setting, &mut Keda::new(1.0)).jobs_interrupted
    };
    assert_eq!(interrupted(ScaleIn::Waits), Some(0));
    assert!(interrupted(ScaleIn::Kills) > Some(0));
    let fluid = simulate(&load, &setting(), &mut Keda::new(1.0));
    assert_eq!(fluid.jobs_interrupted, None);
}

#[test]
fn starts_fail_and_begin_anew() {
    let load = steady();
    let failing = WorldSettings { starts: Starts { failing: 0.5, ..setting().starts }, ..setting() };
    let run = simulate(&load, &failing, &mut Keda::new(1.0));
    assert!(run.starts_failed > 0);
    assert!((run.waits.jobs() - load.jobs()).abs() < 1e-6);
}

#[test]
fn nothing_changes_before_an_autoscaler_may_act() {
    let setting =
        WorldSettings { evaluations: Evaluations { every_seconds: 15, act_from_seconds: 600 }, ..setting() };
    let run = simulate(&steady(), &setting, &mut Erratic(vec![7, 30], 0));
    assert_eq!(run.changes.first().map(|change| change.step), Some(40));
}

#[test]
fn metrics_are_late_and_readings_old_as_set() {
    let sensing = Sensing { metric_delay_seconds: 120, reading_age_seconds: 30, ..Sensing::EXACT };
    let setting = WorldSettings {
        sensing,
        evaluations: Evaluations { every_seconds: 60, act_from_seconds: 0 },
        ..setting()
    };
    let mut diary = Diary::default();
    let run = simulate(&steady(), &setting, &mut diary);
    let published: Vec<usize> = diary.0.iter().take(5).map(|(_, _, minutes)| *minutes).collect();
    assert_eq!(published, [0, 0, 0, 1, 2]);
    assert_eq!(diary.0[0].1, None, "nothing is 30 s old at the beginning");
    let seen = diary.0[3].1.expect("a reading");
    assert!(
        (seen.waiting - run.waiting[9]).abs() < 1e-9,
        "at 180 s the end of the step that ended at 150 s is seen"
    );
}

#[test]
fn a_capacity_from_zero_is_possible() {
    let setting = WorldSettings { capacity: Capacity::new(0, 50).expect("bounds"), ..setting() };
    let load = load(&[0.0, 0.0, 5.0, 0.0], 2);
    let run = simulate(&load, &setting, &mut Keda::new(1.0));
    assert_eq!(run.ready.first(), Some(&0));
    let score = scored(&run, &load, &setting);
    assert!(score.theta_u.is_finite() && score.cost_vs_oracle.is_finite());
}

#[test]
fn the_keys_of_a_score_stay() {
    let (load, setting) = (steady(), setting());
    let score = scored(&simulate(&load, &setting, &mut Fixed(20)), &load, &setting);
    let json = serde_json::to_value(score).expect("numbers");
    let keys: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = [
        "worker_hours",
        "cost_vs_oracle",
        "billed_hours",
        "billed_vs_oracle",
        "late_percent",
        "excess_late_percent",
        "worst_hour_late_percent",
        "wait_p95_seconds",
        "wait_p99_seconds",
        "theta_u",
        "theta_o",
        "tau_u",
        "tau_o",
        "instability",
        "scaling_actions_per_day",
        "direction_reversals_per_day",
        "task_starts_per_day",
        "jobs_interrupted",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert!((score.scaling_actions_per_day).abs() < 1e-9);
}

/// The oracle serves what the maximum can serve; reactive rules are late for half of it, as in `drain.md`.
#[test]
fn bursts_out_of_silence_are_late_for_what_only_reacts() {
    let setting = setting();
    let late = |load: &Load| {
        let score = scored(&simulate(load, &setting, &mut Keda::new(1.0)), load, &setting);
        assert!(oracle(load, &setting).waits.late_percent() < 2.0);
        score.excess_late_percent
    };
    let on_off: f64 = (0..10).map(|seed| late(&on_off(&setting, seed))).sum::<f64>() / 10.0;
    assert!((45.0..62.0).contains(&on_off), "{on_off} % late");
    let cron15 =
        Cron { every_seconds: 900.0, lasting_seconds: 120.0, height: 0.6, jitter_seconds: 0.0, base: 0.0 };
    let cron15 = late(&by_the_clock(&cron15, &setting, 3));
    assert!((75.0..95.0).contains(&cron15), "{cron15} % late");
}

#[test]
fn waits_are_reported_by_the_step_of_arrival() {
    // Five tasks of half a job a second: 600 jobs at once are four minutes of work.
    let mut arrivals = vec![0.0; 40];
    arrivals[4] = 600.0;
    let load = Load::new(&[0.5; 40], arrivals);
    let job_by_job = ServiceModel::Jobs { time: JobTime::Fixed, scale_in: ScaleIn::Waits };
    // The middle job begins after two minutes, the last one when nearly all are done.
    for (service, expected) in [(ServiceModel::Fluid, 105.0..=120.0), (job_by_job, 210.0..=240.0)] {
        let setting = WorldSettings { service, ..setting() };
        let run = simulate(&load, &setting, &mut Fixed(setting.capacity.min()));
        let waits = run.waits.of_arrivals_seconds();
        let late: Vec<usize> = (0..waits.len()).filter(|step| waits[*step] > 0.0).collect();
        assert_eq!(late, [4], "{waits:?}");
        assert!(expected.contains(&waits[4]), "{waits:?}");
    }
}
