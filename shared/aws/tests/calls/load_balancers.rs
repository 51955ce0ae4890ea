//! Metrics of load balancers: from target groups to dimensions, and from datapoints to what a service gets.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_fleet::{LoadBalancerMetric, Source};
use tidegate_policy::{AbsenceKind, MetricReading};

use crate::fake::{Aws, HttpAnswer};
use crate::metrics::{failure, now, points, results};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

fn target_group(name: &str) -> String {
    format!("{ARN}:targetgroup/{name}/1")
}

/// A load balancer by its kind and name.
fn balancer(name: &str) -> Value {
    json!(format!("{ARN}:loadbalancer/{name}"))
}

/// Minutes ago, and values.
type Points = Vec<(i64, f64)>;

/// An AWS with target groups (the load balancer of each, if it has one) and metrics.
fn aws(
    groups: &[(&str, Option<&str>)],
    metric: impl Fn(&str, &str) -> Points + Send + Sync + 'static,
) -> Aws {
    let group = |(name, front): &(&str, Option<&str>)| {
        let fronts: Vec<Value> = front.iter().map(|front| balancer(front)).collect();
        json!({"TargetGroupArn": target_group(name), "LoadBalancerArns": fronts})
    };
    let groups: Vec<Value> = groups.iter().map(group).collect();
    Aws::new(move |action, body| -> HttpAnswer {
        match action {
            "DescribeTargetGroups" => {
                let asked = body["TargetGroupArns"].as_array().expect("ARNs");
                let find = |arn: &Value| groups.iter().find(|group| group["TargetGroupArn"] == *arn).cloned();
                let found: Option<Vec<Value>> = asked.iter().map(find).collect();
                let found = found.ok_or(("TargetGroupNotFound", "One or more target groups not found"))?;
                Ok(json!({ "TargetGroups": found }))
            }
            _ => Ok(results(body, |query| {
                let asked = &query["MetricStat"]["Metric"];
                let dimensions = asked["Dimensions"].as_array().expect("dimensions").iter();
                let mut named = dimensions.map(|dimension| dimension["Value"].as_str().expect("a value"));
                let place = named.by_ref().last().expect("a dimension");
                metric(asked["MetricName"].as_str().expect("a name"), place)
            })),
        }
    })
}

async fn read(aws: &Aws, metric: LoadBalancerMetric, groups: &[&str]) -> MetricReading {
    let groups: Vec<String> = groups.iter().map(|name| target_group(name)).collect();
    let source = Source::LoadBalancer(metric);
    let wanted =
        Wanted { source: &source, limit: None, target_groups: &groups, longest_for: SignedDuration::ZERO };
    metrics::read(&aws.clients(), &LoadBalancers::default(), &[wanted], now()).await.remove(0)
}

fn p95() -> LoadBalancerMetric {
    LoadBalancerMetric::ResponseTime { statistic: "p95".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn requests_are_those_of_the_target_group_and_not_of_the_load_balancer() {
    let aws = aws(&[("api", Some("app/prod/50"))], |_, _| vec![(1, 300.0), (0, 420.0)]);
    let reading = read(&aws, LoadBalancerMetric::Requests, &["api"]).await;
    assert_eq!(points(&reading), [(1, 300.0), (0, 420.0)]);
    let asked = &aws.calls("GetMetricData")[0].body["MetricDataQueries"];
    assert_eq!(
        *asked,
        json!([{"Id": "m0", "ReturnData": true, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
            "Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": [
                {"Name": "LoadBalancer", "Value": "app/prod/50"},
                {"Name": "TargetGroup", "Value": "targetgroup/api/1"}]}}}])
    );
}

#[tokio::test(start_paused = true)]
async fn several_target_groups_add_up_and_the_slowest_counts() {
    let aws = aws(&[("blue", Some("app/prod/50")), ("green", Some("app/prod/50"))], |metric, place| {
        match (metric, place) {
            ("RequestCount", "targetgroup/blue/1") => vec![(3, 300.0), (0, 100.0)],
            ("RequestCount", _) => vec![(0, 20.0)],
            (_, "targetgroup/blue/1") => vec![(3, 0.4), (0, 0.5)],
            _ => vec![(0, 0.9)],
        }
    });
    let requests = read(&aws, LoadBalancerMetric::Requests, &["blue", "green"]).await;
    assert_eq!(points(&requests), [(3, 300.0), (0, 120.0)]);
    assert_eq!(points(&read(&aws, p95(), &["blue", "green"]).await), [(3, 0.4), (0, 0.9)]);
    let asked = aws.calls("GetMetricData")[1].body["MetricDataQueries"][0]["MetricStat"].clone();
    assert_eq!(
        (&asked["Stat"], &asked["Metric"]["MetricName"]),
        (&json!("p95"), &json!("TargetResponseTime"))
    );
}

/// Of a young minute a part may be missing, which the policy knows; of an old one nothing is, and who is silent had none.
#[tokio::test(start_paused = true)]
async fn what_is_there_of_a_minute_is_reported_for_every_minute() {
    const TWO: [(&str, Option<&str>); 2] = [("blue", Some("app/prod/50")), ("green", Some("net/tcp/7"))];
    for green in [
        vec![(4, 1.0), (3, 1.0), (2, 1.0), (1, 1.0), (0, 1.0)],
        vec![(4, 1.0), (3, 1.0), (2, 1.0), (0, 1.0)],
        vec![(4, 1.0)],
        vec![],
    ] {
        let blue = || (0..5).rev().map(|minute| (minute, 10.0)).collect::<Vec<_>>();
        let expected = |of_blue: f64| -> Points {
            let of_green =
                |minute| green.iter().find(|(at, _)| *at == minute).map_or(0.0, |(_, value)| *value);
            (0..5).rev().map(|minute| (minute, of_blue + of_green(minute))).collect()
        };
        let of_green = green.clone();
        let connections =
            aws(&TWO, move |_, place| if place == "net/tcp/7" { of_green.clone() } else { blue() });
        let reading = read(&connections, LoadBalancerMetric::Connections, &["blue", "green"]).await;
        assert_eq!(points(&reading), expected(5.0), "{green:?}");

        let of_green = green.clone();
        let fronts = TWO.map(|(name, _)| (name, Some("app/prod/50")));
        let requests =
            aws(&fronts, move |_, place| if place.contains("green") { of_green.clone() } else { blue() });
        let reading = read(&requests, LoadBalancerMetric::Requests, &["blue", "green"]).await;
        assert_eq!(points(&reading), expected(10.0), "{green:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_a_share_of_the_requests_and_nothing_without_them() {
    let aws = aws(&[("api", Some("app/prod/50"))], |metric, _| match metric {
        "RequestCount" => vec![(5, 200.0), (4, 400.0), (2, 0.0), (1, 300.0)],
        _ => vec![(5, 10.0), (1, 9.0), (0, 5.0)],
    });
    let reading = read(&aws, LoadBalancerMetric::Errors, &["api"]).await;
    let why = "10 of 200; none; no requests; 9 of 300; no requests counted";
    assert_eq!(points(&reading), [(5, 5.0), (4, 0.0), (1, 3.0)], "{why}");
}

#[tokio::test(start_paused = true)]
async fn both_sides_of_a_connection_are_one_and_a_load_balancer_counts_once() {
    let groups = [("a", Some("app/prod/50")), ("b", Some("app/prod/50")), ("flows", Some("net/tcp/7"))];
    let aws = aws(&groups, |metric, place| match (metric, place) {
        ("ActiveConnectionCount", "app/prod/50") => vec![(3, 800.0), (0, 1000.0)],
        ("ActiveFlowCount", "net/tcp/7") => vec![(0, 30.0)],
        other => unreachable!("unexpected call {other:?}"),
    });
    let connections = LoadBalancerMetric::Connections;
    assert_eq!(points(&read(&aws, connections.clone(), &["a", "b"]).await), [(3, 400.0), (0, 500.0)]);
    assert_eq!(points(&read(&aws, connections.clone(), &["flows"]).await), [(0, 30.0)]);
    assert_eq!(points(&read(&aws, connections, &["a", "flows"]).await), [(3, 400.0), (0, 530.0)]);
}

#[tokio::test(start_paused = true)]
async fn a_service_behind_no_load_balancer_is_a_failure_and_never_without_requests() {
    let groups = [("alone", None), ("api", Some("app/prod/50"))];
    let aws = aws(&groups, |_, _| vec![(0, 7.0)]);
    let requests = LoadBalancerMetric::Requests;
    let none = read(&aws, requests.clone(), &[]).await;
    assert_eq!(failure(&none), (AbsenceKind::NotFound, "the service is registered with no target group"));
    let alone = read(&aws, requests.clone(), &["alone"]).await;
    assert_eq!(
        failure(&alone),
        (AbsenceKind::NotFound, "the service's target group is behind no load balancer")
    );
    let typo = read(&aws, requests.clone(), &["api", "typo"]).await;
    assert_eq!(
        failure(&typo),
        (AbsenceKind::NotFound, "TargetGroupNotFound: One or more target groups not found")
    );
    assert!(aws.calls("GetMetricData").is_empty(), "there is nothing to ask for");
    let both = read(&aws, requests, &["alone", "api"]).await;
    assert_eq!(points(&both), [(0, 7.0)], "a target group without load balancer gets no requests");
}

#[tokio::test(start_paused = true)]
async fn one_unknown_target_group_hides_no_other_service() {
    let aws = aws(&[("api", Some("app/prod/50"))], |_, _| vec![(0, 7.0)]);
    let (api, typo) = ([target_group("api")], [target_group("typo")]);
    let source = Source::LoadBalancer(LoadBalancerMetric::Requests);
    let of = |groups| Wanted {
        source: &source,
        limit: None,
        target_groups: groups,
        longest_for: SignedDuration::ZERO,
    };
    let readings =
        metrics::read(&aws.clients(), &LoadBalancers::default(), &[of(&api), of(&typo)], now()).await;
    assert_eq!(points(&readings[0]), [(0, 7.0)]);
    assert_eq!(failure(&readings[1]).0, AbsenceKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_network_load_balancer_counts_connections_only() {
    let aws = aws(&[("flows", Some("net/tcp/7")), ("web", Some("gwy/x/8"))], |_, _| vec![(0, 1.0)]);
    for (metric, group, expected) in [
        (LoadBalancerMetric::Requests, "flows", "the network load balancer `net/tcp/7` counts no requests"),
        (LoadBalancerMetric::Errors, "flows", "the network load balancer `net/tcp/7` counts no errors"),
        (p95(), "flows", "the network load balancer `net/tcp/7` counts no response times"),
        (LoadBalancerMetric::Connections, "web", "the load balancer `gwy/x/8` counts no connections"),
    ] {
        assert_eq!(failure(&read(&aws, metric, &[group]).await), (AbsenceKind::NotFound, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_metric_that_fails_for_one_target_group_fails_for_the_service() {
    let groups = [("blue", Some("app/prod/50")), ("green", Some("app/prod/50"))];
    let whole = aws(&groups, |_, _| vec![(0, 7.0)]);
    let aws = Aws::new(move |action, body| -> HttpAnswer {
        let group = |name: &str| json!({"TargetGroupArn": target_group(name), "LoadBalancerArns": [balancer("app/prod/50")]});
        if action == "DescribeTargetGroups" {
            return Ok(json!({"TargetGroups": [group("blue"), group("green")]}));
        }
        let mut answer = results(body, |_| vec![(0, 7.0)]);
        answer["MetricDataResults"][1]["StatusCode"] = json!("InternalError");
        Ok(answer)
    });
    let requests = LoadBalancerMetric::Requests;
    assert_eq!(points(&read(&whole, requests.clone(), &["blue", "green"]).await), [(0, 14.0)]);
    let partly = read(&aws, requests, &["blue", "green"]).await;
    assert_eq!(
        failure(&partly),
        (AbsenceKind::NoDatapoints, "CloudWatch: InternalError"),
        "a part is not the sum"
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_group_without_load_balancer_is_asked_for_in_every_reading() {
    let aws = aws(&[("alone", None)], |_, _| vec![(0, 7.0)]);
    let (clients, kept) = (aws.clients(), LoadBalancers::default());
    let source = Source::LoadBalancer(LoadBalancerMetric::Requests);
    let alone = [target_group("alone")];
    for expected in [1, 2] {
        let wanted =
            Wanted { source: &source, limit: None, target_groups: &alone, longest_for: SignedDuration::ZERO };
        metrics::read(&clients, &kept, &[wanted], now()).await;
        assert_eq!(aws.calls("DescribeTargetGroups").len(), expected);
    }
}
