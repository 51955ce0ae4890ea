//! `tidegate reference`: every setting with its default and the reason for it, and what each signal counts.

use clap::Args;
use serde_json::json;
use tidegate_fleet::{reference, signals};

use crate::outcome::{self, CommandOutput};

#[derive(Debug, Args)]
pub(crate) struct ReferenceOptions {
    /// Answer in JSON: settings[], signals[]
    #[arg(long)]
    pub(crate) json: bool,
}

/// The whole reference, of no file in particular.
pub(crate) fn run(options: &ReferenceOptions) -> CommandOutput {
    CommandOutput::done(if options.json {
        outcome::answer(json!({ "settings": reference::to_json(), "signals": signals::to_json() }))
    } else {
        format!("{}{}", reference::plain(), signals::plain())
    })
}
