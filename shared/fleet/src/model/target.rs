//! What is scaled: its names in AWS.

use std::fmt;

use tidegate_policy::CapacityUnit;

use crate::model::keyword::keywords;

keywords! {
    /// The kinds of what a service scales.
    TargetKind {
        /// An ECS service.
        Ecs = "ecs",
        /// An EC2 Auto Scaling group.
        Group = "asg",
    }
}

/// What a service of the fleet file scales. A third kind is a variant here, and one file in each room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetName {
    /// An ECS service.
    Ecs(EcsService),
    /// An EC2 Auto Scaling group.
    Group(AutoScalingGroup),
}

/// An ECS service by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcsService {
    /// The cluster's name or ARN.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

/// An EC2 Auto Scaling group by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AutoScalingGroup {
    /// `AutoScalingGroupName`.
    pub name: String,
    /// Its instances publish once a minute (detailed monitoring), not once in five minutes.
    pub detailed_monitoring: bool,
}

impl TargetName {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Ecs(_) => TargetKind::Ecs,
            Self::Group(_) => TargetKind::Group,
        }
    }
}

impl TargetKind {
    /// What its capacity counts.
    #[must_use]
    pub fn capacity_unit(self) -> CapacityUnit {
        match self {
            Self::Ecs => CapacityUnit::Tasks,
            Self::Group => CapacityUnit::Instances,
        }
    }
}

/// `ecs prod / api`, `asg web`.
impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Ecs(EcsService { cluster, service }) => write!(f, "{kind} {cluster} / {service}"),
            Self::Group(AutoScalingGroup { name, .. }) => write!(f, "{kind} {name}"),
        }
    }
}
