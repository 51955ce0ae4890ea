//! What undoes a change, in the order in which it is safe.

use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::memory::{UpgradeEnd, UpgradeMemory, WentFirst};
use tidegate_upgrades::database::UpgradeReport;

use crate::scene::{ClassScene, asked_now, at, header, text};
use crate::{busy_in_the_window, planned, settled, taken};

const OLD: &str = "db.t4g.large";
const NEW: &str = "db.m6g.xlarge";

/// The source and two replicas, of these classes.
fn with_classes(source: &str, one: &str, two: &str) -> ClassScene {
    let mut scene = busy_in_the_window().with_replicas(&[("shop-1", one), ("shop-2", two)]);
    source.clone_into(&mut scene.main().class);
    scene
}

fn lines(report: &UpgradeReport, word: &str) -> Vec<String> {
    report.commands(&header()).into_iter().filter(|(it, _)| *it == word).map(|(_, line)| line).collect()
}

/// The change of an instance begins and is told; then RDS shows these classes.
fn done(begins: &UpgradeReport, shown: &ClassScene) -> UpgradeReport {
    let mut memory = settled(begins);
    memory.outcomes.clear();
    let report = shown.report(&memory, None);
    assert_eq!(report.decision.memory.outcomes.last().map(|it| it.end), Some(UpgradeEnd::Done));
    report
}

/// What the memory holds once SNS took the report.
fn told(report: &UpgradeReport) -> UpgradeMemory {
    let mut memory = report.decision.memory.clone();
    memory.settle_notices(&report.decision, true);
    memory
}

#[test]
fn a_replica_that_goes_first_has_no_undo_and_its_report_says_what_stops_the_source() {
    let begins = taken(with_classes(OLD, OLD, OLD).report(&planned(), None));
    assert_eq!(begins.verdict(), "changing shop-1 from db.t4g.large to db.m6g.xlarge");
    let ended = done(&begins, &with_classes(OLD, NEW, OLD));
    for report in [&begins, &ended] {
        let commands = report.commands(&header());
        let [("stop", stop)] = commands.as_slice() else { unreachable!("{commands:?}") };
        assert!(
            stop.starts_with("tidegate hold main --both --for 48h  # shop-prod is changed next"),
            "{stop}"
        );
        let words = text(report);
        assert!(words.contains("  next  shop-prod gets the same class;"), "{words}");
        assert!(!words.contains("aws rds modify-db-instance"), "{words}");
    }
    let first = ended.decision.memory.first.as_ref().expect("it is remembered");
    assert_eq!(first.replicas, ["shop-1"]);
}

#[test]
fn what_an_operator_asked_for_is_also_withdrawn_under_the_hold() {
    let scene = with_classes(OLD, OLD, NEW);
    let begins = taken(scene.report(&UpgradeMemory::default(), Some(&asked_now(NEW))));
    let commands = begins.commands(&header());
    let [("stop", _), ("then", withdraw)] = commands.as_slice() else { unreachable!("{commands:?}") };
    assert_eq!(withdraw, "tidegate upgrade main --withdraw  # under that hold, once shop-1 is done");
}

#[test]
fn the_source_is_undone_first_and_then_each_replica_that_went_before_it() {
    // `shop-2` was larger all along.
    let replica =
        done(&taken(with_classes(OLD, OLD, NEW).report(&planned(), None)), &with_classes(OLD, NEW, NEW));
    let begins = taken(with_classes(OLD, NEW, NEW).report(&told(&replica), None));
    assert_eq!(begins.verdict(), "changing shop-prod from db.t4g.large to db.m6g.xlarge");
    let ended = done(&begins, &with_classes(NEW, NEW, NEW));
    let modify = |id: &str| {
        format!(
            "aws rds modify-db-instance --region eu-central-1 --db-instance-identifier {id} --db-instance-class db.t4g.large --apply-immediately"
        )
    };
    let waits = "until aws rds describe-db-instances --region eu-central-1 --db-instance-identifier shop-prod --query \
                 'DBInstances[0].[DBInstanceClass,DBInstanceStatus]' --output text | grep -q '^db.t4g.large.available'; \
                 do sleep 30; done";
    let block = format!("{} && {waits} && {}  # ", modify("shop-prod"), modify("shop-1"));
    for report in [&begins, &ended] {
        let undo = lines(report, "undo");
        assert!(undo.len() == 1 && undo[0].starts_with(&block), "{undo:?}");
        assert!(undo[0].ends_with("; first shop-prod, then shop-1, in this order"), "{undo:?}");
    }
    assert_eq!(with_classes(NEW, NEW, NEW).report(&told(&ended), None).decision.memory.first, None);
}

#[test]
fn several_replicas_are_undone_after_the_source_and_one_that_was_lowered_by_hand_is_left() {
    let replicas = ["shop-1", "shop-2", "gone"].map(str::to_owned).to_vec();
    let first = WentFirst { from: OLD.to_owned(), to: NEW.to_owned(), replicas };
    let memory = UpgradeMemory { first: Some(first), ..planned() };
    let begins = taken(with_classes(OLD, NEW, NEW).report(&memory, None));
    let each = " && for i in shop-1 shop-2; do aws rds modify-db-instance --region eu-central-1 --db-instance-identifier $i --db-instance-class \
                db.t4g.large --apply-immediately; done  # ";
    assert!(lines(&begins, "undo")[0].contains(each), "{:?}", begins.commands(&header()));
    let ended = done(&begins, &with_classes(NEW, NEW, "db.t4g.medium"));
    assert!(
        lines(&ended, "undo")[0].contains("; first shop-prod, then shop-1, in"),
        "{:?}",
        ended.commands(&header())
    );
}

#[test]
fn where_the_source_does_not_come_the_replicas_alone_are_undone() {
    let first = WentFirst { from: OLD.to_owned(), to: NEW.to_owned(), replicas: vec!["shop-1".to_owned()] };
    let ClassAsked::To(request) = asked_now(NEW) else { unreachable!("a class is asked for") };
    let memory = UpgradeMemory { first: Some(first), request: Some(request), ..UpgradeMemory::default() };
    let withdraw = ClassAsked::Withdraw { who: "ana".to_owned(), why: "not now".to_owned() };
    let mut scene = with_classes(OLD, NEW, OLD).cpu(50.0);
    scene.seen.rehearsal = None;
    let report = scene.report(&memory, Some(&withdraw));
    let undo = lines(&report, "undo");
    let line = "aws rds modify-db-instance --region eu-central-1 --db-instance-identifier shop-1 --db-instance-class db.t4g.large --apply-immediately";
    assert!(undo.len() == 1 && undo[0].starts_with(line), "{undo:?}");
}

/// `MaxAllocatedStorage` is to be raised to 1,000 GiB, and RDS shows it with the next evaluation.
fn raised(before: Option<u32>, allocated: u32) -> UpgradeReport {
    let mut scene = ClassScene::new();
    (scene.main().max_allocated_gib, scene.main().allocated_gib) = (before, allocated);
    let asked = taken(scene.report(&UpgradeMemory::default(), None));
    scene.main().max_allocated_gib = Some(1_000);
    scene.report(&settled(&asked), None)
}

#[test]
fn a_limit_of_the_storage_that_was_raised_says_what_it_was_and_how_to_lower_it() {
    let report = raised(Some(200), 100);
    assert_eq!(report.verdict(), "shop-prod: MaxAllocatedStorage is 1000 GiB now, and was 200 GiB");
    let line = "aws rds modify-db-instance --region eu-central-1 --db-instance-identifier shop-prod --max-allocated-storage 200  # in account 111122223333; first lower \
                `storage.max` to 200 in the fleet file and deploy it";
    assert_eq!(report.commands(&header()), [("undo", line.to_owned())]);
}

#[test]
fn a_limit_where_there_was_none_or_that_rds_takes_no_more_is_undone_by_switching_it_off() {
    let off = |gib: u32| {
        format!(
            "aws rds modify-db-instance --region eu-central-1 --db-instance-identifier shop-prod --max-allocated-storage {gib}  # in account 111122223333; first remove \
             `storage.max` from the fleet file and deploy it; as much as there is: RDS raises no more by itself"
        )
    };
    let report = raised(None, 100);
    assert_eq!(report.verdict(), "shop-prod: MaxAllocatedStorage is 1000 GiB now, and was not set");
    assert_eq!(report.commands(&header()), [("undo", off(100))]);
    // 200 GiB is less than 10 percent above.
    assert_eq!(raised(Some(200), 190).commands(&header()), [("undo", off(190))]);
}

#[test]
fn a_limit_that_an_earlier_version_asked_for_is_told_without_what_it_was() {
    let mut scene = ClassScene::new();
    scene.main().max_allocated_gib = Some(200);
    let asked = taken(scene.report(&UpgradeMemory::default(), None));
    let mut memory = settled(&asked);
    memory.storage.as_mut().expect("it is asked for").from_gib = None;
    scene.main().max_allocated_gib = Some(1_000);
    let report = scene.report(&memory, None);
    assert_eq!(
        (report.verdict().as_str(), report.commands(&header())),
        ("shop-prod: MaxAllocatedStorage is 1000 GiB now", vec![])
    );
    assert_eq!(report.decision.memory.outcomes[0].at, at(0));
}
