//! What somebody else changes, while Tidegate is at work.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica, RecordChange};
use tidegate_policy::replicas::observation::{DnsRecord, Engine};

use crate::number::real;
use crate::rds::account::Account;
use crate::rds::actor::Actor;
use crate::rds::class_manual::{ClassManualChange, apply_of_class};
use crate::rds::happening::Deed;
use crate::rds::instance::{ModificationUnderWay, SimulatedInstance};
use crate::rds::modified::{ModifiedValue, PendingValue};
use crate::rds::zone::HostedZone;

/// A change that Tidegate did not make. `nth` counts the replicas, and goes round.
#[derive(Debug, Clone, PartialEq)]
pub enum ManualChange {
    /// A replica of any name, without our tags.
    CreateReplica {
        /// `DBInstanceIdentifier`.
        id: String,
    },
    /// Any replica is deleted, whoever created it.
    DeleteReplica {
        /// Which.
        nth: usize,
    },
    /// A replica loses our tags, or gets them.
    Retag {
        /// Which.
        nth: usize,
    },
    /// `DeletionProtection` is switched.
    Protect {
        /// Which.
        nth: usize,
    },
    /// A replica restarts.
    Reboot {
        /// Which.
        nth: usize,
    },
    /// The source restarts.
    RebootSource,
    /// The class of the source changes, at once and without a restart: it stays `available` for a while with a pending value.
    ModifySource {
        /// `DBInstanceClass`.
        class: String,
    },
    /// `AllocatedStorage` of the source grows, at once.
    GrowStorage {
        /// Bytes that are added.
        bytes: u64,
    },
    /// Replication of a replica breaks.
    BreakReplication {
        /// Which.
        nth: usize,
    },
    /// It is repaired.
    RepairReplication {
        /// Which.
        nth: usize,
    },
    /// A replica replays at half of the speed of its source.
    SlowDown {
        /// Which.
        nth: usize,
        /// For how long.
        lasting: SignedDuration,
    },
    /// One record of the name is deleted.
    DeleteRecord {
        /// Which.
        nth: usize,
    },
    /// Every record of the name gets weight 0.
    ZeroWeights,
    /// Every record of the name gets a health check.
    CheckHealth,
    /// A weighted record is added that is not Tidegate's.
    AddRecord {
        /// Its value.
        value: String,
    },
    /// A reader of Aurora becomes the writer; of another engine nothing happens.
    FailOver {
        /// Which.
        nth: usize,
    },
    /// Something that has to do with classes.
    OfClass(ClassManualChange),
}

/// Makes a manual change. What is not possible changes nothing.
pub(super) fn apply(change: &ManualChange, account: &mut Account, zone: &mut HostedZone, now: Timestamp) {
    match change {
        ManualChange::CreateReplica { id } => create(id, account, now),
        ManualChange::DeleteReplica { nth } => {
            if let Some(replica) = nth_replica(account, *nth).map(|replica| replica.id.clone()) {
                let _ = account.make(&InstanceCall::Delete { replica }, Actor::SomeoneElse, now);
            }
        }
        ManualChange::Reboot { nth } => reboot(account, nth.saturating_add(1), now),
        ManualChange::RebootSource => reboot(account, 0, now),
        ManualChange::FailOver { nth } => {
            let replicas = account.instances.len().saturating_sub(1);
            if let Some(nth) = nth.checked_rem(replicas) {
                account.fail_over(nth.saturating_add(1), now);
            }
        }
        ManualChange::ModifySource { class } => modify_source(account, class, now),
        ManualChange::OfClass(change) => apply_of_class(change, account, now),
        ManualChange::GrowStorage { bytes } => {
            let storage = &mut account.settings.allocated_storage;
            *storage = storage.saturating_add(*bytes);
        }
        ManualChange::Retag { nth } => {
            with(account, *nth, |replica| replica.has_our_tags = !replica.has_our_tags);
        }
        ManualChange::Protect { nth } => {
            with(account, *nth, |replica| replica.is_protected = !replica.is_protected);
        }
        // Readers of Aurora share its storage: there is nothing to break.
        ManualChange::BreakReplication { .. } if account.settings.engine == Engine::Aurora => return,
        ManualChange::BreakReplication { nth } => {
            with(account, *nth, |replica| {
                replica.replication.break_with("error", "Last_Errno 1062: duplicate entry");
            });
        }
        ManualChange::RepairReplication { nth } => {
            with(account, *nth, |replica| replica.replication.repair());
        }
        ManualChange::SlowDown { nth, lasting } => {
            let until = now.checked_add(*lasting).unwrap_or(now);
            with(account, *nth, |replica| replica.replication.slow_down(until));
        }
        ManualChange::DeleteRecord { .. }
        | ManualChange::ZeroWeights
        | ManualChange::CheckHealth
        | ManualChange::AddRecord { .. } => {
            change_records(change, account, zone, now);
            return;
        }
    }
    account.note(now, Actor::SomeoneElse, Deed::Changed(format!("{change:?}")));
}

fn nth_replica(account: &mut Account, nth: usize) -> Option<&mut SimulatedInstance> {
    let replicas = account.instances.len().saturating_sub(1);
    let place = nth.checked_rem(replicas)?.saturating_add(1);
    account.instances.get_mut(place)
}

fn with(account: &mut Account, nth: usize, change: impl FnOnce(&mut SimulatedInstance)) {
    if let Some(replica) = nth_replica(account, nth) {
        change(replica);
    }
}

fn create(id: &str, account: &mut Account, now: Timestamp) {
    let new = NewReplica {
        id: id.to_owned(),
        source: account.settings.source.clone(),
        class: account.settings.class.clone(),
        zone: None,
    };
    let _ = account.make(&InstanceCall::Create(new), Actor::SomeoneElse, now);
}

fn reboot(account: &mut Account, place: usize, now: Timestamp) {
    let phases = account.life.reboot(now);
    let found = if place == 0 {
        account.instances.first_mut()
    } else {
        nth_replica(account, place.saturating_sub(1))
    };
    if let Some(instance) = found.filter(|instance| instance.status.takes_changes()) {
        instance.goes_through(phases);
    }
}

fn modify_source(account: &mut Account, class: &str, now: Timestamp) {
    let phases = account.life.modification(now);
    if let Some(source) = account.instances.first_mut().filter(|source| source.status.takes_changes()) {
        let value = ModifiedValue::Class(class.to_owned());
        source.pending.put(PendingValue { value, by: Actor::SomeoneElse, at: now });
        source.goes_through(phases);
        source.modification = Some(ModificationUnderWay::by_call(Actor::SomeoneElse));
    }
}

fn change_records(change: &ManualChange, account: &mut Account, zone: &mut HostedZone, now: Timestamp) {
    let batch: Vec<RecordChange> = match change {
        ManualChange::DeleteRecord { nth } => {
            let place = nth.checked_rem(zone.records.len());
            let record = place.and_then(|place| zone.records.get(place));
            record.into_iter().map(|record| RecordChange::Delete(record.clone())).collect()
        }
        ManualChange::ZeroWeights => {
            let zero = |record: &DnsRecord| DnsRecord { weight: Some(0), ..record.clone() };
            zone.records.iter().map(|record| RecordChange::Put(zero(record))).collect()
        }
        ManualChange::AddRecord { value } => vec![RecordChange::Put(DnsRecord {
            set_identifier: Some(format!("by-hand-{:.0}", real(zone.records.len()))),
            kind: "CNAME".to_owned(),
            weight: Some(5),
            ttl: zone.records.iter().find_map(|record| record.ttl).or(Some(60)),
            values: vec![value.clone()],
            alias: None,
            health_check: None,
        })],
        ManualChange::CheckHealth => {
            let checked = |record: &DnsRecord| {
                let health_check = Some("abcdef11-2222-3333-4444-555555fedcba".to_owned());
                DnsRecord { health_check, ..record.clone() }
            };
            zone.records.iter().map(|record| RecordChange::Put(checked(record))).collect()
        }
        ManualChange::CreateReplica { .. }
        | ManualChange::DeleteReplica { .. }
        | ManualChange::Retag { .. }
        | ManualChange::Protect { .. }
        | ManualChange::Reboot { .. }
        | ManualChange::RebootSource
        | ManualChange::ModifySource { .. }
        | ManualChange::GrowStorage { .. }
        | ManualChange::BreakReplication { .. }
        | ManualChange::RepairReplication { .. }
        | ManualChange::SlowDown { .. }
        | ManualChange::FailOver { .. }
        | ManualChange::OfClass(_) => Vec::new(),
    };
    if zone.change(&batch).is_ok() {
        account.note(now, Actor::SomeoneElse, Deed::Records(batch));
    }
}
