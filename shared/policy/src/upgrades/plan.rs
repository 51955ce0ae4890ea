//! The change that waits for its window: announced before the window opens, begun inside it, and told when the window passes
//! without it.

use jiff::{SignedDuration, Timestamp};

use crate::database::notice::{DatabaseNotice, NoticePhase};
use crate::database::watch::ActiveNotices;
use crate::upgrades::ends::{PLAN, REFUSED, outcome};
use crate::upgrades::memory::{PlannedChange, UpgradeEnd, UpgradeMemory, UpgradeOutcome};
use crate::upgrades::scene::{UpgradeScene, WindowNow};
use crate::upgrades::want::{Want, WantedBy};

/// Operators know of a change so long before its window opens.
pub(crate) const TOLD_BEFORE: SignedDuration = SignedDuration::from_hours(24);
/// They are told an hour earlier: an evaluation may fail, and SNS may take it late.
const TELLS_BEFORE: SignedDuration = SignedDuration::from_hours(25);

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether the change may begin now, as far as the window is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WindowTurn {
    /// It is asked for at once.
    AtOnce,
    /// The window is open.
    Open(WindowNow),
    /// It waits until then.
    Waits(Timestamp),
    /// RDS shows no window that can be read.
    NoWindow,
}

/// What waits for its window, brought up to date. What is wanted by the ladder begins in a window only if operators were told of that
/// window a day before it opened: nobody is surprised by minutes of downtime. What an operator asks for begins in the open one.
pub(crate) fn plan(
    scene: &UpgradeScene<'_>,
    window: Option<WindowNow>,
    want: &Want,
    memory: &mut UpgradeMemory,
) -> WindowTurn {
    if want.by == WantedBy::OperatorNow {
        memory.planned = None;
        memory.forget_the_plan_told();
        return WindowTurn::AtOnce;
    }
    let Some(window) = window else { return WindowTurn::NoWindow };
    let before = memory.planned.take();
    let same = before.as_ref().filter(|planned| planned.to == want.to);
    let since = same.map_or(scene.now, |planned| planned.since);
    let was_begun = |opened: Timestamp| memory.began.iter().any(|began| began.window == Some(opened));
    let told =
        same.filter(|_| is_told(&memory.active)).and_then(|planned| Some((planned.window, planned.told?)));
    let is_a_day_before =
        |at: Timestamp, opens: Timestamp| at.saturating_add(TOLD_BEFORE).is_ok_and(|at| at <= opens);
    let is_early = |opens: Timestamp| {
        let was_told = told.is_some_and(|(window, at)| window == opens && is_a_day_before(at, opens));
        // It is told by this evaluation, or a later one, and is looked at again until then.
        want.by == WantedBy::Operator || was_told || is_a_day_before(scene.now, opens)
    };
    let open = window.began.filter(|opened| !was_begun(*opened) && is_early(*opened));
    let after = window.next.saturating_add(WEEK).unwrap_or(window.next);
    let waits = if is_early(window.next) { window.next } else { after };
    let aims_at = open.unwrap_or(waits);
    let is_as_told = same.is_some_and(|planned| planned.window == aims_at);
    let refused = same.filter(|_| is_as_told).map(|planned| planned.refused.clone());
    if before.is_some() && !is_as_told {
        // One that is not told anew now is told to be over.
        memory.active.remove(REFUSED);
        if is_near(aims_at, scene.now) {
            memory.forget_the_plan_told();
        }
    }
    memory.planned = Some(PlannedChange {
        to: want.to.clone(),
        why: want.why.clone(),
        since,
        window: aims_at,
        told: same.filter(|_| is_as_told).and_then(|planned| planned.told),
        refused: refused.unwrap_or_default(),
    });
    if open.is_some() { WindowTurn::Open(window) } else { WindowTurn::Waits(waits) }
}

/// The plan of that window is told by now.
pub(crate) fn is_near(window: Timestamp, now: Timestamp) -> bool {
    now.saturating_add(TELLS_BEFORE).is_ok_and(|within| window <= within)
}

/// SNS took what was last said of the plan. Where nothing is remembered of that, a change of it has begun.
fn is_told(active: &ActiveNotices) -> bool {
    active.get(PLAN).is_none_or(|notice| notice.notified)
}

/// The notice of the plan goes out in this evaluation: that counts once SNS has taken it, and until then it goes out again.
pub(crate) fn telling(
    memory: &mut UpgradeMemory,
    is_known: bool,
    notices: &[DatabaseNotice],
    now: Timestamp,
) {
    let is_plan = |notice: &DatabaseNotice| notice.about == PLAN && notice.phase == NoticePhase::Begins;
    if let Some(planned) = memory.planned.as_mut().filter(|_| !is_known && notices.iter().any(is_plan)) {
        planned.told = Some(now);
    }
}

/// Operators know of the plan.
pub(crate) fn is_known(memory: &UpgradeMemory) -> bool {
    memory.planned.as_ref().is_some_and(|planned| planned.told.is_some()) && is_told(&memory.active)
}

/// Tells of a window that has passed without the change that was planned for it. Called before anything is planned anew.
pub(crate) fn passed(scene: &UpgradeScene<'_>, window: Option<WindowNow>, memory: &mut UpgradeMemory) {
    let Some((planned, window)) = memory.planned.as_mut().zip(window) else { return };
    let end = planned.window.saturating_add(window.window.length()).unwrap_or(planned.window);
    if scene.now < end {
        return;
    }
    if memory.snapshot.is_some() && memory.request.as_ref().is_some_and(|request| request.snapshot) {
        return over_with_its_snapshot(scene, memory);
    }
    let detail = prevented_by(planned);
    let passed = UpgradeOutcome {
        instance: scene.main().id.clone(),
        from: scene.main().class.clone(),
        to: planned.to.clone(),
        snapshot: memory.request.as_ref().is_some_and(|request| request.snapshot),
        end: UpgradeEnd::WindowPassed,
        at: scene.now,
        began: planned.window,
        detail,
    };
    planned.window = window.next;
    memory.forget_the_plan_told();
    memory.tell(passed);
}

/// The window in which its snapshot was asked for is over: so is the request, or every window would take another snapshot. That the
/// snapshot is kept is told beside it.
fn over_with_its_snapshot(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory) {
    let Some((mut planned, request)) = memory.planned.take().zip(memory.request.take()) else { return };
    let cause = prevented_by(&mut planned);
    let why = format!(
        "its window passed ({cause}), and another one would take another snapshot: ask again, with a longer window or with \
         `now`"
    );
    memory.forget_the_plan_told();
    let refused = outcome(scene, &request.to, UpgradeEnd::Refused, why);
    memory.tell(UpgradeOutcome { snapshot: true, ..refused });
}

/// What prevented the change in its window at last.
fn prevented_by(planned: &mut PlannedChange) -> String {
    let nothing = "no evaluation looked at it in time".to_owned();
    if planned.refused.is_empty() { nothing } else { std::mem::take(&mut planned.refused) }
}

/// Something prevents the change while its window is open, which is told if the window passes.
pub(crate) fn prevented(memory: &mut UpgradeMemory, why: String, now: Timestamp) {
    if let Some(planned) = memory.planned.as_mut().filter(|planned| planned.window <= now) {
        planned.refused = why;
    }
}
