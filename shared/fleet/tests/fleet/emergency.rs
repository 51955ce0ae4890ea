//! `emergency`: what is taken, and profiles that cannot be engaged as they are written.

use jiff::SignedDuration;
use tidegate_fleet::effective::{Origin, settings};
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
            Profile { name: "shed".into(), sizes: sizes(&[("worker", 5), ("web", 0)]), replicas: vec![] },
            Profile { name: "peak".into(), sizes: sizes(&[("web", 10)]), replicas: vec![] },
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

#[test]
fn what_is_no_emergency_is_refused() {
    refused("{ hold: 4m }", &[("out-of-range", "4m", "allowed: 5m to 7d")]);
    refused("{ hold: 8d }", &[("out-of-range", "8d", "allowed: 5m to 7d")]);
    refused("{ hold: 2 }", &[("not-a-duration", "2", "write `2h`")]);
    refused("{ hod: 2h }", &[("unknown-key", "hod", "did you mean `hold`?")]);
    refused("2h", &[("wrong-shape", "2h", "`emergency` must be a mapping")]);
    refused("{ profiles: [shed] }", &[("wrong-shape", "[", "a list")]);
    let many: Vec<String> = (0..21).map(|n| format!("p{n}: {{ web: 2 }}")).collect();
    refused(
        &format!("{{ profiles: {{ {} }} }}", many.join(", ")),
        &[("wrong-length", "{ ", "allowed: 0 to 20")],
    );
}

#[test]
fn a_runbook_has_ten_lines_that_fit_into_a_notice() {
    let lines = |lines: &[String]| format!("{{ runbook: [{}] }}", lines.join(", "));
    let longest = "ü".repeat(200);
    assert_eq!(emergency(&lines(&vec![longest.clone(); 10])).runbook.len(), 10);
    refused(&lines(&vec!["x".to_owned(); 11]), &[("wrong-length", "[", "allowed: 0 to 10")]);
    refused(&lines(&[format!("{longest}x")]), &[("bad-text", &format!("{longest}x"), "1 to 200 characters")]);
    refused(&lines(&["\"\"".to_owned()]), &[("empty-value", "\"\"", "lines of 1 to 200 characters")]);
    refused(&lines(&["\"a\\nb\"".to_owned()]), &[("bad-text", "\"a\\nb\"", "lines of")]);
    let secret = text("emergency: { runbook: [\"redis-cli -u redis://:hunter2@redis\"] }");
    let problems = tidegate_fleet::parse(&secret).expect_err("it holds a password").to_string();
    assert!(
        problems.contains("`runbook[0]` holds a password") && !problems.contains("hunter2"),
        "{problems}"
    );
}

/// 100 connections: 20 workers at 4 and 10 instances at 2 take all of them.
#[test]
fn a_profile_keeps_the_budgets_with_every_other_service_at_its_maximum() {
    let peak = |sizes: &str| format!("{{ profiles: {{ peak: {{ {sizes} }} }} }}");
    assert_eq!(emergency(&peak("worker: 25, web: 0")).profiles.len(), 1);
    refused(
        &peak("worker: 21"),
        &[(
            "budget-exceeded",
            "peak",
            "under the profile `peak` the budget `rds-connections` would take 104, above its limit 100",
        )],
    );
    refused(
        &peak("worker: 21, web: 9"),
        &[("budget-exceeded", "peak", "worker 21 x 4 = 84, web 9 x 2 = 18;")],
    );
    refused(&peak("worker: 21"), &[("budget-exceeded", "peak", "web 10 (its maximum) x 2 = 20;")]);
    // A size that no override may set counts as the most that one may.
    let above = ("profile-above-capacity", "99", "allowed: 0 to 30 tasks");
    refused(&peak("worker: 99"), &[("budget-exceeded", "peak", "worker 30 x 4 = 120"), above]);
    let without = text(&format!("emergency: {}", peak("worker: 20"))).replace("limit: 100", "limit: 99");
    check_problems(&without, &[("budget-exceeded", "{ ", "at maximum capacity")]);
}

#[test]
fn a_profile_of_what_is_only_observed_is_a_warning() {
    let warned = |text: &str| -> Vec<String> {
        taken(text).warnings().iter().map(|it| format!("{}: {}", it.code().as_str(), it.message())).collect()
    };
    let profile = text("emergency: { profiles: { shed: { worker: 5, web: 2 }, late: { web: 3 } } }");
    assert_eq!(warned(&profile), [""; 0]);
    let one = profile.replace("name: worker", "name: worker\n    mode: observe");
    let expected = "profile-observes: the profile `shed` sizes `worker`, which is in mode `observe`: nothing is changed there";
    assert_eq!(warned(&one), [expected]);
    let all = profile.replace("mode: enforce", "mode: observe");
    assert_eq!(
        warned(&all),
        [
            "profile-observes: the profile `shed` sizes `worker` and 1 other target, which are in mode `observe`: nothing is changed there",
            "profile-observes: the profile `late` sizes `web`, which is in mode `observe`: nothing is changed there",
        ]
    );
    assert_eq!(warned(&all.replace("emergency", "# emergency")), [""; 0]);
}

#[test]
fn explain_tells_the_hold_and_what_is_written() {
    let of = |lines: &str, path: &str| {
        let text = text(lines);
        let rows = settings(&text, &taken(&text));
        rows.into_iter().find(|row| row.path == path).map(|row| (row.value, row.origin))
    };
    assert!(matches!(of("", "emergency.hold"), Some((value, Origin::Default(_))) if value == "2h"));
    let written = "emergency: { hold: 1h, profiles: { shed: { worker: 5 } }, runbook: [call] }";
    let line = |value: &str| Some((value.to_owned(), Origin::Line(16)));
    assert_eq!(of(written, "emergency.hold"), line("1h"));
    assert_eq!(of(written, "emergency.profiles.shed.worker"), line("5"));
    assert_eq!(of(written, "emergency.runbook[0]"), line("call"));
}

/// What an operator reads, word by word.
#[test]
fn every_problem_of_an_emergency_has_its_words() {
    let text = text(
        "emergency:
  hold: 30d
  profiles:
    max: { worker: 20 }
    shed: { wroker: 5, web: 20 }
    peak: { worker: 25 }
    none: {}
    stop: { worker: all }
  runbook: [\"\", \"redis-cli -u redis://:hunter2@redis\"]
",
    );
    let problems = tidegate_fleet::parse(&text).expect_err("the file is wrong");
    let excerpts: Vec<String> =
        problems.iter().map(|problem| problem.with_excerpt("fleet.yaml", &text)).collect();
    insta::assert_snapshot!(excerpts.join("\n"));
    let observing = taken(&text_of_observed());
    let warnings: Vec<String> = observing.warnings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"));
}

fn text_of_observed() -> String {
    text("emergency: { profiles: { shed: { worker: 5, web: 2 } } }").replace("mode: enforce", "mode: observe")
}

#[test]
fn services_are_set_by_priority_and_those_of_one_in_the_order_of_the_file() {
    let order = |worker: &str, web: &str| {
        let text = text("").replace(
            "    capacity: { min: 2, max: 10 }",
            &format!("{web}    capacity: {{ min: 2, max: 10 }}"),
        );
        let fleet = taken(&text.replacen("    capacity: {", &format!("{worker}    capacity: {{"), 1));
        let names = fleet.services_by_priority().into_iter().map(|it| it.name().to_owned());
        names.collect::<Vec<String>>().join(" ")
    };
    assert_eq!(order("", ""), "worker web");
    assert_eq!(order("", "    priority: 1\n"), "web worker");
    assert_eq!(order("    priority: 5\n", "    priority: 5\n"), "worker web");
    assert_eq!(order("    priority: 0\n", "    priority: 1000\n"), "web worker");
    let above = text("").replace("    asg: web\n", "    asg: web\n    priority: 1001\n");
    check_problems(&above, &[("out-of-range", "1001", "allowed: 0 to 1000 (the highest is set first)")]);
    let below = text("").replace("    asg: web\n", "    asg: web\n    priority: -1\n");
    check_problems(&below, &[("not-a-number", "-1", "digits only")]);
}
