//! The settings of a database's instance class and of its storage.

use crate::settings::bounds::FLOOR_ROWS_MAX;
use crate::settings::shape::{Shape, ValueKind, default, optional, required, words};
use crate::settings::texts;

/// Classes of one ladder: a family has about ten sizes, and a ladder may go through two of them.
pub(crate) const CLASSES_MAX: usize = 20;

/// Conditions of `when` and of `down`: two for each of the four signals.
const CONDITIONS_MAX: usize = 8;

/// Changes within 24 hours: each is minutes of downtime.
pub(crate) const PER_DAY_MAX: u32 = 10;

/// What RDS takes of `MaxAllocatedStorage`: its smallest volume of gp2 and gp3 has 20 GiB, its largest 64 TiB.
const STORAGE_GIB: (u32, u32) = (20, 65_536);

/// Where the window is that of the instance itself.
pub(crate) const MAINTENANCE: &str = "maintenance";

/// What a change does that would leave a reserved instance without use, by the word for it.
pub(crate) const RESERVATIONS: [(&str, bool); 2] = [("keep", true), ("ignore", false)];

/// The classes that a database may have.
pub(crate) const CLASSES: ValueKind =
    ValueKind::List { of: &ValueKind::Text(&texts::DATABASE_CLASS), min: 2, max: CLASSES_MAX };

/// The `upgrade` of a database.
pub(crate) const UPGRADE: Shape = Shape {
    name: "`upgrade`",
    about: "When a database gets the next larger or smaller of its `classes`, and in which window.",
    settings: &[
        optional(
            "when",
            ValueKind::OneOrMore { of: &ValueKind::Text(&texts::CLASS_UP), max: CONDITIONS_MAX },
            "The next larger class is wanted while this holds, or any one of a list: `cpu > 80% for 1d`. Averages are compared, of \
             5 minutes for a `for` up to 6 hours, of an hour for a longer one.",
        ),
        optional(
            "down",
            ValueKind::OneOrMore { of: &ValueKind::Text(&texts::CLASS_DOWN), max: CONDITIONS_MAX },
            "The next smaller class is wanted while this holds, or all of a list, and the load fits that class. The heaviest \
             moment of each period is compared. Without it the class never becomes smaller by itself.",
        ),
        optional("floor", ValueKind::Map(&CLASS_FLOOR), "The smallest class by a business metric."),
        default(
            "window",
            ValueKind::Text(&texts::CHANGE_WINDOW),
            "When a change may begin, in UTC: `maintenance` is the instance's own `PreferredMaintenanceWindow`.",
            MAINTENANCE,
            "it is the time that was chosen for downtime already",
        ),
        default(
            "per_day",
            ValueKind::Count { min: 1, max: PER_DAY_MAX, unit: "changes" },
            "The most changes that may begin within 24 hours.",
            "1",
            "after a change the load must be seen on the new class before the next one",
        ),
        default(
            "reservations",
            ValueKind::Choice(&words(&RESERVATIONS)),
            "`keep`: a change that leaves a reserved DB instance without use is refused; `ignore`: it is made.",
            "keep",
            "a reservation is paid for whether it is used or not, and holds for its own class family only",
        ),
    ],
    needs: &[],
};

/// The `floor` of an `upgrade`.
const CLASS_FLOOR: Shape = Shape {
    name: "`floor` of classes",
    about: "The smallest class by a business metric, as a table.",
    settings: &[
        required(
            "by",
            ValueKind::Text(&texts::METRIC_KEY),
            "A metric that the database declares under `metrics`.",
        ),
        required(
            "table",
            ValueKind::Table {
                key: &texts::LEVEL,
                value: &ValueKind::Text(&texts::DATABASE_CLASS),
                min: 1,
                max: FLOOR_ROWS_MAX,
            },
            "Rows of `VALUE: CLASS`: from this value on, this class or a larger one. Each is one of `classes`.",
        ),
    ],
    needs: &[],
};

/// The `storage` of a database.
pub(crate) const STORAGE: Shape = Shape {
    name: "`storage`",
    about: "How far RDS may raise the storage by itself, and when operators are told that it fills up.",
    settings: &[
        optional(
            "max",
            ValueKind::Count { min: STORAGE_GIB.0, max: STORAGE_GIB.1, unit: "GiB" },
            "RDS may raise the storage by itself up to this (`MaxAllocatedStorage`). Tidegate sets it where it is lower. Without \
             it that setting is left alone.",
        ),
        default(
            "warning",
            ValueKind::Text(&texts::PERCENT),
            "Operators are warned below this share of free storage (`FreeStorageSpace` of `AllocatedStorage`).",
            "20%",
            "twice the share at which RDS raises the storage by itself",
        ),
        default(
            "critical",
            ValueKind::Text(&texts::PERCENT),
            "Below this share the notice is critical; less than `warning`.",
            "10%",
            "below it RDS raises the storage by itself, so it could not, or has just done so",
        ),
    ],
    needs: &[],
};
