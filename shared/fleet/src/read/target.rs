//! A service's `ecs` or `asg`: what it scales.

use crate::model::target::{AutoScalingGroup, EcsService, TargetKind, TargetName};
use crate::problem::Problems;
use crate::yaml::object::Object;

/// Reads what a service scales; `None` only after reporting why.
pub(crate) fn read(service: &Object<'_>, problems: &mut Problems) -> Option<TargetName> {
    let (key, kind) = service.chosen(TargetKind::TABLE)?;
    match kind {
        TargetKind::Ecs => ecs(key, service, problems).map(TargetName::Ecs),
        TargetKind::Group => group(key, service, problems).map(TargetName::Group),
    }
}

fn ecs(key: &str, service: &Object<'_>, problems: &mut Problems) -> Option<EcsService> {
    let ecs = service.map(key, problems)?;
    let cluster = ecs.text("cluster", problems);
    let service = ecs.text("service", problems);
    Some(EcsService { cluster: cluster?, service: service? })
}

fn group(key: &str, service: &Object<'_>, problems: &mut Problems) -> Option<AutoScalingGroup> {
    let (name, more) = service.text_or_map(key, problems)?;
    let name = name.or_else(|| more.text("name", problems));
    let detailed_monitoring = more.boolean("detailed_monitoring", problems);
    Some(AutoScalingGroup { name: name?, detailed_monitoring: detailed_monitoring? })
}
