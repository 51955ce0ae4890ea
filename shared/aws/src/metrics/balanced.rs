//! What a load balancer counts for a service, found by the service's target groups.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::LoadBalancerMetric;
use tidegate_policy::{Absence, AbsenceKind, MetricReading};

use crate::load_balancers::{Attachment, Attachments};
use crate::metrics::points::{self, Series};
use crate::metrics::query::{Query, Stat};

/// Load balancers publish once a minute.
const PERIOD: SignedDuration = SignedDuration::from_mins(1);
/// The namespace of application load balancers.
const APPLICATION: &str = "AWS/ApplicationELB";
/// The namespace of network load balancers.
const NETWORK: &str = "AWS/NetworkELB";

/// The queries of one metric, and how they are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Balanced {
    /// Added up over the target groups.
    Sum(Vec<Query>),
    /// The largest of the target groups.
    Largest(Vec<Query>),
    /// Failed requests in percent of all requests.
    Percent { failed: Vec<Query>, requests: Vec<Query> },
    /// Connections: of application load balancers both sides of each are counted, of network load balancers one.
    Connections { both_sides: Vec<Query>, one_side: Vec<Query> },
}

impl Balanced {
    /// What to ask for.
    ///
    /// # Errors
    /// The service is behind no load balancer, or behind one that does not count this.
    pub(crate) fn plan(
        metric: &LoadBalancerMetric,
        target_groups: &[String],
        places: &Attachments,
    ) -> Result<Self, Absence> {
        let fronts = fronts(target_groups, places)?;
        if let LoadBalancerMetric::Connections = metric {
            return connections(&fronts);
        }
        let applications: Vec<&Front> = fronts.iter().filter(|front| front.is_application()).collect();
        if applications.len() < fronts.len() {
            let what = match metric {
                LoadBalancerMetric::Requests => "requests",
                LoadBalancerMetric::Errors => "errors",
                LoadBalancerMetric::ResponseTime { .. } => "response times",
                LoadBalancerMetric::Connections => "connections",
            };
            return Err(uncounted(&fronts, what));
        }
        let all = |name: &str, statistic: &str| -> Vec<Query> {
            applications.iter().flat_map(|front| front.of_target_group(name, statistic)).collect()
        };
        Ok(match metric {
            LoadBalancerMetric::Requests | LoadBalancerMetric::Connections => {
                Self::Sum(all("RequestCount", "Sum"))
            }
            LoadBalancerMetric::ResponseTime { statistic } => {
                Self::Largest(all("TargetResponseTime", statistic))
            }
            LoadBalancerMetric::Errors => Self::Percent {
                failed: all("HTTPCode_Target_5XX_Count", "Sum"),
                requests: all("RequestCount", "Sum"),
            },
        })
    }

    /// Its queries.
    pub(crate) fn queries(&self) -> Vec<&Query> {
        match self {
            Self::Sum(queries) | Self::Largest(queries) => queries.iter().collect(),
            Self::Percent { failed: first, requests: second }
            | Self::Connections { both_sides: first, one_side: second } => {
                first.iter().chain(second).collect()
            }
        }
    }

    /// The metric, from the answers to its queries.
    pub(crate) fn combine(&self, answer: impl Fn(&Query) -> MetricReading) -> MetricReading {
        let answers = |queries: &[Query]| -> Vec<MetricReading> { queries.iter().map(&answer).collect() };
        let sum = |readings: Vec<MetricReading>| points::join(readings, |a, b| a + b);
        let combined = match self {
            Self::Sum(queries) => sum(answers(queries)),
            Self::Largest(queries) => points::join(answers(queries), f64::max),
            Self::Percent { failed, requests } => {
                both(sum(answers(failed)), sum(answers(requests)), |failed, requests| {
                    percent(&failed, &requests)
                })
            }
            Self::Connections { both_sides, one_side } => {
                let connections = both_sides.iter().map(|query| points::half(answer(query)));
                sum(connections.chain(one_side.iter().map(&answer)).collect())
            }
        };
        match combined {
            Ok(Some(series)) => points::reading(series, PERIOD),
            Ok(None) => MetricReading::NotRead,
            Err(absence) => MetricReading::Failed(absence),
        }
    }
}

/// The load balancer and the target group of a datapoint.
pub(crate) type Dimensions<'a> = (&'a str, &'a str);

/// When something was last counted for each target group by a load balancer.
pub(crate) fn counted<'a>(
    answers: &BTreeMap<&'a Query, MetricReading>,
) -> BTreeMap<Dimensions<'a>, Timestamp> {
    let mut counted = BTreeMap::new();
    for (query, reading) in answers {
        let (Query::Stat(stat), MetricReading::Points { points, .. }) = (query, reading) else { continue };
        let named = |name: &str| stat.dimensions.get(name).map(String::as_str);
        let dimensions = named("LoadBalancer").zip(named("TargetGroup"));
        let newest = points.iter().rev().find(|point| point.value > 0.0);
        if let Some((dimensions, newest)) = dimensions.zip(newest) {
            let known = counted.entry(dimensions).or_insert(newest.at);
            *known = newest.at.max(*known);
        }
    }
    counted
}

/// The dimensions of what is counted for a target group, where it has a load balancer.
pub(crate) fn dimensions(place: &Attachment) -> Option<Dimensions<'_>> {
    Some((place.load_balancer.as_deref()?, &place.target_group))
}

/// Two series as one, when both were read.
fn both(
    first: Result<Option<Series>, Absence>,
    second: Result<Option<Series>, Absence>,
    join: impl Fn(Series, Series) -> Series,
) -> Result<Option<Series>, Absence> {
    Ok(first?.zip(second?).map(|(first, second)| join(first, second)))
}

/// Failed requests in percent. A minute with requests and without failures has none, since CloudWatch publishes no zero; a
/// minute without requests says nothing.
fn percent(failed: &Series, requests: &Series) -> Series {
    let asked = requests.iter().filter(|(_, requests)| **requests > 0.0);
    asked.map(|(at, asked)| (*at, failed.get(at).copied().unwrap_or(0.0) * 100.0 / asked)).collect()
}

/// A target group behind a load balancer.
struct Front<'a> {
    target_group: &'a str,
    load_balancer: &'a str,
    former: Option<&'a str>,
}

impl Front<'_> {
    fn is_application(&self) -> bool {
        is_application(self.load_balancer)
    }

    /// By the load balancer, and by the one that was in front of the target group before it: each request is counted by one.
    fn of_target_group(&self, metric: &str, statistic: &str) -> impl Iterator<Item = Query> {
        let former = self.former.filter(|former| is_application(former));
        let by = |load_balancer| {
            let dimensions = [("LoadBalancer", load_balancer), ("TargetGroup", self.target_group)];
            query(APPLICATION, metric, &dimensions, statistic)
        };
        [Some(self.load_balancer), former].into_iter().flatten().map(by)
    }
}

fn is_application(load_balancer: &str) -> bool {
    load_balancer.starts_with("app/")
}

/// The target groups that a load balancer sends requests to. One without a load balancer gets none; a service with none
/// else is a mistake, and never a service without requests.
fn fronts<'a>(target_groups: &[String], places: &'a Attachments) -> Result<Vec<Front<'a>>, Absence> {
    let not_found = |text: &str| Absence::new(AbsenceKind::NotFound, text);
    if target_groups.is_empty() {
        return Err(not_found("the service is registered with no target group"));
    }
    let mut fronts = Vec::with_capacity(target_groups.len());
    for arn in target_groups {
        let unread =
            || Absence::new(AbsenceKind::Unreadable, format!("the target group `{arn}` was not read"));
        match places.get(arn).ok_or_else(unread)? {
            Ok(Attachment { target_group, load_balancer: Some(load_balancer), former }) => {
                fronts.push(Front { target_group, load_balancer, former: former.as_deref() });
            }
            Ok(Attachment { load_balancer: None, .. }) => {}
            Err(absence) => return Err(absence.clone()),
        }
    }
    if fronts.is_empty() {
        return Err(not_found("the service's target group is behind no load balancer"));
    }
    Ok(fronts)
}

/// A load balancer counts connections as a whole, each once however many target groups it serves.
fn connections(fronts: &[Front<'_>]) -> Result<Balanced, Absence> {
    let balancers: BTreeSet<&str> = fronts.iter().map(|front| front.load_balancer).collect();
    let (mut both_sides, mut one_side) = (Vec::new(), Vec::new());
    for balancer in balancers {
        let dimensions = [("LoadBalancer", balancer)];
        match balancer.split('/').next() {
            Some("app") => both_sides.push(query(APPLICATION, "ActiveConnectionCount", &dimensions, "Sum")),
            Some("net") => one_side.push(query(NETWORK, "ActiveFlowCount", &dimensions, "Average")),
            _ => return Err(uncounted(fronts, "connections")),
        }
    }
    Ok(Balanced::Connections { both_sides, one_side })
}

/// One of them does not count this.
fn uncounted(fronts: &[Front<'_>], what: &str) -> Absence {
    let first = fronts.iter().find(|front| !front.is_application()).map_or("", |front| front.load_balancer);
    let kind = if first.starts_with("net/") { "network load balancer" } else { "load balancer" };
    Absence::new(AbsenceKind::NotFound, format!("the {kind} `{first}` counts no {what}"))
}

fn query(namespace: &str, metric: &str, dimensions: &[(&str, &str)], statistic: &str) -> Query {
    let dimensions: BTreeMap<String, String> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Query::Stat(Stat {
        namespace: namespace.to_owned(),
        metric: metric.to_owned(),
        dimensions,
        statistic: statistic.to_owned(),
        period: PERIOD,
    })
}
