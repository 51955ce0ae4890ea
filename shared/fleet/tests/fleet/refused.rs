//! What is refused, and by which code.

use crate::taken::{PLACE, WORK, fleet};

#[track_caller]
fn check_file(text: &str, expected: &[&str]) {
    let problems = tidegate_fleet::parse(text).expect_err("the file is refused");
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code().as_str()).collect();
    assert_eq!(codes, expected, "{text}\n{problems}");
}

/// A service with its place and work, one line of which is replaced or added.
#[track_caller]
fn check(line: &str, expected: &[&str]) {
    let key = line.split(':').next().expect("a line has a key");
    let kept: Vec<&str> =
        PLACE.lines().chain(WORK.lines()).filter(|kept| !kept.starts_with(&format!("{key}:"))).collect();
    check_file(&fleet(&format!("{}\n{line}", kept.join("\n"))), expected);
}

#[test]
fn files_that_are_no_fleet_are_refused_at_once() {
    check_file("", &["empty-file"]);
    check_file("# only a comment\n", &["empty-file"]);
    check_file("---\n", &["empty-file"]);
    check_file("hello", &["wrong-shape"]);
    check_file("- hello", &["wrong-shape"]);
    check_file("a: [", &["yaml"]);
    check_file("a: 'b", &["yaml"]);
    check_file("a: 1\n\tb: 2\n", &["tab"]);
    check_file(&"x".repeat(2_000_000), &["too-large"]);
    check_file(&format!("a: {}", "[".repeat(100)), &["too-deep"]);
    check_file("{}", &["missing-key"; 4]);
}

#[test]
fn an_empty_fleet_is_refused() {
    check_file("{ version: 1, name: n, mode: observe, services: [] }", &["wrong-length"]);
    check_file("{ version: 1, name: n, mode: observe, services: }", &["wrong-shape"]);
    check_file("{ version: 1, name: n, mode: observe }", &["missing-key"]);
    check_file("{ version: 2, name: n, mode: observe, services: [] }", &["out-of-range", "wrong-length"]);
}

#[test]
fn yaml_that_hides_what_is_meant_is_refused() {
    let good = fleet(&format!("{PLACE}{WORK}"));
    check_file(&format!("{good}---\na: 1\n"), &["several-documents"]);
    check_file(&good.replace("name: worker", "name: &w worker"), &["yaml-feature"]);
    check_file(&good.replace("ecs: {", "ecs: &e {"), &["yaml-feature"]);
    check_file(&good.replace("name: worker", "name: !!str worker"), &["yaml-feature"]);
    check_file(&good.replace("ecs: {", "ecs: { <<: x,"), &["yaml-feature"]);
    check_file(&good.replace("ecs: {", "ecs: { [a]: x,"), &["wrong-shape"]);
    check_file(&good.replace("mode: enforce", "mode: enforce\nmode: observe"), &["duplicate-key"]);
    check_file(&good.replace("mode: enforce", "mode: enforce\n\"mode\": observe"), &["duplicate-key"]);
}

#[test]
fn bytes_that_are_not_utf8_have_a_place() {
    let problems = tidegate_fleet::parse_bytes("f.yaml", b"version: 1\nname: \xff").expect_err("not UTF-8");
    assert_eq!(problems.to_string(), "f.yaml:2:7: a byte that is not UTF-8; save the file as UTF-8");
}

#[test]
fn wrong_values_are_refused() {
    check("mode: enforced", &["unknown-value"]);
    check("concurrency: \"2\"", &["not-a-number"]);
    check("concurrency: 1e3", &["not-a-number"]);
    check("concurrency: 012", &["not-a-number"]);
    check("concurrency: 0", &["out-of-range"]);
    check("concurrency: []", &["wrong-shape"]);
    check("concurrency:", &["empty-value"]);
    check("interruptible: yes", &["not-a-boolean"]);
    check("interruptible: \"true\"", &["not-a-boolean"]);
    check("idle: 300", &["not-a-duration"]);
    check("idle: 5 minutes", &["not-a-duration"]);
    check("idle: 30s", &["out-of-range"]);
    check("cooldown: { out: 25h }", &["out-of-range"]);
    check("cooldown: 5m", &["wrong-shape"]);
    check("capacity: { min: 3 }", &["missing-key"]);
    check("capacity: { min: 3, max: 2 }", &["min-above-max"]);
    check("capacity: { min: 1, max: 5001 }", &["out-of-range"]);
    check("capacity: { min: 1, max: 9, override_max: 8 }", &["min-above-max"]);
    check("capacity: { min: 1, max: 9, override_max: 5001 }", &["out-of-range"]);
    check("capacity: { min: 1, override_max: 0 }", &["missing-key", "out-of-range"]);
    check("ecs: { cluster: \"arn:aws:ecs:eu-west-1:1:cluster/c\", service: s }", &["bad-text"]);
    check("ecs: { cluster: '', service: s }", &["empty-value"]);
    check("rules: []", &["wrong-length"]);
    check("rules: { when: waiting > 5, add: 1 }", &["wrong-shape"]);
    check("largest_step: { in: 2 }", &["step-needs-interruptible"]);
}

#[test]
fn a_misspelled_key_is_one_mistake() {
    check("ecs: { cluster: c, servise: s }", &["unknown-key"]);
    check("queue: { celery: { urll: redis://r, queue: q } }", &["unknown-key"]);
    check("queue: { celary: { url: redis://r, queue: q } }", &["unknown-key"]);
    check("ecs: { cluster: c, planet: s }", &["missing-key", "unknown-key"]);
}

#[test]
fn something_must_say_what_scales() {
    let queue = WORK.lines().next().expect("the queue comes first");
    check_file(&fleet(&format!("{PLACE}{queue}")), &["missing-key"]);
    check("wait: 10s", &["out-of-range"]);
    check("wait: 2d", &["out-of-range"]);
    check("wait: 60", &["not-a-duration"]);
    check_file(&fleet(&format!("{PLACE}wait: 60s")), &["signal-without-queue"]);
}

#[test]
fn queues_are_exactly_one_kind_with_one_url() {
    check("queue: {}", &["not-exactly-one"]);
    check("queue: { kafka: { topic: t } }", &["not-exactly-one", "unknown-key"]);
    check(
        "queue: { bullmq: { url: redis://r, queue: q }, list: { url: redis://r, key: k } }",
        &["not-exactly-one"],
    );
    check("queue: { bullmq: { queue: q } }", &["not-exactly-one"]);
    check("queue: { bullmq: { url: redis://r, url_from: \"ssm:/x\", queue: q } }", &["not-exactly-one"]);
    check("queue: { bullmq: { url: \"redis://:pw@r\", queue: q } }", &["secret-in-file"]);
    check("queue: { bullmq: { url: http://r, queue: q } }", &["bad-url"]);
    check("queue: { bullmq: { url_from: redis://r, queue: q } }", &["bad-url"]);
    check("queue: { bullmq: { url: rediss://r, ca_from: /etc/ca.pem, queue: q } }", &["bad-url"]);
    check(
        "queue: { bullmq: { url: rediss://r, ca_from: \"-----BEGIN CERTIFICATE-----\", queue: q } }",
        &["bad-url"],
    );
    check("queue: { list: { url: redis://r, ca_from: \"ssm:/redis-ca\", key: k } }", &["bad-url"]);
    check("queue: { sqs: { url: jobs } }", &["bad-url"]);
    check("queue: { celery: { url: redis://r, queue: q, priority_steps: [3, 0] } }", &["out-of-range"]);
    check("queue: { celery: { url: redis://r, queue: q, priority_steps: [0, 10] } }", &["out-of-range"]);
}

#[test]
fn rules_that_cannot_be_meant_are_refused() {
    let rules = |first: &str, second: &str| format!("rules: [{{ {first} }}, {{ {second} }}]");
    let contradicting = &["contradicting-rules"];
    check(&rules("when: waiting > 500, add: 5", "when: waiting < 600, remove: 1"), contradicting);
    check(&rules("when: waiting >= 500, add: 5", "when: waiting <= 500, remove: 1"), contradicting);
    check(&rules("when: waiting > 500 for 5m, add: 5", "when: waiting > 900, remove: 1"), contradicting);
    check("rules: [{ when: cpu > 70%, add: 1, remove: 1 }]", &["not-exactly-one"]);
    check("rules: [{ when: cpu > 70% }]", &["missing-key"]);
    check("rules: [{ add: 1 }]", &["missing-key"]);
    check("rules: [{ when: cpu > 70%, add: 1, at_least: 2 }]", &["at-least-without-percent"]);
    check("rules: [{ when: cpu > 70%, set: 50%, at_least: 2 }]", &["at-least-without-percent"]);
    check("rules: [{ when: cpu > 70%, set: 21 }]", &["set-outside-capacity"]);
    check("rules: [{ when: cpu > 70%, remove: 101% }]", &["out-of-range"]);
    check("rules: [{ when: cpu > 70%, add: two }]", &["not-an-amount"]);
    let without_queue = format!("{PLACE}rules: [{{ when: waiting > 5, add: 1 }}]");
    check_file(&fleet(&without_queue), &["signal-without-queue"]);
}

#[test]
fn rules_with_a_gap_between_them_are_taken() {
    for second in ["waiting < 500", "waiting <= 500", "waiting < 499.5"] {
        let rules = format!("rules: [{{ when: waiting > 500, add: 5 }}, {{ when: {second}, remove: 1 }}]");
        let queue = WORK.lines().next().expect("the queue comes first");
        let read = tidegate_fleet::parse(&fleet(&format!("{PLACE}{queue}\n{rules}")));
        assert!(read.is_ok(), "{second}: {read:#?}");
    }
}

#[test]
fn metrics_that_cannot_be_read_are_refused() {
    let metric = |name: &str, settings: &str, rule: &str| {
        format!(
            "metrics: {{ {name}: {{ namespace: N, metric: M{settings} }} }}\n{PLACE}rules: [{{ when: {rule}, add: 1 }}]"
        )
    };
    let check =
        |name, settings, rule, expected: &[&str]| check_file(&fleet(&metric(name, settings, rule)), expected);
    check("cpu", "", "cpu > 70%", &["reserved-name"]);
    check("waiting", "", "cpu > 70%", &["reserved-name"]);
    check("Lag", "", "cpu > 70%", &["bad-text"]);
    check("lag", ", statistic: Mean", "lag > 5", &["bad-text"]);
    check("lag", ", period: 90s", "lag > 5", &["out-of-range"]);
    check("lag", ", period: 30s", "lag > 5", &["out-of-range"]);
    check("lag", ", absent: null", "lag > 5", &["unknown-value"]);
    check("lag", ", period: 10m", "lag > 5 for 5m", &["for-below-period"]);
    check("lag", ", unit: seconds", "lag > 5", &["wrong-unit"]);
    check("lag", ", units: seconds", "lag > 5", &["unknown-key"]);
}

#[test]
fn names_and_targets_are_unique_and_modes_only_narrow() {
    let good = fleet(&format!("{PLACE}{WORK}"));
    let entry = good.split_once("services:\n").expect("there are services").1.to_owned();
    let renamed = entry.replace("name: worker", "name: other");
    check_file(&format!("{good}{}", entry.replace("service: worker", "service: x")), &["duplicate-name"]);
    check_file(&format!("{good}{renamed}"), &["duplicate-target"]);
    let observing = good.replace("mode: enforce", "mode: observe");
    check_file(&observing.replace("name: worker", "name: worker\n    mode: enforce"), &["wider-mode"]);
}

/// One item of the ledger holds the memory of 1,000 services of a concern, or of 426 with `wait`.
#[test]
fn services_with_wait_count_twice() {
    let entries = |count: usize, more: &str| {
        let entry = |n| {
            format!(
                "  - {{ name: s{n}, ecs: {{ cluster: c, service: s{n} }}, capacity: {{ min: 1, max: 2 }}, {more} }}\n"
            )
        };
        (0..count).map(entry).collect::<String>()
    };
    let fleet = |services: &str| format!("version: 1\nname: shop\nmode: enforce\nservices:\n{services}");
    let waiting = "wait: 60s, queue: { bullmq: { url: \"redis://redis\", queue: q } }";
    let tracking = "track: { signal: cpu, target: 70% }";
    let others = entries(1_000, tracking).replace("name: s", "name: t").replace("service: s", "service: t");
    assert!(tidegate_fleet::parse(&fleet(&(entries(426, waiting) + &others))).is_ok());
    check_file(&fleet(&entries(427, waiting)), &["wrong-length"]);
    check_file(&fleet(&entries(1_001, tracking)), &["wrong-length"]);
}

/// A long window remembers more recommendations, and a metric of a long period more changes of the running tasks.
#[test]
fn long_windows_and_long_periods_count_in_the_ledger() {
    let fleet = |count: usize, each: &str| {
        let entry = |n: usize| format!("  - {{ {} }}\n", each.replace('N', &n.to_string()));
        let services: String = (0..count).map(entry).collect();
        format!("version: 1\nname: shop\nmode: enforce\nservices:\n{services}")
    };
    let check = |more: &str, fit: usize| {
        let each = format!(
            "name: sN, capacity: {{ min: 1, max: 2 }}, track: {{ signal: cpu, target: 70% }}, {more}"
        );
        assert!(tidegate_fleet::parse(&fleet(fit, &each)).is_ok(), "{fit} with {more}");
        check_file(&fleet(fit + 1, &each), &["wrong-length"]);
    };
    check("ecs: { cluster: c, service: sN }", 1_000);
    check("ecs: { cluster: c, service: sN }, stabilization: 10m", 703);
    check("ecs: { cluster: c, service: sN }, stabilization: 1h", 703);
    check("asg: sN", 754);
}

/// In an hour when every condition holds, each is remembered in its own words.
#[test]
fn conditions_that_are_reported_count_in_the_ledger() {
    let notify = "rules: [{ when: memory > 85% for 3m, notify: critical }, { when: cpu > 90% for 3m, notify: warning }, \
                  { when: errors > 1%, notify: critical }]";
    let entry = |n| {
        format!(
            "  - {{ name: s{n}, ecs: {{ cluster: c, service: s{n} }}, capacity: {{ min: 1, max: 2 }}, {notify} }}\n"
        )
    };
    let fleet = |count: usize| {
        let services: String = (0..count).map(entry).collect();
        tidegate_fleet::parse(&format!("version: 1\nname: shop\nmode: enforce\nservices:\n{services}"))
    };
    assert!(fleet(350).is_ok());
    let refused = fleet(600).expect_err("too many").to_string();
    assert!(
        refused.contains("one item of the ledger") && refused.contains("split the fleet into two files"),
        "{refused}"
    );
}

#[test]
fn budgets_must_fit() {
    let budget = |text: &str| format!("{}budgets: [{text}]", fleet(&format!("{PLACE}{WORK}")));
    check_file(&budget("{ name: rds, limit: 79, use: { worker: 4 } }"), &["budget-exceeded"]);
    check_file(&budget("{ name: rds, limit: 79, use: { wroker: 1 } }"), &["unknown-service"]);
    check_file(&budget("{ name: rds, limit: 0, use: { worker: 0 } }"), &["out-of-range"]);
    check_file(
        &budget("{ name: a, limit: 99, use: { worker: 1 } }, { name: a, limit: 99, use: {} }"),
        &["duplicate-name"],
    );
    let problems = tidegate_fleet::parse(&budget("{ name: rds, limit: 79, use: { worker: 4 } }"));
    let message = problems.expect_err("it is exceeded").to_string();
    assert!(message.contains("would need 80 at maximum capacity, above its limit 79"), "{message}");
    assert!(message.contains("worker 20 x 4 = 80"), "{message}");
}

#[test]
fn hostile_files_cost_little() {
    let long = |piece: &str| piece.repeat(1_000_000 / piece.len());
    check_file(&format!("services: [{}]", long("x,")), &["wrong-length"]);
    let keys: Vec<String> = (0..100_000).map(|n| format!("k{n}:")).collect();
    check_file(&keys.join("\n"), &["wrong-length"]);
    let twice = tidegate_fleet::parse(&long("a:\n")).expect_err("the file is refused");
    assert!(twice.len() <= 2_001, "{}", twice.len());
    check_file(&long("a: "), &["yaml"]);
    check_file(&long("- "), &["too-deep"]);
    check_file(&long("x"), &["wrong-shape"]);
    check_file(&format!("\"{}\"", long("\\x41")), &["wrong-shape"]);
}

#[test]
fn of_very_many_problems_a_hundred_are_reported_and_the_rest_is_counted() {
    let keys = (0..500).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join(",");
    let services = vec![format!("{{{keys}}}"); 200].join(",");
    let text = format!("{{version: 1, name: n, mode: observe, services: [{services}]}}");
    let problems = tidegate_fleet::parse(&text).expect_err("the file is refused");
    assert_eq!(problems.len(), 101);
    let last = problems.iter().last().expect("there is one");
    assert_eq!(
        (last.code().as_str(), last.suggestion()),
        ("too-many-problems", Some("fix those above first"))
    );
    // Each service has 500 unknown keys and misses a name, a target, a capacity and rules.
    assert!(
        last.message().starts_with("100") && last.message().ends_with("more problems are not shown"),
        "{last}"
    );
}

/// Warnings are no reason to refuse a file, however many they are; and an error after them is reported.
#[test]
fn many_warnings_refuse_no_file_and_hide_no_error() {
    let service = |n: usize, max: u32| {
        format!(
            "  - {{ name: w{n}, ecs: {{ cluster: c, service: w{n} }}, capacity: {{ min: 1, max: {max} }}, \
             queue: {{ bullmq: {{ url: \"redis://redis\", queue: q }} }}, \
             rules: [{{ when: waiting > 500, add: 5 }}, {{ when: waiting < 50, remove: 2 }}] }}\n"
        )
    };
    let fleet = |last: u32| {
        let services: String = (0..150).map(|n| service(n, if n == 149 { last } else { 9 })).collect();
        tidegate_fleet::parse(&format!("version: 1\nname: shop\nmode: enforce\nservices:\n{services}"))
    };
    assert_eq!(fleet(9).map(|fleet| fleet.warnings().len()), Ok(150));
    let problems = fleet(0).expect_err("the last service has no room");
    assert_eq!(problems.len(), 1, "{problems}");
}

/// The first message of a service with a line in the place of its own.
#[track_caller]
fn reported(line: &str) -> String {
    let key = line.split(':').next().expect("a line has a key");
    let kept = PLACE.lines().chain(WORK.lines()).filter(|kept| !kept.starts_with(&format!("{key}:")));
    let text = fleet(&format!("{}\n{line}", kept.collect::<Vec<_>>().join("\n")));
    tidegate_fleet::parse(&text).expect_err("the file is refused").to_string()
}

#[track_caller]
fn check_message(line: &str, expected: &str) {
    let reported = reported(line);
    assert!(reported.contains(expected) && !reported.contains('\n'), "{line}\n{reported}");
}

#[test]
fn what_users_bring_from_aws_and_keda_is_named_as_it_is_here() {
    check_message(
        "minReplicaCount: 1",
        "unknown key `minReplicaCount` in a service; in Tidegate, write `capacity: {",
    );
    check_message("triggers: []", "in Tidegate, write `queue` for the job queue");
    check_message("pollingInterval: 30", "in Tidegate, write nothing: services are evaluated every minute");
    check_message("target_value: 70", "in Tidegate, write `track: { signal: cpu, target: 70% }`");
    check_message("scale_in_cooldown: 300", "in Tidegate, write `cooldown: { in: 5m }`");
    check_message(
        "track: { signal: ECSServiceAverageMemoryUtilization, target: 70% }",
        "in Tidegate, write the signal `memory`",
    );
}

#[test]
fn a_service_has_one_queue() {
    check_message("queue: [a, b]", "a service has one queue; make an entry of `services` for each queue");
}

#[test]
fn null_is_no_name() {
    for null in ["null", "~", "Null", "NULL"] {
        let text = fleet(&format!("{PLACE}{WORK}")).replace("name: worker", &format!("name: {null}"));
        check_file(&text, &["empty-value"]);
    }
    let quoted = fleet(&format!("{PLACE}{WORK}")).replace("name: worker", "name: \"null\"");
    assert!(tidegate_fleet::parse(&quoted).is_ok());
}

#[test]
fn a_tab_between_words_is_reported_as_one() {
    let reported = reported("capacity: { min:\t2, max: 20 }");
    assert!(reported.contains("a tab between words; separate them with spaces"), "{reported}");
}

#[test]
fn a_merge_key_is_one_mistake() {
    let good = fleet(&format!("{PLACE}{WORK}"));
    check_file(&good.replace("capacity: { min: 2, max: 20 }", "capacity: { <<: x }"), &["yaml-feature"]);
}

#[test]
fn a_day_that_the_calendar_does_not_have_is_reported_as_one() {
    let text = fleet(&format!("{PLACE}{WORK}")) + "holidays: [2026-02-30]\n";
    let reported = tidegate_fleet::parse(&text).expect_err("no such day").to_string();
    assert!(reported.contains("is `2026-02-30`, which is not a date in the calendar"), "{reported}");
}
