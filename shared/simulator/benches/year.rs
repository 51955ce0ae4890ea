//! A simulated year in steps of 15 s, on one core.
//!
//! `cargo bench -p tidegate-simulator`. The goal is under a second a year; production is shown beside the rivals, since
//! each of its two million looks is a real decision.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use tidegate_policy::Capacity;
use tidegate_simulator::scaler::{Fixed, Keda, Production, TargetTracking};
use tidegate_simulator::world::{Looks, Sensing, Service, Starts};
use tidegate_simulator::{Baseline, Load, Score, Setting, oracle, simulate};

const FLEET: &str = r#"
version: 1
name: shop
mode: enforce
services:
  - name: worker
    ecs: { cluster: shop, service: worker }
    capacity: { min: 5, max: 50 }
    queue: { celery: { url: "redis://redis:6379/0", queue: celery } }
    rules:
      - { when: waiting > 500, add: 5 }
      - { when: waiting < 50, remove: 2 }
"#;

fn setting() -> Setting {
    Setting {
        capacity: Capacity::new(5, 50).unwrap_or_else(|error| unreachable!("{error}")),
        throughput: 0.5,
        concurrency: std::num::NonZeroU32::MIN,
        acceptable_wait_seconds: 60.0,
        starts: Starts { seconds: 90.0, spread: 0.0, failing: 0.0 },
        service: Service::Fluid,
        looks: Looks { every_seconds: 15, act_from_seconds: 15 },
        sensing: Sensing::EXACT,
        seed: 7,
    }
}

/// A year of days: quiet at night, 20 jobs a second at their height.
fn year() -> Load {
    let rate = |step: u32| 10.0 + 10.0 * (f64::from(step) / 5_760.0 * std::f64::consts::TAU).sin();
    let rates: Vec<f64> = (0..365 * 5_760).map(rate).collect();
    Load::drawn(&rates, 7)
}

fn a_year(criterion: &mut Criterion) {
    let (load, setting) = (year(), setting());
    let fleet = tidegate_fleet::parse(FLEET).unwrap_or_else(|problems| unreachable!("{problems}"));
    let policy = fleet.services()[0].policy();
    let mut group = criterion.benchmark_group("a year");
    group.sample_size(10);
    group.bench_function("fixed", |bench| bench.iter(|| simulate(&load, &setting, &mut Fixed(30))));
    group.bench_function("keda", |bench| bench.iter(|| simulate(&load, &setting, &mut Keda::new(1.0))));
    group.bench_function("target tracking", |bench| {
        bench.iter(|| simulate(&load, &setting, &mut TargetTracking::backlog(15.0)));
    });
    group.bench_function("production", |bench| {
        bench.iter_batched_ref(
            || Production::new(policy, Timestamp::UNIX_EPOCH),
            |production| simulate(&load, &setting, production),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("oracle", |bench| bench.iter(|| oracle(&load, &setting)));
    let run = simulate(&load, &setting, &mut Keda::new(1.0));
    let baseline = Baseline::of(&load, &setting);
    group.bench_function("score", |bench| {
        bench.iter(|| Score::of(black_box(&run), &load, &setting, &baseline));
    });
    group.finish();
}

criterion_group!(benches, a_year);
criterion_main!(benches);
