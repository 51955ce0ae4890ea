//! A large evaluation makes the fewest calls that the APIs allow, side by side, and none faster than its bucket.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_aws::targets;
use tidegate_fleet::{LoadBalancerMetric, MetricSource, Source, TargetName};
use tidegate_policy::{MetricReading, OnAbsence};
use tokio::time::Instant;

use crate::ecs;
use crate::fake::{Aws, deadline};
use crate::metrics::{now, results};

/// The ARN of a service's target group.
fn target_group(service: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/{service}/6d0ecf831eec9f09")
}

/// An AWS in which every service exists, stands behind one load balancer, and publishes everything.
fn aws() -> Aws {
    Aws::new(|action, body| match action {
        "DescribeServices" => {
            let service = |name: &Value| {
                let name = name.as_str().expect("a name");
                let mut service = ecs::service(name);
                service["loadBalancers"] = json!([{ "targetGroupArn": target_group(name) }]);
                service
            };
            let names = body["services"].as_array().expect("names").iter();
            Ok(json!({"services": names.map(service).collect::<Vec<_>>(), "failures": []}))
        }
        "DescribeScalableTargets" => Ok(json!({"ScalableTargets": []})),
        "DescribeTargetGroups" => {
            let balancer =
                "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/prod/50dc6c495c0c9188";
            let group = |arn: &Value| json!({"TargetGroupArn": arn, "LoadBalancerArns": [balancer]});
            let arns = body["TargetGroupArns"].as_array().expect("ARNs").iter();
            Ok(json!({"TargetGroups": arns.map(group).collect::<Vec<_>>()}))
        }
        "GetMetricData" => Ok(results(body, |_| vec![(0, 1.0)])),
        other => unreachable!("unexpected call {other}"),
    })
}

fn cpu(service: &str) -> Source {
    Source::Metric(MetricSource {
        namespace: "AWS/ECS".to_owned(),
        metric: "CPUUtilization".to_owned(),
        dimensions: BTreeMap::from([("ServiceName".to_owned(), service.to_owned())]),
        statistic: "Average".to_owned(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    })
}

#[tokio::test(start_paused = true)]
async fn five_hundred_services_with_fifteen_hundred_metrics_are_read_with_the_fewest_calls() {
    let aws = aws();
    let clients = aws.clients();
    let services: Vec<String> = (0..500).map(|number| format!("s{number:03}")).collect();
    let names: Vec<TargetName> = services.iter().map(|service| ecs::name("prod", service)).collect();
    let began = Instant::now();
    let seen = targets::describe(&clients, &names.iter().collect::<Vec<_>>(), deadline()).await;
    assert_eq!(aws.calls("DescribeServices").len(), 50, "ten services per call");
    assert_eq!(aws.calls("DescribeScalableTargets").len(), 10, "fifty services per call");

    let by_itself: Vec<Source> = services.iter().map(|service| cpu(service)).collect();
    let balanced = [
        Source::LoadBalancer(LoadBalancerMetric::Requests),
        Source::LoadBalancer(LoadBalancerMetric::ResponseTime { statistic: "p95".to_owned() }),
    ];
    let mut wanted = Vec::new();
    for (name, cpu) in names.iter().zip(&by_itself) {
        let target_groups = &seen[name].as_ref().expect("read").target_groups;
        for source in balanced.iter().chain([cpu]) {
            wanted.push(Wanted {
                source,
                limit: None,
                target_groups,
                longest_for: SignedDuration::from_mins(5),
            });
        }
    }
    assert_eq!(wanted.len(), 1500);
    let load_balancers = LoadBalancers::default();
    let readings = metrics::read(&clients, &load_balancers, &wanted, now()).await;
    let read = |reading: &&MetricReading| matches!(reading, MetricReading::Points { points, .. } if points.len() == 1);
    assert_eq!(readings.iter().filter(read).count(), 1500);
    assert_eq!(aws.calls("DescribeTargetGroups").len(), 25, "twenty target groups per call");
    assert_eq!(aws.calls("GetMetricData").len(), 3, "five hundred metrics per call");
    assert_eq!(aws.count(), 50 + 10 + 25 + 3);
    assert!((10..=20).contains(&aws.at_once()), "{} calls at once", aws.at_once());
    // Every call takes 40 ms: one after the other they would take 3.5 s. Ten are above the burst, at 10 a second.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());

    metrics::read(&clients, &load_balancers, &wanted, now()).await;
    assert_eq!(aws.calls("DescribeTargetGroups").len(), 25, "the load balancers are known");
    assert_eq!(aws.calls("GetMetricData").len(), 6);
}

/// The fleet of 1,000 services by name.
fn a_thousand() -> Vec<TargetName> {
    (0..1000).map(|number| ecs::name("prod", &format!("s{number:04}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_services_are_read_within_the_time_that_there_is() {
    let aws = aws();
    let names = a_thousand();
    let within = Instant::now() + Duration::from_secs(8);
    let seen = targets::describe(&aws.clients(), &names.iter().collect::<Vec<_>>(), within).await;
    assert_eq!(seen.values().filter(|service| service.is_ok()).count(), 1000);
}

#[tokio::test(start_paused = true)]
async fn three_evaluations_at_a_thousand_services_leave_the_account_its_calls() {
    let aws = aws();
    let clients = aws.clients();
    let names = a_thousand();
    let names: Vec<&TargetName> = names.iter().collect();
    let evaluations = [0, 1, 2].map(|_| targets::describe(&clients, &names, deadline()));
    futures_util::future::join_all(evaluations).await;
    let calls = aws.calls("DescribeServices");
    assert_eq!(calls.len(), 300);
    let mut at: Vec<Instant> = calls.iter().map(|call| call.at).collect();
    at.sort_unstable();
    for window in at.windows(51) {
        assert!(
            window[50] - window[0] >= Duration::from_millis(980),
            "51 calls within a second, 40 + 10 are allowed"
        );
    }
    assert!(at[299] - at[0] >= Duration::from_millis(25_900), "260 calls above the burst, at 10 a second");
}
