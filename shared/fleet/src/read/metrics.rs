//! A service's `metrics`: what it declares, and what of that is used.

use jiff::SignedDuration;
use tidegate_policy::{MetricName, OnAbsence, Signal, Unit};

use crate::model::built_in::{self, DATABASE_CONNECTIONS};
use crate::model::metric::{MathSource, Metric, MetricSource, Source};
use crate::model::target::{TargetKind, TargetName};
use crate::problem::{Code, Place, Problem, Problems};
use crate::read::expression;
use crate::settings::metric::{ABSENCES, MATH, MATH_INPUT, METRIC, UNITS};
use crate::settings::texts;
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar;
use crate::yaml::tree::Node;

/// The CloudWatch agent aggregates over a group when its `aggregation_dimensions` say so.
const MEMORY_OF_A_GROUP: &str = "declare the CloudWatch agent's metric under `metrics`: `memory: { namespace: CWAgent, \
                                 metric: mem_used_percent, dimensions: { AutoScalingGroupName: … }, unit: percent }`";

/// A metric that a service declares.
pub(crate) struct Declared {
    pub(crate) name: MetricName,
    /// The unit that rules see: percent, where there is a limit.
    pub(crate) unit: Unit,
    pub(crate) limit: Option<f64>,
    pub(crate) place: Place,
    /// `None` when its problems are reported.
    pub(crate) source: Option<Source>,
}

/// Reads a service's `metrics`; what is wrong is reported, and its name is still known.
pub(crate) fn declared(
    service: &Object<'_>,
    target: Option<TargetKind>,
    problems: &mut Problems,
) -> Vec<Declared> {
    let mut declared = Vec::new();
    for (key, node) in service.table("metrics", problems) {
        let name = MetricName::new(&key.text).filter(|_| !built_in::is_reserved(&key.text, target));
        let is_of_guard = key.text == DATABASE_CONNECTIONS;
        let name = name.filter(|_| !is_of_guard);
        if name.is_none() {
            let (what, help) = if is_of_guard {
                ("the metric that `guard` reads", "choose another name")
            } else {
                ("a built-in signal", "choose another name; built-in signals need no declaration")
            };
            let message = format!("`{}` is {what}", key.text);
            problems.push(Problem::new(Code::ReservedName, key.place, message).help(help));
        }
        let (unit, limit, source) = one(node, problems);
        declared.extend(name.map(|name| Declared { name, unit, limit, place: key.place, source }));
    }
    declared
}

/// One entry: its unit, its limit and how it is found.
fn one(node: &Node, problems: &mut Problems) -> (Unit, Option<f64>, Option<Source>) {
    let by_expression = ["expression", "metrics"].iter().any(|key| node.entry(key).is_some());
    let shape = if by_expression { &MATH } else { &METRIC };
    let Some(object) = Object::open(node, shape, problems) else {
        return (Unit::Count, None, None);
    };
    let unit = object.choice("unit", &UNITS, problems).unwrap_or(Unit::Count);
    let limit = object.whole("limit", problems);
    if object.has("limit") && unit != Unit::Count {
        let message = "`unit` and `limit` exclude each other: with `limit`, the values are in percent of it";
        let help = "remove `unit`, so that rules compare percent of the limit; or remove `limit`";
        problems.push(Problem::new(Code::LimitWithoutTotal, object.place_of("unit"), message).help(help));
    }
    let source = if by_expression {
        math(&object, problems).map(Source::Math)
    } else {
        source(&object, problems).map(Source::Metric)
    };
    (if object.has("limit") { Unit::Percent } else { unit }, limit, source)
}

fn math(object: &Object<'_>, problems: &mut Problems) -> Option<MathSource> {
    let (period, on_absence) = (period(object, problems), object.choice("absent", &ABSENCES, problems));
    let table = object.table("metrics", problems);
    let inputs: Vec<Option<(String, MetricSource)>> =
        table.iter().map(|(id, node)| Some((id.text.clone(), input(node, problems)?))).collect();
    let ids: Vec<&str> = table.iter().map(|(id, _)| id.text.as_str()).collect();
    // Without any metrics every id would be a second mistake.
    object.node("metrics")?;
    let expression =
        object.parsed("expression", problems, |text| expression::check(text, &ids).map(|()| text.to_owned()));
    let inputs: Vec<(String, MetricSource)> = inputs.into_iter().collect::<Option<_>>()?;
    let (period, on_absence) = (period?, on_absence?);
    let inputs =
        inputs.into_iter().map(|(id, series)| (id, MetricSource { period, on_absence, ..series })).collect();
    Some(MathSource { expression: expression?, inputs, period, on_absence })
}

fn input(node: &Node, problems: &mut Problems) -> Option<MetricSource> {
    series(&Object::open(node, &MATH_INPUT, problems)?, problems)
}

/// Reads one CloudWatch metric; `None` only after reporting why.
pub(crate) fn source(object: &Object<'_>, problems: &mut Problems) -> Option<MetricSource> {
    let series = series(object, problems);
    let (period, on_absence) = (period(object, problems), object.choice("absent", &ABSENCES, problems));
    Some(MetricSource { period: period?, on_absence: on_absence?, ..series? })
}

/// A metric without its period and what its absence means: the defaults of both stand there.
fn series(object: &Object<'_>, problems: &mut Problems) -> Option<MetricSource> {
    let namespace = object.text("namespace", problems);
    let metric = object.text("metric", problems);
    let dimensions: Vec<Option<(String, String)>> = object
        .table("dimensions", problems)
        .into_iter()
        .map(|(name, node)| {
            let value = read_scalar(node, &name.text, problems, |written| {
                Some(scalar::text(written, &texts::DIMENSION_VALUE))
            });
            Some((name.text.clone(), value?))
        })
        .collect();
    let statistic = object.text("statistic", problems);
    Some(MetricSource {
        namespace: namespace?,
        metric: metric?,
        dimensions: dimensions.into_iter().collect::<Option<_>>()?,
        statistic: statistic?,
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    })
}

fn period(object: &Object<'_>, problems: &mut Problems) -> Option<SignedDuration> {
    let period = object.duration("period", problems)?;
    if period.as_secs().checked_rem(60) != Some(0) {
        let message = format!("`period` is {}s, not a multiple of 60s", period.as_secs());
        let problem = Problem::new(Code::OutOfRange, object.place_of("period"), message);
        problems.push(problem.help("CloudWatch stores standard metrics per minute"));
    }
    Some(period)
}

/// Tells of declared metrics that nothing names; `nothing` is what could (`no rule`), and how.
pub(crate) fn report_unused(
    declared: &[Declared],
    named: &[&str],
    (nothing, how): (&str, &str),
    problems: &mut Problems,
) {
    for Declared { name, place, .. } in declared {
        if !named.contains(&name.as_str()) {
            let message = format!("{nothing} uses the metric `{}`", name.as_str());
            let help =
                format!("Tidegate does not read this metric, so it costs nothing; remove it, or {how}");
            problems.push(Problem::new(Code::UnusedMetric, *place, message).help(help));
        }
    }
}

/// What a service can name: its own metrics, and those that are published for what it scales.
pub(crate) struct Metrics<'a> {
    pub(crate) declared: &'a [Declared],
    /// `None` when its problems are reported.
    pub(crate) target: Option<&'a TargetName>,
}

impl Metrics<'_> {
    /// The declared ones, with the units that rules see.
    pub(crate) fn units(&self) -> Vec<(MetricName, Unit)> {
        self.declared.iter().map(|metric| (metric.name.clone(), metric.unit)).collect()
    }

    fn own(&self, name: &str) -> Option<&Declared> {
        self.declared.iter().find(|metric| metric.name.as_str() == name)
    }

    /// How a metric is found; `None` when that is not known, or its problems are reported.
    pub(crate) fn source(&self, name: &MetricName) -> Option<Source> {
        match self.own(name.as_str()) {
            Some(own) => own.source.clone(),
            None => built_in::source(name.as_str(), self.target?),
        }
    }

    /// Whether the metric is one that the instances of a group publish more often with detailed monitoring.
    pub(crate) fn comes_sooner_with_detailed_monitoring(&self, name: &MetricName) -> bool {
        match self.target {
            Some(TargetName::Group(group)) => !group.detailed_monitoring && name.as_str() == "cpu",
            Some(TargetName::Ecs(_)) | None => false,
        }
    }

    /// Tells of a signal that this service cannot have.
    pub(crate) fn check(&self, signal: &Signal, has_queue: bool, place: Place, problems: &mut Problems) {
        if !has_queue && signal.is_of_queue() {
            let message = format!("`{signal}` is a signal of a queue, but the service has no `queue`");
            let problem = Problem::new(Code::SignalWithoutQueue, place, message);
            problems.push(problem.help("declare the job queue under `queue`"));
        }
        let unpublished = self.target.zip(signal.metric()).is_some_and(|(target, name)| {
            self.own(name.as_str()).is_none() && !built_in::is_published(name.as_str(), target.kind())
        });
        if unpublished {
            let message = "EC2 does not publish the `memory` of an Auto Scaling group";
            let problem = Problem::new(Code::NotPublished, place, message);
            problems.push(problem.help(MEMORY_OF_A_GROUP));
        }
    }

    /// The metrics that are named, each once; `None` when one of them has a problem.
    pub(crate) fn used(&self, named: &[&str]) -> Option<Vec<Metric>> {
        let mut used: Vec<Metric> = Vec::new();
        for name in named {
            if !used.iter().any(|metric| metric.name.as_str() == *name) {
                let name = MetricName::new(name)?;
                let limit = self.own(name.as_str()).and_then(|own| own.limit);
                used.push(Metric { source: self.source(&name)?, limit, name });
            }
        }
        Some(used)
    }
}
