//! What brings one target to the size that an emergency asks for.

use crate::emergency::target::{Change, Process, ScalableTarget, Seen, Suspended};
use crate::observation::{OtherAutoscaler, ServiceState};
use crate::reason::Reason;

/// The size that an emergency asks of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// So many tasks or instances.
    pub asked: u32,
    /// Only ever raised to it.
    pub raise: bool,
}

/// What is to be changed of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// In this order; none where it is at its size already.
    pub changes: Vec<Change>,
    /// The size that it will have.
    pub to: u32,
    /// AWS's own bounds do not allow what was asked for.
    pub limit: Option<Limit>,
}

/// Why a target cannot have the size that was asked for, or that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `MinSize` of the group.
    MinSize(u32),
    /// `MaxSize` of the group.
    MaxSize(u32),
    /// The most that the fleet file allows.
    FleetFile(u32),
}

/// What brings a target to its size.
///
/// Application Auto Scaling gets its bounds and flags before the desired count, or it would undo that; where it is suspended
/// as a whole it is left alone, since AWS moves a service into its bounds whenever it is registered.
///
/// # Errors
/// It cannot be changed at all: it is draining, a daemon, or managed by ECS Express Mode.
pub fn changes(size: Size, seen: &Seen) -> Result<Changes, Reason> {
    changeable(&seen.service)?;
    let desired = seen.service.desired_count;
    let wanted = if size.raise { size.asked.max(desired) } else { size.asked };
    let (to, limit) = within(wanted, &seen.service);
    let mut changes = Vec::new();
    if let Some(found) = seen.scalable.filter(|found| found.suspended != Suspended::ALL) {
        let registered = registered(found, to, size);
        changes.extend((registered != found).then_some(Change::Register(registered)));
    }
    if matches!(seen.service.constraints.other_autoscaler, OtherAutoscaler::Active(_))
        && seen.scalable.is_none()
    {
        let running = |process: &Process| !seen.suspended_processes.contains(process);
        let running: Vec<Process> = Process::ALL.into_iter().filter(running).collect();
        changes.extend((!running.is_empty()).then_some(Change::Suspend(running)));
    }
    if to != desired {
        changes.push(Change::SetCapacity(to));
    }
    Ok(Changes { changes, to, limit })
}

/// A target that may be changed: what AWS refuses is not asked for.
pub(crate) fn changeable(service: &ServiceState) -> Result<(), Reason> {
    if !service.active {
        return Err(Reason::ServiceInactive);
    }
    if service.daemon {
        return Err(Reason::ServiceIsDaemon);
    }
    if service.constraints.express {
        return Err(Reason::ServiceIsExpress);
    }
    Ok(())
}

/// The nearest size that AWS's own bounds of a group allow. They are its owner's, and stay.
#[must_use]
pub fn within(wanted: u32, service: &ServiceState) -> (u32, Option<Limit>) {
    let (min, max) = (service.constraints.min, service.constraints.max);
    match (min, max) {
        (_, Some(max)) if wanted > max => (max, Some(Limit::MaxSize(max))),
        (Some(min), _) if wanted < min => (min, Some(Limit::MinSize(min))),
        _ => (wanted, None),
    }
}

/// Bounds that hold the size, and no scaling that would leave it: to raise, scaling out goes on, and the minimum does not
/// follow it, since each registration may move tasks.
fn registered(found: ScalableTarget, to: u32, Size { asked, raise }: Size) -> ScalableTarget {
    if raise {
        let suspended = Suspended { scale_in: true, scheduled: true, ..found.suspended };
        ScalableTarget { min: found.min.max(asked.min(to)), max: found.max.max(to), suspended }
    } else {
        ScalableTarget { min: to, max: to, suspended: Suspended::ALL }
    }
}
