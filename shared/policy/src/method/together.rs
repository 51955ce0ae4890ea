//! All methods together: the largest capacity wins, and scale-in needs every one of them to agree.

use crate::capacity::Capacity;
use crate::method::rules::{self, Wish};
use crate::method::wait::Proposal;
use crate::pipeline::evidence::Evidence;
use crate::pipeline::start::Start;
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

/// What a method beside the rules says in one look, or several of them together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Say {
    /// It has no vote.
    Nothing,
    /// It asks for nothing and agrees to nothing.
    Silent(Vec<Reason>),
    /// It asks for nothing, and agrees to no fewer than this.
    Allows {
        /// The least capacity.
        tasks: u32,
    },
    /// It asks for a capacity.
    Asks {
        /// The capacity.
        tasks: u32,
        /// Why.
        reasons: Vec<Reason>,
    },
}

impl Say {
    /// What `wait` says, in the words of all methods.
    pub(crate) fn of(wait: &Wait) -> Self {
        match wait {
            Wait::NotSet => Self::Nothing,
            Wait::Silent(why) => Self::Silent(vec![why.clone()]),
            Wait::Asks(proposal) => {
                Self::Asks { tasks: proposal.tasks, reasons: vec![proposal.reason.clone()] }
            }
        }
    }

    /// The capacity asked for; 0 where none is.
    pub(crate) fn asks(&self) -> u32 {
        match self {
            Self::Asks { tasks, .. } => *tasks,
            Self::Nothing | Self::Silent(_) | Self::Allows { .. } => 0,
        }
    }
}

/// Two methods together. Whoever asks for more than there is needs nobody's consent; to fewer both must agree.
pub(crate) fn both(one: Say, other: Say, desired: u32) -> Say {
    match (one, other) {
        (Say::Nothing, say) | (say, Say::Nothing) => say,
        (Say::Asks { tasks, reasons }, Say::Asks { tasks: other, reasons: others }) => {
            let (tasks, mut reasons, fewer, others) = if tasks >= other {
                (tasks, reasons, other, others)
            } else {
                (other, others, tasks, reasons)
            };
            // What asks for less has no place beside a scale-out.
            if tasks <= desired || fewer > desired {
                reasons.extend(others);
            }
            Say::Asks { tasks, reasons }
        }
        (Say::Asks { tasks, reasons }, _) | (_, Say::Asks { tasks, reasons }) if tasks > desired => {
            Say::Asks { tasks, reasons }
        }
        (Say::Asks { tasks, reasons }, Say::Allows { tasks: least })
        | (Say::Allows { tasks: least }, Say::Asks { tasks, reasons }) => {
            Say::Asks { tasks: tasks.max(least), reasons }
        }
        (Say::Asks { reasons, .. } | Say::Silent(reasons), Say::Silent(others))
        | (Say::Silent(reasons), Say::Asks { reasons: others, .. }) => {
            Say::Silent([reasons, others].concat())
        }
        (Say::Silent(reasons), Say::Allows { .. }) | (Say::Allows { .. }, Say::Silent(reasons)) => {
            Say::Silent(reasons)
        }
        (Say::Allows { tasks }, Say::Allows { tasks: other }) => Say::Allows { tasks: tasks.max(other) },
    }
}

/// What the rules and the methods beside them ask for.
pub(crate) fn wish(evidence: &[Evidence<'_>], start: Start, bounds: Capacity, say: Say) -> Wish {
    match say {
        Say::Nothing => rules::wish(evidence, start, bounds, false),
        Say::Allows { tasks } => {
            let wish = rules::wish(evidence, start, bounds, false);
            let least = tasks.min(start.desired);
            Wish { tasks: wish.tasks.max(least), ..wish }
        }
        Say::Silent(why) => {
            let wish = rules::wish(evidence, start, bounds, false);
            if wish.tasks > start.desired { wish } else { with(why, wish, start.desired) }
        }
        Say::Asks { tasks, reasons } => agree(evidence, start, bounds, tasks, reasons),
    }
}

/// The rules beside a capacity that other methods ask for.
fn agree(evidence: &[Evidence<'_>], start: Start, bounds: Capacity, tasks: u32, why: Vec<Reason>) -> Wish {
    let desired = start.desired;
    let rules = rules::wish(evidence, start, bounds, tasks < desired);
    if rules.tasks > desired && rules.tasks > tasks {
        rules
    } else if tasks > desired {
        let beside = if rules.tasks > desired { rules.reasons } else { vec![] };
        Wish { tasks, reasons: [why, beside].concat(), agrees: false }
    } else if rules.agrees {
        let rules_ask = if rules.tasks < desired { rules.tasks } else { 0 };
        with(why, rules, tasks.max(rules_ask))
    } else {
        with(why, rules, desired)
    }
}

/// A wish of the rules with another size, and reasons before theirs.
fn with(why: Vec<Reason>, rules: Wish, tasks: u32) -> Wish {
    let others = rules.reasons.into_iter().filter(|reason| *reason != Reason::NothingMatches);
    Wish { tasks, reasons: why.into_iter().chain(others).collect(), agrees: rules.agrees }
}
