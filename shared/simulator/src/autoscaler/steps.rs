//! The guides' step rules, as their own scripts and schedules carry them out: every so often the newest published queue
//! length is compared with two thresholds.

use crate::evaluation::{Autoscaler, AutoscalerInput};

/// `waiting > A: + n`, `waiting < B: - m`.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRules {
    out_above: f64,
    in_below: f64,
    add: u32,
    remove: u32,
    every_seconds: u32,
    cooldown_out_seconds: f64,
    cooldown_in_seconds: f64,
    changed: Option<f64>,
}

impl StepRules {
    /// `CeleryQueueLength > 500: +5, < 50: -2`, evaluated every 5 minutes.
    #[must_use]
    pub fn every_five_minutes() -> Self {
        Self {
            out_above: 500.0,
            in_below: 50.0,
            add: 5,
            remove: 2,
            every_seconds: 300,
            cooldown_out_seconds: 0.0,
            cooldown_in_seconds: 0.0,
            changed: None,
        }
    }

    /// `waiting > 1000: +5, < 100: -2`, every minute, 60 s after any change before adding and 120 s before removing.
    #[must_use]
    pub fn with_cooldowns() -> Self {
        Self {
            out_above: 1_000.0,
            in_below: 100.0,
            every_seconds: 60,
            cooldown_out_seconds: 60.0,
            cooldown_in_seconds: 120.0,
            ..Self::every_five_minutes()
        }
    }

    fn rested(&self, now: f64, cooldown: f64) -> bool {
        self.changed.is_none_or(|changed| now - changed >= cooldown)
    }
}

impl Autoscaler for StepRules {
    fn interval_seconds(&self) -> Option<u32> {
        Some(self.every_seconds)
    }

    fn evaluate(&mut self, seen: &AutoscalerInput<'_>) -> Option<u32> {
        let waiting = seen.minutes.last()?.waiting;
        let to = if waiting > self.out_above && self.rested(seen.seconds, self.cooldown_out_seconds) {
            seen.total.saturating_add(self.add)
        } else if waiting < self.in_below && self.rested(seen.seconds, self.cooldown_in_seconds) {
            seen.total.saturating_sub(self.remove)
        } else {
            return None;
        };
        self.changed = Some(seen.seconds);
        Some(to)
    }
}
