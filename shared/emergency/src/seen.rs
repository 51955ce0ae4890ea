//! What an evaluation saw.

use std::collections::BTreeMap;

use tidegate_aws::targets::fargate::FargateReadings;
use tidegate_aws::targets::{TargetState, Tasks};
use tidegate_policy::Absence;
use tidegate_policy::emergency::schedule::ScheduledAction;
use tidegate_policy::emergency::target::Seen;

use crate::asked::Asked;

/// How tasks are run, and how many are added.
pub(crate) type Added = (Tasks, u32);

/// What of the targets was described, by name.
pub(crate) type Described = BTreeMap<String, Result<TargetState, Absence>>;

/// What was asked for, and what was seen of the targets that an evaluation is about.
#[derive(Debug)]
pub struct FleetSeen {
    pub(crate) asked: Asked,
    pub(crate) states: Described,
    /// Of targets that are put back.
    pub(crate) scheduled: BTreeMap<String, Result<Vec<ScheduledAction>, Absence>>,
    /// What `replica-lag` remembers, as it is written.
    pub(crate) replicas: Option<String>,
    /// For a plan.
    pub(crate) fargate: Option<FargateReadings>,
}

/// What is seen of a target, as the decision takes it.
pub(crate) fn sight(state: &TargetState, scheduled: Option<Result<Vec<ScheduledAction>, Absence>>) -> Seen {
    let TargetState { service, scalable, suspended_processes, .. } = state.clone();
    Seen { service, scalable, suspended_processes, scheduled }
}

impl FleetSeen {
    /// Nothing of any target.
    pub(crate) fn nothing(asked: Asked, replicas: Option<String>) -> Self {
        Self { asked, states: BTreeMap::new(), scheduled: BTreeMap::new(), replicas, fargate: None }
    }
}
