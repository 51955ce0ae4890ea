//! What an evaluation saw.

use std::collections::BTreeMap;

use tidegate_aws::targets::TargetState;
use tidegate_policy::Absence;

/// What was seen of the targets that an evaluation is about.
#[derive(Debug, Default)]
pub struct FleetSeen {
    pub(crate) states: BTreeMap<String, Result<TargetState, Absence>>,
}
