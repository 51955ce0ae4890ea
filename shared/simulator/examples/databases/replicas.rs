//! A day of read replicas: the load rises and falls, a replica breaks, and somebody creates one of their own.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_policy::replicas::decide::{ReplicaTurn, decide};
use tidegate_policy::replicas::decision::InstanceCall;
use tidegate_policy::replicas::memory::DatabaseMemory;
use tidegate_policy::replicas::policy::{DatabasePolicy, LagLimits, ReadRecord, ReplicaCount};
use tidegate_policy::{Comparison, Condition, MetricName, Signal, Unit};
use tidegate_simulator::rds::{DatabaseLoad, InstanceStatus, ManualChange, SimulatedRds};

use crate::setting::shop;
use crate::told::StoryTold;

const BEGINS: &str = "2026-03-04T06:00:00Z";
const HOURS: i64 = 20;

/// Reads in percent of the CPU of one replica.
const CALM: DatabaseLoad = DatabaseLoad { reads: 35.0, connections: 40.0, writes: 1e6 };
const BUSY: DatabaseLoad = DatabaseLoad { reads: 150.0, connections: 160.0, writes: 2e6 };

/// `min: 1, max: 3, out: cpu > 70% for 5m, in: cpu < 30% for 15m, lag: 15s`.
fn policy() -> DatabasePolicy {
    let cpu = |comparison, threshold, minutes| {
        let signal = Signal::Metric(MetricName::new("cpu")?);
        let hold_for = SignedDuration::from_mins(minutes);
        Some(Condition { signal, comparison, threshold, unit: Unit::Percent, hold_for })
    };
    let ten_minutes = SignedDuration::from_mins(10);
    DatabasePolicy {
        is_aurora: false,
        lag: Some(LagLimits { warning: SignedDuration::from_secs(15), critical: None }),
        count: Some(ReplicaCount {
            min: 1,
            max: 3,
            scale_out: cpu(Comparison::Above, 70.0, 5),
            scale_in: cpu(Comparison::Below, 30.0, 15),
            class: None,
            cooldown: ten_minutes,
            drain: ten_minutes,
        }),
        dns: Some(ReadRecord { zone: "Z0DEMO".to_owned(), name: "read.shop.internal".to_owned(), ttl: 5 }),
    }
}

/// What happens in which minute.
fn happens(minute: i64, world: &mut SimulatedRds) -> Option<&'static str> {
    match minute {
        180 => {
            world.set_load(BUSY);
            Some("the reads rise to one and a half times what one replica can answer")
        }
        480 => {
            world.change_by_hand(&ManualChange::CreateReplica { id: "reporting".to_owned() });
            Some("somebody creates a replica of their own, `reporting`")
        }
        600 => {
            world.change_by_hand(&ManualChange::BreakReplication { nth: 0 });
            Some("the replication of the first replica breaks")
        }
        660 => {
            world.change_by_hand(&ManualChange::RepairReplication { nth: 0 });
            Some("somebody repairs it")
        }
        780 => {
            world.set_load(CALM);
            Some("the reads fall again")
        }
        _ => None,
    }
}

/// The day.
pub(crate) fn story() -> Value {
    let (policy, mut memory) = (policy(), DatabaseMemory::default());
    let mut world = SimulatedRds::new(shop(BEGINS), CALM);
    let curves = [
        ("Replicas", "replicas", "that answer reads"),
        ("Replicas", "replicas", "that exist"),
        ("CPU of the busiest", "%", "CPU"),
    ];
    let mut told = StoryTold::new(world.now(), &curves);
    told.happens(world.now(), "a database `shop` without a replica; 1 to 3 are asked for");
    let mut without_reads = 0;
    let mut had_reads = false;
    for minute in 0..HOURS * 60 {
        if let Some(what) = happens(minute, &mut world) {
            told.happens(world.now(), what);
        }
        evaluate(&mut world, &policy, &mut memory, &mut told);
        let records = world.zone().answer().len();
        had_reads |= records > 0;
        without_reads += u32::from(had_reads && records == 0);
        for _ in 0..4 {
            world.advance();
        }
    }
    let of = |is_ours: bool| {
        let all = world.instances().iter().skip(1).filter(|it| it.id.starts_with("tidegate-") == is_ours);
        all.map(|it| it.id.clone()).collect::<Vec<_>>()
    };
    let facts = json!({"ours": of(true), "others": of(false), "minutes_without_a_record": without_reads});
    told.end("A day of read replicas", &facts)
}

/// A minute of `replica-lag`.
fn evaluate(
    world: &mut SimulatedRds,
    policy: &DatabasePolicy,
    memory: &mut DatabaseMemory,
    told: &mut StoryTold,
) {
    let now = world.now();
    let (seen, evaluation) = (world.observe(), now.to_string());
    let turn = ReplicaTurn { database: "main", evaluation: &evaluation, overrides: &[], observe: false, now };
    let decision = decide(&seen, policy, memory, turn);
    *memory = decision.memory.clone();
    if !decision.records.is_empty() {
        let _ = world.change_records(&decision.records);
    }
    if let Some(call) = &decision.call {
        told.asks(now, &in_words(call));
        memory.settle_call(&world.call(call).outcome(), &evaluation, now);
    }
    told.tells(now, &decision.notices);
    memory.settle_notices(&decision, true);
    let available = world.instances().iter().skip(1).filter(|it| it.status == InstanceStatus::Available);
    let exist = world.instances().len().saturating_sub(1);
    let answering = world.zone().answer().len().min(available.count());
    told.moment(now, &[Some(number(answering)), Some(number(exist)), busiest(&seen, now)]);
}

fn in_words(call: &InstanceCall) -> String {
    match call {
        InstanceCall::Create(new) => format!("CreateDBInstanceReadReplica {} ({})", new.id, new.class),
        InstanceCall::Delete { replica } => format!("DeleteDBInstance {replica}"),
    }
}

/// The CPU of the busiest replica, of three minutes ago: newer minutes may still change.
fn busiest(
    seen: &tidegate_policy::replicas::observation::DatabaseObservation,
    now: Timestamp,
) -> Option<f64> {
    let replicas = &seen.instances.as_ref().ok()?.replicas;
    let settled = |reading: &tidegate_policy::MetricReading| {
        let tidegate_policy::MetricReading::Points { points, .. } = reading else { return None };
        let is_settled = |at: Timestamp| now.duration_since(at) >= SignedDuration::from_mins(3);
        points.iter().rev().find(|point| is_settled(point.at)).map(|point| point.value)
    };
    replicas.iter().filter_map(|replica| settled(&replica.cpu)).max_by(f64::total_cmp)
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from)
}
