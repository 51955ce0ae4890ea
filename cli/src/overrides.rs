//! What `tidegate pin` and `tidegate release` share: one row of the ledger's overrides, written or taken away.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tidegate_aws::ledger::{Ledger, LedgerItem};
use tidegate_aws::{CallError, Clients};
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{AbsenceKind, Override};
use tidegate_scaling::{FleetMemory, PARTS};

use crate::outcome::{CommandOutput, FAILED, REFUSED};

#[derive(Debug, Args)]
pub(crate) struct LedgerOptions {
    /// The fleet's name (`name:` in the fleet file)
    #[arg(long, value_name = "NAME")]
    pub(crate) fleet_name: String,
    /// The DynamoDB table; an output of the stack
    #[arg(long, value_name = "TABLE", env = "TIDEGATE_LEDGER")]
    pub(crate) ledger: String,
    /// Who asks, for the reports
    #[arg(long, env = "USER", default_value = "operator")]
    pub(crate) who: String,
    /// Answer in JSON: `overrides[]`, each with target, pin, until, who, why; or `error`
    #[arg(long)]
    pub(crate) json: bool,
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

pub(crate) fn is_pin_of(row: &Override, target: &str) -> bool {
    row.target == target && matches!(row.kind, OverrideKind::Pin(_))
}

/// The time, without fractions that nobody reads.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Why nothing was changed.
pub(crate) enum OverrideError {
    /// The answer is no.
    No(String),
    /// The world failed.
    Failed(CallError),
}

/// Changes the overrides; `scaled` names a service that some evaluation must know.
pub(crate) fn change(
    place: &LedgerOptions,
    now: Timestamp,
    scaled: Option<&str>,
    edit: impl Fn(&mut Vec<Override>) -> Result<(), String>,
) -> Result<Vec<Override>, OverrideError> {
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = started.map_err(|error| {
        OverrideError::Failed(CallError::plain("start", AbsenceKind::Unreachable, error.to_string()))
    })?;
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

pub(crate) fn answer(
    changed: Result<Vec<Override>, OverrideError>,
    place: &LedgerOptions,
    said: String,
) -> CommandOutput {
    let (code, error) = match changed {
        Ok(rows) if place.json => return CommandOutput::done(format!("{:#}\n", json!({"overrides": rows}))),
        Ok(_) => return CommandOutput::done(said),
        Err(OverrideError::No(why)) => (REFUSED, why),
        Err(OverrideError::Failed(error)) => (FAILED, error.to_string()),
    };
    let stdout = if place.json { format!("{:#}\n", json!({"error": error})) } else { String::new() };
    CommandOutput { stdout, stderr: format!("error: {error}\n"), code }
}
