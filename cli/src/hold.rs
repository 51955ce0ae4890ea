//! `tidegate hold`: nothing scales in, or nothing changes at all, for a time.

use clap::Args;
use serde_json::json;

use crate::function::{FunctionOptions, quoted};
use crate::lasting::lasting;
use crate::outcome::CommandOutput;
use crate::overriding::overriding;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate hold '*' --for 1h --why 'sale starts at nine'";

#[derive(Debug, Args)]
pub(crate) struct HoldOptions {
    /// The name of the service or database in the fleet file, or '*' for all of them
    target: String,
    /// How long, from now: 90s, 30m, 2h, 2d
    #[arg(long = "for", value_name = "DURATION", default_value = "2h", value_parser = lasting)]
    lasting: String,
    /// Scale out neither: the desired count stays as it is
    #[arg(long)]
    both: bool,
    /// Why, for the reports
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    pub(crate) function: FunctionOptions,
}

pub(crate) fn run(options: &HoldOptions) -> CommandOutput {
    let HoldOptions { target, lasting, both, why, function } = options;
    let event = json!({ "action": "hold", "target": target, "for": lasting, "both": both });
    overriding(
        function,
        &function.change(event, why.as_deref()),
        Some(&format!("release {}", quoted(target))),
    )
}
