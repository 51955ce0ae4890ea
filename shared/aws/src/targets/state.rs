//! What was seen of one target.

use tidegate_policy::ServiceState;

/// What was seen of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// Its counts, and what AWS itself sets around it.
    pub service: ServiceState,
    /// The ARNs of the target groups through which load balancers reach it, each once.
    pub target_groups: Vec<String>,
}
