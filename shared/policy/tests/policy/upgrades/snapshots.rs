//! The manual snapshot that an operator asks for before a change.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::decision::UpgradeState;
use tidegate_policy::upgrades::memory::UpgradeEnd;
use tidegate_policy::upgrades::observation::SeenSnapshot;

use crate::upgrades::{ClassShop, cause, friday, instance, request, sunday};

const TAKES: &str = "snapshot shop as tidegate-shop-202603080500";
const MODIFIES: &str = "modify shop db.t4g.large db.m6g.xlarge";

impl ClassShop {
    /// RDS shows the snapshot so; meanwhile the instance is `backing-up`.
    pub(crate) fn snaps(&mut self, status: &str) {
        self.snapshot = Some(SeenSnapshot { status: status.to_owned(), is_ours: true });
        let is_under_way = status == "creating";
        let backing_up = Status::Changing("backing-up".to_owned());
        self.main().status = if is_under_way { backing_up } else { Status::Available };
    }
}

fn asking(now: bool) -> ClassShop {
    let mut shop = ClassShop::new();
    let mut request = request("db.m6g.xlarge", now);
    request.snapshot = true;
    shop.asked = Some(ClassAsked::To(request));
    shop
}

/// At the beginning of the window, with its snapshot asked for.
fn taking() -> ClassShop {
    let mut shop = asking(false);
    shop.now = friday();
    shop.evaluate();
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", TAKES]);
    shop
}

#[test]
fn it_is_taken_in_the_window_and_the_change_begins_once_it_is_complete() {
    let mut shop = taking();
    let decision = shop.tick();
    assert_eq!(decision.state, UpgradeState::Snapshot);
    let told = cause(&decision, "snapshot began shop db.m6g.xlarge");
    assert!(told.contains("tidegate-shop-202603080500") && told.contains("Single-AZ I/O stops"), "{told}");
    assert!(told.contains("stays and costs"), "{told}");
    shop.snaps("available");
    let decision = shop.tick();
    assert_eq!(decision.state, UpgradeState::Requested);
    assert_eq!(shop.news(), ["snapshot began shop db.m6g.xlarge", MODIFIES]);
    shop.modified("shop");
    let decision = shop.tick();
    let done = cause(&decision, "done shop db.m6g.xlarge");
    assert!(done.ends_with("the snapshot tidegate-shop-202603080500 stays, and costs"), "{done}");
    assert_eq!((shop.memory.snapshot.as_ref(), shop.memory.request.as_ref()), (None, None));
}

#[test]
fn at_once_it_comes_before_the_change_and_what_stands_against_it_comes_before_both() {
    let mut shop = asking(true);
    shop.evaluate();
    assert_eq!(shop.news(), ["snapshot shop as tidegate-shop-202603061230"]);
    shop.tick();
    shop.snapshot = Some(SeenSnapshot { status: "available".to_owned(), is_ours: true });
    // The snapshot is complete before the status is `available` again: that refuses nothing.
    shop.tick();
    assert!(shop.memory.request.is_some());
    shop.snaps("available");
    shop.tick();
    assert_eq!(shop.news(), ["snapshot began shop db.m6g.xlarge", MODIFIES]);

    let mut shop = asking(true);
    shop.main().backup_retention_days = 0;
    assert_eq!(shop.evaluate().call, None);
    assert_eq!(shop.news(), ["not possible shop db.m6g.xlarge"]);
    assert_eq!(shop.memory.snapshot, None);
}

#[test]
fn what_stands_against_the_change_after_the_snapshot_is_told_with_the_snapshot() {
    let mut shop = asking(true);
    shop.evaluate();
    shop.tick();
    shop.snaps("available");
    shop.main().pending = vec!["EngineVersion".to_owned()];
    let decision = shop.tick();
    assert_eq!(decision.call, None);
    assert!(cause(&decision, "snapshot kept shop db.m6g.xlarge").contains("tidegate-shop-202603061230"));
    assert!(cause(&decision, "not possible shop db.m6g.xlarge").contains("EngineVersion"));
}

#[test]
fn a_change_that_was_not_sent_begins_again_with_the_snapshot_that_there_is() {
    let mut shop = taking();
    shop.tick();
    shop.snaps("available");
    shop.outcome = CallOutcome::NotSent;
    shop.tick();
    assert_eq!(shop.news(), ["snapshot began shop db.m6g.xlarge", MODIFIES]);
    assert_eq!(shop.memory.change, None);
    // What comes of a call is put in once more where another evaluation wrote meanwhile.
    let evaluation = format!("e{}", shop.evaluations);
    shop.memory.settle_call(&CallOutcome::NotSent, &evaluation, shop.now);
    let kept = shop.memory.snapshot.clone().unwrap();
    assert_eq!((kept.id.as_str(), kept.is_ready), ("tidegate-shop-202603080500", true));
    let mut later = shop.clone();
    shop.outcome = CallOutcome::Taken;
    assert_eq!(shop.tick().state, UpgradeState::Requested);
    assert_eq!(shop.news(), [MODIFIES]);
    shop.modified("shop");
    let done = cause(&shop.tick(), "done shop db.m6g.xlarge");
    assert!(done.ends_with("the snapshot tidegate-shop-202603080500 stays, and costs"), "{done}");
    // Where the request goes instead, operators are told of the snapshot.
    later.asked = Some(ClassAsked::Withdraw { who: "bob".to_owned(), why: "later".to_owned() });
    let told = cause(&later.tick(), "snapshot kept shop db.m6g.xlarge");
    assert_eq!(told, "tidegate-shop-202603080500 stays, and costs: Tidegate deletes none");
}

#[test]
fn a_call_whose_answer_is_lost_is_sent_again_with_the_same_name_and_only_where_nothing_stands_against_it() {
    let mut shop = taking();
    shop.snapshot = None;
    shop.main().status = Status::Available;
    shop.memory.snapshot.as_mut().unwrap().call.taken = false;
    shop.memory.snapshot.as_mut().unwrap().call.failures = 1;
    shop.main().pending = vec!["EngineVersion".to_owned()];
    assert_eq!(shop.tick().call, None, "something stands against the change");
    shop.news();
    shop.main().pending = vec![];
    shop.tick();
    assert_eq!(shop.news(), [TAKES, "-refused"]);
}

#[test]
fn one_that_rds_took_and_does_not_show_is_asked_for_again_after_ten_minutes() {
    let mut shop = taking();
    shop.snapshot = None;
    shop.main().status = Status::Available;
    assert_eq!(shop.tick().state, UpgradeState::Snapshot);
    shop.tick();
    assert_eq!(shop.news(), ["snapshot began shop db.m6g.xlarge", TAKES]);
}

#[test]
fn one_that_fails_is_told_and_the_class_stays() {
    let mut shop = taking();
    shop.snaps("failed");
    let decision = shop.tick();
    assert_eq!(decision.call, None);
    let why = cause(&decision, "snapshot failed shop db.m6g.xlarge");
    assert_eq!(why, "RDS shows tidegate-shop-202603080500 as failed");
    shop.until(sunday() + SignedDuration::from_hours(2));
    assert_eq!(shop.news(), ["snapshot began shop db.m6g.xlarge", "snapshot failed shop db.m6g.xlarge!"]);

    let mut shop = asking(true);
    shop.outcome = CallOutcome::Refused("SnapshotQuotaExceeded: 100".to_owned());
    shop.evaluate();
    let why = cause(&shop.tick(), "snapshot failed shop db.m6g.xlarge");
    assert_eq!(why, "tidegate-shop-202603061230: SnapshotQuotaExceeded: 100");
    assert_eq!((shop.memory.request.as_ref(), shop.memory.snapshot.as_ref()), (None, None));

    // A snapshot of somebody else's has that name.
    let mut shop = taking();
    shop.snapshot = Some(SeenSnapshot { status: "available".to_owned(), is_ours: false });
    let why = cause(&shop.tick(), "snapshot failed shop db.m6g.xlarge");
    assert!(why.contains("is not the one that Tidegate asked for"), "{why}");
}

#[test]
fn one_that_is_not_complete_before_the_window_ends_is_kept_and_named_and_its_request_is_over() {
    let mut shop = taking();
    shop.until(sunday() + SignedDuration::from_mins(50));
    assert_eq!(shop.news(), ["snapshot began shop db.m6g.xlarge"]);
    // With 10 minutes left the change does not begin any more.
    shop.snaps("available");
    assert_eq!(shop.tick().call, None);
    let decision = shop.until(sunday() + SignedDuration::from_hours(1));
    let over = cause(&decision, "not possible shop db.m6g.xlarge");
    assert_eq!(
        over,
        "its window passed (the snapshot tidegate-shop-202603080500 was being made), and another one would take another \
         snapshot: ask again, with a longer window or with `now`"
    );
    let kept = cause(&decision, "snapshot kept shop db.m6g.xlarge");
    assert_eq!(kept, "tidegate-shop-202603080500 stays, and costs: Tidegate deletes none");
    assert_eq!((shop.memory.snapshot.as_ref(), shop.memory.request.as_ref()), (None, None));
    shop.news();
    shop.until(sunday() + SignedDuration::from_hours(7 * 24 + 2));
    assert_eq!(shop.news(), [""; 0], "a window would take a snapshot each week, and never change the class");
}

#[test]
fn none_begins_that_could_not_be_used_before_the_window_ends() {
    // 20 minutes before the end it may begin, and 15 before it may not.
    for (minute, takes) in [(40, true), (45, false)] {
        let mut shop = asking(false);
        shop.now = sunday() + SignedDuration::from_mins(minute);
        let decision = shop.evaluate();
        assert_eq!(decision.call.is_some(), takes, "{minute}");
        assert_eq!(shop.memory.snapshot.is_some(), takes, "{minute}");
        let refusals: Vec<_> = decision.refusals.iter().map(ToString::to_string).collect();
        let expected = ["only 15m of the window are left, and 20m are needed"];
        assert_eq!(refusals, if takes { &[][..] } else { &expected[..] });
        if !takes {
            // Nothing was taken: the next window is another chance.
            shop.until(sunday() + SignedDuration::from_hours(1));
            assert!(shop.memory.request.is_some() && shop.memory.snapshot.is_none());
        }
    }
    // RDS shows none of it, and it would begin now.
    let mut shop = taking();
    shop.snapshot = None;
    shop.main().status = Status::Available;
    shop.now = sunday() + SignedDuration::from_mins(45);
    assert_eq!(shop.evaluate().call, None);
    // One that is complete is no reason to wait for longer than the change.
    let mut shop = taking();
    shop.snaps("available");
    shop.now = sunday() + SignedDuration::from_mins(45);
    assert!(shop.evaluate().call.is_some());
}

#[test]
fn one_that_a_request_of_before_wanted_is_told_and_nothing_is_sent_for_it() {
    let without = || Some(ClassAsked::To(request("db.m6g.xlarge", true)));
    // RDS shows none of it, and it would be asked for again.
    let mut shop = taking();
    shop.snapshot = None;
    shop.main().status = Status::Available;
    shop.now += SignedDuration::from_mins(30);
    shop.asked = without();
    shop.evaluate();
    let news = shop.news();
    assert_eq!(news[0], MODIFIES);
    assert!(news.contains(&"snapshot kept shop db.m6g.xlarge".to_owned()), "{news:?}");
    assert_eq!(shop.memory.change.as_ref().unwrap().snapshot, "");
    // It failed: that is the end of no other request.
    let mut shop = taking();
    shop.snaps("failed");
    shop.asked = without();
    shop.tick();
    assert_eq!(shop.news()[0], MODIFIES);
    assert!(shop.memory.request.is_some());
    // It is being made: the request does not wait for it.
    let mut shop = taking();
    shop.main().status = Status::Available;
    shop.asked = without();
    shop.tick();
    assert_eq!(shop.news()[0], MODIFIES);
}

#[test]
fn what_is_withdrawn_leaves_its_snapshot_which_is_told() {
    let mut shop = taking();
    shop.asked = Some(ClassAsked::Withdraw { who: "bob".to_owned(), why: "later".to_owned() });
    let decision = shop.tick();
    assert!(cause(&decision, "withdrawn shop db.m6g.xlarge").contains("bob"));
    assert!(cause(&decision, "snapshot kept shop db.m6g.xlarge").contains("stays"));
    assert_eq!((decision.call, shop.memory.snapshot.as_ref()), (None, None));
}

#[test]
fn without_being_asked_for_there_is_none_and_observe_mode_takes_none() {
    let mut shop = ClassShop::busy();
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", MODIFIES]);
    let mut shop = asking(true);
    shop.observe = true;
    assert_eq!(shop.evaluate().call, None);
    assert_eq!(shop.memory.snapshot, None);
}

/// The ends that SNS has not taken, and whether each says that a snapshot was asked for.
fn ends(shop: &ClassShop) -> Vec<(UpgradeEnd, bool)> {
    shop.memory.outcomes.iter().map(|outcome| (outcome.end, outcome.snapshot)).collect()
}

/// Who asks again types what was asked for: `--snapshot`, or not.
#[test]
fn every_end_says_whether_a_snapshot_was_asked_for() {
    for is_asked_for in [true, false] {
        let mut request = request("db.m6g.xlarge", true);
        request.snapshot = is_asked_for;
        let mut shop = ClassShop::new();
        shop.asked = Some(ClassAsked::To(request));
        shop.notified = false;
        shop.evaluate();
        if is_asked_for {
            shop.tick();
            shop.snaps("available");
            shop.tick();
            shop.memory.outcomes.retain(|outcome| outcome.end != UpgradeEnd::SnapshotBegan);
        }
        shop.asked = Some(ClassAsked::Withdraw { who: "bob".to_owned(), why: "later".to_owned() });
        shop.tick();
        shop.modified("shop");
        shop.tick();
        let expected = [UpgradeEnd::Started, UpgradeEnd::GoesOn, UpgradeEnd::Done];
        assert_eq!(ends(&shop), expected.map(|end| (end, is_asked_for)));
    }
    // The replica that goes first fails: the snapshot is none of its change, and one was asked for.
    let mut shop = asking(true);
    shop.instances.replicas.push(instance("copy", "db.t4g.large"));
    shop.evaluate();
    shop.snaps("available");
    shop.outcome = CallOutcome::Refused("InvalidDBInstanceState".to_owned());
    shop.notified = false;
    shop.tick();
    shop.tick();
    assert!(shop.told.contains(&"modify copy db.t4g.large db.m6g.xlarge".to_owned()), "{:?}", shop.told);
    assert!(ends(&shop).contains(&(UpgradeEnd::Failed, true)), "{:?}", ends(&shop));
    // What was asked for at once has not begun within an hour.
    let mut shop = asking(true);
    shop.outcome = CallOutcome::NotSent;
    shop.notified = false;
    shop.evaluate();
    shop.now += SignedDuration::from_mins(60);
    shop.evaluate();
    assert!(ends(&shop).contains(&(UpgradeEnd::Refused, true)), "{:?}", ends(&shop));
    // Its window passes.
    let mut shop = taking();
    shop.notified = false;
    shop.until(sunday() + SignedDuration::from_mins(65));
    assert!(ends(&shop).contains(&(UpgradeEnd::Refused, true)), "{:?}", ends(&shop));
}
