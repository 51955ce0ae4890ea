//! What `tidegate pin` and `tidegate release` share: one row of the ledger's overrides, written or taken away.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tidegate_aws::Clients;
use tidegate_aws::ledger::{Ledger, LedgerItem};
use tidegate_policy::Override;
use tidegate_policy::overrides::OverrideKind;
use tidegate_scaling::{FleetMemory, PARTS};

use crate::error::CommandError;
use crate::outcome::{self, CommandOutput};
use crate::runtime;

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
fn is_scaled(
    items: &[LedgerItem<FleetMemory>],
    target: &str,
    place: &LedgerOptions,
) -> Result<(), CommandError> {
    let LedgerOptions { fleet_name, ledger, .. } = place;
    let enforce = || items.iter().flat_map(|item| item.memory.enforce.keys());
    let observe = || items.iter().flat_map(|item| item.memory.observe.keys());
    if items.iter().all(|item| item.version == 0) {
        return Err(CommandError::NeverEvaluated { fleet: fleet_name.clone(), ledger: ledger.clone() });
    }
    if enforce().any(|name| name == target) {
        return Ok(());
    }
    let target = target.to_owned();
    if observe().any(|name| *name == target) {
        return Err(CommandError::ObservedOnly { target });
    }
    let known = enforce().chain(observe()).cloned().collect();
    Err(CommandError::NotScaled { target, fleet: fleet_name.clone(), known })
}

pub(crate) fn is_pin_of(row: &Override, target: &str) -> bool {
    row.target == target && matches!(row.kind, OverrideKind::Pin(_))
}

/// The time, without fractions that nobody reads.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Changes the overrides; `scaled` names a service that some evaluation must know.
pub(crate) fn change(
    place: &LedgerOptions,
    now: Timestamp,
    scaled: Option<&str>,
    edit: impl Fn(&mut Vec<Override>) -> Result<(), CommandError>,
) -> Result<Vec<Override>, CommandError> {
    runtime::run(async {
        let clients = Clients::load().await;
        let ledger = Ledger::new(clients.dynamodb.clone(), &place.ledger, &place.fleet_name);
        if let Some(target) = scaled {
            let mut items = Vec::with_capacity(PARTS.len());
            for part in PARTS {
                items.push(ledger.read::<FleetMemory>(part.name).await?.item);
            }
            is_scaled(&items, target, place)?;
        }
        ledger.change_overrides(now, edit).await?
    })
}

pub(crate) fn answer(
    changed: Result<Vec<Override>, CommandError>,
    place: &LedgerOptions,
    said: String,
) -> CommandOutput {
    match changed {
        Ok(rows) if place.json => CommandOutput::done(outcome::answer(json!({"overrides": rows}))),
        Ok(_) => CommandOutput::done(said),
        Err(error) if place.json => {
            let stdout = outcome::answer(json!({"error": error.to_string()}));
            CommandOutput { stdout, ..error.into() }
        }
        Err(error) => error.into(),
    }
}
