//! Bounds that move: by the clock (`hours`) and by a metric of the business (`floor`).

use tidegate_policy::Capacity;

use crate::settings::shape::{Need, Shape, ValueKind, optional, required};
use crate::settings::texts;

/// Rows of `hours` of one service: as many as a week has days, with a few to spare.
pub(crate) const HOURS_MAX: usize = 20;

/// Holidays of one fleet: ten years of them.
pub(crate) const HOLIDAYS_MAX: usize = 200;

/// Rows of one floor table; guides have four.
pub(crate) const FLOOR_ROWS_MAX: usize = 50;

/// One entry of `hours`.
pub(crate) const HOURS: Shape = Shape {
    name: "a row of `hours`",
    about: "Other bounds at certain hours, on the clock of a time zone.",
    settings: &[
        optional(
            "during",
            ValueKind::Text(&texts::WINDOW),
            "The bounds apply during this window: `mon-fri 07:00-20:00 Europe/Berlin`.",
        ),
        optional(
            "outside",
            ValueKind::Text(&texts::WINDOW),
            "The bounds apply outside this window: nights, weekends and holidays in one row.",
        ),
        optional(
            "min",
            ValueKind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
            "Minimum capacity at these hours, instead of `capacity.min`.",
        ),
        optional(
            "max",
            ValueKind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
            "Maximum capacity at these hours; 0 scales the service to zero once its work is done.",
        ),
    ],
    needs: &[Need::ExactlyOne(&["during", "outside"]), Need::AtLeastOne(&["min", "max"])],
};

/// The `floor` of a service.
pub(crate) const FLOOR: Shape = Shape {
    name: "`floor`",
    about: "A minimum capacity that depends on a business metric, as a table.",
    settings: &[
        required(
            "by",
            ValueKind::Text(&texts::METRIC_KEY),
            "A metric that the service declares under `metrics`.",
        ),
        required(
            "table",
            ValueKind::Table {
                key: &texts::LEVEL,
                value: &ValueKind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks" },
                min: 0,
                max: FLOOR_ROWS_MAX,
            },
            "Rows of `VALUE: TASKS`: from this value on, at least so many tasks. Below the first row there is no floor.",
        ),
    ],
    needs: &[],
};
