//! `tidegate emergency restore`: the emergency ends, and the rules decide again.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tokio::time::timeout;

use super::snapshots::{self, Saved};
use super::{state, watch};
use crate::confirm::{confirm, needs_terminal};
use crate::error::CommandError;
use crate::function::{Answer, Function, FunctionOptions, quoted};
use crate::outcome::{CommandOutput, REFUSED};
use crate::progress::ProgressLine;
use crate::runtime;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate emergency restore --why 'sale is over'";

#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    /// The saved answer of `tidegate emergency engage --json`, for when the ledger could not keep what there was before
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Why, for the reports
    #[arg(long)]
    why: Option<String>,
    /// Do not ask for the fleet's name
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(crate) function: FunctionOptions,
}

pub(crate) fn run(options: &RestoreOptions) -> CommandOutput {
    let progress = ProgressLine::new(options.function.json);
    let ended = runtime::run(restore(options, &progress));
    progress.clear();
    options.function.shown(ended)
}

async fn restore(options: &RestoreOptions, progress: &ProgressLine) -> Result<CommandOutput, CommandError> {
    options.function.name()?;
    if !options.yes {
        needs_terminal("fleet", "")?;
    }
    let saved = options.from.as_deref().map(snapshots::read).transpose()?;
    let function = options.function.load().await?;
    look(options, &function, saved.as_ref(), progress).await?;
    let from = saved.map(|saved| saved.snapshots);
    let mut event = json!({ "action": "restore" });
    if let Some(snapshots) = from {
        event["from"] = json!(snapshots);
    }
    let event = options.function.change(event, options.why.as_deref());
    let answer = watch::change(&function, &event, "restoring", progress).await?;
    let code = if answer.has_failed() || answer.pending() > 0 { REFUSED } else { 0 };
    Ok(options.function.output(&answer, || text(options, &answer), code))
}

/// Shows what is in force and asks; with `--yes` for the record, whatever becomes of it. Snapshots of another fleet are refused;
/// where the state cannot be read, `--yes` restores all the same.
async fn look(
    options: &RestoreOptions,
    function: &Function<'_>,
    saved: Option<&Saved>,
    progress: &ProgressLine,
) -> Result<(), CommandError> {
    if options.yes && options.function.json && saved.is_none() {
        return Ok(());
    }
    progress.show("reading what is in force");
    let status = watch::status();
    let state_now = function.ask(&status);
    // Whose the snapshots are is waited for.
    let state_now = if options.yes && saved.is_none() {
        timeout(watch::SHOWN_WITHIN, state_now).await
    } else {
        Ok(state_now.await)
    };
    progress.clear();
    let state_now = match state_now {
        Ok(Ok(state_now)) => state_now,
        Ok(Err(source)) if !options.yes => return Err(CommandError::Unshown { source: Box::new(source) }),
        Ok(Err(error)) => {
            record(options, &format!("what is in force could not be read: {error}"));
            return Ok(());
        }
        Err(_) => {
            let within = watch::SHOWN_WITHIN.as_secs();
            record(options, &format!("what is in force could not be read within {within} s"));
            return Ok(());
        }
    };
    if let Some(saved) = saved.filter(|saved| saved.fleet != state_now.fleet()) {
        return Err(other_fleet(options, saved, &state_now)?);
    }
    let shown = state::state(&state_now);
    if options.yes {
        record(options, shown.trim_end());
        return Ok(());
    }
    // A terminal that cannot be written to is no reason to stop.
    let _ = io::stderr().write_all(shown.as_bytes());
    confirm("fleet", state_now.fleet(), "restore")
}

/// What was in force, above what came of it; not where the answer is for machines.
fn record(options: &RestoreOptions, text: &str) {
    if !options.function.json {
        let mut stdout = io::stdout();
        let _ = writeln!(stdout, "{text}\n").and_then(|()| stdout.flush());
    }
}

fn other_fleet(
    options: &RestoreOptions,
    saved: &Saved,
    state_now: &Answer,
) -> Result<CommandError, CommandError> {
    let file = options.from.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let function = options.function.name()?.to_owned();
    Ok(CommandError::OtherFleet {
        file,
        theirs: saved.fleet.clone(),
        function,
        ours: state_now.fleet().to_owned(),
    })
}

fn text(options: &RestoreOptions, answer: &Answer) -> String {
    let state = state::state(answer);
    // What operators asked for before is in force again.
    let rows: BTreeSet<&str> = answer.overrides().map(|entry| entry.target.as_str()).collect();
    let ends = rows.into_iter().fold(String::new(), |ends, target| {
        let line = options.function.line(&format!("release {}", quoted(target)));
        format!("{ends}  end   {line}\n")
    });
    match answer.pending() {
        0 => state + &ends,
        pending => {
            let status = options.function.line("emergency status --watch");
            format!(
                "{state}{ends}\n{pending} pending: the function goes on within a minute\n  see   {status}\n"
            )
        }
    }
}
