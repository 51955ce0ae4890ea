//! Nothing that is partial, provisional, old or missing scales in: services that would scale in, and one reading of theirs
//! spoiled.

use proptest::prelude::*;
use tidegate_policy::memory::Settled;
use tidegate_policy::{
    Alarm, AlarmEvaluation, AlarmState, InFlight, MetricReading, Observation, OtherAutoscaler, Signal,
    Verdict,
};

use crate::arbitrary::{Range, case, observation};
use crate::properties::applied;
use crate::stage::{Stage, noon, refused, seconds};
use crate::track::track;

/// Each holds of a quiet service, and scales in.
const LOW: &[&str] = &[
    "waiting < 50: -1",
    "waiting < 80 for 2m: -1",
    "waiting_per_task < 5: -1",
    "depth < 60: -1",
    "in_flight < 9: -1",
    "delayed < 2: -1",
    "cpu < 30%: -1",
    "cpu < 40% for 5m: -1",
    "requests <= 100: -50%",
    "requests_per_task < 50: -1",
    "alarm(quiet): -1",
];

/// None holds of a quiet service; each has a vote against scaling in.
const HIGH: &[&str] = &[
    "waiting > 500: +5",
    "depth > 300 for 2m: +1",
    "stalled_for > 60: +2",
    "cpu > 70%: +2",
    "cpu >= 50% for 5m: +20%",
    "requests > 1000 for 3m: +3",
    "requests_per_task > 200: +2",
    "alarm(busy): +2",
];

/// Twenty tasks that have been quiet for twenty minutes, with everything known.
fn quiet(rules: &[&str], tracked: bool) -> Stage {
    let mut stage = Stage::new(1, 50, rules).tasks(20).in_flight(2);
    if tracked {
        stage.policy.track = vec![track("cpu", 50.0)];
    }
    stage.alarm("busy", AlarmState::Ok, -1_800).alarm("quiet", AlarmState::Alarm, -1_800);
    for minute in -20..=0 {
        stage.at(minute * 60);
        lately(&mut stage, "cpu", 20.0);
        lately(&mut stage, "requests", 90.0);
        let decision = stage.peek();
        // It watches only, so that no cooldown runs.
        stage.memory = decision.memory;
        stage.memory.settle("evaluation-0", Settled::Failed, stage.now);
        (stage.memory.failure, stage.memory.changed_at, stage.memory.scale_out) = (None, None, None);
    }
    stage
}

/// A metric's last ten minutes, the newest of which has settled.
fn lately(stage: &mut Stage, name: &str, value: f64) {
    let now = stage.now.duration_since(noon()).as_secs();
    let points: Vec<(i64, f64)> = (-10..=0).map(|minute| (now + minute * 60, value)).collect();
    stage.points(name, &points);
}

/// One reading and how it is spoiled: what it is called, the signals that rest on it, and the spoiling.
type Spoiling = (&'static str, fn(&Signal) -> bool, fn(&mut Stage));

fn is_queue(signal: &Signal) -> bool {
    !matches!(signal, Signal::Metric(_) | Signal::PerTask(_) | Signal::Alarm(_))
}

fn is_metric(signal: &Signal) -> bool {
    matches!(signal, Signal::Metric(_) | Signal::PerTask(_))
}

fn is_alarm(signal: &Signal) -> bool {
    matches!(signal, Signal::Alarm(_))
}

/// An alarm's state is an old one, or rests on a part of its data.
fn alarms(stage: &mut Stage, evaluation_state: &AlarmEvaluation) {
    for (name, state) in [("busy", AlarmState::Ok), ("quiet", AlarmState::Alarm)] {
        stage.alarm_read(
            name,
            Ok(Alarm { state, since: noon() - seconds(1_800), evaluation_state: evaluation_state.clone() }),
        );
    }
}

/// Every metric, and what was remembered of it, shows this instead.
fn metrics(stage: &mut Stage, show: impl Fn(&mut Stage, &'static str)) {
    stage.memory.metrics.clear();
    stage.memory.young.clear();
    stage.memory.runs.clear();
    for name in ["cpu", "requests"] {
        show(stage, name);
    }
}

const SPOILINGS: &[Spoiling] = &[
    ("the service cannot be read", |_| true, |stage| stage.seen.service = Err(refused())),
    ("a deployment is in progress", |_| true, |stage| stage.service().rollout = true),
    (
        "another autoscaler may be there",
        |_| true,
        |stage| {
            stage.service().constraints.other_autoscaler = OtherAutoscaler::Unknown(refused());
        },
    ),
    (
        "ECS shows what was before a scale-out",
        |_| true,
        |stage| {
            (stage.memory.desired_count, stage.memory.changed_at) = (Some(30), Some(stage.now - seconds(15)));
        },
    ),
    ("the queue cannot be read", is_queue, |stage| stage.seen.queue = Some(Err(refused()))),
    (
        "only a part of what workers hold was read",
        |_| true,
        |stage| {
            stage.queue().in_flight = InFlight::Partly { jobs: 2, read: 10, held: 90 };
        },
    ),
    ("CloudWatch does not answer", is_metric, |stage| {
        metrics(stage, |stage, name| {
            stage.metric(name, MetricReading::Failed(refused()));
        });
    }),
    ("CloudWatch knows nothing", is_metric, |stage| {
        metrics(stage, |stage, name| {
            stage.points(name, &[]);
        });
    }),
    ("every datapoint may still change", is_metric, |stage| {
        metrics(stage, |stage, name| {
            stage.answer(name, &[(-120, 1.0), (-60, 1.0), (0, 1.0)]);
        });
    }),
    ("every datapoint is half an hour old", is_metric, |stage| {
        metrics(stage, |stage, name| {
            let old: Vec<(i64, f64)> = (-40..=-30).map(|minute| (minute * 60, 1.0)).collect();
            stage.answer(name, &old);
        });
    }),
    ("the alarms have no data", is_alarm, |stage| {
        stage.alarm("busy", AlarmState::InsufficientData, -60).alarm(
            "quiet",
            AlarmState::InsufficientData,
            -60,
        );
    }),
    ("the alarms rest on a part of their data", is_alarm, |stage| {
        alarms(stage, &AlarmEvaluation::PartialData);
    }),
    ("the alarms are evaluated with an error", is_alarm, |stage| {
        alarms(stage, &AlarmEvaluation::Error);
    }),
    ("the alarms are not evaluated", is_alarm, |stage| {
        alarms(stage, &AlarmEvaluation::Failure);
    }),
    ("the alarms cannot be read", is_alarm, |stage| {
        stage.alarm_read("busy", Err(refused())).alarm_read("quiet", Err(refused()));
    }),
];

proptest! {
    /// The service does scale in before anything is spoiled, so that no case proves nothing.
    #[test]
    fn one_spoiled_reading_keeps_every_task(
        low in proptest::sample::subsequence(LOW, 1..=3),
        high in proptest::sample::subsequence(HIGH, 0..=3),
        tracked in any::<bool>(),
    ) {
        let stage = quiet(&[low, high].concat(), tracked);
        let decision = stage.peek();
        prop_assert!(matches!(decision.verdict, Verdict::ScaleIn { from: 20, .. }), "{decision}");
        let trackers = stage.policy.track.iter().map(|track| &track.signal);
        let votes: Vec<&Signal> = stage.policy.rules.iter().map(|rule| &rule.when.signal).chain(trackers).collect();
        for (what, rests_on_it, spoil) in SPOILINGS {
            if !votes.iter().any(|signal| rests_on_it(signal)) {
                continue;
            }
            let spoiled = stage.clone().with(spoil).peek();
            prop_assert!(!matches!(spoiled.verdict, Verdict::ScaleIn { .. }), "{what}: {spoiled}");
        }
    }

    /// ECS shows the service as it was before the change, and a queue or metrics of later.
    #[test]
    fn what_was_just_set_is_not_lowered_while_aws_shows_what_was_before(
        case in case(Range::Everyday),
        later in observation(Range::Everyday),
        after in 1..=30_i64,
    ) {
        let (Some(mut stale), Some((_, set))) = (applied(&case), case.decide().verdict.as_change()) else {
            return Ok(());
        };
        stale.seen = Observation { service: case.seen.service.clone(), ..later };
        stale.now += seconds(after);
        if let Some((from, to)) = stale.decide().verdict.as_change() {
            prop_assert!(to > set.max(from), "{} after {}", stale.decide(), case.decide());
        }
    }
}
