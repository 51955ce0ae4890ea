//! Stories that proptest draws and makes smaller.

use jiff::SignedDuration;
use proptest::prelude::*;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::observation::Engine;
use tidegate_policy::replicas::policy::{DatabasePolicy, LagLimits, ReadRecord, ReplicaCount};
use tidegate_policy::{Comparison, Condition, MetricName, Signal, Unit};
use tidegate_simulator::rds::{DatabaseLoad, ManualChange, RdsTroubles, SecondsBetween};

use crate::ledger::ProcessStep;
use crate::stage::settings;
use crate::story::{Act, Draining, Meddling, StoryBeginning};

pub(crate) fn cpu(comparison: Comparison, threshold: f64, minutes: i64) -> Condition {
    Condition {
        signal: Signal::Metric(MetricName::new("cpu").expect("a name")),
        comparison,
        threshold,
        unit: Unit::Percent,
        hold_for: SignedDuration::from_mins(minutes),
    }
}

/// `min`–`max` by CPU, a lag of 15 seconds, ten minutes each of cooldown and draining.
pub(crate) fn policy(min: u32, max: u32, has_zone: bool) -> DatabasePolicy {
    DatabasePolicy {
        is_aurora: false,
        lag: Some(LagLimits {
            warning: SignedDuration::from_secs(15),
            critical: Some(SignedDuration::from_secs(60)),
        }),
        count: Some(ReplicaCount {
            min,
            max,
            scale_out: Some(cpu(Comparison::Above, 70.0, 5)),
            scale_in: Some(cpu(Comparison::Below, 30.0, 15)),
            class: None,
            cooldown: SignedDuration::from_mins(10),
            drain: SignedDuration::from_mins(10),
        }),
        dns: has_zone.then(|| ReadRecord {
            zone: "Z0123456789ABC".to_owned(),
            name: "read.db.internal".to_owned(),
            ttl: 5,
        }),
    }
}

/// The same of a cluster of Aurora, whose lag is in milliseconds.
fn of_aurora(policy: DatabasePolicy) -> DatabasePolicy {
    let lag =
        LagLimits { warning: SignedDuration::from_millis(100), critical: Some(SignedDuration::from_secs(1)) };
    DatabasePolicy { is_aurora: true, lag: Some(lag), ..policy }
}

fn engine() -> impl Strategy<Value = Engine> {
    prop_oneof![
        2 => Just(Engine::MySql),
        1 => Just(Engine::MariaDb),
        1 => Just(Engine::PostgreSql { major: 13, minor: 9 }),
        1 => Just(Engine::PostgreSql { major: 16, minor: 4 }),
        1 => Just(Engine::Aurora),
    ]
}

pub(crate) fn load() -> impl Strategy<Value = DatabaseLoad> {
    // Much, or hardly anything, so that replicas come and go.
    let reads = prop_oneof![3 => 0_u32..60, 2 => 120_u32..400];
    (reads, 0_u32..500, prop_oneof![Just(0.0), Just(2e5), Just(3e6)]).prop_map(
        |(reads, connections, writes)| DatabaseLoad {
            reads: f64::from(reads),
            connections: f64::from(connections),
            writes,
        },
    )
}

/// How a story begins: mostly with a record, at times only watched.
pub(crate) fn beginning() -> impl Strategy<Value = StoryBeginning> {
    let count = (1_u32..=2, 0_u32..=4);
    let unusual = (prop::bool::weighted(0.9), prop::bool::weighted(0.05), 3_u32..41);
    (any::<u32>(), engine(), load(), count, 0_usize..3, unusual).prop_map(
        |(seed, engine, load, (min, more), theirs, (has_zone, observe, others))| {
            let mut settings = settings(u64::from(seed));
            settings.engine = engine;
            // Shorter than usual, so that a story of a day has many changes.
            settings.times.creating = SecondsBetween::new(180, 2_400);
            settings.times.initializing = SecondsBetween::new(60, 3_600);
            // Aurora has a reader endpoint.
            let has_zone = has_zone && engine != Engine::Aurora;
            settings.has_zone = has_zone;
            settings.is_switch_in_one_minute = seed % 2 == 0;
            // One account in ten is nearly full.
            settings.other_instances = if others > 37 { others } else { 3 };
            let replicas = (0..theirs).map(|n| format!("theirs-{n}")).collect();
            let policy = policy(min, min + more, has_zone);
            let policy = if engine == Engine::Aurora { of_aurora(policy) } else { policy };
            StoryBeginning { settings, load, policy, replicas, observe }
        },
    )
}

fn by_hand() -> impl Strategy<Value = ManualChange> {
    let nth = || 0_usize..6;
    prop_oneof![
        // Names that Tidegate would take are taken by somebody else, too.
        2 => (1_u32..5).prop_map(|n| ManualChange::CreateReplica { id: format!("tidegate-shop-{n}") }),
        1 => (1_u32..4).prop_map(|n| ManualChange::CreateReplica { id: format!("by-hand-{n}") }),
        4 => nth().prop_map(|nth| ManualChange::DeleteReplica { nth }),
        2 => nth().prop_map(|nth| ManualChange::Retag { nth }),
        1 => nth().prop_map(|nth| ManualChange::Protect { nth }),
        2 => nth().prop_map(|nth| ManualChange::Reboot { nth }),
        1 => Just(ManualChange::RebootSource),
        2 => nth().prop_map(|nth| ManualChange::FailOver { nth }),
        1 => Just(ManualChange::ModifySource { class: "db.r6g.2xlarge".to_owned() }),
        1 => nth().prop_map(|nth| ManualChange::BreakReplication { nth }),
        4 => nth().prop_map(|nth| ManualChange::RepairReplication { nth }),
        2 => (nth(), 1_i64..180).prop_map(|(nth, minutes)| ManualChange::SlowDown {
            nth,
            lasting: SignedDuration::from_mins(minutes),
        }),
        2 => nth().prop_map(|nth| ManualChange::DeleteRecord { nth }),
        1 => Just(ManualChange::ZeroWeights),
        1 => Just(ManualChange::CheckHealth),
        1 => Just(ManualChange::AddRecord { value: "elsewhere.example.internal".to_owned() }),
    ]
}

fn asked() -> impl Strategy<Value = OverrideKind> {
    prop_oneof![
        (1_u32..6).prop_map(OverrideKind::Pin),
        (1_u32..6).prop_map(OverrideKind::Max),
        (1_u32..6).prop_map(OverrideKind::Min),
        Just(OverrideKind::Hold(Held::Both)),
        Just(OverrideKind::Hold(Held::ScaleIn)),
    ]
}

fn while_draining() -> impl Strategy<Value = Draining> {
    prop_oneof![
        1 => Just(Draining::Retag),
        1 => Just(Draining::Protect),
        2 => Just(Draining::DeleteOther),
        1 => Just(Draining::Load),
        1 => Just(Draining::Hold),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let killed =
        prop_oneof![Just(ProcessStep::Decided), Just(ProcessStep::Intended), Just(ProcessStep::Acted)];
    let troubles = prop_oneof![1 => Just(RdsTroubles::NONE), 2 => Just(RdsTroubles::MANY), 1 => Just(RdsTroubles::NO_RECORDS),
        1 => (1_usize..4).prop_map(|full_zones| RdsTroubles { full_zones, ..RdsTroubles::NONE })];
    let meddles = prop_oneof![Just(Meddling::Same), Just(Meddling::Reboot), Just(Meddling::Protect)];
    prop_oneof![
        16 => (15_u8..120).prop_map(Act::Minutes),
        12 => (1_u8..15).prop_map(Act::Minutes),
        4 => any::<u8>().prop_map(Act::TwoAtOnce),
        4 => killed.prop_map(Act::Killed),
        2 => (1_u8..12).prop_map(Act::Frozen),
        1 => (1_u8..60).prop_map(Act::Outage),
        8 => by_hand().prop_map(Act::ByHand),
        12 => load().prop_map(Act::Load),
        5 => troubles.prop_map(Act::Troubles),
        3 => meddles.prop_map(Act::Meddles),
        3 => while_draining().prop_map(Act::WhileDraining),
        2 => (asked(), 1_u16..120).prop_map(|(kind, minutes)| Act::Asked(kind, minutes)),
        1 => any::<bool>().prop_map(Act::Sns),
    ]
}

/// What happens in a story.
pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 5..60)
}
