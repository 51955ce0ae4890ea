//! `tidegate pin`: sets a service to a size for a time.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Override;
use tidegate_policy::overrides::OverrideKind;

use crate::outcome::CommandOutput;
use crate::overrides::{LedgerOptions, answer, change, is_pin_of, now};

#[derive(Debug, Args)]
pub(crate) struct PinOptions {
    /// The service's name in the fleet file
    pub(crate) target: String,
    /// Tasks; also below `min`, and above `max` as far as the fleet file has `override_max`
    #[arg(value_parser = clap::value_parser!(u32).range(0..=5000))]
    pub(crate) tasks: u32,
    /// How long, from now: 90s, 30m, 2h, 2d
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) lasting: SignedDuration,
    /// Why, for the reports
    #[arg(long, default_value = "no reason given")]
    pub(crate) why: String,
    #[command(flatten)]
    pub(crate) place: LedgerOptions,
}

/// A duration of a minute to 30 days.
fn duration(text: &str) -> Result<SignedDuration, String> {
    tidegate_fleet::duration(text, 60, 30 * 86_400)
}

/// Pins a service. A new pin takes the place of an older one for the same service.
pub(crate) fn run(options: &PinOptions) -> CommandOutput {
    let PinOptions { target, tasks, lasting, why, place } = options;
    let now = now();
    let row = Override {
        target: target.clone(),
        kind: OverrideKind::Pin(*tasks),
        since: Some(now),
        until: now.saturating_add(*lasting).unwrap_or(Timestamp::MAX),
        who: place.who.clone(),
        why: why.clone(),
        request: None,
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
