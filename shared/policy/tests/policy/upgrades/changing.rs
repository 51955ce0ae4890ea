//! The change under way: followed by what RDS shows, over when that shows it, and told however it ends.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Engine;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::observation::{Replication, Status};
use tidegate_policy::upgrades::decision::UpgradeState;
use tidegate_policy::upgrades::observation::RdsMessage;

use crate::upgrades::{ClassShop, cause, instance, sunday};

const CALL: &str = "modify shop db.t4g.large db.m6g.xlarge";

/// The first evaluation of the window has sent the call.
fn begun() -> ClassShop {
    began_with(CallOutcome::Taken)
}

fn began_with(outcome: CallOutcome) -> ClassShop {
    let mut shop = ClassShop::busy();
    shop.until(sunday() - SignedDuration::from_mins(5));
    shop.news();
    shop.outcome = outcome;
    shop.tick();
    assert_eq!(shop.news(), [CALL]);
    shop
}

fn message(after: i64, text: &str) -> RdsMessage {
    RdsMessage { at: sunday() + SignedDuration::from_secs(after), text: text.to_owned() }
}

#[test]
fn a_change_is_done_when_rds_shows_the_class_and_nothing_is_left() {
    let mut shop = begun();
    assert_eq!(shop.tick().state, UpgradeState::Modifying, "available, with the class pending, is no end");
    assert_eq!(shop.news(), ["started shop db.m6g.xlarge"]);
    shop.modifying("shop");
    assert_eq!(shop.tick().state, UpgradeState::Modifying);
    shop.modified("shop");
    shop.main().parameters = vec![("own".to_owned(), "applying".to_owned())];
    assert_eq!(shop.tick().state, UpgradeState::Verifying);
    shop.main().parameters.clear();
    shop.main().changing_security_groups = vec!["sg-1".to_owned()];
    assert_eq!(shop.tick().state, UpgradeState::Verifying);
    shop.main().changing_security_groups.clear();
    shop.main().status = Status::Changing("backing-up".to_owned());
    assert_eq!(shop.tick().state, UpgradeState::Verifying);
    shop.main().status = Status::Available;
    shop.messages = vec![
        message(-60, "DB instance restarted"),
        message(125, "DB instance shutdown"),
        message(372, "DB instance restarted"),
        message(400, "Finished applying modification to DB instance class"),
    ];
    assert_eq!(shop.news(), [""; 0]);
    let decision = shop.tick();
    assert_eq!(shop.news(), ["done shop db.m6g.xlarge"]);
    assert_eq!(cause(&decision, "done shop db.m6g.xlarge"), "about 4m7s down, by the events of RDS");
    assert_eq!((decision.state, shop.memory.change.as_ref()), (UpgradeState::Idle, None));
}

#[test]
fn a_downtime_that_rds_told_nothing_of_is_not_made_up() {
    for messages in [
        vec![],
        vec![message(10, "DB instance shutdown")],
        vec![message(-10, "DB instance shutdown"), message(-5, "DB instance restarted")],
    ] {
        let mut shop = begun();
        shop.messages = messages;
        shop.modified("shop");
        let decision = shop.tick();
        let cause = cause(&decision, "done shop db.m6g.xlarge");
        assert_eq!(cause, "how long it was down is not known: RDS told of no restart");
    }
}

#[test]
fn a_failover_is_a_downtime_too() {
    let mut shop = begun();
    shop.messages = vec![
        message(100, "Multi-AZ instance failover started."),
        message(190, "Multi-AZ instance failover completed"),
    ];
    shop.modified("shop");
    assert_eq!(cause(&shop.tick(), "done shop db.m6g.xlarge"), "about 1m30s down, by the events of RDS");
}

#[test]
fn what_is_left_for_an_hour_is_told_with_the_end() {
    let mut shop = begun();
    shop.modified("shop");
    let status = "error".to_owned();
    shop.main().replication = Replication::Broken { status, message: String::new() };
    shop.until(sunday() + SignedDuration::from_mins(60));
    assert_eq!(shop.tick().state, UpgradeState::Idle);
    assert!(shop.news().contains(&"done shop db.m6g.xlarge".to_owned()));
}

#[test]
fn a_change_goes_on_beyond_the_end_of_the_window_and_is_told_when_it_takes_long() {
    let mut shop = begun();
    shop.modifying("shop");
    shop.until(sunday() + SignedDuration::from_hours(3));
    assert_eq!(shop.news(), ["started shop db.m6g.xlarge", "+slow change"]);
    shop.modified("shop");
    shop.tick();
    shop.tick();
    assert_eq!(shop.news(), ["done shop db.m6g.xlarge"], "its end says that it is over");
}

#[test]
fn what_aws_refuses_has_failed_and_is_not_tried_again_in_the_same_window() {
    let words = "InsufficientDBInstanceCapacity: Specified DB instance class not available";
    let mut shop = began_with(CallOutcome::Refused(words.to_owned()));
    let decision = shop.tick();
    assert_eq!(shop.news(), ["failed shop db.m6g.xlarge!"]);
    assert_eq!(
        cause(&decision, "failed shop db.m6g.xlarge"),
        format!("{words}; RDS offers db.m6g.xlarge in eu-west-1a, eu-west-1b")
    );
    shop.until(sunday() + SignedDuration::from_mins(65));
    assert_eq!(shop.news(), [""; 0]);
    shop.outcome = CallOutcome::Taken;
    shop.until(sunday() + SignedDuration::from_hours(7 * 24));
    assert_eq!(shop.news().last().map(String::as_str), Some(CALL), "the next window is another one");
}

#[test]
fn a_call_that_was_never_sent_is_decided_anew() {
    let mut shop = began_with(CallOutcome::NotSent);
    assert_eq!((shop.memory.change.as_ref(), shop.memory.began.as_slice()), (None, &[][..]));
    shop.outcome = CallOutcome::Taken;
    shop.tick();
    assert_eq!(shop.news(), [CALL]);
}

#[test]
fn a_call_without_an_answer_is_sent_again_within_the_window_and_not_after_it() {
    let mut shop = began_with(CallOutcome::Unknown("no answer".to_owned()));
    shop.tick();
    assert_eq!(shop.news(), [CALL], "the lease of the first is over");
    shop.until(sunday() + SignedDuration::from_mins(40));
    assert!(shop.news().len() >= 2);
    shop.until(sunday() + SignedDuration::from_mins(80));
    assert_eq!(shop.news(), ["failed shop db.m6g.xlarge!"], "with less than 15 minutes left nothing is sent");
}

#[test]
fn a_lost_answer_of_a_call_that_was_taken_is_found() {
    let mut shop = began_with(CallOutcome::Unknown("no answer".to_owned()));
    shop.find("shop").pending_class = Some("db.m6g.xlarge".to_owned());
    assert_eq!(shop.tick().state, UpgradeState::Modifying);
    assert_eq!(shop.news(), ["started shop db.m6g.xlarge"]);
    shop.modified("shop");
    shop.tick();
    assert_eq!(shop.news(), ["done shop db.m6g.xlarge"]);
}

#[test]
fn a_call_is_not_sent_again_while_something_stands_against_it() {
    let mut shop = began_with(CallOutcome::Unknown("no answer".to_owned()));
    shop.main().pending = vec!["AllocatedStorage".to_owned()];
    let decision = shop.tick();
    assert_eq!(
        (decision.call.is_none(), crate::upgrades::codes(&decision)),
        (true, vec!["something-pending"])
    );
}

#[test]
fn a_change_that_rds_took_and_shows_nothing_of_is_told() {
    let mut shop = begun();
    shop.main().pending_class = None;
    shop.tick();
    assert_eq!(shop.news(), ["started shop db.m6g.xlarge"], "what RDS shows may be minutes old");
    shop.until(sunday() + SignedDuration::from_mins(10));
    assert_eq!(shop.news(), [CALL], "sending it twice is harmless");
    shop.main().pending_class = None;
    for _ in 0..14 {
        shop.tick();
        shop.main().pending_class = None;
    }
    assert_eq!(shop.news().last().map(String::as_str), Some("failed shop db.m6g.xlarge!"));
}

#[test]
fn a_change_that_rds_gives_up_is_told_with_what_its_events_say() {
    for (messages, expected) in [
        (vec![], "RDS shows the old class, with nothing pending"),
        (
            vec![message(200, "Unable to modify database instance class. Insufficient instance capacity")],
            "RDS: Unable to modify database instance class. Insufficient instance capacity; RDS offers db.m6g.xlarge in \
             eu-west-1a, eu-west-1b",
        ),
        (
            vec![message(-200, "Unable to modify database instance class")],
            "RDS shows the old class, with nothing pending",
        ),
    ] {
        let mut shop = begun();
        shop.modifying("shop");
        shop.tick();
        shop.main().status = Status::Available;
        shop.main().pending_class = None;
        shop.messages = messages;
        shop.tick();
        shop.news();
        shop.tick();
        assert_eq!(shop.news(), [""; 0], "what RDS shows may be minutes old");
        let decision = shop.tick();
        assert_eq!(shop.news(), ["failed shop db.m6g.xlarge!"]);
        assert_eq!(cause(&decision, "failed shop db.m6g.xlarge"), expected);
    }
}

#[test]
fn a_status_without_a_way_on_is_a_failure() {
    let mut shop = begun();
    shop.main().status = Status::Failed("incompatible-parameters".to_owned());
    let decision = shop.tick();
    assert_eq!(cause(&decision, "failed shop db.m6g.xlarge"), "its status is incompatible-parameters");
}

#[test]
fn what_somebody_else_makes_of_the_class_ends_the_change() {
    for pending in [true, false] {
        let mut shop = begun();
        let other = "db.r5.xlarge".to_owned();
        if pending {
            shop.main().pending_class = Some(other);
        } else {
            shop.main().class = other;
        }
        shop.tick();
        assert!(shop.news().contains(&"changed by others shop db.m6g.xlarge".to_owned()), "{pending}");
        assert_eq!(shop.memory.change, None);
    }
}

/// `shop` of PostgreSQL with replicas: one like it, and one of another class.
fn with_replicas(other: &str) -> ClassShop {
    let mut shop = ClassShop::busy();
    shop.instances.replicas = vec![instance("one", "db.t4g.large"), instance("two", other)];
    shop
}

#[test]
fn upward_a_replica_that_has_the_class_of_its_source_goes_before_it_in_the_same_window() {
    let mut shop = with_replicas("db.m6g.4xlarge");
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", "modify one db.t4g.large db.m6g.xlarge"]);
    shop.modified("one");
    shop.tick();
    shop.tick();
    let news = shop.news();
    assert!(news.contains(&"done one db.m6g.xlarge".to_owned()), "{news:?}");
    assert_eq!(news.last().map(String::as_str), Some(CALL), "{news:?}");
}

#[test]
fn a_smaller_replica_of_another_class_refuses_the_change_of_postgresql_only() {
    let mut shop = with_replicas("db.t4g.medium");
    assert_eq!(crate::upgrades::codes(&shop.evaluate()), ["replica-smaller"]);
    let mut shop = with_replicas("db.t4g.medium");
    shop.main().engine = Engine::MySql;
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", CALL], "MySQL replicates to a smaller one");
}

#[test]
fn downward_the_source_goes_first_and_its_replica_after_it() {
    let mut shop = ClassShop::climbing("", "cpu < 20% for 14d");
    shop.load.free_memory = 7.9 * crate::upgrades::GIB;
    shop.instances.replicas = vec![instance("one", "db.t4g.large")];
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", "modify shop db.t4g.large db.t4g.medium"]);
    let mut replica = ClassShop::climbing("", "cpu < 20% for 14d");
    replica.load.free_memory = 7.9 * crate::upgrades::GIB;
    replica.instances.source = Some(instance("source", "db.t4g.large"));
    assert_eq!(crate::upgrades::codes(&replica.evaluate()), ["source-larger"]);
    replica.instances.source = Some(instance("source", "db.t4g.medium"));
    assert_eq!(crate::upgrades::codes(&replica.evaluate()), [""; 0]);
}

#[test]
fn an_instance_that_is_gone_ends_its_change() {
    let mut shop = with_replicas("db.m6g.4xlarge");
    shop.until(sunday());
    shop.instances.replicas.remove(0);
    shop.tick();
    assert!(shop.memory.change.is_some(), "an answer may be minutes old");
    shop.tick();
    shop.tick();
    let news = shop.news();
    assert_eq!(news.last().map(String::as_str), Some("gone one db.m6g.xlarge!"), "{news:?}");
}

#[test]
fn what_sns_did_not_take_is_told_again() {
    let mut shop = begun();
    shop.notified = false;
    shop.modified("shop");
    for _ in 0..20 {
        assert!(shop.tick().notices.len() >= 2);
    }
    shop.notified = true;
    shop.tick();
    let mut news = shop.news();
    news.retain(|it| it.ends_with("shop db.m6g.xlarge"));
    assert_eq!(news, ["started shop db.m6g.xlarge", "done shop db.m6g.xlarge"]);
    shop.tick();
    assert!(!shop.news().iter().any(|it| it.ends_with("shop db.m6g.xlarge")));
}

#[test]
fn of_two_evaluations_one_settles_its_own_call_only() {
    let mut shop = begun();
    let before = shop.memory.clone();
    shop.memory.settle_call(&CallOutcome::Refused("no".to_owned()), "another", Timestamp::UNIX_EPOCH);
    assert_eq!(shop.memory, before);
}

#[test]
fn a_new_class_with_a_failed_status_is_a_failure() {
    let mut shop = begun();
    shop.modified("shop");
    shop.main().status = Status::Failed("incompatible-parameters".to_owned());
    let decision = shop.tick();
    let why = cause(&decision, "failed shop db.m6g.xlarge");
    assert_eq!(why, "it has db.m6g.xlarge, and its status is incompatible-parameters");
}

/// No evaluation saw RDS work on it, and its events say that it did: sending the call again would change what was undone.
#[test]
fn what_rds_tells_of_the_change_is_not_sent_again() {
    for text in
        ["Unable to modify database instance class", "Finished applying modification to DB instance class"]
    {
        let mut shop = begun();
        shop.main().pending_class = None;
        shop.messages = vec![message(60, text)];
        shop.until(sunday() + SignedDuration::from_mins(30));
        let news = shop.news();
        assert_eq!(news, ["started shop db.m6g.xlarge", "failed shop db.m6g.xlarge!"], "{text}");
    }
}

#[test]
fn a_replica_that_takes_longer_than_the_window_is_told_as_the_cause() {
    let mut shop = with_replicas("db.m6g.4xlarge");
    shop.until(sunday());
    shop.modifying("one");
    shop.until(sunday() + SignedDuration::from_mins(90));
    shop.modified("one");
    shop.tick();
    let decision = shop.tick();
    let why = cause(&decision, "window passed shop db.m6g.xlarge");
    assert_eq!(why, "the change of one was under way");
}

#[test]
fn the_plan_names_the_database_and_what_goes_before_it() {
    let mut shop = with_replicas("db.m6g.4xlarge");
    let decision = shop.until(sunday() - SignedDuration::from_hours(25));
    let plan = &decision.notices[0];
    assert!(
        plan.verdict.starts_with("shop: db.t4g.large → db.m6g.xlarge planned for Sunday"),
        "{}",
        plan.verdict
    );
    assert!(plan.verdict.ends_with(", after one"), "{}", plan.verdict);
}
