//! One target of an emergency: what is seen of it, and the changes that can be made to it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::emergency::schedule::ScheduledAction;
use crate::observation::ServiceState;
use crate::reading::Absence;

/// A scalable target of Application Auto Scaling, as `DescribeScalableTargets` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// `MinCapacity`.
    pub min: u32,
    /// `MaxCapacity`.
    pub max: u32,
    /// `SuspendedState`.
    pub suspended: Suspended,
}

/// Which kinds of scaling are suspended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// `DynamicScalingInSuspended`.
    #[serde(rename = "in")]
    pub scale_in: bool,
    /// `DynamicScalingOutSuspended`.
    #[serde(rename = "out")]
    pub scale_out: bool,
    /// `ScheduledScalingSuspended`.
    pub scheduled: bool,
}

impl Suspended {
    /// Nothing of it scales.
    pub const ALL: Self = Self { scale_in: true, scale_out: true, scheduled: true };
}

impl ScalableTarget {
    /// It scales by itself from one desired count towards another. From 0 nothing does: no task has a metric.
    pub(crate) fn goes_on(self, from: u32, to: u32) -> bool {
        let Suspended { scale_in, scale_out, scheduled: _ } = self.suspended;
        if from > to { !scale_in } else { !scale_out && from > 0 }
    }
}

/// What is seen of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The ECS service or the group.
    pub service: ServiceState,
    /// Its scalable target, if it has one; of an ECS service only.
    pub scalable: Option<ScalableTarget>,
    /// The processes of the group that are suspended; of a group only.
    pub suspended_processes: Vec<Process>,
    /// The scheduled actions of the scalable target, where they were asked for.
    pub scheduled: Option<Result<Vec<ScheduledAction>, Absence>>,
}

/// A process of an Auto Scaling group by which AWS scales it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Process {
    /// Runs what alarms ask for.
    AlarmNotification,
    /// Runs scheduled actions, and forecasts.
    ScheduledActions,
}

impl Process {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::AlarmNotification, Self::ScheduledActions];

    /// As AWS writes it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AlarmNotification => "AlarmNotification",
            Self::ScheduledActions => "ScheduledActions",
        }
    }
}

/// One change of one target: absolute, so that making it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `RegisterScalableTarget`, with bounds and flags in one call. AWS moves the service into the bounds at once.
    Register(ScalableTarget),
    /// `SuspendProcesses` of a group.
    Suspend(Vec<Process>),
    /// `ResumeProcesses` of a group.
    Resume(Vec<Process>),
    /// The desired count or capacity is set.
    SetCapacity(u32),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |processes: &[Process]| processes.iter().map(|it| it.code()).collect::<Vec<_>>().join(" and ");
        match self {
            Self::Register(ScalableTarget { min, max, suspended }) => {
                let which = match suspended {
                    &Suspended::ALL => "all scaling suspended",
                    Suspended { scale_in: false, scale_out: false, scheduled: false } => "nothing suspended",
                    Suspended { .. } => "a part suspended",
                };
                write!(f, "set Application Auto Scaling to {min} to {max}, {which}")
            }
            Self::Suspend(processes) => write!(f, "suspend {}", names(processes)),
            Self::Resume(processes) => write!(f, "resume {}", names(processes)),
            Self::SetCapacity(capacity) => write!(f, "set desired to {capacity}"),
        }
    }
}
