//! Everybody that production is compared with, by name.

use crate::autoscaler::fixed::Fixed;
use crate::autoscaler::keda::Keda;
use crate::autoscaler::steps::StepRules;
use crate::autoscaler::target_tracking::TargetTracking;
use crate::evaluation::Autoscaler;
use crate::world::WorldSettings;

/// The utilization that AWS's guides track.
const CPU_TARGET: f64 = 0.7;
/// The default `queueLength` of KEDA's SQS scaler.
const KEDA_DEFAULT: u32 = 5;

/// A rival.
pub struct Rival {
    /// Its name in tables and in `--json`; names stay.
    pub name: &'static str,
    /// The same for operators: what it is, in a few words.
    pub title: String,
    /// How it is set up.
    pub about: String,
    /// Itself, without memory.
    pub autoscaler: Box<dyn Autoscaler>,
}

/// All rivals for a setting, each as its own guide sets it up for the same recommendation: no job waits longer than
/// acceptable.
#[must_use]
pub fn rivals(setting: &WorldSettings) -> Vec<Rival> {
    let max = setting.capacity.max();
    // Half of the acceptable wait, as in the reference: with all of it half of the jobs would be late.
    let backlog = setting.acceptable_wait_seconds / 2.0 * setting.throughput;
    let slots = setting.concurrency.get();
    let rival = |name, title: &str, about: String, autoscaler: Box<dyn Autoscaler>| {
        let title = title.to_owned();
        Rival { name, title, about, autoscaler }
    };
    let mut rivals = vec![
        rival(
            "fixed-max",
            &format!("always {max} tasks"),
            format!("{max} tasks, always"),
            Box::new(Fixed(max)),
        ),
        rival(
            "steps-every-5m",
            "step rules every 5 minutes",
            "waiting > 500: +5, < 50: -2, every 5 minutes".to_owned(),
            Box::new(StepRules::every_five_minutes()),
        ),
        rival(
            "steps-with-cooldowns",
            "step rules with cooldowns",
            "waiting > 1000: +5, < 100: -2, cooldowns of 60 s and 120 s".to_owned(),
            Box::new(StepRules::with_cooldowns()),
        ),
        rival(
            "target-tracking-backlog",
            "AWS target tracking, backlog per task",
            format!("AWS target tracking at {backlog:.1} waiting jobs a task"),
            Box::new(TargetTracking::backlog(backlog)),
        ),
        rival(
            "target-tracking-cpu",
            "AWS target tracking, CPU",
            "AWS target tracking at 70 % of busy tasks".to_owned(),
            Box::new(TargetTracking::utilization(CPU_TARGET)),
        ),
        rival(
            "keda-default",
            &format!("KEDA, queueLength {KEDA_DEFAULT} (its default)"),
            format!("KEDA with its default queueLength, {KEDA_DEFAULT}"),
            Box::new(Keda::new(KEDA_DEFAULT.into())),
        ),
    ];
    if slots != KEDA_DEFAULT {
        rivals.push(rival(
            "keda-concurrency",
            &format!("KEDA, queueLength {slots} (jobs at a time)"),
            format!("KEDA with the right queueLength, {slots}"),
            Box::new(Keda::new(slots.into())),
        ));
    }
    rivals
}

impl std::fmt::Debug for Rival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, title, about, autoscaler: _ } = self;
        f.debug_struct("Rival")
            .field("name", name)
            .field("title", title)
            .field("about", about)
            .finish_non_exhaustive()
    }
}
