//! What someone wrote into the table by hand, and how an emergency is written there.

use tidegate_policy::emergency::decision::{Correction, Event};
use tidegate_policy::emergency::incident::{LastEngage, Overrides};
use tidegate_policy::emergency::request::{Engage, Request};
use tidegate_policy::overrides::Override;
use tidegate_policy::overrides::OverrideKind::{Min, Pin};

use crate::emergency::{World, exactly, flags, raise, restore, scalable, scaled, seen};
use crate::stage::seconds;

const TEN_YEARS: i64 = 10 * 365 * 86_400;

fn by_hand(world: &World, target: &str, size: u32, lasting: i64) -> Override {
    Override {
        target: target.to_owned(),
        kind: Pin(size),
        since: Some(world.now),
        until: world.now + seconds(lasting),
        who: "mallory".to_owned(),
        why: "by hand".to_owned(),
        request: None,
    }
}

#[test]
fn a_row_above_the_limit_of_the_file_counts_as_far_as_that_and_is_told_once() {
    let mut world = World::shop();
    world.memory.rows = vec![by_hand(&world, "api", u32::MAX, 600), by_hand(&world, "*", 70, 600)];
    let size = |target: &str, found| Event::Corrected {
        target: target.to_owned(),
        what: Correction::Size { found, most: 50 },
    };
    assert_eq!(world.minutes(3), [size("api", u32::MAX), size("*", 70)]);
    assert!(world.memory.rows.iter().all(|row| row.kind == Pin(50)));
}

#[test]
fn a_row_that_ends_in_ten_years_ends_within_a_month_and_is_told_once() {
    let mut world = World::shop();
    let row = by_hand(&world, "api", 7, TEN_YEARS);
    let (found, latest) = (row.until, world.now + Override::LONGEST);
    world.memory.rows = vec![row];
    let what = Correction::End { found, latest };
    assert_eq!(world.minutes(2), [Event::Corrected { target: "api".to_owned(), what }]);
    assert_eq!(world.memory.rows[0].until, latest);
}

#[test]
fn what_was_asked_of_the_function_is_never_corrected() {
    let mut world = World::shop();
    world.memory.rows = vec![Override { kind: Min(50), ..by_hand(&world, "api", 0, 30 * 86_400) }];
    let request = world.engage("max", &[("api", raise(50))], "alice");
    assert!(!world.evaluate(&request).events.iter().any(|it| matches!(it, Event::Corrected { .. })));
}

#[test]
fn an_emergency_written_by_hand_sets_no_size_beyond_the_file_and_ends_within_a_month() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.intend(&request);
    let incident = world.memory.incident.as_mut().unwrap();
    incident.targets.get_mut("api").unwrap().asked = 4_000_000;
    incident.until = world.now + seconds(TEN_YEARS);
    incident.since = world.now + seconds(TEN_YEARS);
    let events = world.minutes(1);
    assert_eq!(world.desired("api"), 50);
    let is_corrected =
        |target| events.iter().any(|it| matches!(it, Event::Corrected { target: of, .. } if of == target));
    assert!(is_corrected("api") && is_corrected("*"), "{events:?}");
    assert!(world.incident().until <= world.now + Override::LONGEST);
}

#[test]
fn an_emergency_is_written_with_short_keys_and_read_as_it_was() {
    let found = scalable(2, 50, flags(false, false, true));
    let mut world = World::new(&[("api", seen(2)), ("worker", scaled(38, found))]);
    let request = world.engage("shed", &[("api", raise(10)), ("worker", exactly(5))], "alice");
    world.evaluate(&request);
    let written = serde_json::to_string(&world.memory).expect("it can be written");
    let api =
        r#""api":{"to":10,"raise":true,"is":"set","was":{"d":2,"t":"2026-03-01T12:00:00Z"},"sized":[10]}"#;
    let all = r#""set":[{"min":5,"max":5,"suspended":{"in":true,"out":true,"scheduled":true}}]"#;
    assert!(written.contains(api) && written.contains(all), "{written}");
    assert!(written.contains(r#""last":{},"targets""#), "nothing was named: {written}");
    let read: Overrides = serde_json::from_str(&written).expect("it can be read");
    assert_eq!(read, world.memory);
}

#[test]
fn what_was_named_is_written_and_an_emergency_without_it_is_read() {
    let mut world = World::shop();
    let Request::Engage(engage) = world.engage("max", &[("api", raise(10))], "alice") else { unreachable!() };
    let (named, ignore_budgets) = (vec!["api".to_owned()], true);
    world.evaluate(&Request::Engage(Engage { named, ignore_budgets, ..engage }));
    let written = serde_json::to_string(&world.memory).expect("it can be written");
    let last = r#""last":{"services":["api"],"ignore_budgets":true},"#;
    assert!(written.contains(last), "{written}");
    let read = |text: &str| serde_json::from_str::<Overrides>(text).expect("it can be read");
    assert_eq!(read(&written), world.memory);
    let earlier = read(&written.replace(last, ""));
    assert_eq!(earlier.incident.expect("it is in force").last, None);
}

#[test]
fn whatever_was_written_is_read_as_lines_of_bounded_length() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.evaluate(&request);
    let incident = world.memory.incident.as_mut().unwrap();
    let long = "a\nb".repeat(5_000);
    (incident.who, incident.why, incident.request) = (long.clone(), long.clone(), Some(long.clone()));
    let (api, scalable) = (incident.targets["api"].clone(), scalable(1, 1, flags(false, false, false)));
    let names = (0..5_000).map(|number| format!("t{number}")).chain([long.clone()]).collect();
    incident.last = Some(LastEngage { services: names, ignore_budgets: false, is_part: false });
    for number in 0..5_000 {
        incident.targets.insert(format!("t{number}"), api.clone());
    }
    incident.targets.get_mut("api").unwrap().registered = vec![scalable; 5_000];
    world.memory.rows = vec![by_hand(&world, "api", 7, 600); 5_000];
    world.memory.believe(100, world.now);
    let incident = world.incident();
    assert!(incident.who.chars().count() <= 65 && !incident.why.contains('\n'));
    assert!(incident.targets.len() <= 2_000 && incident.targets["api"].registered.len() <= 16);
    let last = incident.last.as_ref().unwrap();
    assert!(last.is_part && last.services.iter().map(String::len).sum::<usize>() <= 1_000);
    assert_eq!(world.memory.rows.len(), 100);
}

#[test]
fn nothing_is_put_back_of_an_emergency_that_found_nothing() {
    let mut world = World::shop();
    world.seen.clear();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.evaluate(&request);
    assert!(world.evaluate(&restore()).overrides.incident.is_none());
    assert_eq!(world.evaluate(&Request::Tick).work, []);
}
