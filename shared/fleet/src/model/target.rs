//! What is scaled: its names in AWS.

use std::fmt;

use crate::object::Object;
use crate::problem::Problems;

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

/// `ecs prod / api`, `asg web`.
impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecs(EcsService { cluster, service }) => write!(f, "ecs {cluster} / {service}"),
            Self::Group(AutoScalingGroup { name, .. }) => write!(f, "asg {name}"),
        }
    }
}

/// Reads what a service scales; `None` only after reporting why.
pub(crate) fn read(service: &Object<'_>, problems: &mut Problems) -> Option<TargetName> {
    match service.chosen(&["ecs", "asg"])? {
        "ecs" => ecs(service, problems).map(TargetName::Ecs),
        _ => group(service, problems).map(TargetName::Group),
    }
}

fn ecs(service: &Object<'_>, problems: &mut Problems) -> Option<EcsService> {
    let ecs = service.map("ecs", problems)?;
    let cluster = ecs.text("cluster", problems);
    let service = ecs.text("service", problems);
    Some(EcsService { cluster: cluster?, service: service? })
}

fn group(service: &Object<'_>, problems: &mut Problems) -> Option<AutoScalingGroup> {
    let (name, more) = service.text_or_map("asg", problems)?;
    let name = name.or_else(|| more.text("name", problems));
    let detailed_monitoring = more.boolean("detailed_monitoring", problems);
    Some(AutoScalingGroup { name: name?, detailed_monitoring: detailed_monitoring? })
}
