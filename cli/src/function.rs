//! The functions that do what an operator asks for (`emergency-max`, and `rds-upgrade` of classes): where they are, what they are
//! asked, what they answer.

use clap::Args;
use serde_json::{Value, json};

use crate::error::CommandError;
use crate::lambda::{InvokeError, Lambda};
use crate::outcome::{self, CommandOutput};

mod answer;

pub(crate) use answer::{Answer, Entry, plain};

/// A function that operators ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FunctionPlace {
    /// Where its name stands when it is not typed.
    pub(crate) variable: &'static str,
    /// The stack's output that has its name.
    pub(crate) output: &'static str,
}

const EMERGENCY: FunctionPlace =
    FunctionPlace { variable: "TIDEGATE_EMERGENCY_FUNCTION", output: "EmergencyMaxFunctionName" };

/// What a change whose answer is missing may be followed by.
pub(crate) const AGAIN: &str = "; the same command again does no harm";

#[derive(Debug, Args)]
pub(crate) struct FunctionOptions {
    /// The Lambda function to invoke; the stack's output `EmergencyMaxFunctionName` names it
    #[arg(long, value_name = "NAME", env = EMERGENCY.variable)]
    pub(crate) function: Option<String>,
    /// Who asks, for the reports
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    pub(crate) who: String,
    /// Answer in JSON, as the function does; or `error`
    #[arg(long)]
    pub(crate) json: bool,
    #[arg(skip = EMERGENCY)]
    pub(crate) place: FunctionPlace,
}

impl FunctionOptions {
    pub(crate) fn name(&self) -> Result<&str, CommandError> {
        let FunctionPlace { variable, output } = self.place;
        let name = self.function.as_deref().filter(|name| !name.is_empty());
        name.ok_or(CommandError::FunctionUnnamed { variable, output })
    }

    pub(crate) async fn load(&self) -> Result<Function<'_>, CommandError> {
        Ok(Function { lambda: Lambda::load(self.name()?, self.place.output).await?, options: self })
    }

    /// A line to type, which reaches the same function.
    pub(crate) fn line(&self, words: &str) -> String {
        let place =
            self.function.as_deref().filter(|name| std::env::var(self.place.variable).as_deref() != Ok(name));
        let place = place.map(|name| format!(" --function {}", quoted(name))).unwrap_or_default();
        format!("tidegate {words}{place}")
    }

    /// What a change is asked for with: `null` stands for what is left to the function.
    pub(crate) fn change(&self, event: Value, why: Option<&str>) -> Value {
        let mut event = written(event);
        if !self.who.is_empty() {
            event["who"] = json!(self.who);
        }
        if let Some(why) = why {
            event["reason"] = json!(why);
        }
        event
    }

    /// An answer, or why there is none.
    pub(crate) fn shown(&self, ended: Result<CommandOutput, CommandError>) -> CommandOutput {
        match ended {
            Ok(output) => output,
            Err(error) if self.json => {
                let stdout = outcome::answer(json!({ "error": error.to_string() }));
                CommandOutput { stdout, ..error.into() }
            }
            Err(error) => error.into(),
        }
    }

    /// What a command ends with: the answer for machines, or its text and the errors that came with it.
    pub(crate) fn output(&self, answer: &Answer, text: impl FnOnce() -> String, code: u8) -> CommandOutput {
        if self.json {
            return CommandOutput {
                stdout: format!("{:#}\n", answer.value),
                code,
                ..CommandOutput::default()
            };
        }
        let stderr = answer.errors().iter().flat_map(|error| ["error: ", error, "\n"]).collect();
        CommandOutput { stdout: text(), stderr, code }
    }
}

/// An event without what is left to the function.
pub(crate) fn written(mut event: Value) -> Value {
    if let Some(keys) = event.as_object_mut() {
        keys.retain(|_, value| !value.is_null());
    }
    event
}

/// A word as a shell takes it whole.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.:/,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The function, ready to be asked.
pub(crate) struct Function<'a> {
    lambda: Lambda,
    options: &'a FunctionOptions,
}

impl Function<'_> {
    /// Asks for what changes nothing.
    pub(crate) async fn ask(&self, event: &Value) -> Result<Answer, CommandError> {
        self.answer(self.lambda.invoke(event).await?)
    }

    /// Asks for a change. Without an answer it is not known whether it was made: the words `status` show it.
    pub(crate) async fn change(
        &self,
        event: &Value,
        status: &str,
        again: &'static str,
    ) -> Result<Answer, CommandError> {
        let status = || self.options.line(status);
        let unconfirmed = |source| CommandError::Unconfirmed { source, status: status(), again };
        let value = match self.lambda.invoke(event).await {
            Err(error) if error.may_have_run() => return Err(unconfirmed(error)),
            answered => answered?,
        };
        match self.answer(value) {
            Err(CommandError::Invocation(error)) => Err(unconfirmed(error)),
            Ok(answer) if answer.is_dropped() => Err(CommandError::Dropped),
            answered => answered,
        }
    }

    fn answer(&self, value: Value) -> Result<Answer, CommandError> {
        let unreadable = |error: serde_json::Error| InvokeError::Unreadable {
            function: self.lambda.name(),
            why: error.to_string(),
        };
        Ok(Answer::read(value).map_err(unreadable)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_when_a_shell_would_take_it_apart() {
        assert_eq!(quoted("worker"), "worker");
        assert_eq!(quoted("*"), "'*'");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn what_is_left_to_the_function_is_not_in_the_event() {
        let event = json!({ "action": "plan", "services": null, "ignore_budgets": false });
        assert_eq!(written(event), json!({ "action": "plan", "ignore_budgets": false }));
    }
}
