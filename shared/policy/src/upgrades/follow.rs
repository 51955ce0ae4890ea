//! The change under way, followed by what RDS shows. It is over when RDS shows the new class and nothing is left to be done; it has
//! failed when RDS shows the old one again, or never began.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::database::call::DatabaseCall;
use crate::database::call::SHOWS_WITHIN;
use crate::replicas::observation::{Replication, Status};
use crate::upgrades::decision::ClassCall;
use crate::upgrades::downtime;
use crate::upgrades::memory::{ClassChange, ClassStep, UpgradeEnd, UpgradeMemory};
use crate::upgrades::observation::{ClassedInstance, RdsMessage};
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::rehearse::{LEFT_AT_LEAST, not_available};
use crate::upgrades::scene::UpgradeScene;

/// RDS shows the new class and something is left: after so long it is over all the same, and what is left is told.
const VERIFIED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// A change that was asked for at once is not sent again after this.
const SENT_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// An instance that a complete answer does not show for so long is gone.
const GONE_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// What one evaluation does about the change under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FollowedChange {
    pub(crate) call: Option<ClassCall>,
    /// What stands against sending the call once more.
    pub(crate) refusals: Vec<ClassRefusal>,
    pub(crate) reasons: Vec<UpgradeReason>,
}

impl FollowedChange {
    fn because(reason: UpgradeReason) -> Self {
        Self { call: None, refusals: Vec::new(), reasons: vec![reason] }
    }
}

/// RDS shows nothing of it yet: its call may be sent again, after a rehearsal like the first one.
pub(crate) fn may_be_sent_again(change: &ClassChange) -> bool {
    change.step == ClassStep::Requested && !change.was_seen && change.refused.is_empty()
}

/// Follows the change under way; `memory.change` is none where it is over. `refusals` is what stands against sending its call.
pub(crate) fn follow(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    change: &ClassChange,
    refusals: Vec<ClassRefusal>,
) -> FollowedChange {
    let Some(instance) = scene.find(&change.instance) else {
        return missed(memory, change, scene.now);
    };
    if instance.class == change.to {
        return verifying(scene, memory, change, instance);
    }
    let is_others = |class: &String| *class != change.from && *class != change.to;
    let other =
        Some(&instance.class).into_iter().chain(&instance.pending_class).find(|class| is_others(class));
    if let Some(other) = other {
        let detail = format!("it has {other} now, or will have");
        memory.end(UpgradeEnd::ChangedByOthers, &detail, scene.now);
        return FollowedChange::because(UpgradeReason::Failed {
            instance: change.instance.clone(),
            cause: detail,
        });
    }
    if let Status::Failed(status) = &instance.status {
        return failed(memory, change, &format!("its status is {status}"), scene.now);
    }
    if let Some(status) = works_on(instance, change) {
        let since = if change.step == ClassStep::Modifying { change.since } else { scene.now };
        memory.start(scene.now);
        memory.change = Some(ClassChange {
            step: ClassStep::Modifying,
            since,
            was_seen: true,
            is_started: true,
            back_since: None,
            ..change.clone()
        });
        let instance = change.instance.clone();
        return FollowedChange::because(UpgradeReason::Modifying { instance, status, since });
    }
    // Where RDS tells that it began or failed, nothing is sent again.
    if change.was_seen || told_of(scene, change).is_some() {
        given_up(scene, memory, change, instance)
    } else {
        asked(scene, memory, change, refusals)
    }
}

/// RDS works on it: the class is pending, or the status is one that a change of the class passes through.
fn works_on(instance: &ClassedInstance, change: &ClassChange) -> Option<String> {
    let Status::Changing(status) = &instance.status else {
        let is_pending = instance.pending_class.as_ref() == Some(&change.to);
        return is_pending.then(|| "available, with the class pending".to_owned());
    };
    let passes = ["modifying", "rebooting", "upgrading", "starting", "stopping", "maintenance"];
    (passes.contains(&status.as_str()) || instance.pending_class.is_some()).then(|| status.clone())
}

/// It is asked for, and RDS shows nothing of it yet: the call is sent again once what became of it is certainly known, as long as
/// the window allows it and nothing stands against it.
fn asked(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    change: &ClassChange,
    refusals: Vec<ClassRefusal>,
) -> FollowedChange {
    let instance = change.instance.clone();
    let waits = UpgradeReason::Requested { instance: instance.clone(), since: change.began };
    let Some(call) = &change.call else { return FollowedChange::because(waits) };
    let was_refused = !change.refused.is_empty();
    let pause = if call.taken || was_refused { SHOWS_WITHIN } else { call.pause() };
    if since(call.at, scene.now) < pause {
        return FollowedChange::because(waits);
    }
    if was_refused {
        return failed(memory, change, &change.refused, scene.now);
    }
    let last = match change.window_end {
        Some(end) => end.saturating_sub(LEFT_AT_LEAST).unwrap_or(end),
        None => change.began.saturating_add(SENT_WITHIN).unwrap_or(change.began),
    };
    if scene.now >= last {
        if since(call.at, scene.now) < SHOWS_WITHIN {
            return FollowedChange::because(waits);
        }
        let cause = if call.taken {
            "RDS accepted it, and shows nothing of it"
        } else {
            "whether RDS accepted it is not known, and it shows nothing of it"
        };
        return failed(memory, change, cause, scene.now);
    }
    if scene.observe || !refusals.is_empty() {
        return FollowedChange { call: None, refusals, reasons: vec![waits] };
    }
    let failures = if call.taken { 0 } else { call.failures.max(1) };
    let again =
        DatabaseCall { evaluation: scene.evaluation.to_owned(), at: scene.now, taken: call.taken, failures };
    memory.change = Some(ClassChange { call: Some(again), ..change.clone() });
    let call =
        ClassCall::Modify { instance: instance.clone(), from: change.from.clone(), to: change.to.clone() };
    FollowedChange {
        call: Some(call),
        refusals: Vec::new(),
        reasons: vec![UpgradeReason::SentAgain { instance }],
    }
}

/// RDS worked on it, and shows the old class with nothing pending: what it shows may be minutes old.
fn given_up(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    change: &ClassChange,
    instance: &ClassedInstance,
) -> FollowedChange {
    if instance.status != Status::Available {
        let status = not_available(&instance.status).unwrap_or_default();
        let (instance, since) = (change.instance.clone(), change.since);
        memory.change = Some(ClassChange { back_since: None, ..change.clone() });
        return FollowedChange::because(UpgradeReason::Modifying { instance, status, since });
    }
    let back_since = change.back_since.unwrap_or(scene.now);
    if since(back_since, scene.now) >= SHOWS_WITHIN {
        let said = told_of(scene, change).map(|text| format!("RDS: {text}"));
        let cause = said.unwrap_or_else(|| "RDS shows the old class, with nothing pending".to_owned());
        return failed(memory, change, &cause, scene.now);
    }
    memory.change = Some(ClassChange { back_since: Some(back_since), was_seen: true, ..change.clone() });
    let (instance, since) = (change.instance.clone(), change.since);
    let status = "available, with the old class".to_owned();
    FollowedChange::because(UpgradeReason::Modifying { instance, status, since })
}

/// The last thing that RDS tells of the change: that it began, ended or failed, which only an event may say (`Unable to modify database
/// instance class`).
fn told_of<'a>(scene: &UpgradeScene<'a>, change: &ClassChange) -> Option<&'a str> {
    let messages = scene.seen.messages.as_ref()?.as_ref().ok()?;
    let is_of_change = |message: &&RdsMessage| {
        let text = message.text.to_ascii_lowercase();
        let says =
            ["instance class", "insufficient instance capacity"].iter().any(|words| text.contains(words));
        message.at >= change.began && says
    };
    messages.iter().rev().find(is_of_change).map(|message| message.text.as_str())
}

/// RDS shows the new class.
fn verifying(
    scene: &UpgradeScene<'_>,
    memory: &mut UpgradeMemory,
    change: &ClassChange,
    instance: &ClassedInstance,
) -> FollowedChange {
    if let Status::Failed(status) = &instance.status {
        return failed(
            memory,
            change,
            &format!("it has {}, and its status is {status}", change.to),
            scene.now,
        );
    }
    memory.start(scene.now);
    let step_since = if change.step == ClassStep::Verifying { change.since } else { scene.now };
    let left = left(instance);
    let is_late = since(step_since, scene.now) >= VERIFIED_WITHIN && instance.status == Status::Available;
    if let Some(left) = left.as_ref().filter(|_| !is_late) {
        memory.change = Some(ClassChange {
            step: ClassStep::Verifying,
            since: step_since,
            was_seen: true,
            is_started: true,
            back_since: None,
            ..change.clone()
        });
        let instance = change.instance.clone();
        return FollowedChange::because(UpgradeReason::Verifying { instance, left: left.clone() });
    }
    let mut detail = downtime::seen(scene.seen.messages.as_ref(), change.began);
    if let Some(left) = left {
        detail = format!("{detail}; still {left}");
    }
    let took = memory.end(UpgradeEnd::Done, &detail, scene.now);
    if change.instance == scene.main().id {
        memory.changed_at = Some(scene.now);
        (memory.request, memory.planned) = (None, None);
    } else {
        memory.went_first(change);
        // What was asked for at once has begun: its time to begin is that of the instance which comes next.
        if let Some(request) = &mut memory.request {
            request.at = scene.now;
        }
    }
    let (instance, class) = (change.instance.clone(), change.to.clone());
    FollowedChange::because(UpgradeReason::Over { instance, class, took })
}

/// What is left to be done, if anything is.
fn left(instance: &ClassedInstance) -> Option<String> {
    if let Some(status) = not_available(&instance.status) {
        return Some(format!("its status is {status}"));
    }
    if instance.pending_class.is_some() {
        return Some("a class is pending".to_owned());
    }
    if let Some((group, _)) = instance.parameters.iter().find(|(_, status)| status == "applying") {
        return Some(format!("the parameter group {group} is being applied"));
    }
    if let Some(group) = instance.changing_security_groups.first() {
        return Some(format!("the security group {group} is being changed"));
    }
    match &instance.replication {
        Replication::Running => None,
        Replication::Broken { status, .. } => Some(format!("its replication is not running ({status})")),
    }
}

/// RDS does not show the instance.
fn missed(memory: &mut UpgradeMemory, change: &ClassChange, now: Timestamp) -> FollowedChange {
    let gone_since = change.back_since.unwrap_or(now);
    if since(gone_since, now) >= GONE_WITHIN {
        memory.end(UpgradeEnd::Vanished, "RDS does not show it any more", now);
    } else {
        memory.change = Some(ClassChange { back_since: Some(gone_since), ..change.clone() });
    }
    FollowedChange::because(UpgradeReason::Missed { instance: change.instance.clone() })
}

/// The instance that the fleet file names is in no answer.
pub(crate) fn main_missed(memory: &mut UpgradeMemory, now: Timestamp) -> Option<UpgradeReason> {
    let change = memory.change.clone()?;
    missed(memory, &change, now).reasons.pop()
}

fn failed(memory: &mut UpgradeMemory, change: &ClassChange, cause: &str, now: Timestamp) -> FollowedChange {
    memory.end(UpgradeEnd::Failed, cause, now);
    FollowedChange::because(UpgradeReason::Failed {
        instance: change.instance.clone(),
        cause: cause.to_owned(),
    })
}
