//! The loads that policies are compared on, and the conditions they are put into; for the tests and for `make bench-quality`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use tidegate_policy::{Capacity, ServicePolicy};
use tidegate_simulator::synthetic::{self, Cron, SESSIONS, SPIKY};
use tidegate_simulator::world::{
    Disruptions, Evaluations, JobTime, Moments, ScaleIn, Sensing, ServiceModel, Shows, Starts,
};
use tidegate_simulator::{Load, Trace, WorldSettings, trace};

use crate::stage::setting;

/// The trace of batches out of silence; the others are those of development.
const STRESS: &str = "nab_ec2_network_in_5abac7";

/// A load by its name.
pub(crate) type Named = (String, Load);

/// Everything that is replayed in one setting.
pub(crate) struct Loads {
    /// The traces of development, by their files' names.
    pub(crate) dev: Vec<Named>,
    /// The stress trace.
    pub(crate) stress: Vec<Named>,
    /// Bursts out of silence, at random.
    pub(crate) bursts: Vec<Named>,
    /// Bursts by the clock.
    pub(crate) crons: Vec<Named>,
    /// Spiky counts of minutes, [`SEEDS`] of each family; the family is the first word of a name.
    pub(crate) spiky: Vec<Named>,
    /// Sessions, in the same way.
    pub(crate) sessions: Vec<Named>,
}

/// Synthetic families are replayed with each of these.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// The share of the maximum that the busiest hundredth of a trace needs.
const BUSY_SHARE: f64 = 0.8;

impl Loads {
    /// The traces of a folder, scaled as `elasticity.md` does, and the synthetic loads; without a folder only these.
    pub(crate) fn new(folder: Option<&Path>, setting: &WorldSettings) -> Self {
        let mut paths: Vec<PathBuf> = folder
            .map(|folder| std::fs::read_dir(folder).expect("the folder of traces can be read"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "csv"))
            .collect();
        paths.sort();
        let read = |path: &PathBuf| {
            let file = File::open(path).expect("the trace can be opened");
            let trace = trace::read(BufReader::new(file)).expect("the trace can be read");
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, scaled(&trace, setting))
        };
        let (stress, dev): (Vec<Named>, Vec<Named>) =
            paths.iter().map(read).partition(|(name, _)| name == STRESS);
        let bursts =
            (40..50).map(|seed| (format!("on/off {seed}"), synthetic::on_off(setting, seed))).collect();
        let cron = |(name, cron): (&str, Cron)| (name.to_owned(), synthetic::by_the_clock(&cron, setting, 3));
        let family = |name: &str, draw: &dyn Fn(u64) -> Trace| -> Vec<Named> {
            SEEDS.map(|seed| (format!("{name} {seed}"), scaled(&draw(seed), setting))).collect()
        };
        let spiky = SPIKY.iter().flat_map(|it| family(it.name, &|seed| synthetic::spiky(it, seed))).collect();
        let sessions =
            SESSIONS.iter().flat_map(|it| family(it.name, &|seed| synthetic::sessions(it, seed))).collect();
        Self { dev, stress, bursts, crons: crons().map(cron).into(), spiky, sessions }
    }
}

/// A trace's shape at the size of a setting.
fn scaled(trace: &Trace, setting: &WorldSettings) -> Load {
    let tasks = BUSY_SHARE * f64::from(setting.capacity.max());
    Load::scaled(trace, tasks, setting.throughput, setting.seed)
}

/// A kind of queue: what it shows, and how many jobs a task holds for each that it can run.
pub(crate) struct LoadKind {
    pub(crate) name: &'static str,
    pub(crate) shows: Shows,
    pub(crate) prefetch: u32,
}

/// Every kind of queue.
pub(crate) const KINDS: [LoadKind; 5] = [
    LoadKind { name: "BullMQ with metrics", shows: Shows::TakenAndDone, prefetch: 1 },
    LoadKind { name: "SQS, BullMQ", shows: Shows::Taken, prefetch: 1 },
    LoadKind { name: "Celery, acks_late", shows: Shows::Taken, prefetch: 4 },
    LoadKind { name: "Celery by default", shows: Shows::Reserved, prefetch: 4 },
    LoadKind { name: "lists, CloudWatch without in_flight", shows: Shows::Nothing, prefetch: 1 },
];

impl LoadKind {
    /// A world with a queue of this kind.
    pub(crate) fn within(&self, setting: &WorldSettings) -> WorldSettings {
        let sensing = Sensing { shows: self.shows, ..setting.sensing };
        WorldSettings { sensing, prefetch: self.prefetch, ..setting.clone() }
    }
}

/// Those of `drain.md`.
fn crons() -> [(&'static str, Cron); 4] {
    let cron = |minutes: f64, lasting_seconds, height, jitter_seconds, base| Cron {
        every_seconds: 60.0 * minutes,
        lasting_seconds,
        height,
        jitter_seconds,
        base,
    };
    [
        ("every 15 min", cron(15.0, 120.0, 0.6, 0.0, 0.0)),
        ("every 30 min", cron(30.0, 180.0, 0.8, 0.0, 0.0)),
        ("every 20 min, shaken", cron(20.0, 180.0, 0.7, 30.0, 0.1)),
        ("every 60 min", cron(60.0, 300.0, 0.9, 0.0, 0.1)),
    ]
}

/// More than one task may leave in an evaluation.
pub(crate) const INTERRUPTIBLE: &str = "    interruptible: true\n";

/// The plain default: one task an evaluation.
pub(crate) const PLAIN: &str = "";

/// The policy of a service with `wait`, and nothing else but these lines.
pub(crate) fn policy(setting: &WorldSettings, more: &str) -> ServicePolicy {
    let text = format!(
        "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: worker\n    \
         ecs: {{ cluster: shop, service: worker }}\n    capacity: {{ min: {}, max: {} }}\n    \
         queue: {{ bullmq: {{ url: \"redis://redis\", queue: q }} }}\n    \
         wait: {}s\n    startup: {}s\n{more}",
        setting.capacity.min(),
        setting.capacity.max(),
        setting.acceptable_wait_seconds,
        2.0 * setting.starts.seconds,
    );
    let fleet = tidegate_fleet::parse(&text).map_err(|problems| problems.to_string());
    fleet.expect("a valid fleet").services()[0].policy().clone()
}

/// A world that is not as `elasticity.md` has it.
pub(crate) struct Scenario {
    /// What differs.
    pub(crate) what: String,
    pub(crate) setting: WorldSettings,
    /// What the service's entry says besides `wait`.
    pub(crate) more: &'static str,
}

/// Every condition that `wait` is put into.
pub(crate) fn conditions() -> Vec<Scenario> {
    let condition = |what: &str, setting| Scenario { what: what.to_owned(), setting, more: INTERRUPTIBLE };
    let sensed = |sensing| WorldSettings { sensing, ..setting() };
    let mut all = vec![
        Scenario { more: PLAIN, ..condition("one task an evaluation", setting()) },
        condition(
            "an evaluation every 60 s",
            WorldSettings {
                evaluations: Evaluations { every_seconds: 60, act_from_seconds: 60 },
                ..setting()
            },
        ),
        condition("15 % noise", sensed(Sensing { noise: 0.15, ..Sensing::EXACT })),
        condition("in flight 30 % too high", sensed(Sensing { in_flight_bias: 1.3, ..Sensing::EXACT })),
        condition("no count of jobs done", sensed(Sensing { shows: Shows::Taken, ..Sensing::EXACT })),
        condition("one reading in five missing", sensed(Sensing { missing: 0.2, ..Sensing::EXACT })),
    ];
    if let Ok(capacity) = Capacity::new(2, 20) {
        all.push(condition("2 to 20 tasks", WorldSettings { capacity, ..setting() }));
    }
    for seconds in [30.0, 300.0, 600.0] {
        let starts = Starts { seconds, ..setting().starts };
        all.push(condition(&format!("start-up {seconds} s"), WorldSettings { starts, ..setting() }));
    }
    for seconds in [60, 120, 180] {
        let sensing = Sensing { reading_age_seconds: seconds, ..Sensing::EXACT };
        all.push(condition(&format!("readings {seconds} s late"), sensed(sensing)));
    }
    for acceptable_wait_seconds in [30.0, 120.0, 300.0] {
        let setting = WorldSettings { acceptable_wait_seconds, ..setting() };
        all.push(condition(&format!("wait {acceptable_wait_seconds} s"), setting));
    }
    let starts = Starts { spread: 0.3, failing: 0.02, ..setting().starts };
    let moments = Moments::AnySecond;
    all.push(condition("starts and stops at any second", WorldSettings { moments, ..setting() }));
    all.push(condition("the same, starts ±30 %, 2 % fail", WorldSettings { starts, moments, ..setting() }));
    let disruptions = Disruptions::BAD_DAYS;
    all.push(condition(
        "deployments, restarts, outages",
        WorldSettings { moments, disruptions, ..setting() },
    ));
    for kind in KINDS.iter().filter(|kind| kind.shows != Shows::TakenAndDone) {
        all.push(condition(kind.name, kind.within(&WorldSettings { moments, ..setting() })));
    }
    for seconds in [2.0, 20.0, 60.0] {
        let service = ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Waits };
        let setting = WorldSettings { throughput: 1.0 / seconds, service, ..setting() };
        all.push(condition(&format!("jobs of {seconds} s, exponential"), setting.clone()));
        let setting = WorldSettings { sensing: Sensing { shows: Shows::Taken, ..Sensing::EXACT }, ..setting };
        all.push(condition(&format!("no count, jobs of {seconds} s"), setting.clone()));
        for kind in KINDS.iter().filter(|kind| matches!(kind.shows, Shows::Reserved | Shows::Nothing)) {
            let setting = kind.within(&WorldSettings { moments, ..setting.clone() });
            all.push(condition(&format!("{}, jobs of {seconds} s", kind.name), setting));
        }
    }
    all
}
