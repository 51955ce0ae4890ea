//! `tidegate emergency status`: what is in force, what runs, and what blocks the rest.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use super::{state, watch};
use crate::error::CommandError;
use crate::function::FunctionOptions;
use crate::outcome::{CommandOutput, REFUSED};
use crate::runtime;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate emergency status --watch";

/// Between two questions of `--watch`.
const EVERY: Duration = Duration::from_secs(5);

/// Answers that may be missing in a row; then it is not a moment's trouble.
const MISSING_MAX: u32 = 3;

/// Clears the terminal, and goes to its top.
const CLEAR: &str = "\x1b[H\x1b[2J";

#[derive(Debug, Args)]
pub(crate) struct StatusOptions {
    /// Ask every 5 s until nothing is pending
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    pub(crate) function: FunctionOptions,
}

pub(crate) fn run(options: &StatusOptions) -> CommandOutput {
    options.function.shown(runtime::run(status(options)))
}

async fn status(options: &StatusOptions) -> Result<CommandOutput, CommandError> {
    let function = options.function.load().await?;
    let (mut missing, mut has_answered, mut redraws) = (0_u32, false, "");
    loop {
        match function.ask(&watch::status()).await {
            Ok(answer) if options.watch && !answer.is_settled() => {
                (missing, has_answered) = (0, true);
                redraws = redraw(options, &state::state(&answer));
            }
            Ok(answer) => {
                let code = if answer.has_failed() { REFUSED } else { 0 };
                return Ok(options.function.output(
                    &answer,
                    || format!("{redraws}{}", state::state(&answer)),
                    code,
                ));
            }
            Err(error) => {
                missing = missing.saturating_add(1);
                if !has_answered || missing == MISSING_MAX {
                    return Err(error);
                }
            }
        }
        sleep(EVERY).await;
    }
}

/// At a terminal the state takes the place of the one before; in a pipe only the last one is printed.
fn redraw(options: &StatusOptions, text: &str) -> &'static str {
    let mut stdout = io::stdout();
    if options.function.json || !stdout.is_terminal() {
        return "";
    }
    // A terminal that cannot be written to is no reason to stop.
    let _ = write!(stdout, "{CLEAR}{text}").and_then(|()| stdout.flush());
    CLEAR
}
