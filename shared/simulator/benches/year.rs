//! A simulated year in steps of 15 s, and a single decision, on one core.
//!
//! `cargo bench -p tidegate-simulator --bench year`. The goals are a second a year and two microseconds a decision.
//! Production is shown beside the rivals, since each of its two million evaluations is a real decision. Criterion's
//! `elem/s` are simulated days a second in the first group, decisions a second in the other.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use tidegate_policy::{Capacity, ServicePolicy};
use tidegate_simulator::autoscaler::{
    AutoscalerInput, Fixed, Keda, Production, QueueReading, TargetTracking,
};
use tidegate_simulator::world::{Disruptions, Evaluations, Moments, Sensing, ServiceModel, Starts};
use tidegate_simulator::{Autoscaler, Baseline, Load, Score, WorldSettings, oracle, simulate};

/// Two services, scaled by the two methods.
const FLEET: &str = r#"
version: 1
name: shop
mode: enforce
services:
  - name: rules
    ecs: { cluster: shop, service: rules }
    capacity: { min: 5, max: 50 }
    queue: { bullmq: { url: "redis://redis:6379/0", queue: one } }
    rules:
      - { when: waiting > 500, add: 5 }
      - { when: waiting < 50, remove: 2 }
  - name: wait
    ecs: { cluster: shop, service: wait }
    capacity: { min: 5, max: 50 }
    queue: { bullmq: { url: "redis://redis:6379/0", queue: other } }
    wait: 60s
    interruptible: true
"#;

/// The policies of the fleet, by their names.
fn policies() -> Vec<(String, ServicePolicy)> {
    let fleet = tidegate_fleet::parse(FLEET).unwrap_or_else(|problems| unreachable!("{problems}"));
    fleet.services().iter().map(|service| (service.name().to_owned(), service.policy().clone())).collect()
}

fn setting() -> WorldSettings {
    WorldSettings {
        capacity: Capacity::new(5, 50).unwrap_or_else(|error| unreachable!("{error}")),
        throughput: 0.5,
        concurrency: std::num::NonZeroU32::MIN,
        prefetch: 1,
        acceptable_wait_seconds: 60.0,
        starts: Starts { seconds: 90.0, spread: 0.0, failing: 0.0 },
        moments: Moments::Steps,
        service: ServiceModel::Fluid,
        evaluations: Evaluations { every_seconds: 15, act_from_seconds: 15 },
        sensing: Sensing::EXACT,
        disruptions: Disruptions::NONE,
        seed: 7,
    }
}

/// Days that are quiet at night, with 20 jobs a second at their height.
fn days(count: u32) -> Load {
    let rate = |step: u32| 10.0 + 10.0 * (f64::from(step) / 5_760.0 * std::f64::consts::TAU).sin();
    let rates: Vec<f64> = (0..count * 5_760).map(rate).collect();
    Load::drawn(&rates, 7)
}

fn a_year(criterion: &mut Criterion) {
    let (load, setting) = (days(365), setting());
    let mut group = criterion.benchmark_group("a year");
    group.sample_size(10).throughput(Throughput::Elements(365));
    group.bench_function("fixed", |bench| bench.iter(|| simulate(&load, &setting, &mut Fixed(30))));
    group.bench_function("keda", |bench| bench.iter(|| simulate(&load, &setting, &mut Keda::new(1.0))));
    group.bench_function("target tracking", |bench| {
        bench.iter(|| simulate(&load, &setting, &mut TargetTracking::backlog(15.0)));
    });
    for (name, policy) in policies() {
        group.bench_function(format!("production, {name}"), |bench| {
            bench.iter_batched_ref(
                || Production::new(&policy, Timestamp::UNIX_EPOCH),
                |production| simulate(&load, &setting, production),
                BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("oracle", |bench| bench.iter(|| oracle(&load, &setting)));
    let run = simulate(&load, &setting, &mut Keda::new(1.0));
    let baseline = Baseline::of(&load, &setting);
    group.bench_function("score", |bench| {
        bench.iter(|| Score::of(black_box(&run), &load, &setting, &baseline));
    });
    group.finish();
}

/// Somebody who notes what each evaluation saw: its moment, the queue, tasks that serve and tasks asked for.
struct Noted<'a>(&'a mut Production, Vec<(f64, Option<QueueReading>, u32, u32)>);

impl Autoscaler for Noted<'_> {
    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        self.1.push((seen.seconds, seen.queue, seen.ready, seen.total));
        self.0.evaluate(seen)
    }
}

/// What production sees on one day, decided again and again, without the world around it.
fn a_decision(criterion: &mut Criterion) {
    let (load, setting) = (days(1), setting());
    let mut group = criterion.benchmark_group("a decision");
    for (name, policy) in policies() {
        let fresh = || Production::new(&policy, Timestamp::UNIX_EPOCH);
        let mut production = fresh();
        let mut noted = Noted(&mut production, Vec::new());
        let _ = simulate(&load, &setting, &mut noted);
        let day = noted.1;
        group.throughput(Throughput::Elements(u64::try_from(day.len()).unwrap_or(u64::MAX)));
        group.bench_function(&name, |bench| {
            let again = |production: &mut Production| {
                for &(seconds, queue, ready, total) in &day {
                    black_box(production.evaluate(&AutoscalerInput {
                        seconds,
                        queue,
                        minutes: &[],
                        ready,
                        total,
                        rollout: false,
                    }));
                }
            };
            bench.iter_batched_ref(fresh, again, BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, a_year, a_decision);
criterion_main!(benches);
