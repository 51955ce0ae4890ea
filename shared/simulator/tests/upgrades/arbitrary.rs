//! Stories about classes that proptest draws and makes smaller.

use std::num::NonZeroU32;

use jiff::SignedDuration;
use proptest::prelude::*;
use tidegate_policy::overrides::Held;
use tidegate_policy::upgrades::observation::Reservation;
use tidegate_policy::upgrades::policy::{
    ChangeWindow, ClassFloor, ClassLadder, StorageLimits, UpgradePolicy,
};
use tidegate_policy::{Comparison, Condition, Engine, MetricName, Signal, Unit};
use tidegate_simulator::rds::{ClassDemand, ClassManualChange, ManualChange, ModifiedValue, RdsTroubles};

use crate::act::{AskedFor, ClassAct, ClassMeddling};
use crate::ground::{LADDER, OUTSIDE, ground};
use crate::ledger::ProcessStep;
use crate::story::ClassBeginning;

pub(crate) fn cpu(comparison: Comparison, threshold: f64, hold_for: SignedDuration) -> Condition {
    Condition {
        signal: Signal::Metric(MetricName::new("cpu").expect("a name")),
        comparison,
        threshold,
        unit: Unit::Percent,
        hold_for,
    }
}

/// The ladder of the tests by CPU, in the maintenance window.
pub(crate) fn ladder(up: SignedDuration, has_down: bool) -> ClassLadder {
    let down = cpu(Comparison::Below, 20.0, SignedDuration::from_hours(24));
    ClassLadder {
        classes: LADDER.map(str::to_owned).to_vec(),
        up: vec![cpu(Comparison::Above, 80.0, up)],
        down: has_down.then_some(down).into_iter().collect(),
        floor: None,
        window: ChangeWindow::Maintenance,
        per_day: 1,
        keeps_reservations: true,
    }
}

/// A policy that asks nothing of the storage.
pub(crate) fn policy(ladder: ClassLadder) -> UpgradePolicy {
    UpgradePolicy {
        is_aurora: false,
        ladder: Some(ladder),
        storage: None,
        max_connections: NonZeroU32::new(400),
    }
}

fn floor() -> impl Strategy<Value = Option<ClassFloor>> {
    let by = MetricName::new("users").expect("a name");
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(ClassFloor { by, rows: vec![(10_000, 1), (100_000, 2), (500_000, 3)] })),
    ]
}

fn drawn_policy() -> impl Strategy<Value = UpgradePolicy> {
    let up = prop_oneof![Just(10_i64), Just(60), Just(24 * 60)];
    let window = prop_oneof![3 => Just(None), 1 => Just(Some("sun:02:00-sun:03:00")), 1 => Just(Some("sun:23:45-mon:00:45"))];
    let storage = prop_oneof![2 => Just(None), 1 => Just(Some(1_000))];
    let is_aurora = prop::bool::weighted(0.03);
    (up, any::<bool>(), floor(), window, 1_u32..3, storage, is_aurora).prop_map(
        |(up, has_down, floor, window, per_day, storage, is_aurora)| {
            let ladder = ladder(SignedDuration::from_mins(up), has_down);
            let window = window.map_or(ChangeWindow::Maintenance, |window| {
                ChangeWindow::Weekly(window.parse().expect("a window"))
            });
            let storage = storage.map(|max| StorageLimits { max_gib: Some(max), warning: 20, critical: 10 });
            UpgradePolicy { is_aurora, storage, ..policy(ClassLadder { floor, window, per_day, ..ladder }) }
        },
    )
}

pub(crate) fn demand() -> impl Strategy<Value = ClassDemand> {
    // Much, or hardly anything, so that classes go up and down.
    let work = prop_oneof![3 => 85_u32..400, 2 => 1_u32..20, 1 => 20_u32..85];
    let users = prop_oneof![3 => Just(1e3), 1 => Just(5e4), 1 => Just(6e5)];
    (work, 5_u32..120, 256_u32..3_000, 50_u32..1_500, users).prop_map(
        |(work, connections, used, iops, users)| ClassDemand {
            work: f64::from(work),
            connections: f64::from(connections),
            used_mib: f64::from(used),
            iops: f64::from(iops),
            users,
        },
    )
}

/// How a story begins: mostly with a class of the ladder, at times only watched.
pub(crate) fn beginning() -> impl Strategy<Value = ClassBeginning> {
    let class = prop_oneof![12 => (0_usize..4).prop_map(|place| LADDER[place]), 1 => Just(OUTSIDE[0])];
    let engine = prop_oneof![Just(Engine::PostgreSql { major: 16, minor: 4 }), Just(Engine::MySql)];
    let unusual = (
        any::<bool>(),
        prop::bool::weighted(0.05),
        prop::bool::weighted(0.1),
        prop_oneof![2 => Just(0_usize), 1 => Just(1), 1 => Just(2)],
    );
    (any::<u32>(), drawn_policy(), demand(), class, engine, unusual).prop_map(
        |(seed, policy, demand, class, engine, (is_multi_az, observe, is_reserved, replicas))| {
            let mut settings = ground(u64::from(seed));
            settings.engine = engine;
            class.clone_into(&mut settings.class);
            settings.classes.is_multi_az = is_multi_az;
            settings.classes.demand = demand;
            let reserved =
                Reservation { id: "ri-1".to_owned(), class: class.to_owned(), count: 1, is_multi_az };
            settings.classes.reservations = is_reserved.then_some(reserved).into_iter().collect();
            // Half of the stories begin on a bad day.
            settings.troubles = if seed % 2 == 0 { RdsTroubles::NONE } else { RdsTroubles::MANY };
            settings.times.creating = tidegate_simulator::rds::SecondsBetween::new(180, 2_400);
            let replicas = (0..replicas).map(|n| format!("reader-{n}")).collect();
            ClassBeginning { settings, policy, replicas, observe }
        },
    )
}

fn value() -> impl Strategy<Value = ModifiedValue> {
    let class = prop_oneof![3 => (0_usize..4).prop_map(|place| LADDER[place]), 1 => Just(OUTSIDE[1])];
    prop_oneof![
        3 => class.prop_map(|class| ModifiedValue::Class(class.to_owned())),
        2 => (101_u32..400).prop_map(ModifiedValue::Storage),
        1 => Just(ModifiedValue::EngineVersion("16.6".to_owned())),
    ]
}

fn by_hand() -> impl Strategy<Value = ManualChange> {
    let place = || prop_oneof![3 => Just(0_usize), 1 => 1_usize..3];
    let of_class = prop_oneof![
        6 => (place(), value(), any::<bool>())
            .prop_map(|(place, value, at_once)| ClassManualChange::Modify { place, value, at_once }),
        2 => place().prop_map(|place| ClassManualChange::Parameters { place }),
        3 => Just(ClassManualChange::Withdraw),
        1 => prop_oneof![Just(None), Just(Some(500)), Just(Some(2_000))].prop_map(ClassManualChange::MaxStorage),
        1 => prop_oneof![Just("sun:05:00-sun:06:00"), Just("sun:04:30-sun:05:30"), Just("mon:01:00-mon:01:30")]
            .prop_map(|window| ClassManualChange::Window(window.to_owned())),
        1 => prop_oneof![Just(0), Just(7)].prop_map(ClassManualChange::Backups),
        1 => (5_i64..1_000).prop_map(ClassManualChange::Maintenance),
        1 => (0_usize..4).prop_map(|place| ClassManualChange::Offer(LADDER[place].to_owned())),
    ];
    prop_oneof![
        8 => of_class.prop_map(ManualChange::OfClass),
        1 => (1_u32..4).prop_map(|n| ManualChange::CreateReplica { id: format!("by-hand-{n}") }),
        1 => (0_usize..3).prop_map(|nth| ManualChange::DeleteReplica { nth }),
        1 => Just(ManualChange::RebootSource),
        1 => (0_usize..3).prop_map(|nth| ManualChange::Reboot { nth }),
    ]
}

fn asked() -> impl Strategy<Value = AskedFor> {
    prop_oneof![
        4 => (0_usize..5, any::<bool>()).prop_map(|(place, now)| AskedFor::To(place, now)),
        3 => any::<bool>().prop_map(AskedFor::Next),
        3 => (0_usize..4, any::<bool>()).prop_map(|(place, now)| AskedFor::AfterSnapshot(place, now)),
        1 => Just(AskedFor::Withdraw),
    ]
}

fn act() -> impl Strategy<Value = ClassAct> {
    let killed =
        prop_oneof![Just(ProcessStep::Decided), Just(ProcessStep::Intended), Just(ProcessStep::Acted)];
    let troubles = prop_oneof![2 => Just(RdsTroubles::NONE), 2 => Just(RdsTroubles::MANY)];
    let meddles = prop_oneof![
        Just(ClassMeddling::QueuesBefore),
        Just(ClassMeddling::QueuesAfter),
        Just(ClassMeddling::ParametersBefore),
        Just(ClassMeddling::ChangesBefore),
        Just(ClassMeddling::ChangesAfter),
        Just(ClassMeddling::ChangesLater),
        Just(ClassMeddling::RestartsAfter),
    ];
    prop_oneof![
        14 => (1_u8..30).prop_map(ClassAct::Ticks),
        4 => (1_u8..30).prop_map(ClassAct::Hours),
        4 => Just(ClassAct::ToWindow),
        8 => Just(ClassAct::Window),
        3 => (asked(), asked()).prop_map(|(first, second)| ClassAct::AskedInWindow(first, second)),
        4 => any::<u8>().prop_map(ClassAct::TwoAtOnce),
        4 => killed.prop_map(ClassAct::Killed),
        2 => (1_u8..12).prop_map(ClassAct::Frozen),
        1 => (1_u16..200).prop_map(ClassAct::Outage),
        6 => by_hand().prop_map(ClassAct::ByHand),
        8 => demand().prop_map(ClassAct::Demand),
        4 => troubles.prop_map(ClassAct::Troubles),
        5 => meddles.prop_map(ClassAct::Meddles),
        5 => by_hand().prop_map(ClassAct::WhileChanging),
        7 => asked().prop_map(ClassAct::Asked),
        3 => (prop_oneof![Just(Held::Both), Just(Held::ScaleIn)], 1_u16..15_000)
            .prop_map(|(held, minutes)| ClassAct::Held(held, minutes)),
        1 => any::<bool>().prop_map(ClassAct::Emergency),
        1 => any::<bool>().prop_map(ClassAct::Sns),
    ]
}

/// What happens in a story.
pub(crate) fn acts() -> impl Strategy<Value = Vec<ClassAct>> {
    prop::collection::vec(act(), 5..45)
}
