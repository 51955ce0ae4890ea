//! What `hold`, `pin` and `release` share: one override, asked for and answered.

use serde_json::Value;

use crate::function::{AGAIN, Answer, Entry, FunctionOptions};
use crate::outcome::{CommandOutput, REFUSED};
use crate::runtime;

/// Asks for an override; `undo` are the words that would take it back.
pub(crate) fn overriding(function: &FunctionOptions, event: &Value, undo: Option<&str>) -> CommandOutput {
    function.shown(runtime::run(async {
        let answer = function.load().await?.change(event, "emergency status", AGAIN).await?;
        let undo = undo.filter(|_| !answer.has_failed()).map(|words| ("undo", function.line(words)));
        let ends = answer.entries().iter().flat_map(Entry::ends).map(|words| ("end ", function.line(words)));
        let lines: Vec<(&str, String)> = undo.into_iter().chain(ends).collect();
        let code = if answer.has_failed() { REFUSED } else { 0 };
        Ok(function.output(&answer, || text(&answer, &lines), code))
    }))
}

/// A line for each target, and the commands that undo them or end what outranks them.
fn text(answer: &Answer, commands: &[(&str, String)]) -> String {
    let lines = answer.entries().iter().map(|entry| entry.line() + "\n");
    let commands = commands.iter().map(|(word, line)| format!("  {word}  {line}\n"));
    lines.chain(commands).collect()
}
