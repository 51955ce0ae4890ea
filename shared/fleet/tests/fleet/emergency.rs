//! `emergency`: what is taken, and profiles that cannot be engaged as they are written.

use jiff::SignedDuration;
use tidegate_fleet::{Emergency, Profile};

use crate::mistakes::check_problems;
use crate::taken::{PLACE, WORK, fleet, taken};

/// A queue worker of 2 to 20 tasks, or 30 by an override, and a group of 2 to 10 instances; 100 connections for both.
fn text(emergency: &str) -> String {
    let worker = fleet(&format!("{}{WORK}", PLACE.replace("max: 20", "max: 20, override_max: 30")));
    format!(
        "{worker}  - name: web
    asg: web
    capacity: {{ min: 2, max: 10 }}
    track: {{ signal: cpu, target: 70% }}
budgets:
  - {{ name: rds-connections, limit: 100, use: {{ worker: 4, web: 2 }} }}
{emergency}"
    )
}

fn emergency(lines: &str) -> Emergency {
    taken(&text(&format!("emergency: {lines}"))).emergency().clone()
}

#[test]
fn without_a_word_an_emergency_holds_for_two_hours() {
    let expected = Emergency { hold: SignedDuration::from_hours(2), profiles: vec![], runbook: vec![] };
    assert_eq!(*taken(&text("")).emergency(), expected);
    assert_eq!(emergency("{}"), expected);
    assert_eq!(emergency("{ profiles: {}, runbook: [] }"), expected);
}

#[test]
fn all_of_it_is_read_in_the_order_of_the_file() {
    let read = emergency(
        "\n  hold: 90m\n  profiles:\n    shed: { worker: 5, web: 0 }\n    peak: { web: 10 }\n  \
         runbook: [\"Enable CloudFront caching\", Call the database's on-call]",
    );
    let sizes =
        |sizes: &[(&str, u32)]| sizes.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
    let expected = Emergency {
        hold: SignedDuration::from_mins(90),
        profiles: vec![
            Profile { name: "shed".into(), sizes: sizes(&[("worker", 5), ("web", 0)]) },
            Profile { name: "peak".into(), sizes: sizes(&[("web", 10)]) },
        ],
        runbook: vec!["Enable CloudFront caching".into(), "Call the database's on-call".into()],
    };
    assert_eq!(read, expected);
    let shed = read.profile("shed").expect("it is written");
    assert_eq!((shed.size("worker"), shed.size("web"), shed.size("api")), (Some(5), Some(0), None));
    assert_eq!(read.profile(Profile::MAX), None, "it is there without being written");
}

#[test]
fn a_size_goes_from_zero_to_what_an_override_may_set() {
    for size in [0, 1, 20] {
        assert_eq!(emergency(&format!("{{ profiles: {{ p: {{ worker: {size} }} }} }}")).profiles.len(), 1);
    }
    let free = |size: u32| {
        let text = text(&format!("emergency: {{ profiles: {{ p: {{ worker: {size} }} }} }}"));
        text.replace("use: { worker: 4, web: 2 }", "use: { web: 2 }")
    };
    assert_eq!(taken(&free(30)).emergency().profiles[0].size("worker"), Some(30));
    check_problems(&free(31), &[("profile-above-capacity", "31", "`worker: 31` lies above")]);
}

#[track_caller]
fn refused(emergency: &str, expected: &[(&str, &str, &str)]) {
    check_problems(&text(&format!("emergency: {emergency}")), expected);
}

#[test]
fn profiles_that_cannot_be_meant_are_refused() {
    let refused = |profiles: &str, code: &str, part: &str, words: &str| {
        refused(&format!("{{ profiles: {{ {profiles} }} }}"), &[(code, part, words)]);
    };
    refused("shed: { wroker: 5 }", "unknown-service", "wroker", "did you mean `worker`?");
    refused("shed: { web: 11 }", "profile-above-capacity", "11", "allowed: 0 to 10 instances");
    refused("shed: { worker: 5001 }", "out-of-range", "5001", "0 to 5000 tasks or instances");
    refused("shed: { worker: none }", "not-a-number", "none", "digits only");
    refused("shed: { worker: [5] }", "wrong-shape", "[", "a list");
    refused("shed: { worker: }", "empty-value", ":", "`worker` has no value");
    refused("shed: { worker: 5, worker: 6 }", "duplicate-key", "worker", "`worker`");
    refused("shed: { worker: 5 }, shed: { web: 2 }", "duplicate-key", "shed", "`shed`");
    refused("max: { worker: 5 }", "reserved-name", "max", "there already");
    refused("Max: { worker: 5 }", "reserved-name", "Max", "give these sizes another name");
    refused("shed: {}", "empty-value", "{", "as in `{ worker: 5, batch: 0 }`");
    refused("shed: [worker]", "wrong-shape", "[", "`shed` must be a mapping, found a list");
    refused("the shed: { worker: 5 }", "bad-text", "the shed", "letters, digits");
}
