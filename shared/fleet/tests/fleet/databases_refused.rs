//! `databases` and `guard`: what is refused, what is only warned of, and how that is said.

use crate::databases::{of_rds, text};
use crate::mistakes::check_problems;
use crate::taken::taken;

/// A file with every kind of mistake that a database or a guard can have, each marked.
const MISTAKES: &str = include_str!("database-mistakes.yaml");

#[test]
fn every_mistake_of_a_database_is_shown_with_its_place_and_what_is_allowed() {
    let problems = tidegate_fleet::parse(MISTAKES).expect_err("the file is wrong");
    let marked: Vec<usize> = MISTAKES
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("# mistake"))
        .map(|(at, _)| at + 1)
        .collect();
    let lines: Vec<usize> = problems.iter().map(|problem| problem.place().line).collect();
    assert_eq!(lines, marked, "one problem for each marked line\n{problems}");
    let excerpts: Vec<String> =
        problems.iter().map(|problem| problem.with_excerpt("database-mistakes.yaml", MISTAKES)).collect();
    insta::assert_snapshot!(excerpts.join("\n"));
}

#[track_caller]
fn refused(replicas: &str, expected: &[(&str, &str, &str)]) {
    check_problems(&of_rds(replicas), expected);
}

#[test]
fn a_lag_that_the_engine_cannot_show_is_refused() {
    let words =
        "RDS shows whole seconds of lag (`ReplicaLag`): write `1s` or more; Aurora shows milliseconds";
    refused("{ lag: 100ms }", &[("lag-below-resolution", "100ms", words)]);
    refused("{ lag: { warning: 1s, critical: 1500ms } }", &[("lag-below-resolution", "1500ms", words)]);
    refused("{ lag: 15 }", &[("not-a-duration", "15", "a unit is missing: write `15s` for seconds")]);
    refused("{ lag: 0s }", &[("out-of-range", "0s", "allowed: 1s to 1d, for Aurora from 1ms on")]);
    refused("{ lag: 2d }", &[("out-of-range", "2d", "allowed: 1s to 1d")]);
    refused("{ lag: fast }", &[("not-a-duration", "fast", "write it like `15s` or `1m30s`")]);
    refused("{ lag: [15s] }", &[("wrong-shape", "[", "`lag` must be a mapping, found a list")]);
    refused("{ lag: { critical: 60s } }", &[("missing-key", "{ ", "`warning` is missing in `lag`")]);
    refused(
        "{ lag: { warning: 60s, critical: 60s } }",
        &[("min-above-max", "60s", "`critical` is the same as `warning`")],
    );
    refused(
        "{ lag: { warning: 60s, critical: 15s } }",
        &[("min-above-max", "15s", "`critical` is below `warning`")],
    );
}

#[test]
fn the_bounds_of_replicas_go_together() {
    let watched = "without them the replicas are only watched";
    refused("{ min: 1 }", &[("missing-key", "min", "`replicas` has `min` without `max`; write both")]);
    refused("{ max: 5 }", &[("missing-key", "max", watched)]);
    refused(
        "{ out: cpu > 70%, in: cpu < 30% }",
        &[("missing-key", "out", "`out` and `in` without `min` and `max`")],
    );
    refused("{ lag: 15s, cooldown: 20m }", &[("missing-key", "cooldown", watched)]);
    refused("{ minn: 1, max: 5 }", &[("unknown-key", "minn", "did you mean `min`?")]);
    refused("{ min: 3, max: 2 }", &[("min-above-max", "3", "`min` is 3, above `max` 2")]);
    refused("{ min: 0, max: 2 }", &[("out-of-range", "0", "allowed: 1 to 15 replicas")]);
    refused("{ min: 1, max: 16 }", &[("out-of-range", "16", "allowed: 1 to 15 replicas")]);
    refused("{ min: 1, max: 2, cooldown: 30s }", &[("out-of-range", "30s", "allowed: 1m to 1d")]);
    refused("{ min: 1, max: 2, drain: 2d }", &[("out-of-range", "2d", "allowed: 0s to 1d")]);
    refused("{ min: 1, max: 2, class: r6g.large }", &[("bad-text", "r6g.large", "such as `db.r6g.large`")]);
    refused("{ min: 1, max: 2, class: db.r6g }", &[("bad-text", "db.r6g", "such as `db.r6g.large`")]);
}

#[track_caller]
fn refused_condition(key: &str, condition: &str, expected: &[(&str, &str, &str)]) {
    refused(&format!("{{ min: 1, max: 5, {key}: {condition} }}"), expected);
}

#[test]
fn replicas_follow_their_cpu_or_their_connections_only() {
    refused_condition(
        "out",
        "memory > 80%",
        &[("unknown-signal", "memory", "allowed: `cpu` and `connections`")],
    );
    refused_condition(
        "out",
        "conections > 80",
        &[("unknown-signal", "conections", "did you mean `connections`?")],
    );
    refused_condition(
        "out",
        "CPUUtilization > 80%",
        &[("unknown-signal", "CPUUtilization", "write the signal `cpu`")],
    );
    refused_condition(
        "out",
        "DatabaseConnections > 80",
        &[("unknown-signal", "DatabaseConnections", "write the signal `connections`")],
    );
    refused_condition(
        "out",
        "alarm(db-cpu)",
        &[("unknown-signal", "alarm(db-cpu)", "no signal of a replica")],
    );
    refused_condition("out", "cpu > 70", &[("wrong-unit", "70", "write `70%`")]);
    refused_condition("out", "connections > 80%", &[("wrong-unit", "80%", "write `80`, without a unit")]);
    refused_condition("out", "cpu > 70% for 30s", &[("out-of-range", "30s", "1m to 7d")]);
    refused_condition("out", "cpu < 70%", &[("wrong-direction", "cpu < 70%", "write `cpu > …`")]);
    refused_condition("in", "cpu >= 30%", &[("wrong-direction", "cpu >= 30%", "write `cpu < …`")]);
    refused_condition("out", "cpu", &[("bad-condition", " ", "a comparison")]);
    refused_condition("out", "5 > cpu", &[("bad-condition", "5", "as in `cpu > 70% for 5m`")]);
    refused(
        "{ min: 1, max: 5, out: cpu > 40%, in: cpu < 50% for 15m }",
        &[("contradicting-rules", "cpu < 50% for 15m", "`cpu < 50% for 15m` removes while `cpu > 40%` adds")],
    );
    let apart =
        "{ lag: 15s, min: 1, max: 5, out: cpu > 40%, in: connections < 50, dns: { zone: Z1, record: r.db } }";
    assert!(taken(&of_rds(apart)).warnings().is_empty(), "two signals never contradict each other");
}

#[test]
fn a_record_is_a_name_in_a_zone_and_of_rds_only() {
    let dns = |dns: &str| format!("{{ lag: 15s, min: 1, max: 5, dns: {dns} }}");
    let refused = |lines: &str, expected: &[(&str, &str, &str)]| refused(&dns(lines), expected);
    refused("{ zone: Z1 }", &[("missing-key", "{ ", "`record` is missing in `dns`")]);
    refused(
        "{ zone: /hostedzone/Z1, record: r.db }",
        &[("bad-text", "/hostedzone/Z1", "without `/hostedzone/`")],
    );
    refused("{ zone: Z1, record: r.db. }", &[("bad-text", "r.db.", "no dot at the end")]);
    refused("{ zone: Z1, record: read }", &[("bad-text", "read", "such as `read.db.internal`")]);
    refused("{ zone: Z1, record: Read.db }", &[("bad-text", "Read.db", "lower-case letters")]);
    refused("{ zone: Z1, record: r.db, ttl: 0 }", &[("out-of-range", "0", "allowed: 1 to 60 seconds")]);
    refused("{ zone: Z1, record: r.db, ttl: 61 }", &[("out-of-range", "61", "allowed: 1 to 60 seconds")]);
    let aurora = "  - { name: main, aurora: c, replicas: { lag: 1s, dns: { zone: Z1, record: r.db } } }";
    check_problems(
        &text(aurora, ""),
        &[("dns-of-aurora", "{ ", "the reader endpoint of Aurora follows the readers")],
    );
}

#[test]
fn names_of_databases_and_services_are_unique_and_so_is_what_they_mean() {
    let replicas = "replicas: { lag: 15s }";
    let two = |one: &str, other: &str| text(&format!("  - {{ {one} }}\n  - {{ {other} }}"), "");
    check_problems(
        &text(&format!("  - {{ name: worker, rds: shop, {replicas} }}"), ""),
        &[("duplicate-name", "worker", "the name `worker` is already used in line 5")],
    );
    check_problems(
        &two(&format!("name: a, rds: shop, {replicas}"), &format!("name: a, rds: other, {replicas}")),
        &[("duplicate-name", "a", "already used in line 11")],
    );
    check_problems(
        &two(&format!("name: a, rds: shop, {replicas}"), &format!("name: b, rds: shop, {replicas}")),
        &[("duplicate-target", "{ ", "`a` is the entry of rds shop already; put all of it in one entry")],
    );
    let keeps = |name: &str| {
        format!("name: {name}, rds: {name}, replicas: {{ lag: 15s, dns: {{ zone: Z1, record: r.db }} }}")
    };
    check_problems(
        &two(&keeps("a"), &keeps("b")),
        &[(
            "duplicate-target",
            "{ ",
            "`a` keeps the record r.db in the zone Z1 already; give each database a name",
        )],
    );
    // A cluster and an instance of one name are two things.
    let fleet = taken(&two(
        &format!("name: a, rds: shop, {replicas}"),
        &format!("name: b, aurora: shop, {replicas}"),
    ));
    assert_eq!(fleet.databases().len(), 2);
}

#[test]
fn a_database_is_one_of_rds_or_aurora() {
    let one = |lines: &str| text(&format!("  - {{ {lines}, replicas: {{ lag: 15s }} }}"), "");
    check_problems(
        &one("name: a"),
        &[("not-exactly-one", "{ ", "exactly one of `rds` and `aurora`; found none")],
    );
    check_problems(
        &one("name: a, rds: b, aurora: c"),
        &[("not-exactly-one", "aurora", "found `rds` and `aurora`")],
    );
    for wrong in [
        "Shop",
        "shop-",
        "a--b",
        "1shop",
        "arn:aws:rds:eu-west-1:1:db:shop",
        "shop.x.eu-west-1.rds.amazonaws.com",
    ] {
        check_problems(
            &one(&format!("name: a, rds: \"{wrong}\"")),
            &[("bad-text", &format!("\"{wrong}\""), "not the ARN")],
        );
    }
    check_problems(
        &one("name: a, rds: b, mode: observ"),
        &[("unknown-value", "observ", "did you mean `observe`?")],
    );
    let wider = one("name: a, rds: b, mode: enforce").replacen("mode: enforce", "mode: observe", 1);
    check_problems(&wider, &[("wider-mode", "enforce", "a database can only restrict its fleet's mode")]);
    let many: Vec<String> =
        (0..21).map(|n| format!("  - {{ name: d{n}, rds: d{n}, replicas: {{ lag: 1s }} }}")).collect();
    check_problems(&text(&many.join("\n"), ""), &[("wrong-length", "-", "allowed: 1 to 20")]);
    taken(&text(&many[..20].join("\n"), ""));
}

#[test]
fn a_guard_names_a_database_and_a_share() {
    let refused = |guard: &str, expected: &[(&str, &str, &str)]| {
        let database = "  - { name: main, rds: shop, replicas: { lag: 1s } }";
        check_problems(&text(database, &format!("guard: {guard}")), expected);
    };
    refused("{ database: mian, connections: 85% }", &[("unknown-database", "mian", "did you mean `main`?")]);
    refused("{ database: main }", &[("missing-key", "{ ", "`connections` is missing in `guard`")]);
    refused(
        "{ database: main, connections: 85 }",
        &[("bad-text", "85", "a number belongs to the database, as `max_connections`")],
    );
    refused("{ database: main, connections: 0% }", &[("out-of-range", "0%", "allowed: 1% to 100%")]);
    refused("{ database: main, connections: 101% }", &[("out-of-range", "101%", "allowed: 1% to 100%")]);
    refused("{ database: main, connections: 8.5% }", &[("bad-text", "8.5%", "write it like `85%`")]);
    refused("{ database: main, connections: 085% }", &[("bad-text", "085%", "leave the leading zero out")]);
    refused(
        "{ database: main, connections: 85%, per_task: 0 }",
        &[("out-of-range", "0", "1 to 10000 connections")],
    );
    refused(
        "{ database: main, connections: 85%, on_missing: stop }",
        &[("unknown-value", "stop", "allowed: `ignore` and `hold`")],
    );
    refused("main", &[("wrong-shape", "main", "`guard` must be a mapping")]);
    let without = text(
        "  - { name: main, rds: shop, replicas: { lag: 1s } }",
        "guard: { database: main, connections: 85% }",
    );
    let without = without.split("databases:\n").next().expect("there is a first part");
    check_problems(without, &[("unknown-database", "main", "declare it under `databases`")]);
}

#[track_caller]
fn warned(text: &str, expected: &[&str]) {
    let fleet = taken(text);
    let warned: Vec<String> =
        fleet.warnings().iter().map(|it| format!("{}: {}", it.code().as_str(), it.message())).collect();
    assert_eq!(warned, expected, "{text}");
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let with = |more: &str| of_rds(&format!("{{ lag: 15s, dns: {{ zone: Z1, record: r.db }}{more} }}"));
    let moves = "out: cpu > 70%, in: cpu < 30%";
    warned(&with(""), &[]);
    warned(&with(&format!(", min: 1, max: 5, {moves}")), &[]);
    warned(&with(", min: 2, max: 2"), &[]);
    warned(
        &with(&format!(", min: 2, max: 2, {moves}")),
        &["fixed-size: `min` and `max` are both 2: `out` changes nothing"],
    );
    warned(
        &with(", min: 1, max: 5"),
        &["fixed-size: without `out` and `in` the load never adds a replica beyond `min` 1"],
    );
    warned(
        &with(", min: 1, max: 5, out: cpu > 70%"),
        &["one-way-rules: replicas are only ever added: `in` says when one is removed"],
    );
    warned(
        &with(", min: 1, max: 5, in: cpu < 30%"),
        &["one-way-rules: replicas are only ever removed: `out` says when one is added"],
    );
    warned(
        &with(", min: 1, max: 5, out: cpu > 100%, in: connections < 0"),
        &[
            "never-matches: `cpu` of an instance is never above 100%: the condition never matches",
            "never-matches: `connections` of an instance is never below 0: the condition never matches",
        ],
    );
    warned(
        &of_rds("{ lag: 15s, min: 1, max: 1 }"),
        &[
            "reads-do-not-reach-replicas: no reads would reach a replica that is added: RDS has no endpoint for all of them",
        ],
    );
    warned(
        &of_rds("{ dns: { zone: Z1, record: r.db } }"),
        &["dns-without-lag: without `lag` a replica answers reads however far it lags"],
    );
    warned(
        &text("  - { name: main, rds: shop }", ""),
        &[
            "unused-database: `main` is used for nothing: it has no `replicas`, `classes` or `storage`, and no `guard` names it",
        ],
    );
    warned(&text("  - { name: main, rds: shop }", "guard: { database: main, connections: 85% }"), &[]);
}

/// 85% of 200 connections are 170, of which 85 per task leave 2 tasks.
#[test]
fn a_guard_that_never_allows_a_scale_out_is_a_warning() {
    let guard = |per_task: u32, percent: u32| {
        let guard = format!("guard: {{ database: main, connections: {percent}%, per_task: {per_task} }}");
        text("  - { name: main, rds: shop, max_connections: 200 }", &guard)
    };
    warned(&guard(85, 85), &[]);
    warned(
        &guard(86, 85),
        &["guard-below-min: the guard allows 1 task, fewer than `min` 2: it never allows a scale-out"],
    );
    warned(
        &guard(85, 84),
        &["guard-below-min: the guard allows 1 task, fewer than `min` 2: it never allows a scale-out"],
    );
}
