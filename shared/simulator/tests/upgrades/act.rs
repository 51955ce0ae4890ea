//! What happens in a story about a class.

use tidegate_policy::overrides::Held;
use tidegate_simulator::rds::{
    ClassDemand, ClassManualChange, ManualChange, ModifiedValue, RdsTroubles, SimulatedRds,
};

use crate::ground::{LADDER, by_hand};
use crate::ledger::ProcessStep;

/// One thing that happens in a story.
#[derive(Debug, Clone)]
pub(crate) enum ClassAct {
    /// So many times five minutes pass, with an evaluation in each, and one for each event.
    Ticks(u8),
    /// So many hours pass, with an evaluation in each.
    Hours(u8),
    /// The time passes until a quarter of an hour before the window, with an evaluation in each hour.
    ToWindow,
    /// The same, and two hours more in steps of five minutes.
    Window,
    /// Inside of the window an operator asks for something, and 25 minutes later for something else.
    AskedInWindow(AskedFor, AskedFor),
    /// Two evaluations at once, whose steps fall as the bits say.
    TwoAtOnce(u8),
    /// An evaluation is killed after so much.
    Killed(ProcessStep),
    /// An evaluation stops for so many quarters of a minute after its intent, while others go on.
    Frozen(u8),
    /// No evaluation for so many minutes.
    Outage(u16),
    /// Somebody else changes something.
    ByHand(ManualChange),
    /// From now on this is asked of the database.
    Demand(ClassDemand),
    /// From now on so much goes wrong.
    Troubles(RdsTroubles),
    /// Around the next last look somebody else does this.
    Meddles(ClassMeddling),
    /// While the next change is under way, somebody else does this.
    WhileChanging(ManualChange),
    /// An operator asks for a class.
    Asked(AskedFor),
    /// An operator holds the database, for so many minutes.
    Held(Held, u16),
    /// An emergency is in force, or over.
    Emergency(bool),
    /// SNS takes reports, or does not.
    Sns(bool),
}

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedFor {
    /// A class of the ladder by its place, or one outside of it; in the window or at once.
    To(usize, bool),
    /// The next one.
    Next(bool),
    /// A class of the ladder by its place, after a snapshot; in the window or at once.
    AfterSnapshot(usize, bool),
    /// Nothing any more.
    Withdraw,
}

/// What somebody else does around a last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClassMeddling {
    /// Queues a larger storage just before it.
    QueuesBefore,
    /// The same between it and the call: nobody can see that any more.
    QueuesAfter,
    /// Changes the parameters just before it.
    ParametersBefore,
    /// Changes the class just before it.
    ChangesBefore,
    /// The same between it and the call.
    ChangesAfter,
    /// Changes the class to the smallest right after the call.
    ChangesLater,
    /// Restarts it between the look and the call.
    RestartsAfter,
}

/// The moments at which somebody else meddles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MeddlingMoment {
    BeforeLook,
    BeforeCall,
    AfterCall,
}

/// Somebody else does what they do at this moment, if it is theirs.
pub(crate) fn meddle(meddling: Option<ClassMeddling>, moment: MeddlingMoment, world: &mut SimulatedRds) {
    let Some(meddling) = meddling else { return };
    let modify = |value, at_once| ClassManualChange::Modify { place: 0, value, at_once };
    let class = |place: usize| modify(ModifiedValue::Class(LADDER[place].to_owned()), true);
    let queued = modify(ModifiedValue::Storage(400), false);
    let (theirs, change) = match meddling {
        ClassMeddling::QueuesBefore => (MeddlingMoment::BeforeLook, queued),
        ClassMeddling::QueuesAfter => (MeddlingMoment::BeforeCall, queued),
        ClassMeddling::ParametersBefore => {
            (MeddlingMoment::BeforeLook, ClassManualChange::Parameters { place: 0 })
        }
        ClassMeddling::ChangesBefore => (MeddlingMoment::BeforeLook, class(3)),
        ClassMeddling::ChangesAfter => (MeddlingMoment::BeforeCall, class(3)),
        ClassMeddling::ChangesLater => (MeddlingMoment::AfterCall, class(0)),
        ClassMeddling::RestartsAfter => {
            if moment == MeddlingMoment::BeforeCall {
                world.change_by_hand(&ManualChange::RebootSource);
            }
            return;
        }
    };
    if theirs == moment {
        by_hand(world, change);
    }
}
