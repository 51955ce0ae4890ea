//! The steps of a decision about a class, top to bottom.

use jiff::{SignedDuration, Timestamp};

use crate::clock::{since, to_the_millisecond};
use crate::database::call::DatabaseCall;
use crate::database::watch::compare;
use crate::overrides;
use crate::reading::{Absence, AbsenceKind};
use crate::upgrades::asked;
use crate::upgrades::decision::{ClassCall, UpgradeDecision, UpgradeState, WantedChange};
use crate::upgrades::ends::{PLAN, outcome};
use crate::upgrades::follow::{self, FollowedChange};
use crate::upgrades::memory::{
    ClassChange, ClassChangeBegan, ClassStep, UpgradeEnd, UpgradeMemory, UpgradeOutcome,
};
use crate::upgrades::notices;
use crate::upgrades::observation::{ClassedInstance, ClassedInstances, UpgradeObservation};
use crate::upgrades::plan::{self, WindowTurn};
use crate::upgrades::policy::UpgradePolicy;
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::rehearse;
use crate::upgrades::scene::UpgradeScene;
use crate::upgrades::snapshot::{self, SnapshotTurn};
use crate::upgrades::steps::UpgradeSteps;
use crate::upgrades::storage;
pub use crate::upgrades::turn::{ClassAsked, UpgradeTurn};
use crate::upgrades::want::{self, ClassWanted, Want};

/// The beginnings of so long are remembered: a window lasts a day at most.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

/// The class whose rehearsal is to be read for this decision: that of the change which is wanted, or whose call may be sent again.
#[must_use]
pub fn rehearsed(
    seen: &UpgradeObservation,
    policy: &UpgradePolicy,
    memory: &UpgradeMemory,
    turn: UpgradeTurn<'_>,
) -> Option<String> {
    let (instances, ladder) = (seen.instances.as_ref().ok()?, policy.ladder.as_ref()?);
    let mut memory = memory.clone();
    let scene = look(seen, instances, policy, &memory, turn);
    asked::ask(&scene, turn.asked, &mut memory);
    if let Some(change) = &memory.change {
        return follow::may_be_sent_again(change).then(|| change.to.clone());
    }
    want::wanted(&scene, ladder, &memory).change.map(|want| want.to)
}

/// Decides about the class and the storage of one database. Pure and total: the same arguments give the same decision, and none
/// panics.
pub fn decide(
    seen: &UpgradeObservation,
    policy: &UpgradePolicy,
    memory: &UpgradeMemory,
    turn: UpgradeTurn<'_>,
) -> UpgradeDecision {
    let now = to_the_millisecond(turn.now);
    let mut memory = memory.clone();
    memory.began.retain(|began| since(began.at, now) < REMEMBERED);
    let instances = match &seen.instances {
        Ok(instances) => instances,
        Err(absence) => return unread(absence, memory, UpgradeTurn { now, ..turn }),
    };
    let class = &instances.main.class;
    // What was measured before speaks of another class, whoever changed it.
    if memory.class != *class {
        memory.changed_at = if memory.class.is_empty() { memory.changed_at } else { Some(now) };
        memory.class.clone_from(class);
    }
    memory.forget_first(&instances.main);
    let scene = look(seen, instances, policy, &memory, UpgradeTurn { now, ..turn });
    asked::ask(&scene, turn.asked, &mut memory);
    let mut it = match memory.change.clone() {
        Some(change) => follow(&scene, &mut memory, &change),
        None => choose(&scene, &mut memory),
    };
    let is_asked_for = memory.request.as_ref().is_some_and(|request| request.snapshot);
    if memory.change.is_none() && !is_asked_for {
        memory.snapshot_kept(now);
    }
    if let Some(limits) = policy.storage {
        // One call an evaluation, and none beside a change of the class or the snapshot before it.
        if it.call.is_none() && memory.change.is_none() && memory.snapshot.is_none() {
            let (call, reason) = storage::raise(&scene, limits, &mut memory);
            it.call = call;
            it.reasons.extend(reason);
        }
        it.reasons.extend(notices::free_storage_reason(&scene, limits));
    }
    if it.reasons.is_empty() {
        let class = scene.main().class.clone();
        it.reasons.push(match policy.ladder {
            Some(_) => UpgradeReason::Suits { class },
            None => UpgradeReason::NotAsked,
        });
    }
    let watches = notices::all(&scene, &memory, &it);
    let is_known = plan::is_known(&memory);
    let lasting = compare(&mut memory.active, watches, true, now);
    plan::telling(&mut memory, is_known, &lasting, now);
    let UpgradeSteps { call, state, wanted, refusals, reasons } = it;
    let notices = lasting.into_iter().chain(memory.outcomes.iter().map(notices::happened)).collect();
    UpgradeDecision { call, state, wanted, refusals, reasons, notices, memory }
}

/// RDS could not be read: nothing is changed, and what an operator asks for is refused rather than kept for a later moment. An instance
/// that is certainly not there ends the change of it.
fn unread(absence: &Absence, mut memory: UpgradeMemory, turn: UpgradeTurn<'_>) -> UpgradeDecision {
    let now = turn.now;
    let mut reasons = vec![UpgradeReason::Unreadable { absence: absence.clone() }];
    if absence.kind == AbsenceKind::NotFound {
        reasons.extend(follow::main_missed(&mut memory, now));
    }
    plan::prevented(&mut memory, format!("RDS could not be read ({absence})"), now);
    if let Some(asked) = turn.asked {
        asked::unread(turn.database, asked, absence, &mut memory, now);
    }
    let lasting = compare(&mut memory.active, notices::unreadable(absence), false, now);
    let notices = lasting.into_iter().chain(memory.outcomes.iter().map(notices::happened)).collect();
    let state = UpgradeState::Unknown;
    UpgradeDecision { call: None, state, wanted: None, refusals: Vec::new(), reasons, notices, memory }
}

fn look<'a>(
    seen: &'a UpgradeObservation,
    instances: &'a ClassedInstances,
    policy: &'a UpgradePolicy,
    memory: &UpgradeMemory,
    turn: UpgradeTurn<'a>,
) -> UpgradeScene<'a> {
    UpgradeScene {
        seen,
        instances,
        policy,
        rows: overrides::of(turn.overrides, turn.database, turn.now),
        emergency: turn.emergency,
        evaluation: turn.evaluation,
        changed_at: memory.changed_at,
        observe: turn.observe,
        now: turn.now,
    }
}

/// The change under way goes on, or is over.
fn follow(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory, change: &ClassChange) -> UpgradeSteps {
    let against = rehearse::once_more(scene, memory, change);
    let FollowedChange { call, refusals, reasons } = follow::follow(scene, memory, change, against);
    if change.instance != scene.main().id {
        plan::prevented(memory, format!("the change of {} was under way", change.instance), scene.now);
    }
    let state = memory.change.as_ref().map_or(UpgradeState::Idle, |change| match change.step {
        ClassStep::Requested => UpgradeState::Requested,
        ClassStep::Modifying => UpgradeState::Modifying,
        ClassStep::Verifying => UpgradeState::Verifying,
    });
    let wanted = WantedChange {
        instance: change.instance.clone(),
        from: change.from.clone(),
        to: change.to.clone(),
        why: change.why.clone(),
        window: memory.planned.as_ref().map(|planned| planned.window).filter(|_| change.window_end.is_some()),
        is_multi_az: scene.find(&change.instance).is_some_and(|instance| instance.is_multi_az),
        first: Vec::new(),
        snapshot: false,
    };
    UpgradeSteps { call, state, wanted: memory.change.as_ref().map(|_| wanted), refusals, reasons }
}

/// Nothing is under way: what is wanted waits for its window, is refused, or begins.
fn choose(scene: &UpgradeScene<'_>, memory: &mut UpgradeMemory) -> UpgradeSteps {
    let mut it = UpgradeSteps {
        call: None,
        state: UpgradeState::Idle,
        wanted: None,
        refusals: Vec::new(),
        reasons: Vec::new(),
    };
    let Some(ladder) = &scene.policy.ladder else {
        memory.planned = None;
        return it;
    };
    let window = scene.window(ladder);
    plan::passed(scene, window, memory);
    let ClassWanted { change, is_unsure, reasons } = want::wanted(scene, ladder, memory);
    it.reasons = reasons;
    let Some(want) = change else {
        if is_unsure && memory.planned.is_some() {
            it.state = UpgradeState::Waiting;
            let why = it.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            plan::prevented(memory, why, scene.now);
        } else {
            memory.planned = None;
        }
        return it;
    };
    let instance = next(scene, &want);
    if instance.id != scene.main().id {
        let (replica, to) = (instance.id.clone(), want.to.clone());
        it.reasons.push(UpgradeReason::ReplicaFirst { replica, to });
    }
    let turn = plan::plan(scene, window, &want, memory);
    it.wanted = Some(wanted_change(scene, &want, memory));
    // One is there that an earlier request wanted, or the window in which it was taken was moved: nothing is sent for it any more.
    if !want.snapshot || matches!(turn, WindowTurn::Waits(_) | WindowTurn::NoWindow) {
        memory.snapshot_kept(scene.now);
    }
    let snapshot = snapshot::follow(scene, memory, &mut it);
    match snapshot {
        SnapshotTurn::GoesOn | SnapshotTurn::Again => {}
        SnapshotTurn::Waits => return it,
        SnapshotTurn::Failed => {
            it.wanted = None;
            return it;
        }
    }
    it.refusals = rehearse::refusals(scene, ladder, memory, &want, instance);
    it.reasons.extend(it.refusals.iter().cloned().map(UpgradeReason::Refused));
    it.state = if it.refusals.is_empty() { UpgradeState::Waiting } else { UpgradeState::Refused };
    match turn {
        WindowTurn::Waits(window) => it.reasons.push(UpgradeReason::Waits { window }),
        WindowTurn::NoWindow => {}
        WindowTurn::AtOnce if !it.refusals.is_empty() && snapshot::is_backing_up(memory, &it.refusals) => {}
        WindowTurn::Open(_) | WindowTurn::AtOnce if !it.refusals.is_empty() => {
            refused(scene, memory, &want, turn, &it.refusals);
        }
        WindowTurn::Open(_) | WindowTurn::AtOnce if snapshot == SnapshotTurn::Again => {
            snapshot::again(scene, memory, &mut it);
        }
        WindowTurn::Open(_) | WindowTurn::AtOnce
            if want.snapshot && memory.snapshot.is_none() && !scene.observe =>
        {
            snapshot::begin(scene, &want.to, memory, &mut it);
        }
        WindowTurn::Open(window) => begin(scene, memory, &want, instance, window.began, &mut it),
        WindowTurn::AtOnce => begin(scene, memory, &want, instance, None, &mut it),
    }
    it
}

/// What is wanted, with everything that comes before it.
fn wanted_change(scene: &UpgradeScene<'_>, want: &Want, memory: &UpgradeMemory) -> WantedChange {
    WantedChange {
        instance: scene.main().id.clone(),
        from: scene.main().class.clone(),
        to: want.to.clone(),
        why: want.why.clone(),
        window: memory.planned.as_ref().map(|planned| planned.window),
        is_multi_az: scene.main().is_multi_az,
        first: scene.go_first(&want.to).map(|replica| replica.id.clone()).collect(),
        snapshot: want.snapshot && memory.snapshot.is_none(),
    }
}

/// The instance that is changed next: the first of those that go before it, or itself.
fn next<'a>(scene: &UpgradeScene<'a>, want: &Want) -> &'a ClassedInstance {
    scene.go_first(&want.to).next().unwrap_or_else(|| scene.main())
}

/// Something stands against it now. What was asked for at once is over; what waits for a window is told when that has passed.
fn refused(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    want: &Want,
    turn: WindowTurn,
    refusals: &[ClassRefusal],
) {
    // That the window ends is no cause beside another one.
    let is_end = |refusal: &&ClassRefusal| matches!(refusal, ClassRefusal::WindowEnds { .. });
    let causes: Vec<String> = refusals.iter().filter(|it| !is_end(it)).map(ToString::to_string).collect();
    let end = refusals.iter().find(is_end).filter(|_| causes.is_empty());
    // A cause of before says more.
    if end.is_some() && memory.planned.as_ref().is_some_and(|planned| !planned.refused.is_empty()) {
        return;
    }
    let why = end.map_or_else(|| causes.join("; "), ToString::to_string);
    if turn == WindowTurn::AtOnce {
        memory.request = None;
        let refused = outcome(scene, &want.to, UpgradeEnd::Refused, why);
        memory.tell(UpgradeOutcome { snapshot: want.snapshot, ..refused });
    } else if let Some(planned) = &mut memory.planned {
        planned.refused = why;
    }
}

/// The change begins: the call is in the memory before it is sent.
fn begin(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    want: &Want,
    instance: &ClassedInstance,
    opened: Option<Timestamp>,
    it: &mut UpgradeSteps,
) {
    let (id, from, to) = (instance.id.clone(), instance.class.clone(), want.to.clone());
    let is_main = id == scene.main().id;
    if is_main || scene.observe {
        let observed = scene.observe;
        memory.began.push(ClassChangeBegan { at: scene.now, window: opened, observed });
    }
    if scene.observe {
        it.reasons.push(UpgradeReason::WouldBegin { instance: id, to });
        memory.tell(outcome(scene, &want.to, UpgradeEnd::Observed, want.why.clone()));
        (memory.request, memory.planned) = (None, None);
        memory.active.remove(PLAN);
        return;
    }
    let window = scene.policy.ladder.as_ref().and_then(|ladder| scene.window(ladder));
    let window_end =
        window.filter(|_| opened.is_some()).and_then(|window| scene.now.checked_add(window.left).ok());
    memory.change = Some(ClassChange {
        instance: id.clone(),
        from: from.clone(),
        to: to.clone(),
        why: want.why.clone(),
        step: ClassStep::Requested,
        since: scene.now,
        began: scene.now,
        window_end,
        call: Some(DatabaseCall::first(scene.evaluation, scene.now)),
        snapshot: memory.snapshot.take_if(|_| is_main).map(|snapshot| snapshot.id).unwrap_or_default(),
        offered: rehearse::zones_in_words(scene.seen.rehearsal.as_ref()),
        refused: String::new(),
        is_started: false,
        was_seen: false,
        back_since: None,
    });
    it.state = UpgradeState::Requested;
    it.reasons.push(UpgradeReason::Begins { instance: id.clone(), from: from.clone(), to: to.clone() });
    it.call = Some(ClassCall::Modify { instance: id, from, to });
}
