//! A service's `ecs` or `asg`: what it scales.

use crate::model::target::{AutoScalingGroup, EcsService, TargetName};
use crate::problem::Problems;
use crate::yaml::object::Object;

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
