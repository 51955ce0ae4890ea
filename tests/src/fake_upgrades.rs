//! A fake RDS, CloudWatch, DynamoDB and SNS at the HTTP layer, in virtual time, for one database and its class. A change of the class
//! takes minutes, somebody else can queue a change at any moment, and a process can be killed at any single write. How RDS
//! treats classes in all its ways is simulated elsewhere (`shared/simulator/src/rds/`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake_ledger::{self, LedgerItems};
use crate::fake_process::wire::{WireRefusal, WireRequest};
use crate::fake_process::{FakeProcess, FakeWorld};

/// Where virtual time begins: a Tuesday, 11:07 UTC.
const EPOCH_SECONDS: i64 = 1_795_000_020 - 86_400;
/// RDS shows `available` for so long after it took a change, with the class pending; and then changes it. Both are assumed.
const PENDS: SignedDuration = SignedDuration::from_mins(1);
const CHANGES: SignedDuration = SignedDuration::from_mins(9);
/// A snapshot takes so long, and the instance is `backing-up` meanwhile.
const SNAPS: SignedDuration = SignedDuration::from_mins(7);

/// The world that all processes share.
#[derive(Debug)]
pub struct FakeUpgrades {
    /// The class before, the class that was asked for and when, oldest first.
    pub changes: Vec<(String, Timestamp)>,
    /// The manual snapshots and when they were asked for, oldest first.
    pub snapshots: Vec<(String, Timestamp)>,
    /// The newest one ends as `failed`.
    pub snapshot_fails: bool,
    /// The class at the beginning.
    first: String,
    /// CPU in percent.
    pub cpu: f64,
    /// Somebody else queues a change of the storage after so many readings of RDS.
    pub queued_after: Option<usize>,
    /// SNS takes no report.
    pub sns_is_down: bool,
    /// No table answers.
    pub ledger_is_gone: bool,
    /// The messages that SNS took.
    pub published: Vec<String>,
    /// Every call that was answered, by its name.
    pub calls: Vec<String>,
    /// The writes until now: of the ledger and of RDS.
    pub writes: usize,
    /// The process is killed at the write of this number, before or after it is applied.
    pub kill: Option<(usize, bool)>,
    items: LedgerItems,
    readings: usize,
    began: Instant,
}

/// The world, shared.
pub type SharedUpgrades = Arc<Mutex<FakeUpgrades>>;

/// The world, to look at or to change.
pub fn look(world: &SharedUpgrades) -> MutexGuard<'_, FakeUpgrades> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeUpgrades {
    /// An instance of this class, which is busy.
    #[must_use]
    pub fn new(class: &str) -> SharedUpgrades {
        Arc::new(Mutex::new(Self {
            changes: Vec::new(),
            snapshots: Vec::new(),
            snapshot_fails: false,
            first: class.to_owned(),
            cpu: 91.0,
            queued_after: None,
            sns_is_down: false,
            ledger_is_gone: false,
            published: Vec::new(),
            calls: Vec::new(),
            writes: 0,
            kill: None,
            items: LedgerItems::new(),
            readings: 0,
            began: Instant::now(),
        }))
    }

    /// The virtual time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(EPOCH_SECONDS * 1000 + passed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The memory of `rds-upgrade`.
    #[must_use]
    pub fn memory(&self) -> Value {
        let text = self.items.get("memory#rds-upgrade").and_then(|item| item["memory"]["S"].as_str());
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    }

    /// The class that RDS shows, what it does, and the class that is pending.
    #[must_use]
    pub fn shown(&self) -> (String, &'static str, Option<String>) {
        let before = |index: usize| {
            let last = index.checked_sub(1).and_then(|last| self.changes.get(last));
            last.map_or_else(|| self.first.clone(), |(class, _)| class.clone())
        };
        let is_backing_up =
            self.snapshots.last().is_some_and(|(_, at)| self.now().duration_since(*at) < SNAPS);
        let calm = if is_backing_up { "backing-up" } else { "available" };
        let Some((class, at)) = self.changes.last() else { return (before(0), calm, None) };
        let since = self.now().duration_since(*at);
        let old = before(self.changes.len() - 1);
        if since < PENDS {
            (old, "available", Some(class.clone()))
        } else if since < PENDS + CHANGES {
            (old, "modifying", Some(class.clone()))
        } else {
            (class.clone(), calm, None)
        }
    }

    fn describe(&mut self) -> String {
        self.readings += 1;
        let (class, status, pending) = self.shown();
        let is_queued = self.queued_after.is_some_and(|after| self.readings > after);
        let pending =
            pending.map(|class| format!("<DBInstanceClass>{class}</DBInstanceClass>")).unwrap_or_default();
        let queued = if is_queued { "<AllocatedStorage>200</AllocatedStorage>" } else { "" };
        format!(
            "<DBInstances><DBInstance><DBInstanceIdentifier>shop-prod</DBInstanceIdentifier><Engine>mysql</Engine>\
             <EngineVersion>8.0.39</EngineVersion><DBInstanceStatus>{status}</DBInstanceStatus>\
             <DBInstanceClass>{class}</DBInstanceClass><StorageType>gp3</StorageType><AllocatedStorage>100</AllocatedStorage>\
             <AvailabilityZone>eu-central-1a</AvailabilityZone><BackupRetentionPeriod>7</BackupRetentionPeriod>\
             <LatestRestorableTime>{}</LatestRestorableTime>\
             <PreferredMaintenanceWindow>wed:11:30-wed:12:30</PreferredMaintenanceWindow>\
             <PendingModifiedValues>{pending}{queued}</PendingModifiedValues></DBInstance></DBInstances>",
            self.now()
        )
    }

    fn modify(&mut self, asked: &WireRequest) -> Result<String, WireRefusal> {
        let (class, status, _) = self.shown();
        if status != "available" {
            let words = "Database instance is not in available state.";
            return Err(WireRefusal::new("InvalidDBInstanceState", words));
        }
        let to = asked.field("DBInstanceClass");
        if to != class {
            self.changes.push((to, self.now()));
        }
        Ok(String::new())
    }

    fn take_snapshot(&mut self, asked: &WireRequest) -> Result<String, WireRefusal> {
        let name = asked.field("DBSnapshotIdentifier");
        if self.snapshots.iter().any(|(known, _)| *known == name) {
            return Err(WireRefusal::new("DBSnapshotAlreadyExists", "it exists"));
        }
        if self.shown().1 != "available" || asked.tag("tidegate:fleet").is_none() {
            return Err(WireRefusal::new("InvalidDBInstanceState", "no state for a snapshot"));
        }
        self.snapshots.push((name, self.now()));
        Ok(String::new())
    }

    fn show_snapshot(&self, asked: &WireRequest) -> Result<String, WireRefusal> {
        let name = asked.field("DBSnapshotIdentifier");
        let found = self.snapshots.iter().find(|(known, _)| *known == name);
        let (name, at) = found.ok_or_else(|| WireRefusal::new("DBSnapshotNotFound", "no such snapshot"))?;
        let status = match (self.now().duration_since(*at) < SNAPS, self.snapshot_fails) {
            (true, _) => "creating",
            (false, false) => "available",
            (false, true) => "failed",
        };
        Ok(format!(
            "<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>{name}</DBSnapshotIdentifier><SnapshotType>manual</SnapshotType>\
             <DBInstanceIdentifier>shop-prod</DBInstanceIdentifier><Status>{status}</Status><TagList>\
             <Tag><Key>tidegate:fleet</Key><Value>shop</Value></Tag><Tag><Key>tidegate:database</Key><Value>main</Value></Tag>\
             </TagList></DBSnapshot></DBSnapshots>"
        ))
    }

    /// A datapoint for each period over the last 400 of them: 16 days of hours.
    fn metrics(&self, body: &Value) -> String {
        let now = self.now().as_second();
        let result = |query: &Value| {
            let name = &query["MetricStat"]["Metric"]["MetricName"];
            let period = query["MetricStat"]["Period"].as_i64().unwrap_or(60);
            let value = if name == "CPUUtilization" { self.cpu } else { 5.0e9 };
            let last = now / period * period - period;
            let times: Vec<i64> = (0..400).rev().map(|age| last - age * period).collect();
            json!({"Id": query["Id"], "Label": name, "StatusCode": "Complete", "Timestamps": times,
                   "Values": vec![value; times.len()]})
        };
        let queries = body["MetricDataQueries"].as_array().into_iter().flatten();
        json!({"MetricDataResults": queries.map(result).collect::<Vec<_>>()}).to_string()
    }
}

/// How RDS offers every class.
const OFFER: &str = "<OrderableDBInstanceOptions><OrderableDBInstanceOption><StorageType>gp3</StorageType>\
    <AvailabilityZones><AvailabilityZone><Name>eu-central-1a</Name></AvailabilityZone></AvailabilityZones>\
    <MultiAZCapable>true</MultiAZCapable><ReadReplicaCapable>true</ReadReplicaCapable>\
    </OrderableDBInstanceOption></OrderableDBInstanceOptions>";

impl FakeWorld for FakeUpgrades {
    const WRITES: &'static [&'static str] = &["PutItem", "ModifyDBInstance", "CreateDBSnapshot"];

    fn writes(&mut self) -> (&mut usize, Option<(usize, bool)>) {
        (&mut self.writes, self.kill)
    }

    fn answer(&mut self, asked: &WireRequest) -> Result<String, WireRefusal> {
        self.calls.push(asked.action.clone());
        if let Some(answer) = fake_ledger::answer(&mut self.items, self.ledger_is_gone, asked) {
            return answer;
        }
        match asked.action.as_str() {
            "Publish" => fake_ledger::publish(&mut self.published, self.sns_is_down, asked),
            "DescribeDBInstances" => Ok(self.describe()),
            "DescribeOrderableDBInstanceOptions" => Ok(OFFER.to_owned()),
            "DescribePendingMaintenanceActions" | "DescribeReservedDBInstances" | "DescribeEvents" => {
                Ok(String::new())
            }
            "ModifyDBInstance" => self.modify(asked),
            "CreateDBSnapshot" => self.take_snapshot(asked),
            "DescribeDBSnapshots" => self.show_snapshot(asked),
            "GetMetricData" => Ok(self.metrics(&asked.json())),
            other => Err(WireRefusal::new("InvalidAction", other)),
        }
    }
}

/// One process that evaluates.
pub type ClassProcess = FakeProcess<FakeUpgrades>;
