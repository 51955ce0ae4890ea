//! What was seen of one target.

use tidegate_policy::ServiceState;
use tidegate_policy::emergency::delivery::FargateCapacity;
use tidegate_policy::emergency::target::{Process, ScalableTarget};

/// What was seen of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// Its counts, and what AWS itself sets around it.
    pub service: ServiceState,
    /// The ARNs of the target groups through which load balancers reach it, each once.
    pub target_groups: Vec<String>,
    /// Its scalable target in Application Auto Scaling; of an ECS service.
    pub scalable: Option<ScalableTarget>,
    /// The processes by which AWS scales a group, as far as they are suspended.
    pub suspended_processes: Vec<Process>,
    /// How its tasks are run; of an ECS service.
    pub tasks: Option<Tasks>,
    /// What ECS says last of tasks that it cannot place or start: the newest of its events.
    pub trouble: Option<String>,
}

impl TargetState {
    /// A target of which no more is known than what every kind has.
    #[must_use]
    pub fn new(service: ServiceState, target_groups: Vec<String>) -> Self {
        let (scalable, suspended_processes, tasks, trouble) = (None, Vec::new(), None, None);
        Self { service, target_groups, scalable, suspended_processes, tasks, trouble }
    }
}

/// How the tasks of an ECS service are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tasks {
    /// The ARN of their task definition.
    pub task_definition: String,
    /// The capacity of AWS Fargate that they run on; `None` on container instances.
    pub fargate: Option<FargateCapacity>,
}
