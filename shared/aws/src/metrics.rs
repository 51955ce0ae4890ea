//! CloudWatch metrics: what a service's metrics mean in CloudWatch's words, each query asked once for the whole fleet.

mod balanced;
mod batch;
mod points;
mod query;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::Source;
use tidegate_policy::{Absence, MetricReading};

use crate::clients::Clients;
use crate::load_balancers::{Attachments, LoadBalancers};
use crate::metrics::balanced::Balanced;
use crate::metrics::query::Query;

/// Metrics are read at most once a minute: they have no newer datapoints, and each read costs money. A little less than a minute,
/// since two schedule triggers may be less than 60 s apart. Where the queue of a service is a metric, an alarm or an operator has them
/// read at once.
pub const READ_EVERY: SignedDuration = SignedDuration::from_secs(55);

/// A metric to read, and how far back.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// How it is found.
    pub source: &'a Source,
    /// What its values are a share of: with one, the reading is in percent of it.
    pub limit: Option<f64>,
    /// The target groups of the service, for the metrics of its load balancer.
    pub target_groups: &'a [String],
    /// The longest `for` of the rules that name it.
    pub longest_for: SignedDuration,
}

/// What a wanted metric needs from CloudWatch.
enum Plan {
    /// One query is the metric.
    One(Query),
    /// Several queries, put together datapoint by datapoint.
    Balanced(Balanced),
    /// It cannot be asked for.
    Impossible(Absence),
}

/// Reads metrics; the readings stand in the order of `wanted`. A query that several services want is asked once.
pub async fn read(
    clients: &Clients,
    load_balancers: &LoadBalancers,
    wanted: &[Wanted<'_>],
    now: Timestamp,
) -> Vec<MetricReading> {
    let balanced = wanted.iter().filter(|metric| matches!(metric.source, Source::LoadBalancer(_)));
    let arns: Vec<&str> = balanced.flat_map(|metric| metric.target_groups).map(String::as_str).collect();
    let places = load_balancers.find(clients, &arns, now).await;
    let plans: Vec<Plan> = wanted.iter().map(|metric| plan(metric, &places)).collect();
    let mut reaches: BTreeMap<&Query, SignedDuration> = BTreeMap::new();
    for (plan, metric) in plans.iter().zip(wanted) {
        for query in plan.queries() {
            let reach = batch::reach(query, metric.longest_for);
            let known = reaches.entry(query).or_insert(reach);
            *known = reach.max(*known);
        }
    }
    let answers = batch::read(clients, reaches, now).await;
    let counted = balanced::counted(&answers);
    load_balancers.counted(|place| counted.get(&balanced::dimensions(place)?).copied());
    let reading = |(plan, metric): (&Plan, &Wanted<'_>)| points::share(plan.reading(&answers), metric.limit);
    plans.iter().zip(wanted).map(reading).collect()
}

/// What to ask for.
fn plan(wanted: &Wanted<'_>, places: &Attachments) -> Plan {
    match wanted.source {
        Source::Metric(source) => Plan::One(Query::metric(source)),
        Source::Math(math) => Plan::One(Query::math(math)),
        Source::LoadBalancer(metric) => {
            Balanced::plan(metric, wanted.target_groups, places).map_or_else(Plan::Impossible, Plan::Balanced)
        }
    }
}

impl Plan {
    fn queries(&self) -> Vec<&Query> {
        match self {
            Self::One(query) => vec![query],
            Self::Balanced(balanced) => balanced.queries(),
            Self::Impossible(_) => Vec::new(),
        }
    }

    fn reading(&self, answers: &BTreeMap<&Query, MetricReading>) -> MetricReading {
        let answer = |query: &Query| answers.get(query).cloned().unwrap_or(MetricReading::NotRead);
        match self {
            Self::One(query) => answer(query),
            Self::Balanced(balanced) => balanced.combine(answer),
            Self::Impossible(absence) => MetricReading::Failed(absence.clone()),
        }
    }
}
