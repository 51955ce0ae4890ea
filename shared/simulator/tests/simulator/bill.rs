//! What a change costs: when tasks start and stop, and what is billed for them.

use tidegate_simulator::autoscaler::AutoscalerInput;
use tidegate_simulator::world::JobTime;
use tidegate_simulator::world::{Moments, ScaleIn, ServiceModel, Starts};
use tidegate_simulator::{Autoscaler, Baseline, Load, Overload, Run, Score, WorldSettings, simulate};

use crate::stage::setting;

/// Orders a size at each evaluation, in this order; the last one stays.
struct ScriptedAutoscaler(&'static [u32], usize);

impl Autoscaler for ScriptedAutoscaler {
    fn evaluate(&mut self, _seen: &AutoscalerInput<'_>) -> Option<u32> {
        self.1 += 1;
        self.0.get(self.1 - 1).or(self.0.last()).copied()
    }
}

/// Ten minutes of a load that five tasks can serve.
fn quiet() -> Load {
    Load::drawn(&[1.0; 40], 3)
}

fn run(setting: &WorldSettings, script: &'static [u32]) -> Run {
    simulate(&quiet(), setting, &mut ScriptedAutoscaler(script, 0))
}

fn score(run: &Run, setting: &WorldSettings) -> Score {
    Score::of(run, &quiet(), setting, &Baseline::of(&quiet(), setting))
}

/// Fargate's one-minute minimum: an autoscaler that adds ten tasks and removes them 15 s later pays ten minutes.
#[test]
fn a_task_is_billed_for_a_minute_at_least() {
    let setting = setting();
    let (off_and_on, kept) = (run(&setting, &[15, 5]), run(&setting, &[15]));
    assert_eq!((off_and_on.starts, kept.starts), (10, 10));
    assert!((off_and_on.unlived_seconds - 10.0 * 45.0).abs() < 1e-9, "{}", off_and_on.unlived_seconds);
    assert!(kept.unlived_seconds == 0.0, "{}", kept.unlived_seconds);
    let scored = score(&off_and_on, &setting);
    assert!((scored.billed_hours - scored.worker_hours - 450.0 / 3_600.0).abs() < 1e-9, "{scored:?}");
    assert!((scored.task_starts_per_day - 10.0 * 144.0).abs() < 1e-6, "{scored:?}");
    // Those that ran before the load began have lived long enough.
    assert!(run(&setting, &[5]).unlived_seconds == 0.0);
}

/// A start that fails is a task of its own, and is billed as one.
#[test]
fn a_failed_start_is_a_started_task() {
    let starts = Starts { seconds: 30.0, spread: 0.0, failing: 0.5 };
    let run = run(&WorldSettings { starts, ..setting() }, &[25]);
    assert!(run.starts_failed > 5, "{}", run.starts_failed);
    assert_eq!(run.starts, 20 + run.starts_failed);
    let failed = f64::from(u32::try_from(run.starts_failed).expect("a handful"));
    assert!((run.unlived_seconds - failed * 30.0).abs() < 1e-6, "{}", run.unlived_seconds);
}

#[test]
fn tasks_start_together_on_a_step_or_each_at_a_second_of_its_own() {
    for service in
        [ServiceModel::Fluid, ServiceModel::Jobs { time: JobTime::Fixed, scale_in: ScaleIn::Waits }]
    {
        let ready = |moments| {
            let run = run(&WorldSettings { moments, service, ..setting() }, &[45]);
            let first = run.changes.first().expect("an order").step;
            // Where the steps begin that begin 75, 90 and 105 s after the order.
            [5, 6, 7].map(|steps| run.ready[first + steps])
        };
        assert_eq!(ready(Moments::Steps), [5, 45, 45], "{service:?}");
        let [before, due, after] = ready(Moments::AnySecond);
        assert_eq!((before, after), (5, 45), "{service:?}");
        assert!(
            (15..36).contains(&due),
            "{due} of 40 start in the half step before they are due: {service:?}"
        );
    }
}

#[test]
fn a_task_that_is_told_to_stop_serves_for_some_seconds_more() {
    let billed = |moments| {
        let run = run(&WorldSettings { moments, ..setting() }, &[45, 45, 45, 45, 45, 45, 45, 45, 45, 45, 5]);
        let down = run.changes.last().expect("a way down").step;
        [run.billed[down - 1], run.billed[down], run.billed[down + 1]].map(|tasks| format!("{tasks:.2}"))
    };
    assert_eq!(billed(Moments::Steps), ["45.00", "5.00", "5.00"]);
    let [before, within, after] = billed(Moments::AnySecond);
    assert_eq!([before, after], ["45.00", "5.00"]);
    let within: f64 = within.parse().expect("a number");
    assert!((20.0..30.0).contains(&within), "40 tasks serve for half a step in the mean: {within}");
}

/// 25 jobs a second need 50 tasks of half a job; half an hour of 30 needs 60, less what a wait of a minute allows.
#[test]
fn an_overload_is_reported_with_what_would_serve_it() {
    let load = |rate: f64| {
        let mut rates = vec![20.0; 240];
        rates.extend(vec![rate; 120]);
        rates.extend(vec![20.0; 240]);
        let arrivals = rates.iter().map(|rate| rate * 15.0).collect();
        Load::new(&rates, arrivals)
    };
    assert_eq!(Overload::of(&load(24.0), &setting()), None);
    // A backlog of a minute is allowed: 1 job a second too many for 30 minutes is 1,800, and 1,500 may wait.
    assert_eq!(Overload::of(&load(25.5), &setting()), None);
    let overload = Overload::of(&load(30.0), &setting()).expect("more than 50 tasks can do");
    assert_eq!(
        overload.tasks_needed, 59,
        "30 jobs/s less 59 tasks are 0.5/s for 1,800 s: 900 of the 1,770 that may wait"
    );
    assert!((3_600.0..5_400.0).contains(&overload.from_seconds), "{}", overload.from_seconds);
}
