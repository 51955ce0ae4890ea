//! What the simulated RDS shows.

use tidegate_policy::replicas::observation::{Replication, Status};
use tidegate_simulator::rds::{Actor, DatabaseLoad, InstanceStatus, ManualChange, RdsTroubles, SimulatedRds};

use crate::stage::{
    GIB, IDLE, LOAD, create, delete, instance, minutes, put, seen, settings, status, values, with_replicas,
};

#[test]
fn a_replica_passes_the_statuses_in_their_order() {
    let mut orders = Vec::new();
    for seed in 0..20 {
        let mut world = SimulatedRds::new(settings(seed), LOAD);
        let _ = world.call(&create("tidegate-shop-1"));
        let mut passed = vec![InstanceStatus::Creating];
        for _ in 0..24 * 60 * 4 {
            world.advance();
            let now = status(&world, "tidegate-shop-1").unwrap();
            if passed.last() != Some(&now) {
                passed.push(now);
            }
        }
        let at_last = passed.pop();
        assert_eq!(at_last, Some(InstanceStatus::Available), "seed {seed}");
        assert!(instance(&world, "tidegate-shop-1").unwrap().is_initialized(world.now()));
        orders.push(passed.into_iter().map(InstanceStatus::word).collect::<Vec<_>>());
    }
    orders.sort();
    orders.dedup();
    assert_eq!(
        orders,
        [
            vec!["creating", "backing-up", "modifying"],
            vec!["creating", "backing-up", "modifying", "storage-initialization"],
        ]
    );
}

#[test]
fn a_replica_that_fails_stays_in_its_end_until_it_is_deleted() {
    let mut ends = Vec::new();
    for seed in 0..40 {
        let troubles = RdsTroubles { replicas_failed: 1.0, ..RdsTroubles::NONE };
        let mut world = SimulatedRds::new(settings(seed), LOAD);
        world.set_troubles(troubles);
        let _ = world.call(&create("tidegate-shop-1"));
        minutes(&mut world, 180);
        let end = status(&world, "tidegate-shop-1").unwrap();
        assert!(end.has_failed(), "{end:?}");
        assert_eq!(seen(&mut world, "tidegate-shop-1").status, Status::Failed(end.word().to_owned()));
        ends.push(end.word());
        assert_eq!(world.call(&delete("tidegate-shop-1")).outcome(), taken());
        minutes(&mut world, 16);
        assert_eq!(status(&world, "tidegate-shop-1"), None);
    }
    ends.sort_unstable();
    ends.dedup();
    assert_eq!(ends, ["failed", "incompatible-create", "incompatible-network", "insufficient-capacity"]);
}

fn taken() -> tidegate_policy::database::call::CallOutcome {
    tidegate_policy::database::call::CallOutcome::Taken
}

#[test]
fn a_new_replica_has_no_metrics_then_a_high_lag_and_then_none() {
    let mut began_behind = 0;
    for seed in 0..20 {
        let mut world = SimulatedRds::new(settings(seed), LOAD);
        let _ = world.call(&create("tidegate-shop-1"));
        let (mut without, mut lags) = (0, Vec::new());
        for _ in 0..12 * 60 {
            minutes(&mut world, 1);
            let replica = seen(&mut world, "tidegate-shop-1");
            let known = values(&replica.lag);
            without += usize::from(replica.status == Status::Available && known.is_empty());
            lags.extend(known.last());
        }
        assert!(without >= 1, "seed {seed}: available for a while without a datapoint");
        assert_eq!(lags.last(), Some(&0.0), "seed {seed}: it catches up");
        began_behind += usize::from(lags.iter().any(|lag| *lag > 60.0));
    }
    assert!(began_behind > 8, "{began_behind} of 20 began more than a minute behind");
}

#[test]
fn an_idle_postgresql_source_shows_a_sawtooth_up_to_300_seconds() {
    for one_minute in [false, true] {
        let mut setting = settings(1);
        setting.is_switch_in_one_minute = one_minute;
        let mut world = with_replicas(setting, &["reader"]);
        world.set_load(IDLE);
        minutes(&mut world, 65);
        let lags = values(&seen(&mut world, "reader").lag);
        let settled = &lags[..lags.len() - 4];
        let (least, most) = settled.iter().fold((f64::MAX, 0.0_f64), |(a, b), v| (a.min(*v), b.max(*v)));
        assert!(least < 60.0 && most > 240.0 && most <= 300.0, "{least} to {most}");

        minutes(&mut world, 1);
        let source = world.observe().instances.unwrap().source;
        let rates = values(&source.log_rate);
        let five = &rates[rates.len() - 9..rates.len() - 4];
        let mean = five.iter().sum::<f64>() / 5.0;
        assert!((mean - 64.0 * 1_048_576.0 / 300.0).abs() < 1.0, "64 MiB in 300 s: {mean}");
    }
}

#[test]
fn a_broken_replica_shows_minus_one_and_fills_the_disk_of_its_source() {
    let mut world = with_replicas(settings(5), &["reader"]);
    world.set_load(DatabaseLoad { writes: 20e6, ..LOAD });
    world.change_by_hand(&ManualChange::BreakReplication { nth: 0 });
    minutes(&mut world, 10);
    let replica = seen(&mut world, "reader");
    assert!(matches!(replica.replication, Replication::Broken { ref status, .. } if status == "error"));
    assert_eq!(values(&replica.lag).last(), Some(&-1.0));
    minutes(&mut world, 1);
    let source = world.observe().instances.unwrap().source;
    let slot = values(&source.slot_disk);
    assert!(slot.last() > Some(&5e9), "{slot:?}");

    minutes(&mut world, 60);
    assert_eq!(status(&world, "shop"), Some(InstanceStatus::StorageFull), "40 GiB are full after 36 minutes");
    let source = world.observe().instances.unwrap().source;
    assert_eq!(source.status, Status::Changing("storage-full".to_owned()));
    assert_eq!(values(&source.free_storage).last(), Some(&0.0));

    world.change_by_hand(&ManualChange::DeleteReplica { nth: 0 });
    minutes(&mut world, 20);
    assert_eq!(status(&world, "shop"), Some(InstanceStatus::Available), "the slot is gone with its replica");
}

#[test]
fn a_changed_source_is_available_for_a_while_with_a_pending_value() {
    let mut world = with_replicas(settings(6), &["reader"]);
    world.change_by_hand(&ManualChange::ModifySource { class: "db.r6g.xlarge".to_owned() });
    world.advance();
    let mut passed = Vec::new();
    for _ in 0..60 {
        let source = world.observe().instances.unwrap().source;
        passed.push((source.status, source.is_pending, source.class));
        passed.dedup();
        world.advance();
    }
    let large = || "db.r6g.large".to_owned();
    assert_eq!(
        passed,
        [
            (Status::Available, true, large()),
            (Status::Changing("modifying".to_owned()), true, large()),
            (Status::Available, false, "db.r6g.xlarge".to_owned()),
        ]
    );
}

#[test]
fn connections_follow_the_records_after_their_ttl() {
    let mut world = with_replicas(settings(7), &["one", "two"]);
    let connections = |world: &mut SimulatedRds, id: &str| {
        let known = values(&seen(world, id).connections);
        known.iter().rev().nth(4).copied().unwrap_or(f64::NAN)
    };
    let _ = world.change_records(&[put("one")]);
    minutes(&mut world, 30);
    assert!(connections(&mut world, "one") > 199.0);
    minutes(&mut world, 1);
    assert!(connections(&mut world, "two") < 1.0);

    let _ = world.change_records(&[
        put("two"),
        tidegate_policy::replicas::decision::RecordChange::Delete(crate::stage::record("one")),
    ]);
    minutes(&mut world, 5);
    assert!(connections(&mut world, "one") > 100.0, "resolvers and pools keep the old answer");
    minutes(&mut world, 40);
    assert!(connections(&mut world, "one") < 1.0, "in the end all have left");
    minutes(&mut world, 1);
    assert!(connections(&mut world, "two") > 199.0);
}

#[test]
fn the_newest_minutes_are_missing_or_in_part_and_those_of_three_minutes_ago_stand() {
    let mut world = with_replicas(settings(8), &["one"]);
    let _ = world.change_records(&[put("one")]);
    minutes(&mut world, 60);
    let (mut missing, mut partial) = (0, 0);
    for _ in 0..100 {
        minutes(&mut world, 1);
        let known = values(&seen(&mut world, "one").cpu);
        // The truth is 54 percent in every minute.
        let young = &known[56..];
        missing += usize::from(known.len() < 60);
        partial += usize::from(young.iter().any(|value| *value < 53.0));
        assert!(known[..56].iter().all(|value| (*value - 54.0).abs() < 0.1), "{known:?}");
        assert!(young.iter().all(|value| *value < 54.1), "a part is never more than the whole");
    }
    assert!(missing > 10 && partial > 10, "{missing} missing, {partial} in part");
}

#[test]
fn an_answer_may_be_two_minutes_old_and_no_older() {
    let mut stale = 0;
    for seed in 0..50 {
        let mut world = with_replicas(settings(seed), &["one"]);
        world.set_troubles(RdsTroubles { reads_stale: 1.0, ..RdsTroubles::NONE });
        world.change_by_hand(&ManualChange::Retag { nth: 0 });
        world.change_by_hand(&ManualChange::Protect { nth: 0 });
        let _ = world.change_records(&[put("one")]);
        world.advance();
        stale += usize::from(!seen(&mut world, "one").is_protected);
        minutes(&mut world, 2);
        assert!(seen(&mut world, "one").is_protected, "seed {seed}");
    }
    assert!(stale > 10, "{stale}");
}

#[test]
fn a_name_decides_together_with_the_tags_whose_a_replica_is() {
    let mut world = with_replicas(settings(9), &["reader", "tidegate-shop-7"]);
    assert!(!seen(&mut world, "tidegate-shop-7").is_ours, "a prefix alone is not enough");
    world.change_by_hand(&ManualChange::Retag { nth: 0 });
    world.change_by_hand(&ManualChange::Retag { nth: 1 });
    assert!(!seen(&mut world, "reader").is_ours, "tags alone are not enough");
    assert!(seen(&mut world, "tidegate-shop-7").is_ours);
    assert!(world.happenings().iter().all(|it| it.by == Actor::SomeoneElse));
}

#[test]
fn the_same_settings_give_the_same_world() {
    let story = |seed: u64| {
        let mut setting = settings(seed);
        setting.troubles = RdsTroubles::MANY;
        let mut world = SimulatedRds::new(setting, LOAD);
        let mut told = Vec::new();
        for hour in 0..6 {
            let _ = world.call(&create(&format!("tidegate-shop-{hour}")));
            world.change_by_hand(&ManualChange::DeleteReplica { nth: hour });
            minutes(&mut world, 60);
            told.push(format!("{:?} {:?}", world.observe(), world.take_events()));
        }
        told
    };
    assert_eq!(story(1), story(1));
    assert_ne!(story(1), story(2));
}

#[test]
fn metrics_are_read_once_a_minute() {
    let mut world = with_replicas(settings(10), &["one"]);
    assert!(!values(&seen(&mut world, "one").cpu).is_empty());
    world.advance();
    assert_eq!(seen(&mut world, "one").cpu, tidegate_policy::MetricReading::NotRead);
    minutes(&mut world, 1);
    assert!(!values(&seen(&mut world, "one").cpu).is_empty());
    assert_eq!(world.observe().instances.unwrap().source.allocated_storage, 100 * GIB);
}
