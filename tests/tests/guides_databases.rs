//! The guides' databases, from the fleet files as they are shipped: each threshold of a class and of the storage walked for its whole
//! duration, and one datapoint less.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::Database;
use tidegate_policy::replicas::observation::{Replication, Status};
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide, rehearsed};
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeDecision, UpgradeState};
use tidegate_policy::upgrades::memory::{ClassRequest, UpgradeMemory};
use tidegate_policy::upgrades::observation::{
    ClassLoad, ClassOffer, ClassedInstance, ClassedInstances, Rehearsal, SeenLoad, UpgradeObservation,
};
use tidegate_policy::{Datapoint, Engine, MetricReading, Severity};

const GIB: f64 = 1_073_741_824.0;

/// The first database of a shipped fleet, and an instance of it that is well in every respect.
struct Guide {
    database: Database,
    seen: UpgradeObservation,
    memory: UpgradeMemory,
    now: Timestamp,
}

/// Thursday, noon; the window of the instance is on Sunday from 05:00 to 06:00 UTC.
fn thursday() -> Timestamp {
    "2026-03-05T12:00:00Z".parse().expect("a time")
}

fn instance(id: &str, class: &str) -> ClassedInstance {
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
        max_allocated_gib: None,
        is_storage_busy: false,
        backup_retention_days: 7,
        restorable_to: None,
        maintenance_window: "sun:05:00-sun:06:00".to_owned(),
        replication: Replication::Running,
    }
}

fn unread() -> SeenLoad {
    SeenLoad { usual: MetricReading::NotRead, peak: MetricReading::NotRead }
}

impl Guide {
    fn new(fleet: &str, class: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fleets/{fleet}.yaml"));
        let text = std::fs::read_to_string(&path).expect("the fleet is there");
        let fleet = tidegate_fleet::parse(&text).expect("the fleet is valid");
        let database = fleet.databases()[0].clone();
        let main = instance(database.instance().id(), class);
        let load = ClassLoad {
            cpu: unread(),
            connections: unread(),
            free_memory: unread(),
            iops: unread(),
            burst_balance: MetricReading::NotRead,
            free_storage: MetricReading::NotRead,
        };
        let instances = ClassedInstances {
            main,
            source: None,
            replicas: vec![],
            green: None,
            replicas_elsewhere: 0,
            others: vec![],
        };
        let seen = UpgradeObservation {
            instances: Ok(instances),
            load,
            floor: MetricReading::NotRead,
            rehearsal: None,
            snapshot: None,
            messages: None,
        };
        Self { database, seen, memory: UpgradeMemory::default(), now: thursday() }
    }

    fn main(&mut self) -> &mut ClassedInstance {
        &mut self.seen.instances.as_mut().expect("they are read").main
    }

    /// Datapoints of a period up to now, oldest first; the newest ended four minutes ago, so that it has settled.
    fn points(&self, minutes: i64, values: &[Option<f64>]) -> MetricReading {
        let period = SignedDuration::from_mins(minutes);
        let newest = self.now - SignedDuration::from_mins(4);
        let ago = (0..values.len()).rev().map(|back| period * i32::try_from(back).expect("it is small"));
        let points = values
            .iter()
            .zip(ago)
            .filter_map(|(value, ago)| Some(Datapoint { at: newest - ago, value: (*value)? }));
        MetricReading::Points { period, points: points.collect() }
    }

    fn users(&mut self, users: Option<f64>) {
        self.seen.floor = self.points(5, &[users]);
    }

    fn turn<'a>(&self, asked: Option<&'a ClassAsked>) -> UpgradeTurn<'a> {
        UpgradeTurn {
            database: "db",
            evaluation: "0123456789abcdef",
            overrides: &[],
            emergency: None,
            asked,
            observe: false,
            now: self.now,
        }
    }

    /// The class that is wanted.
    fn wanted(&self) -> Option<String> {
        let policy = self.database.upgrade_policy().expect("the guide says something");
        rehearsed(&self.seen, policy, &self.memory, self.turn(None))
    }

    /// One evaluation; RDS offers what is wanted, and nothing stands against it.
    fn evaluate(&mut self, asked: Option<&ClassAsked>) -> UpgradeDecision {
        let policy = self.database.upgrade_policy().expect("the guide says something").clone();
        let fresh = self.now - SignedDuration::from_mins(5);
        self.main().restorable_to = Some(fresh);
        let class = rehearsed(&self.seen, &policy, &self.memory, self.turn(asked));
        self.seen.rehearsal = class.map(|class| Rehearsal {
            class,
            offers: Ok(vec![ClassOffer {
                storage_type: "gp3".to_owned(),
                is_multi_az: true,
                takes_replicas: true,
                zones: vec!["eu-west-1a".to_owned()],
                storage_gib: Some((20, 65_536)),
            }]),
            maintenance: Ok(vec![]),
            reservations: Ok(vec![]),
        });
        let mut decision = decide(&self.seen, &policy, &self.memory, self.turn(asked));
        self.memory = decision.memory.clone();
        self.memory.settle_notices(&decision, true);
        decision.memory = self.memory.clone();
        decision
    }
}

/// Section 3.1 of RoleFerry's guide, by CPU: more than 80% for a day, hour by hour, one class at a time.
#[test]
fn roleferry_climbs_one_class_after_a_day_above_80_percent() {
    let wanted = |class: &str, hours: &[Option<f64>]| {
        let mut guide = Guide::new("roleferry", class);
        guide.users(Some(0.0));
        guide.seen.load.cpu.usual = guide.points(60, hours);
        guide.wanted()
    };
    let day = |cpu: f64| vec![Some(cpu); 24];
    for (class, next) in [
        ("db.t4g.medium", Some("db.t4g.large")),
        ("db.t4g.large", Some("db.m6g.xlarge")),
        ("db.m6g.xlarge", Some("db.m6g.4xlarge")),
        ("db.m6g.4xlarge", None),
    ] {
        assert_eq!(wanted(class, &day(80.0)), None, "{class}: 80% is not above 80%");
        assert_eq!(wanted(class, &day(80.1)[..23]), None, "{class}: 23 hours are no day");
        assert_eq!(wanted(class, &day(80.1)).as_deref(), next, "{class}");
        assert_eq!(wanted(class, &day(100.0)).as_deref(), next, "{class}: one class at a time");
        for hour in [0, 12, 23] {
            let mut broken = day(95.0);
            broken[hour] = Some(80.0);
            assert_eq!(wanted(class, &broken), None, "{class}: hour {hour} was quiet");
            broken[hour] = None;
            assert_eq!(wanted(class, &broken), None, "{class}: hour {hour} is missing, and proves nothing");
        }
    }
    assert_eq!(wanted("db.t4g.medium", &[]), None, "no data ask for nothing");
}

/// The table of section 3.1: 1K, 10K, 100K and 1M users, row by row, and one user less.
#[test]
fn roleferry_climbs_by_its_users() {
    for (class, users, next) in [
        ("db.t4g.medium", Some(0.0), None),
        ("db.t4g.medium", Some(1_000.0), None),
        ("db.t4g.medium", Some(9_999.0), None),
        ("db.t4g.medium", Some(10_000.0), Some("db.t4g.large")),
        ("db.t4g.large", Some(99_999.0), None),
        ("db.t4g.large", Some(100_000.0), Some("db.m6g.xlarge")),
        ("db.m6g.xlarge", Some(999_999.0), None),
        ("db.m6g.xlarge", Some(1_000_000.0), Some("db.m6g.4xlarge")),
        ("db.m6g.4xlarge", Some(9_000_000.0), None),
        // One class at a time, however many users came at once.
        ("db.t4g.medium", Some(1_000_000.0), Some("db.t4g.large")),
        // Users who leave make nothing smaller, and users who are not known ask for nothing.
        ("db.m6g.xlarge", Some(10.0), None),
        ("db.t4g.medium", None, None),
    ] {
        let mut guide = Guide::new("roleferry", class);
        guide.users(users);
        guide.seen.load.cpu.usual = guide.points(60, &[Some(10.0); 48]);
        assert_eq!(guide.wanted().as_deref(), next, "{users:?} users on {class}");
    }
}

/// "Upgrade during maintenance window": planned on Thursday, told a day ahead, begun on Sunday at 05:00, and not a minute before.
#[test]
fn roleferry_upgrades_in_the_maintenance_window() {
    let mut guide = Guide::new("roleferry", "db.t4g.large");
    let window: Timestamp = "2026-03-08T05:00:00Z".parse().expect("a time");
    let mut told_at = None;
    while guide.now < window {
        guide.users(Some(100_000.0));
        let decision = guide.evaluate(None);
        assert_eq!((decision.call, decision.state), (None, UpgradeState::Waiting), "{}", guide.now);
        if !decision.notices.is_empty() {
            told_at.get_or_insert(guide.now);
        }
        guide.now += SignedDuration::from_mins(5);
    }
    assert_eq!(told_at, Some(window - SignedDuration::from_hours(25)));
    guide.users(Some(100_000.0));
    let (from, to) = ("db.t4g.large".to_owned(), "db.m6g.xlarge".to_owned());
    let call = ClassCall::Modify { instance: "roleferry-prod-db".to_owned(), from, to };
    assert_eq!(guide.evaluate(None).call, Some(call));
}

/// "Vertical scaling first: db.r5.2xlarge → db.r5.4xlarge": six hours of five minutes above 80%.
#[test]
fn cloudsync_scales_vertically_after_six_hours() {
    let wanted = |class: &str, points: &[Option<f64>]| {
        let mut guide = Guide::new("cloudsync", class);
        guide.seen.load.cpu.usual = guide.points(5, points);
        guide.wanted()
    };
    assert_eq!(wanted("db.r5.2xlarge", &[Some(81.0); 71]), None, "5 minutes less than 6 hours");
    assert_eq!(wanted("db.r5.2xlarge", &[Some(80.0); 72]), None);
    assert_eq!(wanted("db.r5.2xlarge", &[Some(81.0); 72]).as_deref(), Some("db.r5.4xlarge"));
    assert_eq!(wanted("db.r5.4xlarge", &[Some(81.0); 72]), None, "there is no larger class");
    let mut broken = vec![Some(99.0); 72];
    broken[40] = None;
    assert_eq!(wanted("db.r5.2xlarge", &broken), None, "a missing datapoint proves nothing");
}

/// "modify-db-instance --db-instance-class db.r5.xlarge", by hand: no load asks for it, an operator does.
#[test]
fn hyperverge_takes_db_r5_xlarge_on_request_only() {
    let mut guide = Guide::new("hyperverge", "db.r5.large");
    guide.seen.load.cpu.usual = guide.points(5, &vec![Some(100.0); 8_640]);
    assert_eq!(guide.wanted(), None);
    let request = |now| ClassRequest {
        from: String::new(),
        to: "db.r5.xlarge".to_owned(),
        now,
        snapshot: false,
        at: thursday(),
        who: "alice".to_owned(),
        why: "runbook".to_owned(),
        request: None,
    };
    let waits = guide.evaluate(Some(&ClassAsked::To(request(false))));
    assert_eq!((waits.call, waits.state), (None, UpgradeState::Waiting), "it is Thursday");
    let mut at_once = Guide::new("hyperverge", "db.r5.large");
    let call = ClassCall::Modify {
        instance: "hyperverge-prod".to_owned(),
        from: "db.r5.large".to_owned(),
        to: "db.r5.xlarge".to_owned(),
    };
    assert_eq!(at_once.evaluate(Some(&ClassAsked::To(request(true)))).call, Some(call));
}

/// "Disk Space: < 20% free" is a warning and "< 10% free" critical, of a storage of 100 GiB.
#[test]
fn mercenary_tells_of_little_free_storage() {
    let told = |free: &[Option<f64>]| {
        let mut guide = Guide::new("mercenary", "db.m5.large");
        guide.main().max_allocated_gib = Some(1_000);
        let bytes: Vec<Option<f64>> = free.iter().map(|gib| gib.map(|gib| gib * GIB)).collect();
        guide.seen.load.free_storage = guide.points(1, &bytes);
        let decision = guide.evaluate(None);
        assert_eq!(decision.call, None);
        decision.notices.iter().map(|notice| notice.severity).collect::<Vec<_>>()
    };
    for (gib, expected) in [
        (20.0, vec![]),
        (19.99, vec![Severity::Warning]),
        (10.0, vec![Severity::Warning]),
        (9.99, vec![Severity::Critical]),
        (0.0, vec![Severity::Critical]),
    ] {
        assert_eq!(told(&[Some(gib); 5]), expected, "{gib} GiB free");
    }
    assert_eq!(told(&[]), vec![], "what is not known is not zero");
    assert_eq!(
        told(&[Some(50.0), Some(50.0), Some(50.0), Some(5.0), Some(5.0)]),
        vec![],
        "two minutes of five"
    );
}

/// "Storage: Auto-increase": RDS may raise it up to the guide's limit, and a larger limit of somebody else stays.
#[test]
fn mercenary_lets_rds_raise_its_storage() {
    for (max, raised) in
        [(None, true), (Some(200), true), (Some(999), true), (Some(1_000), false), (Some(2_000), false)]
    {
        let mut guide = Guide::new("mercenary", "db.m5.large");
        guide.main().max_allocated_gib = max;
        let call = raised
            .then(|| ClassCall::RaiseMaxStorage { instance: "mercenary-prod".to_owned(), to_gib: 1_000 });
        assert_eq!(guide.evaluate(None).call, call, "{max:?}");
    }
}
