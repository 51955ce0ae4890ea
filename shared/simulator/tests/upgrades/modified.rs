//! How the simulated RDS modifies an instance.

use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_simulator::rds::{
    Actor, AppliedBy, CallAnswer, CallRefusal, ClassDeed, ClassManualChange, ManualChange, ModifiedValue,
    RdsSettings, RdsTroubles, SimulatedRds,
};

use crate::ground::{
    LADDER, OUTSIDE, by_hand, class_deeds, ground, main_shown, modify, pass, queue, shown, world,
};

/// What is shown of a change, each once: status, class, what is pending.
fn passed(world: &mut SimulatedRds, minutes: u32) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for _ in 0..minutes * 4 {
        let main = main_shown(world);
        let status = match main.status {
            Status::Available => "available".to_owned(),
            Status::Changing(status) | Status::Failed(status) => status,
            Status::Creating | Status::Deleting => "unexpected".to_owned(),
        };
        let class = if main.class == LADDER[2] { "new" } else { "old" };
        let pending = if main.pending_class.is_some() { " pending" } else { "" };
        let applying = if main.parameters.is_empty() { "" } else { " applying" };
        let now = format!("{status} {class}{pending}{applying}");
        if all.last() != Some(&now) {
            all.push(now);
        }
        world.advance();
    }
    all
}

#[test]
fn a_single_instance_stays_available_for_a_while_then_is_modified_and_restarts() {
    let mut world = world(ground(1));
    assert_eq!(world.call_of_class(&modify(LADDER[2])), CallAnswer::Taken);
    let expected = [
        "available old pending",
        "modifying old pending",
        "rebooting new applying",
        "available new applying",
        "available new",
    ];
    let passed = passed(&mut world, 90);
    assert!(passed.iter().all(|it| expected.contains(&it.as_str()) || it == "rebooting new"), "{passed:?}");
    assert_eq!(passed.first().map(String::as_str), Some("available old pending"));
    assert_eq!(passed.last().map(String::as_str), Some("available new"));
}

#[test]
fn with_a_standby_nothing_restarts_and_the_standby_takes_over() {
    let mut settings = ground(2);
    settings.classes.is_multi_az = true;
    let mut world = world(settings);
    let _ = world.call_of_class(&modify(LADDER[2]));
    let begun = world.now();
    let passed = passed(&mut world, 90);
    assert!(!passed.iter().any(|it| it.contains("rebooting")), "{passed:?}");
    let told = world.messages("shop", begun).expect("nothing fails here");
    assert!(told.iter().any(|it| it.text == "Multi-AZ instance failover started"), "{told:?}");
    assert!(told.iter().any(|it| it.text.starts_with("Finished applying")), "{told:?}");
}

#[test]
fn with_apply_immediately_everything_that_is_pending_is_applied_whoever_asked_for_it() {
    let mut world = world(ground(3));
    queue(&mut world, ModifiedValue::Storage(200));
    queue(&mut world, ModifiedValue::EngineVersion("16.6".to_owned()));
    by_hand(&mut world, ClassManualChange::Parameters { place: 0 });
    pass(&mut world, 5);
    let before = main_shown(&mut world);
    assert_eq!(before.pending, ["AllocatedStorage", "EngineVersion"]);
    assert_eq!(before.parameters, [("the-parameters".to_owned(), "pending-reboot".to_owned())]);
    assert_eq!(world.call_of_class(&modify(LADDER[2])), CallAnswer::Taken);
    pass(&mut world, 24 * 60);
    let ours = AppliedBy::Call(Actor::Tidegate);
    let theirs: Vec<&str> = class_deeds(&world)
        .filter_map(|deed| match deed {
            ClassDeed::Applied { pending, by, .. } if *by == ours && pending.by == Actor::SomeoneElse => {
                Some(pending.value.name())
            }
            ClassDeed::Restarted { by, .. } if *by == ours => Some("parameters"),
            ClassDeed::Applied { .. }
            | ClassDeed::Restarted { .. }
            | ClassDeed::Took(_)
            | ClassDeed::Refused(..)
            | ClassDeed::Lost(_)
            | ClassDeed::GivenUp { .. } => None,
        })
        .collect();
    assert_eq!(theirs, ["AllocatedStorage", "EngineVersion", "parameters"]);
    assert_eq!(main_shown(&mut world).allocated_gib, 200);
}

#[test]
fn without_apply_immediately_it_waits_for_the_maintenance_window() {
    let mut world = world(ground(4));
    queue(&mut world, ModifiedValue::Class(LADDER[2].to_owned()));
    pass(&mut world, 16 * 60);
    assert_eq!(main_shown(&mut world).pending_class.as_deref(), Some(LADDER[2]), "it is 04:00");
    assert_eq!(main_shown(&mut world).class, LADDER[1]);
    pass(&mut world, 4 * 60);
    assert_eq!(main_shown(&mut world).class, LADDER[2]);
    let is_by_window = |deed: &ClassDeed| matches!(deed, ClassDeed::Applied { by: AppliedBy::Window, .. });
    assert!(class_deeds(&world).any(is_by_window));
}

#[test]
fn what_is_given_up_leaves_the_old_class_and_nothing_but_an_event() {
    let mut settings = ground(5);
    settings.troubles = RdsTroubles { changes_given_up: 1.0, ..RdsTroubles::NONE };
    let mut world = world(settings);
    let begun = world.now();
    assert_eq!(world.call_of_class(&modify(LADDER[2])), CallAnswer::Taken);
    pass(&mut world, 90);
    let main = main_shown(&mut world);
    assert_eq!((main.status, main.class.as_str()), (Status::Available, LADDER[1]));
    assert_eq!((main.pending_class, main.pending.len()), (None, 0));
    let told = world.messages("shop", begun).expect("nothing fails here");
    assert!(told.iter().any(|it| it.text == "Unable to modify database instance class"), "{told:?}");
}

#[test]
fn calls_about_classes_are_refused_as_rds_refuses_them() {
    let with = |change: fn(&mut RdsSettings)| {
        let mut settings = ground(6);
        change(&mut settings);
        world(settings)
    };
    let refused = CallAnswer::Refused;
    let mut quiet = with(|_| ());
    assert_eq!(quiet.call_of_class(&modify("db.x9g.large")), refused(CallRefusal::NotOffered));
    let nobody =
        ClassCall::Modify { instance: "nobody".to_owned(), from: String::new(), to: LADDER[2].to_owned() };
    assert_eq!(quiet.call_of_class(&nobody), refused(CallRefusal::NotFound));
    assert_eq!(quiet.call_of_class(&modify(LADDER[2])), CallAnswer::Taken);
    pass(&mut quiet, 3);
    assert_eq!(quiet.call_of_class(&modify(LADDER[3])), refused(CallRefusal::InvalidState));
    let mut no_capacity = with(|it| it.troubles.capacity_refused = 1.0);
    assert_eq!(no_capacity.call_of_class(&modify(LADDER[2])), refused(CallRefusal::InsufficientCapacity));
    pass(&mut no_capacity, 60);
    assert_eq!(main_shown(&mut no_capacity).class, LADDER[1]);
    let mut silent = with(|it| it.troubles.answers_lost = 1.0);
    assert_eq!(silent.call_of_class(&modify(LADDER[2])), CallAnswer::NoAnswer);
    assert_eq!(main_shown(&mut silent).pending_class.as_deref(), Some(LADDER[2]));
}

#[test]
fn the_same_change_asked_for_twice_is_made_once() {
    let mut world = world(ground(7));
    let _ = world.call_of_class(&modify(LADDER[2]));
    assert_eq!(world.call_of_class(&modify(LADDER[2])), CallAnswer::Taken);
    pass(&mut world, 120);
    let applied = class_deeds(&world).filter(|deed| matches!(deed, ClassDeed::Applied { .. })).count();
    assert_eq!(applied, 1);
    assert_eq!(world.call_of_class(&modify(LADDER[2])), CallAnswer::Taken, "it has the class");
    world.advance();
    assert_eq!(main_shown(&mut world).pending_class, None);
}

#[test]
fn a_change_of_the_storage_optimizes_it_and_no_other_one_is_taken_meanwhile() {
    let mut world = world(ground(8));
    let grow =
        |gib| ClassManualChange::Modify { place: 0, value: ModifiedValue::Storage(gib), at_once: true };
    by_hand(&mut world, grow(150));
    pass(&mut world, 14);
    let main = main_shown(&mut world);
    assert_eq!((main.status, main.is_storage_busy, main.allocated_gib), (Status::Available, true, 150));
    by_hand(&mut world, grow(300));
    pass(&mut world, 13 * 60);
    let main = main_shown(&mut world);
    assert_eq!((main.is_storage_busy, main.allocated_gib), (false, 150));
}

#[test]
fn a_restart_applies_what_is_pending() {
    let mut world = world(ground(9));
    by_hand(&mut world, ClassManualChange::Parameters { place: 0 });
    queue(&mut world, ModifiedValue::Class(OUTSIDE[0].to_owned()));
    world.change_by_hand(&ManualChange::RebootSource);
    pass(&mut world, 20);
    let main = main_shown(&mut world);
    assert_eq!((main.class.as_str(), main.pending_class, main.parameters), (OUTSIDE[0], None, Vec::new()));
}

#[test]
fn the_setting_of_the_largest_storage_is_changed_at_once_and_applies_nothing_else() {
    let mut world = world(ground(10));
    queue(&mut world, ModifiedValue::Storage(200));
    let raise = ClassCall::RaiseMaxStorage { instance: "shop".to_owned(), to_gib: 1_000 };
    assert_eq!(world.call_of_class(&raise), CallAnswer::Taken);
    pass(&mut world, 60);
    let main = main_shown(&mut world);
    assert_eq!((main.max_allocated_gib, main.allocated_gib), (Some(1_000), 100));
    assert_eq!(main.pending, ["AllocatedStorage"]);
}

#[test]
fn right_after_a_change_was_asked_for_an_answer_may_know_nothing_of_it() {
    let mut unaware = 0;
    for seed in 0..50 {
        let mut world = world(ground(seed));
        pass(&mut world, 5);
        world.set_troubles(RdsTroubles { reads_stale: 1.0, ..RdsTroubles::NONE });
        let _ = world.call_of_class(&modify(LADDER[2]));
        world.advance();
        let main = main_shown(&mut world);
        unaware += usize::from(main.status == Status::Available && main.pending_class.is_none());
        pass(&mut world, 3);
        let main = main_shown(&mut world);
        assert!(main.status != Status::Available || main.pending_class.is_some(), "seed {seed}: {main:?}");
    }
    assert!(unaware > 10, "{unaware}");
}

#[test]
fn events_are_late_twice_or_missing() {
    let told = |seed: u64, troubles: RdsTroubles| {
        let mut settings = ground(seed);
        settings.troubles = troubles;
        let mut world = world(settings);
        let begun = world.now();
        let _ = world.call_of_class(&modify(LADDER[2]));
        pass(&mut world, 120);
        world.messages("shop", begun).expect("nothing fails here")
    };
    let once = told(11, RdsTroubles::NONE);
    let twice = told(11, RdsTroubles { events_twice: 1.0, ..RdsTroubles::NONE });
    assert_eq!(twice.len(), 2 * once.len(), "{twice:?}");
    assert_eq!(told(11, RdsTroubles { events_missing: 1.0, ..RdsTroubles::NONE }), []);

    let mut late = 0;
    for seed in 0..20 {
        let mut world = world(ground(seed));
        let begun = world.now();
        world.change_by_hand(&ManualChange::RebootSource);
        pass(&mut world, 11);
        let known = world.messages("shop", begun).expect("nothing fails here").len();
        pass(&mut world, 20);
        let at_last = world.messages("shop", begun).expect("nothing fails here").len();
        late += usize::from(known < at_last);
    }
    assert!(late > 5, "{late}");
}

#[test]
fn what_concerns_backups_offers_and_maintenance_is_shown_in_the_rehearsal() {
    let mut world = world(ground(12));
    assert_eq!(world.rehearse(LADDER[2]).offers.map(|it| it.len()), Ok(1));
    assert_eq!(world.rehearse("db.x9g.large").offers, Ok(Vec::new()));
    by_hand(&mut world, ClassManualChange::Offer(LADDER[2].to_owned()));
    by_hand(&mut world, ClassManualChange::Backups(0));
    by_hand(&mut world, ClassManualChange::Maintenance(30));
    by_hand(&mut world, ClassManualChange::MaxStorage(Some(500)));
    by_hand(&mut world, ClassManualChange::Window("mon:01:00-mon:02:00".to_owned()));
    let rehearsal = world.rehearse(LADDER[2]);
    assert_eq!(rehearsal.offers.expect("it is answered")[0].storage_type, "io2");
    assert_eq!(rehearsal.maintenance.expect("it is answered").len(), 1);
    let main = main_shown(&mut world);
    assert_eq!((main.backup_retention_days, main.restorable_to), (0, None));
    assert_eq!(main.max_allocated_gib, Some(500));
    assert_eq!(main.maintenance_window, "mon:01:00-mon:02:00");
    queue(&mut world, ModifiedValue::Storage(200));
    by_hand(&mut world, ClassManualChange::Withdraw);
    assert_eq!(main_shown(&mut world).pending, Vec::<String>::new());
    world.change_by_hand(&ManualChange::CreateReplica { id: "reader".to_owned() });
    assert_eq!(shown(&mut world).replicas.len(), 0, "without backups RDS creates none");
}
