//! What an emergency does.

use tidegate_policy::Capacity;

use crate::settings::service::SERVICES_MAX;
use crate::settings::shape::{Shape, ValueKind, default, optional};
use crate::settings::texts;

/// Profiles of one fleet: who is woken at night chooses among a few.
pub(crate) const PROFILES_MAX: usize = 20;

/// Lines of the runbook; all of them stand in one notice.
pub(crate) const RUNBOOK_MAX: usize = 10;

/// The sizes of one profile.
pub(crate) const PROFILE: ValueKind =
    ValueKind::Table { key: &texts::NAME, value: &PROFILE_SIZE, min: 1, max: SERVICES_MAX };

/// The size of one service, or the least number of replicas of one database.
pub(crate) const PROFILE_SIZE: ValueKind =
    ValueKind::Count { min: 0, max: Capacity::LIMIT, unit: "tasks, instances or replicas" };

/// The `emergency` of a fleet.
pub(crate) const EMERGENCY: Shape = Shape {
    name: "`emergency`",
    about: "What an emergency does: sizes under names, how long they hold, and what operators do beside it.",
    settings: &[
        default(
            "hold",
            ValueKind::Duration { min_seconds: 300, max_seconds: 604_800 },
            "How long an emergency lasts unless the operator says otherwise; then it ends by itself.",
            "2h",
            "the same as for a pin: long enough to find the cause, and what is forgotten ends the same night",
        ),
        optional(
            "profiles",
            ValueKind::Table { key: &texts::PROFILE, value: &PROFILE, min: 0, max: PROFILES_MAX },
            "Sizes under a name: `shed: { worker: 5, batch: 0 }`, from 0 to the service's `override_max`, or `max` without \
             it. A service that a profile leaves out is left alone. `max` is there without being written: every service \
             goes to its maximum, and none is lowered. Of a database it is the least number of replicas, `spike: { api: 12, \
             db: 3 }`, from `min` to `max` of its `replicas`: they are added one at a time, and none is removed while it \
             lasts. `max: { db: 5 }` adds a database to `max`.",
        ),
        optional(
            "runbook",
            ValueKind::List { of: &ValueKind::Text(&texts::RUNBOOK_LINE), min: 0, max: RUNBOOK_MAX },
            "What operators do beside it, line by line, as the first notice of an emergency shows it.",
        ),
    ],
    needs: &[],
};
