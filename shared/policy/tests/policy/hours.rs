//! Windows on the clock of a zone, through both changes of the clock, and what they do to a decision.

use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Verdict::{Hold, ScaleIn, ScaleOut};
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{Capacity, Days, Hours, NoticeKind, Window};

use crate::stage::{Stage, codes, size};
use crate::wait_world::WaitWorld;

/// The working week.
pub(crate) const WORKING_DAYS: Days =
    Days { week: [true, true, true, true, true, false, false], holidays: false };

/// A window in short.
pub(crate) fn window(days: Days, from: &str, until: &str, zone: &str, holidays: &[&str]) -> Window {
    let time = |text: &str| -> Time { text.parse().unwrap() };
    let dates: Vec<Date> = holidays.iter().map(|date| date.parse().unwrap()).collect();
    Window {
        days,
        from: time(from),
        until: if until == "24:00" { Time::midnight() } else { time(until) },
        zone: TimeZone::get(zone).unwrap(),
        holidays: Arc::from(dates),
    }
}

fn during(window: Window, min: Option<u32>, max: Option<u32>) -> Hours {
    Hours { window, outside: false, min, max }
}

/// Whether a row holds at a moment, and until when.
#[track_caller]
fn check(row: &Hours, now: &str, in_force: bool, until: &str) {
    let state = row.state(now.parse().unwrap());
    let shown = state.until.map_or("never".to_owned(), |until| until.to_string());
    assert_eq!((state.in_force, shown.as_str()), (in_force, until), "{row} at {now}");
}

#[test]
fn a_window_opens_with_its_first_second_and_is_closed_with_its_last() {
    let row = during(window(WORKING_DAYS, "07:00", "20:00", "Europe/Berlin", &[]), Some(4), None);
    // Berlin is at +01:00 in winter. 2026-11-20 is a Friday.
    check(&row, "2026-11-20T05:59:59Z", false, "2026-11-20T06:00:00Z");
    check(&row, "2026-11-20T06:00:00Z", true, "2026-11-20T19:00:00Z");
    check(&row, "2026-11-20T18:59:59.999Z", true, "2026-11-20T19:00:00Z");
    check(&row, "2026-11-20T19:00:00Z", false, "2026-11-23T06:00:00Z");
    check(&row, "2026-11-22T12:00:00Z", false, "2026-11-23T06:00:00Z");
}

#[test]
fn a_window_across_midnight_belongs_to_the_day_on_which_it_opens() {
    let friday = Days { week: [false, false, false, false, true, false, false], holidays: false };
    let row = during(window(friday, "20:00", "07:00", "Europe/Berlin", &[]), None, Some(0));
    check(&row, "2026-11-20T18:59:59Z", false, "2026-11-20T19:00:00Z");
    check(&row, "2026-11-20T23:30:00Z", true, "2026-11-21T06:00:00Z");
    check(&row, "2026-11-21T05:59:59Z", true, "2026-11-21T06:00:00Z");
    check(&row, "2026-11-21T06:00:00Z", false, "2026-11-27T19:00:00Z");
}

#[test]
fn days_that_follow_each_other_are_one_window() {
    let weekend = Days { week: [false, false, false, false, false, true, true], holidays: false };
    let row = during(window(weekend, "00:00", "24:00", "UTC", &[]), None, Some(0));
    check(&row, "2026-11-21T00:00:00Z", true, "2026-11-23T00:00:00Z");
    check(&row, "2026-11-22T23:59:59Z", true, "2026-11-23T00:00:00Z");
    check(&row, "2026-11-23T00:00:00Z", false, "2026-11-28T00:00:00Z");
    check(
        &during(window(Days::EVERY, "00:00", "24:00", "UTC", &[]), None, Some(3)),
        "2026-11-21T00:00:00Z",
        true,
        "never",
    );
}

#[test]
fn outside_a_window_is_nights_weekends_and_holidays() {
    let holidays = ["2026-12-25", "2026-12-28"];
    let office = window(WORKING_DAYS, "07:00", "20:00", "Europe/Berlin", &holidays);
    let asleep = Hours { window: office, outside: true, min: None, max: Some(0) };
    check(&asleep, "2026-12-24T18:59:59Z", false, "2026-12-24T19:00:00Z");
    // Thursday evening, Christmas Day on Friday, a weekend, one more holiday.
    check(&asleep, "2026-12-24T19:00:00Z", true, "2026-12-29T06:00:00Z");
    check(&asleep, "2026-12-25T12:00:00Z", true, "2026-12-29T06:00:00Z");
    check(&asleep, "2026-12-28T12:00:00Z", true, "2026-12-29T06:00:00Z");
    check(&asleep, "2026-12-29T06:00:00Z", false, "2026-12-29T19:00:00Z");
}

#[test]
fn an_end_is_reported_up_to_32_days_ahead() {
    let open_but = |holiday| {
        during(
            window(Days { week: [true; 7], holidays: false }, "00:00", "24:00", "UTC", &[holiday]),
            None,
            Some(3),
        )
    };
    check(&open_but("2026-12-22"), "2026-11-20T12:00:00Z", true, "2026-12-22T00:00:00Z");
    check(&open_but("2026-12-23"), "2026-11-20T12:00:00Z", true, "never");
}

#[test]
fn a_holiday_is_no_day_of_the_week() {
    let on = |days| during(window(days, "00:00", "24:00", "UTC", &["2026-12-25"]), None, Some(1));
    let holidays = Days { holidays: true, ..Days::NONE };
    check(&on(WORKING_DAYS), "2026-12-25T12:00:00Z", false, "2026-12-28T00:00:00Z");
    check(&on(holidays), "2026-12-25T12:00:00Z", true, "2026-12-26T00:00:00Z");
    check(&on(holidays), "2026-12-26T00:00:00Z", false, "never");
    assert!(on(Days::EVERY).state("2026-12-25T12:00:00Z".parse().unwrap()).in_force);
}

/// What a window on one day is in UTC, found by asking every minute of three days.
fn minutes_open(row: &Hours, day: &str) -> Vec<(Timestamp, Timestamp)> {
    let begin: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
    let mut open: Vec<(Timestamp, Timestamp)> = Vec::new();
    for minute in -1_440..2_880_i64 {
        let now = begin + SignedDuration::from_mins(minute);
        if row.state(now).in_force {
            match open.last_mut().filter(|(_, last)| *last == now) {
                Some((_, last)) => *last = now + SignedDuration::from_mins(1),
                None => open.push((now, now + SignedDuration::from_mins(1))),
            }
        }
    }
    open
}

/// A window that opens on one date only, in UTC.
#[track_caller]
fn check_day(zone: &str, date: &str, hours: (&str, &str), expected: Option<(&str, &str)>) {
    let holidays = Days { holidays: true, ..Days::NONE };
    let row = during(window(holidays, hours.0, hours.1, zone, &[date]), Some(4), None);
    let parse = |(opens, closes): (&str, &str)| (opens.parse().unwrap(), closes.parse().unwrap());
    let expected: Vec<(Timestamp, Timestamp)> = expected.into_iter().map(parse).collect();
    assert_eq!(minutes_open(&row, date), expected, "{zone} {date} {hours:?}");
    for (opens, closes) in expected {
        assert_eq!(row.state(opens - SignedDuration::from_secs(1)).until, Some(opens));
        assert_eq!(row.state(opens).until, Some(closes));
    }
}

#[test]
fn clocks_go_forward_and_a_time_that_does_not_exist_is_the_jump() {
    // Berlin, 2026-03-29: 02:00 becomes 03:00, at 01:00 UTC.
    check_day(
        "Europe/Berlin",
        "2026-03-29",
        ("02:30", "05:00"),
        Some(("2026-03-29T01:00Z", "2026-03-29T03:00Z")),
    );
    check_day(
        "Europe/Berlin",
        "2026-03-29",
        ("01:00", "02:30"),
        Some(("2026-03-29T00:00Z", "2026-03-29T01:00Z")),
    );
    check_day("Europe/Berlin", "2026-03-29", ("02:15", "02:45"), None);
    check_day(
        "Europe/Berlin",
        "2026-03-28",
        ("20:00", "07:00"),
        Some(("2026-03-28T19:00Z", "2026-03-29T05:00Z")),
    );
    // New York, 2026-03-08: 02:00 becomes 03:00, at 07:00 UTC.
    check_day(
        "America/New_York",
        "2026-03-08",
        ("02:30", "05:00"),
        Some(("2026-03-08T07:00Z", "2026-03-08T09:00Z")),
    );
    // Lord Howe, 2026-10-04: half an hour only, 02:00 becomes 02:30, at 15:30 UTC the day before.
    check_day(
        "Australia/Lord_Howe",
        "2026-10-04",
        ("02:15", "04:00"),
        Some(("2026-10-03T15:30Z", "2026-10-03T17:00Z")),
    );
    check_day(
        "Australia/Lord_Howe",
        "2026-10-04",
        ("02:30", "04:00"),
        Some(("2026-10-03T15:30Z", "2026-10-03T17:00Z")),
    );
    // Cairo, 2026-04-24: midnight itself does not exist.
    check_day(
        "Africa/Cairo",
        "2026-04-24",
        ("00:00", "24:00"),
        Some(("2026-04-23T22:00Z", "2026-04-24T21:00Z")),
    );
}

#[test]
fn a_window_that_a_jump_swallows_does_not_open_on_that_day() {
    let row = during(window(Days::EVERY, "02:15", "02:45", "Europe/Berlin", &[]), Some(4), None);
    check(&row, "2026-03-28T12:00:00Z", false, "2026-03-30T00:15:00Z");
}

#[test]
fn clocks_go_back_and_a_window_opens_once_and_closes_once() {
    // Berlin, 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC.
    check_day(
        "Europe/Berlin",
        "2026-10-25",
        ("02:30", "05:00"),
        Some(("2026-10-25T00:30Z", "2026-10-25T04:00Z")),
    );
    check_day(
        "Europe/Berlin",
        "2026-10-25",
        ("01:00", "02:30"),
        Some(("2026-10-24T23:00Z", "2026-10-25T01:30Z")),
    );
    check_day(
        "Europe/Berlin",
        "2026-10-25",
        ("02:15", "02:45"),
        Some(("2026-10-25T00:15Z", "2026-10-25T01:45Z")),
    );
    check_day(
        "Europe/Berlin",
        "2026-10-24",
        ("20:00", "07:00"),
        Some(("2026-10-24T18:00Z", "2026-10-25T06:00Z")),
    );
    // New York, 2026-11-01: 02:00 becomes 01:00, at 06:00 UTC.
    check_day(
        "America/New_York",
        "2026-11-01",
        ("01:30", "03:00"),
        Some(("2026-11-01T05:30Z", "2026-11-01T08:00Z")),
    );
    // Lord Howe, 2026-04-05: 02:00 becomes 01:30, at 15:00 UTC the day before.
    check_day(
        "Australia/Lord_Howe",
        "2026-04-05",
        ("01:45", "03:00"),
        Some(("2026-04-04T14:45Z", "2026-04-04T16:30Z")),
    );
}

#[test]
fn a_zone_without_daylight_saving_is_the_same_all_year() {
    check_day(
        "Asia/Kolkata",
        "2026-03-29",
        ("02:30", "05:00"),
        Some(("2026-03-28T21:00Z", "2026-03-28T23:30Z")),
    );
    check_day(
        "Asia/Kolkata",
        "2026-10-25",
        ("02:30", "05:00"),
        Some(("2026-10-24T21:00Z", "2026-10-24T23:30Z")),
    );
}

/// A service of 2 to 10 tasks, and a row that holds at noon.
fn at_noon(min: Option<u32>, max: Option<u32>) -> Stage {
    let row = during(window(Days::EVERY, "07:00", "20:00", "UTC", &[]), min, max);
    Stage::new(2, 10, &["waiting > 500: +5", "waiting < 50: -2"]).with(|stage| stage.policy.hours.push(row))
}

#[test]
fn a_minimum_of_the_hour_raises_at_once_and_names_its_window() {
    let decision = at_noon(Some(4), None).tasks(2).waiting(100).peek();
    assert_eq!(decision.verdict, ScaleOut { from: 2, to: 4 });
    assert_eq!(codes(&decision), ["below-min", "hours"]);
    assert_eq!(
        decision.reasons[1].to_string(),
        "hours `every day 07:00-20:00 UTC` set min 4 until 2026-03-01 20:00 UTC"
    );
    let mut evening = at_noon(Some(4), None).tasks(2).waiting(100);
    assert_eq!(codes(&evening.at(9 * 3_600).peek()), ["nothing-matches"]);
}

/// The bound that a decision meets is named, of the row that sets it.
#[test]
fn a_window_is_named_only_for_the_bound_that_it_sets_and_that_was_met() {
    let named = |stage: &Stage| -> Vec<String> {
        let reasons = stage.peek().reasons;
        reasons.iter().filter(|it| it.code() == "hours").map(ToString::to_string).collect()
    };
    let sets =
        |bound: &str| format!("hours `every day 07:00-20:00 UTC` set {bound} until 2026-03-01 20:00 UTC");
    let both = at_noon(Some(4), Some(6));
    assert_eq!(named(&both.clone().tasks(6).waiting(501)), [sets("max 6")]);
    assert_eq!(named(&both.clone().tasks(2).waiting(100)), [sets("min 4")]);
    assert_eq!(named(&both.tasks(5).waiting(100)), [""; 0]);
    let two = |rows: [(Option<u32>, Option<u32>); 2]| {
        let [one, other] = rows.map(|(min, max)| at_noon(min, max));
        one.with(|stage| stage.policy.hours.extend(other.policy.hours))
    };
    assert_eq!(named(&two([(Some(3), None), (Some(4), None)]).tasks(2).waiting(100)), [sets("min 4")]);
    assert_eq!(named(&two([(None, Some(7)), (None, Some(6))]).tasks(6).waiting(501)), [sets("max 6")]);
}

#[test]
fn outside_all_windows_the_capacity_holds() {
    let mut stage = at_noon(Some(4), Some(5));
    assert_eq!(stage.peek().bounds, Capacity::new(4, 5).unwrap());
    assert_eq!(stage.at(9 * 3_600).peek().bounds, Capacity::new(2, 10).unwrap());
}

#[track_caller]
fn check_bounds(rows: &[(Option<u32>, Option<u32>)], expected: (u32, u32)) {
    let mut stage = Stage::new(2, 10, &["waiting > 500: +5"]);
    for (min, max) in rows {
        stage.policy.hours.extend(at_noon(*min, *max).policy.hours);
    }
    let bounds = stage.peek().bounds;
    assert_eq!((bounds.min(), bounds.max()), expected, "{rows:?}");
}

#[test]
fn rows_that_overlap_are_never_added_up() {
    check_bounds(&[(Some(4), None), (Some(3), None)], (4, 10));
    check_bounds(&[(None, Some(4)), (None, Some(3))], (2, 3));
    check_bounds(&[(Some(4), None), (None, Some(6))], (4, 6));
    // Where they contradict each other the minimum holds.
    check_bounds(&[(Some(4), None), (None, Some(3))], (4, 4));
    check_bounds(&[(Some(4), None), (None, Some(0))], (4, 4));
    // A row replaces the minimum of the capacity, also by a smaller one, and a maximum below it lowers it.
    check_bounds(&[(Some(0), None)], (0, 10));
    check_bounds(&[(None, Some(1))], (1, 1));
    check_bounds(&[(None, Some(0))], (0, 0));
    // It never leaves the maximum that the budgets count on.
    check_bounds(&[(Some(40), Some(50))], (10, 10));
}

#[test]
fn a_service_that_sleeps_goes_task_by_task_and_never_below_its_work_in_flight() {
    let mut stage = at_noon(None, Some(0)).tasks(3).in_flight(9);
    let decision = stage.peek();
    assert_eq!(decision.verdict, Hold { at: Some(3) });
    assert_eq!(codes(&decision), ["above-max", "work-in-flight", "hours"]);
    stage.queue().in_flight = tidegate_policy::InFlight::Exactly(0);
    assert_eq!(stage.evaluate().verdict, ScaleIn { from: 3, to: 2 });
    stage.evaluate_for(3_600);
    assert_eq!(size(&stage.peek()), 0);
}

#[test]
fn the_last_task_of_a_service_that_sleeps_finishes_what_waits() {
    let mut stage = at_noon(None, Some(0)).tasks(1).waiting(900);
    stage.evaluate_for(3_600);
    assert_eq!(codes(&stage.peek()), ["above-max", "not-idle", "hours"]);
    stage.queue().waiting = 0;
    stage.evaluate_for(600);
    assert_eq!(size(&stage.peek()), 0);
}

#[test]
fn jobs_that_come_while_it_sleeps_wait_until_the_window_closes() {
    let mut stage = at_noon(None, Some(0)).tasks(1);
    stage.evaluate_for(900);
    stage.queue().waiting = 30;
    let asleep = stage.wait(60).evaluate();
    assert_eq!(asleep.verdict, Hold { at: Some(0) });
    assert_eq!(codes(&asleep), ["wake", "at-max", "hours"]);
    assert!(!asleep.notices.iter().any(|notice| notice.kind == NoticeKind::AtMax));
    assert_eq!(stage.at(8 * 3_600).peek().verdict, ScaleOut { from: 0, to: 2 });
}

#[test]
fn what_an_operator_asks_for_outranks_the_hours() {
    let stage = at_noon(None, Some(0)).tasks(2).overridden(OverrideKind::Min(3), 7_200);
    assert_eq!(stage.peek().verdict, ScaleOut { from: 2, to: 3 });
    let stage = at_noon(Some(4), None).tasks(4).overridden(OverrideKind::Pin(1), 7_200);
    assert_eq!(stage.peek().verdict, ScaleIn { from: 4, to: 1 });
}

/// Hours let a service sleep: at max 0 the forecast may say what it likes.
#[test]
fn a_service_that_sleeps_asks_for_nothing() {
    let mut world = WaitWorld::new(0, 50, 3);
    world.evaluate_for(600, |_| 1.5);
    let asleep = Hours {
        window: window(Days::EVERY, "00:00", "24:00", "UTC", &[]),
        outside: false,
        min: None,
        max: Some(0),
    };
    world.stage.policy.hours.push(asleep);
    world.evaluate_for(1_800, |elapsed| if elapsed < 1_200 { 0.0 } else { 1.5 });
    assert_eq!(world.desired(), 0);
    let decision = world.evaluate(1.5);
    assert_eq!(decision.verdict, Hold { at: Some(0) }, "{decision}");
}
