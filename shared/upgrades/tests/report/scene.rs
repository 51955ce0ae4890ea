//! A database with a ladder, as one evaluation sees it.

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::report::{AccountAndRegion, EvaluationReport, Header};
use tidegate_aws::trigger::Trigger;
use tidegate_fleet::{Database, Fleet};
use tidegate_policy::replicas::observation::{Engine, Replication, Status};
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide};
use tidegate_policy::upgrades::memory::{ClassRequest, UpgradeMemory};
use tidegate_policy::upgrades::observation::{
    ClassLoad, ClassOffer, ClassedInstance, ClassedInstances, Rehearsal, SeenLoad, UpgradeObservation,
};
use tidegate_policy::{Datapoint, MetricReading};
use tidegate_upgrades::database::UpgradeReport;

pub(crate) const EVALUATION: &str = "8fc06518";

/// As the evaluation stands: a Saturday, 08:34 UTC.
const NOW: i64 = 1_795_250_040;

const FLEET: &str = "version: 1\nname: shop\nmode: enforce\ndatabases:\n  - name: main\n    rds: shop-prod\n    \
    classes: [db.t4g.medium, db.t4g.large, db.m6g.xlarge]\n    \
    upgrade: { when: cpu > 80% for 1d, down: cpu < 20% for 14d, per_day: 3 }\n    \
    storage: { max: 1000, warning: 20%, critical: 10% }\n  - name: stage\n    mode: observe\n    rds: shop-stage\n    \
    classes: [db.t4g.medium, db.t4g.large]\n  - name: files\n    rds: shop-files\n    storage: { max: 500 }\n\
    services:\n  - name: api\n    ecs: { cluster: shop, service: api }\n    capacity: { min: 2, max: 20 }\n    \
    rules: [{ when: cpu > 80%, notify: warning }]\n";

pub(crate) fn fleet() -> Fleet {
    tidegate_fleet::parse(FLEET).expect("a fleet")
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).expect("a moment")
}

pub(crate) fn header() -> Header {
    Header {
        fleet: "shop".to_owned(),
        concern: "rds-upgrade",
        function: "tidegate-RdsUpgradeFunction".to_owned(),
        place: AccountAndRegion::of_arn("arn:aws:sns:eu-central-1:111122223333:tidegate"),
        evaluation: EVALUATION.to_owned(),
        at: at(0),
        trigger: Trigger::Schedule,
        request: None,
    }
}

/// Subject and text of the report of one database.
pub(crate) fn text(report: &UpgradeReport) -> String {
    let sections = vec![report.section(&header())];
    let report = EvaluationReport { sections, ..EvaluationReport::empty(header()) };
    assert!(report.is_worth_reporting(), "{}", report.text());
    format!("Subject: {}\n\n{}", report.subject(), report.text())
}

/// Datapoints of one value up to now, so far apart and so far back.
fn points(value: f64, period: SignedDuration, count: i64) -> MetricReading {
    let end = at(0).as_second().div_euclid(period.as_secs()) * period.as_secs();
    let at = |ago: i64| Timestamp::from_second(end - ago * period.as_secs()).expect("a moment");
    let points = (0..count).rev().map(|ago| Datapoint { at: at(ago), value }).collect();
    MetricReading::Points { period, points }
}

fn hours(value: f64) -> MetricReading {
    points(value, SignedDuration::from_hours(1), 15 * 24)
}

/// What a condition and the rehearsal of a smaller class are weighed by.
fn load(usual: f64, peak: f64) -> SeenLoad {
    SeenLoad { usual: hours(usual), peak: hours(peak) }
}

pub(crate) struct ClassScene {
    database: Database,
    pub(crate) seen: UpgradeObservation,
    observe: bool,
}

impl ClassScene {
    /// A `db.t4g.large` whose window opens on Sunday, and that RDS offers as the next class.
    pub(crate) fn new() -> Self {
        let instances = ClassedInstances {
            main: instance(),
            source: None,
            replicas: vec![],
            green: None,
            replicas_elsewhere: 0,
            others: vec![],
        };
        let load = ClassLoad {
            cpu: load(50.0, 70.0),
            connections: load(40.0, 60.0),
            free_memory: load(6.0 * 1_073_741_824.0, 5.8 * 1_073_741_824.0),
            iops: load(120.0, 300.0),
            burst_balance: MetricReading::NotRead,
            free_storage: points(60.0 * 1_073_741_824.0, SignedDuration::from_mins(1), 20),
        };
        let seen = UpgradeObservation {
            instances: Ok(instances),
            load,
            floor: MetricReading::NotRead,
            rehearsal: None,
            snapshot: None,
            messages: None,
        };
        Self { database: fleet().databases()[0].clone(), seen, observe: false }
    }

    pub(crate) fn main(&mut self) -> &mut ClassedInstance {
        &mut self.seen.instances.as_mut().expect("they are read").main
    }

    /// Replicas of the classes.
    pub(crate) fn with_replicas(mut self, replicas: &[(&str, &str)]) -> Self {
        let of = |(id, class): &(&str, &str)| ClassedInstance {
            id: (*id).to_owned(),
            class: (*class).to_owned(),
            ..instance()
        };
        self.seen.instances.as_mut().expect("they are read").replicas = replicas.iter().map(of).collect();
        self
    }

    pub(crate) fn cpu(mut self, percent: f64) -> Self {
        self.seen.load.cpu = load(percent, percent);
        self
    }

    /// What RDS offers of a class.
    pub(crate) fn offering(mut self, class: &str) -> Self {
        let offer = ClassOffer {
            storage_type: "gp3".to_owned(),
            is_multi_az: true,
            takes_replicas: true,
            zones: vec!["eu-central-1a".to_owned(), "eu-central-1b".to_owned()],
            storage_gib: Some((20, 65_536)),
        };
        let offers = Ok(vec![offer]);
        let class = class.to_owned();
        self.seen.rehearsal =
            Some(Rehearsal { class, offers, maintenance: Ok(vec![]), reservations: Ok(vec![]) });
        self
    }

    pub(crate) fn window(mut self, window: &str) -> Self {
        window.clone_into(&mut self.main().maintenance_window);
        self
    }

    pub(crate) fn observed(mut self) -> Self {
        self.observe = true;
        self
    }

    /// What the policy decides, in a report; no call was made yet.
    pub(crate) fn report(&self, memory: &UpgradeMemory, asked: Option<&ClassAsked>) -> UpgradeReport {
        let turn = UpgradeTurn {
            database: "main",
            evaluation: EVALUATION,
            overrides: &[],
            emergency: None,
            asked,
            observe: self.observe,
            now: at(0),
        };
        let policy = self.database.upgrade_policy().expect("it has one");
        UpgradeReport {
            name: "main".to_owned(),
            resource: self.database.instance().clone(),
            classes: policy.ladder.as_ref().expect("a ladder").classes.clone(),
            observe: self.observe,
            seen: self.seen.clone(),
            decision: decide(&self.seen, policy, memory, turn),
            called: None,
        }
    }
}

/// A class that an operator asks for, at once.
pub(crate) fn asked_now(class: &str) -> ClassAsked {
    ClassAsked::To(ClassRequest {
        to: class.to_owned(),
        now: true,
        snapshot: false,
        from: String::new(),
        at: at(0),
        who: "ana".to_owned(),
        why: "launch at noon".to_owned(),
        request: None,
    })
}

fn instance() -> ClassedInstance {
    ClassedInstance {
        id: "shop-prod".to_owned(),
        engine: Engine::PostgreSql { major: 16, minor: 4 },
        status: Status::Available,
        class: "db.t4g.large".to_owned(),
        pending_class: None,
        pending: vec![],
        parameters: vec![],
        has_default_parameters: true,
        changing_security_groups: vec![],
        is_multi_az: false,
        zone: Some("eu-central-1a".to_owned()),
        second_zone: None,
        storage_type: "gp3".to_owned(),
        allocated_gib: 100,
        max_allocated_gib: Some(1_000),
        is_storage_busy: false,
        backup_retention_days: 7,
        restorable_to: Some(at(-300)),
        maintenance_window: "sun:05:00-sun:06:00".to_owned(),
        replication: Replication::Running,
    }
}
