//! What `hold`, `pin` and `release` share: one override, asked for and answered.

use serde_json::Value;

use crate::function::{AGAIN, Answer, FunctionOptions};
use crate::outcome::{CommandOutput, REFUSED};
use crate::runtime;

/// Asks for an override; `undo` are the words that would take it back.
pub(crate) fn overriding(function: &FunctionOptions, event: &Value, undo: Option<&str>) -> CommandOutput {
    function.shown(runtime::run(async {
        let answer = function.load().await?.change(event, "emergency status", AGAIN).await?;
        let undo = undo.filter(|_| !answer.has_failed()).map(|words| function.line(words));
        let code = if answer.has_failed() { REFUSED } else { 0 };
        Ok(function.output(&answer, || text(&answer, undo.as_deref()), code))
    }))
}

/// A line for each target, and the one that undoes them.
fn text(answer: &Answer, undo: Option<&str>) -> String {
    let lines = answer.entries().iter().map(|entry| entry.line() + "\n");
    let undo = undo.map(|line| format!("  undo  {line}\n"));
    lines.chain(undo).collect()
}
