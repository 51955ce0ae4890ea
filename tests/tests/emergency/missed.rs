//! Scheduled actions of Application Auto Scaling that come due during an emergency, which AWS does not run later.

use serde_json::json;
use tidegate_tests::fake_fleet::{Shared, lock};

use crate::stage::{FREE, SHOP, ask, engage, minutes, restore, scalable, send, shop, sizes, story, target};

/// Virtual time begins at 11:06:40 UTC; at 11:10 `peak` sets 3 to 30.
fn scheduled() -> Shared {
    let world = shop();
    lock(&world).account.scheduled = vec![("api", "peak", "cron(10 11 * * ? *)", 3, 30)];
    world
}

#[test]
fn a_restore_sets_the_bounds_that_a_missed_scheduled_action_would_have_set_and_says_so() {
    story(async {
        let world = scheduled();
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 5).await;
        let before = lock(&world).published.len();
        let answer = ask(&world, restore()).await;
        assert_eq!(scalable(&world, "api"), Some((3, 30, FREE)), "{answer:#}");
        let report = lock(&world).published[before..].join("\n");
        assert!(report.contains("peak") && report.contains("due"), "{report}");
        assert!(lock(&world).memory()["incident"].is_null());
    });
}

#[test]
fn one_that_comes_due_after_the_restore_changes_nothing_of_it() {
    story(async {
        let world = scheduled();
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 2).await;
        ask(&world, restore()).await;
        assert_eq!((sizes(&world), scalable(&world, "api")), ((4, 2), Some((1, 4, FREE))));
    });
}

#[test]
fn where_they_cannot_be_read_the_bounds_are_as_before_and_that_is_said() {
    story(async {
        let world = scheduled();
        lock(&world).account.refused.insert("DescribeScheduledActions", "AccessDeniedException");
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 5).await;
        let before = lock(&world).published.len();
        ask(&world, restore()).await;
        assert_eq!(scalable(&world, "api"), Some((1, 4, FREE)));
        let report = lock(&world).published[before..].join("\n");
        assert!(report.contains("cannot") && report.contains("denied"), "{report}");
    });
}

#[test]
fn bounds_that_could_not_be_put_back_are_not_said_to_be_set() {
    story(async {
        let world = scheduled();
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 5).await;
        let before = lock(&world).published.len();
        lock(&world).account.refused.insert("RegisterScalableTarget", "ValidationException");
        let answer = ask(&world, restore()).await;
        assert_eq!(target(&answer, "api")["state"], "failed", "{answer:#}");
        let told = |from: usize| lock(&world).published[from..].join("\n").matches("peak").count();
        assert_eq!(told(before), 0, "{:?}", lock(&world).published);
        let notices = lock(&world).published.len() - before;
        assert_eq!(notices, 1, "that it ends is said, and nothing more: {:?}", lock(&world).published);
        let before = lock(&world).published.len();
        lock(&world).account.refused.clear();
        minutes(SHOP, &world, 2).await;
        assert_eq!(scalable(&world, "api"), Some((3, 30, FREE)));
        assert!(told(before) > 0, "{:?}", lock(&world).published);
    });
}

#[test]
fn only_a_restore_asks_for_them() {
    story(async {
        let world = scheduled();
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 3).await;
        assert_eq!(lock(&world).account.calls.get("DescribeScheduledActions"), None);
        ask(&world, restore()).await;
        assert!(lock(&world).account.calls["DescribeScheduledActions"] >= 1);
    });
}

#[test]
fn saved_names_that_are_not_in_the_fleet_file_are_listed_as_left_alone() {
    story(async {
        let world = shop();
        lock(&world).services.get_mut("worker").unwrap_or_else(|| unreachable!()).desired = 20;
        let saved =
            |name: &str| json!({"target": name, "desired": 2, "asked": 20, "raise": false, "sizes": [20]});
        let event = json!({"action": "restore", "from": [saved("worker"), saved("gone")]});
        let answer = send(SHOP, &world, event, "restore").await.expect("nothing kills it");
        let gone = target(&answer, "gone");
        assert_eq!(
            (&gone["state"], &gone["blocked_by"]),
            (&json!("skipped"), &json!("not in the fleet file"))
        );
        assert_eq!(sizes(&world).1, 2);
    });
}

#[test]
fn saved_snapshots_beside_an_emergency_of_the_ledger_are_answered() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        let saved = json!({"target": "worker", "desired": 1, "asked": 20, "raise": false, "sizes": [20]});
        let answer = ask(&world, json!({"action": "restore", "from": [saved]})).await;
        assert_eq!(sizes(&world).1, 2, "the snapshot of the ledger counts");
        let notes = lock(&world).published.join("\n");
        assert!(notes.contains("saved+snapshots") || notes.contains("saved%20snapshots"), "{answer:#}");
    });
}
