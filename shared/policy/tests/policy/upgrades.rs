//! The class of a database, decided about: an instance, its replicas, and a clock that goes on by five minutes.

mod again;
mod asked;
mod believing;
mod changing;
mod filled;
mod fitting;
mod followed;
mod oracle;
mod refused;
mod rehearsed;
mod sentences;
mod snapshots;
mod stored;
mod waiting;
mod weighed;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::replicas::observation::{Replication, Status};
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide, rehearsed};
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeDecision};
use tidegate_policy::upgrades::memory::{ClassRequest, UpgradeMemory};
use tidegate_policy::upgrades::observation::{
    ClassLoad, ClassOffer, ClassedInstance, ClassedInstances, RdsMessage, Rehearsal, SeenLoad, SeenSnapshot,
    UpgradeObservation,
};
use tidegate_policy::upgrades::policy::{ChangeWindow, ClassLadder, UpgradePolicy};
use tidegate_policy::{Datapoint, Engine, MetricReading, Override, Severity};

use crate::stage::{condition, seconds};

pub(crate) const GIB: f64 = 1_073_741_824.0;
pub(crate) const LADDER: [&str; 4] = ["db.t4g.medium", "db.t4g.large", "db.m6g.xlarge", "db.m6g.4xlarge"];

/// What the instance has to do, hour by hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HourlyLoad {
    pub(crate) cpu: f64,
    pub(crate) connections: f64,
    pub(crate) free_memory: f64,
    pub(crate) iops: f64,
    pub(crate) burst: f64,
    pub(crate) free_storage: f64,
    pub(crate) users: Option<f64>,
}

pub(crate) const IDLE: HourlyLoad = HourlyLoad {
    cpu: 10.0,
    connections: 20.0,
    free_memory: 7.0 * GIB,
    iops: 100.0,
    burst: 100.0,
    free_storage: 60.0 * GIB,
    users: None,
};

/// A database `shop`, `db.t4g.large`, well in every respect, with a window on Sunday from 05:00 to 06:00, and everything that
/// one test changes.
#[derive(Debug, Clone)]
pub(crate) struct ClassShop {
    pub(crate) policy: UpgradePolicy,
    pub(crate) instances: ClassedInstances,
    pub(crate) load: HourlyLoad,
    /// The metric of the business, where it is not [`HourlyLoad::users`].
    pub(crate) users: Option<MetricReading>,
    /// How many hours of metrics there are.
    pub(crate) hours: i64,
    pub(crate) rehearsal: Rehearsal,
    pub(crate) messages: Vec<RdsMessage>,
    /// The snapshot that RDS shows.
    pub(crate) snapshot: Option<SeenSnapshot>,
    pub(crate) memory: UpgradeMemory,
    pub(crate) overrides: Vec<Override>,
    pub(crate) emergency: Option<&'static str>,
    pub(crate) asked: Option<ClassAsked>,
    pub(crate) observe: bool,
    pub(crate) now: Timestamp,
    /// What comes of calls.
    pub(crate) outcome: CallOutcome,
    /// Whether SNS takes notices.
    pub(crate) notified: bool,
    /// Everything that was told, and every call.
    pub(crate) told: Vec<String>,
    evaluations: u32,
}

/// Friday, 2026-03-06, half past noon.
pub(crate) fn friday() -> Timestamp {
    "2026-03-06T12:30:00Z".parse().unwrap()
}

/// The window of the Sunday after.
pub(crate) fn sunday() -> Timestamp {
    "2026-03-08T05:00:00Z".parse().unwrap()
}

pub(crate) fn instance(id: &str, class: &str) -> ClassedInstance {
    ClassedInstance {
        id: id.to_owned(),
        engine: Engine::PostgreSql { major: 16, minor: 3 },
        status: Status::Available,
        class: class.to_owned(),
        pending_class: None,
        pending: vec![],
        parameters: vec![],
        has_default_parameters: true,
        changing_security_groups: vec![],
        is_multi_az: false,
        zone: Some("eu-west-1a".to_owned()),
        second_zone: None,
        storage_type: "gp3".to_owned(),
        allocated_gib: 100,
        max_allocated_gib: Some(1_000),
        is_storage_busy: false,
        backup_retention_days: 7,
        restorable_to: None,
        maintenance_window: "sun:05:00-sun:06:00".to_owned(),
        replication: Replication::Running,
    }
}

pub(crate) fn offer() -> ClassOffer {
    ClassOffer {
        storage_type: "gp3".to_owned(),
        is_multi_az: true,
        takes_replicas: true,
        zones: vec!["eu-west-1a".to_owned(), "eu-west-1b".to_owned()],
        storage_gib: Some((20, 65_536)),
    }
}

pub(crate) fn request(to: &str, now: bool) -> ClassRequest {
    ClassRequest {
        to: to.to_owned(),
        now,
        snapshot: false,
        from: String::new(),
        at: friday(),
        who: "alice".to_owned(),
        why: "Black Friday".to_owned(),
        request: None,
    }
}

impl ClassShop {
    /// The ladder without conditions: the class changes on request only.
    pub(crate) fn new() -> Self {
        let ladder = ClassLadder {
            classes: LADDER.map(str::to_owned).to_vec(),
            up: vec![],
            down: vec![],
            floor: None,
            window: ChangeWindow::Maintenance,
            per_day: 1,
            keeps_reservations: true,
        };
        let main = instance("shop", "db.t4g.large");
        Self {
            policy: UpgradePolicy {
                is_aurora: false,
                ladder: Some(ladder),
                storage: None,
                max_connections: None,
            },
            instances: ClassedInstances {
                main,
                source: None,
                replicas: vec![],
                green: None,
                replicas_elsewhere: 0,
                others: vec![],
            },
            load: IDLE,
            users: None,
            hours: 24 * 20,
            rehearsal: Rehearsal {
                class: String::new(),
                offers: Ok(vec![offer()]),
                maintenance: Ok(vec![]),
                reservations: Ok(vec![]),
            },
            messages: vec![],
            snapshot: None,
            memory: UpgradeMemory::default(),
            overrides: vec![],
            emergency: None,
            asked: None,
            observe: false,
            now: friday(),
            outcome: CallOutcome::Taken,
            notified: true,
            told: vec![],
            evaluations: 0,
        }
    }

    /// The next larger class on `up`, the next smaller one on `down`.
    pub(crate) fn climbing(up: &str, down: &str) -> Self {
        let mut shop = Self::new();
        let when =
            |text: &str| Some(text).filter(|text| !text.is_empty()).map(condition).into_iter().collect();
        (shop.ladder().up, shop.ladder().down) = (when(up), when(down));
        shop
    }

    /// Overloaded for days: `db.m6g.xlarge` is wanted.
    pub(crate) fn busy() -> Self {
        let mut shop = Self::climbing("cpu > 80% for 1d", "cpu < 20% for 14d");
        shop.load.cpu = 95.0;
        shop
    }

    pub(crate) fn ladder(&mut self) -> &mut ClassLadder {
        self.policy.ladder.as_mut().unwrap()
    }

    pub(crate) fn main(&mut self) -> &mut ClassedInstance {
        &mut self.instances.main
    }

    pub(crate) fn hold(&mut self, kind: OverrideKind) {
        self.overrides.push(Override {
            target: "main".to_owned(),
            kind,
            since: Some(self.now),
            until: self.now + seconds(10 * 86_400),
            who: "bob".to_owned(),
            why: "a release".to_owned(),
            request: None,
        });
    }

    fn hourly(&self, value: f64, hours: i64) -> MetricReading {
        let newest = self.now.as_second() - self.now.as_second().rem_euclid(3_600);
        let point = |hour: i64| {
            let at = Timestamp::from_second(newest - hour * 3_600).unwrap();
            Datapoint { at, value }
        };
        MetricReading::Points { period: seconds(3_600), points: (0..hours).rev().map(point).collect() }
    }

    fn by_minute(&self, value: f64) -> MetricReading {
        let point = |minute: i64| Datapoint { at: self.now - SignedDuration::from_mins(minute), value };
        MetricReading::Points { period: seconds(60), points: (0..15).rev().map(point).collect() }
    }

    /// What is seen now.
    pub(crate) fn observation(&self) -> UpgradeObservation {
        let both = |value: f64| SeenLoad {
            usual: self.hourly(value, self.hours),
            peak: self.hourly(value, self.hours),
        };
        let mut instances = self.instances.clone();
        instances.main.restorable_to =
            instances.main.restorable_to.or_else(|| Some(self.now - SignedDuration::from_mins(4)));
        UpgradeObservation {
            instances: Ok(instances),
            load: ClassLoad {
                cpu: both(self.load.cpu),
                connections: both(self.load.connections),
                free_memory: both(self.load.free_memory),
                iops: both(self.load.iops),
                burst_balance: self.hourly(self.load.burst, self.hours),
                free_storage: self.by_minute(self.load.free_storage),
            },
            floor: self.users.clone().unwrap_or_else(|| {
                self.load.users.map_or(MetricReading::NotRead, |users| self.by_minute(users))
            }),
            rehearsal: None,
            snapshot: Some(Ok(self.snapshot.clone())),
            messages: Some(Ok(self.messages.clone())),
        }
    }

    /// Decides, and changes nothing.
    pub(crate) fn peek(&self) -> UpgradeDecision {
        let turn = UpgradeTurn {
            database: "main",
            evaluation: &format!("e{}", self.evaluations),
            overrides: &self.overrides,
            emergency: self.emergency,
            asked: self.asked.as_ref(),
            observe: self.observe,
            now: self.now,
        };
        let mut seen = self.observation();
        let class = rehearsed(&seen, &self.policy, &self.memory, turn);
        seen.rehearsal = class.map(|class| Rehearsal { class, ..self.rehearsal.clone() });
        decide(&seen, &self.policy, &self.memory, turn)
    }

    /// An evaluation decides, does it, reports it and remembers it.
    pub(crate) fn evaluate(&mut self) -> UpgradeDecision {
        self.evaluations += 1;
        let decision = self.peek();
        self.asked = None;
        self.memory = decision.memory.clone();
        if let Some(call) = &decision.call {
            self.told.push(shown(call));
            if self.outcome == CallOutcome::Taken {
                self.apply(call);
            }
            let evaluation = format!("e{}", self.evaluations);
            self.memory.settle_call(&self.outcome.clone(), &evaluation, self.now);
        }
        self.memory.settle_notices(&decision, self.notified);
        if self.notified {
            self.told.extend(decision.notices.iter().map(line));
        }
        // The ledger holds text.
        let text = serde_json::to_string(&self.memory).unwrap();
        assert_eq!(serde_json::from_str::<UpgradeMemory>(&text).unwrap(), self.memory);
        decision
    }

    /// Five minutes pass; then an evaluation.
    pub(crate) fn tick(&mut self) -> UpgradeDecision {
        self.now += SignedDuration::from_mins(5);
        self.evaluate()
    }

    /// Evaluations up to that moment, which is a multiple of five minutes away.
    pub(crate) fn until(&mut self, moment: Timestamp) -> UpgradeDecision {
        while self.now + SignedDuration::from_mins(5) < moment {
            self.tick();
        }
        self.tick()
    }

    /// RDS takes a call: the class is pending.
    fn apply(&mut self, call: &ClassCall) {
        match call {
            ClassCall::Modify { instance, to, .. } => self.find(instance).pending_class = Some(to.clone()),
            ClassCall::TakeSnapshot { .. } => self.snaps("creating"),
            ClassCall::RaiseMaxStorage { instance, to_gib } => {
                self.find(instance).max_allocated_gib = Some(*to_gib);
            }
        }
    }

    pub(crate) fn find(&mut self, id: &str) -> &mut ClassedInstance {
        let ClassedInstances { main, replicas, .. } = &mut self.instances;
        [main].into_iter().chain(replicas).find(|instance| instance.id == id).unwrap()
    }

    /// RDS works on it.
    pub(crate) fn modifying(&mut self, id: &str) {
        self.find(id).status = Status::Changing("modifying".to_owned());
    }

    /// RDS has the new class.
    pub(crate) fn modified(&mut self, id: &str) {
        let instance = self.find(id);
        instance.status = Status::Available;
        instance.class = instance.pending_class.take().unwrap();
    }

    /// What was told since the last call of this.
    pub(crate) fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }
}

/// `modify shop db.t4g.large db.m6g.xlarge`.
fn shown(call: &ClassCall) -> String {
    match call {
        ClassCall::Modify { instance, from, to } => format!("modify {instance} {from} {to}"),
        ClassCall::TakeSnapshot { instance, snapshot } => format!("snapshot {instance} as {snapshot}"),
        ClassCall::RaiseMaxStorage { instance, to_gib } => format!("raise {instance} to {to_gib} GiB"),
    }
}

/// `+plan`, `-refused`, `failed shop db.m6g.xlarge!`: what is reported; `!` where it is critical.
fn line(notice: &DatabaseNotice) -> String {
    let sign = match notice.phase {
        NoticePhase::Begins => "+",
        NoticePhase::Ends => "-",
        NoticePhase::Happened => "",
    };
    let critical = if notice.severity == Severity::Critical { "!" } else { "" };
    format!("{sign}{}{critical}", notice.about)
}

/// The names of what stands against a change.
pub(crate) fn codes(decision: &UpgradeDecision) -> Vec<&'static str> {
    decision.refusals.iter().map(tidegate_policy::upgrades::refusal::ClassRefusal::code).collect()
}

/// The cause of the notice about that.
#[track_caller]
pub(crate) fn cause(decision: &UpgradeDecision, about: &str) -> String {
    let notice = decision.notices.iter().find(|notice| notice.about == about);
    let notice = notice.unwrap_or_else(|| panic!("{about}: {:?}", decision.notices));
    notice.cause.clone().unwrap_or_default()
}
