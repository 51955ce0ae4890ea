//! `tidegate emergency engage`: the plan, a question, and the whole fleet to a profile.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};
use tidegate_fleet::Profile;
use tokio::time::timeout;

use super::{plan, state, watch};
use crate::confirm::{confirm, needs_terminal};
use crate::error::CommandError;
use crate::function::{Answer, Function, FunctionOptions, quoted, written};
use crate::lasting::lasting;
use crate::outcome::{CommandOutput, REFUSED};
use crate::progress::ProgressLine;
use crate::runtime;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate emergency engage --hold 2h --why 'sale'";

#[derive(Debug, Args)]
pub(crate) struct EngageOptions {
    /// `max`, or a profile of the fleet file's `emergency`
    #[arg(long, value_name = "NAME", default_value = Profile::MAX)]
    profile: String,
    /// Only these services and databases of it
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    services: Vec<String>,
    /// How long nothing scales back, from now; without it the fleet file's `emergency.hold`
    #[arg(long, value_name = "DURATION", value_parser = lasting)]
    hold: Option<String>,
    /// Exceed the fleet file's budgets
    #[arg(long)]
    ignore_budgets: bool,
    /// Why, for the reports
    #[arg(long)]
    why: Option<String>,
    /// Show what would be set, and end
    #[arg(long)]
    plan: bool,
    /// Do not ask for the fleet's name
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(crate) function: FunctionOptions,
}

impl EngageOptions {
    /// What both the plan and the act are asked for with.
    fn event(&self, action: &str) -> Value {
        let services = (!self.services.is_empty()).then_some(&self.services);
        written(json!({
            "action": action,
            "profile": self.profile,
            "services": services,
            "ignore_budgets": self.ignore_budgets,
        }))
    }

    fn engage(&self) -> Value {
        let mut event = self.event("engage");
        event["hold"] = json!(self.hold);
        self.function.change(event, self.why.as_deref())
    }

    /// The line that keeps it for as long again: the same, from then on.
    fn keep(&self) -> String {
        let mut words = "emergency engage".to_owned();
        if self.profile != Profile::MAX {
            words = format!("{words} --profile {}", quoted(&self.profile));
        }
        if !self.services.is_empty() {
            words = format!("{words} --services {}", quoted(&self.services.join(",")));
        }
        if self.ignore_budgets {
            words.push_str(" --ignore-budgets");
        }
        self.function.line(&format!("{words} --hold {}", self.hold.as_deref().unwrap_or("2h")))
    }
}

pub(crate) fn run(options: &EngageOptions) -> CommandOutput {
    let progress = ProgressLine::new(options.function.json);
    let ended = runtime::run(engage(options, &progress));
    progress.clear();
    options.function.shown(ended)
}

async fn engage(options: &EngageOptions, progress: &ProgressLine) -> Result<CommandOutput, CommandError> {
    let function = options.function.load().await?;
    if options.plan {
        progress.show("planning");
        let answer = function.ask(&options.event("plan")).await?;
        return Ok(options.function.output(&answer, || plan::plan(&answer), 0));
    }
    if options.yes {
        show_plan(&function, options, progress).await;
    } else {
        needs_terminal("fleet", "; --plan only shows what would be set")?;
        progress.show("planning");
        let answer = function.ask(&options.event("plan")).await;
        progress.clear();
        let answer = answer.map_err(|source| CommandError::Unshown { source: Box::new(source) })?;
        show(options, &plan::plan(&answer));
        confirm("fleet", answer.fleet(), &format!("engage `{}`", options.profile))?;
    }
    let doing = format!("engaging `{}`", options.profile);
    let answer = watch::change(&function, &options.engage(), &doing, progress).await?;
    let code = if answer.has_failed() || answer.pending() > 0 { REFUSED } else { 0 };
    Ok(options.function.output(&answer, || text(options, &answer), code))
}

/// The plan for the record: whatever becomes of it, the emergency is engaged.
async fn show_plan(function: &Function<'_>, options: &EngageOptions, progress: &ProgressLine) {
    if options.function.json {
        return;
    }
    progress.show("planning");
    let planned = timeout(watch::SHOWN_WITHIN, function.ask(&options.event("plan"))).await;
    progress.clear();
    match planned {
        Ok(Ok(answer)) => show(options, &(plan::plan(&answer) + "\n")),
        Ok(Err(error)) => show(options, &format!("no plan: {error}\n\n")),
        Err(_) => show(options, &format!("no plan within {} s\n\n", watch::SHOWN_WITHIN.as_secs())),
    }
}

/// What is shown before the answer; where that is for machines, on the other stream. One that cannot be written to
/// is no reason to stop.
fn show(options: &EngageOptions, text: &str) {
    let _ = if options.function.json {
        io::stderr().write_all(text.as_bytes())
    } else {
        let mut stdout = io::stdout();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    };
}

/// What came of it, and the lines that keep and undo it.
fn text(options: &EngageOptions, answer: &Answer) -> String {
    let status = options.function.line("emergency status --watch");
    let left = match answer.pending() {
        0 => String::new(),
        pending => format!("{pending} pending: the function goes on within a minute\n  see   {status}\n"),
    };
    let note = answer.emergency().and_then(|(_, whole)| whole.undo_note.as_deref());
    let note = note.map(|note| format!("  # {note}")).unwrap_or_default();
    let undo = options.function.line("emergency restore") + &note;
    format!("{}\n{left}  keep  {}\n  undo  {undo}\n", state::state(answer), options.keep())
}
