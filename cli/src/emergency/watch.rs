//! Waiting for a change that may take a quarter of an hour, and showing how far it is.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::error::CommandError;
use crate::function::{AGAIN, Answer, Function};
use crate::progress::ProgressLine;

/// Between two questions how far it is.
const POLL: Duration = Duration::from_secs(2);

/// With `--yes` what is shown beforehand is waited for no longer than this.
pub(super) const SHOWN_WITHIN: Duration = Duration::from_secs(20);

/// What asks for the state of things.
pub(super) fn status() -> Value {
    json!({ "action": "status" })
}

/// Asks for a change and waits for its answer; at a terminal the state is asked for beside it, and shown in one line.
pub(super) async fn change(
    function: &Function<'_>,
    event: &Value,
    doing: &str,
    progress: &ProgressLine,
) -> Result<Answer, CommandError> {
    let mut change = pin!(function.change(event, "emergency status", AGAIN));
    if !progress.is_shown() {
        return change.await;
    }
    progress.say("Ctrl-C ends the watching and not the change: the function goes on");
    progress.show(doing);
    let status = status();
    let answer = loop {
        tokio::select! {
            answer = &mut change => break answer,
            // Where the state cannot be read for now, the last line stays.
            answer = async { sleep(POLL).await; function.ask(&status).await } => {
                if let Some(line) = answer.ok().as_ref().and_then(line) {
                    progress.show(format_args!("{doing}: {line}"));
                }
            }
        }
    };
    progress.clear();
    answer
}

/// `24 of 40 done, 15 pending, 1 failed`.
pub(super) fn line(answer: &Answer) -> Option<String> {
    let (_, whole) = answer.emergency()?;
    let [targets, done, pending, failed] =
        [whole.targets, whole.done, whole.pending, whole.failed].map(|count| count.unwrap_or(0));
    let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
    (targets > 0).then(|| format!("{done} of {targets} done, {pending} pending{failed}"))
}
