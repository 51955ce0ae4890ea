//! What is foretold of one target: of one that a later evaluation changes, by what is seen of it now.

use tidegate_aws::targets::TargetState;
use tidegate_policy::Absence;
use tidegate_policy::emergency::decision::{Aim, Work};
use tidegate_policy::emergency::delivery::Delivered;
use tidegate_policy::emergency::engage::{self, Changes, Size};
use tidegate_policy::emergency::incident::Targeted;
use tidegate_policy::emergency::missed::MissedActions;

use crate::seen::sight;

/// What a later evaluation will change, if the target stays as it is.
#[derive(Debug)]
pub(crate) struct Foreseen {
    /// What was described of it.
    pub(crate) state: Result<TargetState, Absence>,
    /// What is changed of it; `None` where it cannot be changed, or is not known.
    pub(crate) work: Option<Work>,
}

impl Foreseen {
    pub(crate) fn of(targeted: &Targeted, state: Result<TargetState, Absence>) -> Self {
        let size = Size { asked: targeted.asked, raise: targeted.raise };
        let work = state.as_ref().ok().and_then(|state| {
            let Changes { changes, to, limit } = engage::changes(size, &sight(state, None)).ok()?;
            Some(Work {
                target: String::new(),
                changes,
                from: state.service.desired_count,
                to,
                limit,
                kept: Vec::new(),
                missed: MissedActions::default(),
                aim: Aim::Size(size),
            })
        });
        Self { state, work }
    }
}

/// What was foretold of one target.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// What AWS gives of it, and when.
    pub(crate) delivered: Delivered,
    /// How many tasks it will have; `None` where that is not known.
    pub(crate) deliverable: Option<u32>,
    /// The quota that does not suffice, by its code.
    pub(crate) quota: Option<&'static str>,
}
