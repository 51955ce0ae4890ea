//! A class that grows in its maintenance window: announced a day ahead, refused while somebody else's change is pending, begun once
//! nothing stands against it, and proved.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_policy::upgrades::decide::{UpgradeTurn, decide, rehearsed};
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_policy::upgrades::memory::UpgradeMemory;
use tidegate_policy::upgrades::policy::{ChangeWindow, ClassLadder, UpgradePolicy};
use tidegate_policy::{Comparison, Condition, MetricName, Signal, Unit};
use tidegate_simulator::rds::{
    ClassDemand, ClassManualChange, DatabaseLoad, ManualChange, ModifiedValue, SimulatedRds,
};

use crate::setting::{LADDER, shop};
use crate::told::StoryTold;

/// A Friday; the window is on the Sunday after.
const BEGINS: &str = "2026-03-06T12:00:00Z";
const HOURS: i64 = 24 * 3;

const CALM: ClassDemand =
    ClassDemand { work: 45.0, connections: 60.0, used_mib: 4_000.0, iops: 300.0, users: 20_000.0 };
const BUSY: ClassDemand = ClassDemand { work: 92.0, ..CALM };

/// `classes: [db.t4g.large, db.m6g.xlarge, db.m6g.4xlarge]`, `when: cpu > 80% for 12h`.
fn policy() -> UpgradePolicy {
    let hold_for = SignedDuration::from_hours(12);
    let cpu = MetricName::new("cpu").map(|name| Condition {
        signal: Signal::Metric(name),
        comparison: Comparison::Above,
        threshold: 80.0,
        unit: Unit::Percent,
        hold_for,
    });
    let ladder = ClassLadder {
        classes: LADDER.map(str::to_owned).to_vec(),
        up: cpu.into_iter().collect(),
        down: Vec::new(),
        floor: None,
        window: ChangeWindow::Maintenance,
        per_day: 1,
        keeps_reservations: true,
    };
    UpgradePolicy { is_aurora: false, ladder: Some(ladder), storage: None, max_connections: None }
}

/// What happens in which minute.
fn happens(minute: i64, world: &mut SimulatedRds) -> Option<&'static str> {
    match minute {
        60 => {
            world.set_demand(BUSY);
            Some("more users: the CPU rises above 80%")
        }
        1_200 => {
            let value = ModifiedValue::EngineVersion("16.8".to_owned());
            let queued = ClassManualChange::Modify { place: 0, value, at_once: false };
            world.change_by_hand(&ManualChange::OfClass(queued));
            Some("somebody queues a new engine version for the next window")
        }
        2_100 => {
            world.change_by_hand(&ManualChange::OfClass(ClassManualChange::Withdraw));
            Some("they read the report, and withdraw it")
        }
        _ => None,
    }
}

/// Friday noon to Monday noon.
pub(crate) fn story() -> Value {
    let (policy, mut memory) = (policy(), UpgradeMemory::default());
    let mut settings = shop(BEGINS);
    settings.classes.demand = CALM;
    let mut world = SimulatedRds::new(settings, DatabaseLoad { reads: 0.0, connections: 0.0, writes: 1e5 });
    let curves = [("Class", "place in `classes`", "place"), ("Available", "1: available", "available")];
    let mut told = StoryTold::new(world.now(), &curves);
    told.happens(world.now(), "`shop` is a db.t4g.large; its maintenance window is sun:05:00-sun:06:00");
    let mut calls = Vec::new();
    for minute in 0..HOURS * 60 {
        if let Some(what) = happens(minute, &mut world) {
            told.happens(world.now(), what);
        }
        if minute % 5 == 0 {
            calls.extend(evaluate(&mut world, &policy, &mut memory, &mut told));
        }
        world.advance_by(60);
    }
    let class = world.instances().first().map(|it| it.class.clone());
    told.end("A class that grows in its maintenance window", &json!({"calls": calls, "class": class}))
}

/// Five minutes of `rds-upgrade`. Returns when a change of the class was asked for.
fn evaluate(
    world: &mut SimulatedRds,
    policy: &UpgradePolicy,
    memory: &mut UpgradeMemory,
    told: &mut StoryTold,
) -> Option<String> {
    let now = world.now();
    let history = SignedDuration::from_hours(24 * 7);
    let (mut seen, evaluation) = (world.observe_classes(history, history), now.to_string());
    if let Some(change) = &memory.change {
        seen.messages = Some(world.messages(&change.instance, change.began));
    }
    let turn = UpgradeTurn {
        database: "main",
        evaluation: &evaluation,
        overrides: &[],
        emergency: None,
        asked: None,
        observe: false,
        now,
    };
    seen.rehearsal = rehearsed(&seen, policy, memory, turn).map(|class| world.rehearse(&class));
    let decision = decide(&seen, policy, memory, turn);
    memory.clone_from(&decision.memory);
    let mut asked = None;
    if let Some(call) = &decision.call {
        if let ClassCall::Modify { instance, to, .. } = call {
            told.asks(now, &format!("ModifyDBInstance {instance} to {to}, ApplyImmediately"));
            asked = Some(now.to_string());
        }
        memory.settle_call(&world.call_of_class(call).outcome(), &evaluation, now);
    }
    told.tells(now, &decision.notices);
    memory.settle_notices(&decision, true);
    let main = world.instances().first();
    let place = main.and_then(|it| LADDER.iter().position(|class| *class == it.class));
    let place = place.and_then(|place| u32::try_from(place + 1).ok()).map(f64::from);
    let serves = main.map(|it| f64::from(u8::from(it.status.word() == "available")));
    told.moment(now, &[place, serves]);
    asked
}
