//! How long things take in a simulated RDS, and how often they go wrong.

use jiff::Timestamp;
use rand_pcg::Pcg64;
use tidegate_policy::replicas::observation::Engine;

use crate::random::share;
use crate::rds::class_setting::ClassSettings;

/// A simulated RDS, as it begins: one source without replicas.
#[derive(Debug, Clone)]
pub struct RdsSettings {
    /// Everything that is drawn follows from it.
    pub seed: u64,
    /// When it begins.
    pub begins: Timestamp,
    /// `DBInstanceIdentifier` of the source.
    pub source: String,
    /// Engine and version of the source.
    pub engine: Engine,
    /// `DBInstanceClass` of the source.
    pub class: String,
    /// The zones of its subnet group; at least one.
    pub zones: Vec<String>,
    /// `AllocatedStorage`, in bytes.
    pub allocated_storage: u64,
    /// Bytes of it that the data takes.
    pub data: u64,
    /// `BackupRetentionPeriod`, in days.
    pub backup_retention_days: u32,
    /// Instances of the account that have nothing to do with this database.
    pub other_instances: u32,
    /// Most instances of an account in a Region; AWS's default is 40.
    pub instances_max: u32,
    /// The name that reads go to has a record; without one, reads go to the replicas that someone else created.
    pub has_zone: bool,
    /// TTL that clients meet, in seconds.
    pub ttl_seconds: u32,
    /// Segments that an idle PostgreSQL source switches show in the one minute of the switch, instead of evenly.
    pub is_switch_in_one_minute: bool,
    /// What belongs to classes, maintenance and the load of the source.
    pub classes: ClassSettings,
    /// How long things take.
    pub times: RdsTimes,
    /// How often something goes wrong.
    pub troubles: RdsTroubles,
}

/// A time that is drawn between two bounds, in seconds; short ones are more frequent than long ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondsBetween {
    /// The shortest; 1 or more.
    pub least: u32,
    /// The longest; no shorter than `least`.
    pub most: u32,
}

impl SecondsBetween {
    /// Between two bounds, in seconds.
    #[must_use]
    pub const fn new(least: u32, most: u32) -> Self {
        Self { least, most }
    }

    /// Draws one: its logarithm is uniform.
    #[expect(clippy::cast_possible_truncation, reason = "a duration of hours is far below 2^53 seconds")]
    pub(super) fn draw(self, dice: &mut Pcg64) -> i64 {
        let (least, most) = (f64::from(self.least.max(1)), f64::from(self.most.max(self.least).max(1)));
        (least * (most / least).powf(share(dice))).round() as i64
    }
}

/// How long things take, in seconds. Assumed: no one here has measured any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RdsTimes {
    /// In status `creating`: from a snapshot of the source.
    pub creating: SecondsBetween,
    /// In status `backing-up`, after it.
    pub backing_up: SecondsBetween,
    /// In status `modifying`, after that.
    pub modifying: SecondsBetween,
    /// From `available` until the storage is complete.
    pub initializing: SecondsBetween,
    /// In status `deleting`.
    pub deleting: SecondsBetween,
    /// In status `rebooting`.
    pub rebooting: SecondsBetween,
    /// From a modification that was asked for until it shows in the status.
    pub status_late: SecondsBetween,
    /// From `available` until CloudWatch has a first datapoint.
    pub without_metrics: SecondsBetween,
    /// In status `modifying` of a change of the class, before its restart.
    pub changing_class: SecondsBetween,
    /// In status `backing-up`, while a manual snapshot is taken.
    pub snapshotting: SecondsBetween,
    /// While a standby takes over.
    pub failing_over: SecondsBetween,
    /// In status `upgrading`.
    pub upgrading: SecondsBetween,
    /// In status `storage-optimization`, after a change of the storage.
    pub optimizing: SecondsBetween,
    /// The latest that `DescribeEvents` shows an event after it happened.
    pub events_late_max: u32,
    /// The oldest answer of `DescribeDBInstances`.
    pub stale_max: u32,
}

impl RdsTimes {
    /// What the module's documentation says.
    pub const USUAL: Self = Self {
        creating: SecondsBetween::new(180, 7_200),
        backing_up: SecondsBetween::new(30, 600),
        modifying: SecondsBetween::new(15, 600),
        initializing: SecondsBetween::new(60, 14_400),
        deleting: SecondsBetween::new(60, 900),
        rebooting: SecondsBetween::new(30, 600),
        status_late: SecondsBetween::new(15, 120),
        without_metrics: SecondsBetween::new(60, 300),
        changing_class: SecondsBetween::new(120, 2_400),
        snapshotting: SecondsBetween::new(60, 1_800),
        failing_over: SecondsBetween::new(60, 120),
        upgrading: SecondsBetween::new(300, 1_800),
        optimizing: SecondsBetween::new(900, 43_200),
        events_late_max: 900,
        stale_max: 120,
    };
}

/// How often something goes wrong: each a share of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RdsTroubles {
    /// Reads of instances that are old.
    pub reads_stale: f64,
    /// Reads that are throttled.
    pub reads_throttled: f64,
    /// Reads that fail otherwise, of metrics too.
    pub reads_failed: f64,
    /// Calls that are throttled, or fail without an effect.
    pub calls_failed: f64,
    /// Calls that take effect, and whose answer is lost.
    pub answers_lost: f64,
    /// Batches of records that fail without an effect.
    pub records_failed: f64,
    /// Creations that are refused for want of capacity.
    pub capacity_refused: f64,
    /// So many zones, the first of the subnet group, have no capacity for a new replica.
    pub full_zones: usize,
    /// Replicas that never become available: `failed`, `incompatible-…`, `insufficient-capacity`.
    pub replicas_failed: f64,
    /// Changes of a class that RDS takes, and gives up later.
    pub changes_given_up: f64,
    /// Snapshots that are refused: the account has as many as it may have.
    pub snapshots_refused: f64,
    /// Snapshots that end as `failed`.
    pub snapshots_failed: f64,
    /// Events that never arrive.
    pub events_missing: f64,
    /// Events that are shown twice.
    pub events_twice: f64,
    /// Newest minutes that CloudWatch shows in part or not at all.
    pub minutes_young: f64,
}

impl RdsTroubles {
    /// Nothing goes wrong; the newest minutes are young all the same.
    pub const NONE: Self = Self {
        reads_stale: 0.0,
        reads_throttled: 0.0,
        reads_failed: 0.0,
        calls_failed: 0.0,
        records_failed: 0.0,
        answers_lost: 0.0,
        capacity_refused: 0.0,
        full_zones: 0,
        replicas_failed: 0.0,
        changes_given_up: 0.0,
        snapshots_refused: 0.0,
        snapshots_failed: 0.0,
        events_missing: 0.0,
        events_twice: 0.0,
        minutes_young: 0.7,
    };

    /// Route 53 takes no changes.
    pub const NO_RECORDS: Self = Self { records_failed: 1.0, ..Self::NONE };

    /// No zone has capacity for a new replica.
    pub const NO_CAPACITY: Self = Self { full_zones: usize::MAX, ..Self::NONE };

    /// Far more goes wrong than on a bad day.
    pub const MANY: Self = Self {
        reads_stale: 0.3,
        reads_throttled: 0.08,
        reads_failed: 0.05,
        calls_failed: 0.15,
        records_failed: 0.15,
        answers_lost: 0.2,
        capacity_refused: 0.15,
        full_zones: 0,
        replicas_failed: 0.2,
        changes_given_up: 0.25,
        snapshots_refused: 0.1,
        snapshots_failed: 0.15,
        events_missing: 0.3,
        events_twice: 0.2,
        minutes_young: 0.7,
    };
}
