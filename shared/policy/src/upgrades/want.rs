//! Which class is wanted, and why: an operator first, then the business, then the load.

use crate::database::points::LoadPoints;
use crate::upgrades::memory::{ClassRequest, UpgradeMemory};
use crate::upgrades::policy::{ClassFloor, ClassLadder};
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::sustained::{Sustained, weigh};

/// What is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ClassWanted {
    /// The change, if there is one.
    pub(crate) change: Option<Want>,
    /// Whether anything is missing that might ask for it: what was planned is neither begun nor dropped then.
    pub(crate) is_unsure: bool,
    pub(crate) reasons: Vec<UpgradeReason>,
}

/// A change that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) to: String,
    pub(crate) why: String,
    pub(crate) by: WantedBy,
    /// A manual snapshot comes before it.
    pub(crate) snapshot: bool,
}

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedBy {
    /// An operator, in the window.
    Operator,
    /// An operator, at once.
    OperatorNow,
    /// The ladder: one rung.
    Ladder,
}

/// What is wanted of the instance that the fleet file names.
pub(crate) fn wanted(scene: &UpgradeScene<'_>, ladder: &ClassLadder, memory: &UpgradeMemory) -> ClassWanted {
    if let Some(request) = memory.request.as_ref().filter(|request| request.to != scene.main().class) {
        return asked(request);
    }
    let class = &scene.main().class;
    let Some(place) = ladder.place(class) else { return ClassWanted::default() };
    let floor = floor(scene, ladder);
    let larger = place.checked_add(1).and_then(|next| ladder.classes.get(next));
    let mut it =
        ClassWanted { change: None, is_unsure: floor.is_unsure, reasons: floor.reason.into_iter().collect() };
    let weighed: Vec<_> = ladder.up.iter().map(|condition| (condition, weigh(scene, condition))).collect();
    let holds = weighed.iter().find(|(_, state)| *state == Sustained::Holds).map(|(condition, _)| *condition);
    let why = match (floor.place > Some(place), holds) {
        (true, _) => it.reasons.first().map(ToString::to_string),
        (false, Some(condition)) => {
            it.reasons.push(UpgradeReason::Holds { condition: condition.clone() });
            Some(condition.to_string())
        }
        (false, None) => None,
    };
    match (why, larger) {
        (Some(why), Some(to)) => {
            it.change = Some(Want { to: to.clone(), why, by: WantedBy::Ladder, snapshot: false });
            return it;
        }
        (Some(_), None) => {
            it.reasons.push(UpgradeReason::AtTop { class: class.clone() });
            return it;
        }
        (None, _) => {}
    }
    for (condition, state) in weighed {
        if let Sustained::NotKnown(known) = state {
            it.is_unsure = true;
            it.reasons.push(UpgradeReason::NotWeighed { condition: condition.clone(), known });
        }
    }
    let is_above_floor = floor.place.is_none_or(|floor| place > floor);
    // What is not known may ask for more: nothing is made smaller then.
    if !it.is_unsure && is_above_floor {
        smaller(scene, ladder, place, &mut it);
    }
    it
}

fn asked(request: &ClassRequest) -> ClassWanted {
    let ClassRequest { to, now, snapshot, who, why, .. } = request;
    let by = if *now { WantedBy::OperatorNow } else { WantedBy::Operator };
    let reason = UpgradeReason::Asked { to: to.clone(), who: who.clone(), why: why.clone() };
    let change = Want { to: to.clone(), why: format!("{who} asked for it ({why})"), by, snapshot: *snapshot };
    ClassWanted { change: Some(change), is_unsure: false, reasons: vec![reason] }
}

/// The next smaller class, where all conditions hold.
fn smaller(scene: &UpgradeScene<'_>, ladder: &ClassLadder, place: usize, it: &mut ClassWanted) {
    let Some(to) = place.checked_sub(1).and_then(|lower| ladder.classes.get(lower)) else { return };
    if ladder.down.is_empty() {
        return;
    }
    let mut all_hold = true;
    for condition in &ladder.down {
        match weigh(scene, condition) {
            Sustained::Holds => {}
            Sustained::DoesNot => return,
            Sustained::NotKnown(known) => {
                all_hold = false;
                it.reasons.push(UpgradeReason::NotWeighed { condition: condition.clone(), known });
            }
        }
    }
    it.is_unsure = !all_hold;
    if all_hold {
        let holds = |condition: &_| UpgradeReason::Holds { condition: Clone::clone(condition) };
        it.reasons.extend(ladder.down.iter().map(holds));
        let why = ladder.down.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        it.change = Some(Want { to: to.clone(), why, by: WantedBy::Ladder, snapshot: false });
    }
}

/// What the business asks for.
#[derive(Debug, Clone, Default, PartialEq)]
struct FloorSays {
    place: Option<usize>,
    is_unsure: bool,
    reason: Option<UpgradeReason>,
}

/// The class of the highest row that is reached. A metric that is not known asks for nothing, and lets nothing become smaller.
fn floor(scene: &UpgradeScene<'_>, ladder: &ClassLadder) -> FloorSays {
    let Some(ClassFloor { by, rows }) = &ladder.floor else { return FloorSays::default() };
    let by = by.as_str().to_owned();
    // What may still change only raises, and what is old says nothing.
    let points = LoadPoints::of(&scene.seen.floor, None, scene.now);
    let Some(value) = points.and_then(|points| points.load(scene.now)) else {
        return FloorSays { is_unsure: true, reason: Some(UpgradeReason::FloorUnknown { by }), place: None };
    };
    let reached = rows.iter().rev().find(|(least, _)| value >= crate::reading::number(*least));
    let place = reached.map(|(_, place)| *place);
    let class = place.and_then(|place| ladder.classes.get(place)).cloned();
    let reason = class.map(|class| UpgradeReason::Floor { by, value, class });
    FloorSays { place, is_unsure: false, reason }
}
