//! Killed at every single write, before it and after it, in engage and in restore.

use tidegate_tests::fake_fleet::{FakeFleet, Shared, lock};

use crate::stage::{FREE, SHOP, engage, minutes, restore, scalable, send, shop, sizes, story};

/// How many writes an undisturbed story makes: until it is engaged, and until it is restored.
fn writes() -> (usize, usize) {
    story(async {
        let world = shop();
        send(SHOP, &world, engage("launch"), "engage").await;
        let engaged = lock(&world).writes;
        send(SHOP, &world, restore(), "restore").await;
        (engaged, lock(&world).writes)
    })
}

fn snapshot(world: &Shared, name: &str) -> String {
    lock(world).memory()["incident"]["targets"][name]["was"].to_string()
}

/// What is asked for is asked again only if no ledger knows of it.
async fn asked(world: &Shared, event: serde_json::Value, is_known: fn(&FakeFleet) -> bool) {
    if send(SHOP, world, event.clone(), "by hand").await.is_none() && !is_known(&lock(world)) {
        send(SHOP, world, event, "once more").await;
    }
}

async fn engaged(world: &Shared) {
    asked(world, engage("launch"), |world| world.memory()["incident"].is_object()).await;
}

#[test]
fn killed_at_any_write_of_engage_every_target_is_raised_and_what_was_found_is_kept() {
    let (last, _) = writes();
    assert!(last >= 4, "two intents, a registration and two sizes: {last}");
    for at in 1..=last {
        for before in [true, false] {
            story(async {
                let world = shop();
                lock(&world).kill = Some((at, before));
                engaged(&world).await;
                minutes(SHOP, &world, 2).await;
                let tale = format!("killed at write {at} of {last}, before it: {before}");
                assert_eq!(sizes(&world), (10, 20), "{tale}");
                assert_eq!(scalable(&world, "api"), Some((10, 10, [true; 3])), "{tale}");
                let found = r#"{"a":{"max":4,"min":1,"suspended":{"in":false,"out":false,"scheduled":false}},"d":2,"t":"#;
                let (api, worker) = (snapshot(&world, "api"), snapshot(&world, "worker"));
                assert!(
                    api.starts_with(found) && worker.starts_with(r#"{"d":2,"t":"#),
                    "{tale}: {api}, {worker}"
                );
                send(SHOP, &world, restore(), "restore").await;
                assert_eq!((sizes(&world), scalable(&world, "api")), ((4, 2), Some((1, 4, FREE))), "{tale}");
            });
        }
    }
}

#[test]
fn killed_at_any_write_of_restore_every_target_is_put_back() {
    let (first, last) = writes();
    for at in first + 1..=last {
        for before in [true, false] {
            story(async {
                let world = shop();
                engaged(&world).await;
                assert_eq!(lock(&world).writes, first);
                lock(&world).kill = Some((at, before));
                asked(&world, restore(), |world| world.memory()["incident"]["phase"] != "engaged").await;
                minutes(SHOP, &world, 2).await;
                let tale = format!("killed at write {at} of {last}, before it: {before}");
                assert_eq!((sizes(&world), scalable(&world, "api")), ((4, 2), Some((1, 4, FREE))), "{tale}");
                assert!(lock(&world).memory()["incident"].is_null(), "{tale}: {}", lock(&world).memory());
            });
        }
    }
}
