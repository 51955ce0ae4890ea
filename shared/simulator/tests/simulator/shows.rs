//! What each kind of queue shows of the jobs that tasks took.

use tidegate_simulator::autoscaler::{AutoscalerInput, Fixed, QueueReading};
use tidegate_simulator::world::{JobTime, ScaleIn, Sensing, ServiceModel, Shows};
use tidegate_simulator::{Autoscaler, Load, WorldSettings, simulate};

use crate::stage::setting;

const JOB_BY_JOB: ServiceModel = ServiceModel::Jobs { time: JobTime::Fixed, scale_in: ScaleIn::Waits };
const EACH: [Shows; 4] = [Shows::TakenAndDone, Shows::Taken, Shows::Reserved, Shows::Nothing];

/// Keeps its tasks, and what the last evaluation saw of the queue.
struct Watcher(u32, Option<QueueReading>);

impl Autoscaler for Watcher {
    fn initial_tasks(&self) -> Option<u32> {
        Some(self.0)
    }

    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        self.1 = seen.queue;
        None
    }
}

/// So many jobs in the first minute, then silence; the last evaluation is one step behind it.
fn burst(jobs: f64) -> Load {
    let arrivals = [jobs / 4.0, jobs / 4.0, jobs / 4.0, jobs / 4.0, 0.0];
    Load::new(&arrivals.map(|jobs| jobs / 15.0), arrivals.to_vec())
}

fn queue(service: ServiceModel, shows: Shows, prefetch: u32) -> WorldSettings {
    // Jobs of 200 s, two at a time: none is done before the last evaluation.
    let sensing = Sensing { shows, ..Sensing::EXACT };
    let concurrency = 2.try_into().expect("not zero");
    WorldSettings { service, sensing, prefetch, concurrency, throughput: 0.01, ..setting() }
}

fn seen(service: ServiceModel, shows: Shows, prefetch: u32, jobs: f64) -> (u64, u64) {
    let mut watcher = Watcher(10, None);
    let _ = simulate(&burst(jobs), &queue(service, shows, prefetch), &mut watcher);
    let QueueReading { waiting, in_flight, shows: told, .. } = watcher.1.expect("a reading");
    assert_eq!(told, shows);
    let whole = |jobs: f64| format!("{jobs:.0}").parse().expect("a number");
    (whole(waiting), whole(in_flight))
}

/// 200 jobs on 10 tasks that run 2 each; `wait` is not asked.
#[test]
fn each_kind_of_queue_shows_what_it_shows_of_jobs_that_were_taken() {
    // Kind, prefetch: waiting, in flight.
    let expected = [
        (Shows::TakenAndDone, 1, (180, 20)),
        (Shows::Taken, 1, (180, 20)),
        // `acks_late` with Celery's default: each task holds 8 jobs, 2 of them run.
        (Shows::Taken, 4, (120, 80)),
        // Early acknowledgement: each task reserves 8 beside the 2 that run, and these are nowhere.
        (Shows::Reserved, 4, (100, 80)),
        (Shows::Reserved, 0, (180, 0)),
        (Shows::Nothing, 1, (180, 0)),
    ];
    for (shows, prefetch, told) in expected {
        assert_eq!(seen(JOB_BY_JOB, shows, prefetch, 200.0), told, "{shows:?}, prefetch {prefetch}");
    }
}

/// Work that flows leaves the queue as it is served: half a step's worth and more is neither waiting nor in flight.
#[test]
fn a_flow_shows_the_same_of_its_jobs() {
    let (all, none) = (seen(ServiceModel::Fluid, Shows::Taken, 1, 200.0), 20);
    assert_eq!(all.1, none, "ten tasks of two are busy");
    let waiting = all.0;
    assert_eq!(seen(ServiceModel::Fluid, Shows::TakenAndDone, 1, 200.0), (waiting, 20));
    assert_eq!(seen(ServiceModel::Fluid, Shows::Taken, 4, 200.0), (waiting - 60, 80));
    assert_eq!(seen(ServiceModel::Fluid, Shows::Reserved, 4, 200.0), (waiting - 80, 80));
    assert_eq!(seen(ServiceModel::Fluid, Shows::Nothing, 1, 200.0), (waiting, 0));
}

/// What only few wait for is all reserved: a queue that looks empty and idle while everybody works.
#[test]
fn an_empty_celery_queue_may_be_at_work() {
    assert_eq!(seen(JOB_BY_JOB, Shows::Reserved, 4, 20.0), (0, 0));
    assert_eq!(seen(JOB_BY_JOB, Shows::Taken, 4, 20.0), (0, 20));
}

/// Whoever is shown less is shown the same world: what tasks do with their jobs depends on the prefetch alone.
#[test]
fn what_is_shown_changes_nothing_of_the_world() {
    let load = Load::drawn(&[0.1; 400], 5);
    for service in [ServiceModel::Fluid, JOB_BY_JOB] {
        let run = |shows| simulate(&load, &queue(service, shows, 1), &mut Fixed(12)).waits;
        let first = run(Shows::TakenAndDone);
        for shows in [Shows::Taken, Shows::Nothing] {
            assert_eq!(run(shows), first, "{shows:?}");
        }
    }
}

/// A message that a worker reserved waits for that worker, however many others are idle.
#[test]
fn a_reserved_job_waits_for_its_own_task() {
    // Eight jobs of 100 s each at once, one task of two; ten tasks come 90 s later.
    let mut arrivals = vec![0.0; 80];
    arrivals[0] = 8.0;
    let load = Load::new(&vec![0.1; 80], arrivals);
    let longest = |prefetch| {
        let sensing = Sensing { shows: Shows::Taken, ..Sensing::EXACT };
        let concurrency = 2.try_into().expect("not zero");
        let capacity = tidegate_policy::Capacity::new(1, 11).expect("1 is below 11");
        let setting = WorldSettings {
            service: JOB_BY_JOB,
            sensing,
            prefetch,
            concurrency,
            capacity,
            throughput: 0.02,
            ..setting()
        };
        let mut eleven = Eleven;
        simulate(&load, &setting, &mut eleven).waits.percentile_seconds(1.0)
    };
    // With a prefetch of 1 six jobs wait for the new tasks, with 4 for the two slots of the first.
    assert!((80.0..110.0).contains(&longest(1)), "{}", longest(1));
    assert!((280.0..310.0).contains(&longest(4)), "{}", longest(4));
}

/// Begins with one task and orders ten more.
struct Eleven;

impl Autoscaler for Eleven {
    fn initial_tasks(&self) -> Option<u32> {
        Some(1)
    }

    fn evaluate(&mut self, _seen: &AutoscalerInput<'_>) -> Option<u32> {
        Some(11)
    }
}

/// A task that stops gives back what it reserved, in the order it came.
#[test]
fn a_task_that_stops_gives_back_what_it_reserved() {
    let load = Load::drawn(&[0.5; 120], 5);
    for shows in EACH {
        let setting = WorldSettings { capacity: setting().capacity, ..queue(JOB_BY_JOB, shows, 4) };
        let run = simulate(&load, &setting, &mut UpAndDown(0));
        assert!((run.waits.jobs() - load.jobs()).abs() < 1e-6, "{shows:?}");
    }
}

struct UpAndDown(u32);

impl Autoscaler for UpAndDown {
    fn evaluate(&mut self, _seen: &AutoscalerInput<'_>) -> Option<u32> {
        self.0 += 1;
        Some(if self.0.is_multiple_of(9) { 5 } else { 30 })
    }
}
