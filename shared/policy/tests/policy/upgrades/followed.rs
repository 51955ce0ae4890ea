//! A change under way, step by step: since when, what is sent again, what is left, and how it failed.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide};
use tidegate_policy::upgrades::decision::UpgradeDecision;
use tidegate_policy::upgrades::memory::{ClassChangeBegan, ClassStep, UpgradeMemory};
use tidegate_policy::upgrades::observation::{RdsMessage, UpgradeObservation};
use tidegate_policy::upgrades::policy::StorageLimits;
use tidegate_policy::upgrades::reason::UpgradeReason;
use tidegate_policy::{Absence, AbsenceKind};

use crate::upgrades::{ClassShop, cause, instance, request, sunday};

const CALL: &str = "modify shop db.t4g.large db.m6g.xlarge";
const FAILED: &str = "failed shop db.m6g.xlarge";

fn unanswered() -> CallOutcome {
    CallOutcome::Unknown("no answer".to_owned())
}

/// The first evaluation of the window has sent the call, with this outcome. RDS took it where it answered.
fn begun(outcome: CallOutcome) -> ClassShop {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(5));
    shop.outcome = outcome;
    shop.tick();
    assert_eq!(shop.news().last().map(String::as_str), Some(CALL));
    shop
}

fn shows_the_old_class(shop: &mut ClassShop) {
    shop.main().status = Status::Available;
    shop.main().pending_class = None;
}

fn codes(decision: &UpgradeDecision) -> Vec<&'static str> {
    decision.reasons.iter().map(UpgradeReason::code).collect()
}

fn step(shop: &ClassShop) -> (ClassStep, SignedDuration) {
    let change = shop.memory.change.as_ref().expect("a change is under way");
    (change.step, change.since.duration_since(sunday()))
}

#[test]
fn a_step_is_remembered_since_it_began() {
    let mins = SignedDuration::from_mins;
    let mut shop = begun(CallOutcome::Taken);
    assert_eq!(step(&shop), (ClassStep::Requested, mins(0)));
    for _ in 0..3 {
        let decision = shop.tick();
        assert_eq!(step(&shop), (ClassStep::Modifying, mins(5)));
        let UpgradeReason::Modifying { since, .. } = &decision.reasons[0] else {
            panic!("{:?}", decision.reasons)
        };
        assert_eq!(since.duration_since(sunday()), mins(5));
    }
    shop.modified("shop");
    shop.main().changing_security_groups = vec!["sg-1".to_owned()];
    for _ in 0..3 {
        assert_eq!(
            codes(&shop.tick()),
            [UpgradeReason::Verifying { instance: String::new(), left: String::new() }.code()]
        );
        assert_eq!(step(&shop), (ClassStep::Verifying, mins(20)));
    }
}

#[test]
fn the_old_class_must_be_shown_for_ten_minutes_without_a_break() {
    for between in ["modifying", "configuring-enhanced-monitoring"] {
        let mut shop = begun(CallOutcome::Taken);
        shop.modifying("shop");
        shop.tick();
        shows_the_old_class(&mut shop);
        shop.tick();
        shop.tick();
        shop.main().status = Status::Changing(between.to_owned());
        shop.tick();
        shows_the_old_class(&mut shop);
        shop.news();
        shop.tick();
        shop.tick();
        assert_eq!(shop.news(), [""; 0], "{between}");
        shop.tick();
        assert_eq!(shop.news(), [format!("{FAILED}!")], "{between}");
    }
}

#[test]
fn a_call_that_is_refused_when_it_is_sent_again_has_failed_unless_the_first_shows_within_ten_minutes() {
    let mut shop = begun(unanswered());
    shop.outcome = CallOutcome::Refused("InvalidDBInstanceState".to_owned());
    shop.tick();
    assert_eq!(shop.news(), [CALL]);
    shop.tick();
    assert_eq!(shop.news(), [""; 0], "the first may have been taken");
    let decision = shop.tick();
    assert_eq!(
        (shop.news(), cause(&decision, FAILED)),
        (vec![format!("{FAILED}!")], "InvalidDBInstanceState".to_owned())
    );
}

#[test]
fn a_call_that_was_not_sent_again_withdraws_nothing_that_rds_may_have_taken() {
    let mut shop = begun(unanswered());
    shop.outcome = CallOutcome::NotSent;
    shop.tick();
    assert_eq!((shop.news(), shop.memory.change.is_some()), (vec![CALL.to_owned()], true));
}

#[test]
fn storage_is_not_raised_beside_a_change_of_the_class() {
    let mut shop = begun(CallOutcome::Taken);
    shop.policy.storage = Some(StorageLimits { max_gib: Some(2_000), warning: 20, critical: 10 });
    // RDS took it, and shows nothing of it yet.
    let pending = shop.main().pending_class.take();
    assert_eq!(shop.tick().call, None);
    shop.main().pending_class = pending;
    shop.modified("shop");
    shop.tick();
    assert!(shop.news().contains(&"raise shop to 2000 GiB".to_owned()));
}

#[test]
fn a_memory_of_any_moment_is_the_same_after_it_was_written_and_read() {
    let mut shop = ClassShop::busy();
    shop.now += SignedDuration::from_nanos(123_456_789);
    // The ledger of this shop compares both after each evaluation.
    shop.evaluate();
    assert!(shop.memory.planned.is_some());
    unread(&mut shop, AbsenceKind::Throttled);
    let text = serde_json::to_string(&shop.memory).unwrap();
    assert_eq!(serde_json::from_str::<UpgradeMemory>(&text).unwrap(), shop.memory);
    assert_eq!(shop.memory.active.len(), 1);
}

#[test]
fn a_beginning_is_remembered_for_two_days() {
    for (seconds, kept) in [(172_799, 1), (172_800, 0)] {
        let mut shop = ClassShop::new();
        let at = shop.now - SignedDuration::from_secs(seconds);
        shop.memory.began = vec![ClassChangeBegan { at, window: None, observed: false }];
        assert_eq!(shop.evaluate().memory.began.len(), kept, "{seconds}");
    }
}

#[test]
fn a_replica_that_goes_first_is_named_and_no_other_is() {
    for (replica, is_first) in [("db.t4g.large", true), ("db.m6g.xlarge", false)] {
        let mut shop = ClassShop::busy();
        shop.instances.replicas = vec![instance("one", replica)];
        let decision = shop.evaluate();
        let named = decision.reasons.iter().any(|it| matches!(it, UpgradeReason::ReplicaFirst { .. }));
        assert_eq!((named, decision.wanted.unwrap().first.len()), (is_first, usize::from(is_first)));
    }
}

#[test]
fn what_was_never_shown_says_whether_rds_had_accepted_it() {
    let fails = |shop: &mut ClassShop| {
        let decision = (0..30).map(|_| {
            shows_the_old_class(shop);
            shop.tick()
        });
        decision.into_iter().find(|it| it.notices.iter().any(|notice| notice.about == FAILED)).unwrap()
    };
    let accepted = fails(&mut begun(CallOutcome::Taken));
    assert_eq!(cause(&accepted, FAILED), "RDS accepted it, and shows nothing of it");
    let unknown = fails(&mut begun(unanswered()));
    let words = "whether RDS accepted it is not known, and it shows nothing of it";
    assert_eq!(cause(&unknown, FAILED), words);
}

#[test]
fn what_was_asked_for_at_once_is_sent_again_for_an_hour() {
    let mut shop = ClassShop::new();
    shop.asked = Some(ClassAsked::To(request("db.m6g.xlarge", true)));
    shop.outcome = unanswered();
    shop.evaluate();
    let began = shop.now;
    let mut last = began;
    while shop.memory.change.is_some() {
        let decision = shop.tick();
        if decision.call.is_some() {
            last = shop.now;
        }
    }
    assert_eq!(last.duration_since(began), SignedDuration::from_mins(50));
    assert_eq!(shop.now.duration_since(began), SignedDuration::from_mins(65));
}

#[test]
fn what_is_sent_last_has_ten_minutes_to_show_also_at_the_end_of_the_window() {
    let mut shop = ClassShop::new();
    shop.now = sunday() + SignedDuration::from_mins(40);
    shop.asked = Some(ClassAsked::To(request("db.m6g.xlarge", false)));
    shop.outcome = unanswered();
    assert!(shop.evaluate().call.is_some());
    shop.news();
    let decision = shop.tick();
    assert_eq!((decision.call, shop.news()), (None, vec![]), "15 minutes are left: nothing is sent again");
    shop.tick();
    assert_eq!(shop.news(), [format!("{FAILED}!")]);
}

#[test]
fn rds_works_on_it_in_every_status_that_a_change_passes_through_or_with_the_class_pending() {
    let words = ["modifying", "rebooting", "upgrading", "starting", "stopping", "maintenance"];
    for (word, pending, works) in words
        .map(|word| (word, false, true))
        .into_iter()
        .chain([("backing-up", true, true), ("backing-up", false, false)])
    {
        let mut shop = begun(CallOutcome::Taken);
        shop.main().pending_class = pending.then(|| "db.m6g.xlarge".to_owned());
        shop.main().status = Status::Changing(word.to_owned());
        shop.tick();
        assert_eq!(step(&shop).0 == ClassStep::Modifying, works, "{word} {pending}");
    }
}

#[test]
fn what_an_event_told_once_is_not_forgotten_with_the_event() {
    let mut shop = begun(CallOutcome::Taken);
    let text = "Unable to modify database instance class".to_owned();
    shop.messages = vec![RdsMessage { at: sunday(), text }];
    shows_the_old_class(&mut shop);
    shop.tick();
    shop.messages.clear();
    let calls = (0..6).filter_map(|_| shop.tick().call).count();
    assert_eq!(calls, 0);
    assert_eq!(shop.news().last(), Some(&format!("{FAILED}!")));
}

#[test]
fn a_class_that_was_shown_once_is_told_once_and_not_asked_for_again_where_an_older_answer_follows() {
    let mut shop = begun(unanswered());
    shop.main().class = "db.m6g.xlarge".to_owned();
    shop.main().changing_security_groups = vec!["sg-1".to_owned()];
    (0..3).for_each(|_| drop(shop.tick()));
    assert_eq!(shop.news(), ["started shop db.m6g.xlarge"]);
    shop.main().class = "db.t4g.large".to_owned();
    shop.main().changing_security_groups.clear();
    assert!((0..2).all(|_| shop.tick().call.is_none()));
}

#[test]
fn the_new_class_between_two_answers_with_the_old_one_is_a_break() {
    let mut shop = begun(CallOutcome::Taken);
    shop.modifying("shop");
    shop.tick();
    shows_the_old_class(&mut shop);
    shop.tick();
    shop.main().class = "db.m6g.xlarge".to_owned();
    shop.main().changing_security_groups = vec!["sg-1".to_owned()];
    shop.tick();
    shop.main().class = "db.t4g.large".to_owned();
    shop.main().changing_security_groups.clear();
    shop.news();
    shop.tick();
    shop.tick();
    assert_eq!(shop.news(), [""; 0]);
    shop.tick();
    assert_eq!(shop.news(), [format!("{FAILED}!")]);
}

/// Five minutes pass, and RDS cannot be read: what is reported.
fn unread(shop: &mut ClassShop, kind: AbsenceKind) -> Vec<String> {
    shop.now += SignedDuration::from_mins(5);
    let seen = UpgradeObservation {
        instances: Err(Absence::new(kind, "DescribeDBInstances")),
        ..shop.observation()
    };
    let turn = UpgradeTurn {
        database: "main",
        evaluation: "unread",
        overrides: &[],
        emergency: None,
        asked: None,
        observe: false,
        now: shop.now,
    };
    let decision = decide(&seen, &shop.policy, &shop.memory, turn);
    shop.memory = decision.memory.clone();
    shop.memory.settle_notices(&decision, true);
    decision.notices.iter().map(|notice| notice.about.clone()).collect()
}

#[test]
fn an_instance_that_rds_does_not_find_for_ten_minutes_is_gone_during_its_change_and_one_unread_is_not() {
    for (kind, is_gone) in [(AbsenceKind::NotFound, true), (AbsenceKind::Throttled, false)] {
        let mut shop = begun(CallOutcome::Taken);
        let told: Vec<String> = (0..3).flat_map(|_| unread(&mut shop, kind)).collect();
        let gone = "gone shop db.m6g.xlarge".to_owned();
        assert_eq!((told.contains(&gone), shop.memory.change.is_none()), (is_gone, is_gone), "{told:?}");
    }
}

#[test]
fn an_instance_that_is_not_readable_for_a_quarter_of_an_hour_is_told_and_its_end_too() {
    let mut shop = ClassShop::new();
    let told: Vec<usize> = (0..5).map(|_| unread(&mut shop, AbsenceKind::Throttled).len()).collect();
    assert_eq!(told, [0, 0, 0, 1, 0]);
    shop.tick();
    assert_eq!(shop.news(), ["-rds unreadable"]);
}

#[test]
fn nothing_is_sent_again_while_it_is_only_observed() {
    let mut shop = begun(unanswered());
    shop.observe = true;
    assert!((0..6).all(|_| shop.tick().call.is_none()));
    shop.observe = false;
    assert!(shop.tick().call.is_some());
}

#[test]
fn only_a_restart_after_the_shutdown_ends_a_downtime() {
    let message = |after: i64, text: &str| RdsMessage {
        at: sunday() + SignedDuration::from_secs(after),
        text: text.to_owned(),
    };
    for (messages, expected) in [
        (
            vec![message(10, "DB instance restarted"), message(20, "DB instance shutdown")],
            "how long it was down is not known: RDS told of no restart",
        ),
        (
            vec![message(0, "DB instance shutdown"), message(0, "DB instance restarted")],
            "about 1s down, by the events of RDS",
        ),
    ] {
        let mut shop = begun(CallOutcome::Taken);
        shop.messages = messages;
        shop.modified("shop");
        assert_eq!(cause(&shop.tick(), "done shop db.m6g.xlarge"), expected);
    }
}
