//! What `wait` must show on real traces and on bursts out of silence, with the one setting that it has.
//!
//! Runs when `TIDEGATE_TRACES` names the folder of traces, and prints every figure; otherwise it says that it did not run.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tidegate_policy::ServicePolicy;
use tidegate_simulator::scaler::Production;
use tidegate_simulator::world::{JobTime, Looks, ScaleIn, Sensing, Service, Starts};
use tidegate_simulator::{Baseline, Load, Score, Setting, simulate, synthetic, trace};

use crate::stage::setting;

/// The trace of batches out of silence; the others are those of `elasticity.md`.
const STRESS: &str = "nab_ec2_network_in_5abac7";

/// The policy of a service with `wait` and nothing else.
fn policy(setting: &Setting, more: &str) -> ServicePolicy {
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

const INTERRUPTIBLE: &str = "    interruptible: true\n";

fn score(load: &Load, setting: &Setting, more: &str) -> Score {
    let mut production = Production::new(&policy(setting, more), Timestamp::UNIX_EPOCH);
    let run = simulate(load, setting, &mut production);
    Score::of(&run, load, setting, &Baseline::of(load, setting))
}

/// Cost and late jobs of several loads.
#[derive(Debug, Clone, Copy)]
struct Figures {
    cost: f64,
    late: f64,
    worst: f64,
    actions: f64,
    reversals: f64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cost, late, worst, actions, reversals } = self;
        write!(f, "{cost:.3} x {late:.2}% (worst {worst:.2}%), {actions:.0}/d, {reversals:.0} turns/d")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of loads")]
fn mean(scores: &[Score]) -> Figures {
    let of = |value: fn(&Score) -> f64| scores.iter().map(value).sum::<f64>() / scores.len() as f64;
    Figures {
        cost: of(|score| score.cost_vs_oracle),
        late: of(|score| score.excess_late_percent),
        worst: scores.iter().map(|score| score.excess_late_percent).fold(f64::MIN, f64::max),
        actions: of(|score| score.scaling_actions_per_day),
        reversals: of(|score| score.direction_reversals_per_day),
    }
}

/// The development traces, and the stress trace.
fn loads(folder: &Path, setting: &Setting) -> (Vec<Load>, Load) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "csv"));
    paths.sort();
    let read = |path: &PathBuf| {
        let trace = trace::read(BufReader::new(File::open(path).expect("a trace"))).expect("it can be read");
        Load::scaled(&trace, 0.8 * f64::from(setting.capacity.max()), setting.throughput, setting.seed)
    };
    let (stress, dev): (Vec<_>, Vec<_>) =
        paths.iter().partition(|path| path.file_stem().is_some_and(|name| name == STRESS));
    (dev.into_iter().map(read).collect(), read(stress[0]))
}

/// Development traces, stress trace, bursts out of silence.
fn all(folder: &Path, setting: &Setting, more: &str) -> [Figures; 3] {
    let (dev, stress) = loads(folder, setting);
    let dev: Vec<Score> = dev.iter().map(|load| score(load, setting, more)).collect();
    let bursts: Vec<Score> =
        (40..50).map(|seed| score(&synthetic::on_off(setting, seed), setting, more)).collect();
    [mean(&dev), mean(&[score(&stress, setting, more)]), mean(&bursts)]
}

fn print(what: &str, [dev, stress, bursts]: [Figures; 3]) {
    println!("| {what} | {dev} | {stress} | {bursts} |");
}

#[test]
fn wait_costs_and_is_late_as_little_as_promised() {
    let Some(folder) = std::env::var_os("TIDEGATE_TRACES").map(PathBuf::from) else {
        println!("not run: TIDEGATE_TRACES names no folder of traces");
        return;
    };
    println!("| condition | development traces | stress trace | on/off |\n|---|---|---|---|");
    let ours = all(&folder, &setting(), INTERRUPTIBLE);
    print("as promised", ours);
    let [dev, stress, bursts] = ours;
    assert!(dev.cost <= 1.05 && dev.late <= 0.1 && dev.worst <= 0.5, "development traces: {dev}");
    assert!(stress.late <= 4.0, "stress trace: {stress}");
    assert!(bursts.cost <= 2.0 && bursts.late <= 3.0, "bursts: {bursts}");
}

#[test]
fn wait_holds_in_rough_conditions() {
    let Some(folder) = std::env::var_os("TIDEGATE_TRACES").map(PathBuf::from) else {
        println!("not run: TIDEGATE_TRACES names no folder of traces");
        return;
    };
    println!("| condition | development traces | stress trace | on/off |\n|---|---|---|---|");
    print("one task per look", all(&folder, &setting(), ""));
    let sensed = |sensing| Setting { sensing, ..setting() };
    for (what, sensing) in [
        ("15% noise", Sensing { noise: 0.15, ..Sensing::EXACT }),
        ("one reading in five missing", Sensing { missing: 0.2, ..Sensing::EXACT }),
        ("in flight 30% too high", Sensing { in_flight_bias: 1.3, ..Sensing::EXACT }),
    ] {
        let figures = all(&folder, &sensed(sensing), INTERRUPTIBLE);
        print(what, figures);
        assert!(figures[0].cost < 1.25 && figures[0].late < 2.0, "{what}: {}", figures[0]);
    }
    for seconds in [60_u32, 120, 180] {
        let sensing = Sensing { reading_age_seconds: seconds, ..Sensing::EXACT };
        print(&format!("readings {seconds} s late"), all(&folder, &sensed(sensing), INTERRUPTIBLE));
    }
    let looks = Looks { every_seconds: 60, act_from_seconds: 60 };
    print("a look every 60 s", all(&folder, &Setting { looks, ..setting() }, INTERRUPTIBLE));
    let capacity = tidegate_policy::Capacity::new(2, 20).expect("2 is below 20");
    print("2 to 20 tasks", all(&folder, &Setting { capacity, ..setting() }, INTERRUPTIBLE));
    for seconds in [30.0, 300.0, 600.0] {
        let starts = Starts { seconds, ..setting().starts };
        print(&format!("start-up {seconds} s"), all(&folder, &Setting { starts, ..setting() }, INTERRUPTIBLE));
    }
    for acceptable_wait_seconds in [30.0, 120.0, 300.0] {
        let setting = Setting { acceptable_wait_seconds, ..setting() };
        print(&format!("wait {acceptable_wait_seconds} s"), all(&folder, &setting, INTERRUPTIBLE));
    }
}

#[test]
fn wait_with_jobs_that_outlast_a_look() {
    let Some(folder) = std::env::var_os("TIDEGATE_TRACES").map(PathBuf::from) else {
        println!("not run: TIDEGATE_TRACES names no folder of traces");
        return;
    };
    println!("| jobs | development traces | stress trace | on/off |\n|---|---|---|---|");
    for seconds in [2.0, 20.0, 60.0] {
        let service = Service::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Waits };
        let setting = Setting { throughput: 1.0 / seconds, service, ..setting() };
        let figures = all(&folder, &setting, INTERRUPTIBLE);
        print(&format!("{seconds} s, exponential"), figures);
        assert!(figures[0].late < 1.0, "{seconds} s: {}", figures[0]);
    }
}
