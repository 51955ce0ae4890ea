//! The metrics of minutes, as they are published: young ones read low and grow.

use rand_pcg::Pcg64;

use crate::evaluation::Minute;
use crate::number::{place, real};
use crate::random::{Purpose, dice, share};
use crate::world::setting::Sensing;

/// A minute is first seen with at least this share of its value.
const FIRST_SHARE: f64 = 0.3;

/// Minutes as they are, and as they are shown.
#[derive(Debug)]
pub(super) struct Minutes {
    delay_seconds: f64,
    settles_seconds: f64,
    whole: Vec<Minute>,
    shown: Vec<Minute>,
    /// The shares that minutes are first seen with.
    first: Vec<f64>,
    dice: Pcg64,
}

impl Minutes {
    pub(super) fn new(sensing: &Sensing, seed: u64) -> Self {
        Self {
            delay_seconds: sensing.metric_delay_seconds.into(),
            settles_seconds: sensing.metric_settles_seconds.into(),
            whole: Vec::new(),
            shown: Vec::new(),
            first: Vec::new(),
            dice: dice(seed, Purpose::Minutes),
        }
    }

    /// A minute is over.
    pub(super) fn push(&mut self, minute: Minute) {
        self.whole.push(minute);
        if self.settles_seconds > 0.0 {
            self.first.push(FIRST_SHARE + (1.0 - FIRST_SHARE) * share(&mut self.dice));
        }
    }

    /// What is published by now, in seconds since the load began.
    pub(super) fn published(&mut self, now: f64) -> &[Minute] {
        let count = place(((now - self.delay_seconds) / 60.0).max(0.0)).min(self.whole.len());
        if self.settles_seconds <= 0.0 {
            return self.whole.get(..count).unwrap_or_default();
        }
        // Those that changed since they were last shown: all that were young then, and all that are new.
        let young = place(self.settles_seconds / 60.0) + 2;
        let settled = self.shown.len().saturating_sub(young);
        self.shown.truncate(settled);
        let fresh = self.whole.iter().zip(&self.first).enumerate().take(count).skip(settled);
        self.shown.extend(fresh.map(|(index, (minute, first))| {
            let age = now - real(index + 1) * 60.0;
            let share = first + (1.0 - first) * (age / self.settles_seconds).clamp(0.0, 1.0);
            Minute {
                waiting: minute.waiting * share,
                in_flight: minute.in_flight * share,
                utilization: minute.utilization * share,
                tasks: minute.tasks * share,
            }
        }));
        &self.shown
    }
}
