//! The line that keeps an emergency, as it is reported and as it is pasted.

use serde_json::{Value, json};
use tidegate_tests::fake_fleet::lock;

use crate::stage::{SHOP, ask, engage, minutes, reports, shop, sizes, story};

/// The commands after `keep` in the text of a report.
fn kept(report: &str) -> Option<&str> {
    report.lines().find_map(|line| line.strip_prefix("  keep  "))
}

/// The event that the command sends for such a line.
fn pasted(line: &str) -> Value {
    let mut event = engage("max");
    let mut words = line.strip_prefix("tidegate emergency engage").expect("it engages").split(' ');
    while let Some(word) = words.next() {
        match word {
            "--profile" => event["profile"] = json!(words.next()),
            "--hold" => event["hold"] = json!(words.next()),
            "--services" => {
                let names: Vec<&str> = words.next().expect("names follow").split(',').collect();
                event["services"] = json!(names);
            }
            "--ignore-budgets" => event["ignore_budgets"] = json!(true),
            _ => assert_eq!(word, "", "{line}"),
        }
    }
    event
}

fn of(profile: &str, services: &[&str]) -> Value {
    let mut event = engage(profile);
    event["services"] = json!(services);
    event
}

#[test]
fn the_line_that_keeps_an_emergency_names_its_services_and_engages_no_others() {
    story(async {
        let world = shop();
        ask(&world, of("max", &["api"])).await;
        assert_eq!(sizes(&world), (10, 2));
        minutes(SHOP, &world, 111).await;
        let said = reports(&world);
        let lines: Vec<&str> = said.iter().filter_map(|report| kept(report)).collect();
        assert!(
            lines.len() >= 2 && said.last().is_some_and(|it| it.contains("emergency max ends")),
            "{said:#?}"
        );
        for line in lines {
            assert_eq!(line, "tidegate emergency engage --services api --hold 2h");
        }
        let until = || lock(&world).memory()["incident"]["until"].to_string();
        let before = until();
        ask(&world, pasted("tidegate emergency engage --services api --hold 2h")).await;
        assert!(until() > before);
        assert_eq!(sizes(&world), (10, 2), "`worker` was not engaged, and is not");
    });
}

#[test]
fn a_whole_profile_is_kept_by_its_name_and_budgets_are_ignored_only_where_they_were() {
    story(async {
        let cases = [
            (engage("launch"), "tidegate emergency engage --profile launch --hold 2h"),
            (engage("max"), "tidegate emergency engage --hold 2h"),
            (
                json!({"action": "engage", "profile": "shed", "services": ["worker"], "ignore_budgets": true}),
                "tidegate emergency engage --profile shed --services worker --ignore-budgets --hold 2h",
            ),
        ];
        for (event, expected) in cases {
            let world = shop();
            ask(&world, event).await;
            let said = reports(&world);
            assert_eq!(kept(&said[0]), Some(expected), "{}", said[0]);
            assert!(!said[0].contains("before the end"), "{}", said[0]);
        }
    });
}

#[test]
fn of_two_engages_the_last_one_again_keeps_both_and_the_report_says_so() {
    story(async {
        let world = shop();
        ask(&world, of("max", &["api"])).await;
        ask(&world, of("shed", &["worker"])).await;
        assert_eq!(sizes(&world), (10, 5));
        let said = reports(&world);
        let line = kept(&said[1]).expect("there is one").to_owned();
        assert_eq!(line, "tidegate emergency engage --profile shed --services worker --hold 2h");
        let note = "before the end, the line that keeps it moves the end of all that is in force; after the end it \
                    would engage only what it names";
        assert!(said[1].contains(note), "{}", said[1]);
        minutes(SHOP, &world, 100).await;
        ask(&world, pasted(&line)).await;
        minutes(SHOP, &world, 100).await;
        assert_eq!(sizes(&world), (10, 5), "both last longer than the two hours of the first");
    });
}

#[test]
fn an_emergency_that_an_earlier_version_wrote_has_no_line_that_would_engage_more() {
    story(async {
        let world = shop();
        ask(&world, of("max", &["api"])).await;
        let item = lock(&world).items["overrides"].clone();
        let memory = item["memory"]["S"].as_str().expect("it is text");
        let mut memory: Value = serde_json::from_str(memory).expect("it is JSON");
        memory["incident"].as_object_mut().expect("it is in force").remove("last");
        lock(&world).items.get_mut("overrides").expect("it is there")["memory"]["S"] =
            json!(memory.to_string());
        minutes(SHOP, &world, 111).await;
        let said = reports(&world);
        let last = said.last().expect("it ends soon");
        assert!(last.contains("emergency max ends"), "{last}");
        assert_eq!(kept(last), None, "{last}");
        assert!(last.contains("type the last `tidegate emergency engage` again"), "{last}");
        assert!(last.contains("  undo  tidegate emergency restore"), "{last}");
    });
}

#[test]
fn names_that_the_fleet_file_does_not_know_are_in_no_line() {
    story(async {
        for (services, expected) in [
            (json!(["api", "$(reboot)", "gone"]), Some("tidegate emergency engage --services api --hold 2h")),
            (json!(["gone"]), None),
        ] {
            let world = shop();
            ask(&world, of("max", &["api"])).await;
            let item = lock(&world).items["overrides"].clone();
            let memory = item["memory"]["S"].as_str().expect("it is text");
            let mut memory: Value = serde_json::from_str(memory).expect("it is JSON");
            memory["incident"]["last"]["services"] = services;
            lock(&world).items.get_mut("overrides").expect("it is there")["memory"]["S"] =
                json!(memory.to_string());
            minutes(SHOP, &world, 111).await;
            assert_eq!(kept(reports(&world).last().expect("it ends soon")), expected);
        }
    });
}
