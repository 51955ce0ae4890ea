//! What makes a service scale: its rules and its trackers.

use tidegate_policy::Severity;
use tidegate_policy::{Adjustment, Amount, Capacity};

use crate::settings::shape::{Need, Shape, ValueKind, default, optional, required, words};
use crate::settings::texts;

/// Rules of one service: as many as Application Auto Scaling allows policies per target.
pub(crate) const RULES_MAX: usize = 50;

/// Trackers of one service; of several the largest capacity wins.
pub(crate) const TRACK_MAX: usize = 10;

/// The severities of a notification.
pub(crate) const SEVERITIES: [(&str, Severity); 2] =
    [("warning", Severity::Warning), ("critical", Severity::Critical)];

/// Makes an adjustment of its amount.
type Adjust = fn(Amount) -> Adjustment;

/// What a rule can do to the capacity, by the key that says how much.
pub(crate) const ADJUSTMENTS: [(&str, Adjust); 3] =
    [("add", Adjustment::Add), ("remove", Adjustment::Remove), ("set", Adjustment::Set)];

/// One entry of `rules`.
pub(crate) const RULE: Shape = Shape {
    name: "a rule",
    about: "When a condition holds: add, remove or set capacity, report, or both.",
    settings: &[
        required(
            "when",
            ValueKind::Text(&texts::CONDITION),
            "The condition: `SIGNAL OP VALUE [for DURATION]`, or `alarm(NAME) [for DURATION]`, which holds while that \
             CloudWatch alarm is in ALARM.",
        ),
        optional(
            "add",
            ValueKind::Amount { min: 1, max_percent: 1_000 },
            "Scale out by tasks or percent; never lowers.",
        ),
        optional(
            "remove",
            ValueKind::Amount { min: 1, max_percent: 100 },
            "Scale in by tasks or percent; never raises.",
        ),
        optional(
            "set",
            ValueKind::Amount { min: 0, max_percent: 100 },
            "An exact capacity in tasks, or in percent of the maximum.",
        ),
        optional(
            "at_least",
            ValueKind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" },
            "With a percentage: the smallest number of tasks to add or remove (`MinAdjustmentMagnitude`).",
        ),
        optional(
            "notify",
            ValueKind::Choice(&words(&SEVERITIES)),
            "Notify operators when the condition begins and when it ends, with this severity; alone or with a change of capacity.",
        ),
    ],
    needs: &[Need::AtMostOne(&words(&ADJUSTMENTS)), Need::AtLeastOne(&["add", "remove", "set", "notify"])],
};

/// One entry of `track`.
pub(crate) const TRACK: Shape = Shape {
    name: "a tracker",
    about: "Keeps a value that the tasks share near its target, as AWS target tracking and Kubernetes' HPA do.",
    settings: &[
        required(
            "signal",
            ValueKind::Text(&texts::METRIC_KEY),
            "`cpu`, `memory`, `requests_per_task` or another `NAME_per_task`, or a declared metric that falls as tasks are \
             added.",
        ),
        required(
            "target",
            ValueKind::Text(&texts::TARGET),
            "The value to keep; within a tenth of it nothing changes.",
        ),
        default(
            "scale_in",
            ValueKind::Boolean,
            "Whether this tracker may scale in; if false, it only scales out and keeps what its value needs (`DisableScaleIn`).",
            "true",
            "a value that stays low for five minutes needs fewer tasks",
        ),
    ],
    needs: &[],
};
