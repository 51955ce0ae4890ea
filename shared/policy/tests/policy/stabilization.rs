//! The stabilization window against its plain definition: scale-in goes no lower than the largest recommendation of the
//! window.

use proptest::prelude::*;
use tidegate_policy::InFlight;

use crate::stage::{Stage, seconds, size};
use crate::track::track;

/// A service that asks for one task for ten jobs that wait, at once and in any number.
fn following(window: i64, tasks: u32) -> Stage {
    Stage::new(0, 5_000, &[]).tasks(tasks).with(|stage| {
        stage.policy.track = vec![track("waiting_per_task", 10.0)];
        stage.policy.cooldown.scale_out = seconds(0);
        stage.policy.cooldown.scale_in = seconds(0);
        stage.policy.interruptible = true;
        stage.policy.stabilization = seconds(window);
    })
}

/// Every recommendation that there ever was, and until when it was in force.
#[derive(Debug, Default)]
struct Plain {
    recommendations: Vec<(i64, u32)>,
}

impl Plain {
    /// The largest recommendation in force at any moment of so many seconds before now.
    fn largest(&self, now: i64, window: i64) -> u32 {
        let replaced = self.recommendations.iter().skip(1).map(|(at, _)| *at).chain([now]);
        let in_force =
            self.recommendations.iter().zip(replaced).filter(|(_, replaced)| now - replaced < window);
        in_force.map(|((_, tasks), _)| *tasks).max().unwrap()
    }
}

proptest! {
    /// Never lower than the definition, and never longer than a sixteenth of the window later.
    #[test]
    fn the_largest_recommendation_of_the_window_counts_and_no_older_one(
        window in 30..3_600_i64,
        steps in proptest::collection::vec((1..90_i64, 0..100_u64, 0..400_u64), 1..250),
        falls in any::<bool>(),
    ) {
        let mut stage = following(window, 2_000);
        let mut plain = Plain { recommendations: vec![(0, 2_000)] };
        let (mut now, mut waiting) = (0, 20_000_u64);
        for (gap, fall, noise) in steps {
            now += gap;
            waiting = if falls { waiting.saturating_sub(fall) } else { 100 * fall };
            stage.queue().waiting = waiting + noise;
            stage.service().running_count = stage.service().desired_count;
            let memory = stage.at(now).evaluate().memory;
            let (recommendation, kept) = (memory.recommendations.last().unwrap().tasks, memory.recommendations.first().unwrap().tasks);
            if plain.recommendations.len() == 1 {
                plain.recommendations[0].0 = now;
            }
            plain.recommendations.push((now, recommendation));
            let (least, most) = (plain.largest(now, window), plain.largest(now, window + window / 16 + 1));
            prop_assert!((least..=most).contains(&kept), "{kept} is not within {least} and {most} at {now}");
        }
    }
}

/// A queue that empties over an hour and a half, at every interval and window that is usual: whatever is recommended less
/// and less, what is no longer in the window goes.
#[test]
fn while_less_and_less_is_recommended_the_window_moves_on() {
    for (window, every) in [(60, 15), (300, 15), (600, 15), (3_600, 15), (600, 60), (1_200, 60), (3_600, 60)]
    {
        let mut stage = following(window, 800);
        let needed = |at: i64| u32::try_from((800 - at / 8).max(30)).unwrap();
        for at in (0..7_200_i64).step_by(every) {
            stage.queue().waiting = u64::from(needed(at)) * 10;
            let decision = stage.arrive().at(at).evaluate();
            // A tracker lets a tenth be, and what it calls low must be so for five minutes.
            let longest = window + window / 16 + i64::try_from(every).unwrap() + 330;
            let late = needed((at - longest).max(0)) * 10 / 9 + 1;
            assert!(
                (needed(at)..=late).contains(&size(&decision)),
                "{} tasks at {at}, {late} at most with a window of {window}: {decision}",
                size(&decision)
            );
        }
    }
}

/// Recommendations that differ at every evaluation of the longest window.
#[test]
fn a_full_window_is_remembered_in_so_few_bytes() {
    let mut stage = following(3_600, 5_000);
    for evaluation in 0..240_u64 {
        stage.queue().waiting = 50_000 - evaluation * 50;
        stage.arrive().at(i64::try_from(evaluation).unwrap() * 15).evaluate();
    }
    let text = serde_json::to_string(&stage.memory).unwrap();
    let recommendations = text.split("\"wi\":").nth(1).unwrap().split("]]").next().unwrap();
    assert!(
        stage.memory.recommendations.len() >= 16 && recommendations.len() <= 290,
        "{} bytes: {recommendations}",
        recommendations.len()
    );
}

/// While a part is read, or a reading is missing, nothing recommends fewer: the window begins with the first evaluation
/// that knows.
#[test]
fn evaluations_that_do_not_know_everything_are_no_part_of_a_calm_window() {
    let mut stage = Stage::new(1, 20, &["waiting < 50: -1"]).tasks(5).waiting(0);
    stage.policy.stabilization = seconds(120);
    for at in (0..=300).step_by(60) {
        stage.at(at).queue().in_flight = InFlight::Partly { jobs: 0, read: 100, held: 3_000 };
        assert_eq!(size(&stage.evaluate()), 5, "{at} s: a part was read");
    }
    for (at, expected) in [(360, 5), (420, 5), (480, 4)] {
        stage.at(at).queue().in_flight = InFlight::Exactly(0);
        let decision = stage.evaluate();
        assert_eq!(size(&decision), expected, "{at} s: {decision}");
    }
}

#[test]
fn what_is_above_a_maximum_leaves_whether_or_not_it_was_needed() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(40).with(|stage| {
        stage.policy.stabilization = seconds(3_600);
        stage.policy.interruptible = true;
        stage.policy.largest_step.scale_in = std::num::NonZeroU32::new(100).unwrap();
    });
    stage.evaluate_for(600);
    stage.policy.capacity = tidegate_policy::Capacity::new(1, 10).unwrap();
    let decision = stage.wait(60).peek();
    assert_eq!(size(&decision), 10, "{decision}");
}
