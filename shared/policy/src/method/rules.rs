//! Step rules: every matching rule proposes an absolute capacity, with the semantics of AWS step scaling.

use crate::capacity::Capacity;
use crate::evidence::conditions::Evidence;
use crate::method::start::Start;
use crate::reason::Reason;
use crate::rule::{Adjustment, Amount, Comparison, Condition};
use crate::signal::Signal;

/// What the rules ask for together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    /// The capacity asked for, in tasks.
    pub(crate) tasks: u32,
    /// Why.
    pub(crate) reasons: Vec<Reason>,
    /// Nothing stands against a scale-in.
    pub(crate) agrees: bool,
}

/// The largest capacity wins. Only the steps of one signal downward are one policy, as in AWS: of `cpu < 40%, remove: 10%`
/// and `cpu < 30%, remove: 30%` the second holds at 25%, or it never would. Scale-in needs every voting signal fresh and every one agreeing; `asked` says that another
/// method asks for one.
pub(crate) fn demand(evidence: &[Evidence<'_>], start: Start, bounds: Capacity, asked: bool) -> Demand {
    let mut reasons = Vec::new();
    let mut scale_out = start.desired;
    let mut scale_in: Vec<(&Condition, u32)> = Vec::new();
    // What a rule asks for that holds, but not for sure, is not gone below.
    let mut least = 0;
    let mut short = None;
    for one in evidence {
        if !one.breaches {
            continue;
        }
        let Some(value) = one.value() else { continue };
        let condition = one.when.clone();
        if !one.matches() {
            reasons.push(Reason::RuleNotLongEnough { condition, value, held: one.held() });
            continue;
        }
        let proposes = propose(one.rule.adjust, start, bounds);
        if proposes < start.desired && !one.matches_surely() {
            reasons.push(Reason::RuleNotLongEnough { condition, value, held: one.surely_held() });
            least = least.max(proposes);
            continue;
        }
        if proposes > start.desired && !one.asks() {
            continue;
        }
        let since = if condition.is_of_alarm() { one.since() } else { None };
        reasons.push(Reason::RuleMatched { condition, value, since, proposes });
        if proposes < start.desired {
            match scale_in.iter_mut().find(|(when, _)| are_steps(when, one.when)) {
                Some((_, tasks)) => *tasks = proposes.min(*tasks),
                None => scale_in.push((one.when, proposes)),
            }
        } else {
            if proposes >= scale_out {
                short = why_no_more(one.rule.adjust, proposes, start);
            }
            scale_out = scale_out.max(proposes);
        }
    }
    if scale_out > start.desired {
        // Everything that asks for less has no place beside a scale-out.
        reasons.retain(|it| matches!(it, Reason::RuleMatched { proposes, .. } if *proposes > start.desired));
        reasons.extend(short);
        return Demand { tasks: scale_out, reasons, agrees: false };
    }
    reasons.extend(short);
    let scale_in = scale_in.into_iter().map(|(_, tasks)| tasks.max(least)).max();
    let mut objections = objections(evidence, start, bounds);
    let tasks = scale_in.filter(|_| objections.is_empty()).unwrap_or(start.desired);
    let agrees = objections.is_empty();
    if scale_in.is_some() || asked {
        // What breaches and what does not agree is one thing; it is said once.
        reasons.retain(|reason| !objections.iter().any(|other| is_same_condition(reason, other)));
    } else {
        // No rule proposes to scale in, so no signal has to agree; a missing reading is reported all the same.
        objections.retain(|reason| !matches!(reason, Reason::NotAgreed { .. }));
    }
    if reasons.is_empty() && objections.is_empty() {
        reasons.push(Reason::NothingMatches);
    }
    reasons.extend(objections);
    Demand { tasks, reasons, agrees }
}

/// Two steps downward of one signal.
fn are_steps(one: &Condition, other: &Condition) -> bool {
    let downward = |when: &Condition| matches!(when.comparison, Comparison::Below | Comparison::AtMost);
    downward(one) && downward(other) && one.signal == other.signal
}

/// A rule that does not hold for long enough, and stands against a scale-in.
fn is_same_condition(reason: &Reason, objection: &Reason) -> bool {
    let Reason::RuleNotLongEnough { condition, .. } = reason else { return false };
    matches!(objection, Reason::NotAgreed { condition: other, .. } if condition == other)
}

/// The absolute capacity that one rule proposes. An addition never lowers, a removal never raises.
fn propose(adjust: Adjustment, start: Start, bounds: Capacity) -> u32 {
    match adjust {
        Adjustment::Add(amount) => {
            let from = start.base().saturating_add(start.others());
            from.saturating_add(delta(amount, start.base())).max(start.desired)
        }
        Adjustment::Remove(amount) => start.desired.saturating_sub(delta(amount, start.desired)),
        Adjustment::Set(amount) => exact(amount, bounds),
    }
}

/// The capacity that a rule sets.
pub(crate) fn exact(amount: Amount, bounds: Capacity) -> u32 {
    match amount {
        Amount::Tasks(tasks) => tasks,
        Amount::Percent { percent, at_least } => {
            let share = u64::from(bounds.max()).saturating_mul(u64::from(percent)).div_ceil(100);
            u32::try_from(share).unwrap_or(u32::MAX).max(at_least)
        }
    }
}

/// The change in tasks. Percent is rounded as AWS does: toward zero, but never to zero (3.3 → 3, 0.4 → 1), then
/// raised to the smallest change allowed.
pub(crate) fn delta(amount: Amount, current: u32) -> u32 {
    match amount {
        Amount::Tasks(tasks) => tasks,
        Amount::Percent { percent, at_least } => {
            let hundredths = u64::from(current).saturating_mul(u64::from(percent));
            let whole = u32::try_from(hundredths.checked_div(100).unwrap_or(0)).unwrap_or(u32::MAX);
            let at_all = u32::from(hundredths > 0);
            whole.max(at_all).max(at_least)
        }
    }
}

/// Why a rule that adds asks for less than the plain sum.
fn why_no_more(adjust: Adjustment, proposes: u32, start: Start) -> Option<Reason> {
    let Adjustment::Add(amount) = adjust else { return None };
    let plain = start.desired.saturating_add(delta(amount, start.desired));
    if proposes >= plain {
        return None;
    }
    start
        .failing()
        .or(start.credit())
        .or(Some(Reason::StillStarting { running: start.running, pending: start.pending }))
}

/// Every voting signal that stands against a scale-in: one that is not fresh, one of whose rules breaches (long
/// enough or not) and asks for at least the present size, one that has scale-in rules of which none matches.
fn objections(evidence: &[Evidence<'_>], start: Start, bounds: Capacity) -> Vec<Reason> {
    let mut signals: Vec<&Signal> = evidence.iter().map(|one| &one.when.signal).collect();
    signals.sort_unstable();
    signals.dedup();
    signals.into_iter().filter_map(|signal| objection(signal, evidence, start, bounds)).collect()
}

/// What one signal has against a scale-in.
fn objection(signal: &Signal, evidence: &[Evidence<'_>], start: Start, bounds: Capacity) -> Option<Reason> {
    let rules = || evidence.iter().filter(|one| one.when.signal == *signal);
    if rules().all(|one| one.signal_reading.reading.is_none()) {
        return None;
    }
    if let Some(unread) = rules().find_map(Evidence::unread) {
        return Some(unread);
    }
    let lowers = |one: &&Evidence<'_>| propose(one.rule.adjust, start, bounds) < start.desired;
    let against = |one: &Evidence<'_>| Reason::NotAgreed { condition: one.when.clone(), value: one.value() };
    if let Some(breaching) = rules().find(|one| one.breaches && !lowers(one)) {
        return Some(against(breaching));
    }
    let agrees = rules().filter(lowers).any(Evidence::matches_surely);
    rules().find(|one| lowers(one) && is_scale_in_rule(one)).filter(|_| !agrees).map(against)
}

/// A rule that says when to scale in, so that its signal agrees only if it matches. `waiting < 50, set: 2` is one;
/// `waiting > 100, set: 10` is not, although it lowers a service of 12 tasks: while it does not match it says nothing.
fn is_scale_in_rule(one: &Evidence<'_>) -> bool {
    match (one.rule.adjust, one.when.comparison) {
        (Adjustment::Remove(_), _) | (Adjustment::Set(_), Comparison::Below | Comparison::AtMost) => true,
        (Adjustment::Add(_), _) | (Adjustment::Set(_), Comparison::Above | Comparison::AtLeast) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(current: u32, percent: u32, at_least: u32, expected: u32) {
        let amount = Amount::Percent { percent, at_least };
        assert_eq!(delta(amount, current), expected, "{percent}% of {current}, at least {at_least}");
    }

    /// Application Auto Scaling user guide, "How step scaling works": the worked roundings.
    #[test]
    fn percent_is_rounded_as_aws_documents_it() {
        check(11, 10, 0, 1); // 1.1
        check(11, 30, 0, 3); // 3.3
        check(13, 30, 0, 3); // 3.9, for a removal -3.9 to -3
        check(10, 67, 0, 6); // 6.7, for a removal -6.7 to -6
        check(4, 10, 0, 1); // 0.4 to 1
        check(4, 25, 2, 2); // MinAdjustmentMagnitude
        check(0, 50, 0, 0); // nothing of nothing
    }
}
