//! Hold, pin and release of a database. Profiles and an emergency are of services.

use serde_json::{Value, json};
use tidegate_tests::fake_fleet::{Shared, lock};

use crate::stage::{SHOP, function, invocation, send, shop, sizes, story, target};

/// The shop with a database of 1 to 5 replicas, one that is only observed, and one that is only watched.
fn fleet() -> String {
    format!(
        "{SHOP}databases:
  - name: main
    rds: shop-prod
    replicas: {{ lag: 15s, min: 1, max: 5, out: cpu > 70%, in: cpu < 30%, dns: {{ zone: Z1, record: r.db }} }}
  - {{ name: reports, aurora: reports, mode: observe, replicas: {{ min: 1, max: 5 }} }}
  - {{ name: legacy, rds: legacy, replicas: {{ lag: 15s }} }}
"
    )
}

async fn ask(world: &Shared, event: Value) -> Value {
    send(&fleet(), world, event, "by hand").await.expect("nothing kills it")
}

async fn refused(world: &Shared, event: Value) -> String {
    let (function, _process) = function(&fleet(), world);
    let error = function.handle(event, &invocation(world, "by hand")).await.expect_err("it is refused");
    error.to_string()
}

#[test]
fn a_database_is_pinned_held_and_released_as_a_service_is() {
    story(async {
        let world = shop();
        let answer = ask(&world, json!({"action": "pin", "target": "main", "size": 5, "for": "2h"})).await;
        assert_eq!(target(&answer, "main")["override"]["pin"], 5, "{answer:#}");
        ask(&world, json!({"action": "hold", "target": "main", "both": true})).await;
        let rows = lock(&world).memory()["rows"].clone();
        let of_main = |row: &Value| row["target"] == "main";
        assert_eq!(
            rows.as_array().map(|rows| rows.iter().filter(|row| of_main(row)).count()),
            Some(2),
            "{rows}"
        );
        let published = lock(&world).published.join("\n").replace("%20", " ");
        assert!(published.contains("tidegate release main"), "{published}");
        assert!(published.contains("pinned at 5 replicas until 2026-11-18"), "{published}");
        assert!(published.contains("nothing changes until 2026-11-18"), "{published}");
        ask(&world, json!({"action": "release", "target": "main"})).await;
        let rows = lock(&world).memory()["rows"].clone();
        assert!(!rows.to_string().contains("\"pin\""), "{rows}");
        assert_eq!(sizes(&world), (2, 2), "no service is changed");
    });
}

#[test]
fn a_release_says_what_stays_in_force_for_its_target() {
    story(async {
        let world = shop();
        ask(&world, json!({"action": "pin", "target": "main", "size": 5})).await;
        ask(&world, json!({"action": "hold", "target": "*"})).await;
        let answer = ask(&world, json!({"action": "release", "target": "main"})).await;
        let sentence = target(&answer, "main")["sentence"].as_str().unwrap_or_default().to_owned();
        assert!(
            sentence.contains("released by operator (no reason given): pinned at 5 replicas"),
            "{answer:#}"
        );
        let words = "still in force: for all targets nothing scales in until 2026-11-18";
        assert!(sentence.contains(words), "{answer:#}");
        let published = lock(&world).published.join("\n").replace("%20", " ");
        assert!(published.contains("  end   tidegate release %27%2A%27"), "{published}");
        let answer = ask(&world, json!({"action": "release", "target": "*"})).await;
        assert!(answer.to_string().contains("; rules decide again"), "{answer:#}");
        // An emergency ends with `restore`.
        ask(&world, json!({"action": "engage", "profile": "max"})).await;
        let answer = ask(&world, json!({"action": "release", "target": "*"})).await;
        assert!(
            answer.to_string().contains("still in force: the emergency `max` until 2026-11-18"),
            "{answer:#}"
        );
    });
}

#[test]
fn a_database_is_pinned_within_the_fleet_file_and_never_to_none() {
    story(async {
        let world = shop();
        let pin = |target: &str, size: u32| json!({"action": "pin", "target": target, "size": size});
        let says = |text: String, words: &str| assert!(text.contains(words), "{text}");
        says(
            refused(&world, pin("main", 6)).await,
            "`size` is 6, above 5, the most that the fleet file allows for `main`",
        );
        says(
            refused(&world, pin("main", 0)).await,
            "`size` is 0, below 1: the last replica of `main` is never removed",
        );
        says(refused(&world, pin("reports", 2)).await, "`reports` is in observe mode");
        says(refused(&world, pin("legacy", 1)).await, "the replicas of `legacy` are only watched");
        let hold = json!({"action": "hold", "target": "legacy"});
        says(refused(&world, hold).await, "the replicas of `legacy` are only watched");
        says(
            refused(&world, pin("mian", 2)).await,
            "no service or database `mian` in fleet `shop`; known: `api`, `worker`, `main`, `reports`, `legacy`",
        );
        let engage = json!({"action": "engage", "profile": "max", "services": ["main"]});
        says(refused(&world, engage).await, "no service of the profile `max` `main`");
        assert_eq!(lock(&world).published, [""; 0]);
    });
}
