//! All methods together: the largest capacity wins, and scale-in needs every one of them to agree.

use crate::capacity::Capacity;
use crate::evidence::conditions::Evidence;
use crate::method::rules::{self, Demand};
use crate::method::start::Start;
use crate::method::wait::WaitProposal;
use crate::reason::Reason;

/// What the `wait` method says in one evaluation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WaitResult {
    /// The service has no such setting.
    NotSet,
    /// It asks for nothing and agrees to nothing, for this reason.
    Silent(Reason),
    /// It asks for a capacity.
    Asks(WaitProposal),
}

/// What a method beside the rules says in one evaluation, or several of them together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Proposal {
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

impl Proposal {
    /// What `wait` says, in the words of all methods.
    pub(crate) fn of(wait: &WaitResult) -> Self {
        match wait {
            WaitResult::NotSet => Self::Nothing,
            WaitResult::Silent(why) => Self::Silent(vec![why.clone()]),
            WaitResult::Asks(proposal) => {
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

/// Two methods together. Whoever asks for more than there is decides alone; to fewer both must agree.
pub(crate) fn both(one: Proposal, other: Proposal, desired: u32) -> Proposal {
    match (one, other) {
        (Proposal::Nothing, proposal) | (proposal, Proposal::Nothing) => proposal,
        (Proposal::Asks { tasks, reasons }, Proposal::Asks { tasks: other, reasons: others }) => {
            let (tasks, mut reasons, fewer, others) = if tasks >= other {
                (tasks, reasons, other, others)
            } else {
                (other, others, tasks, reasons)
            };
            // What asks for less has no place beside a scale-out.
            if tasks <= desired || fewer > desired {
                reasons.extend(others);
            }
            Proposal::Asks { tasks, reasons }
        }
        (Proposal::Asks { tasks, reasons }, _) | (_, Proposal::Asks { tasks, reasons })
            if tasks > desired =>
        {
            Proposal::Asks { tasks, reasons }
        }
        (Proposal::Asks { tasks, reasons }, Proposal::Allows { tasks: least })
        | (Proposal::Allows { tasks: least }, Proposal::Asks { tasks, reasons }) => {
            Proposal::Asks { tasks: tasks.max(least), reasons }
        }
        (Proposal::Asks { reasons, .. } | Proposal::Silent(reasons), Proposal::Silent(others))
        | (Proposal::Silent(reasons), Proposal::Asks { reasons: others, .. }) => {
            Proposal::Silent([reasons, others].concat())
        }
        (Proposal::Silent(reasons), Proposal::Allows { .. })
        | (Proposal::Allows { .. }, Proposal::Silent(reasons)) => Proposal::Silent(reasons),
        (Proposal::Allows { tasks }, Proposal::Allows { tasks: other }) => {
            Proposal::Allows { tasks: tasks.max(other) }
        }
    }
}

/// What the rules and the methods beside them ask for.
pub(crate) fn demand(
    evidence: &[Evidence<'_>],
    start: Start,
    bounds: Capacity,
    proposal: Proposal,
) -> Demand {
    match proposal {
        Proposal::Nothing => rules::demand(evidence, start, bounds, false),
        Proposal::Allows { tasks } => {
            let demand = rules::demand(evidence, start, bounds, false);
            let least = tasks.min(start.desired);
            Demand { tasks: demand.tasks.max(least), ..demand }
        }
        Proposal::Silent(why) => {
            let demand = rules::demand(evidence, start, bounds, false);
            if demand.tasks > start.desired { demand } else { with(why, demand, start.desired) }
        }
        Proposal::Asks { tasks, reasons } => agree(evidence, start, bounds, tasks, reasons),
    }
}

/// The rules beside a capacity that other methods ask for.
fn agree(evidence: &[Evidence<'_>], start: Start, bounds: Capacity, tasks: u32, why: Vec<Reason>) -> Demand {
    let desired = start.desired;
    let rules = rules::demand(evidence, start, bounds, tasks < desired);
    if rules.tasks > desired && rules.tasks > tasks {
        rules
    } else if tasks > desired {
        let beside = if rules.tasks > desired { rules.reasons } else { vec![] };
        Demand { tasks, reasons: [why, beside].concat(), agrees: false }
    } else if rules.agrees {
        let rules_ask = if rules.tasks < desired { rules.tasks } else { 0 };
        with(why, rules, tasks.max(rules_ask))
    } else {
        with(why, rules, desired)
    }
}

/// A recommendation of the rules with another size, and reasons before theirs.
fn with(why: Vec<Reason>, rules: Demand, tasks: u32) -> Demand {
    let others = rules.reasons.into_iter().filter(|reason| *reason != Reason::NothingMatches);
    Demand { tasks, reasons: why.into_iter().chain(others).collect(), agrees: rules.agrees }
}
