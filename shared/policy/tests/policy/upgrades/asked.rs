//! What an operator asks for: a class, at once or in the window, and its withdrawal.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decide::{ClassAsked, UpgradeTurn, decide};
use tidegate_policy::upgrades::decision::UpgradeState;
use tidegate_policy::upgrades::observation::UpgradeObservation;
use tidegate_policy::{Absence, AbsenceKind};

use crate::upgrades::{ClassShop, cause, codes, instance, request, sunday};

fn asking(asked: ClassAsked) -> ClassShop {
    let mut shop = ClassShop::new();
    shop.asked = Some(asked);
    shop
}

fn to(class: &str, now: bool) -> ClassAsked {
    ClassAsked::To(request(class, now))
}

#[test]
fn what_is_asked_for_at_once_begins_at_once_and_without_a_window() {
    let mut shop = asking(to("db.m6g.4xlarge", true));
    let decision = shop.evaluate();
    assert_eq!(shop.news(), ["modify shop db.t4g.large db.m6g.4xlarge"], "a person may take two rungs");
    assert_eq!(decision.wanted.unwrap().window, None);
    shop.modified("shop");
    shop.tick();
    shop.tick();
    assert_eq!(shop.news(), ["started shop db.m6g.4xlarge", "done shop db.m6g.4xlarge"]);
    assert_eq!((shop.memory.request.as_ref(), shop.memory.change.as_ref()), (None, None));
}

#[test]
fn what_is_asked_for_otherwise_waits_for_the_window_also_for_an_open_one() {
    let mut shop = asking(to("db.m6g.xlarge", false));
    assert_eq!(shop.evaluate().state, UpgradeState::Waiting);
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", "modify shop db.t4g.large db.m6g.xlarge"]);

    let mut shop = asking(to("db.m6g.xlarge", false));
    shop.now = sunday() + SignedDuration::from_mins(20);
    assert_eq!(shop.evaluate().state, UpgradeState::Requested);
    let mut shop = asking(to("db.m6g.xlarge", false));
    shop.now = sunday() + SignedDuration::from_mins(50);
    assert_eq!(codes(&shop.evaluate()), ["window-ends"]);
}

#[test]
fn the_next_class_is_the_next_rung() {
    let mut shop = asking(ClassAsked::Next(request("", true)));
    shop.evaluate();
    assert_eq!(shop.news(), ["modify shop db.t4g.large db.m6g.xlarge"]);
    let mut shop = asking(ClassAsked::Next(request("", true)));
    shop.main().class = "db.m6g.4xlarge".to_owned();
    let decision = shop.evaluate();
    let why = cause(&decision, "not possible shop the next class");
    assert_eq!(why, "db.m6g.4xlarge is the largest of `classes`, or not one of them");
}

#[test]
fn what_is_refused_at_once_is_over_and_says_everything_that_stands_against_it() {
    let mut shop = asking(to("db.m6g.xlarge", true));
    shop.main().pending = vec!["Iops".to_owned()];
    shop.emergency = Some("max");
    let decision = shop.evaluate();
    assert_eq!(codes(&decision), ["emergency", "something-pending"]);
    let why = cause(&decision, "not possible shop db.m6g.xlarge");
    assert!(why.starts_with("the emergency `max` is in force; Iops of shop is pending"), "{why}");
    shop.main().pending.clear();
    shop.emergency = None;
    shop.news();
    shop.tick();
    assert_eq!(shop.news(), [""; 0], "who still wants it asks again");
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    for (class, why) in [
        ("db.t4g.large", "it has that class"),
        ("db.x2g.16xlarge", "it is not one of `classes` in the fleet file"),
    ] {
        let mut shop = asking(to(class, true));
        let decision = shop.evaluate();
        assert_eq!(cause(&decision, &format!("not possible shop {class}")), why);
        assert_eq!(decision.call, None);
    }
}

fn withdraw() -> ClassAsked {
    ClassAsked::Withdraw { who: "ana".to_owned(), why: "not now".to_owned() }
}

#[test]
fn a_second_change_is_not_asked_for_beside_one_under_way() {
    let mut shop = asking(to("db.m6g.xlarge", true));
    shop.evaluate();
    for asked in [to("db.m6g.4xlarge", true), withdraw()] {
        shop.asked = Some(asked);
        let decision = shop.tick();
        assert_eq!(decision.call, None);
        let news = shop.news();
        assert!(news.contains(&"goes on shop db.m6g.xlarge".to_owned()), "{news:?}");
    }
}

#[test]
fn what_was_asked_for_can_be_withdrawn_while_it_waits() {
    let mut shop = asking(to("db.m6g.xlarge", false));
    shop.evaluate();
    shop.asked = Some(withdraw());
    shop.tick();
    assert_eq!(shop.news(), ["withdrawn shop db.m6g.xlarge"]);
    shop.until(sunday());
    assert_eq!(shop.news(), [""; 0]);
    shop.asked = Some(withdraw());
    shop.tick();
    assert_eq!(shop.news(), ["nothing to withdraw shop "]);
}

#[test]
fn what_fails_is_asked_for_again_by_who_wants_it() {
    let mut shop = asking(to("db.m6g.xlarge", true));
    shop.outcome = CallOutcome::Refused("InvalidDBInstanceState".to_owned());
    shop.evaluate();
    shop.tick();
    shop.tick();
    assert_eq!(shop.news(), ["modify shop db.t4g.large db.m6g.xlarge", "failed shop db.m6g.xlarge!"]);
}

#[test]
fn no_more_changes_begin_within_a_day_than_the_file_allows_also_by_hand() {
    let mut shop = asking(to("db.m6g.xlarge", true));
    shop.evaluate();
    shop.modified("shop");
    shop.tick();
    for (hours, refused) in [(23, true), (25, false)] {
        let mut later = shop.clone();
        later.now += SignedDuration::from_hours(hours);
        later.asked = Some(to("db.m6g.4xlarge", true));
        assert_eq!(codes(&later.evaluate()).contains(&"too-many-today"), refused, "{hours} hours later");
    }
}

#[test]
fn a_person_makes_nothing_smaller_that_does_not_fit() {
    let mut shop = asking(to("db.t4g.medium", true));
    shop.load.connections = 5_000.0;
    let decision = shop.evaluate();
    assert_eq!(decision.call, None);
    assert!(codes(&decision).contains(&"too-few-connections"));
}

#[test]
fn what_is_asked_for_while_rds_cannot_be_read_is_refused_and_a_withdrawal_is_not() {
    let unreadable = |shop: &ClassShop| {
        let absence = Absence::new(AbsenceKind::Throttled, "Throttling");
        let seen = UpgradeObservation { instances: Err(absence), ..shop.observation() };
        let turn = UpgradeTurn {
            database: "main",
            evaluation: "e",
            overrides: &[],
            emergency: None,
            asked: shop.asked.as_ref(),
            observe: false,
            now: shop.now,
        };
        decide(&seen, &shop.policy, &shop.memory, turn)
    };
    for (asked, about) in [
        (to("db.m6g.xlarge", true), "not possible main db.m6g.xlarge"),
        (ClassAsked::Next(request("", false)), "not possible main the next class"),
    ] {
        let decision = unreadable(&asking(asked));
        assert!(cause(&decision, about).starts_with("RDS could not be read"), "{about}");
        assert_eq!((decision.memory.request, decision.call), (None, None));
    }
    let mut shop = asking(to("db.m6g.xlarge", false));
    shop.evaluate();
    shop.asked = Some(withdraw());
    let decision = unreadable(&shop);
    assert_eq!(decision.notices[0].about, "withdrawn main db.m6g.xlarge");
    assert_eq!(decision.notices[0].cause.as_deref(), Some("ana took it back (not now)"));
    assert_eq!((decision.memory.request, decision.memory.planned), (None, None));
}

/// Somebody gives it a larger class than was asked for: what was asked for would make it smaller now.
#[test]
fn what_was_asked_for_from_another_class_is_dropped_and_told() {
    let mut shop = asking(to("db.m6g.xlarge", false));
    shop.evaluate();
    shop.main().class = "db.m6g.4xlarge".to_owned();
    let decision = shop.tick();
    assert_eq!(shop.news(), ["changed by others shop db.m6g.xlarge"]);
    assert_eq!((decision.memory.request, decision.wanted), (None, None));
}

#[test]
fn what_was_asked_for_at_once_and_has_not_begun_within_an_hour_is_asked_for_again_by_who_wants_it() {
    let mut shop = asking(to("db.m6g.xlarge", true));
    shop.outcome = CallOutcome::NotSent;
    shop.evaluate();
    shop.news();
    shop.outcome = CallOutcome::Taken;
    shop.now += SignedDuration::from_mins(60);
    let decision = shop.evaluate();
    assert_eq!((decision.call, shop.news()), (None, vec!["not possible shop db.m6g.xlarge".to_owned()]));
}

/// Replicas of PostgreSQL that go first take longer than an hour together; the source comes after them.
#[test]
fn what_is_asked_for_at_once_goes_on_to_the_source_however_long_its_replicas_take() {
    let mut shop = asking(to("db.m6g.xlarge", true));
    let replicas = ["one", "three", "two"];
    shop.instances.replicas = replicas.map(|id| instance(id, "db.t4g.large")).to_vec();
    shop.evaluate();
    for replica in replicas {
        assert_eq!(shop.news().pop(), Some(format!("modify {replica} db.t4g.large db.m6g.xlarge")));
        shop.modifying(replica);
        (0..5).for_each(|_| drop(shop.tick()));
        shop.modified(replica);
        shop.tick();
        shop.tick();
    }
    assert_eq!(shop.news().pop().as_deref(), Some("modify shop db.t4g.large db.m6g.xlarge"));

    // It does not begin: an hour after the last of them that is over, and says so.
    let mut shop = asking(to("db.m6g.xlarge", true));
    shop.instances.replicas = vec![instance("one", "db.t4g.large")];
    shop.evaluate();
    shop.modified("one");
    shop.tick();
    shop.outcome = CallOutcome::NotSent;
    let decision = (0..12).map(|_| shop.tick()).last().unwrap();
    let why = cause(&decision, "not possible shop db.m6g.xlarge");
    assert_eq!(why, "one went first, and it has not begun within an hour after that");
}

#[test]
fn what_the_fleet_file_allows_no_more_is_dropped_and_told() {
    for has_classes in [true, false] {
        let mut shop = asking(to("db.m6g.xlarge", false));
        shop.evaluate();
        if has_classes {
            shop.ladder().classes = vec!["db.t4g.medium".to_owned(), "db.t4g.large".to_owned()];
        } else {
            shop.policy.ladder = None;
        }
        let decision = shop.tick();
        assert_eq!(shop.news(), ["not possible shop db.m6g.xlarge"], "{has_classes}");
        assert_eq!((decision.memory.request, decision.memory.planned), (None, None));
    }
}
