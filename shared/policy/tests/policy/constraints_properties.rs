//! What AWS sets around a service holds for every service, every world and every memory.

use proptest::prelude::*;
use tidegate_policy::{OtherAutoscaler, Verdict};

use crate::arbitrary::{Range, case};

proptest! {
    #[test]
    fn no_size_is_asked_for_that_aws_would_refuse(
        case in prop_oneof![case(Range::Everyday), case(Range::Extreme)]
    ) {
        let decision = case.decide();
        let Some((from, to)) = decision.verdict.as_change() else { return Ok(()) };
        let constraints = &case.seen.service.as_ref().unwrap().constraints;
        let min = constraints.min.unwrap_or(0);
        let max = constraints.max.unwrap_or(u32::MAX).max(min);
        // From outside it comes nearer, at most one task at a time.
        prop_assert!(to <= max || to < from, "max {max}: {decision}");
        prop_assert!(to >= min || to > from, "min {min}: {decision}");
    }

    #[test]
    fn with_another_autoscaler_nothing_is_changed_at_all(case in case(Range::Everyday), express in any::<bool>()) {
        let mut case = case;
        let Ok(service) = &mut case.seen.service else { return Ok(()) };
        if express {
            service.constraints.express = true;
        } else {
            service.constraints.other_autoscaler = OtherAutoscaler::Active("Application Auto Scaling".to_owned());
        }
        let decision = case.decide();
        prop_assert_eq!(decision.verdict.as_change(), None, "{}", decision);
        prop_assert_eq!(decision.memory.intent, case.memory.intent);
        prop_assert_eq!(decision.memory.scale_out, case.memory.scale_out);
    }

    #[test]
    fn what_aws_holds_back_is_never_changed_by_a_signal(case in case(Range::Everyday)) {
        let decision = case.decide();
        let Ok(service) = &case.seen.service else { return Ok(()) };
        if case.is_pinned() {
            return Ok(());
        }
        let constraints = &service.constraints;
        match decision.verdict {
            Verdict::ScaleOut { .. } => prop_assert!(constraints.no_scale_out.is_none(), "{decision}"),
            Verdict::ScaleIn { from, to } => {
                prop_assert!(constraints.no_scale_in.is_none(), "{decision}");
                prop_assert!(to >= constraints.protected.min(from), "protected: {decision}");
                let known = !matches!(constraints.other_autoscaler, OtherAutoscaler::Unknown(_));
                prop_assert!(known, "another autoscaler: {decision}");
            }
            Verdict::Hold { .. } => {}
        }
    }

    #[test]
    fn what_is_only_reported_changes_no_verdict(case in case(Range::Everyday)) {
        let mut silent = case.clone();
        silent.policy.notify.clear();
        prop_assert_eq!(case.decide().verdict, silent.decide().verdict);
    }
}
