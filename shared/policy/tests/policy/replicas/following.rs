//! A creation from its intent to its end: what RDS shows, what it shows late, and what becomes of crashes.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::memory::{DatabaseMemory, ReplicaEnd, ReplicaStep};
use tidegate_policy::replicas::observation::{Engine, Status};

use crate::replicas::{QUIET, ReplicaLoad, Shop, call, told, why};
use crate::stage::seconds;

const NEW: &str = "tidegate-shop-1";

/// One replica too few: one is created in the next minute.
fn shop() -> Shop {
    let mut shop = Shop::new(1).counting(2, 5, "cpu > 70% for 5m", "");
    shop.evaluate();
    shop.memory.change = None;
    shop.gone_new();
    shop
}

impl Shop {
    /// What the first evaluation created is not there, as if nothing had been asked.
    fn gone_new(&mut self) {
        self.instances().replicas.retain(|replica| replica.id != NEW);
        self.instances().taken.retain(|id| id != NEW);
        self.memory.replicas.remove(NEW);
    }
}

fn step(shop: &Shop) -> Option<ReplicaStep> {
    shop.memory.change.as_ref().map(|change| change.step)
}

#[test]
fn a_creation_goes_step_by_step_and_counts_once_it_has_caught_up() {
    let mut shop = shop();
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
    assert_eq!(step(&shop), Some(ReplicaStep::Requested));
    shop.minute();
    assert_eq!(step(&shop), Some(ReplicaStep::Creating));
    shop.loads.insert(NEW.to_owned(), ReplicaLoad { lag: Some(900.0), ..QUIET });
    shop.arrives(NEW).is_initialized = false;
    let decision = shop.minutes(10);
    assert_eq!(step(&shop), Some(ReplicaStep::CatchingUp));
    assert!(why(&decision).contains("storage is still initializing"), "{}", why(&decision));
    shop.replica(NEW).is_initialized = true;
    let decision = shop.minutes(10);
    assert!(why(&decision).contains("lags by 15m: it counts once that is below 15s"), "{}", why(&decision));
    assert_eq!(shop.answers(), ["shop-1"]);
    assert_eq!(decision.count.unwrap().serving, 1);
    shop.load(NEW).lag = Some(14.0);
    let all: Vec<Vec<String>> = (0..12).map(|_| told(&shop.minute())).collect();
    assert_eq!(all.concat(), ["added tidegate-shop-1"]);
    assert_eq!(all.iter().position(|told| !told.is_empty()), Some(7), "five minutes that have settled");
    assert_eq!(shop.answers(), ["shop-1", NEW]);
    assert_eq!(step(&shop), None);
    assert!(shop.memory.changed_at.is_some());
}

#[test]
fn a_low_lag_of_an_incomplete_storage_does_not_count() {
    let mut shop = shop();
    shop.minute();
    shop.arrives(NEW).is_initialized = false;
    shop.minutes(30);
    assert_eq!(step(&shop), Some(ReplicaStep::CatchingUp));
    assert_eq!(shop.answers(), ["shop-1"]);
}

#[test]
fn datapoints_of_an_earlier_instance_of_the_same_name_are_not_its_own() {
    let mut shop = shop();
    shop.instances().replicas.push(crate::replicas::replica(NEW));
    shop.minutes(5);
    shop.instances().replicas.retain(|replica| replica.id != NEW);
    shop.memory.replicas.remove(NEW);
    shop.memory.outcomes.clear();
    shop.minute();
    shop.minute();
    shop.arrives(NEW);
    shop.load(NEW).lag = None;
    shop.minutes(5);
    assert_eq!(step(&shop), Some(ReplicaStep::CatchingUp));
}

#[test]
fn an_instance_that_was_created_again_under_its_name_has_not_caught_up() {
    let mut shop = Shop::new(2);
    shop.minutes(3);
    assert!(shop.memory.replicas["shop-2"].caught_up_at.is_some());
    // RDS shows it again within the time for which a missing one is not believed to be gone.
    shop.gone("shop-2");
    shop.minute();
    shop.instances().replicas.push(crate::replicas::replica("shop-2"));
    shop.arrives("shop-2");
    shop.load("shop-2").lag = Some(900.0);
    shop.minutes(20);
    assert_eq!(shop.memory.replicas["shop-2"].caught_up_at, None);
    assert_eq!(shop.answers(), ["shop-1"]);
    shop.load("shop-2").lag = Some(0.0);
    shop.minutes(10);
    assert_eq!(shop.answers(), ["shop-1", "shop-2"]);
}

#[test]
fn what_rds_shows_late_is_asked_for_once() {
    let mut shop = shop();
    shop.minute();
    let new = shop.gone(NEW);
    shop.instances().taken.retain(|id| id != NEW);
    for _ in 0..9 {
        assert_eq!(call(&shop.minute()), "");
    }
    shop.instances().replicas.push(new);
    shop.minute();
    assert_eq!(step(&shop), Some(ReplicaStep::Creating));
}

#[test]
fn what_rds_never_shows_is_asked_for_again_and_given_up_after_an_hour() {
    let mut shop = shop();
    shop.outcome = CallOutcome::Unknown("no answer in time".to_owned());
    let mut calls = Vec::new();
    let mut all = Vec::new();
    for minute in 0..62 {
        let decision = shop.minute();
        calls.extend((!call(&decision).is_empty()).then_some((minute, call(&decision))));
        all.extend(told(&decision));
    }
    assert!(calls.iter().all(|(_, call)| call == "create tidegate-shop-1"), "one identifier: {calls:?}");
    let minutes: Vec<i32> = calls.iter().map(|(minute, _)| *minute).collect();
    assert_eq!(minutes, [0, 2, 5, 11, 23, 38, 53]);
    assert_eq!(all, ["not added tidegate-shop-1"]);
    assert_eq!(step(&shop), None);
}

#[test]
fn another_evaluation_sends_nothing_while_the_first_may() {
    let mut shop = shop();
    let decision = shop.peek_as("first");
    assert_eq!(call(&decision), "create tidegate-shop-1");
    // It crashes after it has remembered the intent.
    shop.memory = decision.memory;
    shop.now += seconds(60);
    let second = shop.peek_as("second");
    assert_eq!(call(&second), "");
    assert!(why(&second).contains("another evaluation (first)"), "{}", why(&second));
    shop.now += seconds(31);
    let third = shop.peek_as("third");
    assert_eq!(call(&third), "create tidegate-shop-1");
    assert!(why(&third).contains("is sent again"), "{}", why(&third));
    // The first was not sent after all: whether it was is not known, so nothing is withdrawn by the third.
    shop.memory = third.memory;
    shop.memory.settle_call(&CallOutcome::NotSent, "third", shop.now);
    assert_eq!(step(&shop), Some(ReplicaStep::Requested));
}

#[test]
fn a_call_that_was_not_sent_is_withdrawn() {
    let mut shop = shop();
    shop.outcome = CallOutcome::NotSent;
    shop.minute();
    assert_eq!(step(&shop), None);
    assert!(shop.memory.failure.is_none() && shop.memory.outcomes.is_empty());
    shop.outcome = CallOutcome::Taken;
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
}

#[test]
fn the_outcome_of_an_older_call_settles_nothing() {
    let mut shop = shop();
    shop.minute();
    let before = shop.memory.clone();
    shop.memory.settle_call(&CallOutcome::Refused("no".to_owned()), "someone else", shop.now);
    assert_eq!(shop.memory, before);
}

#[test]
fn a_refusal_is_told_by_the_next_evaluation() {
    let mut shop = shop();
    shop.outcome = CallOutcome::Refused("InstanceQuotaExceeded".to_owned());
    assert_eq!(told(&shop.minute()), Vec::<String>::new());
    let decision = shop.minute();
    assert_eq!(told(&decision), ["not added tidegate-shop-1"]);
    assert_eq!(decision.notices[0].cause.as_deref(), Some("InstanceQuotaExceeded"));
    assert!(why(&decision).contains("next attempt at"), "{}", why(&decision));
    assert_eq!(told(&shop.minute()), Vec::<String>::new());
}

#[test]
fn a_replica_that_fails_is_told_and_removed() {
    let mut shop = shop();
    shop.minutes(3);
    shop.replica(NEW).status = Status::Failed("failed".to_owned());
    let decision = shop.minute();
    assert_eq!(call(&decision), "delete tidegate-shop-1");
    assert_eq!(told(&decision), ["+failed tidegate-shop-1", "not added tidegate-shop-1"]);
    let all: Vec<String> = (0..3).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-failed tidegate-shop-1"]);
    shop.gone(NEW);
    let decision = shop.minute();
    assert_eq!(told(&decision), ["removed tidegate-shop-1"]);
    assert_eq!(shop.memory.failure.as_ref().map(|failure| failure.count), Some(1), "no success");
    assert_eq!(call(&decision), "");
    // The next one waits for ten minutes after the failure.
    let next = (1..30).find(|_| !call(&shop.minute()).is_empty());
    assert_eq!(next, Some(6));
}

#[test]
fn a_failed_replica_of_others_is_never_deleted() {
    let mut shop = shop();
    shop.minutes(3);
    let new = shop.replica(NEW);
    (new.status, new.is_ours) = (Status::Failed("failed".to_owned()), false);
    for _ in 0..60 {
        assert_ne!(call(&shop.minute()), "delete tidegate-shop-1");
    }
}

#[test]
fn a_replica_that_vanishes_is_told_after_three_minutes_of_complete_answers() {
    let mut shop = shop();
    shop.minutes(3);
    shop.gone(NEW);
    let all: Vec<Vec<String>> = (0..4).map(|_| told(&shop.minute())).collect();
    assert_eq!(all, [vec![], vec![], vec![], vec!["gone tidegate-shop-1".to_owned()]]);
    assert_eq!(step(&shop), None);
    assert_eq!(shop.memory.failure.as_ref().map(|failure| failure.count), Some(1));
}

#[test]
fn an_answer_without_it_that_is_old_ends_nothing() {
    let mut shop = shop();
    shop.minutes(3);
    let new = shop.gone(NEW);
    shop.minutes(2);
    shop.instances().replicas.push(new);
    shop.minute();
    assert_eq!(step(&shop), Some(ReplicaStep::Creating));
    assert!(shop.memory.outcomes.is_empty());
}

#[test]
fn any_replica_that_vanishes_is_told() {
    let mut shop = Shop::new(3);
    shop.minute();
    shop.gone("shop-2");
    let all: Vec<String> = (0..6).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["gone shop-2"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-3"]);
    assert!(!shop.memory.replicas.contains_key("shop-2"));
}

#[test]
fn a_replica_that_was_promoted_is_not_told_as_gone() {
    let mut shop = Shop::new(3);
    shop.minute();
    shop.promoted("shop-2");
    let all: Vec<String> = (0..6).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["promoted shop-2"]);
    assert_eq!(shop.answers(), ["shop-1", "shop-3"]);
    assert!(!shop.memory.replicas.contains_key("shop-2"));
}

#[test]
fn a_reader_that_a_failover_made_the_writer_is_not_told_as_gone_nor_as_removed() {
    for (pin, expected) in [(3, "writer shop-3"), (2, "writer shop-3")] {
        let mut shop = Shop::new(3).engine(Engine::Aurora).counting(1, 5, "", "");
        shop.minutes(20);
        shop = shop.overridden(OverrideKind::Pin(pin));
        // Of two that are pinned one is drained and asked to be deleted; the call was lost.
        shop.outcome = CallOutcome::Unknown("no answer in time".to_owned());
        let calls: Vec<String> = (0..12).map(|_| call(&shop.minute())).filter(|it| !it.is_empty()).collect();
        assert_eq!(calls.is_empty(), pin == 3, "{calls:?}");
        let before = shop.promoted("shop-3");
        shop.instances().replicas.push(crate::replicas::replica("shop"));
        shop.instances().source.id = before.id;
        let all: Vec<String> = (0..6).flat_map(|_| told(&shop.minute())).collect();
        assert!(all.contains(&expected.to_owned()) && all.len() == 1, "{all:?}");
    }
}

#[test]
fn nothing_begins_while_a_replica_is_missed() {
    let mut shop = Shop::new(2).counting(2, 5, "", "");
    shop.minute();
    shop.gone("shop-2");
    for _ in 0..3 {
        assert_eq!(call(&shop.minute()), "");
    }
    assert_eq!(call(&shop.minute()), "create tidegate-shop-1");
}

#[test]
fn a_creation_that_lasts_is_told_once() {
    let mut shop = shop();
    let all: Vec<Vec<String>> = (0..200).map(|_| told(&shop.minute())).collect();
    assert_eq!(all.concat(), ["+creation"]);
    assert_eq!(all.iter().position(|told| !told.is_empty()), Some(120));
    shop.arrives(NEW);
    let all: Vec<String> = (0..10).flat_map(|_| told(&shop.minute())).collect();
    assert_eq!(all, ["-creation", "added tidegate-shop-1"]);
}

#[test]
fn every_end_of_a_change_is_told_until_sns_takes_it() {
    let mut shop = shop();
    shop.notified = false;
    shop.minutes(2);
    shop.arrives(NEW);
    shop.minutes(10);
    assert_eq!(shop.memory.outcomes.iter().map(|it| it.end).collect::<Vec<_>>(), [ReplicaEnd::Added]);
    shop.notified = true;
    assert_eq!(told(&shop.minute()), ["added tidegate-shop-1"]);
    assert_eq!(told(&shop.minute()), Vec::<String>::new());
}

#[test]
fn a_failed_replica_without_a_change_is_cleaned_up_if_it_never_served() {
    let mut shop = shop();
    shop.minutes(3);
    shop = shop.overridden(OverrideKind::Hold(Held::ScaleIn));
    shop.replica(NEW).status = Status::Failed("incompatible-network".to_owned());
    assert!((0..5).all(|_| call(&shop.minute()).is_empty()), "an operator holds the count");
    assert_eq!(step(&shop), None);
    shop.overrides.clear();
    let first = (0..12).map(|_| call(&shop.minute())).find(|call| !call.is_empty());
    assert_eq!(first.as_deref(), Some("delete tidegate-shop-1"));
    assert_eq!(shop.answers(), ["shop-1"]);
}

#[test]
fn a_failed_replica_that_served_is_told_and_left_to_operators() {
    let mut shop = Shop::new(3).counting(1, 5, "", "");
    shop.minute();
    for (id, status) in [("shop-2", "incompatible-network"), ("shop-3", "failed")] {
        shop.replica(id).status = Status::Failed(status.to_owned());
    }
    let decision = shop.minute();
    assert_eq!(told(&decision), ["+failed shop-2", "+failed shop-3"]);
    let advice = decision.notices[0].advice.as_deref().unwrap_or_default();
    assert!(advice.starts_with("Repair it or delete it by hand"), "{advice}");
    assert_eq!(shop.answers(), ["shop-1"], "the others answer");
    for _ in 0..60 {
        assert_eq!(call(&shop.minute()), "");
    }
    shop.replica("shop-2").status = Status::Available;
    shop.minute();
    assert_eq!(shop.answers(), ["shop-1", "shop-2"], "it answers again once it is well");
}

#[test]
fn a_failed_replica_of_which_nothing_is_remembered_is_left_to_operators() {
    let mut shop = shop();
    shop.minutes(2);
    shop.arrives(NEW);
    shop.minutes(20);
    shop.memory = DatabaseMemory::default();
    shop.replica(NEW).status = Status::Failed("failed".to_owned());
    assert!((0..60).all(|_| !call(&shop.minute()).starts_with("delete")), "whether it served is not known");
}
