//! What is taken, and what it means.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tidegate_fleet::{
    BullmqQueue, CeleryQueue, Fleet, MetricSource, Mode, QueueSource, RedisUrl, Reference, Service, Source,
};
use tidegate_policy::{Adjustment, Amount, OnAbsence, Unit};

/// A fleet of one service with these lines.
pub(crate) fn fleet(lines: &str) -> String {
    let mut text = "version: 1\nname: shop\nmode: enforce\nservices:\n  - name: worker\n".to_owned();
    for line in lines.trim_matches('\n').lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The lines that a service needs, without its queue and rules.
pub(crate) const PLACE: &str = "ecs: { cluster: shop, service: worker }\ncapacity: { min: 2, max: 20 }\n";

/// A queue and two rules.
pub(crate) const WORK: &str = "queue: { bullmq: { url: \"redis://redis\", queue: q } }\n\
     rules: [{ when: waiting > 500, add: 5 }, { when: waiting < 50, remove: 1 }]\n";

#[track_caller]
pub(crate) fn taken(text: &str) -> Fleet {
    tidegate_fleet::parse(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

#[track_caller]
pub(crate) fn service(lines: &str) -> Service {
    taken(&fleet(&format!("{PLACE}{lines}"))).services()[0].clone()
}

#[track_caller]
fn queue(text: &str) -> QueueSource {
    let rules = "rules: [{ when: waiting > 500, add: 5 }, { when: waiting < 50, remove: 1 }]";
    service(&format!("queue: {text}\n{rules}")).queue().expect("there is a queue").clone()
}

#[test]
fn overrides_set_no_more_than_the_maximum_unless_the_file_says_so() {
    let most = |capacity: &str| {
        let place = PLACE.replace("max: 20", capacity);
        taken(&fleet(&format!("{place}{WORK}"))).services()[0].policy().override_max
    };
    assert_eq!(most("max: 20"), 20);
    assert_eq!(most("max: 20, override_max: 20"), 20);
    assert_eq!(most("max: 20, override_max: 60"), 60);
}

#[test]
fn wait_scales_alone_without_cooldowns_or_beside_rules_with_theirs() {
    let seconds = SignedDuration::from_secs;
    let queue = WORK.lines().next().expect("the queue comes first");
    let alone = service(&format!("{queue}\nwait: 60s"));
    assert_eq!((alone.policy().wait, alone.policy().rules.len()), (Some(seconds(60)), 0));
    assert_eq!(alone.policy().cooldown.scale_out, seconds(0));
    assert_eq!(alone.policy().cooldown.scale_in, seconds(0));
    assert_eq!(alone.policy().stabilization, seconds(30));
    let own = service(&format!("{queue}\nwait: 5m\ncooldown: {{ in: 30s }}"));
    assert_eq!(own.policy().cooldown.scale_out, seconds(0));
    assert_eq!(own.policy().cooldown.scale_in, seconds(30));
    let beside = service(&format!("{WORK}wait: 60s"));
    assert_eq!(beside.policy().cooldown.scale_in, seconds(300));
    assert_eq!(beside.policy().stabilization, seconds(60));
}

#[test]
fn wait_says_what_it_cannot_see() {
    let list = taken(&fleet(&format!(
        "{PLACE}queue: {{ list: {{ url: \"redis://redis\", key: k, proof: p }} }}\nwait: 60s"
    )));
    let codes: Vec<&str> = list.warnings().iter().map(|warning| warning.code().as_str()).collect();
    assert_eq!(codes, ["wait-unseen-in-flight"]);
}

#[test]
fn every_default_is_the_documented_one() {
    let service = service(WORK);
    let policy = service.policy();
    assert_eq!(service.mode(), Mode::Enforce);
    assert_eq!(policy.concurrency.get(), 1);
    assert_eq!(policy.cooldown.scale_out, SignedDuration::from_secs(300));
    assert_eq!(policy.cooldown.scale_in, SignedDuration::from_secs(300));
    assert_eq!(policy.stabilization, SignedDuration::from_secs(60));
    assert_eq!(policy.startup, SignedDuration::from_mins(3));
    assert_eq!(policy.idle, SignedDuration::from_mins(5));
    assert_eq!(policy.largest_step.scale_out.get(), 100);
    assert_eq!(policy.largest_step.scale_in.get(), 1);
    assert!(!policy.interruptible);
    assert_eq!(policy.metrics, []);
}

#[test]
fn a_service_may_observe_in_a_fleet_that_enforces() {
    assert_eq!(service(&format!("mode: observe\n{WORK}")).mode(), Mode::Observe);
}

#[test]
fn scale_in_takes_several_tasks_only_from_interruptible_services() {
    let steps = |lines: &str| service(&format!("{lines}\n{WORK}")).policy().largest_step.scale_in.get();
    assert_eq!(steps("interruptible: false"), 1);
    assert_eq!(steps("interruptible: true"), 100);
    assert_eq!(steps("interruptible: true\nlargest_step: { in: 3 }"), 3);
}

#[test]
fn celery_takes_the_defaults_of_kombu() {
    let expected = CeleryQueue {
        url: RedisUrl::Plain("redis://redis:6379/0".into()),
        ca: None,
        queue: "celery".into(),
        exchange: "celery".into(),
        prefix: String::new(),
        separator: "\u{6}\u{16}".into(),
        priority_steps: vec![0, 3, 6, 9],
        unacked_key: "unacked".into(),
        acks_late: false,
    };
    let read = queue("{ celery: { url: \"redis://redis:6379/0\", queue: celery } }");
    assert_eq!(read, QueueSource::Celery(expected));
}

#[test]
fn celery_takes_the_transport_options_of_kombu() {
    let read = queue(
        "{ celery: { url_from: \"secretsmanager:shop/redis#url\", ca_from: \"ssm:/shop/redis-ca\", queue: jobs, exchange: x, prefix: \"p:\",
           separator: \":\", priority_steps: [0, 5], unacked_key: u, acks_late: true } }",
    );
    let secret = Reference::SecretsManager { secret: "shop/redis".into(), key: Some("url".into()) };
    let expected = CeleryQueue {
        url: RedisUrl::From(secret),
        ca: Some(Reference::Ssm("/shop/redis-ca".into())),
        queue: "jobs".into(),
        exchange: "x".into(),
        prefix: "p:".into(),
        separator: ":".into(),
        priority_steps: vec![0, 5],
        unacked_key: "u".into(),
        acks_late: true,
    };
    assert_eq!(read, QueueSource::Celery(expected));
}

/// Whatever YAML would make of it, a text is what is written.
#[test]
fn texts_are_taken_as_written() {
    for text in ["no", "012", "1e3", "true", "0x10", "2026-11-21", "1_000", ".5", "=", "y"] {
        let read = queue(&format!("{{ bullmq: {{ url: redis://redis, queue: {text} }} }}"));
        let url = RedisUrl::Plain("redis://redis".into());
        let expected = BullmqQueue { url, ca: None, queue: text.into(), prefix: "bull".into() };
        assert_eq!(read, QueueSource::Bullmq(expected));
    }
    let named = fleet(&format!("{PLACE}{WORK}")).replace("name: worker", "name: 012");
    assert_eq!(taken(&named).services()[0].name(), "012");
}

#[test]
fn cpu_and_memory_are_the_metrics_of_ecs() {
    let service = service(
        "rules: [{ when: cpu > 70% for 5m, add: 2 }, { when: cpu < 30%, remove: 1 }, { when: memory > 80%, add: 2 }]",
    );
    let names: Vec<&str> = service.metrics().iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["cpu", "memory"]);
    let expected = MetricSource {
        namespace: "AWS/ECS".into(),
        metric: "CPUUtilization".into(),
        dimensions: BTreeMap::from([
            ("ClusterName".into(), "shop".into()),
            ("ServiceName".into(), "worker".into()),
        ]),
        statistic: "Average".into(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    };
    assert_eq!(service.metrics()[0].source, Source::Metric(expected));
    assert_eq!(service.policy().metrics.len(), 2);
}

#[test]
fn declared_metrics_are_read_in_their_own_unit() {
    let service = service(&format!(
        "metrics:
  response_time:
    {{ namespace: AWS/ApplicationELB, metric: TargetResponseTime, dimensions: {{ LoadBalancer: app/x/1 }},
      statistic: p95, period: 2m, absent: no_vote, unit: seconds }}
{}",
        WORK.replace("[{", "[{ when: response_time > 500ms for 5m, add: 10%, at_least: 2 }, {")
    ));
    let rule = &service.policy().rules[0];
    assert_eq!((rule.when.threshold, rule.when.unit), (0.5, Unit::Seconds));
    assert_eq!(rule.adjust, Adjustment::Add(Amount::Percent { percent: 10, at_least: 2 }));
    assert_eq!(service.metrics()[0].source.period(), SignedDuration::from_mins(2));
    assert_eq!(service.policy().metrics[0].on_absence, OnAbsence::NoVote);
}

#[test]
fn budgets_add_up_at_maximum_capacity() {
    let text = format!(
        "{}budgets: [{{ name: rds, limit: 80, use: {{ worker: 4 }} }}]",
        fleet(&format!("{PLACE}{WORK}"))
    );
    assert_eq!(taken(&text).budgets()[0].use_at_max(), 80);
}

/// Not wrong, but perhaps not meant.
#[track_caller]
fn check_warnings(lines: &str, expected: &[&str]) {
    let text = fleet(lines);
    let codes: Vec<&str> = taken(&text).warnings().iter().map(|warning| warning.code().as_str()).collect();
    assert_eq!(codes, expected, "{lines}");
}

#[test]
fn what_can_hardly_be_meant_is_a_warning() {
    let at = |min: u32, max: u32| {
        format!("ecs: {{ cluster: c, service: s }}\ncapacity: {{ min: {min}, max: {max} }}\n")
    };
    let rules = "rules: [{ when: waiting > 500, add: 5 }, { when: waiting < 50, remove: 1 }]";
    let celery = "queue: { celery: { url: redis://r, queue: q } }";
    let late = "queue: { celery: { url: redis://r, queue: q, acks_late: true } }";
    check_warnings(&format!("{}{WORK}", at(0, 5)), &[]);
    check_warnings(&format!("{}{WORK}", at(5, 5)), &["fixed-size"]);
    check_warnings(&format!("{}{celery}\n{rules}", at(1, 5)), &[]);
    check_warnings(&format!("{}{late}\n{rules}", at(0, 5)), &[]);
    check_warnings(&format!("{}{celery}\n{rules}", at(0, 5)), &["zero-unseen-in-flight"]);
    check_warnings(
        &format!("{}queue: {{ list: {{ url: redis://r, key: k }} }}\n{rules}", at(0, 5)),
        &["zero-unseen-in-flight"],
    );
    let by_depth = rules.replace("waiting", "depth");
    check_warnings(&format!("{}{late}\n{by_depth}", at(1, 5)), &[]);
    check_warnings(&format!("{}{celery}\n{by_depth}", at(1, 5)), &["never-matches"]);
    let list = "queue: { list: { url: redis://r, key: k, proof: p } }";
    check_warnings(&format!("{}{list}\n{by_depth}", at(1, 5)), &["never-matches", "never-matches"]);
    for (name, expected) in [("jobs", &[][..]), ("jobs.fifo", &["fifo-queue"])] {
        let url = format!("https://sqs.eu-central-1.amazonaws.com/123456789012/{name}");
        check_warnings(&format!("{}queue: {{ sqs: {{ url: \"{url}\" }} }}\n{rules}", at(1, 5)), expected);
    }
    check_warnings(
        &format!("{}rules: [{{ when: cpu > 70%, add: 1 }}, {{ when: cpu < 30%, remove: 1 }}]", at(1, 5)),
        &[],
    );
    check_warnings(&format!("{}rules: [{{ when: memory > 85% for 3m, notify: critical }}]", at(5, 5)), &[]);
    check_warnings(
        &format!("{}rules: [{{ when: errors > 100%, notify: warning }}]", at(1, 5)),
        &["never-matches"],
    );
    check_warnings(
        &format!("{}{celery}\nrules: [{{ when: waiting > 500, add: 5 }}]", at(1, 5)),
        &["one-way-rules"],
    );
    check_warnings(&format!("{}largest_step: {{ out: 2 }}\n{WORK}", at(1, 50)), &["above-largest-step"]);
    check_warnings(&format!("{}{}", at(1, 5), WORK.replace("< 50", "< 0")), &["never-matches"]);
    let two = WORK.replace("remove: 1", "remove: 2");
    check_warnings(&format!("{}{two}", at(1, 5)), &["removes-one-at-a-time"]);
    check_warnings(&format!("{}interruptible: true\n{two}", at(1, 5)), &[]);
    check_warnings(
        &format!("{}metrics: {{ lag: {{ namespace: N, metric: M }} }}\n{WORK}", at(1, 5)),
        &["unused-metric"],
    );
}
