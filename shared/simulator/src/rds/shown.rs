//! What one evaluation sees: late, in part, or nothing.

use jiff::Timestamp;
use rand_pcg::Pcg64;
use tidegate_policy::replicas::observation::{
    DatabaseObservation, Engine, Instances, OfferedZones, Replica, SourceInstance,
};
use tidegate_policy::{Absence, AbsenceKind, MetricReading};

use crate::random::share;
use crate::rds::instance::{SimulatedInstance, endpoint_of};
use crate::rds::minutes::{RdsMetric, RdsMinutes};
use crate::rds::setting::{RdsSettings, RdsTroubles};
use crate::rds::zone::HostedZone;

/// One read.
pub(super) struct View<'a> {
    pub(super) settings: &'a RdsSettings,
    /// The instances as they were when the answer was made, the source first.
    pub(super) instances: &'a [SimulatedInstance],
    pub(super) zone: Option<&'a HostedZone>,
    pub(super) minutes: &'a RdsMinutes,
    pub(super) now: Timestamp,
    /// Metrics are asked for: once a minute.
    pub(super) reads_metrics: bool,
}

impl View<'_> {
    /// What is seen.
    pub(super) fn observation(&self, dice: &mut Pcg64) -> DatabaseObservation {
        let RdsTroubles { reads_throttled, reads_failed, .. } = self.settings.troubles;
        let instances = match failure(dice, reads_throttled, reads_failed) {
            Some(absence) => Err(absence),
            None => self.seen(dice),
        };
        let records = self.zone.map(|zone| match failure(dice, reads_throttled, reads_failed) {
            Some(absence) => Err(absence),
            None => Ok(zone.records.clone()),
        });
        let offers = self.offers(dice, &instances);
        DatabaseObservation { instances, records, offers }
    }

    /// Where RDS offers the class of the source: everywhere, as far as it answers. A policy may know it or not.
    fn offers(&self, dice: &mut Pcg64, instances: &Result<Instances, Absence>) -> Option<OfferedZones> {
        let class = instances.as_ref().ok()?.source.class.clone();
        let RdsTroubles { reads_throttled, reads_failed, .. } = self.settings.troubles;
        let zones = match failure(dice, reads_throttled, reads_failed) {
            Some(absence) => Err(absence),
            None => Ok(self.settings.zones.clone()),
        };
        (share(dice) < 0.5).then_some(OfferedZones { class, zones })
    }

    fn seen(&self, dice: &mut Pcg64) -> Result<Instances, Absence> {
        let Some((source, replicas)) = self.instances.split_first() else {
            return Err(Absence::new(AbsenceKind::NotFound, "no such instance"));
        };
        let metrics_fail = failure(dice, 0.0, self.settings.troubles.reads_failed);
        let mut seen: Vec<Replica> = replicas.iter().map(|replica| replica.shown(self.now)).collect();
        seen.sort_by(|one, other| one.id.cmp(&other.id));
        for replica in &mut seen {
            let mut read = |metric| self.metric(&replica.id, metric, metrics_fail.as_ref(), dice);
            let (lag, cpu) = (read(RdsMetric::ReplicaLag), read(RdsMetric::CpuUtilization));
            replica.connections = read(RdsMetric::DatabaseConnections);
            (replica.lag, replica.cpu) = (lag, cpu);
        }
        let others = (0..self.settings.other_instances).map(|n| format!("other-{n}"));
        let taken = self.instances.iter().map(|instance| instance.id.clone()).chain(others).collect();
        let source = self.source(source, metrics_fail.as_ref(), dice);
        Ok(Instances { source, replicas: seen, green: None, taken })
    }

    fn source(
        &self,
        source: &SimulatedInstance,
        metrics_fail: Option<&Absence>,
        dice: &mut Pcg64,
    ) -> SourceInstance {
        let is_aurora = self.settings.engine == Engine::Aurora;
        // Of a writer of Aurora no metric is asked for.
        let mut read = |metric| {
            if is_aurora {
                MetricReading::NotRead
            } else {
                self.metric(&source.id, metric, metrics_fail, dice)
            }
        };
        SourceInstance {
            id: source.id.clone(),
            engine: self.settings.engine,
            status: source.status.shown(),
            class: source.class.clone(),
            endpoint: Some(endpoint_of(&source.id)),
            zone: Some(source.zone.clone()),
            zones: self.settings.zones.clone(),
            backup_retention_days: self.settings.backup_retention_days,
            replicas_elsewhere: 0,
            is_pending: !source.pending.all().is_empty(),
            log_rate: read(RdsMetric::TransactionLogsGeneration),
            slot_lag: read(RdsMetric::OldestReplicationSlotLag),
            slot_disk: read(RdsMetric::ReplicationSlotDiskUsage),
            free_storage: read(RdsMetric::FreeStorageSpace),
            allocated_storage: if is_aurora { 0 } else { self.settings.allocated_storage },
        }
    }

    fn metric(
        &self,
        instance: &str,
        metric: RdsMetric,
        fails: Option<&Absence>,
        dice: &mut Pcg64,
    ) -> MetricReading {
        match fails {
            Some(_) | None if !self.reads_metrics => MetricReading::NotRead,
            Some(absence) => MetricReading::Failed(absence.clone()),
            None => {
                self.minutes.shown(instance, metric, self.now, self.settings.troubles.minutes_young, dice)
            }
        }
    }
}

/// Why a read fails, if it does.
pub(super) fn failure(dice: &mut Pcg64, throttled: f64, failed: f64) -> Option<Absence> {
    let drawn = share(dice);
    if drawn < throttled {
        Some(Absence::new(AbsenceKind::Throttled, "Throttling: Rate exceeded"))
    } else if drawn < throttled + failed {
        Some(Absence::new(AbsenceKind::TimedOut, "no answer in time"))
    } else {
        None
    }
}
