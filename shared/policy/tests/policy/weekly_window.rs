//! Windows of the week, against an array of the minutes of a week that is filled one by one.

use jiff::Timestamp;
use tidegate_policy::WeeklyWindow;
use tidegate_policy::weekly_window::WeeklyWindowError::{TooLong, TooShort, Unreadable};

const WEEK: usize = 7 * 24 * 60;
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Monday, 2026-03-02, 00:00 UTC.
fn monday() -> i64 {
    "2026-03-02T00:00:00Z".parse::<Timestamp>().unwrap().as_second()
}

fn at(minute: usize, second: i64) -> Timestamp {
    Timestamp::from_second(monday() + i64::try_from(minute).unwrap() * 60 + second).unwrap()
}

fn written(minute: usize) -> String {
    let minute = minute % WEEK;
    format!("{}:{:02}:{:02}", NAMES[minute / 1_440], minute / 60 % 24, minute % 60)
}

fn window(start: usize, minutes: usize) -> WeeklyWindow {
    format!("{}-{}", written(start), written(start + minutes)).parse().unwrap()
}

/// Every minute of the week, open or not.
fn minutes_of(start: usize, minutes: usize) -> Vec<bool> {
    let mut open = vec![false; WEEK];
    for minute in start..start + minutes {
        open[minute % WEEK] = true;
    }
    open
}

/// How many minutes until a start, 1 to a whole week.
fn until(start: usize, minute: usize) -> usize {
    (1..=WEEK).find(|ahead| (minute + ahead) % WEEK == start).unwrap()
}

#[test]
fn every_minute_of_the_week_against_windows_of_every_shape() {
    let starts = (0..WEEK).step_by(180).chain([1, 7, 10_049, 10_050, 10_051, 10_065, 10_079]);
    for start in starts {
        for length in [30, 31, 45, 90, 1_439, 1_440] {
            let (window, open) = (window(start, length), minutes_of(start, length));
            for (minute, is_open) in open.iter().enumerate() {
                let now = at(minute, 59);
                assert_eq!(window.contains(now), *is_open, "{window} in minute {}", written(minute));
                assert_eq!(window.left(now).is_some(), *is_open);
                assert_eq!(window.began(now).is_some(), *is_open);
            }
        }
    }
}

#[test]
fn every_start_of_the_week_at_its_edges() {
    for start in 0..WEEK {
        let window = window(start, 45);
        for (minute, second, left) in [
            (start + WEEK - 1, 59, None),
            (start, 0, Some(45 * 60)),
            (start, 1, Some(45 * 60 - 1)),
            (start + 44, 59, Some(1)),
            (start + 45, 0, None),
        ] {
            let now = at(minute % WEEK, second);
            assert_eq!(window.left(now).map(|left| left.as_secs()), left, "{window} at {now}");
            let began = window.began(now).map(|began| now.duration_since(began).as_secs());
            assert_eq!(began, left.map(|left| 45 * 60 - left), "{window} at {now}");
        }
    }
}

#[test]
fn the_next_start_is_after_now_also_while_the_window_is_open() {
    for start in (0..WEEK).step_by(97) {
        let window = window(start, 60);
        for minute in (0..WEEK).step_by(41).chain([start, (start + 1) % WEEK, (start + WEEK - 1) % WEEK]) {
            let next = window.next(at(minute, 30));
            let ahead = next.duration_since(at(minute, 0)).as_mins();
            assert_eq!(
                ahead,
                i64::try_from(until(start, minute)).unwrap(),
                "{window} in {}",
                written(minute)
            );
        }
    }
}

#[test]
fn a_window_before_the_epoch_is_a_window_too() {
    let window: WeeklyWindow = "wed:23:45-thu:00:15".parse().unwrap();
    let thursday = "1969-12-25T00:14:59.5Z".parse().unwrap();
    assert!(window.contains(thursday));
    assert_eq!(window.began(thursday), Some("1969-12-24T23:45:00Z".parse().unwrap()));
}

/// The first two stand in Amazon's API reference of `ModifyDBInstance` and in the user guide.
#[test]
fn windows_are_read_as_rds_writes_them() {
    for text in ["sun:05:00-sun:06:00", "mon:03:00-mon:03:30", "sun:23:45-mon:00:15", "sat:00:00-sun:00:00"] {
        assert_eq!(text.parse::<WeeklyWindow>().unwrap().to_string(), text);
    }
    assert_eq!("Sun:05:00-SUN:06:00".parse::<WeeklyWindow>().unwrap().to_string(), "sun:05:00-sun:06:00");
    for (text, error) in [
        ("", Unreadable),
        ("sun:05:00", Unreadable),
        ("sun:5:00-sun:06:00", Unreadable),
        ("sun:05:00-sun:06:60", Unreadable),
        ("sun:24:00-mon:00:30", Unreadable),
        ("sunday:05:00-sun:06:00", Unreadable),
        ("sun:05:00:00-sun:06:00", Unreadable),
        ("sun:+5:00-sun:06:00", Unreadable),
        ("05:00-06:00", Unreadable),
        ("sun:05:00-sun:05:00", TooShort { minutes: 0 }),
        ("sun:05:00-sun:05:29", TooShort { minutes: 29 }),
        ("sun:05:00-mon:05:01", TooLong { minutes: 1_441 }),
        ("sun:06:00-sun:05:00", TooLong { minutes: 10_020 }),
    ] {
        assert_eq!(text.parse::<WeeklyWindow>(), Err(error), "{text}");
    }
}
