//! Schedules at the edges of a month: workdays, last days of the week, and the units of a rate.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidegate_policy::emergency::schedule::Schedule;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| unreachable!("{text}: {error}"))
}

/// When an expression is due last from the beginning of a month until a moment.
#[track_caller]
fn check(expression: &str, since: &str, until: &str, expected: Option<&str>) {
    let schedule = Schedule::parse(expression, TimeZone::UTC, at(since)).expect("an expression that AWS has");
    assert_eq!(schedule.last_due(at(since), at(until)), expected.map(at), "{expression}");
}

#[test]
fn a_workday_moves_from_the_weekend_to_the_nearest_one_and_never_into_another_month() {
    // August of 2026 begins on a Saturday, May ends on a Sunday, February on a Saturday.
    let (august, end) = ("2026-08-01T00:00:00Z", "2026-08-31T12:00:00Z");
    check("cron(0 9 15W * ? *)", august, end, Some("2026-08-14T09:00:00Z"));
    check("cron(0 9 16W * ? *)", august, end, Some("2026-08-17T09:00:00Z"));
    check("cron(0 9 17W * ? *)", august, end, Some("2026-08-17T09:00:00Z"));
    check("cron(0 9 1W * ? *)", august, end, Some("2026-08-03T09:00:00Z"));
    let (may, end) = ("2026-05-01T00:00:00Z", "2026-05-31T12:00:00Z");
    check("cron(0 9 31W * ? *)", may, end, Some("2026-05-29T09:00:00Z"));
    check("cron(0 9 LW * ? *)", may, end, Some("2026-05-29T09:00:00Z"));
    let (february, end) = ("2026-02-01T00:00:00Z", "2026-02-28T12:00:00Z");
    check("cron(0 9 LW * ? *)", february, end, Some("2026-02-27T09:00:00Z"));
    check("cron(0 9 1W * ? *)", february, end, Some("2026-02-02T09:00:00Z"));
    check("cron(0 9 31W * ? *)", february, end, None);
}

#[test]
fn the_last_tuesday_of_a_month_is_not_the_one_before_it() {
    // March of 2026 ends on a Tuesday.
    let march = "2026-03-01T00:00:00Z";
    check("cron(0 9 ? * 3L *)", march, "2026-03-30T12:00:00Z", None);
    check("cron(0 9 ? * 3L *)", march, "2026-03-31T12:00:00Z", Some("2026-03-31T09:00:00Z"));
}

#[test]
fn a_rate_counts_minutes_hours_and_days() {
    let (first, now) = ("2026-03-01T00:00:00Z", "2026-03-02T12:07:30Z");
    for (rate, due) in [
        ("rate(1 minute)", "2026-03-02T12:07:00Z"),
        ("rate(5 minutes)", "2026-03-02T12:05:00Z"),
        ("rate(1 hour)", "2026-03-02T12:00:00Z"),
        ("rate(5 hours)", "2026-03-02T11:00:00Z"),
        ("rate(1 day)", "2026-03-02T00:00:00Z"),
    ] {
        check(rate, first, now, Some(due));
    }
}
