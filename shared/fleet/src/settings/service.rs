//! The settings of a service: where it runs, its bounds, how fast it changes.

use tidegate_policy::Capacity;

use crate::model::mode::Mode;
use crate::model::target::TargetKind;
use crate::settings::bounds::{FLOOR, HOURS, HOURS_MAX};
use crate::settings::guard::GUARD;
use crate::settings::metric::{METRIC_FORMS, METRICS_MAX};
use crate::settings::queue::QUEUE;
use crate::settings::rule::{RULE, RULES_MAX, TRACK, TRACK_MAX};
use crate::settings::shape::{Need, Shape, ValueKind, default, optional, required};
use crate::settings::texts;

/// Services of one fleet: those of two concerns.
pub(crate) const SERVICES_MAX: usize = 2_000;

/// Whether decisions are acted on.
pub(crate) const MODE: ValueKind = ValueKind::Choice(Mode::WORDS);

/// One entry of `services`.
pub(crate) const SERVICE: Shape = Shape {
    name: "a service",
    about: "An ECS service or an EC2 Auto Scaling group: where it runs, its bounds, and what makes it scale. One with a \
            `queue` is scaled by the function `queue-depth`, the others by `service-load`.",
    settings: &[
        required(
            "name",
            ValueKind::Text(&texts::NAME),
            "The service's name in reports and on the command line.",
        ),
        optional("mode", MODE, "`observe` only observes this service in a fleet with `mode: enforce`."),
        optional(
            TargetKind::Ecs.as_str(),
            ValueKind::Map(&ECS),
            "The ECS service whose desired count is set.",
        ),
        optional(
            TargetKind::Group.as_str(),
            ValueKind::TextOrMap(&texts::ASG_NAME, &ASG),
            "The EC2 Auto Scaling group whose desired capacity is set; `capacity` then counts instances.",
        ),
        optional(
            "priority",
            ValueKind::Count { min: 0, max: 1_000, unit: "(the highest is set first)" },
            "In an emergency services of a higher number are set first, those of the same in the order of the file. Without \
             it 0.",
        ),
        required("capacity", ValueKind::Map(&CAPACITY), "The bounds of the desired count."),
        optional(
            "hours",
            ValueKind::List { of: &ValueKind::Map(&HOURS), min: 1, max: HOURS_MAX },
            "Other bounds at certain hours. If several rows apply, the largest `min` and the smallest `max` count.",
        ),
        optional(
            "floor",
            ValueKind::Map(&FLOOR),
            "A minimum capacity that depends on a business metric. `hours` and overrides take precedence.",
        ),
        optional(
            "guard",
            ValueKind::Map(&GUARD),
            "No scale-out beyond the connections that a database takes. What cannot be measured belongs to `budgets`.",
        ),
        default(
            "concurrency",
            ValueKind::Count { min: 1, max: 10_000, unit: "jobs per task" },
            "Jobs one task runs at a time. Scale-in keeps the tasks that the jobs in flight need.",
            "1",
            "the safe choice: scale-in keeps a task for every running job",
        ),
        optional("queue", ValueKind::Map(&QUEUE), "The service's job queue."),
        optional(
            "metrics",
            ValueKind::Table { key: &texts::METRIC_KEY, value: &METRIC_FORMS, min: 0, max: METRICS_MAX },
            "CloudWatch metrics for the rules. `cpu`, `memory` (of ECS) and the load balancer's metrics need no declaration: \
             `requests` (per minute), `errors` (percent of the requests), `response_time`, `response_time_p50`, `_p90`, \
             `_p95`, `_p99`, `connections`. `NAME_per_task` is a total divided by the running tasks.",
        ),
        optional(
            "rules",
            ValueKind::List { of: &ValueKind::Map(&RULE), min: 1, max: RULES_MAX },
            "Step rules and notices. Their order does not matter: the largest capacity wins.",
        ),
        optional(
            "track",
            ValueKind::OneOrMore { of: &ValueKind::Map(&TRACK), max: TRACK_MAX },
            "Target tracking: keeps a value that the tasks share near a target. One tracker, or a list of trackers.",
        ),
        optional(
            "wait",
            WAIT,
            "No job should wait longer than this: tasks are added and removed by a forecast of the queue. \
             If the service has rules too, the larger capacity wins. If all BullMQ workers have `metrics`, finished jobs are \
             counted, which makes `wait` a little cheaper; otherwise the speed is inferred from the queue.",
        ),
        optional("cooldown", ValueKind::Map(&COOLDOWN), "How long a change delays the next one."),
        default(
            "stabilization",
            ValueKind::Duration { min_seconds: 0, max_seconds: 3_600 },
            "Scale-in goes no lower than the largest capacity that was needed in this window.",
            "60s",
            "one schedule interval: a single low reading between two high ones removes nothing; `30s` if only `wait` scales the service",
        ),
        default(
            "startup",
            ValueKind::Duration { min_seconds: 30, max_seconds: 3_600 },
            "If new tasks do not run within this time after a scale-out, they count as failing to start.",
            "3m",
            "a Fargate task with a large image takes one to two minutes; the rest is a margin",
        ),
        optional("largest_step", ValueKind::Map(&LARGEST_STEP), "The largest change of one decision."),
        default(
            "interruptible",
            ValueKind::Boolean,
            "Running jobs may be stopped: one decision may remove more than one task.",
            "false",
            "AWS chooses the task that stops, so a job may be lost unless every job can be repeated",
        ),
        default(
            "idle",
            ValueKind::Duration { min_seconds: 60, max_seconds: 86_400 },
            "How long the queue must be empty before the last task is removed (with `min: 0`).",
            "5m",
            "longer than most jobs run; raise it above your longest job if the queue does not show running jobs",
        ),
    ],
    needs: &[
        Need::ExactlyOne(TargetKind::WORDS),
        Need::AtLeastOne(&["rules", "track", "wait", "hours", "floor"]),
    ],
};

/// An evaluation comes every 15 s at the most, so a shorter wait could not be kept.
const WAIT: ValueKind = ValueKind::Duration { min_seconds: 15, max_seconds: 86_400 };

const ECS: Shape = Shape {
    name: "`ecs`",
    about: "An ECS service by its names.",
    settings: &[
        required("cluster", ValueKind::Text(&texts::ECS_NAME), "The cluster's name (`clusterName`)."),
        required("service", ValueKind::Text(&texts::ECS_NAME), "The service's name (`serviceName`)."),
    ],
    needs: &[],
};

const ASG: Shape = Shape {
    name: "`asg`",
    about: "An EC2 Auto Scaling group by its name.",
    settings: &[
        required("name", ValueKind::Text(&texts::ASG_NAME), "The group's name (`AutoScalingGroupName`)."),
        default(
            "detailed_monitoring",
            ValueKind::Boolean,
            "The instances publish CPU metrics every minute instead of every five minutes.",
            "false",
            "EC2's default; detailed monitoring is enabled in the launch template and costs extra",
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
            ValueKind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
            "Minimum capacity (`MinCapacity`); 0 lets the service scale to zero.",
        ),
        required(
            "max",
            ValueKind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" },
            "Maximum capacity (`MaxCapacity`).",
        ),
        optional(
            "override_max",
            ValueKind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" },
            "The most that `tidegate pin` and other overrides may set; `max` by default, and never below `max`. Budgets use `max`.",
        ),
    ],
    needs: &[],
};

const COOLDOWN_RANGE: ValueKind = ValueKind::Duration { min_seconds: 0, max_seconds: 86_400 };

/// The cooldowns of a service that `wait` scales alone, where the file says nothing.
pub(crate) const COOLDOWN_OF_WAIT: &str = "0s";

/// The stabilization of such a service: two evaluations of 15 s agree, and `wait` weighs chance itself. A minute costs 1% more
/// on the traces of development and 4% by the clock; 15 s make twice as many jobs late there.
pub(crate) const STABILIZATION_OF_WAIT: &str = "30s";

const COOLDOWN: Shape = Shape {
    name: "`cooldown`",
    about: "Cooldowns per direction.",
    settings: &[
        default(
            "out",
            COOLDOWN_RANGE,
            "After a scale-out, capacity already added counts as part of the next step (`ScaleOutCooldown`).",
            "300s",
            "AWS's own default for ECS; `0s` if only `wait` scales the service, because `wait` counts starting tasks itself",
        ),
        default(
            "in",
            COOLDOWN_RANGE,
            "After any change, no scale-in for this long (`ScaleInCooldown`).",
            "300s",
            "AWS's own default for ECS; `0s` if only `wait` scales the service, because `wait` counts starting tasks itself",
        ),
    ],
    needs: &[],
};

const STEP_RANGE: ValueKind = ValueKind::Count { min: 1, max: Capacity::LIMIT, unit: "tasks" };

const LARGEST_STEP: Shape = Shape {
    name: "`largest_step`",
    about: "The largest change of one decision, per direction.",
    settings: &[
        default(
            "out",
            STEP_RANGE,
            "The most tasks added at once. A minimum is still reached in one step.",
            "100",
            "Fargate starts 100 tasks in one burst",
        ),
        default(
            "in",
            STEP_RANGE,
            "The most tasks or instances removed at once; 1 unless the service is `interruptible`.",
            "100",
            "the same as `out`; the rules set how many to remove",
        ),
    ],
    needs: &[],
};
