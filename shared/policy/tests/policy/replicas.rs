//! Replicas of a database, decided about: a source, its replicas, the records, and a clock that goes minute by minute.

mod believing;
mod blue_green;
mod capacity;
mod counting;
mod drained;
mod ended;
mod fleets;
mod following;
mod judged;
mod lagging;
mod notified;
mod outcomes;
mod properties;
mod recorded;
mod removing;
mod sentences;
mod shown;
mod stuck;
mod weighed;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::decide::{ReplicaTurn, decide};
use tidegate_policy::replicas::decision::{InstanceCall, NewReplica, RecordChange, ReplicaDecision};
use tidegate_policy::replicas::memory::DatabaseMemory;
use tidegate_policy::replicas::observation::{DatabaseObservation, Engine, Instances, Replica, Status};
use tidegate_policy::replicas::policy::{DatabasePolicy, LagLimits, ReadRecord, ReplicaCount};
use tidegate_policy::{Datapoint, MetricReading, Override};

pub(crate) use shown::{host, record, replica, source};

use crate::stage::{condition, noon, seconds};

/// So many minutes an answer of CloudWatch brings.
const WINDOW: i64 = 30;

pub(crate) const GIB: f64 = 1_073_741_824.0;

/// What one minute shows of a replica; `None` for no datapoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplicaLoad {
    pub(crate) lag: Option<f64>,
    pub(crate) cpu: Option<f64>,
    pub(crate) connections: Option<f64>,
}

pub(crate) const QUIET: ReplicaLoad =
    ReplicaLoad { lag: Some(0.0), cpu: Some(50.0), connections: Some(20.0) };

/// What one minute shows of the source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceLoad {
    pub(crate) log: Option<f64>,
    pub(crate) slot_lag: Option<f64>,
    pub(crate) slot_disk: Option<f64>,
    pub(crate) free: Option<f64>,
}

/// What a table changes of a database, under the words that are then looked for.
pub(crate) type ShopChange = (&'static str, fn(&mut Shop));

/// The datapoints of one metric.
type ShopSeries = VecDeque<Datapoint>;

/// A database `shop` whose replicas are `shop-1`, `shop-2` …, all of them well, and everything that one test changes.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) policy: DatabasePolicy,
    pub(crate) seen: DatabaseObservation,
    pub(crate) memory: DatabaseMemory,
    pub(crate) overrides: Vec<Override>,
    pub(crate) observe: bool,
    pub(crate) now: Timestamp,
    pub(crate) loads: BTreeMap<String, ReplicaLoad>,
    pub(crate) source_load: SourceLoad,
    /// What comes of calls.
    pub(crate) outcome: CallOutcome,
    /// Zones without capacity.
    pub(crate) full_zones: Vec<&'static str>,
    /// Whether SNS takes notices.
    pub(crate) notified: bool,
    /// Whether metrics are read.
    pub(crate) metrics: bool,
    series: BTreeMap<(String, &'static str), ShopSeries>,
    evaluations: u32,
}

impl Shop {
    /// MySQL with so many replicas of ours, a lag limit of 15 s, a record, no bounds.
    pub(crate) fn new(replicas: u32) -> Self {
        let source = source(Engine::MySql);
        let ids: Vec<String> = (1..=replicas).map(|number| format!("shop-{number}")).collect();
        let instances = Instances {
            source,
            replicas: ids.iter().map(|id| replica(id)).collect(),
            green: None,
            taken: ["shop".to_owned()].into_iter().chain(ids.clone()).collect(),
        };
        let policy = DatabasePolicy {
            is_aurora: false,
            lag: Some(LagLimits { warning: seconds(15), critical: None }),
            count: None,
            dns: Some(ReadRecord { zone: "Z1".to_owned(), name: "read.shop".to_owned(), ttl: 5 }),
        };
        let records = ids.iter().map(|id| record(id)).collect();
        let mut shop = Self {
            policy,
            seen: DatabaseObservation { instances: Ok(instances), records: Some(Ok(records)), offers: None },
            memory: DatabaseMemory::default(),
            overrides: vec![],
            observe: false,
            now: noon(),
            loads: ids.into_iter().map(|id| (id, QUIET)).collect(),
            source_load: SourceLoad {
                log: Some(1e6),
                slot_lag: Some(0.0),
                slot_disk: Some(0.0),
                free: Some(500.0 * GIB),
            },
            outcome: CallOutcome::Taken,
            full_zones: vec![],
            notified: true,
            metrics: true,
            series: BTreeMap::new(),
            evaluations: 0,
        };
        (0..WINDOW).for_each(|_| shop.measure());
        shop
    }

    /// `min..=max` replicas by these conditions; cooldown and drain of ten minutes.
    pub(crate) fn counting(mut self, min: u32, max: u32, out: &str, scale_in: &str) -> Self {
        let when = |text: &str| (!text.is_empty()).then(|| condition(text));
        let (cooldown, drain) = (seconds(600), seconds(600));
        let (scale_out, scale_in) = (when(out), when(scale_in));
        self.policy.count =
            Some(ReplicaCount { min, max, scale_out, scale_in, class: None, cooldown, drain });
        self
    }

    pub(crate) fn engine(mut self, engine: Engine) -> Self {
        self.instances().source.engine = engine;
        self.policy.is_aurora = engine == Engine::Aurora;
        if self.policy.is_aurora {
            (self.policy.dns, self.seen.records) = (None, None);
        }
        self
    }

    pub(crate) fn instances(&mut self) -> &mut Instances {
        self.seen.instances.as_mut().unwrap()
    }

    pub(crate) fn replica(&mut self, id: &str) -> &mut Replica {
        self.instances().replicas.iter_mut().find(|replica| replica.id == id).unwrap()
    }

    pub(crate) fn load(&mut self, id: &str) -> &mut ReplicaLoad {
        self.loads.entry(id.to_owned()).or_insert(QUIET)
    }

    /// Every replica.
    pub(crate) fn all(&mut self, change: impl Fn(&mut ReplicaLoad)) -> &mut Self {
        self.loads.values_mut().for_each(change);
        self
    }

    pub(crate) fn overridden(mut self, kind: OverrideKind) -> Self {
        self.overrides.push(Override {
            target: "main".to_owned(),
            kind,
            since: Some(self.now),
            until: self.now + seconds(86_400),
            who: "alice".to_owned(),
            why: "a test".to_owned(),
            request: None,
        });
        self
    }

    pub(crate) fn gone(&mut self, id: &str) -> Replica {
        self.instances().taken.retain(|taken| taken != id);
        self.promoted(id)
    }

    /// It is no replica any more, and still an instance.
    pub(crate) fn promoted(&mut self, id: &str) -> Replica {
        let all = &mut self.instances().replicas;
        let at = all.iter().position(|replica| replica.id == id).unwrap();
        all.remove(at)
    }

    /// A minute passes, and is measured.
    fn measure(&mut self) {
        self.now += seconds(60);
        let at = self.now;
        let mut push = |of: &str, metric: &'static str, value: Option<f64>| {
            let series = self.series.entry((of.to_owned(), metric)).or_default();
            series.extend(value.map(|value| Datapoint { at, value }));
            while series.front().is_some_and(|first| at.duration_since(first.at) > seconds(60 * WINDOW)) {
                series.pop_front();
            }
        };
        let SourceLoad { log, slot_lag, slot_disk, free } = self.source_load;
        for (metric, value) in
            [("log", log), ("slot_lag", slot_lag), ("slot_disk", slot_disk), ("free", free)]
        {
            push("shop", metric, value);
        }
        let Ok(instances) = &self.seen.instances else { return };
        for replica in instances.replicas.iter().filter(|replica| replica.status.serves()) {
            let load = self.loads.get(&replica.id).copied().unwrap_or(QUIET);
            for (metric, value) in [("lag", load.lag), ("cpu", load.cpu), ("connections", load.connections)] {
                push(&replica.id, metric, value);
            }
        }
    }

    fn reading(&self, of: &str, metric: &'static str) -> MetricReading {
        if !self.metrics {
            return MetricReading::NotRead;
        }
        let series = self.series.get(&(of.to_owned(), metric)).cloned().unwrap_or_default();
        MetricReading::Points { period: seconds(60), points: series.into() }
    }

    /// What is seen now.
    pub(crate) fn observation(&self) -> DatabaseObservation {
        let mut seen = self.seen.clone();
        if let Ok(Instances { source, replicas, .. }) = &mut seen.instances {
            source.log_rate = self.reading("shop", "log");
            source.slot_lag = self.reading("shop", "slot_lag");
            source.slot_disk = self.reading("shop", "slot_disk");
            source.free_storage = self.reading("shop", "free");
            for replica in replicas {
                replica.lag = self.reading(&replica.id, "lag");
                replica.cpu = self.reading(&replica.id, "cpu");
                replica.connections = self.reading(&replica.id, "connections");
            }
        }
        seen
    }

    /// Decides, and changes nothing.
    pub(crate) fn peek(&self) -> ReplicaDecision {
        self.peek_as(&format!("e{}", self.evaluations))
    }

    pub(crate) fn peek_as(&self, evaluation: &str) -> ReplicaDecision {
        let turn = ReplicaTurn {
            database: "main",
            evaluation,
            overrides: &self.overrides,
            observe: self.observe,
            now: self.now,
        };
        decide(&self.observation(), &self.policy, &self.memory, turn)
    }

    /// A minute passes; then an evaluation decides, does it, reports it, and remembers it.
    pub(crate) fn minute(&mut self) -> ReplicaDecision {
        self.measure();
        self.evaluate()
    }

    pub(crate) fn minutes(&mut self, count: u32) -> ReplicaDecision {
        (1..count).for_each(|_| drop(self.minute()));
        self.minute()
    }

    pub(crate) fn evaluate(&mut self) -> ReplicaDecision {
        self.evaluations += 1;
        let decision = self.peek();
        self.memory = decision.memory.clone();
        if let Some(call) = &decision.call {
            let outcome = self.answer(call);
            if outcome == CallOutcome::Taken {
                self.apply(call);
            }
            let evaluation = format!("e{}", self.evaluations);
            self.memory.settle_call(&outcome, &evaluation, self.now);
        }
        self.write(&decision.records);
        self.memory.settle_notices(&decision, self.notified);
        decision
    }

    /// What RDS answers to a call.
    fn answer(&self, call: &InstanceCall) -> CallOutcome {
        let zone = |call: &InstanceCall| match call {
            InstanceCall::Create(new) => new.zone.clone(),
            InstanceCall::Delete { .. } => None,
        };
        if zone(call).is_some_and(|zone| self.full_zones.contains(&zone.as_str())) {
            return CallOutcome::Refused("InsufficientDBInstanceCapacity: no db.r6g.large".to_owned());
        }
        self.outcome.clone()
    }

    /// RDS does what it is told.
    pub(crate) fn apply(&mut self, call: &InstanceCall) {
        match call {
            InstanceCall::Create(NewReplica { id, class, zone, .. }) => {
                let instances = self.instances();
                if instances.replicas.iter().all(|replica| replica.id != *id) {
                    let new =
                        Replica { status: Status::Creating, endpoint: None, created_at: None, ..replica(id) };
                    instances.replicas.push(Replica { class: class.clone(), zone: zone.clone(), ..new });
                    instances.taken.push(id.clone());
                }
            }
            InstanceCall::Delete { replica } => self.replica(replica).status = Status::Deleting,
        }
    }

    fn write(&mut self, changes: &[RecordChange]) {
        let Some(Ok(records)) = &mut self.seen.records else { return };
        for change in changes {
            let (RecordChange::Put(record) | RecordChange::Delete(record)) = change;
            records.retain(|old| old.set_identifier != record.set_identifier);
            if let RecordChange::Put(record) = change {
                records.push(record.clone());
            }
        }
    }

    /// A new replica becomes available, now.
    pub(crate) fn arrives(&mut self, id: &str) -> &mut Replica {
        let now = self.now;
        let new = self.replica(id);
        new.status = Status::Available;
        new.endpoint = Some(host(id));
        new.created_at = Some(now);
        new
    }

    /// What the records lead to, in order.
    pub(crate) fn answers(&self) -> Vec<String> {
        let records = self.seen.records.clone().unwrap().unwrap();
        let mut all: Vec<String> = records.into_iter().filter_map(|record| record.set_identifier).collect();
        all.sort();
        all.into_iter().map(|id| id.trim_start_matches("tidegate:").to_owned()).collect()
    }
}

/// `Create tidegate-shop-1`, `Delete shop-2`, or nothing.
pub(crate) fn call(decision: &ReplicaDecision) -> String {
    match &decision.call {
        Some(InstanceCall::Create(new)) => format!("create {}", new.id),
        Some(InstanceCall::Delete { replica }) => format!("delete {replica}"),
        None => String::new(),
    }
}

/// The reasons, as sentences.
pub(crate) fn why(decision: &ReplicaDecision) -> String {
    decision.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// `+lag!`, `-lag`, `added shop-1`: what is reported; `!` where it is critical.
pub(crate) fn told(decision: &ReplicaDecision) -> Vec<String> {
    let one = |notice: &DatabaseNotice| {
        let sign = match notice.phase {
            NoticePhase::Begins => "+",
            NoticePhase::Ends => "-",
            NoticePhase::Happened => "",
        };
        let critical = if notice.severity == tidegate_policy::Severity::Critical { "!" } else { "" };
        // Of what happened the moment is left out.
        format!("{sign}{}{critical}", notice.about)
    };
    decision.notices.iter().map(one).collect()
}
