//! `tidegate pin` and `tidegate release`: one row of the ledger's overrides, written or taken away.

use jiff::Timestamp;
use serde_json::json;
use tidegate_aws::ledger::{Ledger, LedgerItem};
use tidegate_aws::{CallError, Clients};
use tidegate_policy::Override;
use tidegate_policy::overrides::OverrideKind;
use tidegate_scaling::{FleetMemory, PARTS};

use crate::arguments::{LedgerOptions, PinOptions, ReleaseOptions};
use crate::outcome::{self, CommandOutput, FAILED, REFUSED};

/// Pins a service. A new pin takes the place of an older one for the same service.
pub(crate) fn pin(options: &PinOptions) -> CommandOutput {
    let PinOptions { target, tasks, lasting, why, place } = options;
    let now = now();
    let row = Override {
        target: target.clone(),
        kind: OverrideKind::Pin(*tasks),
        until: now.saturating_add(*lasting).unwrap_or(Timestamp::MAX),
        who: place.who.clone(),
        why: why.clone(),
    };
    let until = row.until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let LedgerOptions { fleet_name, ledger, .. } = place;
    let said = format!(
        "{target} is pinned at {tasks} until {until}; the next evaluation, within a minute, sets it\n\
         undo: tidegate release {target} --fleet-name {fleet_name} --ledger {ledger}\n"
    );
    let changed = change(place, now, Some(target), |rows| {
        rows.retain(|row| !is_pin_of(row, target));
        rows.push(row.clone());
        Ok(())
    });
    answer(changed, place, said)
}

/// Releases a service. There must be something to release.
pub(crate) fn release(options: &ReleaseOptions) -> CommandOutput {
    let ReleaseOptions { target, place } = options;
    // A write whose answer was lost is tried again, and finds its own work done.
    let found = std::cell::Cell::new(false);
    let changed = change(place, now(), None, |rows| {
        found.set(found.get() || rows.iter().any(|row| is_pin_of(row, target)));
        rows.retain(|row| !is_pin_of(row, target));
        let nothing = || format!("nothing is pinned for `{target}` in fleet `{}`", place.fleet_name);
        found.get().then_some(()).ok_or_else(nothing)
    });
    answer(changed, place, format!("{target} is released; its rules decide again from the next evaluation\n"))
}

/// A pin is only worth its answer if some evaluation will read it: the fleet must have been evaluated, and the service be
/// one that is scaled.
fn is_scaled(items: &[LedgerItem<FleetMemory>], target: &str, place: &LedgerOptions) -> Result<(), String> {
    let LedgerOptions { fleet_name, ledger, .. } = place;
    let enforce = || items.iter().flat_map(|item| item.memory.enforce.keys());
    let observe = || items.iter().flat_map(|item| item.memory.observe.keys());
    if items.iter().all(|item| item.version == 0) {
        return Err(format!(
            "fleet `{fleet_name}` has never completed an evaluation in the ledger `{ledger}`"
        ));
    }
    if enforce().any(|name| name == target) {
        return Ok(());
    }
    if observe().any(|name| name == target) {
        return Err(format!("`{target}` is in observe mode: a pin would set nothing"));
    }
    let known: Vec<&str> = enforce().chain(observe()).map(String::as_str).collect();
    Err(format!("no service `{target}` in fleet `{fleet_name}`; known: `{}`", known.join("`, `")))
}

fn is_pin_of(row: &Override, target: &str) -> bool {
    row.target == target && matches!(row.kind, OverrideKind::Pin(_))
}

/// The time, without fractions that nobody reads.
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Why nothing was changed.
enum OverrideError {
    /// The answer is no.
    No(String),
    /// This process cannot wait for AWS.
    NotStarted(std::io::Error),
    /// The ledger cannot be read or written.
    Failed(CallError),
}

/// Changes the overrides; `scaled` names a service that some evaluation must know.
fn change(
    place: &LedgerOptions,
    now: Timestamp,
    scaled: Option<&str>,
    edit: impl Fn(&mut Vec<Override>) -> Result<(), String>,
) -> Result<Vec<Override>, OverrideError> {
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = started.map_err(OverrideError::NotStarted)?;
    runtime.block_on(async {
        let clients = Clients::load().await;
        let ledger = Ledger::new(clients.dynamodb.clone(), &place.ledger, &place.fleet_name);
        if let Some(target) = scaled {
            let mut items = Vec::with_capacity(PARTS.len());
            for part in PARTS {
                items.push(ledger.read::<FleetMemory>(part.name).await.map_err(OverrideError::Failed)?.item);
            }
            is_scaled(&items, target, place).map_err(OverrideError::No)?;
        }
        ledger.change_overrides(now, edit).await.map_err(OverrideError::Failed)?.map_err(OverrideError::No)
    })
}

fn answer(
    changed: Result<Vec<Override>, OverrideError>,
    place: &LedgerOptions,
    said: String,
) -> CommandOutput {
    let (code, error) = match changed {
        Ok(rows) if place.json => return CommandOutput::done(outcome::answer(json!({"overrides": rows}))),
        Ok(_) => return CommandOutput::done(said),
        Err(OverrideError::No(why)) => (REFUSED, why),
        Err(OverrideError::NotStarted(error)) => (FAILED, format!("start: {error}")),
        Err(OverrideError::Failed(error)) => (FAILED, error.to_string()),
    };
    let stdout = if place.json { outcome::answer(json!({"error": error})) } else { String::new() };
    CommandOutput { stdout, stderr: format!("error: {error}\n"), code }
}
