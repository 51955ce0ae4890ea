//! All methods together: the largest capacity wins, and scale-in needs every one of them to agree.

use crate::capacity::Capacity;
use crate::method::rules::{self, Start, Wish};
use crate::method::wait::Proposal;
use crate::pipeline::evidence::Evidence;
use crate::reason::Reason;

/// What the `wait` method says in one look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wait {
    /// The service has no such setting.
    NotSet,
    /// It asks for nothing and agrees to nothing, for this reason.
    Silent(Reason),
    /// It asks for a capacity.
    Asks(Proposal),
}

/// What the methods ask for.
pub(crate) fn wish(evidence: &[Evidence<'_>], start: Start, bounds: Capacity, wait: &Wait) -> Wish {
    match wait {
        Wait::NotSet => rules::wish(evidence, start, bounds, false),
        Wait::Silent(why) => {
            let wish = rules::wish(evidence, start, bounds, false);
            if wish.tasks > start.desired { wish } else { with(why, wish, start.desired) }
        }
        Wait::Asks(proposal) => agree(evidence, start, bounds, proposal),
    }
}

/// The rules beside a capacity that `wait` asks for.
fn agree(evidence: &[Evidence<'_>], start: Start, bounds: Capacity, wait: &Proposal) -> Wish {
    let desired = start.desired;
    let rules = rules::wish(evidence, start, bounds, wait.tasks < desired);
    if rules.tasks > desired && rules.tasks > wait.tasks {
        rules
    } else if wait.tasks > desired {
        let beside = if rules.tasks > desired { rules.reasons } else { vec![] };
        Wish { tasks: wait.tasks, reasons: [vec![wait.reason.clone()], beside].concat(), agrees: false }
    } else if rules.agrees {
        let rules_ask = if rules.tasks < desired { rules.tasks } else { 0 };
        with(&wait.reason, rules, wait.tasks.max(rules_ask))
    } else {
        with(&wait.reason, rules, desired)
    }
}

/// A wish of the rules with another size, and a reason before theirs.
fn with(why: &Reason, rules: Wish, tasks: u32) -> Wish {
    let others = rules.reasons.into_iter().filter(|reason| *reason != Reason::NothingMatches);
    Wish { tasks, reasons: std::iter::once(why.clone()).chain(others).collect(), agrees: rules.agrees }
}
