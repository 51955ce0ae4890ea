//! A database with its replicas, as one evaluation sees it.

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::report::{AccountAndRegion, EvaluationReport, Header};
use tidegate_aws::trigger::Trigger;
use tidegate_fleet::{Database, Mode};
use tidegate_policy::overrides::{Override, OverrideKind};
use tidegate_policy::replicas::decide::{ReplicaTurn, decide};
use tidegate_policy::replicas::memory::{DatabaseMemory, ReplicaMemory};
use tidegate_policy::replicas::observation::{
    DatabaseObservation, DnsRecord, Engine, Instances, Replica, Replication, SourceInstance, Status,
};
use tidegate_policy::{Datapoint, MetricReading};
use tidegate_replicas::database::DatabaseReport;

pub(crate) const EVALUATION: &str = "8fc06518";

const FLEET: &str = "version: 1\nname: shop\nmode: enforce\ndatabases:\n  - name: main\n    rds: shop-prod\n    \
    replicas:\n      lag: { warning: 15s, critical: 60s }\n      min: 1\n      max: 5\n      out: cpu > 70% for 5m\n      \
    in: cpu < 30% for 15m\n      dns: { zone: Z1, record: read.db.internal }\nservices:\n  - name: api\n    \
    ecs: { cluster: shop, service: api }\n    capacity: { min: 2, max: 20 }\n    \
    rules: [{ when: cpu > 80%, notify: warning }]\n";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_250_040 + second).expect("a moment")
}

pub(crate) fn header() -> Header {
    Header {
        fleet: "shop".to_owned(),
        concern: "replica-lag",
        function: "tidegate-ReplicaLagFunction".to_owned(),
        place: AccountAndRegion::of_arn("arn:aws:sns:eu-central-1:111122223333:tidegate"),
        evaluation: EVALUATION.to_owned(),
        at: at(0),
        trigger: Trigger::Schedule,
        request: None,
    }
}

/// Subject and text of the report of one database.
pub(crate) fn text(report: &DatabaseReport) -> String {
    let sections = vec![report.section(&header())];
    let report = EvaluationReport { sections, ..EvaluationReport::empty(header()) };
    assert!(report.is_worth_reporting(), "{}", report.text());
    format!("Subject: {}\n\n{}", report.subject(), report.text())
}

/// Half an hour of one value, a datapoint a minute.
fn points(value: f64) -> MetricReading {
    let period = SignedDuration::from_mins(1);
    let point = |minute: i64| Datapoint { at: at(-60 * minute), value };
    MetricReading::Points { period, points: (1..=30).rev().map(point).collect() }
}

/// The newest datapoint is so old.
pub(crate) fn stop(reading: &mut MetricReading, ago: SignedDuration) {
    let MetricReading::Points { points, .. } = reading else { unreachable!("there are datapoints") };
    points.retain(|point| point.at <= at(0) - ago);
}

/// The datapoint of a minute that ended so long ago has another value.
pub(crate) fn push(reading: &mut MetricReading, ago: SignedDuration, value: f64) {
    let MetricReading::Points { points, .. } = reading else { unreachable!("there are datapoints") };
    let end = at(0) - ago;
    points.iter_mut().filter(|point| point.at == end).for_each(|point| point.value = value);
}

pub(crate) struct ReportScene {
    database: Database,
    pub(crate) seen: DatabaseObservation,
    overrides: Vec<Override>,
    observe: bool,
}

impl ReportScene {
    /// So many replicas of ours, each in the records.
    pub(crate) fn with(count: u32) -> Self {
        let fleet = tidegate_fleet::parse(FLEET).expect("a fleet");
        let database = fleet.databases()[0].clone();
        let replicas: Vec<Replica> = (1..=count).map(replica).collect();
        let records = replicas.iter().map(record).collect();
        let mut taken: Vec<String> = replicas.iter().map(|replica| replica.id.clone()).collect();
        taken.push("shop-prod".to_owned());
        let seen = DatabaseObservation {
            instances: Ok(Instances { source: source(), replicas, green: None, taken }),
            records: Some(Ok(records)),
            offers: None,
        };
        Self { database, seen, overrides: Vec::new(), observe: false }
    }

    pub(crate) fn replicas(&mut self) -> &mut Vec<Replica> {
        &mut self.seen.instances.as_mut().expect("they are read").replicas
    }

    pub(crate) fn cpu(mut self, percent: f64) -> Self {
        self.replicas().iter_mut().for_each(|replica| replica.cpu = points(percent));
        self
    }

    /// The lag of the first one.
    pub(crate) fn lag(mut self, seconds: f64) -> Self {
        self.replicas()[0].lag = points(seconds);
        self
    }

    pub(crate) fn observed(mut self) -> Self {
        self.observe = true;
        self
    }

    pub(crate) fn without_records(mut self) -> Self {
        self.seen.records = Some(Ok(Vec::new()));
        self
    }

    pub(crate) fn pinned(self, to: u32) -> Self {
        self.asking(OverrideKind::Pin(to))
    }

    pub(crate) fn asking(mut self, kind: OverrideKind) -> Self {
        self.overrides.push(Override {
            target: "main".to_owned(),
            kind,
            since: Some(at(-60)),
            until: at(7_140),
            who: "ana".to_owned(),
            why: "launch".to_owned(),
            request: None,
        });
        self
    }

    /// The memory of a database whose replicas have answered reads for a day.
    pub(crate) fn calm_memory(&self) -> DatabaseMemory {
        let day_ago = Some(at(-86_400));
        let one = ReplicaMemory { caught_up_at: day_ago, answers_since: day_ago, ..ReplicaMemory::default() };
        let ids = self.seen.instances.iter().flat_map(|instances| &instances.replicas);
        DatabaseMemory {
            replicas: ids.map(|replica| (replica.id.clone(), one.clone())).collect(),
            ..DatabaseMemory::default()
        }
    }

    /// What the policy decides, in a report; no change was made yet.
    pub(crate) fn report(&self, memory: &DatabaseMemory) -> DatabaseReport {
        let turn = ReplicaTurn {
            database: "main",
            evaluation: EVALUATION,
            overrides: &self.overrides,
            observe: self.observe,
            now: at(0),
        };
        assert_eq!(self.database.mode(), Mode::Enforce);
        DatabaseReport {
            name: "main".to_owned(),
            resource: self.database.instance().clone(),
            dns: self.database.policy().dns.clone(),
            observe: self.observe,
            seen: self.seen.clone(),
            decision: decide(&self.seen, self.database.policy(), memory, turn),
            bounds: self.database.policy().count.as_ref().map(|count| (count.min, count.max)),
            described: None,
            is_enforced: false,
            called: None,
            records: None,
            failing_records: None,
            would: None,
            said_before: false,
        }
    }
}

fn source() -> SourceInstance {
    SourceInstance {
        id: "shop-prod".to_owned(),
        engine: Engine::MySql,
        status: Status::Available,
        class: "db.r6g.large".to_owned(),
        endpoint: Some("shop-prod.abc.eu-central-1.rds.amazonaws.com".to_owned()),
        zone: Some("eu-central-1a".to_owned()),
        zones: vec!["eu-central-1a".to_owned(), "eu-central-1b".to_owned()],
        backup_retention_days: 7,
        is_pending: false,
        log_rate: MetricReading::NotRead,
        slot_lag: MetricReading::NotRead,
        slot_disk: MetricReading::NotRead,
        free_storage: points(1e11),
        allocated_storage: 200 * 1024 * 1024 * 1024,
        replicas_elsewhere: 0,
    }
}

fn replica(number: u32) -> Replica {
    let id = format!("tidegate-shop-prod-{number}");
    Replica {
        endpoint: Some(format!("{id}.abc.eu-central-1.rds.amazonaws.com")),
        id,
        status: Status::Available,
        class: "db.r6g.large".to_owned(),
        zone: Some("eu-central-1b".to_owned()),
        is_ours: true,
        is_protected: false,
        is_being_promoted: false,
        is_source: false,
        is_initialized: true,
        replication: Replication::Running,
        created_at: Some(at(-86_400)),
        lag: points(0.5),
        cpu: points(40.0),
        connections: points(120.0),
    }
}

fn record(replica: &Replica) -> DnsRecord {
    DnsRecord {
        set_identifier: Some(format!("tidegate:{}", replica.id)),
        kind: "CNAME".to_owned(),
        weight: Some(10),
        ttl: Some(5),
        values: replica.endpoint.clone().into_iter().collect(),
        alias: None,
        health_check: None,
    }
}
