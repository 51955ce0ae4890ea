//! Scheduled actions of Application Auto Scaling that came due while an emergency had them suspended.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use tidegate_policy::emergency::missed::{DueAction, MissedActions, bounds};
use tidegate_policy::emergency::request::Request;
use tidegate_policy::emergency::schedule::{Schedule, ScheduledAction};
use tidegate_policy::emergency::target::Change;
use tidegate_policy::{Absence, AbsenceKind};

use crate::emergency::{World, exactly, flags, restore, scalable, scaled};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| unreachable!("{text}: {error}"))
}

/// Of which moments in `2026-03-01T12:00Z` and `until` an expression is due last.
#[track_caller]
fn check(expression: &str, zone: &str, until: &str, expected: Option<&str>) {
    let zone = TimeZoneDatabase::bundled().get(zone).expect("a zone");
    let created = at("2026-02-01T00:30:00Z");
    let schedule = Schedule::parse(expression, zone, created).expect("an expression that AWS has");
    let due = schedule.last_due(at("2026-03-01T12:00:00Z"), at(until));
    assert_eq!(due, expected.map(at), "{expression}");
}

#[test]
fn a_schedule_was_due_last_as_aws_counts() {
    let monday = "2026-03-02T12:00:00Z";
    check("cron(0 8 * * ? *)", "UTC", monday, Some("2026-03-02T08:00:00Z"));
    check("cron(0 8 * * ? *)", "Europe/Berlin", monday, Some("2026-03-02T07:00:00Z"));
    check("cron(0/15 * * * ? *)", "UTC", "2026-03-01T12:14:00Z", None);
    check("cron(0/15 * * * ? *)", "UTC", "2026-03-01T12:15:00Z", Some("2026-03-01T12:15:00Z"));
    check("cron(0 12 * * ? *)", "UTC", "2026-03-02T11:59:00Z", None);
    check("cron(0 18,20 ? * SUN *)", "UTC", monday, Some("2026-03-01T20:00:00Z"));
    check("cron(0 9 ? * TUE-SAT *)", "UTC", monday, None);
    check("cron(0 9 ? * SAT-MON *)", "UTC", monday, Some("2026-03-02T09:00:00Z"));
    check("cron(0 9 L * ? *)", "UTC", "2026-03-31T10:00:00Z", Some("2026-03-31T09:00:00Z"));
    check("cron(0 9 ? * 6L *)", "UTC", "2026-03-31T10:00:00Z", Some("2026-03-27T09:00:00Z"));
    check("cron(0 9 ? * 2#2 *)", "UTC", "2026-03-31T10:00:00Z", Some("2026-03-09T09:00:00Z"));
    check("cron(0 9 15W * ? *)", "UTC", "2026-03-31T10:00:00Z", Some("2026-03-16T09:00:00Z"));
    check("cron(0 9 LW * ? *)", "UTC", "2026-03-31T10:00:00Z", Some("2026-03-31T09:00:00Z"));
    check("cron(0 9 1 JAN ? *)", "UTC", "2026-03-31T10:00:00Z", None);
    check("cron(0 9 * * ? 2025)", "UTC", monday, None);
    // In the night of the 29th clocks jump from 2 to 3.
    check("cron(30 2 29 3 ? *)", "Europe/Berlin", "2026-03-29T12:00:00Z", Some("2026-03-29T01:30:00Z"));
    check("at(2026-03-02T01:00:00)", "UTC", monday, Some("2026-03-02T01:00:00Z"));
    check("at(2026-03-02T01:00:00)", "America/New_York", monday, Some("2026-03-02T06:00:00Z"));
    check("at(2026-03-03T01:00:00)", "UTC", monday, None);
    check("at(2026-03-01T01:00:00)", "UTC", monday, None);
    check("rate(1 hour)", "UTC", monday, Some("2026-03-02T11:30:00Z"));
    check("rate(2 days)", "UTC", monday, None);
    check("rate(2 days)", "UTC", "2026-03-03T12:00:00Z", Some("2026-03-03T00:30:00Z"));
}

#[test]
fn what_is_no_schedule_is_not_guessed() {
    for text in [
        "",
        "cron()",
        "cron(0 8 * * ?)",
        "cron(60 8 * * ? *)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 * * FUN *)",
        "cron(0/0 8 * * ? *)",
        "cron(0 8 ? * 2#6 *)",
        "rate(0 minutes)",
        "rate(5 fortnights)",
        "rate(99999999999 days)",
        "at(yesterday)",
        "every day",
    ] {
        let zone = jiff::tz::TimeZone::UTC;
        assert_eq!(Schedule::parse(text, zone, Timestamp::UNIX_EPOCH), None, "{text}");
    }
}

fn action(name: &str, expression: &str, min: Option<u32>, max: Option<u32>) -> ScheduledAction {
    let zone = jiff::tz::TimeZone::UTC;
    let schedule =
        Schedule::parse(expression, zone, Timestamp::UNIX_EPOCH).ok_or_else(|| expression.to_owned());
    ScheduledAction { name: name.to_owned(), schedule, start: None, end: None, min, max }
}

const SINCE: &str = "2026-03-01T12:00:00Z";
const NOW: &str = "2026-03-01T15:00:00Z";

fn due(name: &str, when: &str) -> DueAction {
    DueAction { name: name.to_owned(), at: at(when) }
}

#[test]
fn the_last_action_due_of_each_bound_counts() {
    let free = flags(false, false, false);
    let actions = [
        action("evening", "cron(0 14 * * ? *)", Some(1), None),
        action("noon", "cron(30 12 * * ? *)", Some(8), Some(60)),
        action("night", "cron(0 22 * * ? *)", Some(0), Some(2)),
    ];
    let (found, missed) = bounds(scalable(2, 50, free), Ok(&actions), at(SINCE), at(NOW));
    assert_eq!(found, scalable(1, 60, free), "the minimum of `evening`, the maximum of `noon`");
    assert_eq!(missed.due, [due("noon", "2026-03-01T12:30:00Z"), due("evening", "2026-03-01T14:00:00Z")]);

    let (found, missed) =
        bounds(scalable(2, 50, flags(false, false, true)), Ok(&actions), at(SINCE), at(NOW));
    assert_eq!((found.min, missed), (2, MissedActions::default()), "its schedule was suspended before");
}

#[test]
fn an_action_counts_between_its_start_and_its_end_and_a_minimum_above_the_maximum_does_not() {
    let free = flags(false, false, false);
    let hourly = action("hourly", "cron(0 * * * ? *)", Some(5), None);
    let later = ScheduledAction { start: Some(at("2026-03-01T15:00:01Z")), ..hourly.clone() };
    let earlier = ScheduledAction { end: Some(at(SINCE)), ..hourly.clone() };
    let above = action("above", "cron(30 14 * * ? *)", Some(51), None);
    let (found, missed) = bounds(scalable(2, 50, free), Ok(&[later, earlier, above]), at(SINCE), at(NOW));
    assert_eq!((found, missed), (scalable(2, 50, free), MissedActions::default()));
    let ended = ScheduledAction { end: Some(at("2026-03-01T13:30:00Z")), ..hourly };
    let (found, missed) = bounds(scalable(2, 50, free), Ok(&[ended]), at(SINCE), at(NOW));
    assert_eq!((found.min, missed.due), (5, vec![due("hourly", "2026-03-01T13:00:00Z")]));
}

#[test]
fn what_cannot_be_read_or_is_not_understood_leaves_the_bounds_and_is_said() {
    let (before, denied) =
        (scalable(2, 50, flags(false, false, false)), Absence::new(AbsenceKind::Denied, "AccessDenied"));
    let (found, missed) = bounds(before, Err(&denied), at(SINCE), at(NOW));
    assert_eq!((found, missed.unread), (before, Some(denied)));
    let odd = action("odd", "every(full moon)", Some(9), None);
    let (found, missed) = bounds(before, Ok(&[odd]), at(SINCE), at(NOW));
    assert_eq!((found, missed.not_understood), (before, vec!["odd".to_owned()]));
}

/// `worker` at 8 with 2 to 50 is set to exactly 5; `noon`, which sets a minimum of 8, comes due half an hour later.
fn shed_while_noon_came_due() -> World {
    let mut world = World::new(&[("worker", scaled(8, scalable(2, 50, flags(false, false, false))))]);
    let request = world.engage("shed", &[("worker", exactly(5))], "alice");
    world.evaluate(&request);
    world.wait(3 * 3600);
    world.sight_mut("worker").scheduled =
        Some(Ok(vec![action("noon", "cron(30 12 * * ? *)", Some(8), None)]));
    world
}

#[test]
fn a_restore_puts_back_the_bounds_that_a_missed_action_would_have_set() {
    let mut world = shed_while_noon_came_due();
    let decision = world.evaluate(&restore());
    let work = &decision.work[0];
    assert_eq!(work.changes, [Change::Register(scalable(8, 50, flags(false, false, false)))]);
    assert_eq!(work.missed.due, [due("noon", "2026-03-01T12:30:00Z")]);
    assert_eq!(world.desired("worker"), 8, "AWS moves it into the bounds");
    world.minutes(1);
    assert_eq!(world.memory.incident, None);
}

#[test]
fn killed_after_the_bounds_were_put_back_nothing_is_called_changed_by_hand() {
    let mut world = shed_while_noon_came_due();
    let work = world.intend(&restore()).work;
    world.apply(&work[0]);
    world.wait(60);
    assert_eq!(world.evaluate(&Request::Tick).work, []);
    assert_eq!(world.memory.incident, None);
}

fn late() -> Absence {
    Absence::new(AbsenceKind::TimedOut, "no answer within 8 s")
}

#[test]
fn scheduled_actions_that_are_late_are_asked_for_again_before_any_bounds_are_put_back() {
    let mut world = shed_while_noon_came_due();
    let actions = world.sight("worker").scheduled.clone();
    world.sight_mut("worker").scheduled = Some(Err(late()));
    assert_eq!(world.evaluate(&restore()).work, []);
    assert_eq!(world.evaluate(&Request::Resume).work, []);
    assert!(world.incident().is_unfinished(), "it is tried again at once");
    world.sight_mut("worker").scheduled = actions;
    let work = &world.evaluate(&Request::Resume).work[0];
    assert_eq!(work.changes, [Change::Register(scalable(8, 50, flags(false, false, false)))]);
    assert_eq!(work.missed.due, [due("noon", "2026-03-01T12:30:00Z")]);
}

#[test]
fn scheduled_actions_that_are_late_three_times_leave_the_bounds_as_before_and_that_is_said() {
    let mut world = shed_while_noon_came_due();
    world.sight_mut("worker").scheduled = Some(Err(late()));
    assert_eq!(world.evaluate(&restore()).work, []);
    assert_eq!(world.evaluate(&Request::Resume).work, []);
    let work = &world.evaluate(&Request::Resume).work[0];
    assert_eq!(work.changes, [Change::Register(scalable(2, 50, flags(false, false, false)))]);
    assert_eq!(work.missed.unread, Some(late()));
    world.evaluate(&Request::Resume);
    assert_eq!(world.memory.incident, None);
}

#[test]
fn scheduled_actions_that_may_not_be_read_are_asked_for_once() {
    let mut world = shed_while_noon_came_due();
    let denied = Absence::new(AbsenceKind::Denied, "AccessDenied");
    world.sight_mut("worker").scheduled = Some(Err(denied.clone()));
    let work = &world.evaluate(&restore()).work[0];
    assert_eq!(work.changes, [Change::Register(scalable(2, 50, flags(false, false, false)))]);
    assert_eq!(work.missed.unread, Some(denied));
}

#[test]
fn killed_after_the_bounds_were_put_back_late_actions_call_nothing_changed_by_hand() {
    let mut world = shed_while_noon_came_due();
    let work = world.intend(&restore()).work;
    world.apply(&work[0]);
    let actions = world.sight("worker").scheduled.clone();
    world.sight_mut("worker").scheduled = Some(Err(late()));
    world.wait(60);
    assert_eq!(world.evaluate(&Request::Tick).work, []);
    world.sight_mut("worker").scheduled = actions;
    assert_eq!(world.evaluate(&Request::Resume).work, []);
    assert_eq!(world.memory.incident, None);
}
