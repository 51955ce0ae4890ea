//! One setting to try: the service's policy with another `wait`, other bounds, or other steps.

use std::fmt;

use jiff::SignedDuration;
use tidegate_policy::rule::Span;
use tidegate_policy::{Adjustment, Amount, Capacity, Cooldown, Rule, ServicePolicy, Signal};

/// A policy and what was changed in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variation {
    pub(super) policy: ServicePolicy,
    /// What the steps and the thresholds of the queue's rules were multiplied by.
    pub(super) scale: Scale,
}

/// Factors on the rules that read the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) steps: f64,
    pub(super) thresholds: f64,
}

impl Scale {
    /// The rules as they are.
    pub(super) const NONE: Self = Self { steps: 1.0, thresholds: 1.0 };
}

impl Variation {
    /// The fleet file's own.
    pub(super) fn own(policy: &ServicePolicy) -> Self {
        Self { policy: policy.clone(), scale: Scale::NONE }
    }

    /// With another `wait`, beside whatever rules there are.
    pub(super) fn waiting(&self, wait: SignedDuration) -> Self {
        let policy = ServicePolicy { wait: Some(wait), ..self.policy.clone() };
        Self { policy, ..*self }
    }

    /// Without the rules that read the queue. Where none is left nothing needs the cooldowns of step rules, and `wait`
    /// has those that the fleet file gives it.
    pub(super) fn without_queue_rules(&self) -> Self {
        let mut policy = self.policy.clone();
        policy.rules.retain(|rule| !reads_the_queue(rule));
        if policy.rules.is_empty() && !self.policy.rules.is_empty() {
            policy.cooldown = Cooldown { scale_out: SignedDuration::ZERO, scale_in: SignedDuration::ZERO };
        }
        Self { policy, scale: Scale::NONE }
    }

    /// With the rules that read the queue scaled.
    pub(super) fn scaled(&self, scale: Scale) -> Self {
        let mut policy = self.policy.clone();
        for rule in policy.rules.iter_mut().filter(|rule| reads_the_queue(rule)) {
            rule.when.threshold = three_digits(rule.when.threshold * scale.thresholds);
            rule.adjust = match rule.adjust {
                Adjustment::Add(amount) => Adjustment::Add(times(amount, scale.steps, 1_000)),
                Adjustment::Remove(amount) => Adjustment::Remove(times(amount, scale.steps, 100)),
                Adjustment::Set(amount) => Adjustment::Set(amount),
            };
        }
        Self { policy, scale }
    }

    /// Within other bounds; `None` where a rule sets a size outside them, or nothing could scale any more.
    pub(super) fn within(&self, min: u32, max: u32) -> Option<Self> {
        let sets_outside = |rule: &Rule| matches!(rule.adjust, Adjustment::Set(Amount::Tasks(tasks)) if !(min..=max).contains(&tasks));
        let capacity = Capacity::new(min, max).ok().filter(|_| min < max)?;
        let fits = !self.policy.rules.iter().any(sets_outside);
        fits.then(|| Self { policy: ServicePolicy { capacity, ..self.policy.clone() }, scale: self.scale })
    }
}

/// Whether tuning may touch a rule: what CPU or a metric asks for is no matter of the queue.
pub(super) fn reads_the_queue(rule: &Rule) -> bool {
    !matches!(rule.when.signal, Signal::Metric(_))
}

fn times(amount: Amount, factor: f64, most_percent: u32) -> Amount {
    match amount {
        Amount::Tasks(tasks) => Amount::Tasks(rounded(tasks, factor).clamp(1, Capacity::LIMIT)),
        Amount::Percent { percent, at_least } => Amount::Percent {
            percent: rounded(percent, factor).clamp(1, most_percent),
            at_least: if at_least == 0 { 0 } else { rounded(at_least, factor).clamp(1, Capacity::LIMIT) },
        },
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and saturates")]
pub(super) fn rounded(number: u32, factor: f64) -> u32 {
    (f64::from(number) * factor).round() as u32
}

/// A threshold that people can read; what is replayed is what is written.
fn three_digits(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// `wait 45s, 2 to 20 tasks`, `rules with steps x2, 2 to 20 tasks`: one name for each setting that is tried.
impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, scale } = self;
        let rules = match (policy.rules.is_empty(), policy.rules.iter().any(reads_the_queue)) {
            (true, _) => None,
            (false, true) => Some("rules"),
            (false, false) => Some("rules on metrics"),
        };
        match (policy.wait, rules) {
            (Some(wait), None) => write!(f, "wait {}", Span(wait))?,
            (Some(wait), Some(rules)) => write!(f, "wait {} beside {rules}", Span(wait))?,
            (None, rules) => f.write_str(rules.unwrap_or("nothing"))?,
        }
        let as_written = |factor: f64| (factor - 1.0).abs() < f64::EPSILON;
        match (as_written(scale.steps), as_written(scale.thresholds)) {
            (true, true) => {}
            (false, true) => write!(f, " with steps x{}", scale.steps)?,
            (true, false) => write!(f, " with thresholds x{}", scale.thresholds)?,
            (false, false) => write!(f, " with steps x{}, thresholds x{}", scale.steps, scale.thresholds)?,
        }
        write!(f, ", {} to {} tasks", policy.capacity.min(), policy.capacity.max())
    }
}
