//! A fake RDS, CloudWatch, Route 53, DynamoDB and SNS at the HTTP layer, in virtual time, for one database and its replicas.
//! It is as unkind as a test needs: creating and deleting take minutes, and a process can be killed at any single write.
//! How RDS treats replicas in all its ways is simulated elsewhere (`shared/simulator/src/rds/`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake_ledger::{self, LedgerItems};
use crate::fake_process::wire::{self, WireRefusal, WireRequest, host};
use crate::fake_process::{FakeProcess, FakeWorld};

/// Where virtual time begins.
const EPOCH_SECONDS: i64 = 1_795_000_020;
/// How long RDS creates a replica, and how long it deletes one. Real ones take longer.
const CREATES: SignedDuration = SignedDuration::from_mins(4);
const DELETES: SignedDuration = SignedDuration::from_mins(3);
/// A replica.
#[derive(Debug, Clone, PartialEq)]
pub struct FakeReplica {
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was to be deleted.
    pub deleted: Option<Timestamp>,
    /// The fleet of its tags, if it has any.
    pub fleet: Option<String>,
    /// Its lag, in seconds.
    pub lag: f64,
    /// The zone that it was asked for in.
    pub zone: String,
}

/// The world that all processes share.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each service fails by itself")]
pub struct FakeReplicas {
    /// The replicas by identifier.
    pub replicas: BTreeMap<String, FakeReplica>,
    /// Instances that are no replicas, by name: so many more pages.
    pub others: usize,
    /// The hosts of the weighted records, by set identifier.
    pub records: BTreeMap<String, String>,
    /// The health checks of some of them.
    pub health_checks: BTreeMap<String, String>,
    /// CPU of every replica, in percent.
    pub cpu: f64,
    /// The ledger's items by sort key.
    pub items: LedgerItems,
    /// DynamoDB answers nothing but errors.
    pub ledger_is_gone: bool,
    /// Zones without capacity for a replica.
    pub full_zones: Vec<&'static str>,
    /// SNS takes no report.
    pub sns_is_down: bool,
    /// `DescribeDBInstances` is throttled.
    pub rds_is_throttled: bool,
    /// Somebody promotes this replica between what an evaluation saw and the call that it meant to send.
    pub promoted_meanwhile: Option<&'static str>,
    /// The messages that SNS took.
    pub published: Vec<String>,
    /// Every call that was answered, by its name.
    pub calls: Vec<String>,
    /// Every identifier that was created or deleted, with the name of the call.
    pub changes: Vec<(String, String)>,
    /// The records were empty after a change of them.
    pub was_empty: bool,
    /// The writes until now: of the ledger, of RDS and of Route 53.
    pub writes: usize,
    /// The process is killed at the write of this number, before or after it is applied.
    pub kill: Option<(usize, bool)>,
    /// It is no replica any more.
    promoted: Option<&'static str>,
    began: Instant,
}

/// The world, shared.
pub type SharedReplicas = Arc<Mutex<FakeReplicas>>;

/// The world, to look at or to change.
pub fn look(world: &SharedReplicas) -> MutexGuard<'_, FakeReplicas> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeReplicas {
    /// A world with these replicas, an hour old, each with its record; with the name of the fleet that created it.
    #[must_use]
    pub fn new(replicas: &[(&str, Option<&str>)]) -> SharedReplicas {
        let created = Timestamp::from_second(EPOCH_SECONDS - 3600).unwrap_or(Timestamp::UNIX_EPOCH);
        let replica = |(id, fleet): &(&str, Option<&str>)| {
            let fleet = fleet.map(str::to_owned);
            ((*id).to_owned(), FakeReplica { created, deleted: None, fleet, lag: 0.0, zone: String::new() })
        };
        let record = |(id, _): &(&str, Option<&str>)| (format!("tidegate:{id}"), host(id));
        Arc::new(Mutex::new(Self {
            replicas: replicas.iter().map(replica).collect(),
            others: 0,
            records: replicas.iter().map(record).collect(),
            health_checks: BTreeMap::new(),
            cpu: 50.0,
            items: LedgerItems::new(),
            ledger_is_gone: false,
            full_zones: Vec::new(),
            sns_is_down: false,
            rds_is_throttled: false,
            promoted_meanwhile: None,
            published: Vec::new(),
            calls: Vec::new(),
            changes: Vec::new(),
            was_empty: false,
            writes: 0,
            kill: None,
            promoted: None,
            began: Instant::now(),
        }))
    }

    /// The virtual time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(EPOCH_SECONDS * 1000 + passed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The memory of `replica-lag`.
    #[must_use]
    pub fn memory(&self) -> Value {
        let text = self.items.get("memory#replica-lag").and_then(|item| item["memory"]["S"].as_str());
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    }

    /// The replicas that RDS still shows.
    #[must_use]
    pub fn shown(&self) -> Vec<&str> {
        let is_shown = |replica: &FakeReplica| replica.deleted.is_none_or(|at| self.since(at) < DELETES);
        self.replicas.iter().filter(|(_, it)| is_shown(it)).map(|(id, _)| id.as_str()).collect()
    }

    fn since(&self, at: Timestamp) -> SignedDuration {
        self.now().duration_since(at)
    }

    /// A page of 100 instances, the source and its replicas on the last one.
    fn describe(&self, marker: &str) -> String {
        let from: usize = marker.parse().unwrap_or(0);
        let left = self.others.saturating_sub(from);
        if left >= 100 {
            let page: String = (from..from + 100).map(wire::other).collect();
            return format!("<DBInstances>{page}</DBInstances><Marker>{}</Marker>", from + 100);
        }
        let others: String = (from..self.others).map(wire::other).collect();
        let shown = self.shown();
        let replicas: String = shown
            .iter()
            .map(|id| {
                let replica = &self.replicas[*id];
                wire::replica(id, self.status(replica), replica.fleet.as_deref())
            })
            .chain(self.promoted.map(wire::promoted))
            .collect();
        format!("<DBInstances>{others}{}{replicas}</DBInstances>", wire::source(&shown))
    }

    /// One instance by its identifier, as it is looked at right before a call.
    fn describe_one(&mut self, id: &str) -> Result<String, WireRefusal> {
        if self.promoted_meanwhile == Some(id) && self.replicas.remove(id).is_some() {
            self.promoted = self.promoted_meanwhile.take();
        }
        let not_found = || WireRefusal::new("DBInstanceNotFound", "not found");
        if self.promoted == Some(id) {
            return Ok(format!("<DBInstances>{}</DBInstances>", wire::promoted(id)));
        }
        let replica = self.replicas.get(id).filter(|_| self.shown().contains(&id)).ok_or_else(not_found)?;
        Ok(format!(
            "<DBInstances>{}</DBInstances>",
            wire::replica(id, self.status(replica), replica.fleet.as_deref())
        ))
    }

    fn status(&self, replica: &FakeReplica) -> &'static str {
        if replica.deleted.is_some() {
            "deleting"
        } else if self.since(replica.created) < CREATES {
            "creating"
        } else {
            "available"
        }
    }

    fn create(&mut self, asked: &WireRequest) -> Result<String, WireRefusal> {
        let id = asked.field("DBInstanceIdentifier");
        if self.shown().contains(&id.as_str()) {
            return Err(WireRefusal::new("DBInstanceAlreadyExists", "DB instance already exists"));
        }
        let zone = asked.field("AvailabilityZone");
        if self.full_zones.contains(&zone.as_str()) {
            return Err(WireRefusal::new(
                "InsufficientDBInstanceCapacity",
                "db.r6g.large is not available in this zone",
            ));
        }
        let fleet = asked.tag("tidegate:fleet");
        self.changes.push(("CreateDBInstanceReadReplica".to_owned(), id.clone()));
        let created = self.now();
        self.replicas.insert(id, FakeReplica { created, deleted: None, fleet, lag: 0.0, zone });
        Ok(String::new())
    }

    fn delete(&mut self, id: &str) -> Result<String, WireRefusal> {
        let now = self.now();
        let Some(replica) = self.replicas.get_mut(id) else {
            return Err(WireRefusal::new("DBInstanceNotFound", "not found"));
        };
        if replica.deleted.is_some() {
            return Err(WireRefusal::new("InvalidDBInstanceState", "Instance is already being deleted."));
        }
        replica.deleted = Some(now);
        self.changes.push(("DeleteDBInstance".to_owned(), id.to_owned()));
        Ok(String::new())
    }

    /// A datapoint a minute over half an hour, from when a replica is available on.
    fn metrics(&self, body: &Value) -> String {
        let last = self.now().as_second() / 60 * 60 - 60;
        let result = |query: &Value| {
            let metric = &query["MetricStat"]["Metric"];
            let name = metric["MetricName"].as_str().unwrap_or_default();
            let id = metric["Dimensions"][0]["Value"].as_str().unwrap_or_default();
            let found = self.replicas.get(id).filter(|replica| replica.deleted.is_none());
            let value = found.and_then(|replica| match name {
                "ReplicaLag" => Some(replica.lag),
                "CPUUtilization" => Some(self.cpu),
                "DatabaseConnections" => {
                    let is_read = self.records.contains_key(&format!("tidegate:{id}"));
                    Some(if is_read { 120.0 } else { 0.0 })
                }
                _ => None,
            });
            let from = found.map_or(i64::MAX, |it| it.created.as_second() + CREATES.as_secs());
            let times: Vec<i64> = (0..30).map(|age| last - age * 60).filter(|at| *at >= from).collect();
            let values: Vec<f64> = value.into_iter().cycle().take(times.len()).collect();
            let times = if values.is_empty() { Vec::new() } else { times };
            json!({"Id": query["Id"], "Label": name, "StatusCode": "Complete",
                   "Timestamps": times, "Values": values})
        };
        let queries = body["MetricDataQueries"].as_array().into_iter().flatten();
        json!({"MetricDataResults": queries.map(result).collect::<Vec<_>>()}).to_string()
    }
}

impl FakeWorld for FakeReplicas {
    const WRITES: &'static [&'static str] =
        &["PutItem", "CreateDBInstanceReadReplica", "DeleteDBInstance", "ChangeResourceRecordSets"];

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
            "DescribeDBInstances" if self.rds_is_throttled => {
                Err(WireRefusal::new("Throttling", "Rate exceeded"))
            }
            "DescribeDBInstances" if !asked.field("DBInstanceIdentifier").is_empty() => {
                self.describe_one(&asked.field("DBInstanceIdentifier"))
            }
            "DescribeDBInstances" => Ok(self.describe(&asked.field("Marker"))),
            "CreateDBInstanceReadReplica" => self.create(asked),
            "DescribeOrderableDBInstanceOptions" => Ok(wire::offers()),
            "DeleteDBInstance" => self.delete(&asked.field("DBInstanceIdentifier")),
            "GetMetricData" => Ok(self.metrics(&asked.json())),
            "ListResourceRecordSets" => Ok(wire::records(&self.records, &self.health_checks)),
            "ChangeResourceRecordSets" => {
                wire::change(&mut self.records, &mut self.health_checks, &asked.body)?;
                self.was_empty |= self.records.is_empty();
                Ok(wire::CHANGED.to_owned())
            }
            other => Err(WireRefusal::new("InvalidAction", other)),
        }
    }
}

/// One process that evaluates.
pub type ReplicaProcess = FakeProcess<FakeReplicas>;
