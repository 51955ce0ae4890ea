//! One query of `GetMetricData`: a metric, or an expression with the metrics it names.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use jiff::SignedDuration;
use tidegate_fleet::{MathSource, MetricSource};

/// A metric with its statistic, by everything that identifies it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stat {
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) statistic: String,
    pub(crate) period: SignedDuration,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Query {
    /// A metric.
    Stat(Stat),
    /// Metric math: the expression, its metrics by their ids in it, and their period.
    Math { expression: String, inputs: BTreeMap<String, Stat>, period: SignedDuration },
}

impl Stat {
    fn of(source: &MetricSource) -> Self {
        Self {
            namespace: source.namespace.clone(),
            metric: source.metric.clone(),
            dimensions: source.dimensions.clone(),
            statistic: source.statistic.clone(),
            period: source.period,
        }
    }

    fn query(&self, id: String, returned: bool) -> MetricDataQuery {
        let dimensions =
            self.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
        let metric = Metric::builder()
            .namespace(&self.namespace)
            .metric_name(&self.metric)
            .set_dimensions(Some(dimensions.collect()))
            .build();
        let period = i32::try_from(self.period.as_secs()).unwrap_or(i32::MAX);
        let stat = MetricStat::builder().metric(metric).period(period).stat(&self.statistic).build();
        MetricDataQuery::builder().id(id).metric_stat(stat).return_data(returned).build()
    }
}

impl Query {
    /// The query of a metric that is spelt out.
    pub(crate) fn metric(source: &MetricSource) -> Self {
        Self::Stat(Stat::of(source))
    }

    /// The query of an expression.
    pub(crate) fn math(source: &MathSource) -> Self {
        let inputs = source.inputs.iter().map(|(id, input)| (id.clone(), Stat::of(input)));
        Self::Math { expression: source.expression.clone(), inputs: inputs.collect(), period: source.period }
    }

    /// The time between its datapoints.
    pub(crate) fn period(&self) -> SignedDuration {
        match self {
            Self::Stat(stat) => stat.period,
            Self::Math { period, .. } => *period,
        }
    }

    /// How many of a call's queries it takes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Stat(_) => 1,
            Self::Math { inputs, .. } => inputs.len().saturating_add(1),
        }
    }

    /// As AWS takes it, answering under `id`. All queries of a call share their ids, so the metrics of an expression are
    /// called `ID_1`, `ID_2` … there.
    pub(crate) fn to_aws(&self, id: &str) -> Vec<MetricDataQuery> {
        let (expression, inputs) = match self {
            Self::Stat(stat) => return vec![stat.query(id.to_owned(), true)],
            Self::Math { expression, inputs, .. } => (expression, inputs),
        };
        let names: BTreeMap<&str, String> =
            inputs.keys().zip(1..).map(|(name, number)| (name.as_str(), format!("{id}_{number}"))).collect();
        let renamed = rename(expression, &names);
        let math = MetricDataQuery::builder().id(id).expression(renamed).return_data(true).build();
        let asked = inputs.iter().map(|(name, stat)| {
            let id = names.get(name.as_str()).cloned().unwrap_or_default();
            stat.query(id, false)
        });
        std::iter::once(math).chain(asked).collect()
    }
}

/// Renames the ids of an expression, word by word; texts in quotes stay as they are.
fn rename(expression: &str, names: &BTreeMap<&str, String>) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut renamed = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => rest
                .get(1..)
                .and_then(|inside| inside.find(first))
                .map_or(rest.len(), |end| end.saturating_add(2)),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        renamed.push_str(names.get(word).map_or(word, String::as_str));
        rest = after;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_renamed_as_whole_words_outside_quotes() {
        let names = BTreeMap::from([("m1", "q7_1".to_owned()), ("e", "q7_2".to_owned())]);
        for (expression, expected) in [
            ("100*e/m1", "100*q7_2/q7_1"),
            ("m1+m11+me+e1", "q7_1+m11+me+e1"),
            ("FILL(e, 0) / m1", "FILL(q7_2, 0) / q7_1"),
            ("IF(m1>1e3,e,0)", "IF(q7_1>1e3,q7_2,0)"),
            ("SEARCH('e m1', \"e\")+e", "SEARCH('e m1', \"e\")+q7_2"),
            ("'e", "'e"),
            ("é·e", "é·q7_2"),
            ("", ""),
        ] {
            assert_eq!(rename(expression, &names), expected, "{expression}");
        }
    }
}
