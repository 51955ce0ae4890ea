//! How long it is believed which load balancer a target group is behind: as long as that one counts something.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_fleet::{LoadBalancerMetric, Source};
use tidegate_policy::{Absence, MetricReading, OnAbsence, jobs};

use crate::fake::Aws;
use crate::metrics::{now, results};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

fn target_group(name: &str) -> String {
    format!("{ARN}:targetgroup/{name}/1")
}

fn at(minute: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_mins(minute)).expect("a moment")
}

/// What a load balancer counts for a target group in a minute: by its name, the name of the group, and the minute.
type CountedOfGroup = fn(balancer: &str, group: &str, minute: i64) -> Option<f64>;

/// A warm process in an AWS where time goes by.
struct WarmProcess {
    aws: Aws,
    minute: Arc<AtomicI64>,
    kept: LoadBalancers,
}

impl WarmProcess {
    /// Which load balancer every target group is behind, by the minute, and what is counted.
    fn new(front: fn(i64) -> &'static str, counted: CountedOfGroup) -> Self {
        let minute = Arc::<AtomicI64>::default();
        let clock = minute.clone();
        let aws = Aws::new(move |action, body| {
            let minute = clock.load(Ordering::Relaxed);
            if action == "DescribeTargetGroups" {
                let balancer = format!("{ARN}:loadbalancer/{}", front(minute));
                let group = |arn: &Value| json!({"TargetGroupArn": arn, "LoadBalancerArns": [balancer]});
                let arns = body["TargetGroupArns"].as_array().expect("ARNs").iter();
                return Ok(json!({"TargetGroups": arns.map(group).collect::<Vec<_>>()}));
            }
            Ok(results(body, |query| {
                let dimensions = &query["MetricStat"]["Metric"]["Dimensions"];
                let named = |index: usize| dimensions[index]["Value"].as_str().expect("a value");
                // CloudWatch shows a minute once the next one is over.
                let shown = (minute - 15)..(minute - 1);
                let point = |minute: i64| Some((-minute - 1, counted(named(0), named(1), minute)?));
                shown.filter_map(point).collect()
            }))
        });
        Self { aws, minute, kept: LoadBalancers::default() }
    }

    /// The requests of services with these target groups, in an evaluation of this minute.
    async fn requests(&self, services: &[Vec<String>], minute: i64) -> Vec<MetricReading> {
        self.minute.store(minute, Ordering::Relaxed);
        let source = Source::LoadBalancer(LoadBalancerMetric::Requests);
        let longest_for = SignedDuration::from_mins(5);
        let wanted = services.iter().map(|groups| Wanted {
            source: &source,
            limit: None,
            target_groups: groups,
            longest_for,
        });
        let wanted: Vec<Wanted<'_>> = wanted.collect();
        metrics::read(&self.aws.clients(), &self.kept, &wanted, at(minute)).await
    }

    /// The target groups that were asked for since the last time, call by call.
    fn asked(&self, before: usize) -> Vec<Vec<String>> {
        let arns = |body: &Value| serde_json::from_value(body["TargetGroupArns"].clone()).expect("ARNs");
        let calls = self.aws.calls("DescribeTargetGroups").into_iter().skip(before);
        calls.map(|call| arns(&call.body)).collect()
    }
}

/// What the policy takes a reading for.
fn taken(reading: &MetricReading, minute: i64) -> Result<u64, Absence> {
    jobs(reading, OnAbsence::Zero, at(minute))
}

/// The load balancer is replaced in minute 3, and the target group stays: before it the old one counts, then the new one.
fn replaced() -> WarmProcess {
    let front = |minute| if minute < 3 { "app/old/1" } else { "app/new/2" };
    let counted: CountedOfGroup = |balancer, _, minute| {
        let is_old = balancer == "app/old/1";
        (is_old == (minute < 3)).then_some(300.0)
    };
    WarmProcess::new(front, counted)
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_that_was_replaced_is_never_taken_for_one_without_requests() {
    let api = [vec![target_group("api")]];
    for evaluations in
        [(0..40).collect::<Vec<_>>(), (0..40).step_by(2).collect(), vec![0, 14], vec![0, 9, 10]]
    {
        let world = replaced();
        let mut seen = Vec::new();
        for minute in evaluations {
            let reading = world.requests(&api, minute).await.remove(0);
            seen.push((minute, taken(&reading, minute)));
        }
        assert!(seen.iter().all(|(_, taken)| *taken == Ok(300)), "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_two_that_was_replaced_is_counted_again_before_its_part_is_taken_for_zero() {
    let world = WarmProcess::new(
        |minute| if minute < 3 { "app/old/1" } else { "app/new/2" },
        |balancer, group, minute| {
            let counts = group.contains("other") || (balancer == "app/old/1") == (minute < 3);
            counts.then_some(300.0)
        },
    );
    let service = [vec![target_group("api"), target_group("other")]];
    for minute in 0..40 {
        let reading = world.requests(&service, minute).await.remove(0);
        let MetricReading::Points { points, .. } = reading else { unreachable!("read") };
        let settled = points.iter().rfind(|point| at(minute).duration_since(point.at).as_mins() >= 5);
        assert_eq!(settled.map(|point| point.value), Some(600.0), "{minute}: {points:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_counts_is_asked_for_once_and_a_silent_one_once_a_minute() {
    let world = WarmProcess::new(|_| "app/prod/50", |_, group, _| group.contains("busy").then_some(7.0));
    let (busy, silent) = (target_group("busy"), target_group("silent"));
    let groups = [&busy, &silent, &silent].map(|group| vec![group.clone()]);
    let readings = world.requests(&groups, 0).await;
    assert_eq!(world.asked(0), [vec![busy, silent.clone()]]);
    assert_eq!((taken(&readings[0], 0), taken(&readings[1], 0)), (Ok(7), Ok(0)));
    for minute in 1..30 {
        let before = world.aws.calls("DescribeTargetGroups").len();
        let readings = world.requests(&groups, minute).await;
        assert_eq!(world.asked(before), [vec![silent.clone()]], "{minute}");
        assert_eq!((taken(&readings[0], minute), taken(&readings[1], minute)), (Ok(7), Ok(0)));
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_silent_ones_four_hundred_are_asked_for_in_a_reading_and_none_is_unknown() {
    let world = WarmProcess::new(|_| "app/prod/50", |_, _, _| None);
    let groups: Vec<Vec<String>> =
        (0..1000).map(|number| vec![target_group(&format!("s{number:04}"))]).collect();
    for (minute, calls) in [(0, 50), (1, 20), (2, 20), (3, 20), (4, 20), (5, 20)] {
        let before = world.aws.calls("DescribeTargetGroups").len();
        let readings = world.requests(&groups, minute).await;
        assert_eq!(world.asked(before).len(), calls, "{minute}");
        assert!(readings.iter().all(|reading| taken(reading, minute) == Ok(0)), "{minute}");
    }
    let readings = world.requests(&groups, 60).await;
    let unknown = readings.iter().filter(|reading| taken(reading, 60).is_err()).count();
    assert_eq!(unknown, 600, "asked for an hour ago, and no zero until they are asked for again");
}
