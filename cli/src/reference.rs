//! `tidegate reference`: every setting with its default and the reason for it, and what each signal counts.

use serde_json::json;
use tidegate_fleet::{reference, signals};

use crate::outcome::{self, CommandOutput};

/// The whole reference, of no file in particular.
pub(crate) fn run(as_json: bool) -> CommandOutput {
    CommandOutput::done(if as_json {
        outcome::answer(json!({ "settings": reference::to_json(), "signals": signals::to_json() }))
    } else {
        format!("{}{}", reference::plain(), signals::plain())
    })
}
