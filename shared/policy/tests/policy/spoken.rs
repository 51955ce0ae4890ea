//! A decision in words, by what is scaled.

use tidegate_policy::{CapacityUnit, Verdict};

#[test]
fn a_decision_is_told_as_a_plan_as_something_done_and_as_a_thing() {
    for (verdict, plan, done, noun) in [
        (
            Verdict::ScaleOut { from: 5, to: 1_000 },
            "scale out from 5 to 1,000 instances",
            "scaled out from 5 to 1,000 instances",
            "scale-out from 5 to 1,000 instances",
        ),
        (
            Verdict::ScaleIn { from: 2, to: 1 },
            "scale in from 2 to 1 instance",
            "scaled in from 2 to 1 instance",
            "scale-in from 2 to 1 instance",
        ),
        (Verdict::Hold { at: Some(3) }, "hold at 3 instances", "hold at 3 instances", "hold at 3 instances"),
    ] {
        let words = CapacityUnit::Instances.describe(&verdict);
        assert_eq!((words.to_string(), words.done(), words.noun()), (plan.into(), done.into(), noun.into()));
    }
}
