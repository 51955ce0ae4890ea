//! `databases`: what is taken, and what it means.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tidegate_fleet::{Database, DatabaseName, Mode};
use tidegate_policy::Severity;
use tidegate_policy::database::call::DatabaseCall;
use tidegate_policy::database::watch::ActiveDatabaseNotice;
use tidegate_policy::memory::size::DATABASE_BYTES_MAX;
use tidegate_policy::replicas::memory::{
    DatabaseMemory, FailedReplicaChanges, ReplicaChange, ReplicaEnd, ReplicaMemory, ReplicaOutcome,
    ReplicaPlace, ReplicaStep, ZoneWithoutCapacity,
};
use tidegate_policy::replicas::policy::{DatabasePolicy, LagLimits, ReadRecord};
use tidegate_policy::{ConnectionGuard, MetricName, OnMissing};

use crate::taken::{PLACE, WORK, fleet, taken};

/// A fleet of these databases and a service with this guard.
pub(crate) fn text(databases: &str, guard: &str) -> String {
    format!("{}databases:\n{databases}\n", fleet(&format!("{PLACE}{WORK}{guard}")))
}

/// One database of RDS with these replicas.
pub(crate) fn of_rds(replicas: &str) -> String {
    text(&format!("  - {{ name: main, rds: shop-prod, replicas: {replicas} }}"), "")
}

#[track_caller]
fn database(text: &str) -> Database {
    taken(text).databases()[0].clone()
}

const EVERYTHING: &str = "
  - name: main
    rds: shop-prod
    mode: observe
    replicas:
      lag: { warning: 15s, critical: 60s }
      min: 1
      max: 5
      out: cpu > 70% for 5m
      in: cpu < 30% for 15m
      class: db.r6g.large
      cooldown: 20m
      drain: 0s
      dns: { zone: Z0123456789ABC, record: read.db.internal, ttl: 10 }
    max_connections: 200";

#[test]
fn every_setting_of_a_database_is_read() {
    let database = database(&text(EVERYTHING, ""));
    assert_eq!(database.name(), "main");
    assert_eq!(*database.instance(), DatabaseName::Rds("shop-prod".into()));
    assert_eq!(database.instance().to_string(), "rds shop-prod");
    assert_eq!(database.mode(), Mode::Observe);
    assert_eq!(database.max_connections(), NonZeroU32::new(200));
    assert!(database.watches_replicas());
    let DatabasePolicy { is_aurora, lag, count, dns } = database.policy().clone();
    assert!(!is_aurora);
    let seconds = SignedDuration::from_secs;
    assert_eq!(lag, Some(LagLimits { warning: seconds(15), critical: Some(seconds(60)) }));
    let dns_expected = ReadRecord { zone: "Z0123456789ABC".into(), name: "read.db.internal".into(), ttl: 10 };
    assert_eq!(dns, Some(dns_expected));
    let count = count.expect("there are `min` and `max`");
    assert_eq!((count.min, count.max, count.class.as_deref()), (1, 5, Some("db.r6g.large")));
    let written = |condition: Option<tidegate_policy::Condition>| condition.map(|it| it.to_string());
    assert_eq!(written(count.scale_out).as_deref(), Some("cpu > 70% for 5m"));
    assert_eq!(written(count.scale_in).as_deref(), Some("cpu < 30% for 15m"));
    assert_eq!((count.cooldown, count.drain), (seconds(1_200), seconds(0)));
}

#[test]
fn what_a_database_does_not_say_is_nothing_or_its_default() {
    let watched = database(&of_rds("{ lag: 15s }"));
    let limits = LagLimits { warning: SignedDuration::from_secs(15), critical: None };
    let expected = DatabasePolicy { is_aurora: false, lag: Some(limits), count: None, dns: None };
    assert_eq!(*watched.policy(), expected);
    assert_eq!((watched.mode(), watched.max_connections()), (Mode::Enforce, None));
    let counted = "{ lag: 15s, min: 2, max: 2, dns: { zone: Z1, record: r.db } }";
    let policy = database(&of_rds(counted)).policy().clone();
    let count = policy.count.expect("there are `min` and `max`");
    let minutes = SignedDuration::from_mins;
    assert_eq!((count.cooldown, count.drain, count.class), (minutes(10), minutes(10), None));
    assert_eq!((count.scale_out, count.scale_in), (None, None));
    assert_eq!(policy.dns.expect("it is written").ttl, 5);
}

#[test]
fn aurora_shows_milliseconds_of_lag() {
    let aurora = database(&text(
        "  - { name: main, aurora: shop-cluster, replicas: { lag: 100ms, min: 1, max: 15 } }",
        "",
    ));
    assert_eq!(*aurora.instance(), DatabaseName::Aurora("shop-cluster".into()));
    assert!(aurora.policy().is_aurora);
    let lag = aurora.policy().lag.expect("it is written");
    assert_eq!(lag.warning, SignedDuration::from_millis(100));
    assert!(
        taken(&text("  - { name: main, aurora: c, replicas: { lag: 100ms } }", "")).warnings().is_empty()
    );
}

#[test]
fn a_service_names_its_guard() {
    let databases = "  - { name: main, rds: shop-prod, max_connections: 200 }";
    let guard = |lines: &str| taken(&text(databases, lines)).services()[0].guard().cloned();
    let expected = ConnectionGuard {
        database: "main".into(),
        metric: MetricName::new("database_connections").expect("a name"),
        percent: 85,
        max_connections: NonZeroU32::new(200),
        per_task: None,
        sharers: NonZeroU32::MIN,
        on_missing: OnMissing::Ignore,
    };
    assert_eq!(guard("guard: { database: main, connections: 85% }"), Some(expected.clone()));
    let (per_task, on_missing) = (NonZeroU32::new(10), OnMissing::Hold);
    assert_eq!(
        guard("guard: { database: main, connections: 100%, per_task: 10, on_missing: hold }"),
        Some(ConnectionGuard { percent: 100, per_task, on_missing, ..expected })
    );
    let without = taken(&fleet(&format!("{PLACE}{WORK}")));
    assert_eq!((without.services()[0].guard(), without.databases().len()), (None, 0));
}

/// A fleet may be there for its databases alone.
#[test]
fn a_fleet_of_databases_needs_no_services() {
    let fleet = taken(
        "{ version: 1, name: n, mode: observe, databases: [{ name: main, rds: shop, replicas: { lag: 15s } }] }",
    );
    assert_eq!((fleet.services().len(), fleet.databases().len()), (0, 1));
    assert_eq!(fleet.database("main").map(Database::mode), Some(Mode::Observe));
    assert_eq!(fleet.database("worker"), None);
}

/// A database with 15 replicas of the longest names, all of which lag and are broken, in the words of AWS, beside notices of the
/// database itself, a change under way and as many ends as are kept.
#[test]
fn the_memory_of_a_database_stays_within_the_room_that_is_counted_for_it() {
    let at = Timestamp::MAX.to_string().parse::<Timestamp>().expect("it is a time");
    let (id, words) = (|n: usize| format!("{n:0>63}"), "x".repeat(250));
    let replica = ReplicaMemory {
        caught_up_at: Some(at),
        answers_since: Some(at),
        lags_since: Some(at),
        is_critical: true,
        broken_since: Some(at),
        is_new: true,
        created_at: Some(at),
        gone_since: Some(at),
    };
    let notice = ActiveDatabaseNotice {
        since: at,
        severity: Severity::Critical,
        notified: true,
        ended: true,
        detail: words.clone(),
    };
    let broken = (0..15).map(|n| format!("broken {}", id(n)));
    let others = (0..14).map(|n| format!("{n} of the database"));
    let call = DatabaseCall { evaluation: "0123456789abcdef".into(), at, taken: true, failures: u32::MAX };
    let (replica_id, cause) = (id(0), words);
    let end =
        ReplicaOutcome { replica: id(1), end: ReplicaEnd::NotRemoved, at, began: at, cause: cause.clone() };
    let place = || ReplicaPlace { class: "db.x2iedn.16xlarge".into(), zone: Some("ap-southeast-2a".into()) };
    let ReplicaPlace { class, zone } = place();
    let without = ZoneWithoutCapacity { class, zone, at };
    let memory = DatabaseMemory {
        change: Some(ReplicaChange {
            replica: replica_id,
            step: ReplicaStep::CatchingUp,
            since: at,
            began: at,
            call: Some(call),
            failed: true,
            place: Some(place()),
        }),
        replicas: (0..15).map(|n| (id(n), replica.clone())).collect(),
        changed_at: Some(at),
        failure: Some(FailedReplicaChanges { count: u32::MAX, at, cause, no_capacity: true }),
        no_capacity: vec![without; 6],
        active: broken.chain(others).map(|about| (about, notice.clone())).collect(),
        outcomes: vec![end; 8],
    };
    let bytes = serde_json::to_string(&memory).expect("it is JSON").len();
    assert!((10_000..=DATABASE_BYTES_MAX).contains(&bytes), "{bytes} bytes");
}

proptest! {
    #[test]
    fn settings_of_a_database_are_read_as_they_were_written(
        (min, more) in (1_u32..=15, 0_u32..15),
        (warning, beyond) in (1_i64..=43_200, 1_i64..=43_200),
        (cooldown, drain) in (60_i64..=86_400, 0_i64..=86_400),
        (ttl, connections) in (1_u32..=60, 1_u32..=1_000_000),
        (percent, per_task) in (1_u32..=100, 1_u32..=10_000),
        (out, into, minutes) in (51_u32..100, 1_u32..=50, 1_u32..10_080),
    ) {
        let max = (min + more).min(15);
        let critical = warning + beyond;
        let replicas = format!(
            "lag: {{ warning: {warning}s, critical: {critical}s }}, min: {min}, max: {max}, out: cpu > {out}% for {minutes}m, \
             in: cpu < {into}%, cooldown: {cooldown}s, drain: {drain}s, dns: {{ zone: Z1, record: r.db, ttl: {ttl} }}"
        );
        let database = format!("  - {{ name: main, rds: shop, max_connections: {connections}, replicas: {{ {replicas} }} }}");
        let guard = format!("guard: {{ database: main, connections: {percent}%, per_task: {per_task} }}");
        let fleet = tidegate_fleet::parse(&text(&database, &guard))
            .map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        let database = &fleet.databases()[0];
        let DatabasePolicy { lag, count, dns, .. } = database.policy().clone();
        let seconds = SignedDuration::from_secs;
        prop_assert_eq!(lag, Some(LagLimits { warning: seconds(warning), critical: Some(seconds(critical)) }));
        let count = count.expect("there are bounds");
        prop_assert_eq!((count.min, count.max), (min, max));
        prop_assert_eq!((count.cooldown, count.drain), (seconds(cooldown), seconds(drain)));
        let (out_read, in_read) = (count.scale_out.expect("it is written"), count.scale_in.expect("it is written"));
        prop_assert_eq!((out_read.threshold, in_read.threshold), (f64::from(out), f64::from(into)));
        prop_assert_eq!(out_read.hold_for, SignedDuration::from_mins(minutes.into()));
        prop_assert_eq!(dns.expect("it is written").ttl, ttl);
        prop_assert_eq!(database.max_connections().map(NonZeroU32::get), Some(connections));
        let guard = fleet.services()[0].guard().expect("it is written");
        prop_assert_eq!((guard.percent, guard.per_task.map(NonZeroU32::get)), (percent, Some(per_task)));
    }

    #[test]
    fn no_change_of_one_character_of_a_database_panics_the_reader(at in 0_usize..600, c in any::<char>()) {
        let whole = text(EVERYTHING, "guard: { database: main, connections: 85%, per_task: 10 }");
        let begins = whole.chars().count().saturating_sub(EVERYTHING.chars().count() + 80);
        let changed = begins + at % (whole.chars().count() - begins);
        let text: String = whole.chars().enumerate().map(|(index, old)| if index == changed { c } else { old }).collect();
        if let Err(problems) = tidegate_fleet::parse(&text) {
            prop_assert!(!problems.is_empty());
            for problem in &problems {
                let _ = problem.with_excerpt("f.yaml", &text);
            }
        }
    }
}
