//! Everything in Tidegate that decides.
//!
//! An observation goes in, an absolute decision comes out, and every step that shaped it leaves a typed
//! [`Reason`] with its numbers:
//!
//! ```text
//! decide(&Observation, &ServicePolicy, &Memory, &[Override], now) -> Decision
//! ```
//!
//! What this crate does not do: no input or output, no async, no AWS type, no clock, no log, no randomness, no
//! environment. `now` is an argument; what must be remembered is part of the decision.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm))]

mod clock;
mod ledger_time;
pub mod one_line;
pub mod reading;
pub mod capacity;
pub mod observation;
pub mod signal;
pub mod rule;
pub mod hours;
pub mod floor;
pub mod guard;
pub mod engine;
pub mod database_class;
pub mod connection_limit;
pub mod track;
pub mod capacity_unit;
pub mod service;
pub mod overrides;
pub mod emergency;
pub mod database;
pub mod replicas;
pub mod weekly_window;
pub mod upgrades;
pub mod severity;
pub mod reason;
mod sentence;
pub mod notice;
pub mod memory;
mod believed;
pub mod decision;

mod evidence;
mod method;
mod pipeline;
pub mod evaluation;

pub use capacity::{Capacity, CapacityError};
pub use capacity_unit::{CapacityUnit, InUnit};
pub use connection_limit::{ConnectionLimit, ConnectionSetting, GuardedInstance};
pub use database_class::DatabaseClass;
pub use decision::{Decision, Verdict};
pub use engine::Engine;
pub use evaluation::{Evaluation, decide};
pub use evidence::metric::jobs;
pub use floor::{FLOOR_KEPT, Floor};
pub use guard::{ConnectionGuard, Connections, OnMissing};
pub use hours::{Days, Hours, Window};
pub use memory::Memory;
pub use notice::{Notice, NoticeKind};
pub use observation::{
    Alarm, AlarmEvaluation, AlarmState, Constraints, Datapoint, InFlight, MetricReading, Observation,
    OtherAutoscaler, Queue, QueueLimits, ServiceState,
};
pub use one_line::one_line;
pub use overrides::Override;
pub use pipeline::gate::INTENT_LEASE;
pub use reading::{Absence, AbsenceKind, Reading};
pub use reason::Reason;
pub use rule::{Adjustment, Amount, Comparison, Condition, Rule};
pub use service::{Cooldown, LargestStep, MetricPolicy, Notify, ServicePolicy};
pub use severity::Severity;
pub use signal::{AlarmName, MetricName, OnAbsence, Signal, Unit};
pub use track::Track;
pub use weekly_window::WeeklyWindow;
