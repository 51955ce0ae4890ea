//! `tidegate release`: takes back what was held or pinned.

use clap::Args;
use serde_json::json;

use crate::function::FunctionOptions;
use crate::outcome::CommandOutput;
use crate::overriding::overriding;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate release worker --why 'launch is over'";

#[derive(Debug, Args)]
pub(crate) struct ReleaseOptions {
    /// The name of the service or database in the fleet file, or '*' for what was asked of all of them
    target: String,
    /// Why, for the reports
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    pub(crate) function: FunctionOptions,
}

pub(crate) fn run(options: &ReleaseOptions) -> CommandOutput {
    let ReleaseOptions { target, why, function } = options;
    let event = json!({ "action": "release", "target": target });
    overriding(function, &function.change(event, why.as_deref()), None)
}
