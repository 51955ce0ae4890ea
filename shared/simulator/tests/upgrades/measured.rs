//! What the simulated CloudWatch shows of the load of a class.

use jiff::SignedDuration;
use tidegate_policy::{Datapoint, MetricReading};
use tidegate_simulator::rds::{ManualChange, RdsTroubles, SimulatedRds};

use crate::ground::{LADDER, ground, modify, pass, world};

/// The period and the datapoints; a reading without any has none.
fn points(reading: &MetricReading) -> (SignedDuration, Vec<Datapoint>) {
    match reading {
        MetricReading::Points { period, points } => (*period, points.clone()),
        MetricReading::NotRead | MetricReading::Failed(_) => (SignedDuration::ZERO, Vec::new()),
    }
}

fn cpu(world: &mut SimulatedRds, hours: i64) -> (SignedDuration, Vec<Datapoint>) {
    let over = SignedDuration::from_hours(hours);
    points(&world.observe_classes(over, over).load.cpu.usual)
}

#[test]
fn up_to_six_hours_are_read_in_five_minutes_and_longer_ones_hourly() {
    let mut world = world(ground(1));
    pass(&mut world, 26 * 60 + 4);
    let (period, fine) = cpu(&mut world, 6);
    assert_eq!((period, fine.len() >= 72), (SignedDuration::from_mins(5), true));
    assert!(fine.iter().all(|point| (point.value - 40.0).abs() < 1e-9), "{fine:?}");
    pass(&mut world, 1);
    let (period, hourly) = cpu(&mut world, 24);
    assert_eq!((period, hourly.len() >= 24), (SignedDuration::from_hours(1), true));
    assert!(hourly.windows(2).all(|two| two[1].at.duration_since(two[0].at) == period));
    assert!(hourly.iter().all(|point| point.at.as_second() % 3_600 == 0 && point.at <= world.now()));
}

#[test]
fn the_peak_of_an_hour_is_its_heaviest_moment_and_the_average_is_not() {
    let mut world = world(ground(2));
    let usual = world.classes().demand;
    pass(&mut world, 30);
    world.set_demand(tidegate_simulator::rds::ClassDemand { work: 90.0, used_mib: 4_096.0, ..usual });
    pass(&mut world, 6);
    world.set_demand(usual);
    pass(&mut world, 34);
    let load = world.observe_classes(SignedDuration::from_hours(24), SignedDuration::from_hours(24)).load;
    let first = |reading: &MetricReading| {
        let hour = "2026-11-28T13:00:00Z".parse().expect("a time");
        points(reading).1.iter().find(|point| point.at == hour).map_or(0.0, |point| point.value)
    };
    assert!((first(&load.cpu.usual) - 45.0).abs() < 1.0, "{:?}", load.cpu.usual);
    assert!((first(&load.cpu.peak) - 90.0).abs() < 1e-9);
    let least = 4_096.0 * 1_048_576.0;
    assert!((first(&load.free_memory.peak) - least).abs() < 1.0, "the peak of free memory is its minimum");
}

#[test]
fn a_larger_class_is_less_busy_and_one_that_restarts_has_no_datapoint() {
    let mut settings = ground(3);
    settings.times.rebooting = tidegate_simulator::rds::SecondsBetween::new(1_200, 1_200);
    let mut world = world(settings);
    pass(&mut world, 60);
    let _ = world.call_of_class(&modify(LADDER[2]));
    pass(&mut world, 120);
    let (_, after) = cpu(&mut world, 2);
    let last = after.last().expect("there are some").value;
    assert!((last - 20.0).abs() < 1e-9, "twice the memory, half the CPU: {last}");
    let gaps =
        after.windows(2).filter(|two| two[1].at.duration_since(two[0].at) > SignedDuration::from_mins(5));
    assert_eq!(gaps.count(), 1, "{after:?}");
    world.change_by_hand(&ManualChange::RebootSource);
}

#[test]
fn the_newest_datapoint_may_be_missing_or_in_part_and_older_ones_stand() {
    let mut world = world(ground(4));
    pass(&mut world, 120);
    let (mut missing, mut partial) = (0, 0);
    for _ in 0..40 {
        pass(&mut world, 5);
        let (_, fine) = cpu(&mut world, 1);
        let newest = fine.last().expect("there are some");
        let is_missing = newest.at < world.now();
        missing += usize::from(is_missing);
        partial += usize::from(!is_missing && newest.value < 39.0);
        let settled = &fine[..fine.len() - 1];
        assert!(settled.iter().all(|point| (point.value - 40.0).abs() < 1e-9), "{fine:?}");
    }
    assert!(missing > 5 && partial > 5, "{missing} missing, {partial} in part");
}

#[test]
fn metrics_are_asked_for_once_a_minute_and_may_fail() {
    let mut world = world(ground(5));
    pass(&mut world, 30);
    let _ = cpu(&mut world, 1);
    world.advance();
    let load = world.observe_classes(SignedDuration::from_hours(1), SignedDuration::from_hours(1)).load;
    assert_eq!((load.cpu.usual, load.free_storage), (MetricReading::NotRead, MetricReading::NotRead));
    pass(&mut world, 1);
    world.set_troubles(RdsTroubles { reads_failed: 1.0, ..RdsTroubles::NONE });
    let seen = world.observe_classes(SignedDuration::from_hours(1), SignedDuration::from_hours(1));
    assert!(matches!(seen.load.cpu.usual, MetricReading::Failed(_)));
    assert!(matches!(seen.floor, MetricReading::Failed(_)));
    assert!(seen.instances.is_err());
    assert!(world.messages("shop", world.now()).is_err());
    assert!(world.look_once_more("shop").is_err());
    assert!(world.rehearse(LADDER[2]).reservations.is_err());
}

#[test]
fn the_same_settings_give_the_same_world_of_classes() {
    let story = |seed: u64| {
        let mut settings = ground(seed);
        settings.troubles = RdsTroubles::MANY;
        let mut world = world(settings);
        let mut told = Vec::new();
        for to in LADDER {
            let _ = world.call_of_class(&modify(to));
            pass(&mut world, 120);
            told.push(format!(
                "{:?}",
                world.observe_classes(SignedDuration::from_hours(6), SignedDuration::from_hours(6))
            ));
            told.push(format!("{:?}", world.messages("shop", world.now())));
        }
        told
    };
    assert_eq!(story(1), story(1));
    assert_ne!(story(1), story(2));
}
