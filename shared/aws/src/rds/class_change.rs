//! The calls that change an instance itself: its class, after a last look, and how far RDS may raise its storage; and the snapshot
//! before a class. Of `ModifyDBInstance` nothing else is ever said.

use std::time::Duration;

use aws_sdk_rds::Config;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::types::DbInstance;
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::upgrades::decision::ClassCall;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::{CallError, Failure, Step};
use crate::rds::call_result::CallResult;
use crate::rds::classed::classed;
use crate::rds::last_look;
use crate::rds::snapshots;
use crate::rds::tags::ReplicaTags;
use crate::rds::understand::engine;

/// Sends the call of a decision, if its turn comes within `left`.
///
/// Before the class is changed the instance is described once more: with `ApplyImmediately` RDS applies everything that is pending,
/// somebody else's changes too. A backup takes minutes, and the window is open for longer. What is queued between that look and the call cannot be seen by anybody: the API has no condition.
pub async fn change_class(
    clients: &Clients,
    call: &ClassCall,
    tags: ReplicaTags<'_>,
    left: Duration,
) -> CallResult {
    let until = Instant::now().checked_add(left).unwrap_or_else(Instant::now);
    match call {
        ClassCall::Modify { instance, from, to } => {
            // Looked at in its own turn, right before the call: the turn of the call is awaited first.
            if left.is_zero() || !clients.buckets.change_rds.take_within(left).await {
                return CallResult::not_sent(None);
            }
            let step = || Step::ChangeClass { instance: instance.clone(), class: to.clone() };
            let shown = match last_look::instance(clients, instance, until, step()).await {
                Ok(shown) => shown,
                Err(not_looked) => return not_looked,
            };
            if let Some(words) = against(&shown, from) {
                return CallResult::withheld(step(), words);
            }
            if Instant::now() >= until {
                return CallResult::not_sent(None);
            }
            let call = clients
                .rds()
                .modify_db_instance()
                .db_instance_identifier(instance)
                .db_instance_class(to)
                .apply_immediately(true);
            // Sent once: a second attempt of the SDK would come without a last look, and be refused where the first was taken
            // and only its answer was lost.
            let once = Config::builder().retry_config(RetryConfig::disabled());
            let answer = Box::pin(call.customize().config_override(once).send()).await;
            CallResult::of(answer.map(|_| ()).map_err(|error| CallError::aws(step(), &error)))
        }
        ClassCall::TakeSnapshot { instance, snapshot } => {
            if left.is_zero() || !clients.buckets.change_rds.take_within(left).await {
                return CallResult::not_sent(None);
            }
            CallResult::of(snapshots::take(clients, instance, snapshot, tags).await)
        }
        ClassCall::RaiseMaxStorage { instance, to_gib } => {
            if left.is_zero() || !clients.buckets.change_rds.take_within(left).await {
                return CallResult::not_sent(None);
            }
            let step = Step::RaiseMaxStorage { instance: instance.clone(), gib: *to_gib };
            let Ok(max) = i32::try_from(*to_gib) else {
                return CallResult::of(Err(CallError::new(step, Failure::AboveCount { max: i32::MAX })));
            };
            // RDS applies this setting at once in any case; `ApplyImmediately` would apply what else is pending.
            let call = clients
                .rds()
                .modify_db_instance()
                .db_instance_identifier(instance)
                .max_allocated_storage(max);
            let answer = Box::pin(call.send()).await;
            CallResult::of(answer.map(|_| ()).map_err(|error| CallError::aws(step, &error)))
        }
    }
}

/// What stands against a change of the class, as the last look shows it.
fn against(shown: &DbInstance, from: &str) -> Option<String> {
    let engine = match engine(shown) {
        Ok(engine) => engine,
        Err(absence) => return Some(absence.to_string()),
    };
    let instance = classed(shown, engine);
    let id = &instance.id;
    let status = shown.db_instance_status().unwrap_or("no status");
    if instance.status != Status::Available || instance.is_storage_busy {
        let operation = shown.storage_operation_status().map(|it| format!(", storage {it}"));
        return Some(format!("just before the call {id} was {status}{}", operation.unwrap_or_default()));
    }
    if instance.class != from {
        return Some(format!("just before the call {id} was {}, not {from}", instance.class));
    }
    let class = instance.pending_class.map(|class| format!("the class {class}"));
    let pending: Vec<String> = class.into_iter().chain(instance.pending).collect();
    if !pending.is_empty() {
        return Some(format!("just before the call {} was pending for {id}", pending.join(", ")));
    }
    let (group, status) = instance.parameters.first()?;
    Some(format!("just before the call the parameter group {group} of {id} was {status}"))
}
