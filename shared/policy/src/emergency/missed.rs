//! Scheduled actions of Application Auto Scaling that came due while an emergency had them suspended, and the bounds that they
//! would have set.

use jiff::Timestamp;

use crate::emergency::schedule::ScheduledAction;
use crate::emergency::target::ScalableTarget;
use crate::reading::Absence;

/// What is known of the scheduled actions that were missed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MissedActions {
    /// Those that came due, in the order in which they did; each at its last time.
    pub due: Vec<DueAction>,
    /// The names of those whose schedule is not understood.
    pub not_understood: Vec<String>,
    /// Why they could not be read.
    pub unread: Option<Absence>,
}

/// A scheduled action that came due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueAction {
    /// `ScheduledActionName`.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

impl MissedActions {
    /// There is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { due, not_understood, unread } = self;
        due.is_empty() && not_understood.is_empty() && unread.is_none()
    }
}

/// The bounds that a target would have now, had its scheduled actions not been suspended since `after`. What is not known
/// of them changes nothing, and is said.
#[must_use]
pub fn bounds(
    before: ScalableTarget,
    actions: Result<&[ScheduledAction], &Absence>,
    after: Timestamp,
    now: Timestamp,
) -> (ScalableTarget, MissedActions) {
    let mut missed = MissedActions::default();
    if before.suspended.scheduled {
        // They would not have run without the emergency either.
        return (before, missed);
    }
    let actions = match actions {
        Ok(actions) => actions,
        Err(absence) => {
            missed.unread = Some(absence.clone());
            return (before, missed);
        }
    };
    let unknown = actions.iter().filter(|action| action.schedule.is_err());
    missed.not_understood = unknown.map(|action| action.name.clone()).collect();
    let mut due: Vec<(Timestamp, &ScheduledAction)> =
        actions.iter().filter_map(|action| Some((action.last_due(after, now)?, action))).collect();
    due.sort_by(|(at, action), (other, another)| (at, &action.name).cmp(&(other, &another.name)));
    let mut found = before;
    for (at, action) in due {
        let (min, max) = (action.min.unwrap_or(found.min), action.max.unwrap_or(found.max));
        // AWS refuses a minimum above the maximum.
        if min <= max {
            (found.min, found.max) = (min, max);
            missed.due.push(DueAction { name: action.name.clone(), at });
        }
    }
    (found, missed)
}
