//! What came of changes, and operators were not told of yet.

use tidegate_policy::replicas::memory::{ReplicaEnd, ReplicaOutcome};

use crate::replicas::{Shop, told};
use crate::stage::seconds;

/// SNS takes nothing, while replicas vanish one after the other.
fn untold(replicas: u32) -> Shop {
    let mut shop = Shop::new(replicas + 1);
    shop.minute();
    shop.notified = false;
    for number in 1..=replicas {
        shop.gone(&format!("shop-{number}"));
        shop.minutes(4);
    }
    shop
}

#[test]
fn of_more_than_eight_outcomes_the_oldest_are_forgotten() {
    for (vanished, first) in [(8, "shop-1"), (9, "shop-2"), (11, "shop-4")] {
        let mut shop = untold(vanished);
        let outcomes = &shop.memory.outcomes;
        assert_eq!((outcomes.len(), outcomes[0].replica.as_str()), (8, first), "{vanished}");
        shop.notified = true;
        let expected: Vec<String> = (vanished - 7..=vanished).map(|it| format!("gone shop-{it}")).collect();
        assert_eq!(told(&shop.minute()), expected, "all are told once SNS takes reports, oldest first");
        assert_eq!(told(&shop.minute()), Vec::<String>::new());
    }
}

#[test]
fn an_outcome_that_comes_while_one_of_its_kind_is_told_is_told_too() {
    let mut shop = untold(1);
    let decision = shop.peek();
    assert_eq!(told(&decision), ["gone shop-1"]);
    // Before the second write of that evaluation another one finds the same once more.
    let first = shop.memory.outcomes[0].clone();
    let later = ReplicaOutcome { at: first.at + seconds(90), ..first };
    assert_eq!(later.end, ReplicaEnd::Vanished);
    shop.memory.outcomes = vec![later.clone()];
    shop.memory.settle_notices(&decision, true);
    assert_eq!(shop.memory.outcomes, [later]);
    shop.notified = true;
    assert_eq!(told(&shop.minute()), ["gone shop-1"]);
    assert!(shop.memory.outcomes.is_empty());
}
