//! What one evaluation of classes sees: late, in part, or nothing.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::replicas::observation::Replication;
use tidegate_policy::upgrades::decision::ClassCall;
use tidegate_policy::upgrades::observation::{
    ClassedInstance, ClassedInstances, RdsMessage, Rehearsal, SeenSnapshot, UpgradeObservation,
};
use tidegate_policy::{Absence, AbsenceKind, Datapoint, MetricReading};

use crate::rds::account::GIB;
use crate::rds::class_load::{LoadQuestion, failed};
use crate::rds::class_setting::{ClassDemand, ClassSettings};
use crate::rds::instance::SimulatedInstance;
use crate::rds::metrics::free_storage;
use crate::rds::refusal::CallAnswer;
use crate::rds::setting::RdsSettings;
use crate::rds::shown::failure;
use crate::rds::simulation::SimulatedRds;
use crate::rds::snapshot::SimulatedSnapshot;
use crate::rds::status::InstanceStatus;

/// How old the newest moment is that an instance can be restored to.
const RESTORABLE: SignedDuration = SignedDuration::from_mins(5);

impl SimulatedRds {
    /// What an evaluation of classes sees that begins now: the instances, and what they had to do: averages as far back as
    /// the first of the two, the heaviest moments as far back as the second. Metrics are read at most once a minute.
    pub fn observe_classes(
        &mut self,
        usual_over: SignedDuration,
        peak_over: SignedDuration,
    ) -> UpgradeObservation {
        let instances = self.describe().and_then(|seen| classed(&seen, &self.account.settings, self.now));
        let without = if self.asks_for_metrics() {
            let absence = failure(&mut self.readings, 0.0, self.account.settings.troubles.reads_failed);
            absence.as_ref().map(failed)
        } else {
            Some(MetricReading::NotRead)
        };
        // A newer one may still grow.
        let at = self.now.saturating_sub(SignedDuration::from_mins(5)).unwrap_or(self.now);
        let users = Datapoint { at, value: self.account.settings.classes.demand.users };
        let points = MetricReading::Points { period: SignedDuration::from_mins(5), points: vec![users] };
        let mut question = LoadQuestion {
            now: self.now,
            usual_over,
            peak_over,
            young: self.account.settings.troubles.minutes_young,
            without: without.clone(),
            free_storage: free_storage(&self.account, self.load),
            dice: &mut self.readings,
        };
        UpgradeObservation {
            instances,
            load: self.measures.shown(&mut question),
            floor: without.unwrap_or(points),
            rehearsal: None,
            snapshot: None,
            messages: None,
        }
    }

    /// What a change to a class would meet, as far as it is answered.
    pub fn rehearse(&mut self, class: &str) -> Rehearsal {
        let mut answered = || {
            let troubles = self.account.settings.troubles;
            failure(&mut self.readings, troubles.reads_throttled, troubles.reads_failed).map_or(Ok(()), Err)
        };
        let (offers, maintenance, reservations) = (answered(), answered(), answered());
        let ClassSettings { offers: known, maintenance: due, reservations: paid, .. } =
            &self.account.settings.classes;
        Rehearsal {
            class: class.to_owned(),
            offers: offers.map(|()| known.get(class).cloned().unwrap_or_default()),
            maintenance: maintenance.map(|()| due.clone()),
            reservations: reservations.map(|()| paid.clone()),
        }
    }

    /// What `DescribeEvents` shows of an instance since then.
    ///
    /// # Errors
    /// If it is throttled or not answered.
    pub fn messages(&mut self, instance: &str, since: Timestamp) -> Result<Vec<RdsMessage>, Absence> {
        let troubles = self.account.settings.troubles;
        if let Some(absence) = failure(&mut self.readings, troubles.reads_throttled, troubles.reads_failed) {
            return Err(absence);
        }
        let mine =
            self.account.messages.iter().filter(|(shown, event)| {
                *shown <= self.now && event.instance == instance && event.at >= since
            });
        let mut told: Vec<RdsMessage> =
            mine.map(|(_, event)| RdsMessage { at: event.at, text: event.message.clone() }).collect();
        told.sort_by_key(|message| message.at);
        Ok(told)
    }

    /// One `DescribeDBSnapshots`, by the identifier.
    ///
    /// # Errors
    /// If it is throttled or not answered.
    pub fn see_snapshot(&mut self, name: &str) -> Result<Option<SeenSnapshot>, Absence> {
        let troubles = self.account.settings.troubles;
        if let Some(absence) = failure(&mut self.readings, troubles.reads_throttled, troubles.reads_failed) {
            return Err(absence);
        }
        let found = self.account.snapshots.iter().find(|snapshot| snapshot.id == name);
        Ok(found.map(|snapshot| {
            let status = match (snapshot.until <= self.now, snapshot.fails) {
                (false, _) => "creating",
                (true, false) => "available",
                (true, true) => "failed",
            };
            SeenSnapshot { status: status.to_owned(), is_ours: snapshot.is_ours }
        }))
    }

    /// Every snapshot that was ever taken.
    #[must_use]
    pub fn snapshots(&self) -> &[SimulatedSnapshot] {
        &self.account.snapshots
    }

    /// Somebody else takes a snapshot of this name, complete at once.
    pub fn snapshot_by_hand(&mut self, instance: &str, name: &str) {
        let (id, instance) = (name.to_owned(), instance.to_owned());
        let snapshot = SimulatedSnapshot { id, instance, until: self.now, fails: false, is_ours: false };
        self.account.snapshots.push(snapshot);
    }

    /// One instance by its identifier, as it is looked at just before a call.
    ///
    /// # Errors
    /// If it is not answered, or there is no such instance.
    pub fn look_once_more(&mut self, instance: &str) -> Result<ClassedInstance, Absence> {
        let seen = self.describe()?;
        let settings = &self.account.settings;
        let found = seen.iter().position(|it| it.id == instance);
        let found = found.and_then(|place| seen.get(place).map(|it| (place, it)));
        let (place, found) =
            found.ok_or_else(|| Absence::new(AbsenceKind::NotFound, "DBInstanceNotFound"))?;
        Ok(one(found, place == 0, settings, self.now))
    }

    /// A call of Tidegate about a class or the storage.
    pub fn call_of_class(&mut self, call: &ClassCall) -> CallAnswer {
        self.account.class_call(call, self.now)
    }

    /// From now on this is asked of the source.
    pub fn set_demand(&mut self, demand: ClassDemand) {
        self.account.settings.classes.demand = demand;
    }

    /// Everything about classes, as it is now.
    #[must_use]
    pub fn classes(&self) -> &ClassSettings {
        &self.account.settings.classes
    }
}

fn classed(
    seen: &[SimulatedInstance],
    settings: &RdsSettings,
    now: Timestamp,
) -> Result<ClassedInstances, Absence> {
    let Some((main, replicas)) = seen.split_first() else {
        return Err(Absence::new(AbsenceKind::NotFound, "no such instance"));
    };
    let mut replicas: Vec<ClassedInstance> =
        replicas.iter().map(|it| one(it, false, settings, now)).collect();
    replicas.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(ClassedInstances {
        main: one(main, true, settings, now),
        source: None,
        replicas,
        green: None,
        replicas_elsewhere: 0,
        others: settings.classes.others.clone(),
    })
}

fn one(
    instance: &SimulatedInstance,
    is_main: bool,
    settings: &RdsSettings,
    now: Timestamp,
) -> ClassedInstance {
    let classes = &settings.classes;
    let is_multi_az = is_main && classes.is_multi_az;
    let has_backups = is_main && settings.backup_retention_days > 0;
    let group = |word: &str| ("the-parameters".to_owned(), word.to_owned());
    let other_zone = settings.zones.iter().find(|zone| **zone != instance.zone);
    ClassedInstance {
        id: instance.id.clone(),
        engine: settings.engine,
        status: instance.status.shown(),
        class: instance.class.clone(),
        pending_class: instance.pending.class().map(str::to_owned),
        pending: instance.pending.others(),
        parameters: instance.parameters.word().map(group).into_iter().collect(),
        has_default_parameters: classes.has_default_parameters,
        changing_security_groups: Vec::new(),
        is_multi_az,
        zone: Some(instance.zone.clone()),
        second_zone: other_zone.filter(|_| is_multi_az).cloned(),
        storage_type: classes.storage_type.clone(),
        allocated_gib: u32::try_from(settings.allocated_storage / GIB).unwrap_or(u32::MAX),
        max_allocated_gib: instance.max_allocated_gib,
        is_storage_busy: instance.status == InstanceStatus::StorageOptimization
            || !instance.is_initialized(now),
        backup_retention_days: if has_backups { settings.backup_retention_days } else { 0 },
        restorable_to: now.checked_sub(RESTORABLE).ok().filter(|_| has_backups),
        maintenance_window: classes.maintenance_window.clone(),
        replication: if is_main { Replication::Running } else { instance.replication() },
    }
}
