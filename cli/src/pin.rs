//! `tidegate pin`: sets a service or the replicas of a database to a size for a time.

use clap::Args;
use serde_json::json;

use crate::function::{FunctionOptions, quoted};
use crate::lasting::lasting;
use crate::outcome::CommandOutput;
use crate::overriding::overriding;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate pin worker 12 --for 2h --why launch";

#[derive(Debug, Args)]
pub(crate) struct PinOptions {
    /// The name of the service or database in the fleet file
    target: String,
    /// Tasks or instances, of a database replicas; also below `min`, and above `max` as far as the fleet file has `override_max`
    #[arg(value_parser = clap::value_parser!(u32).range(0..=5000))]
    size: u32,
    /// How long, from now: 90s, 30m, 2h, 2d
    #[arg(long = "for", value_name = "DURATION", default_value = "2h", value_parser = lasting)]
    lasting: String,
    /// Why, for the reports
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    pub(crate) function: FunctionOptions,
}

/// Pins a service. A new pin takes the place of an older one for the same service.
pub(crate) fn run(options: &PinOptions) -> CommandOutput {
    let PinOptions { target, size, lasting, why, function } = options;
    let event = json!({ "action": "pin", "target": target, "size": size, "for": lasting });
    overriding(
        function,
        &function.change(event, why.as_deref()),
        Some(&format!("release {}", quoted(target))),
    )
}
