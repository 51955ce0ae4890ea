//! Two rules on the CPU and a load that never changes: the service finds its size and stays there.

use tidegate_policy::{Datapoint, MetricReading};

use crate::stage::{Stage, noon, seconds};

/// A service that is stepped out above 70% and in below 35%.
#[derive(Debug, Clone, Copy)]
struct Steps {
    out: &'static str,
    r#in: &'static str,
    /// Its load, in tasks at 100%.
    load: f64,
    /// Seconds of a datapoint's period, and minutes until it can be read.
    period: i64,
    delay: i64,
    /// Seconds of both cooldowns.
    cooldown: i64,
}

impl Steps {
    /// The desired count at each minute of six hours; tasks run 60 seconds after they were asked for.
    fn day(self) -> Vec<u32> {
        let rules = [format!("cpu > 70%: {}", self.out), format!("cpu < 35%: {}", self.r#in)];
        let mut stage = Stage::new(1, 100, &[&rules[0], &rules[1]]).tasks(19).no_queue();
        stage.policy.cooldown.scale_out = seconds(self.cooldown);
        stage.policy.cooldown.scale_in = seconds(self.cooldown);
        stage.policy.interruptible = true;
        let mut asked = vec![(-7_200, 19)];
        let mut all = vec![];
        for minute in 0..360 {
            let now = minute * 60 + 20;
            stage.service().running_count = running(&asked, now);
            let reading = self.read(now, &asked);
            let verdict = stage.metric("cpu", reading).at(now).evaluate().verdict;
            asked.extend(verdict.as_change().map(|(_, to)| (now, to)));
            all.push(stage.service().desired_count);
        }
        all
    }

    /// The datapoints that can be read at a second.
    fn read(self, now: i64, asked: &[(i64, u32)]) -> MetricReading {
        let newest = (now - self.delay * 60).div_euclid(self.period) * self.period;
        let value = |end: i64| {
            let each = (end - self.period..end).step_by(5).map(|second| f64::from(running(asked, second)));
            let (used, measured) =
                each.fold((0.0, 0.0), |(used, all), tasks| (used + self.load.min(tasks), all + tasks));
            100.0 * used / measured
        };
        let ends = (0..6).rev().map(|back| newest - back * self.period);
        let points = ends.map(|end| Datapoint { at: noon() + seconds(end), value: value(end) }).collect();
        MetricReading::Points { period: seconds(self.period), points }
    }
}

/// How many run at a second: what leaves is gone at once.
fn running(asked: &[(i64, u32)], second: i64) -> u32 {
    let at = |moment: i64| asked.iter().rev().find(|(since, _)| *since <= moment).unwrap_or(&asked[0]).1;
    at(second - 60).min(at(second))
}

#[test]
fn a_constant_load_settles_whatever_the_steps_the_delays_and_the_cooldowns() {
    let mut days = 0;
    for (out, r#in) in [("+6", "-45%"), ("+2", "-2"), ("+50%", "-30%"), ("+1", "-6"), ("+100%", "-50%")] {
        for load in [1.3, 3.7, 5.1, 6.3, 7.9, 11.3, 14.9] {
            for (period, delay) in [(60, 1), (60, 3), (300, 1), (300, 3)] {
                for cooldown in [0, 60, 120, 300] {
                    let steps = Steps { out, r#in, load, period, delay, cooldown };
                    let seen = steps.day();
                    let last = *seen.last().unwrap();
                    assert!(seen[300..].iter().all(|size| *size == last), "{steps:?}: {seen:?}");
                    let cpu = load / f64::from(last) * 100.0;
                    assert!(cpu <= 70.0, "{cpu}% at the end, {steps:?}: {seen:?}");
                    days += 1;
                }
            }
        }
    }
    assert_eq!(days, 560);
}

/// A minute after eight of nineteen left, the newest datapoint still speaks of nineteen: 30% of them are 81% of seven.
#[test]
fn a_datapoint_is_multiplied_with_the_tasks_that_it_was_measured_over() {
    let mut stage = Stage::new(1, 100, &["cpu > 70%: +6", "cpu < 35%: -45%"]).tasks(19).no_queue();
    stage.policy.interruptible = true;
    stage.policy.cooldown.scale_in = seconds(60);
    stage.points("cpu", &[(-60, 30.0), (0, 30.0)]).at(60).evaluate();
    assert_eq!(stage.service().desired_count, 11);
    let decision = stage.arrive().points("cpu", &[(60, 30.0)]).at(120).evaluate();
    let text = decision.to_string();
    assert_eq!(stage.service().desired_count, 9, "{text}");
    assert!(text.contains("81.43%"), "{text}");
}
