//! The settings that steer by the clock, by the business and by a value that the tasks share.

use tidegate_policy::Capacity;

use crate::settings::{default, optional, required};
use crate::shape::{Kind, Need, Shape};
use crate::texts;

/// Rows of `hours` of one service: as many as a week has days, with a few to spare.
pub const HOURS_MAX: usize = 20;

/// Holidays of one fleet: ten years of them.
pub const HOLIDAYS_MAX: usize = 200;

/// Rows of one floor table; guides have four.
pub const FLOOR_ROWS_MAX: usize = 50;

/// Trackers of one service; of several the largest capacity wins.
pub const TRACK_MAX: usize = 10;

/// One entry of `hours`.
pub const HOURS: Shape = Shape {
    name: "a row of `hours`",
    about: "Other bounds at certain hours, on the clock of a time zone.",
    settings: &[
        optional(
            "during",
            Kind::Text(&texts::WINDOW),
            "The bounds hold while this window is open: `mon-fri 07:00-20:00 Europe/Berlin`.",
        ),
        optional(
            "outside",
            Kind::Text(&texts::WINDOW),
            "The bounds hold while this window is closed: nights, weekends and holidays in one row.",
        ),
        optional(
            "min",
            Kind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
            "Minimum capacity meanwhile, instead of the capacity's own.",
        ),
        optional(
            "max",
            Kind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
            "Maximum capacity meanwhile; 0 lets the service sleep once its work is done.",
        ),
    ],
    needs: &[Need::ExactlyOne(&["during", "outside"]), Need::AtLeastOne(&["min", "max"])],
};

/// The `floor` of a service.
pub const FLOOR: Shape = Shape {
    name: "`floor`",
    about: "The least capacity by a metric of the business, as a table.",
    settings: &[
        required("by", Kind::Text(&texts::METRIC_KEY), "A metric that the service declares under `metrics`."),
        required(
            "table",
            Kind::Table {
                key: &texts::LEVEL,
                value: &Kind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
                max: FLOOR_ROWS_MAX,
            },
            "At least this many: so many tasks. Above the last row the last one holds, below the first none.",
        ),
    ],
    needs: &[],
};

/// One entry of `track`.
pub const TRACK: Shape = Shape {
    name: "a tracker",
    about: "Keeps a value that the tasks share near its target, as AWS target tracking and Kubernetes' HPA do.",
    settings: &[
        required(
            "signal",
            Kind::Text(&texts::METRIC_KEY),
            "`cpu`, `memory`, `requests_per_task` or another `NAME_per_task`, or a declared metric that falls as tasks are \
             added.",
        ),
        required(
            "target",
            Kind::Text(&texts::TARGET),
            "Where it is kept; within a tenth of it nothing changes.",
        ),
        default(
            "scale_in",
            Kind::Boolean,
            "It may ask to scale in; otherwise it only keeps what its value needs (`DisableScaleIn`).",
            "true",
            "a value that stays low for five minutes needs fewer tasks",
        ),
    ],
    needs: &[],
};
