//! The statuses that an instance passes, and how long it stays in each.

use jiff::{SignedDuration, Timestamp};
use rand_pcg::Pcg64;

use crate::random::share;
use crate::rds::instance::StatusPhase;
use crate::rds::setting::{RdsTimes, RdsTroubles, SecondsBetween};
use crate::rds::status::InstanceStatus;
use crate::step::after;

/// Draws how instances live.
#[derive(Debug, Clone)]
pub(super) struct LifeDice {
    pub(super) dice: Pcg64,
    pub(super) times: RdsTimes,
}

/// How a replica comes into being.
#[derive(Debug)]
pub(super) struct Birth {
    pub(super) phases: Vec<StatusPhase>,
    /// When its storage is complete.
    pub(super) initialized_at: Timestamp,
    /// How far it is behind when it begins to replay.
    pub(super) behind_seconds: f64,
    /// Seconds of changes that it replays in a second.
    pub(super) speed: f64,
    pub(super) without_metrics: SignedDuration,
}

impl LifeDice {
    /// So many seconds.
    pub(super) fn seconds(&mut self, between: SecondsBetween) -> i64 {
        between.draw(&mut self.dice)
    }

    /// What a new replica passes through: `creating`, `backing-up`, `modifying`, perhaps `storage-initialization`,
    /// `available`; or the end of one that fails.
    pub(super) fn birth(&mut self, now: Timestamp, troubles: RdsTroubles) -> Birth {
        let times = self.times;
        let fails = share(&mut self.dice) < troubles.replicas_failed;
        let creating = self.seconds(times.creating);
        let created = after(now, creating);
        let mut phases = vec![StatusPhase::new(InstanceStatus::Creating, Some(created))];
        if fails {
            phases.push(StatusPhase::new(self.failure(), None));
        } else {
            let backed_up = after(created, self.seconds(times.backing_up));
            let modified = after(backed_up, self.seconds(times.modifying));
            phases.push(StatusPhase::new(InstanceStatus::BackingUp, Some(backed_up)));
            phases.push(StatusPhase::new(InstanceStatus::Modifying, Some(modified)));
        }
        let ready = phases.last().and_then(|phase| phase.until).unwrap_or(created);
        let initialized_at = after(ready, self.seconds(times.initializing));
        if !fails {
            if share(&mut self.dice) < 0.5 {
                let status = InstanceStatus::StorageInitialization;
                phases.push(StatusPhase::new(status, Some(initialized_at)));
            }
            phases.push(StatusPhase::new(InstanceStatus::Available, None));
        }
        let behind = created.duration_since(now).as_secs_f64();
        let speed = 2.0 * 10.0_f64.powf(share(&mut self.dice));
        let without_metrics = SignedDuration::from_secs(self.seconds(times.without_metrics));
        Birth { phases, initialized_at, behind_seconds: behind, speed, without_metrics }
    }

    fn failure(&mut self) -> InstanceStatus {
        let ends = [
            InstanceStatus::Failed,
            InstanceStatus::IncompatibleCreate,
            InstanceStatus::IncompatibleNetwork,
            InstanceStatus::InsufficientCapacity,
        ];
        let drawn = crate::number::place(share(&mut self.dice) * 4.0);
        ends.get(drawn).copied().unwrap_or(InstanceStatus::Failed)
    }

    /// It is being deleted from now on, and gone at the end.
    pub(super) fn death(&mut self, now: Timestamp) -> [StatusPhase; 1] {
        let until = after(now, self.seconds(self.times.deleting));
        [StatusPhase::new(InstanceStatus::Deleting, Some(until))]
    }

    /// It restarts.
    pub(super) fn reboot(&mut self, now: Timestamp) -> [StatusPhase; 2] {
        let until = after(now, self.seconds(self.times.rebooting));
        [
            StatusPhase::new(InstanceStatus::Rebooting, Some(until)),
            StatusPhase::new(InstanceStatus::Available, None),
        ]
    }

    /// It is modified: `available` for a while yet, then `modifying`.
    pub(super) fn modification(&mut self, now: Timestamp) -> [StatusPhase; 3] {
        let begins = after(now, self.seconds(self.times.status_late));
        let ends = after(begins, self.seconds(self.times.modifying));
        [
            StatusPhase::new(InstanceStatus::Available, Some(begins)),
            StatusPhase::new(InstanceStatus::Modifying, Some(ends)),
            StatusPhase::new(InstanceStatus::Available, None),
        ]
    }
}
