//! A guard: the connections of a database limit what a service adds.

use std::num::NonZeroU32;

use proptest::prelude::*;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{
    Absence, ConnectionGuard, ConnectionSetting, DatabaseClass, Decision, Engine, GuardedInstance,
    MetricName, MetricReading, NoticeKind, OnMissing, Verdict, database_class,
};

use crate::stage::{Stage, codes, refused, size};

pub(crate) const METRIC: &str = "database_connections";

/// Workers of 5 to 50 tasks that add 5 a time, before a database of 200 connections of which 85% may be used.
pub(crate) fn stage() -> Stage {
    let guard = ConnectionGuard {
        database: "main".to_owned(),
        metric: MetricName::new(METRIC).unwrap(),
        percent: 85,
        max_connections: NonZeroU32::new(200),
        per_task: None,
        sharers: NonZeroU32::MIN,
        on_missing: OnMissing::Ignore,
    };
    Stage::new(5, 50, &["waiting > 500: +20"]).waiting(5_000).with(|stage| stage.policy.guard = Some(guard))
}

pub(crate) fn guard(stage: &mut Stage) -> &mut ConnectionGuard {
    stage.policy.guard.as_mut().unwrap()
}

#[track_caller]
fn check(used: f64, change: impl FnOnce(&mut Stage), most: u32) {
    let mut stage = stage().with(change);
    let decision = stage.points(METRIC, &[(0, used)]).peek();
    assert_eq!(size(&decision), most, "{decision}");
}

#[test]
fn a_scale_out_goes_no_further_than_the_connections_allow() {
    // 170 may be used. 5 tasks hold 50 now: 10 each, and 17 tasks hold 170.
    check(50.0, |_| {}, 17);
    // 20 each, as declared: 120 are left for 6 more.
    check(50.0, |stage| guard(stage).per_task = NonZeroU32::new(20), 11);
    // Two services guard it: each may have half of what it could have alone.
    check(50.0, |stage| guard(stage).sharers = NonZeroU32::new(2).unwrap(), 8);
    // All are in use already: nothing is added, and nothing is taken away.
    check(180.0, |_| {}, 5);
    // Tasks that hold none yet will hold at least one.
    check(0.0, |_| {}, 25);
}

#[test]
fn a_service_that_sleeps_wakes_with_one_task_where_a_connection_is_left() {
    let asleep = |used: f64, sharers: u32, per_task: Option<u32>| {
        let mut stage = Stage::new(0, 50, &["waiting > 500: +20"]).waiting(5_000).tasks(0);
        stage.policy.guard = self::stage().policy.guard;
        guard(&mut stage).per_task = per_task.and_then(NonZeroU32::new);
        guard(&mut stage).sharers = NonZeroU32::new(sharers).unwrap();
        size(&stage.points(METRIC, &[(-60, used), (0, used)]).peek())
    };
    // Of 170 that may be used others use 100. What is left is less than they hold together, and a task holds less.
    assert_eq!(asleep(100.0, 1, None), 1);
    assert_eq!(asleep(169.0, 1, None), 1);
    assert_eq!(asleep(169.5, 1, None), 0, "the limit is reached");
    assert_eq!(asleep(169.0, 2, None), 0, "the other service may take it");
    assert_eq!(asleep(168.0, 2, None), 1);
    assert_eq!(asleep(165.0, 1, Some(10)), 0, "it is declared that a task holds more");
    assert_eq!(asleep(160.0, 1, Some(10)), 1);
}

#[test]
fn the_sentence_names_the_database_and_its_numbers() {
    let decision = stage().points(METRIC, &[(0, 50.0)]).peek();
    assert_eq!(codes(&decision), ["rule-matched", "connections-limit"]);
    assert!(
        decision.to_string().ends_with(
            "database main has 50 of 200 connections in use, about 10 per task: 85% allow 17 tasks (25 tasks needed)"
        ),
        "{decision}"
    );
    let mut shared = stage().with(|stage| guard(stage).sharers = NonZeroU32::new(2).unwrap());
    let decision = shared.points(METRIC, &[(0, 50.0)]).peek();
    let words = "about 10 per task: 85%, shared equally by 2 services, allow 8 tasks (25 tasks needed)";
    assert!(decision.to_string().ends_with(words), "{decision}");
    // 180 of 170 are in use: 36 a task, and 4 tasks would hold what is allowed.
    let decision = stage().points(METRIC, &[(0, 180.0)]).peek();
    let words = "about 36 per task: 85% allow 4 tasks, and 5 tasks stay (25 tasks needed)";
    assert!(decision.to_string().ends_with(words), "{decision}");
}

#[test]
fn what_may_still_change_only_lowers_the_ceiling() {
    for (young, most) in [(80.0, 10), (20.0, 17)] {
        let decision = stage().answer(METRIC, &[(-180, 50.0), (-60, young)]).peek();
        assert_eq!(size(&decision), most, "{decision}");
    }
    let only_young = stage().answer(METRIC, &[(-60, 50.0)]).peek();
    assert_eq!(size(&only_young), 17, "a ceiling that may be too high is better than none: {only_young}");
    let mut holds = stage().with(|stage| guard(stage).on_missing = OnMissing::Hold);
    assert_eq!(
        size(&holds.answer(METRIC, &[(-60, 50.0)]).peek()),
        5,
        "nothing has settled, so nothing is known"
    );
}

/// The step is given in full by the rule, evaluation after evaluation, and metrics are three minutes old.
#[test]
fn tasks_started_since_the_measurement_are_counted_once() {
    let mut stage = stage().with(|stage| stage.policy.cooldown.scale_out = jiff::SignedDuration::ZERO);
    stage.points(METRIC, &[(0, 50.0)]);
    for _ in 0..5 {
        let decision = stage.evaluate();
        assert!(size(&decision) <= 17, "{decision}");
        stage.arrive().wait(15);
    }
    assert_eq!(stage.service().desired_count, 17);
}

#[test]
fn a_minimum_a_pin_and_an_emergency_outrank_the_guard() {
    check(180.0, |stage| *stage = stage.clone().tasks(2), 5);
    for kind in [OverrideKind::Pin(30), OverrideKind::Raise(30), OverrideKind::Min(30)] {
        let decision = stage().overridden(kind, 3_600).points(METRIC, &[(0, 180.0)]).peek();
        assert_eq!(size(&decision), 30, "{decision}");
    }
}

#[test]
fn missing_connections_hold_only_where_the_file_says_so() {
    for (on_missing, most) in [(OnMissing::Ignore, 25), (OnMissing::Hold, 5)] {
        let mut stage = stage().with(|stage| guard(stage).on_missing = on_missing);
        stage.metric(METRIC, MetricReading::Failed(refused()));
        assert_eq!(size(&stage.peek()), most);
        let first = stage.evaluate();
        let second = stage.wait(60).evaluate();
        let notices =
            [first, second].map(|it| it.notices.iter().map(|notice| notice.kind).collect::<Vec<_>>());
        assert_eq!(notices, [vec![], vec![NoticeKind::GuardUnknown]], "said once, in the second evaluation");
    }
}

#[test]
fn connections_that_were_never_asked_for_or_are_about_to_settle_are_not_reported() {
    let changes: [fn(&mut Stage, i64); 2] = [
        |stage, _| drop(stage.metric(METRIC, MetricReading::NotRead).clone()),
        |stage, at| drop(stage.answer(METRIC, &[(at - 60, 20.0)]).clone()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut stage = stage().with(|stage| guard(stage).on_missing = OnMissing::Hold);
        for at in [0, 60] {
            change(&mut stage, at);
            let decision = stage.at(at).evaluate();
            assert_eq!((size(&decision), decision.notices.len()), (5, 0), "{number} {at}: {decision}");
        }
    }
}

#[test]
fn a_guard_that_lowers_nothing_is_not_named() {
    let mut exactly = stage().with(|stage| guard(stage).per_task = NonZeroU32::new(6));
    let decision = exactly.points(METRIC, &[(0, 50.0)]).peek();
    assert_eq!((size(&decision), codes(&decision)), (25, vec!["rule-matched"]), "120 are left for 20 more");
    let mut at_max = Stage::new(5, 5, &["waiting > 500: +20"]).waiting(5_000);
    at_max.policy.guard = stage().policy.guard;
    guard(&mut at_max).on_missing = OnMissing::Hold;
    let decision = at_max.metric(METRIC, MetricReading::Failed(refused())).peek();
    assert_eq!((size(&decision), codes(&decision)), (5, vec!["rule-matched", "at-max"]));
}

#[test]
fn the_limit_is_reported_when_it_begins_and_when_it_ends() {
    let mut stage = stage().tasks(17);
    let begins = stage.points(METRIC, &[(0, 170.0)]).evaluate();
    let kinds = |decision: &tidegate_policy::Decision| {
        decision
            .notices
            .iter()
            .map(|it| (it.kind, it.begins, decision.capacity_unit.describe(it).to_string()))
            .collect::<Vec<_>>()
    };
    let words = "at the connection limit of database main (17 tasks), 37 needed";
    assert_eq!(kinds(&begins), [(NoticeKind::ConnectionsLimit, true, words.to_owned())]);
    let lasts = stage.wait(60).points(METRIC, &[(60, 170.0)]).evaluate();
    assert_eq!(kinds(&lasts), []);
    let ends = stage.waiting(100).wait(60).points(METRIC, &[(120, 170.0)]).evaluate();
    let words = "RESOLVED: its connection limit is enough again";
    assert_eq!(kinds(&ends), [(NoticeKind::ConnectionsLimit, false, words.to_owned())]);
}

/// Why the guard says nothing, and what makes it so.
type GuardSilence = (&'static str, fn(&mut Stage));

#[test]
fn the_end_of_the_limit_is_not_told_where_the_guard_or_the_signals_say_nothing() {
    let nothing: [GuardSilence; 4] = [
        ("its connections are not read", |stage| {
            stage.wait(900).metric(METRIC, MetricReading::Failed(refused()));
        }),
        ("nothing has settled", |stage| {
            guard(stage).on_missing = OnMissing::Hold;
            stage.memory.metrics.clear();
            stage.memory.young.clear();
            stage.answer(METRIC, &[(60, 20.0)]);
        }),
        ("an operator has pinned the service", |stage| {
            *stage = stage.clone().overridden(OverrideKind::Pin(17), 3_600);
        }),
        ("AWS adds nothing now", |stage| {
            *stage = stage.clone().waiting(5_000);
            stage.service().constraints.no_scale_out = Some("a test".to_owned());
        }),
    ];
    for (why, happens) in nothing {
        let mut stage = stage().tasks(17);
        let begins = stage.points(METRIC, &[(0, 170.0)]).evaluate();
        assert_eq!(begins.notices.len(), 1);
        let mut stage = stage.waiting(100);
        stage.wait(60);
        happens(&mut stage);
        let notices = stage.evaluate().notices;
        let ends = notices.iter().any(|it| it.kind == NoticeKind::ConnectionsLimit && !it.begins);
        assert!(!ends, "{why}");
    }
}

/// 50 connections in use by 5 tasks, of a database whose file declares nothing.
fn decide_by(database: Result<GuardedInstance, Absence>, on_missing: OnMissing) -> Decision {
    let mut stage = stage();
    (guard(&mut stage).max_connections, guard(&mut stage).on_missing) = (None, on_missing);
    stage.seen.database = Some(database);
    stage.points(METRIC, &[(0, 50.0)]).peek()
}

#[test]
fn a_limit_that_is_not_declared_is_that_of_the_parameter_group_or_the_default_of_the_class() {
    let instance = |class: &str, setting: Option<Result<ConnectionSetting, Absence>>| GuardedInstance {
        class: DatabaseClass {
            engine: Engine::PostgreSql { major: 16, minor: 3 },
            class: class.to_owned(),
            has_default_parameters: setting.is_none(),
        },
        setting,
    };
    let set =
        |value: &str, is_pending| Some(Ok(ConnectionSetting::Set { value: value.to_owned(), is_pending }));
    let of = |database| decide_by(database, OnMissing::Ignore);
    // 129 by the default of a `db.t3.small`, of which 85% are 109.
    for setting in [None, Some(Ok(ConnectionSetting::Default))] {
        let small = of(Ok(instance("db.t3.small", setting)));
        assert_eq!(size(&small), 10, "{small}");
        assert!(small.to_string().contains("50 of about 129 connections"), "{small}");
    }
    // 85% of 100 are 85: 35 are left, 10 for each task.
    for class in ["db.t3.small", "db.x9.huge"] {
        let small = of(Ok(instance(class, set("100", false))));
        assert_eq!(size(&small), 8, "{small}");
        assert!(small.to_string().contains("50 of 100 connections"), "{small}");
    }
    // What is pending counts where it is lower than the default, and the default where that is as low or lower.
    for (value, is_pending, words) in [
        ("129", true, "50 of about 129 connections"),
        ("100", true, "50 of 100 connections"),
        ("200", true, "50 of about 129 connections"),
        ("200", false, "50 of 200 connections"),
        ("LEAST({DBInstanceClassMemory/9531392},120)", false, "50 of about 120 connections"),
    ] {
        let decision = of(Ok(instance("db.t3.small", set(value, is_pending))));
        assert!(decision.to_string().contains(words), "{value}: {decision}");
    }
    let log = "GREATEST({log(DBInstanceClassMemory/805306368)*45},1000)";
    for (unknown, words) in [
        (Ok(instance("db.t3.small", Some(Err(refused())))), "refused"),
        (Ok(instance("db.t3.small", set(log, false))), "which Tidegate does not read"),
        (
            Ok(instance("db.x9.huge", set("{DBInstanceClassMemory/9531392}", false))),
            "memory of the instance class",
        ),
        (Ok(instance("db.x9.huge", None)), "declare `max_connections`"),
        (Ok(instance("db.x9.huge", set("5000", true))), "declare `max_connections`"),
        (Err(refused()), "refused"),
    ] {
        assert_eq!(size(&of(unknown.clone())), 25, "unknown, and ignored");
        let held = decide_by(unknown, OnMissing::Hold);
        assert_eq!(size(&held), 5, "unknown, and held");
        assert!(held.to_string().contains(words), "{words}: {held}");
    }
}

/// From the Amazon RDS user guide, and what was found on a live `db.t3.small`: 149 (`oqtopus-cloud#501`), 27 on a `db.t3.micro`.
#[test]
fn the_estimate_is_below_what_was_found_and_below_the_formula() {
    for (class, found) in [("db.t3.small", 149), ("db.t3.micro", 27)] {
        for engine in [Engine::PostgreSql { major: 16, minor: 3 }, Engine::MySql] {
            let class = DatabaseClass { engine, class: class.to_owned(), has_default_parameters: true };
            assert!(class.max_connections().unwrap() <= found, "{class:?}");
        }
    }
    for (class, mib) in [
        ("db.t4g.micro", Some(1_024)),
        ("db.m5.large", Some(8_192)),
        ("db.m6g.4xlarge", Some(65_536)),
        ("db.r5.large", Some(16_384)),
        ("db.r6g.16xlarge", Some(524_288)),
        ("db.r5.24xlarge", Some(786_432)),
        ("db.r4.large", None),
        ("db.serverless", None),
        ("db.r5.large.tpc1.mem2x", None),
        ("r5.large", None),
        ("db.r5.0xlargexlarge", None),
        ("", None),
    ] {
        assert_eq!(database_class::memory_mib(class), mib, "{class}");
    }
    let large = |engine, class: &str| {
        DatabaseClass { engine, class: class.to_owned(), has_default_parameters: true }.max_connections()
    };
    assert_eq!(large(Engine::PostgreSql { major: 16, minor: 3 }, "db.r5.24xlarge"), Some(5_000));
    assert_eq!(large(Engine::MariaDb, "db.r5.24xlarge"), Some(12_000));
    assert_eq!(large(Engine::Aurora, "db.r5.large"), None);
}

/// Forty tasks of ten connections fill their share. Half of them die and are back a minute later: an average over that time was
/// measured over fewer, however late it is shown, and is no room for more. Each evaluation a minute sees them gone once.
#[test]
fn tasks_that_were_gone_for_a_moment_make_no_room() {
    for (dies, lasts) in (1_201..1_261_i64).step_by(4).flat_map(|dies| [61, 90, 150].map(|it| (dies, it))) {
        let running = |second: i64| if (dies..dies + lasts).contains(&second) { 20_u32 } else { 40 };
        let mut stage = stage().tasks(40).with(|stage| {
            stage.policy.capacity = tidegate_policy::Capacity::new(5, 100).unwrap();
            stage.policy.cooldown.scale_out = jiff::SignedDuration::ZERO;
            guard(stage).max_connections = NonZeroU32::new(500);
            guard(stage).per_task = NonZeroU32::new(10);
        });
        for now in (620..2_400).step_by(60) {
            stage.service().running_count = running(now);
            let minutes = (1..=now / 60).map(|minute| minute * 60).filter(|end| end + 170 <= now);
            let average = |end: i64| (end - 60..end).map(running).map(f64::from).sum::<f64>() / 60.0;
            let points: Vec<(i64, f64)> = minutes.map(|end| (end, 25.0 + 10.0 * average(end))).collect();
            let lately = points.len().saturating_sub(15);
            let decision = stage.at(now).answer(METRIC, &points[lately..]).evaluate();
            assert_eq!(size(&decision), 40, "at {now}, {dies} {lasts}: {decision}");
        }
    }
}

/// What CloudWatch shows of the connections of each minute: the last quarter of an hour, and of the newest minute a part.
pub(crate) fn shown(used: &[f64], minute: i64) -> Vec<(i64, f64)> {
    let now = minute * 60;
    let all = used.iter().enumerate().map(|(at, value)| (i64::try_from(at).unwrap() * 60, *value));
    let lately = all.filter(|(at, _)| now - at < 900);
    lately.map(|(at, value)| (at, if at == now { value / 2.0 } else { value })).collect()
}

proptest! {
    /// A queue that never ends, tasks that take their time to start, connections that each task opens when it runs, and
    /// metrics that are minutes old: the database never has to take more than 85% of its connections.
    #[test]
    fn workers_never_hold_more_than_the_share(
        per_task in 1_u32..=20,
        max in 100_u32..=1_000,
        step in 1_u32..=40,
        start in 1_i64..=6,
        declared in any::<bool>(),
        others in 0_u32..=30,
    ) {
        let rule = format!("waiting > 500: +{step}");
        let mut stage = stage().with(|stage| {
            stage.policy.rules = vec![crate::stage::rule(&rule)];
            stage.policy.cooldown.scale_out = jiff::SignedDuration::ZERO;
            guard(stage).max_connections = NonZeroU32::new(max);
            guard(stage).per_task = declared.then(|| NonZeroU32::new(per_task).unwrap());
        });
        let allowed = f64::from(max) * 0.85;
        let mut history: Vec<(i64, u32)> = vec![(0, 5)];
        // CloudWatch has known the database for a while.
        let mut used = vec![f64::from(5 * per_task + others); 10];
        for minute in 10..50_i64 {
            let ordered = history.iter().rev().find(|(at, _)| *at <= minute - start).map_or(5, |(_, it)| *it);
            stage.service().running_count = ordered;
            stage.service().pending_count = stage.service().desired_count - ordered;
            let in_use = f64::from(ordered * per_task + others);
            let before = used.last().copied().unwrap_or(0.0);
            prop_assert!(in_use <= allowed.max(before), "{in_use} of {allowed} after {minute} minutes");
            used.push(in_use);
            let points = shown(&used, minute);
            stage.at(minute * 60);
            let decision = stage.answer(METRIC, &points).evaluate();
            if let Verdict::ScaleOut { to, .. } = decision.verdict {
                history.push((minute, to));
            }
        }
    }
}
