//! What earlier evaluations changed and what others changed since, and what a change leaves for the evaluations after it:
//! an intent, the cooldowns, and what counts toward the next step.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::decision::Verdict;
use crate::emergency::lately::SizeSet;
use crate::memory::{Intent, Memory, Overwritten, ScaleOut};
use crate::pipeline::overwritten;
use crate::reason::Reason;
use crate::service::ServicePolicy;

/// `DescribeServices` may show what was before a change for a while (Amazon ECS documents eventual consistency): so long another
/// desired count than the one that was set is taken for that, and not for a change made outside Tidegate. Longer, and what an
/// operator sets by hand right after Tidegate is answered later.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// What is known of changes before this one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PastChanges {
    /// The scale-out whose cooldown may still run, with what others added to it.
    pub(crate) scale_out: Option<ScaleOut>,
    /// When the desired count was last changed by us.
    pub(crate) changed_at: Option<Timestamp>,
    /// When it was last raised from 0 by us.
    pub(crate) woke_at: Option<Timestamp>,
    /// The desired count is 0 because we set it.
    pub(crate) zeroed: bool,
    /// What it was before another process changed it.
    pub(crate) manual: Option<u32>,
    /// What `emergency-max` set since, and what it was before.
    pub(crate) emergency: Option<(u32, SizeSet)>,
    /// What was set here a moment ago, and is not shown yet.
    pub(crate) not_shown: Option<u32>,
    /// How often another process has overwritten what was set here.
    pub(crate) overwritten: Option<Overwritten>,
}

impl PastChanges {
    /// What is remembered, of a service that cannot be scaled now.
    pub(crate) fn remembered(memory: &Memory) -> Self {
        let Memory { scale_out, changed_at, woke_at, zeroed, overwritten, .. } = *memory;
        Self {
            scale_out,
            changed_at,
            woke_at,
            zeroed,
            manual: None,
            emergency: None,
            not_shown: None,
            overwritten,
        }
    }

    /// What is remembered, and what the desired count of now tells about it. A size that `emergency-max` set after the last
    /// change made here is neither a change made outside Tidegate nor one that AWS does not show yet.
    pub(crate) fn seen(memory: &Memory, desired: u32, emergency: Option<SizeSet>, now: Timestamp) -> Self {
        let mut changes = Self::remembered(memory);
        let expected = memory.desired_count.filter(|_| memory.intent.is_none());
        let other = expected.filter(|was| *was != desired);
        let is_newest = |set: &SizeSet| memory.changed_at.is_none_or(|at| at < set.at);
        changes.emergency = other.zip(emergency.filter(|set| set.to == desired && is_newest(set)));
        let other = other.filter(|_| changes.emergency.is_none());
        let just_set =
            memory.failure.is_none() && memory.changed_at.is_some_and(|at| since(at, now) <= SHOWN_WITHIN);
        (changes.manual, changes.not_shown) = if just_set { (None, other) } else { (other, None) };
        changes.overwritten = overwritten::follow(memory, changes.manual.is_some(), now);
        // What is added elsewhere counts toward no step.
        let before = changes.manual.or(changes.emergency.map(|(was, _)| was));
        if let (Some(was), Some(credit)) = (before, &mut changes.scale_out) {
            credit.others = credit.others.saturating_add(desired.saturating_sub(was));
        }
        // It may be 0 without being seen: about to be set, not shown yet, or set by a call whose answer was lost.
        let failed = memory.failure.and_then(|failure| failure.to);
        let may_be = [memory.intent.as_ref().map(|intent| intent.to), changes.not_shown, failed];
        changes.zeroed = changes.zeroed && (desired == 0 || may_be.contains(&Some(0)));
        changes
    }

    /// That the desired count was changed outside Tidegate, in words.
    pub(crate) fn manual_change(&self) -> Option<Reason> {
        self.manual.map(|was| Reason::ManualChange { was })
    }

    /// That `emergency-max` changed it, in words.
    pub(crate) fn by_emergency(&self) -> Option<Reason> {
        self.emergency.map(|(was, SizeSet { to, at })| Reason::SetByEmergency { to, was, at })
    }

    /// What is known after a verdict: a change that is about to be made is remembered as made.
    pub(crate) fn after(
        self,
        verdict: Verdict,
        asked: Option<RequestedScaleOut>,
        policy: &ServicePolicy,
        now: Timestamp,
    ) -> Self {
        let Some((from, to)) = verdict.as_change() else { return self };
        Self {
            scale_out: to.checked_sub(from).and_then(|added| self.credit(added, to, asked, policy, now)),
            changed_at: Some(now),
            woke_at: if from == 0 { Some(now) } else { self.woke_at },
            zeroed: to == 0,
            ..self
        }
    }

    /// What counts toward the next step. A cooldown begins with what a rule or a method adds. What a minimum, `hours` or a
    /// pin adds beyond it neither begins one nor counts (AWS: scheduled actions ignore cooldowns).
    fn credit(
        &self,
        added: u32,
        to: u32,
        asked: Option<RequestedScaleOut>,
        policy: &ServicePolicy,
        now: Timestamp,
    ) -> Option<ScaleOut> {
        let running = self.scale_out.filter(|it| credit_until(*it, policy, now).is_some());
        let Some(RequestedScaleOut { base, others, tasks, step }) = asked else {
            return running.map(|it| ScaleOut { others: it.others.saturating_add(added), ..it });
        };
        // Methods follow the load many times in a cooldown; if each began it anew, it would never end.
        let at = running.filter(|_| !step).map_or(now, |it| it.at);
        Some(ScaleOut { at, base, others: others.saturating_add(to.saturating_sub(tasks)) })
    }
}

/// A scale-out that rules or methods ask for, whatever minimum or pin there is beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestedScaleOut {
    /// What it starts from, and what others added since.
    pub(crate) base: u32,
    pub(crate) others: u32,
    /// The size asked for.
    pub(crate) tasks: u32,
    /// A rule asks for it, and no method for as much.
    pub(crate) step: bool,
}

/// Until when a scale-out counts toward the next one, if it still does.
pub(crate) fn credit_until(scale_out: ScaleOut, policy: &ServicePolicy, now: Timestamp) -> Option<Timestamp> {
    let until = scale_out.at.saturating_add(policy.cooldown.scale_out).ok()?;
    (now < until).then_some(until)
}

/// The change that a verdict is about to make, under the id of the evaluation that alone may make it.
pub(crate) fn intent(verdict: Verdict, id: &str, now: Timestamp) -> Option<Intent> {
    let (from, to) = verdict.as_change()?;
    Some(Intent { from, to, at: now, evaluation: id.to_owned() })
}
