//! Every setting of the fleet file, declared once: what it can be, its default, and why that default.
//!
//! The reader, the JSON Schema (`tidegate schema`) and the table of settings (`tidegate reference`) are made
//! from this, so none of them can disagree.

use tidegate_policy::Capacity;

use crate::shape::{Kind, Need, Presence, Setting, Shape};
use crate::texts;

/// Services of one fleet: those of two concerns.
pub const SERVICES_MAX: usize = 2_000;

/// Services of one concern: one ledger item holds the memory of about 1,000 (DynamoDB: 400 KB per item).
pub const SERVICES_PER_CONCERN_MAX: usize = 1_000;

/// Rules of one service: as many as Application Auto Scaling allows policies per target.
pub const RULES_MAX: usize = 50;

/// Metrics of one service; each costs a reading a minute.
pub const METRICS_MAX: usize = 20;

/// Dimensions of one metric (CloudWatch: 30).
pub const DIMENSIONS_MAX: usize = 30;

/// Budgets of one fleet.
pub const BUDGETS_MAX: usize = 50;

/// The whole file.
pub const FLEET: Shape = Shape {
    name: "the fleet",
    about: "One fleet of Tidegate: what scales, between which bounds and by which rules.",
    settings: &[
        required("version", Kind::Count { min: 1, max: 1, unit: "" }, "The version of this file format."),
        required("name", Kind::Text(&texts::NAME), "The fleet's name in reports, metrics and the ledger."),
        required("mode", MODE, "`observe` decides and reports but changes nothing; `enforce` acts."),
        required(
            "services",
            Kind::List { of: &Kind::Map(&SERVICE), min: 1, max: SERVICES_MAX },
            "What scales: ECS services and EC2 Auto Scaling groups.",
        ),
        optional(
            "budgets",
            Kind::List { of: &Kind::Map(&BUDGET), min: 0, max: BUDGETS_MAX },
            "Limits shared by several services, checked when the file is read.",
        ),
        optional(
            "holidays",
            Kind::List { of: &Kind::Text(&texts::DATE), min: 0, max: HOLIDAYS_MAX },
            "Dates that count as `holidays`, not as their day of the week, in every window of `hours`.",
        ),
        later("databases", "RDS classes and read replicas"),
        later("emergency", "what happens when everything goes to its maximum"),
    ],
    needs: &[],
};

const MODE: Kind = Kind::Choice(&["observe", "enforce"]);

/// One entry of `services`.
pub const SERVICE: Shape = Shape {
    name: "a service",
    about: "An ECS service or an EC2 Auto Scaling group: where it runs, its bounds, and what makes it scale. One with a \
            `queue` is scaled by the function `queue-depth`, the others by `service-load`.",
    settings: &[
        required("name", Kind::Text(&texts::NAME), "The service's name in reports and on the command line."),
        optional("mode", MODE, "Narrows the fleet's mode: a fleet that enforces may only observe here."),
        optional("ecs", Kind::Map(&ECS), "The ECS service whose desired count is set."),
        optional(
            "asg",
            Kind::TextOrMap(&texts::ASG_NAME, &ASG),
            "The EC2 Auto Scaling group whose desired capacity is set; its capacity counts instances.",
        ),
        required("capacity", Kind::Map(&CAPACITY), "The bounds of the desired count."),
        optional(
            "hours",
            Kind::List { of: &Kind::Map(&HOURS), min: 1, max: HOURS_MAX },
            "Other bounds at certain hours. Of several rows that hold, the largest `min` and the smallest `max` count.",
        ),
        optional(
            "floor",
            Kind::Map(&FLOOR),
            "The least capacity by a metric of the business. `hours` and people outrank it.",
        ),
        default(
            "concurrency",
            Kind::Count { min: 1, max: 10_000, unit: "jobs per task" },
            "Jobs one task runs at a time; with the jobs in flight it gives the floor of scale-in.",
            "1",
            "the careful one: scale-in keeps a task for every running job",
        ),
        optional("queue", Kind::Map(&QUEUE), "Where the service's work waits."),
        optional(
            "metrics",
            Kind::Table { key: &texts::METRIC_KEY, value: &METRIC_FORMS, max: METRICS_MAX },
            "CloudWatch metrics that the rules name. `cpu`, `memory` (of ECS) and what the load balancer counts need no \
             declaration: `requests` (a minute), `errors` (percent of them), `response_time`, `response_time_p50`, `_p90`, \
             `_p95`, `_p99`, `connections`. `NAME_per_task` is any total of these divided by the running tasks.",
        ),
        optional(
            "rules",
            Kind::List { of: &Kind::Map(&RULE), min: 1, max: RULES_MAX },
            "Step rules and notices. Their order does not matter: the largest capacity wins.",
        ),
        optional(
            "track",
            Kind::OneOrMore { of: &Kind::Map(&TRACK), max: TRACK_MAX },
            "Target tracking: tasks in proportion to a value that they share. One tracker, or a list of them.",
        ),
        optional(
            "wait",
            WAIT,
            "No job should wait longer than this: workers are ordered, and leave, by a forecast of the queue. \
             Beside rules the larger capacity wins. BullMQ workers that all keep `metrics` count the jobs done, which \
             makes it a little cheaper: else the speed is inferred from the queue.",
        ),
        optional("cooldown", Kind::Map(&COOLDOWN), "How long one change keeps the next one off."),
        default(
            "stabilization",
            Kind::Duration { min_seconds: 0, max_seconds: 3_600 },
            "Scale-in goes no lower than the largest capacity wished for in this window.",
            "60s",
            "one schedule interval: a single low reading between two high ones removes nothing",
        ),
        default(
            "startup",
            Kind::Duration { min_seconds: 30, max_seconds: 3_600 },
            "Within this time after a scale-out the new tasks run, or the service counts as failing to start.",
            "3m",
            "a Fargate task with a large image takes one to two minutes; the rest is patience",
        ),
        optional("largest_step", Kind::Map(&LARGEST_STEP), "The largest change of one decision."),
        default(
            "interruptible",
            Kind::Boolean,
            "Running jobs may be stopped: scale-in may take more than one task per decision.",
            "false",
            "AWS chooses what stops, so a job may be lost unless every job can be repeated",
        ),
        default(
            "idle",
            Kind::Duration { min_seconds: 60, max_seconds: 86_400 },
            "How long the queue must be seen empty before the last task goes (with `min: 0`).",
            "5m",
            "longer than most jobs run unseen; raise it above your longest job",
        ),
    ],
    needs: &[
        Need::ExactlyOne(&["ecs", "asg"]),
        Need::AtLeastOne(&["rules", "track", "wait", "hours", "floor"]),
    ],
};

/// A look comes every 15 s at the most, so a shorter wait could not be kept.
const WAIT: Kind = Kind::Duration { min_seconds: 15, max_seconds: 86_400 };

const ECS: Shape = Shape {
    name: "`ecs`",
    about: "An ECS service by its names.",
    settings: &[
        required("cluster", Kind::Text(&texts::ECS_NAME), "The cluster's name (`clusterName`)."),
        required("service", Kind::Text(&texts::ECS_NAME), "The service's name (`serviceName`)."),
    ],
    needs: &[],
};

const ASG: Shape = Shape {
    name: "`asg`",
    about: "An EC2 Auto Scaling group by its name.",
    settings: &[
        required("name", Kind::Text(&texts::ASG_NAME), "The group's name (`AutoScalingGroupName`)."),
        default(
            "detailed_monitoring",
            Kind::Boolean,
            "Its instances publish their CPU once a minute, not once in five minutes.",
            "false",
            "EC2's default; detailed monitoring is switched on in the launch template, and is charged for",
        ),
    ],
    needs: &[],
};

const CAPACITY: Shape = Shape {
    name: "`capacity`",
    about: "Minimum and maximum capacity.",
    settings: &[
        required(
            "min",
            Kind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
            "Minimum capacity (`MinCapacity`); 0 lets the service scale to zero.",
        ),
        required(
            "max",
            Kind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" },
            "Maximum capacity (`MaxCapacity`).",
        ),
        optional(
            "override_max",
            Kind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" },
            "The most that `tidegate pin` and other overrides may set, at least `max`; without it `max`. Budgets count `max`.",
        ),
    ],
    needs: &[],
};

const COOLDOWN_RANGE: Kind = Kind::Duration { min_seconds: 0, max_seconds: 86_400 };

/// The cooldowns of a service that `wait` scales alone, where the file says nothing.
pub(crate) const COOLDOWN_OF_WAIT: &str = "0s";

const COOLDOWN: Shape = Shape {
    name: "`cooldown`",
    about: "Cooldowns per direction.",
    settings: &[
        default(
            "out",
            COOLDOWN_RANGE,
            "After a scale-out, capacity already added counts as part of the next step (`ScaleOutCooldown`).",
            "300s",
            "AWS's own default for ECS; `0s` where `wait` scales alone, which counts what is on its way itself",
        ),
        default(
            "in",
            COOLDOWN_RANGE,
            "After any change, no scale-in for this long (`ScaleInCooldown`).",
            "300s",
            "AWS's own default for ECS; `0s` where `wait` scales alone, which counts what is on its way itself",
        ),
    ],
    needs: &[],
};

const STEP_RANGE: Kind = Kind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" };

const LARGEST_STEP: Shape = Shape {
    name: "`largest_step`",
    about: "The largest change of one decision, per direction.",
    settings: &[
        default(
            "out",
            STEP_RANGE,
            "Most tasks added at once. A minimum is reached in one step all the same.",
            "100",
            "Fargate starts 100 tasks in one burst",
        ),
        default(
            "in",
            STEP_RANGE,
            "Most tasks or instances removed at once; 1 unless the service is `interruptible`.",
            "100",
            "as many as out; the rules say how many to remove",
        ),
    ],
    needs: &[],
};

/// One entry of `rules`.
pub const RULE: Shape = Shape {
    name: "a rule",
    about: "When a condition holds: add, remove or set capacity, tell somebody, or both.",
    settings: &[
        required(
            "when",
            Kind::Text(&texts::CONDITION),
            "The condition: `SIGNAL OP VALUE [for DURATION]`, or `alarm(NAME) [for DURATION]`, which holds while that \
             CloudWatch alarm is in ALARM.",
        ),
        optional(
            "add",
            Kind::Amount { min: 1, max_percent: 1_000 },
            "Scale out by tasks or percent; never lowers.",
        ),
        optional(
            "remove",
            Kind::Amount { min: 1, max_percent: 100 },
            "Scale in by tasks or percent; never raises.",
        ),
        optional(
            "set",
            Kind::Amount { min: 0, max_percent: 100 },
            "An exact capacity in tasks, or in percent of the maximum.",
        ),
        optional(
            "at_least",
            STEP_RANGE,
            "With a percentage: the fewest tasks to add or remove (`MinAdjustmentMagnitude`).",
        ),
        optional(
            "notify",
            Kind::Choice(&["warning", "critical"]),
            "Tell when the condition begins and when it ends, as this severity; alone, or beside a change of capacity.",
        ),
    ],
    needs: &[
        Need::AtMostOne(&["add", "remove", "set"]),
        Need::AtLeastOne(&["add", "remove", "set", "notify"]),
    ],
};

pub use crate::sources::{MATH, MATH_INPUT, MATH_INPUTS_MAX, METRIC, METRIC_FORMS, QUEUE};
pub use crate::steering::{FLOOR, FLOOR_ROWS_MAX, HOLIDAYS_MAX, HOURS, HOURS_MAX, TRACK, TRACK_MAX};

/// One entry of `budgets`.
pub const BUDGET: Shape = Shape {
    name: "a budget",
    about: "What services share: at their maximum they must fit together.",
    settings: &[
        required("name", Kind::Text(&texts::NAME), "What is shared, for messages: `rds-connections`."),
        required("limit", Kind::Count { min: 1, max: 1_000_000_000, unit: "" }, "How much of it there is."),
        required(
            "use",
            Kind::Table {
                key: &texts::NAME,
                value: &Kind::Count { min: 0, max: 1_000_000, unit: "per task" },
                max: SERVICES_MAX,
            },
            "How much one task of each service takes.",
        ),
    ],
    needs: &[],
};

pub(crate) const fn required(key: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { key, kind, presence: Presence::Required, about }
}

pub(crate) const fn optional(key: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { key, kind, presence: Presence::Optional, about }
}

pub(crate) const fn default(
    key: &'static str,
    kind: Kind,
    about: &'static str,
    value: &'static str,
    reason: &'static str,
) -> Setting {
    Setting { key, kind, presence: Presence::Default { value, reason }, about }
}

const fn later(key: &'static str, about: &'static str) -> Setting {
    Setting { key, kind: Kind::Boolean, presence: Presence::Later, about }
}
