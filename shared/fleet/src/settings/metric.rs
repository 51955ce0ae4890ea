//! How metrics are found.

use tidegate_policy::{OnAbsence, Unit};

use crate::settings::shape::{Setting, Shape, ValueKind, default, optional, required, words};
use crate::settings::texts;

/// Metrics of one service; each costs a reading a minute.
pub(crate) const METRICS_MAX: usize = 20;

/// Dimensions of one metric (CloudWatch: 30).
pub(crate) const DIMENSIONS_MAX: usize = 30;

const NAMESPACE: Setting = required("namespace", ValueKind::Text(&texts::CLOUDWATCH_NAME), "`Namespace`.");

const METRIC_NAME: Setting = required("metric", ValueKind::Text(&texts::CLOUDWATCH_NAME), "`MetricName`.");

const DIMENSIONS: Setting = optional(
    "dimensions",
    ValueKind::Table {
        key: &texts::DIMENSION_NAME,
        value: &ValueKind::Text(&texts::DIMENSION_VALUE),
        min: 0,
        max: DIMENSIONS_MAX,
    },
    "`Dimensions`: all of them, because CloudWatch matches the whole set.",
);

const STATISTIC: Setting = default(
    "statistic",
    ValueKind::Text(&texts::STATISTIC),
    "`Stat`.",
    "Average",
    "the usual statistic of AWS's own ECS metrics",
);

const PERIOD: Setting = default(
    "period",
    ValueKind::Duration { min_seconds: 60, max_seconds: 3_600 },
    "`Period`: a multiple of 60s.",
    "60s",
    "as often as the schedule triggers an evaluation",
);

/// What no datapoints can mean.
pub(crate) const ABSENCES: [(&str, OnAbsence); 3] =
    [("missing", OnAbsence::Missing), ("zero", OnAbsence::Zero), ("no_vote", OnAbsence::NoVote)];

const ABSENT: Setting = default(
    "absent",
    ValueKind::Choice(&words(&ABSENCES)),
    "What it means if there are no datapoints: unknown (nothing scales in), zero, or no vote.",
    "missing",
    "the safe choice: nothing scales in while data is missing",
);

/// A metric that counts the jobs of a queue.
pub(crate) const METRIC_SOURCE: Shape = Shape {
    name: "a metric of the queue",
    about: "One CloudWatch metric.",
    settings: &[NAMESPACE, METRIC_NAME, DIMENSIONS, STATISTIC, PERIOD, ABSENT],
    needs: &[],
};

/// The units that a metric can be kept in.
pub(crate) const UNITS: [(&str, Unit); 4] = [
    ("count", Unit::Count),
    ("percent", Unit::Percent),
    ("milliseconds", Unit::Milliseconds),
    ("seconds", Unit::Seconds),
];

const UNIT: Setting = default(
    "unit",
    ValueKind::Choice(&words(&UNITS)),
    "The unit of the values; conditions must use a matching unit.",
    "count",
    "a plain number needs no conversion",
);

const LIMIT: Setting = optional(
    "limit",
    ValueKind::Whole,
    "The value that is 100 percent: rules then compare percent, as in `db_connections > 80%`.",
);

/// One entry of a service's `metrics`, spelt out or by an expression.
pub(crate) const METRIC_FORMS: ValueKind =
    ValueKind::Forms { usual: &METRIC, other: &MATH, by: &["expression", "metrics"] };

/// A metric, spelt out.
pub(crate) const METRIC: Shape = Shape {
    name: "a metric",
    about: "One CloudWatch metric that rules name.",
    settings: &[NAMESPACE, METRIC_NAME, DIMENSIONS, STATISTIC, PERIOD, ABSENT, UNIT, LIMIT],
    needs: &[],
};

/// Metrics of one expression: as many as an alarm on an expression may have (CloudWatch: 10).
pub(crate) const MATH_INPUTS_MAX: usize = 10;

/// A metric by an expression over others.
pub(crate) const MATH: Shape = Shape {
    name: "a metric by an expression",
    about: "CloudWatch metric math: one value calculated from several metrics of one period.",
    settings: &[
        required(
            "expression",
            ValueKind::Text(&texts::EXPRESSION),
            "`Expression`, over the ids of `metrics`: `100 * errors / requests`.",
        ),
        required(
            "metrics",
            ValueKind::Table {
                key: &texts::MATH_ID,
                value: &ValueKind::Map(&MATH_INPUT),
                min: 0,
                max: MATH_INPUTS_MAX,
            },
            "The metrics of the expression, by their ids.",
        ),
        PERIOD,
        ABSENT,
        UNIT,
        LIMIT,
    ],
    needs: &[],
};

/// One metric of an expression.
pub(crate) const MATH_INPUT: Shape = Shape {
    name: "a metric of the expression",
    about: "One CloudWatch metric of the expression; its period is the expression's.",
    settings: &[NAMESPACE, METRIC_NAME, DIMENSIONS, STATISTIC],
    needs: &[],
};
