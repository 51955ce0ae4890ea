//! What operators read at three in the morning about classes: a sentence for every reason and refusal, as one golden text.

use std::fmt::Write as _;

use jiff::SignedDuration;
use tidegate_policy::upgrades::reason::UpgradeReason as U;
use tidegate_policy::upgrades::refusal::ClassRefusal as C;
use tidegate_policy::{Absence, AbsenceKind};

use crate::stage::condition;
use crate::upgrades::sunday;

fn text(words: &str) -> String {
    words.to_owned()
}

fn absence() -> Absence {
    Absence::new(AbsenceKind::Denied, "AccessDenied: rds:DescribeOrderableDBInstanceOptions")
}

fn refusals() -> Vec<C> {
    let (instance, to) = (text("shop"), sunday());
    vec![
        C::AuroraWriter,
        C::NotAvailable { instance: instance.clone(), status: text("backing-up") },
        C::StorageBusy { instance: instance.clone() },
        C::Pending { instance, what: vec![text("EngineVersion"), text("AllocatedStorage")] },
        C::Parameters { group: text("own"), status: text("pending-reboot") },
        C::SecurityGroup { group: text("sg-1") },
        C::Maintenance { action: text("system-update"), at: to },
        C::RequiredUpgrade { resource: text("arn:aws:rds:eu-central-1:111122223333:db:shop-prod"), at: to },
        C::NotOffered { class: text("db.m6g.xlarge") },
        C::NotOfferedSo { class: text("db.m6g.xlarge"), with: text("zone eu-west-1c") },
        C::NoBackups,
        C::NotRestorable { to: Some(to) },
        C::NotRestorable { to: None },
        C::ReplicaSmaller { replica: text("one"), class: text("db.t4g.medium") },
        C::ReplicasElsewhere { count: 2 },
        C::SourceLarger { source: text("shop"), class: text("db.t4g.large") },
        C::ReplicaChanges { replica: text("one"), status: text("creating") },
        C::BlueGreen { green: text("shop-green-ab12cd") },
        C::Stranded { reservation: text("ri-1"), class: text("db.t4g.large") },
        C::TooManyToday { limit: 1 },
        C::TooManyToday { limit: 3 },
        C::Emergency { profile: text("max") },
        C::Held { who: text("bob"), why: text("a release"), until: to },
        C::WindowEnds { left: SignedDuration::from_mins(14), least: SignedDuration::from_mins(15) },
        C::TooFewConnections { peak: 1_200, limit: 361 },
        C::TooLittleMemory { used_mib: 6_144, has_mib: 4_096 },
        C::TooFewOperations { peak: 5_000, baseline: 2_000 },
        C::BurstCredits { lowest: 12 },
        C::SlowStorage { gib: 20, baseline: 100 },
        C::NotKnown { what: text("what RDS offers"), why: Some(absence()) },
        C::NotKnown { what: text("the connections of the last days"), why: None },
    ]
}

fn reasons() -> Vec<U> {
    let (instance, to, since) = (text("shop"), text("db.m6g.xlarge"), sunday());
    let condition = condition("cpu > 80% for 1d");
    vec![
        U::Unreadable { absence: absence() },
        U::Suits { class: text("db.t4g.large") },
        U::NotAsked,
        U::Holds { condition: condition.clone() },
        U::NotWeighed { condition: condition.clone(), known: SignedDuration::ZERO },
        U::NotWeighed { condition, known: SignedDuration::from_hours(5) },
        U::Floor { by: text("users"), value: 120_000.0, class: to.clone() },
        U::FloorUnknown { by: text("users") },
        U::Asked { to: to.clone(), who: text("alice"), why: text("Black Friday") },
        U::AtTop { class: text("db.m6g.4xlarge") },
        U::ReplicaFirst { replica: text("one"), to: to.clone() },
        U::Waits { window: since },
        U::Refused(C::NoBackups),
        U::SnapshotBegins { instance: instance.clone(), id: text("tidegate-shop-202611290500") },
        U::SnapshotAgain { id: text("tidegate-shop-202611290500") },
        U::SnapshotUnderWay { id: text("tidegate-shop-202611290500"), status: text("creating") },
        U::Begins { instance: instance.clone(), from: text("db.t4g.large"), to: to.clone() },
        U::WouldBegin { instance: instance.clone(), to: to.clone() },
        U::Requested { instance: instance.clone(), since },
        U::SentAgain { instance: instance.clone() },
        U::Modifying { instance: instance.clone(), status: text("modifying"), since },
        U::Verifying { instance: instance.clone(), left: text("its status is backing-up") },
        U::Over { instance: instance.clone(), class: to, took: SignedDuration::from_mins(11) },
        U::Failed {
            instance: instance.clone(),
            cause: text("RDS shows the old class, with nothing pending"),
        },
        U::Missed { instance },
        U::MaxStorage { from_gib: Some(500), to_gib: 1_000 },
        U::MaxStorage { from_gib: None, to_gib: 1_000 },
        U::FreeStorage { percent: 15.2, limit: 20 },
    ]
}

#[test]
fn every_reason_about_classes_has_a_sentence() {
    let mut table = String::new();
    for reason in reasons() {
        writeln!(table, "{}: {reason}", reason.code()).unwrap();
    }
    writeln!(table).unwrap();
    for refusal in refusals() {
        writeln!(table, "{}: {refusal}", refusal.code()).unwrap();
    }
    insta::assert_snapshot!(table);
}
