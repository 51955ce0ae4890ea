//! How long a modification lasts, and how it goes.

use jiff::Timestamp;
use rand_pcg::Pcg64;

use crate::random::share;
use crate::rds::instance::StatusPhase;
use crate::rds::modified::ModifiedValue;
use crate::rds::setting::RdsTimes;
use crate::rds::status::InstanceStatus;
use crate::step::after;

/// Draws how modifications go.
#[derive(Debug, Clone)]
pub(super) struct ChangeDice {
    pub(super) dice: Pcg64,
    pub(super) times: RdsTimes,
}

/// What is modified at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct ModificationWork<'a> {
    pub(super) values: &'a [ModifiedValue],
    pub(super) is_multi_az: bool,
    pub(super) gives_up: bool,
    /// It was asked for by a call: the instance stays `available` for a while.
    pub(super) is_late: bool,
}

impl ChangeDice {
    /// In so many of all cases.
    pub(super) fn happens(&mut self, of_all: f64) -> bool {
        share(&mut self.dice) < of_all
    }

    /// So many seconds after a moment, below a bound.
    pub(super) fn within(&mut self, now: Timestamp, seconds: u32) -> Timestamp {
        let drawn = share(&mut self.dice) * f64::from(seconds);
        after(now, i64::from(crate::number::whole_tasks(drawn)))
    }

    /// What an instance passes through: `available` for a while yet, `modifying` or `upgrading`, then what the change brings with
    /// it, and `available`.
    pub(super) fn phases(&mut self, now: Timestamp, work: ModificationWork<'_>) -> Vec<StatusPhase> {
        let ModificationWork { values, is_multi_az, gives_up, is_late } = work;
        let times = self.times;
        let mut phases = Vec::new();
        let mut at = now;
        let mut passes = |status, seconds: i64, event: Option<&'static str>| {
            at = after(at, seconds);
            phases.push(StatusPhase { event, ..StatusPhase::new(status, Some(at)) });
        };
        let has_class = values.iter().any(|value| matches!(value, ModifiedValue::Class(_)));
        let has_version = values.iter().any(|value| matches!(value, ModifiedValue::EngineVersion(_)));
        let has_storage = values.iter().any(|value| matches!(value, ModifiedValue::Storage(_)));
        if is_late {
            passes(InstanceStatus::Available, times.status_late.draw(&mut self.dice), None);
        }
        if has_class {
            let applies = Some("Applying modification to database instance class");
            passes(InstanceStatus::Modifying, times.changing_class.draw(&mut self.dice), applies);
        } else if !has_version {
            passes(InstanceStatus::Modifying, times.modifying.draw(&mut self.dice), None);
        }
        if has_version {
            passes(InstanceStatus::Upgrading, times.upgrading.draw(&mut self.dice), None);
        }
        let restarts = has_class && !gives_up;
        if restarts && is_multi_az {
            let event = Some("Multi-AZ instance failover started");
            passes(InstanceStatus::Modifying, times.failing_over.draw(&mut self.dice), event);
        } else if restarts {
            let event = Some("DB instance shutdown");
            passes(InstanceStatus::Rebooting, times.rebooting.draw(&mut self.dice), event);
        }
        if has_storage {
            let seconds = times.optimizing.draw(&mut self.dice);
            passes(InstanceStatus::StorageOptimization, seconds, None);
        }
        let event = restarts.then_some("Finished applying modification to DB instance class");
        phases.push(StatusPhase { event, ..StatusPhase::new(InstanceStatus::Available, None) });
        phases
    }
}
