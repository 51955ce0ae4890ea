//! Any alarms, any constraints, any other autoscaler, and anything that operators want reported.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidegate_policy::Severity;
use tidegate_policy::{
    Absence, Alarm, AlarmEvaluation, AlarmName, AlarmState, Constraints, Notify, OtherAutoscaler,
};

use super::{Range, count, duration, time};
use crate::stage::{condition, refused};

/// The one alarm that rules name.
pub(super) fn alarms(range: Range) -> impl Strategy<Value = BTreeMap<AlarmName, Result<Alarm, Absence>>> {
    let states = [AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData];
    let bases = [
        AlarmEvaluation::PartialData,
        AlarmEvaluation::Error,
        AlarmEvaluation::Failure,
        AlarmEvaluation::ChildUnknown("its alarm a is in INSUFFICIENT_DATA".to_owned()),
    ];
    let evaluation_state =
        prop_oneof![4 => Just(AlarmEvaluation::Complete), 1 => prop::sample::select(bases.to_vec())];
    let read = (prop::sample::select(states.to_vec()), time(range), evaluation_state)
        .prop_map(|(state, since, evaluation_state)| Alarm { state, since, evaluation_state });
    let read = prop_oneof![8 => read.prop_map(Ok), 1 => Just(Err(refused()))];
    option::weighted(0.95, read)
        .prop_map(|read| read.map(|read| (AlarmName::new("busy").unwrap(), read)).into_iter().collect())
}

pub(super) fn constraints(range: Range) -> impl Strategy<Value = Constraints> {
    let why = || option::weighted(0.1, Just("a process is suspended".to_owned()));
    let other = prop_oneof![
        12 => Just(OtherAutoscaler::Absent),
        2 => Just(OtherAutoscaler::Suspended),
        1 => Just(OtherAutoscaler::Active("Application Auto Scaling".to_owned())),
        1 => Just(OtherAutoscaler::Unknown(refused())),
    ];
    let bound = || option::weighted(0.2, count(range));
    let warmup = prop_oneof![3 => duration(Range::Everyday, &[0]), 1 => duration(range, &[60, 300])];
    let protected = prop_oneof![3 => Just(0), 1 => count(range)];
    let (express, failed) = (prop::bool::weighted(0.05), prop::bool::weighted(0.1));
    let some = (bound(), bound(), why(), why(), (protected, express, failed), warmup, other).prop_map(
        |(
            min,
            max,
            no_scale_out,
            no_scale_in,
            (protected, express, deployment_failed),
            warmup,
            other_autoscaler,
        )| {
            Constraints {
                min,
                max,
                no_scale_out,
                no_scale_in,
                express,
                deployment_failed,
                protected,
                warmup,
                other_autoscaler,
            }
        },
    );
    prop_oneof![1 => Just(Constraints::default()), 1 => some]
}

pub(super) fn notify() -> impl Strategy<Value = Vec<Notify>> {
    let conditions =
        ["cpu > 50%", "requests > 60 for 3m", "alarm(busy) for 1m", "waiting > 100", "requests_per_task > 5"];
    let one = prop::sample::select(conditions.to_vec())
        .prop_map(|text| Notify { when: condition(text), severity: Severity::Critical });
    vec(one, 0..4)
}
