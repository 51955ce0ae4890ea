//! The settings of a guard: a database whose connections limit a service.

use tidegate_policy::OnMissing;

use crate::settings::shape::{Shape, ValueKind, default, optional, required, words};
use crate::settings::texts;

/// What a guard does while a database's connections are not known.
pub(crate) const ON_MISSING: [(&str, OnMissing); 2] =
    [("ignore", OnMissing::Ignore), ("hold", OnMissing::Hold)];

/// The `guard` of a service.
pub(crate) const GUARD: Shape = Shape {
    name: "`guard`",
    about: "No scale-out beyond what a database takes.",
    settings: &[
        required("database", ValueKind::Text(&texts::NAME), "A database of this file, by its `name`."),
        required(
            "connections",
            ValueKind::Text(&texts::PERCENT),
            "The share of the database's connections that may be in use after a scale-out: `85%`.",
        ),
        optional(
            "per_task",
            ValueKind::Count { min: 1, max: 10_000, unit: "connections per task" },
            "How many connections each task holds. Without it: the connections in use, divided by the running tasks.",
        ),
        default(
            "on_missing",
            ValueKind::Choice(&words(&ON_MISSING)),
            "What happens while the connections are not known: `ignore` scales without the guard, `hold` adds nothing. Both \
             are reported.",
            "ignore",
            "a metric is missing more often than a database is full, and jobs that wait are harm too",
        ),
    ],
    needs: &[],
};
