//! CloudWatch alarms as `DescribeAlarms` shows them: a hundred per call, metric alarms and composite ones alike.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, EvaluationState, StateValue};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_policy::{Absence, AbsenceKind, Alarm, AlarmEvaluation, AlarmName, AlarmState};

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;

/// `DescribeAlarms` takes at most 100 names (CloudWatch API reference).
const ALARMS_PER_CALL: usize = 100;

/// What was seen of each alarm asked for.
pub type Alarms = BTreeMap<AlarmName, Result<Alarm, Absence>>;

/// Reads alarms. Each has its own result; one that is not in the answer does not exist, which is never `OK`.
pub async fn describe(clients: &Clients, names: &[&AlarmName]) -> Alarms {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let calls = stream::iter(names.chunks(ALARMS_PER_CALL)).map(|chunk| describe_once(clients, chunk));
    calls.buffer_unordered(CALLS_AT_ONCE).flat_map(stream::iter).collect().await
}

/// One call.
async fn describe_once(clients: &Clients, names: &[&AlarmName]) -> Vec<(AlarmName, Result<Alarm, Absence>)> {
    clients.buckets.describe_alarms.take().await;
    let pages = clients
        .cloudwatch
        .describe_alarms()
        .set_alarm_names(Some(names.iter().map(|name| name.as_str().to_owned()).collect()))
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(i32::try_from(ALARMS_PER_CALL).unwrap_or(i32::MAX))
        .into_paginator()
        .send()
        .try_collect()
        .await;
    let pages = match pages {
        Ok(pages) => pages,
        Err(error) => {
            let absence = absence(&error);
            return names.iter().map(|name| ((*name).clone(), Err(absence.clone()))).collect();
        }
    };
    let found: BTreeMap<&str, Result<Alarm, Absence>> = pages.iter().flat_map(understand).collect();
    let missing = || Err(Absence::new(AbsenceKind::NotFound, "DescribeAlarms: no alarm of this name"));
    names
        .iter()
        .map(|name| ((*name).clone(), found.get(name.as_str()).cloned().unwrap_or_else(missing)))
        .collect()
}

/// The alarms of one page, of both kinds.
fn understand(page: &DescribeAlarmsOutput) -> Vec<(&str, Result<Alarm, Absence>)> {
    let metric = page.metric_alarms().iter().filter_map(|alarm| {
        let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
        let evaluation_state = evaluation_state(alarm.evaluation_state());
        let seen =
            evaluation_state.and_then(|evaluation_state| state(alarm.state_value(), since, evaluation_state));
        Some((alarm.alarm_name()?, seen))
    });
    // A composite alarm has no evaluation of its own: it is as fresh as those that it is made of.
    let composite = page.composite_alarms().iter().filter_map(|alarm| {
        let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
        Some((alarm.alarm_name()?, state(alarm.state_value(), since, AlarmEvaluation::Complete)))
    });
    metric.chain(composite).collect()
}

fn unreadable(what: &str) -> Absence {
    Absence::new(AbsenceKind::Unreadable, format!("DescribeAlarms: {what}"))
}

/// What a state rests on.
fn evaluation_state(state: Option<&EvaluationState>) -> Result<AlarmEvaluation, Absence> {
    Ok(match state {
        None => AlarmEvaluation::Complete,
        Some(EvaluationState::PartialData) => AlarmEvaluation::PartialData,
        Some(EvaluationState::EvaluationError) => AlarmEvaluation::Error,
        Some(EvaluationState::EvaluationFailure) => AlarmEvaluation::Failure,
        Some(other) => return Err(unreadable(&format!("the unknown evaluation state `{}`", other.as_str()))),
    })
}

/// A state, since when, and what it rests on.
fn state(
    value: Option<&StateValue>,
    since: Option<&DateTime>,
    evaluation_state: AlarmEvaluation,
) -> Result<Alarm, Absence> {
    let state = match value {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        Some(StateValue::InsufficientData) => AlarmState::InsufficientData,
        Some(other) => return Err(unreadable(&format!("the unknown state `{}`", other.as_str()))),
        None => return Err(unreadable("an alarm without a state")),
    };
    let since = since.and_then(|since| Timestamp::from_millisecond(since.to_millis().ok()?).ok());
    let since = since.ok_or_else(|| unreadable("an alarm without the time of its state"))?;
    Ok(Alarm { state, since, evaluation_state })
}
