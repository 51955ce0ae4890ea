//! `tidegate pin` and `tidegate release`: one row of the ledger's overrides, written or taken away.

use jiff::Timestamp;
use serde_json::json;
use tidegate_aws::ledger::Ledger;
use tidegate_aws::{CallError, Clients};
use tidegate_policy::Override;
use tidegate_policy::overrides::OverrideKind;

use crate::arguments::{LedgerOptions, PinOptions, ReleaseOptions};
use crate::outcome::{FAILED, Outcome, REFUSED};

/// The concern whose ledger is opened; overrides are the same for all.
const CONCERN: &str = "queue-depth";

/// Pins a service. A new pin takes the place of an older one for the same service.
pub(crate) fn pin(options: &PinOptions) -> Outcome {
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
    let changed = change(place, now, |rows| {
        rows.retain(|row| !is_pin_of(row, target));
        rows.push(row.clone());
    });
    let LedgerOptions { fleet_name, .. } = place;
    let said = format!(
        "{target} is pinned at {tasks} until {until}; the next look, within a minute, sets it\n\
         undo: tidegate release {target} --fleet-name {fleet_name}\n"
    );
    answer(changed, place, said)
}

/// Releases a service. There must be something to release.
pub(crate) fn release(options: &ReleaseOptions) -> Outcome {
    let ReleaseOptions { target, place } = options;
    let found = std::cell::Cell::new(false);
    let changed = change(place, now(), |rows| {
        found.set(rows.iter().any(|row| is_pin_of(row, target)));
        rows.retain(|row| !is_pin_of(row, target));
    });
    if changed.is_ok() && !found.get() {
        let stderr = format!("error: nothing is pinned for `{target}` in fleet `{}`\n", place.fleet_name);
        return Outcome { stderr, code: REFUSED, ..Outcome::default() };
    }
    answer(changed, place, format!("{target} is released; its rules decide again from the next look\n"))
}

fn is_pin_of(row: &Override, target: &str) -> bool {
    row.target == target && matches!(row.kind, OverrideKind::Pin(_))
}

/// The time, without fractions that nobody reads.
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn change(
    place: &LedgerOptions,
    now: Timestamp,
    edit: impl Fn(&mut Vec<Override>),
) -> Result<Vec<Override>, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        CallError::plain("start", tidegate_policy::AbsenceKind::Unreachable, error.to_string())
    })?;
    runtime.block_on(async {
        let clients = Clients::load().await;
        let ledger = Ledger::new(clients.dynamodb, &place.ledger, &place.fleet_name, CONCERN);
        ledger.change_overrides(now, edit).await
    })
}

fn answer(changed: Result<Vec<Override>, CallError>, place: &LedgerOptions, said: String) -> Outcome {
    match changed {
        Ok(rows) if place.json => Outcome::done(format!("{:#}\n", json!({"overrides": rows}))),
        Ok(_) => Outcome::done(said),
        Err(error) => Outcome { stderr: format!("error: {error}\n"), code: FAILED, ..Outcome::default() },
    }
}
