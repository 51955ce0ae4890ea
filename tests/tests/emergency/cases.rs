//! From invoke to restore.

use serde_json::json;
use tidegate_tests::fake_fleet::{FakeFleet, lock};

use crate::stage::{FREE, SHOP, ask, engage, minutes, restore, scalable, shop, sizes, story, target};

#[test]
fn hyperverge_raises_api_to_10_and_worker_to_20_and_puts_both_back() {
    story(async {
        let world = shop();
        let answer = ask(&world, engage("launch")).await;
        assert_eq!(sizes(&world), (10, 20), "{answer:#}");
        assert_eq!(target(&answer, "*")["emergency"]["phase"], "engaged", "{answer:#}");
        assert_eq!(target(&answer, "worker")["snapshot"]["desired"], 2);
        assert_eq!(scalable(&world, "api"), Some((10, 10, [true; 3])));
        let published = lock(&world).published.join("\n");
        assert!(published.contains("CloudFront") && published.contains("restore"));

        minutes(SHOP, &world, 2).await;
        let status = ask(&world, serde_json::json!({"action": "status"})).await;
        assert_eq!(target(&status, "*")["emergency"]["done"], 2, "{status:#}");

        let answer = ask(&world, restore()).await;
        assert_eq!(target(&answer, "*")["emergency"]["phase"], "restored", "{answer:#}");
        assert_eq!(scalable(&world, "api"), Some((1, 4, FREE)));
        assert_eq!(sizes(&world), (4, 2), "Application Auto Scaling goes on from its maximum");
        assert_eq!(lock(&world).throttled, 0);
    });
}

#[test]
fn max_raises_everything_to_its_maximum_and_never_lowers() {
    story(async {
        let world = FakeFleet::new(&[("api", 14, Some((1, 16, FREE))), ("worker", 2, None)]);
        ask(&world, engage("max")).await;
        assert_eq!(sizes(&world), (14, 40), "`api` is above its maximum");
        assert_eq!(scalable(&world, "api"), Some((10, 16, [true, false, true])));
        ask(&world, restore()).await;
        assert_eq!((sizes(&world), scalable(&world, "api")), ((14, 2), Some((1, 16, FREE))));
    });
}

#[test]
fn a_shed_takes_worker_from_38_to_5_and_puts_it_back() {
    story(async {
        let world = FakeFleet::new(&[("api", 3, None), ("worker", 38, None)]);
        ask(&world, engage("shed")).await;
        assert_eq!(sizes(&world), (3, 5));
        minutes(SHOP, &world, 3).await;
        assert_eq!(sizes(&world), (3, 5));
        ask(&world, restore()).await;
        assert_eq!(sizes(&world), (3, 38));
    });
}

#[test]
fn it_ends_by_itself() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 119).await;
        assert_eq!(sizes(&world), (10, 20));
        minutes(SHOP, &world, 3).await;
        assert_eq!((sizes(&world), scalable(&world, "api")), ((4, 2), Some((1, 4, FREE))));
        assert!(lock(&world).memory()["incident"].is_null());
    });
}

#[test]
fn a_target_deleted_in_between_is_left_alone_and_reported() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        lock(&world).services.remove("api");
        let answer = ask(&world, restore()).await;
        assert_eq!(target(&answer, "api")["state"], "skipped", "{answer:#}");
        assert_eq!(target(&answer, "*")["emergency"]["phase"], "restored");
        assert_eq!(lock(&world).services["worker"].desired, 2);
    });
}

#[test]
fn a_status_says_of_a_size_that_was_changed_by_hand_once_it_ran_that_it_stays() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        minutes(SHOP, &world, 2).await;
        let status = || ask(&world, json!({"action": "status"}));
        assert_eq!(target(&status().await, "worker")["state"], "done");
        lock(&world).services.get_mut("worker").unwrap_or_else(|| unreachable!()).desired = 7;
        minutes(SHOP, &world, 2).await;
        let answer = status().await;
        let worker = target(&answer, "worker");
        assert_eq!((&worker["state"], sizes(&world).1), (&json!("skipped"), 7), "{worker:#}");
        let why = worker["blocked_by"].as_str().unwrap_or_default();
        assert!(why.contains("set to 7 by hand") && why.contains("stays so"), "{why}");
        ask(&world, engage("launch")).await;
        assert_eq!(sizes(&world).1, 20, "it is asked for again");
    });
}

#[test]
fn what_was_set_by_hand_meanwhile_stays_and_is_reported() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        lock(&world).services.get_mut("worker").unwrap_or_else(|| unreachable!()).desired = 7;
        let before = lock(&world).published.len();
        ask(&world, restore()).await;
        assert_eq!(sizes(&world).1, 7);
        let report = lock(&world).published[before..].join("\n");
        assert!(report.contains("by+hand") || report.contains("by%20hand"), "{report}");
    });
}
