//! How large a memory becomes.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_policy::memory::Settled;
use tidegate_policy::memory::size::{DISTURBED_BYTES, most_bytes};
use tidegate_policy::{MetricName, MetricPolicy, Observation, OnAbsence, ServicePolicy};

use crate::arbitrary::{Range, observation, policy, usual_rules};
use crate::stage::{Stage, rule, seconds};
use crate::track::track;

/// What one evaluation meets.
#[derive(Debug, Clone)]
struct EvaluationStep {
    /// Seconds since the one before.
    gap: i64,
    seen: Observation,
    /// Whether CloudWatch answers with the datapoints up to now.
    answers: bool,
    cpu: f64,
    requests: f64,
    /// How the change ended, if it was decided; `None` when the outcome is unknown.
    settled: Option<Settled>,
}

fn moment() -> impl Strategy<Value = EvaluationStep> {
    let gap = prop_oneof![Just(15_i64), Just(60)];
    let settled = prop_oneof![
        6 => Just(Some(Settled::Applied)),
        2 => Just(Some(Settled::Failed)),
        1 => Just(Some(Settled::NotSent)),
        1 => Just(None),
    ];
    let metrics = (prop::bool::weighted(0.8), 0.0..120.0_f64, 0.0..120.0_f64);
    (gap, observation(Range::Everyday), metrics, settled).prop_map(
        |(gap, seen, (answers, cpu, requests), settled)| EvaluationStep {
            gap,
            seen,
            answers,
            cpu,
            requests,
            settled,
        },
    )
}

fn metric(name: &str) -> MetricPolicy {
    MetricPolicy { name: MetricName::new(name).unwrap(), on_absence: OnAbsence::Missing, is_ratio: false }
}

/// The same policy, with everything declared that it names.
fn declared(mut policy: ServicePolicy) -> ServicePolicy {
    let rules = policy.rules.iter().map(|rule| &rule.when.signal);
    let others = policy.track.iter().map(|track| &track.signal);
    let signals = rules.chain(others).chain(policy.notify.iter().map(|notify| &notify.when.signal));
    let mut names: Vec<MetricName> = signals.filter_map(|signal| signal.metric().cloned()).collect();
    names.extend(policy.floor.iter().map(|floor| floor.by().clone()));
    names.sort();
    names.dedup();
    policy.metrics = names.iter().map(|name| metric(name.as_str())).collect();
    policy
}

/// The longest memory of some hours in which the moments follow each other, in bytes, and how many it may have.
fn longest(policy: ServicePolicy, moments: Vec<EvaluationStep>) -> (String, usize) {
    let mut stage = Stage::new(1, 50, &[]);
    stage.policy = declared(policy);
    let most = most_bytes(&stage.policy, seconds(60));
    let (mut at, mut longest) = (0, String::new());
    let (mut cpu, mut requests) = (Vec::new(), Vec::new());
    for moment in moments {
        at += moment.gap;
        let minute = at / 60 * 60;
        if cpu.last().is_none_or(|(last, _)| minute > *last) {
            cpu.push((minute, moment.cpu));
            requests.push((minute, moment.requests));
        }
        let desired = stage.seen.service.as_ref().map_or(5, |service| service.desired_count);
        stage.seen = moment.seen;
        if let Ok(service) = &mut stage.seen.service {
            service.desired_count = desired;
        }
        if let Some(Ok(queue)) = &mut stage.seen.queue {
            queue.head = queue.head.map(|print| u64::MAX - print);
        }
        if moment.answers {
            stage.at(at).answer("cpu", &cpu[cpu.len().saturating_sub(20)..]);
            stage.answer("requests", &requests[requests.len().saturating_sub(20)..]);
        }
        let decision = stage.at(at).evaluate_and_crash();
        stage.memory.mark_notified(&decision.notices);
        if let Some(settled) = moment.settled {
            stage.settle(settled);
        }
        if let (Some((_, to)), Some(Settled::Applied), Ok(service)) =
            (decision.verdict.as_change(), moment.settled, &mut stage.seen.service)
        {
            service.desired_count = to;
        }
        let mut memory = stage.memory.clone();
        if let Some(intent) = &mut memory.intent {
            intent.evaluation = "a".repeat(36);
        }
        let text = serde_json::to_string(&memory).unwrap();
        longest = std::cmp::max_by_key(longest, text, String::len);
    }
    (longest, most)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Queues that cannot be read, tasks that come and go, changes that fail, an AWS that refuses: whatever happens to a
    /// service, its memory stays within what is promised.
    #[test]
    fn whatever_happens_to_a_service_its_memory_stays_within_what_is_promised(
        policy in policy(Range::Everyday, usual_rules()),
        wait in proptest::option::weighted(0.3, Just(seconds(60))),
        moments in vec(moment(), 1..80),
    ) {
        let (longest, most) = longest(ServicePolicy { wait, ..policy }, moments);
        prop_assert!(longest.len() <= most + DISTURBED_BYTES, "{} above {most}: {longest}", longest.len());
    }
}

#[test]
fn each_part_of_a_policy_adds_what_is_remembered_of_it() {
    let most = |period: i64, change: fn(&mut Stage)| {
        let stage = Stage::new(1, 50, &[]).with(change);
        most_bytes(&stage.policy, seconds(period))
    };
    let plain = most(60, |_| ());
    let words = "cpu > 70% for 5m".len();
    let run = most(60, |stage| stage.policy.rules = vec![rule("cpu > 70% for 5m: +1")]) - plain - words;
    let metric = most(60, |stage| stage.policy.metrics = vec![metric("requests"), metric("logins")]) - plain;
    assert!(run > 0 && metric > 0);
    assert_eq!(most(60, |stage| stage.policy.rules = vec![rule("cpu > 70%: +1")]), plain);
    assert_eq!(most(60, |stage| stage.policy.track = vec![track("cpu", 70.0)]), plain);
    let two = |stage: &mut Stage| stage.policy.track = vec![track("cpu", 70.0), track("memory", 70.0)];
    assert_eq!(most(60, two), plain + run + metric);
    let longer = most(61, |_| ());
    assert!(longer > plain && longer == most(300, |_| ()), "the tasks over three longer periods");
    assert_eq!(most(10, |_| ()), plain);
    let share = |stage: &mut Stage| stage.policy.track = vec![track("requests_per_task", 70.0)];
    assert_eq!((most(60, share), most(300, share)), (longer, longer), "the tasks over ten minutes");
}
