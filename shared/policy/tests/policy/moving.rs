//! When the next short evaluation is worth its price: while work waits or runs, or the service changes.

use tidegate_policy::InFlight;

use crate::stage::{Stage, refused, service};

/// Five tasks that nothing is to be done about.
fn still() -> Stage {
    Stage::new(1, 50, &["waiting > 500: +5"])
}

#[test]
fn nothing_moves_while_the_queue_is_empty_and_all_tasks_run() {
    assert!(!still().peek().moving);
    assert!(!still().no_queue().peek().moving);
    assert!(
        !still()
            .tasks(0)
            .with(|stage| stage.policy.capacity = tidegate_policy::Capacity::new(0, 50).unwrap())
            .peek()
            .moving
    );
}

#[test]
fn work_that_waits_or_runs_moves() {
    assert!(still().waiting(1).peek().moving);
    assert!(still().in_flight(1).peek().moving);
    assert!(still().waiting(3).in_flight(20).peek().moving);
    let hidden = |in_flight| still().with(|stage| stage.queue().in_flight = in_flight).peek().moving;
    assert!(hidden(InFlight::Reserved(1)));
    assert!(!hidden(InFlight::Unknown), "nothing is known to run");
}

#[test]
fn tasks_that_start_or_stop_move() {
    for (desired, running, moving) in [(5, 5, false), (5, 4, true), (5, 6, true)] {
        let stage = still().with(|stage| stage.seen.service = Ok(service(desired, running)));
        assert_eq!(stage.peek().moving, moving, "{running} of {desired} run");
    }
}

#[test]
fn a_change_moves() {
    let stage = Stage::new(8, 50, &[]).no_queue();
    assert!(stage.peek().verdict.as_change().is_some() && stage.peek().moving);
}

#[test]
fn what_cannot_be_read_does_not_move() {
    assert!(!still().with(|stage| stage.seen.service = Err(refused())).peek().moving);
    assert!(!still().with(|stage| stage.seen.queue = Some(Err(refused()))).peek().moving);
}
