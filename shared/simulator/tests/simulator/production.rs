//! Production in a simulated world.

use jiff::Timestamp;
use tidegate_policy::{AlarmName, MetricName, ServicePolicy, Signal};
use tidegate_simulator::autoscaler::{Production, StepRules};
use tidegate_simulator::world::{JobTime, ScaleIn, Sensing, ServiceModel, SizeChange, Starts};
use tidegate_simulator::{Baseline, Load, Run, Score, WorldSettings, simulate};

use crate::loads::{self, INTERRUPTIBLE};
use crate::stage::setting;

/// The policy of a service with these rules.
fn policy(rules: &str, more: &str) -> ServicePolicy {
    let text = format!(
        "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: worker\n    \
         ecs: {{ cluster: shop, service: worker }}\n    capacity: {{ min: 5, max: 50 }}\n    \
         queue: {{ celery: {{ url: \"redis://redis:6379/0\", queue: celery }} }}\n    rules:\n{rules}{more}"
    );
    let fleet = tidegate_fleet::parse(&text).map_err(|problems| problems.to_string());
    fleet.expect("a valid fleet").services()[0].policy().clone()
}

const QUEUE_RULES: &str =
    "      - { when: waiting > 500, add: 5 }\n      - { when: waiting < 50, remove: 2 }\n";

/// Ten minutes each of 2, 18 and 2 jobs a second.
fn hill() -> Load {
    let rate: Vec<f64> = [2.0, 18.0, 2.0].into_iter().flat_map(|rate| [rate; 40]).collect();
    Load::drawn(&rate, 3)
}

fn run(policy: &ServicePolicy, setting: &WorldSettings) -> Run {
    simulate(&hill(), setting, &mut Production::new(policy, Timestamp::UNIX_EPOCH))
}

/// Changes as minute, from, to.
fn story(changes: &[SizeChange]) -> String {
    let report = |change: &SizeChange| {
        let (minute, quarter) = (change.step / 4, change.step % 4);
        format!("{minute}:{:02} {} to {}", quarter * 15, change.from, change.to)
    };
    changes.iter().map(report).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_rules_of_the_file_are_carried_out() {
    let policy = policy(QUEUE_RULES, "    cooldown: { out: 60s, in: 120s }\n");
    let run = run(&policy, &setting());
    let told = story(&run.changes);
    let rises: Vec<&SizeChange> = run.changes.iter().filter(|change| change.to > change.from).collect();
    assert_eq!(rises.first().map(|change| (change.from, change.to)), Some((5, 10)), "{told}");
    assert!(rises.iter().all(|change| change.to - change.from <= 5), "{told}");
    // One task at a time, since its jobs may not be interrupted; and not before the cooldown.
    let falls: Vec<&SizeChange> = run.changes.iter().filter(|change| change.to < change.from).collect();
    assert!(falls.iter().all(|change| change.from - change.to == 1), "{told}");
    assert!(falls.iter().zip(falls.iter().skip(1)).all(|(one, next)| next.step - one.step >= 8), "{told}");
    assert!(!falls.is_empty(), "{told}");
}

#[test]
fn cpu_comes_from_the_published_minutes() {
    let rules = "      - { when: cpu > 70% for 3m, add: 5 }\n      - { when: cpu < 30% for 5m, remove: 1 }\n";
    let run = run(&policy(rules, ""), &setting());
    // 2 jobs a second keep 4 of 5 tasks busy: the third minute above 70 % ends at 3:00 and is published at 4:00. The rise
    // at 10:00 is published in full at 14:00.
    let told = story(&run.changes);
    assert!(told.starts_with("4:00 5 to 10, 14:00 10 to 15"), "{told}");
}

#[test]
fn what_a_queue_cannot_tell_is_left_out_and_named() {
    let rules = format!("{QUEUE_RULES}      - {{ when: memory > 80%, add: 2 }}\n");
    let mut policy = policy(&rules, "");
    let mut other = policy.rules.last().expect("the rule by memory").clone();
    other.when.signal = Signal::PerTask(MetricName::new("requests").expect("a name"));
    policy.rules.push(other.clone());
    other.when.signal = Signal::Alarm(AlarmName::new("api-5xx").expect("a name"));
    policy.rules.push(other);
    let production = Production::new(&policy, Timestamp::UNIX_EPOCH);
    assert_eq!(production.left_out(), ["memory > 80%", "requests_per_task > 80%", "alarm(api-5xx)"]);
}

#[test]
fn the_log_tells_every_change_with_its_reasons() {
    let mut production = Production::new(&policy(QUEUE_RULES, ""), Timestamp::UNIX_EPOCH).logged(1_000);
    let run = simulate(&hill(), &setting(), &mut production);
    let log = production.log().expect("it was asked for");
    let decided: Vec<_> = log.decisions().iter().filter(|decided| decided.changes > 0).collect();
    assert_eq!(decided.len(), run.changes.len());
    for (decided, change) in decided.iter().zip(&run.changes) {
        assert_eq!(decided.verdict.as_change(), Some((change.from, change.to)));
        assert!(!decided.reasons.is_empty());
    }
    // Every evaluation is reported, or counted with another one.
    let evaluations: u64 = log.decisions().iter().map(|decided| decided.evaluations).sum();
    assert_eq!(evaluations, 119, "30 minutes of four evaluations, of which the first only watches");
}

#[test]
fn a_queue_that_cannot_be_read_changes_nothing() {
    let setting = WorldSettings { sensing: Sensing { missing: 1.0, ..Sensing::EXACT }, ..setting() };
    assert_eq!(run(&policy(QUEUE_RULES, ""), &setting).changes, []);
}

/// The file's rules with the cooldowns of the guides are no better than the guides' own scripts, only sooner: a direct
/// reading every 15 s instead of a published one every 5 minutes.
#[test]
fn direct_reading_is_late_less_often_than_the_guides() {
    let (load, setting) = (hill(), setting());
    let baseline = Baseline::of(&load, &setting);
    let policy = policy(QUEUE_RULES, "    cooldown: { out: 60s, in: 120s }\n");
    let ours = Score::of(&run(&policy, &setting), &load, &setting, &baseline);
    let guide = simulate(&load, &setting, &mut StepRules::every_five_minutes());
    let guide = Score::of(&guide, &load, &setting, &baseline);
    assert!(ours.late_percent < guide.late_percent, "{ours:?}\n{guide:?}");
}

/// With `wait`, noise, failing starts and missing readings: the same seed gives the same run and the same memory, no job
/// is lost, and another seed is another story.
#[test]
fn wait_in_a_rough_world_is_the_same_story_each_time() {
    let rough = |seed| WorldSettings {
        sensing: Sensing { noise: 0.2, missing: 0.1, ..Sensing::EXACT },
        starts: Starts { spread: 0.3, failing: 0.2, ..setting().starts },
        service: ServiceModel::Jobs { time: JobTime::Exponential, scale_in: ScaleIn::Kills },
        seed,
        ..setting()
    };
    let story = |seed| {
        let setting = rough(seed);
        let mut production = Production::new(&loads::policy(&setting, INTERRUPTIBLE), Timestamp::UNIX_EPOCH);
        let run = simulate(&hill(), &setting, &mut production);
        assert!((run.waits.jobs() - hill().jobs()).abs() < 1e-6, "{} jobs", run.waits.jobs());
        assert!(run.starts_failed > 0 && run.jobs_interrupted > Some(0), "{run:?}");
        (run, production)
    };
    assert_eq!(story(5), story(5));
    assert_ne!(story(5).0, story(6).0);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let bytes = || {
        let policy = policy(QUEUE_RULES, "");
        let run = run(&policy, &setting());
        let score = Score::of(&run, &hill(), &setting(), &Baseline::of(&hill(), &setting()));
        serde_json::to_vec(&score).expect("numbers")
    };
    assert_eq!(bytes(), bytes());
}

/// The incident of March 2026 (`guard.rs` of the policy): workers that follow their queue from 5 to 38 tasks, and a database
/// that takes 200 connections, 10 of each task.
#[test]
fn a_guarded_service_never_takes_more_connections_than_its_share() {
    let text = |guard: &str| {
        format!(
            "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: worker\n    \
             ecs: {{ cluster: shop, service: worker }}\n    capacity: {{ min: 5, max: 38 }}\n    \
             queue: {{ celery: {{ url: \"redis://redis:6379/0\", queue: celery }} }}\n    rules:\n{QUEUE_RULES}{guard}\
             databases:\n  - {{ name: main, rds: shop-prod, max_connections: 200, replicas: {{ lag: 15s }} }}\n"
        )
    };
    let most = |guard: &str| {
        let fleet = tidegate_fleet::parse(&text(guard)).map_err(|problems| problems.to_string());
        let policy = fleet.expect("a valid fleet").services()[0].policy().clone();
        [0_u32, 30, 180].map(|settles| {
            let base = setting();
            let sensing = Sensing { metric_settles_seconds: settles, ..base.sensing.clone() };
            let run = run(&policy, &WorldSettings { sensing, ..base });
            run.ready.iter().copied().max().unwrap_or(0)
        })
    };
    let guarded = most("    guard: { database: main, connections: 85%, per_task: 10 }\n");
    assert!(guarded.iter().all(|tasks| *tasks * 10 <= 170), "{guarded:?}");
    let unguarded = most("");
    assert!(
        unguarded.iter().all(|tasks| *tasks > 20),
        "the world asks for more than the database takes: {unguarded:?}"
    );
}

#[test]
fn a_guard_that_declares_no_numbers_is_left_out_and_named() {
    let text = "    guard: { database: main, connections: 85% }\ndatabases:\n  - { name: main, rds: shop-prod, max_connections: 200 }\n";
    let production = Production::new(&policy(QUEUE_RULES, text), Timestamp::UNIX_EPOCH);
    assert_eq!(production.left_out(), ["guard of database main, without `max_connections` and `per_task`"]);
}
