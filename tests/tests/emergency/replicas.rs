//! Databases in a profile: `emergency-max` asks, `replica-lag` adds. Both functions with the real SDK, in virtual time; the
//! ledger's items go from one fake AWS to the other.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_aws::Clients;
use tidegate_evaluation::{Evaluator, Invocation};
use tidegate_replicas::Replicas;
use tidegate_tests::fake_fleet::{FakeFleet, Shared, Table, lock};
use tidegate_tests::fake_ledger::settings;
use tidegate_tests::fake_replicas::{FakeReplicas, ReplicaProcess, SharedReplicas, look};
use tidegate_tests::repository;

use crate::stage::{minutes, restore, send, story, target};

/// Mercenary's fleet file, with the names that the fake RDS and Route 53 know.
fn mercenary() -> String {
    let text = repository::read("fleets/mercenary.yaml");
    let names = [
        ("  - name: db\n", "  - name: main\n"),
        ("db: 3", "main: 3"),
        ("rds: mercenary-prod", "rds: shop-prod"),
        ("read.mercenary.internal", "read.db.internal"),
    ];
    names.iter().fold(text, |text, (ours, theirs)| {
        assert!(text.contains(ours), "{ours}");
        text.replace(ours, theirs)
    })
}

/// ECS and RDS, with one ledger.
struct TwoFunctions {
    fleet: String,
    ecs: Shared,
    rds: SharedReplicas,
}

impl TwoFunctions {
    /// `api` at 4, and one replica that this fleet created.
    fn new(fleet: String) -> Self {
        let rds = FakeReplicas::new(&[("tidegate-shop-prod-1", Some("mercenary"))]);
        Self { fleet, ecs: FakeFleet::new(&[("api", 4, None)]), rds }
    }

    async fn ask(&self, event: Value) -> Value {
        self.replica_lag_wrote();
        let answer = send(&self.fleet, &self.ecs, event, "by hand").await.expect("nothing kills it");
        self.emergency_max_wrote();
        answer
    }

    fn replica_lag_wrote(&self) {
        let items = look(&self.rds).items.clone();
        let theirs = items.into_iter().filter(|(key, _)| key == "memory#replica-lag");
        lock(&self.ecs).items.extend(theirs);
    }

    fn emergency_max_wrote(&self) {
        let items = lock(&self.ecs).items.clone();
        look(&self.rds).items.extend(items.into_iter().filter(|(key, _)| key == "overrides"));
    }

    /// So many minutes pass, with the scheduled evaluations of both functions; after each this is looked at.
    async fn minutes(&self, count: usize, mut each: impl FnMut(&FakeReplicas)) {
        for _ in 0..count {
            self.replica_lag_wrote();
            minutes(&self.fleet, &self.ecs, 1).await;
            self.emergency_max_wrote();
            let fleet = tidegate_fleet::parse(&self.fleet).expect("the fleet file is valid");
            let clients = Clients::new(&ReplicaProcess::new(&self.rds).config());
            let (name, clock) = (fleet.name().to_owned(), self.rds.clone());
            let (concern, now) = (Replicas::new(fleet, &clients), Arc::new(move || look(&clock).now()));
            let function = Evaluator::new(concern, settings("replica-lag"), &name, clients, now);
            let schedule = json!({"detail-type": "Scheduled Event"});
            function.handle(schedule, &Invocation::default()).await.expect("it answers");
            each(&look(&self.rds));
        }
    }

    fn changes(&self) -> Vec<String> {
        look(&self.rds).changes.iter().map(|(call, replica)| format!("{call} {replica}")).collect()
    }
}

fn spike(action: &str) -> Value {
    json!({"action": action, "profile": "spike"})
}

fn note(entry: &Value) -> &str {
    entry["note"].as_str().unwrap_or_default()
}

#[test]
fn mercenarys_spike_adds_two_replicas_one_at_a_time_and_its_rules_remove_them_afterwards() {
    story(async {
        let world = TwoFunctions::new(mercenary());
        world.minutes(3, |_| ()).await;
        let plan = world.ask(spike("plan")).await;
        let main = target(&plan, "main");
        assert_eq!((&main["from"], &main["asked"], &main["running"]), (&json!(1), &json!(3), &json!(1)));
        assert!(note(main).contains("one at a time; RDS takes minutes to hours for each"), "{main:#}");
        let notes = target(&plan, "*")["emergency"]["notes"].to_string();
        assert!(notes.contains("not counted: replicas of main"), "{notes}");
        assert_eq!(world.changes(), [""; 0], "a plan changes nothing");

        let answer = world.ask(spike("engage")).await;
        assert_eq!(
            (&target(&answer, "main")["state"], lock(&world.ecs).services["api"].desired),
            (&json!("asked"), 12)
        );
        let report = lock(&world.ecs).published.concat();
        assert!(report.contains("at%20least%203%20asked"), "the first notice names the database: {report}");
        // The load is low: the rules would remove one, and do not while it lasts.
        look(&world.rds).cpu = 10.0;
        world.minutes(1, |rds| assert_eq!(rds.changes.len(), 1, "within a minute")).await;
        world.minutes(1, |_| ()).await;
        let status = world.ask(json!({"action": "status"})).await;
        assert!(note(target(&status, "main")).contains("RDS has been creating"), "{status:#}");
        world
            .minutes(40, |rds| {
                let is_new = |it: &&tidegate_tests::fake_replicas::FakeReplica| {
                    rds.now().duration_since(it.created) < jiff::SignedDuration::from_mins(4)
                };
                assert!(rds.replicas.values().filter(is_new).count() <= 1, "one at a time");
            })
            .await;
        let create = |number: u32| format!("CreateDBInstanceReadReplica tidegate-shop-prod-{number}");
        assert_eq!(world.changes(), [create(2), create(3)]);
        let status = world.ask(json!({"action": "status"})).await;
        let main = target(&status, "main");
        assert_eq!(
            (&main["state"], &main["running"], &main["blocked_by"]),
            (&json!("done"), &json!(3), &Value::Null)
        );

        let answer = world.ask(restore()).await;
        assert_eq!(target(&answer, "*")["emergency"]["phase"], "restored", "{answer:#}");
        let main = target(&answer, "main");
        assert!(note(main).contains("by its rule `in: cpu < 30% for 15m`, one at a time"), "{main:#}");
        world.minutes(90, |rds| assert!(!rds.shown().is_empty())).await;
        let removed = world.changes().split_off(2);
        assert!(
            removed.len() == 2 && removed.iter().all(|it| it.starts_with("DeleteDBInstance")),
            "{removed:?}"
        );
        assert_eq!(look(&world.rds).shown().len(), 1, "its minimum");
    });
}

#[test]
fn a_replica_is_reported_with_the_emergency_and_the_line_that_ends_it() {
    story(async {
        let world = TwoFunctions::new(mercenary());
        world
            .ask(json!({"action": "engage", "profile": "spike", "services": ["main"], "who": "alice"}))
            .await;
        assert_eq!(lock(&world.ecs).services["api"].desired, 4, "only the database was named");
        world.minutes(2, |_| ()).await;
        let report =
            look(&world.rds).published.concat().replace("%20", " ").replace("%28", "(").replace("%29", ")");
        assert!(report.contains("adding replica tidegate-shop-prod-2 (1 to 2)"), "{report}");
        assert!(report.contains("1 below min 3 by alice"), "{report}");
        assert!(
            report.contains("tidegate emergency restore") && !report.contains("tidegate release"),
            "{report}"
        );
    });
}

#[test]
fn what_keeps_replicas_from_being_added_is_named_and_what_is_not_known_is_said_to_be_unknown() {
    story(async {
        let says = |answer: &Value, state: &str, words: &str| {
            let main = target(answer, "main");
            let blocked = main["blocked_by"].as_str().unwrap_or_default();
            assert!(main["state"] == state && blocked.contains(words), "{main:#}");
        };
        // No such function has run.
        let world = TwoFunctions::new(mercenary());
        says(
            &world.ask(spike("plan")).await,
            "asked",
            "is unknown: the DynamoDB table has nothing of `replica-lag`",
        );
        // It has not run for some minutes.
        world.minutes(1, |_| ()).await;
        tokio::time::sleep(Duration::from_mins(7)).await;
        says(&world.ask(spike("plan")).await, "asked", "`replica-lag` last read RDS at");
        // RDS cannot be read.
        look(&world.rds).rds_is_throttled = true;
        world.minutes(1, |_| ()).await;
        says(&world.ask(spike("engage")).await, "asked", "RDS could not be read");
        // It is only observed.
        let observed = mercenary().replace("  - name: main\n", "  - name: main\n    mode: observe\n");
        let world = TwoFunctions::new(observed);
        says(&world.ask(spike("engage")).await, "skipped", "in `mode: observe`");
        // No reads would reach another one.
        let dns = "      dns: { zone: Z0123456789ABCDEFGHIJ, record: read.db.internal }\n";
        let world = TwoFunctions::new(mercenary().replace(dns, ""));
        world.ask(spike("engage")).await;
        world.minutes(2, |_| ()).await;
        says(&world.ask(json!({"action": "status"})).await, "asked", "`dns`");
        assert_eq!(world.changes(), [""; 0]);
    });
}

#[test]
fn without_the_ledger_no_replica_is_added_and_the_answer_says_so() {
    story(async {
        for table in [Table::Gone, Table::TakesNoWrite] {
            let world = TwoFunctions::new(mercenary());
            lock(&world.ecs).table = table;
            let answer = world.ask(spike("engage")).await;
            assert_eq!(lock(&world.ecs).services["api"].desired, 12);
            let main = target(&answer, "main");
            let blocked = main["blocked_by"].as_str().unwrap_or_default();
            assert!(main["state"] == "failed" && blocked.contains("no replica is added"), "{main:#}");
        }
    });
}
