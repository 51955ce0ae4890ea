//! `tidegate upgrade`: another instance class for a database, in its window or at once; and back from what was asked for.

use std::io::{self, Write};

use clap::Args;
use serde_json::{Value, json};

mod answered;

use answered::AnsweredClass;

use crate::confirm::{confirm, needs_terminal};
use crate::error::CommandError;
use crate::function::{AGAIN, Answer, Function, FunctionOptions, FunctionPlace, quoted};
use crate::outcome::{CommandOutput, REFUSED};
use crate::progress::ProgressLine;
use crate::runtime;

/// The example of the help.
pub(crate) const EXAMPLE: &str = "Example: tidegate upgrade main --to next --why 'launch on Monday'";

const RDS_UPGRADE: FunctionPlace =
    FunctionPlace { variable: "TIDEGATE_UPGRADE_FUNCTION", output: "RdsUpgradeFunctionName" };

/// The class above the one that the database has.
const NEXT: &str = "next";

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is typed or not")]
pub(crate) struct UpgradeOptions {
    /// The name of the database in the fleet file
    database: String,
    /// A class of the fleet file's `classes`, or `next`: the one above the class that it has
    #[arg(long, value_name = "CLASS", required_unless_present_any = ["plan", "withdraw"])]
    to: Option<String>,
    /// At once and not in the window: minutes of downtime. Shows the plan, and asks for the database's name
    #[arg(long, requires = "to")]
    now: bool,
    /// Take a manual snapshot before: on Single-AZ I/O stops while it begins. It stays, and costs
    #[arg(long, requires = "to")]
    snapshot: bool,
    /// Why, for the reports
    #[arg(long)]
    why: Option<String>,
    /// Show what would be done and what stands against it, and end; without `--to`, what the fleet file asks for
    #[arg(long)]
    plan: bool,
    /// Take back what was asked for. A change that is under way goes on
    #[arg(long, conflicts_with_all = ["to", "plan"])]
    withdraw: bool,
    /// With `--now`: do not ask for the database's name
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(crate) function: UpgradeFunctionOptions,
}

/// The same options as of the commands that ask `emergency-max`, of another function.
#[derive(Debug, Args)]
pub(crate) struct UpgradeFunctionOptions {
    /// The Lambda function to invoke; the stack's output `RdsUpgradeFunctionName` names it
    #[arg(long, value_name = "NAME", env = RDS_UPGRADE.variable)]
    function: Option<String>,
    /// Who asks, for the reports
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    who: String,
    /// Answer in JSON, as the function does; or `error`
    #[arg(long)]
    pub(crate) json: bool,
}

impl UpgradeFunctionOptions {
    fn asked(&self) -> FunctionOptions {
        let Self { function, who, json } = self;
        FunctionOptions { function: function.clone(), who: who.clone(), json: *json, place: RDS_UPGRADE }
    }
}

/// One command: what is typed, and the function that it reaches.
struct UpgradeCommand<'a> {
    options: &'a UpgradeOptions,
    function: &'a FunctionOptions,
    progress: &'a ProgressLine,
}

pub(crate) fn run(options: &UpgradeOptions) -> CommandOutput {
    let function = options.function.asked();
    let progress = ProgressLine::new(function.json);
    let ended = runtime::run(UpgradeCommand { options, function: &function, progress: &progress }.run());
    progress.clear();
    function.shown(ended)
}

impl UpgradeCommand<'_> {
    async fn run(&self) -> Result<CommandOutput, CommandError> {
        let UpgradeOptions { to, now, plan, withdraw, yes, .. } = self.options;
        self.function.name()?;
        if *now && !*yes && !*plan {
            needs_terminal("database", "; --plan only shows what would be done")?;
        }
        let function = self.function.load().await?;
        let Some(to) = to.as_deref().filter(|_| !*plan) else {
            return if *withdraw { self.withdraw(&function).await } else { self.plan(&function).await };
        };
        let mut to = to.to_owned();
        if *now && !*yes {
            to = self.confirmed(&function, &to).await?;
        }
        self.progress.show(format_args!("asking for {to}"));
        // `next` is another class once the first one is there.
        let again = if to == NEXT { "" } else { AGAIN };
        let answer = function.change(&self.event("upgrade", Some(&to)), &self.see(), again).await?;
        let answered = AnsweredClass::of(&answer);
        let is_kept = answered.is_taken && !answered.is_refused;
        let code = if is_kept { 0 } else { REFUSED };
        Ok(self.function.output(&answer, || self.text(&answered), code))
    }

    async fn plan(&self, function: &Function<'_>) -> Result<CommandOutput, CommandError> {
        let answer = self.planned(function).await?;
        Ok(self.function.output(&answer, || AnsweredClass::of(&answer).sentence, 0))
    }

    async fn withdraw(&self, function: &Function<'_>) -> Result<CommandOutput, CommandError> {
        self.progress.show("withdrawing");
        let answer = function.change(&self.event("withdraw", None), &self.see(), AGAIN).await?;
        let answered = AnsweredClass::of(&answer);
        let code = if answered.is_under_way { REFUSED } else { 0 };
        Ok(self.function.output(&answer, || answered.sentence.clone(), code))
    }

    /// Shows what would be done at once, and asks for the database's name. The class that was shown is the one that is asked for.
    async fn confirmed(&self, function: &Function<'_>, to: &str) -> Result<String, CommandError> {
        let planned = self.planned(function).await;
        self.progress.clear();
        let answer = planned.map_err(|source| CommandError::Unshown { source: Box::new(source) })?;
        let planned = AnsweredClass::of(&answer);
        // The question comes after it, whatever becomes of this text. The answer of the change is what a machine reads.
        let _ = io::stderr().write_all(planned.sentence.as_bytes());
        let database = self.options.database.clone();
        let Some(class) = planned.to.filter(|_| planned.is_taken) else {
            return Err(CommandError::WouldNotBegin { database });
        };
        let class = if to == NEXT { class } else { to.to_owned() };
        confirm("database", &database, &format!("change it to {class} now"))?;
        Ok(class)
    }

    async fn planned(&self, function: &Function<'_>) -> Result<Answer, CommandError> {
        self.progress.show("planning");
        function.ask(&self.event("plan", self.options.to.as_deref())).await
    }

    /// What the function is asked with. A plan without a class is one of the whole database.
    fn event(&self, action: &str, to: Option<&str>) -> Value {
        let UpgradeOptions { database, now, snapshot, why, .. } = self.options;
        // A function of before does not know the key.
        let snapshot = snapshot.then_some(true);
        let event = match to {
            Some(to) => {
                json!({ "action": action, "database": database, "to": to, "now": now, "snapshot": snapshot })
            }
            None if action == "plan" => return json!({ "action": action, "databases": [database] }),
            None => json!({ "action": action, "database": database }),
        };
        self.function.change(event, why.as_deref())
    }

    /// The words that show where the class stands.
    fn see(&self) -> String {
        format!("upgrade {} --plan", quoted(&self.options.database))
    }

    /// What came of it, and the lines that show it and take it back.
    fn text(&self, answered: &AnsweredClass) -> String {
        let AnsweredClass { sentence, is_taken, is_under_way, .. } = answered;
        let see = self.function.line(&self.see());
        let undo = self.function.line(&format!("upgrade {} --withdraw", quoted(&self.options.database)));
        match (is_taken, is_under_way) {
            (false, _) => sentence.clone(),
            (true, true) => format!("{sentence}  see   {see}\n"),
            (true, false) => format!("{sentence}  see   {see}\n  undo  {undo}\n"),
        }
    }
}
