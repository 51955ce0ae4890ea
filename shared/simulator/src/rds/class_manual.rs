//! What somebody else changes that has to do with classes, while Tidegate is at work.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::upgrades::observation::DueMaintenance;

use crate::rds::account::Account;
use crate::rds::actor::Actor;
use crate::rds::modified::{ModifiedValue, ParameterState};
use crate::rds::modify::Modification;

/// A change that Tidegate did not make. `place` 0 is the source; from 1 on it counts the replicas, and goes round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassManualChange {
    /// `ModifyDBInstance`.
    Modify {
        /// Which instance.
        place: usize,
        /// What.
        value: ModifiedValue,
        /// With `ApplyImmediately`; otherwise it is pending until the window.
        at_once: bool,
    },
    /// A parameter group is changed, which waits for a restart.
    Parameters {
        /// Which instance.
        place: usize,
    },
    /// Everything that is pending is withdrawn, and a parameter group is as it was.
    Withdraw,
    /// `MaxAllocatedStorage` of the source, in GiB.
    MaxStorage(Option<u32>),
    /// `PreferredMaintenanceWindow` of all instances.
    Window(String),
    /// `BackupRetentionPeriod`.
    Backups(u32),
    /// AWS plans maintenance, so many minutes from now.
    Maintenance(i64),
    /// A class cannot be ordered any more, or can be again.
    Offer(String),
}

/// Makes a change. What is not possible changes nothing.
pub(super) fn apply_of_class(change: &ClassManualChange, account: &mut Account, now: Timestamp) {
    let classes = &mut account.settings.classes;
    match change {
        ClassManualChange::Modify { place, value, at_once } => {
            let Some(instance) = id_at(account, *place) else { return };
            let by = Actor::SomeoneElse;
            let asked = Modification { instance, value: value.clone(), at_once: *at_once, by };
            let _ = account.modify(&asked, now);
        }
        ClassManualChange::Parameters { place } => {
            let Some(id) = id_at(account, *place) else { return };
            if let Some(instance) = account.instance(&id)
                && instance.parameters == ParameterState::InSync
            {
                instance.parameters = ParameterState::PendingReboot(now);
            }
        }
        ClassManualChange::Withdraw => {
            for instance in account.instances.iter_mut().filter(|it| it.modification.is_none()) {
                let _ = instance.pending.take();
                instance.parameters = ParameterState::InSync;
            }
        }
        ClassManualChange::MaxStorage(gib) => {
            if let Some(source) = account.instances.first_mut() {
                source.max_allocated_gib = *gib;
            }
        }
        ClassManualChange::Window(window) => classes.maintenance_window.clone_from(window),
        ClassManualChange::Backups(days) => account.settings.backup_retention_days = *days,
        ClassManualChange::Maintenance(minutes) => {
            let at = now.checked_add(SignedDuration::from_mins(*minutes)).ok();
            classes.maintenance.push(DueMaintenance {
                action: "system-update".to_owned(),
                at,
                required: None,
                resource: String::new(),
            });
        }
        ClassManualChange::Offer(class) => {
            if let Some(offers) = classes.offers.get_mut(class) {
                for offer in offers {
                    // As if it were offered on another storage only.
                    let is_offered = offer.storage_type == classes.storage_type;
                    let storage = if is_offered { "io2" } else { classes.storage_type.as_str() };
                    storage.clone_into(&mut offer.storage_type);
                }
            }
        }
    }
}

/// The identifier of the source, or of a replica.
fn id_at(account: &Account, place: usize) -> Option<String> {
    let replicas = account.instances.len().saturating_sub(1);
    let place = match place.checked_sub(1) {
        None => 0,
        Some(nth) => nth.checked_rem(replicas)?.saturating_add(1),
    };
    account.instances.get(place).map(|instance| instance.id.clone())
}
