//! Asked for twice, by two at once, and the other way round.

use serde_json::json;
use tidegate_tests::fake_fleet::lock;

use crate::stage::{FREE, SHOP, ask, engage, minutes, restore, scalable, send, shop, sizes, story, target};

#[test]
fn engaged_twice_sets_once_and_lasts_longer() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        let updates = lock(&world).updates.len();
        let until = lock(&world).memory()["incident"]["until"].to_string();
        minutes(SHOP, &world, 1).await;
        let answer = ask(&world, engage("launch")).await;
        assert_eq!(lock(&world).updates.len(), updates);
        let later = lock(&world).memory()["incident"]["until"].to_string();
        assert!(later > until, "{later}");
        assert_eq!(target(&answer, "worker")["snapshot"]["desired"], 2);
    });
}

#[test]
fn restored_twice_puts_back_once_and_says_so() {
    story(async {
        let world = shop();
        ask(&world, engage("launch")).await;
        ask(&world, restore()).await;
        let updates = lock(&world).updates.len();
        let answer = ask(&world, restore()).await;
        assert_eq!(lock(&world).updates.len(), updates);
        assert!(
            target(&answer, "*")["sentence"].as_str().is_some_and(|it| it.contains("nothing to restore"))
        );
    });
}

#[test]
fn an_emergency_in_the_middle_of_a_restore_raises_again_and_what_was_found_is_kept() {
    for after in (0..600).step_by(30) {
        story(async {
            let world = shop();
            ask(&world, engage("launch")).await;
            let again = async {
                tokio::time::sleep(std::time::Duration::from_millis(after)).await;
                send(SHOP, &world, engage("launch"), "again").await
            };
            tokio::join!(send(SHOP, &world, restore(), "restore"), again);
            minutes(SHOP, &world, 1).await;
            assert_eq!(sizes(&world), (10, 20), "{after} ms later");
            ask(&world, restore()).await;
            assert_eq!(
                (sizes(&world).1, scalable(&world, "api")),
                (2, Some((1, 4, FREE))),
                "{after} ms later"
            );
        });
    }
}

#[test]
fn an_end_that_is_asked_for_while_targets_are_raised_puts_all_of_them_back() {
    for after in (0..600).step_by(30) {
        story(async {
            let world = shop();
            let end = async {
                tokio::time::sleep(std::time::Duration::from_millis(after)).await;
                send(SHOP, &world, restore(), "restore").await
            };
            let (_, end) = tokio::join!(send(SHOP, &world, engage("launch"), "engage"), end);
            let end = end.expect("nothing kills it");
            minutes(SHOP, &world, 2).await;
            let nothing = target(&end, "*")["emergency"]["phase"] == "none";
            let expected = if nothing { 20 } else { 2 };
            assert_eq!(sizes(&world).1, expected, "{after} ms later: {end:#}");
        });
    }
}

#[test]
fn of_two_operators_at_once_both_are_heard() {
    for after in (0..600).step_by(30) {
        story(async {
            let world = shop();
            let second = async {
                tokio::time::sleep(std::time::Duration::from_millis(after)).await;
                send(SHOP, &world, engage("shed"), "second").await
            };
            tokio::join!(send(SHOP, &world, engage("launch"), "first"), second);
            minutes(SHOP, &world, 1).await;
            let (api, worker) = sizes(&world);
            assert!(api == 10 && (worker == 5 || after == 0), "{after} ms later: {api}, {worker}");
            ask(&world, restore()).await;
            assert_eq!(sizes(&world).1, 2);
            assert_eq!(lock(&world).throttled, 0);
        });
    }
}

#[test]
fn a_row_that_is_asked_for_beside_an_emergency_is_not_lost() {
    for after in (0..300).step_by(30) {
        story(async {
            let world = shop();
            let hold = async {
                tokio::time::sleep(std::time::Duration::from_millis(after)).await;
                send(SHOP, &world, json!({"action": "hold", "target": "*"}), "hold").await
            };
            tokio::join!(send(SHOP, &world, engage("launch"), "engage"), hold);
            assert_eq!(lock(&world).memory()["rows"][0]["hold"], "scale-in", "{after} ms later");
            assert_eq!(sizes(&world), (10, 20));
        });
    }
}
