//! `classes`, `upgrade` and `storage` of a database: what is refused, what is only warned of, and how that is said.

use crate::databases::text;
use crate::mistakes::check_problems;
use crate::taken::taken;
use crate::upgrades::{CLASSES, of_rds, upgrade};

#[track_caller]
fn refused(lines: &str, expected: &[(&str, &str, &str)]) {
    check_problems(&of_rds(lines), expected);
}

#[track_caller]
fn refused_upgrade(lines: &str, expected: &[(&str, &str, &str)]) {
    check_problems(&upgrade(lines), expected);
}

#[test]
fn classes_are_two_or_more_that_rise() {
    refused("classes: [db.t4g.large]", &[("wrong-length", "[", "`classes` has 1 entry; allowed: 2 to 20")]);
    refused("classes: db.t4g.large", &[("wrong-shape", "db.t4g.large", "`classes` must be a list")]);
    refused("classes: [t4g.large, db.m6g.large]", &[("bad-text", "t4g.large", "such as `db.r6g.large`")]);
    refused(
        "classes: [db.t4g.large, db.t4g.large]",
        &[("duplicate-name", "db.t4g.large", "stands in `classes` twice, first in line")],
    );
    refused(
        "classes: [db.m6g.xlarge, db.t4g.large]",
        &[(
            "classes-fall",
            "db.t4g.large",
            "has 8 GiB of memory, no more than `db.m6g.xlarge` before it, 16 GiB",
        )],
    );
    // The same memory is no larger class, whichever family it is of.
    refused(
        "classes: [db.t4g.large, db.m6g.large]",
        &[("classes-fall", "db.m6g.large", "no more than `db.t4g.large` before it, 8 GiB")],
    );
    // A class of unknown memory hides none of those around it.
    refused(
        "classes: [db.m6g.xlarge, db.x2g.large, db.t4g.large]",
        &[("classes-fall", "db.t4g.large", "no more than `db.m6g.xlarge` before it")],
    );
}

#[test]
fn an_upgrade_needs_classes_and_neither_is_of_aurora() {
    refused(
        "upgrade: { when: cpu > 80% for 1d }",
        &[("missing-key", "upgrade", "has `upgrade` without `classes`; write the classes that it may have")],
    );
    refused(
        &format!("clases: {}, upgrade: {{}}", &CLASSES["classes: ".len()..]),
        &[("unknown-key", "clases", "did you mean `classes`?")],
    );
    let aurora = |lines: &str| text(&format!("  - {{ name: main, aurora: shop, {lines} }}"), "");
    check_problems(
        &aurora(CLASSES),
        &[(
            "classes-of-aurora",
            "[",
            "the class of the writer of an Aurora cluster is not changed by this version",
        )],
    );
    check_problems(
        &aurora("storage: { max: 1000 }"),
        &[("storage-of-aurora", "{ ", "the storage of an Aurora cluster grows by itself")],
    );
    check_problems(
        &aurora(&format!("{CLASSES}, upgrade: {{ when: cpu > 80% for 1d }}, storage: {{}}")),
        &[
            ("classes-of-aurora", "[", "remove `classes` and `upgrade`"),
            ("storage-of-aurora", "{", "remove it"),
        ],
    );
}

#[test]
fn a_class_follows_four_signals_and_for_a_while() {
    let when = |condition: &str, expected: &[(&str, &str, &str)]| {
        refused_upgrade(&format!("when: [{condition}]"), expected);
    };
    let allowed = "allowed: `cpu`, `memory`, `connections` and `iops`; a business metric belongs to `floor`";
    when("users > 10000 for 1d", &[("unknown-signal", "users", allowed)]);
    when("waiting > 500 for 1d", &[("unknown-signal", "waiting", "no signal of a database's class")]);
    when("conections > 80 for 1d", &[("unknown-signal", "conections", "did you mean `connections`?")]);
    when("CPUUtilization > 80% for 1d", &[("unknown-signal", "CPUUtilization", "write the signal `cpu`")]);
    when("alarm(db-cpu) for 1d", &[("unknown-signal", "alarm(db-cpu)", allowed)]);
    when("5 > cpu for 1d", &[("bad-condition", "5", "as in `cpu > 80% for 1d`")]);
    when("cpu > 80 for 1d", &[("wrong-unit", "80", "write `80%`")]);
    when("iops > 80% for 1d", &[("wrong-unit", "80%", "write `80`, without a unit")]);
    when("connections > 5s for 1d", &[("wrong-unit", "5s", "write `5`, without a unit")]);
    when(
        "cpu > 80%",
        &[("bad-condition", "]", "has no `for`; write for how long it must hold, as in `cpu > 80% for 1d`")],
    );
    when("cpu > 80% for 4m", &[("out-of-range", "4m", "allowed: 5m to 30d")]);
    when("cpu > 80% for 31d", &[("out-of-range", "31d", "allowed: 5m to 30d")]);
    let hourly = "when: [cpu > 80% for 10m, cpu > 60% for 7h]";
    let short =
        "`cpu > 80% for 10m` is shorter than the hour between its datapoints, beside `cpu > 60% for 7h`";
    refused_upgrade(hourly, &[("out-of-range", "cpu > 80% for 10m", short)]);
    refused_upgrade(hourly, &[("out-of-range", "cpu > 80% for 10m", "allowed: 1h or more")]);
    for allowed in [
        "cpu > 80% for 10m, cpu > 60% for 6h",
        "cpu > 80% for 1h, cpu > 60% for 7h",
        "cpu > 80% for 10m, iops > 9 for 7h",
    ] {
        taken(&upgrade(&format!("when: [{allowed}]")));
    }
    when("cpu < 80% for 1d", &[("wrong-direction", "cpu < 80% for 1d", "write `cpu > …`")]);
    refused_upgrade("when: []", &[("wrong-length", "[", "`when` has 0 entries; allowed: 1 to 8")]);
    let down = |condition: &str, expected: &[(&str, &str, &str)]| {
        refused_upgrade(&format!("when: iops > 9 for 1d, down: {condition}"), expected);
    };
    down("cpu < 20% for 23h", &[("out-of-range", "23h", "allowed: 1d to 30d")]);
    down("cpu >= 20% for 1d", &[("wrong-direction", "cpu >= 20% for 1d", "write `cpu < …`")]);
    down("cpu < 20%", &[("bad-condition", " ", "as in `cpu < 20% for 14d`")]);
}

#[test]
fn larger_and_smaller_never_hold_at_the_same_load() {
    refused_upgrade(
        "when: [memory > 90% for 1d, cpu > 40% for 1d], down: [cpu < 50% for 14d]",
        &[(
            "contradicting-rules",
            "cpu < 50% for 14d",
            "`cpu < 50% for 14d` asks for a smaller class while `cpu > 40% for 1d` asks for a larger one",
        )],
    );
    // The share of a number that the file does not know and a number cannot be compared.
    taken(&upgrade("when: connections > 400 for 1d, down: connections < 90% for 1d"));
    taken(&upgrade("when: cpu > 40% for 1d, down: [cpu < 40% for 1d, memory < 90% for 1d]"));
}

#[test]
fn a_window_is_that_of_the_instance_or_one_as_rds_writes_it() {
    let window = |window: &str, expected: &[(&str, &str, &str)]| {
        refused_upgrade(&format!("window: {window}"), expected);
    };
    let unreadable = "write it like `sun:05:00-sun:06:00`: day and time of its start and its end, in UTC; or `maintenance`";
    for wrong in ["sunday", "sun 05:00-06:00", "sun:5:00-sun:6:00", "sun:05:00-sun:24:00", "sun:05:00"] {
        window(wrong, &[("bad-window", wrong, unreadable)]);
    }
    window("maintenence", &[("bad-window", "maintenence", "did you mean `maintenance`? write it like")]);
    let short = "`window` is `sun:05:00-sun:05:29`; a window lasts at least 30 minutes; this one lasts 29";
    window("sun:05:00-sun:05:29", &[("bad-window", "sun:05:00-sun:05:29", short)]);
    let long = "a window lasts at most 24 hours; this one lasts 1441 minutes";
    window("sun:05:00-mon:05:01", &[("bad-window", "sun:05:00-mon:05:01", long)]);
    refused_upgrade("per_day: 11", &[("out-of-range", "11", "allowed: 1 to 10 changes")]);
    refused_upgrade(
        "reservations: keeep",
        &[("unknown-value", "keeep", "did you mean `keep`? allowed: `keep` and `ignore`")],
    );
}

/// A database with this floor and this metric of the users.
fn floor(table: &str, metric: &str) -> String {
    let users = format!("metrics: {{ users: {{ namespace: Shop, metric: Users{metric} }} }}");
    of_rds(&format!("{CLASSES}, upgrade: {{ floor: {{ by: users, table: {table} }} }}, {users}"))
}

#[test]
fn a_floor_names_classes_of_the_database_that_rise() {
    let refused = |table: &str, expected: &[(&str, &str, &str)]| check_problems(&floor(table, ""), expected);
    refused(
        "{ 10: db.m6g.4xlarge }",
        &[(
            "unknown-value",
            "db.m6g.4xlarge",
            "`10: db.m6g.4xlarge` names none of the database's `classes`; did you mean",
        )],
    );
    refused(
        "{ 10: db.m6g.xlarge, 20: db.t4g.large }",
        &[(
            "floor-falls",
            "db.t4g.large",
            "`20: db.t4g.large` is no larger class than that from 10 on, `db.m6g.xlarge`",
        )],
    );
    refused(
        "{ 20: db.t4g.large, 10: db.t4g.large }",
        &[("floor-falls", "db.t4g.large", "the classes of a table rise with its values")],
    );
    refused("{}", &[("wrong-length", "{", "`table` has 0 entries; allowed: 1 to 50")]);
    refused("{ ten: db.t4g.large }", &[("bad-text", "ten", "plain digits")]);
    refused("{ 10: large }", &[("bad-text", "large", "such as `db.r6g.large`")]);
}

#[test]
fn a_floor_follows_a_declared_metric_that_counts() {
    let table = "{ 10: db.t4g.large }";
    check_problems(
        &floor(table, "").replace("by: users", "by: uesrs"),
        &[(
            "unknown-signal",
            "uesrs",
            "did you mean `users`? a floor follows a metric that the database declares",
        )],
    );
    check_problems(
        &floor(table, ", absent: zero"),
        &[(
            "floor-absent-zero",
            "users",
            "without datapoints the metric then asks for no class, and allows no smaller one",
        )],
    );
    check_problems(
        &floor(table, ", limit: 1000"),
        &[("limit-without-total", "users", "the floor table needs a count")],
    );
    refused(
        &format!("{CLASSES}, metrics: {{ cpu: {{ namespace: Shop, metric: Cpu }} }}"),
        &[("reserved-name", "cpu", "choose another name")],
    );
}

#[test]
fn storage_is_bounded_and_its_shares_fall() {
    let storage =
        |lines: &str, expected: &[(&str, &str, &str)]| refused(&format!("storage: {lines}"), expected);
    storage("{ max: 19 }", &[("out-of-range", "19", "allowed: 20 to 65536 GiB")]);
    storage("{ max: 65537 }", &[("out-of-range", "65537", "allowed: 20 to 65536 GiB")]);
    storage("{ max: 1TB }", &[("not-a-number", "1TB", "write digits only")]);
    storage("{ warning: 20 }", &[("bad-text", "20", "write a share as `20%`; allowed: 1% to 100%")]);
    storage("{ critical: 0% }", &[("out-of-range", "0%", "allowed: 1% to 100%")]);
    storage(
        "{ warning: 20%, critical: 20% }",
        &[("min-above-max", "20%", "`critical` is 20%, not below `warning`, 20%")],
    );
    storage("{ critical: 20% }", &[("min-above-max", "20%", "not below `warning`, 20%")]);
    storage("{ warning: 10% }", &[("min-above-max", "10%", "`critical` is 10%, not below `warning`, 10%")]);
    storage("{ buffer: 20% }", &[("unknown-key", "buffer", "allowed: `max`, `warning` and `critical`")]);
}

#[track_caller]
fn warned(text: &str, expected: &[&str]) {
    let fleet = taken(text);
    let warned: Vec<String> =
        fleet.warnings().iter().map(|it| format!("{}: {}", it.code().as_str(), it.message())).collect();
    assert_eq!(warned, expected, "{text}");
}

#[test]
fn what_is_probably_not_meant_of_a_class_is_a_warning() {
    warned(&upgrade("when: cpu > 80% for 1d"), &[]);
    warned(
        &upgrade("down: cpu < 20% for 14d"),
        &[
            "one-way-rules: the class only ever becomes smaller by itself: `when` or `floor` says when it becomes larger",
        ],
    );
    warned(
        &upgrade("when: [cpu > 100% for 1d, connections >= 101% for 1d], down: iops < 0 for 1d"),
        &[
            "never-matches: `cpu` of an instance is never above 100%: the condition never matches",
            "never-matches: `connections` of an instance is never above 100%: the condition never matches",
            "never-matches: `iops` of an instance is never below 0: the condition never matches",
        ],
    );
    warned(&upgrade("when: cpu >= 100% for 1d, down: iops <= 0 for 1d"), &[]);
    warned(
        &floor("{ 10: db.t4g.large }", "")
            .replace("upgrade: { floor: { by: users, table: { 10: db.t4g.large } } }, ", ""),
        &["unused-metric: no `floor` uses the metric `users`"],
    );
}

/// What editors show while a condition or a window is written.
#[test]
fn the_schema_refuses_what_the_reader_refuses_of_conditions_and_windows() {
    let schema = tidegate_fleet::schema::schema();
    let upgrade = &schema["properties"]["databases"]["items"]["properties"]["upgrade"]["properties"];
    let valid = |key: &str, value: &str| {
        let validator = jsonschema::validator_for(&upgrade[key]).expect("it is a schema");
        validator.is_valid(&serde_json::json!(value))
    };
    let read = |key: &str, value: &str| {
        tidegate_fleet::parse(&of_rds(&format!("{CLASSES}, upgrade: {{ {key}: \"{value}\" }}"))).is_ok()
    };
    for (key, value, is_good) in [
        ("when", "cpu > 80% for 1d", true),
        ("when", "connections>=400 for 1h30m", true),
        ("when", "connections > 80% for 1d", true),
        ("when", "cpu < 80% for 1d", false),
        ("when", "cpu > 80 for 1d", false),
        ("when", "cpu > 80%", false),
        ("when", "cpu > 80% for", false),
        ("when", "iops > 80% for 1d", false),
        ("when", "users > 80 for 1d", false),
        ("down", "memory <= 20% for 14d", true),
        ("down", "memory > 20% for 14d", false),
        ("window", "maintenance", true),
        ("window", "Sun:23:45-mon:00:15", true),
        ("window", "sun:24:00-mon:00:15", false),
        ("window", "sun:5:00-sun:6:00", false),
        ("window", "sun 05:00-06:00", false),
    ] {
        assert_eq!((valid(key, value), read(key, value)), (is_good, is_good), "{key}: {value}");
    }
}
