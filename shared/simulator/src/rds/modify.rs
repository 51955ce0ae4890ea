//! Modifications of instances: by calls, by the maintenance window, and by a restart.

use jiff::Timestamp;
use tidegate_policy::WeeklyWindow;
use tidegate_policy::upgrades::decision::ClassCall;

use crate::rds::account::Account;
use crate::rds::actor::Actor;
use crate::rds::change_dice::ModificationWork;
use crate::rds::happening::{ClassDeed, Deed};
use crate::rds::instance::{ModificationUnderWay, StatusPhase};
use crate::rds::modified::{AppliedBy, ModifiedValue, PendingValue};
use crate::rds::refusal::{CallAnswer, CallRefusal};
use crate::rds::setting::RdsTroubles;
use crate::rds::snapshot::SimulatedSnapshot;
use crate::rds::status::InstanceStatus;
use crate::step::after;

/// The share of the steps of an open maintenance window in which RDS begins what is pending.
const BEGINS: f64 = 0.15;

/// One `ModifyDBInstance`.
#[derive(Debug, Clone)]
pub(super) struct Modification {
    pub(super) instance: String,
    pub(super) value: ModifiedValue,
    /// `ApplyImmediately`.
    pub(super) at_once: bool,
    pub(super) by: Actor,
}

impl Account {
    /// A call of Tidegate about a class or the storage. Whatever becomes of it, its answer may be lost.
    pub(super) fn class_call(&mut self, call: &ClassCall, now: Timestamp) -> CallAnswer {
        let RdsTroubles { calls_failed, answers_lost, capacity_refused, .. } = self.settings.troubles;
        let note = |deed: ClassDeed| Deed::Class(deed);
        if self.changes.happens(calls_failed) {
            self.note(now, Actor::Tidegate, note(ClassDeed::Lost(call.clone())));
            let is_throttled = self.changes.happens(0.5);
            return if is_throttled { CallAnswer::Throttled } else { CallAnswer::NoAnswer };
        }
        let answered = match call {
            ClassCall::Modify { .. } if self.changes.happens(capacity_refused) => {
                Err(CallRefusal::InsufficientCapacity)
            }
            ClassCall::Modify { instance, to, .. } => self.modify(
                &Modification {
                    instance: instance.clone(),
                    value: ModifiedValue::Class(to.clone()),
                    at_once: true,
                    by: Actor::Tidegate,
                },
                now,
            ),
            ClassCall::TakeSnapshot { instance, snapshot } => self.take_snapshot(instance, snapshot, now),
            ClassCall::RaiseMaxStorage { instance, to_gib } => self.raise_max_storage(instance, *to_gib),
        };
        self.note(
            now,
            Actor::Tidegate,
            note(match answered {
                Ok(()) => ClassDeed::Took(call.clone()),
                Err(refusal) => ClassDeed::Refused(call.clone(), refusal),
            }),
        );
        if self.changes.happens(answers_lost) {
            return CallAnswer::NoAnswer;
        }
        answered.map_or_else(CallAnswer::Refused, |()| CallAnswer::Taken)
    }

    /// `CreateDBSnapshot`. The instance is `backing-up` for as long as it takes.
    fn take_snapshot(&mut self, id: &str, name: &str, now: Timestamp) -> Result<(), CallRefusal> {
        if self.snapshots.iter().any(|snapshot| snapshot.id == name) {
            return Err(CallRefusal::SnapshotExists);
        }
        let RdsTroubles { snapshots_failed, snapshots_refused, .. } = self.settings.troubles;
        if self.changes.happens(snapshots_refused) {
            return Err(CallRefusal::SnapshotQuotaExceeded);
        }
        let fails = self.changes.happens(snapshots_failed);
        let until = after(now, self.settings.times.snapshotting.draw(&mut self.changes.dice));
        let instance = self.instance(id).ok_or(CallRefusal::NotFound)?;
        if !instance.status.takes_changes() || instance.modification.is_some() {
            return Err(CallRefusal::InvalidState);
        }
        let phases = [
            StatusPhase::new(InstanceStatus::BackingUp, Some(until)),
            StatusPhase::new(InstanceStatus::Available, None),
        ];
        instance.goes_through(phases);
        let (id, instance) = (name.to_owned(), id.to_owned());
        self.snapshots.push(SimulatedSnapshot { id, instance, until, fails, is_ours: true });
        Ok(())
    }

    fn raise_max_storage(&mut self, id: &str, to_gib: u32) -> Result<(), CallRefusal> {
        let instance = self.instance(id).ok_or(CallRefusal::NotFound)?;
        if !instance.status.takes_changes() {
            return Err(CallRefusal::InvalidState);
        }
        instance.max_allocated_gib = Some(to_gib);
        Ok(())
    }

    /// What one call modifies takes effect, waits, or is refused.
    pub(super) fn modify(&mut self, asked: &Modification, now: Timestamp) -> Result<(), CallRefusal> {
        let Modification { instance: id, value, at_once, by } = asked;
        let is_offered = match value {
            ModifiedValue::Class(class) => {
                self.settings.classes.offers.get(class).is_some_and(|offers| !offers.is_empty())
            }
            ModifiedValue::Storage(_) | ModifiedValue::EngineVersion(_) => true,
        };
        let instance = self.instance(id).ok_or(CallRefusal::NotFound)?;
        let is_optimizing = instance.status == InstanceStatus::StorageOptimization;
        if !instance.status.takes_changes() || (is_optimizing && matches!(value, ModifiedValue::Storage(_))) {
            return Err(CallRefusal::InvalidState);
        }
        if !is_offered {
            return Err(CallRefusal::NotOffered);
        }
        if let ModifiedValue::Class(class) = value {
            let is_asked_already = instance.pending.class() == Some(class) && instance.modification.is_some();
            if is_asked_already {
                return Ok(());
            }
            if instance.class == *class {
                // To the class that it has: what was pending of the class is withdrawn.
                instance.pending.drop_class();
            } else {
                instance.pending.put(PendingValue { value: value.clone(), by: *by, at: now });
            }
        } else {
            instance.pending.put(PendingValue { value: value.clone(), by: *by, at: now });
        }
        if *at_once {
            self.begin(id, AppliedBy::Call(*by), true, now);
        }
        Ok(())
    }

    /// RDS begins with everything that is pending of an instance, whoever asked for it.
    fn begin(&mut self, id: &str, by: AppliedBy, is_late: bool, now: Timestamp) {
        let is_source = self.source().is_some_and(|source| source.id == id);
        let is_multi_az = is_source && self.settings.classes.is_multi_az;
        let gives_up = self.changes.happens(self.settings.troubles.changes_given_up);
        let Some(place) = self.instances.iter().position(|instance| instance.id == id) else { return };
        let Some(instance) = self.instances.get_mut(place) else { return };
        let pending = instance.pending.all();
        if pending.is_empty() {
            return;
        }
        let values: Vec<ModifiedValue> = pending.iter().map(|pending| pending.value.clone()).collect();
        let gives_up = gives_up && instance.pending.class().is_some();
        let work = ModificationWork { values: &values, is_multi_az, gives_up, is_late };
        instance.goes_through(self.changes.phases(now, work));
        instance.modification = Some(ModificationUnderWay { by, gives_up });
    }

    /// In its maintenance window RDS applies by itself what is pending, and what maintenance is due.
    pub(super) fn maintain(&mut self, now: Timestamp) {
        let window = self.settings.classes.maintenance_window.parse::<WeeklyWindow>();
        if !window.is_ok_and(|window| window.contains(now)) {
            return;
        }
        let is_free = |status: InstanceStatus| status == InstanceStatus::Available;
        let waiting: Vec<String> = self
            .instances
            .iter()
            .filter(|it| is_free(it.status) && it.modification.is_none() && !it.pending.all().is_empty())
            .map(|it| it.id.clone())
            .collect();
        for id in waiting {
            if self.changes.happens(BEGINS) {
                self.begin(&id, AppliedBy::Window, false, now);
            }
        }
        let maintenance = &mut self.settings.classes.maintenance;
        let known = maintenance.len();
        maintenance.retain(|due| due.at.is_none_or(|at| now < at));
        let is_due = maintenance.len() < known;
        let phases = self.changes.phases(
            now,
            ModificationWork { values: &[], is_multi_az: false, gives_up: false, is_late: false },
        );
        if let Some(source) = self.instances.first_mut().filter(|source| is_due && is_free(source.status)) {
            source.goes_through(phases);
        }
    }
}
