//! CloudWatch alarms as `DescribeAlarms` shows them: a hundred per call, metric alarms, log alarms and composite ones alike.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, EvaluationState, StateValue};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_policy::{Absence, AbsenceKind, Alarm, AlarmEvaluation, AlarmName, AlarmState};
use tokio::time::{Instant, timeout_at};

use crate::clients::{CALLS_AT_ONCE, Clients};
use crate::error::absence;

mod composite;

use composite::{DescribedAlarm, STEPS_MAX};

/// `DescribeAlarms` takes at most 100 names (CloudWatch API reference).
const ALARMS_PER_CALL: usize = 100;

/// Only metric alarms come without being asked for.
const KINDS: [AlarmType; 3] = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm, AlarmType::LogAlarm];
/// What a Region knows that has no log alarms yet.
const KINDS_WITHOUT_LOG: [AlarmType; 2] = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm];

/// What was seen of each alarm asked for.
pub type Alarms = BTreeMap<AlarmName, Result<Alarm, Absence>>;

/// Reads alarms. Each has its own result; one that is not in the answer does not exist, which is never `OK`. What composite
/// alarms are made of is asked for after them; what is not answered before the deadline is not known.
pub async fn describe(clients: &Clients, names: &[&AlarmName], deadline: Instant) -> Alarms {
    let mut all = BTreeMap::new();
    let mut asked: BTreeSet<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
    for _ in 0..=STEPS_MAX {
        let found = timeout_at(deadline, describe_all(clients, &asked)).await.unwrap_or_default();
        let children = found.values().filter_map(|it: &DescribedAlarm| it.children.as_ref()).flatten();
        asked =
            children.filter(|name| !all.contains_key(*name) && !found.contains_key(*name)).cloned().collect();
        all.extend(found);
        if asked.is_empty() {
            break;
        }
    }
    let known = |name: &&AlarmName| Some(((*name).clone(), composite::known(all.get(name.as_str())?, &all)));
    names.iter().filter_map(known).collect()
}

/// The calls for these names, side by side.
async fn describe_all(clients: &Clients, names: &BTreeSet<String>) -> BTreeMap<String, DescribedAlarm> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let calls = stream::iter(names.chunks(ALARMS_PER_CALL)).map(|chunk| describe_once(clients, chunk));
    calls.buffer_unordered(CALLS_AT_ONCE).flat_map(stream::iter).collect().await
}

/// One call. A Region that does not know log alarms may refuse their name: then one more call, for the other kinds.
async fn describe_once(clients: &Clients, names: &[&str]) -> Vec<(String, DescribedAlarm)> {
    let mut answer = pages(clients, names, &KINDS).await;
    if answer.as_ref().is_err_and(|absence| absence.kind == AbsenceKind::Refused) {
        answer = pages(clients, names, &KINDS_WITHOUT_LOG).await;
    }
    let found = answer.map(|pages| pages.iter().flat_map(understand).collect::<BTreeMap<_, _>>());
    let one = |name: &&str| match &found {
        Ok(found) => found.get(*name).cloned().unwrap_or_else(|| {
            let missing = Absence::new(AbsenceKind::NotFound, "DescribeAlarms: no alarm of this name");
            DescribedAlarm { alarm: Err(missing), children: None }
        }),
        Err(absence) => DescribedAlarm { alarm: Err(absence.clone()), children: None },
    };
    names.iter().map(|name| ((*name).to_owned(), one(name))).collect()
}

/// The pages of one call.
async fn pages(
    clients: &Clients,
    names: &[&str],
    kinds: &[AlarmType],
) -> Result<Vec<DescribeAlarmsOutput>, Absence> {
    clients.buckets.describe_alarms.take().await;
    clients
        .cloudwatch
        .describe_alarms()
        .set_alarm_names(Some(names.iter().map(|name| (*name).to_owned()).collect()))
        .set_alarm_types(Some(kinds.to_vec()))
        .max_records(i32::try_from(ALARMS_PER_CALL).unwrap_or(i32::MAX))
        .into_paginator()
        .send()
        .try_collect()
        .await
        .map_err(|error| absence(&error))
}

/// The alarms of one page, of all kinds.
fn understand(page: &DescribeAlarmsOutput) -> Vec<(String, DescribedAlarm)> {
    let evaluated = |value, since, evaluation: Option<&EvaluationState>| {
        let alarm =
            evaluation_state(evaluation).and_then(|evaluation_state| state(value, since, evaluation_state));
        DescribedAlarm { alarm, children: None }
    };
    let metric = page.metric_alarms().iter().filter_map(|alarm| {
        let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
        Some((alarm.alarm_name()?, evaluated(alarm.state_value(), since, alarm.evaluation_state())))
    });
    let log = page.log_alarms().iter().filter_map(|alarm| {
        let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
        Some((alarm.alarm_name()?, evaluated(alarm.state_value(), since, alarm.evaluation_state())))
    });
    // A composite alarm has no evaluation of its own: it is as good as those that it is made of.
    let composite = page.composite_alarms().iter().filter_map(|alarm| {
        let since = alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp());
        let children = composite::children(alarm.alarm_rule().unwrap_or_default());
        let alarm_state = state(alarm.state_value(), since, AlarmEvaluation::Complete);
        Some((alarm.alarm_name()?, DescribedAlarm { alarm: alarm_state, children: Some(children) }))
    });
    metric.chain(log).chain(composite).map(|(name, described)| (name.to_owned(), described)).collect()
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
