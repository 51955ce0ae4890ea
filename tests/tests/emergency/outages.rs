//! What an emergency does without a ledger, without SNS, and with what someone wrote into the table by hand.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_tests::fake_fleet::{Table, lock};

use crate::stage::{
    FREE, SHOP, ask, engage, function, invocation, minutes, restore, scalable, shop, sizes, story,
};

/// The snapshots of an answer, as the CLI keeps them.
fn snapshots(answer: &Value) -> Vec<Value> {
    let targets = answer["targets"].as_array().into_iter().flatten();
    targets.map(|it| it["snapshot"].clone()).filter(Value::is_object).collect()
}

#[test]
fn with_a_ledger_that_is_gone_or_throttled_it_raises_and_its_answer_has_what_was_found() {
    for table in [Table::Gone, Table::TakesNoWrite] {
        story(async {
            let world = shop();
            lock(&world).table = table;
            let answer = ask(&world, engage("launch")).await;
            assert_eq!(sizes(&world), (10, 20), "{table:?}: {answer:#}");
            let found = snapshots(&answer);
            assert_eq!((found.len(), &found[0]["desired"]), (2, &json!(2)), "{answer:#}");
            assert!(
                answer["errors"][0].as_str().is_some_and(|it| it.contains("ledger")),
                "{}",
                answer["errors"]
            );

            let back = json!({"action": "restore", "from": found, "who": "bob"});
            let answer = ask(&world, back.clone()).await;
            assert_eq!((sizes(&world), scalable(&world, "api")), ((4, 2), Some((1, 4, FREE))), "{answer:#}");
            lock(&world).table = Table::Works;
            ask(&world, back).await;
            minutes(SHOP, &world, 1).await;
            assert_eq!(sizes(&world).1, 2);
        });
    }
}

#[test]
fn a_ledger_that_comes_back_later_takes_what_the_answer_said() {
    story(async {
        let world = shop();
        lock(&world).table = Table::Gone;
        let found = snapshots(&ask(&world, engage("launch")).await);
        lock(&world).table = Table::Works;
        ask(&world, json!({"action": "restore", "from": found})).await;
        assert_eq!((sizes(&world), scalable(&world, "api")), ((4, 2), Some((1, 4, FREE))));
        assert!(lock(&world).memory()["incident"].is_null());
    });
}

#[test]
fn without_the_ledger_the_schedule_says_once_what_is_paused_and_by_which_function() {
    story(async {
        let world = shop();
        lock(&world).table = Table::Gone;
        let (function, _process) = function(SHOP, &world);
        for table in [Table::Gone, Table::Gone, Table::TakesNoWrite, Table::Gone] {
            lock(&world).table = table;
            let schedule = json!({"detail-type": "Scheduled Event"});
            drop(function.handle(schedule, &invocation(&world, "schedule")).await);
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        let published = lock(&world).published.clone();
        assert_eq!(published.len(), 1, "one outage, one report: {published:#?}");
        let text = published[0].replace("%20", " ").replace("%28", "(").replace("%29", ")");
        assert!(text.contains("emergency and overrides paused (emergency-max)"), "{text}");
        assert!(text.contains("Each function that uses this table reports this outage by itself"), "{text}");
    });
}

#[test]
fn without_sns_it_raises_all_the_same_and_reports_later() {
    story(async {
        let world = shop();
        lock(&world).sns_is_down = true;
        let answer = ask(&world, engage("launch")).await;
        assert_eq!(sizes(&world), (10, 20));
        assert!(answer["errors"].to_string().contains("report"), "{}", answer["errors"]);
        lock(&world).sns_is_down = false;
        ask(&world, restore()).await;
        assert_eq!(sizes(&world).1, 2);
        assert!(
            lock(&world).published.join("\n").contains("EMERGENCY"),
            "what was not reported comes with the next"
        );
    });
}

/// What stands in the table, as any writer of the table could put it there.
async fn by_hand(memory: Value) -> tidegate_tests::fake_fleet::Shared {
    let world = shop();
    let item = json!({"pk": {"S": "shop"}, "sk": {"S": "overrides"}, "version": {"N": "7"}, "memory": {"S": memory.to_string()}});
    lock(&world).items.insert("overrides".to_owned(), item);
    minutes(SHOP, &world, 2).await;
    world
}

#[test]
fn a_row_by_hand_above_the_files_limit_or_for_ten_years_is_clamped_and_reported() {
    story(async {
        let row = json!({"target": "worker", "pin": 4_000_000, "since": "2026-11-18T00:00:00Z",
            "until": "2036-11-18T00:00:00Z", "who": "mallory", "why": "x"});
        let world = by_hand(json!({"rows": [row]})).await;
        let row = lock(&world).memory()["rows"][0].clone();
        assert_eq!((&row["pin"], &row["until"]), (&json!(40), &json!("2026-12-19T00:00:00Z")), "{row}");
        let published = lock(&world).published.clone();
        assert_eq!(published.len(), 1, "reported once");
        assert!(published[0].contains("4000000") && published[0].contains("2036-11-18"), "{}", published[0]);
    });
}

#[test]
fn an_emergency_by_hand_sets_no_size_beyond_the_file_and_ends_within_a_month() {
    story(async {
        let incident = json!({"id": "x", "profile": "max", "phase": "engaging", "since": "2036-11-18T00:00:00Z",
            "until": "2046-11-18T00:00:00Z", "who": "mallory", "why": "x",
            "targets": {"worker": {"to": 4_000_000, "is": "pending"}}});
        let world = by_hand(json!({"incident": incident})).await;
        assert_eq!(sizes(&world), (2, 40));
        let until = lock(&world).memory()["incident"]["until"].to_string();
        assert!(until.starts_with("\"2026-12"), "{until}");
        let published = lock(&world).published.concat();
        assert!(published.contains("4000000") && published.contains("2046-11-18"), "{published}");
    });
}
