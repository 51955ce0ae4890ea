//! The settings at the top of the file.
//!
//! Every setting of a fleet file is declared once: what it can be, its default, and why that default. The reader, the
//! JSON Schema (`tidegate schema`) and the table of settings (`tidegate check --explain`) are made from these tables, so
//! none of them can disagree.

use crate::settings::bounds::HOLIDAYS_MAX;
use crate::settings::database::{DATABASE, DATABASES_MAX};
use crate::settings::emergency::EMERGENCY;
use crate::settings::service::{MODE, SERVICE, SERVICES_MAX};
use crate::settings::shape::{Need, Shape, ValueKind, optional, required};
use crate::settings::texts;

/// Services of one concern: one ledger item holds the memory of about 1,000 (DynamoDB: 400 KB per item).
pub(crate) const SERVICES_PER_CONCERN_MAX: usize = 1_000;

/// Budgets of one fleet.
pub(crate) const BUDGETS_MAX: usize = 50;

/// The whole file.
pub(crate) const FLEET: Shape = Shape {
    name: "the fleet",
    about: "One fleet of Tidegate: its services and databases, their bounds and their rules.",
    settings: &[
        required(
            "version",
            ValueKind::Count { min: 1, max: 1, unit: "" },
            "The version of this file format.",
        ),
        required(
            "name",
            ValueKind::Text(&texts::NAME),
            "The fleet's name in reports, metrics and the ledger.",
        ),
        required("mode", MODE, "`observe` decides and reports but changes nothing; `enforce` acts."),
        optional(
            "services",
            ValueKind::List { of: &ValueKind::Map(&SERVICE), min: 1, max: SERVICES_MAX },
            "The ECS services and EC2 Auto Scaling groups to scale.",
        ),
        optional(
            "budgets",
            ValueKind::List { of: &ValueKind::Map(&BUDGET), min: 0, max: BUDGETS_MAX },
            "Limits shared by several services, checked when the file is read.",
        ),
        optional(
            "holidays",
            ValueKind::List { of: &ValueKind::Text(&texts::DATE), min: 0, max: HOLIDAYS_MAX },
            "Dates that count as `holidays`, not as their day of the week, in every window of `hours`.",
        ),
        optional(
            "emergency",
            ValueKind::Map(&EMERGENCY),
            "What an emergency does: sizes under names, how long they hold, and what operators do beside it.",
        ),
        optional(
            "databases",
            ValueKind::List { of: &ValueKind::Map(&DATABASE), min: 1, max: DATABASES_MAX },
            "The databases of Amazon RDS and Aurora whose read replicas are watched and counted, or whose connections guard services.",
        ),
    ],
    needs: &[Need::AtLeastOne(&["services", "databases"])],
};

/// One entry of `budgets`.
pub(crate) const BUDGET: Shape = Shape {
    name: "a budget",
    about: "A resource that several services share: at their maximum they must not exceed its limit.",
    settings: &[
        required(
            "name",
            ValueKind::Text(&texts::NAME),
            "The name of the shared resource in messages: `rds-connections`.",
        ),
        required(
            "limit",
            ValueKind::Count { min: 1, max: 1_000_000_000, unit: "" },
            "How much of the resource is available.",
        ),
        required(
            "use",
            ValueKind::Table {
                key: &texts::NAME,
                value: &ValueKind::Count { min: 0, max: 1_000_000, unit: "per task" },
                min: 0,
                max: SERVICES_MAX,
            },
            "How much of the resource one task of each service uses.",
        ),
    ],
    needs: &[],
};
