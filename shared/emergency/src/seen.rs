//! What an evaluation saw.

use std::collections::BTreeMap;

use tidegate_aws::targets::TargetState;
use tidegate_aws::targets::fargate::FargateReadings;
use tidegate_policy::Absence;
use tidegate_policy::emergency::schedule::ScheduledAction;

use crate::asked::Asked;

/// What was asked for, and what was seen of the targets that an evaluation is about.
#[derive(Debug)]
pub struct FleetSeen {
    pub(crate) asked: Asked,
    pub(crate) states: BTreeMap<String, Result<TargetState, Absence>>,
    /// Of targets that are put back.
    pub(crate) scheduled: BTreeMap<String, Result<Vec<ScheduledAction>, Absence>>,
    /// What `replica-lag` remembers, as it is written.
    pub(crate) replicas: Option<String>,
    /// For a plan.
    pub(crate) fargate: Option<FargateReadings>,
}

impl FleetSeen {
    /// Nothing of any target.
    pub(crate) fn nothing(asked: Asked, replicas: Option<String>) -> Self {
        Self { asked, states: BTreeMap::new(), scheduled: BTreeMap::new(), replicas, fargate: None }
    }
}
