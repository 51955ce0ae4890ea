//! Target tracking: `track: { signal: cpu, target: 70% }` keeps a value that the tasks share near its target.

use std::fmt;

use jiff::SignedDuration;

use crate::rule::{Comparison, Condition};
use crate::signal::{Signal, Unit};

/// Within this share of the target nothing changes, in either direction (Kubernetes' default; AWS scales in only below it).
pub const TOLERANCE: f64 = 0.1;

/// A value must have been low for this long before anything leaves, over real datapoints. Scale-out needs one datapoint:
/// it is an average over a minute already, a minute more is a minute late, and the tolerance takes the noise. Scale-in can
/// wait: five minutes are Kubernetes' window. AWS waits 15, and then takes many tasks at once; here one goes at a time.
pub const LOW_FOR: SignedDuration = SignedDuration::from_mins(5);

/// One tracker.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// A value that falls as tasks are added: an average over the tasks.
    pub signal: Signal,
    /// Where it is kept: finite, above zero, in `unit` (seconds for durations).
    pub target: f64,
    /// The unit the target was written with.
    pub unit: Unit,
    /// It may ask to scale in. Otherwise it only keeps what its value needs (AWS's `DisableScaleIn`).
    pub scale_in: bool,
}

impl Track {
    /// Above the target by more than this share of it, more tasks are needed: a tenth, or half of the way to 100%, which CPU and
    /// memory exceed only where a task may use more than it reserved (ECS on EC2).
    pub(crate) fn upward_tolerance(&self) -> f64 {
        let is_bounded = matches!(self.signal, Signal::Metric(_)) && self.signal.is_shared_by_tasks();
        let half_way = (100.0 / self.target - 1.0) / 2.0;
        if is_bounded && half_way > 0.0 { TOLERANCE.min(half_way) } else { TOLERANCE }
    }

    /// The condition under which it asks to scale in, with AWS's and Kubernetes' tolerance.
    #[must_use]
    pub fn low(&self) -> Condition {
        // A threshold such as 63% and not 62.99999999999999%: it is remembered, and shown, in words.
        let exact = self.target * (1.0 - TOLERANCE);
        let threshold = (exact * 1e9).round() / 1e9;
        let threshold = if threshold.is_finite() { threshold } else { exact };
        Condition {
            signal: self.signal.clone(),
            comparison: Comparison::Below,
            threshold,
            unit: self.unit,
            hold_for: LOW_FOR,
        }
    }
}

/// As the fleet file writes it: `cpu at 70%`.
impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}{}", self.signal, self.target, self.unit.suffix())
    }
}
