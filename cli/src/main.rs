//! `tidegate`, the operator's command.

mod wrap;
mod exit_codes;
mod outcome;
mod lambda;
mod error;
mod runtime;
mod counts;
mod fleet_file;
mod page;
mod progress;
mod replay;
mod check;
mod schema;
mod reference;
mod simulate;
mod tune;
mod lasting;
mod function;
mod overriding;
mod hold;
mod pin;
mod release;
mod confirm;
mod emergency;
mod upgrade;
mod arguments;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::outcome::CommandOutput;

fn main() -> ExitCode {
    // Usage errors leave here, with exit code 2.
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Check(options) if options.json => check::run(&options),
        Command::Check(options) => check::run(&options).wrapped(),
        Command::Schema => schema::run(),
        Command::Reference(options) if options.json => reference::run(&options),
        Command::Reference(options) => reference::run(&options).wrapped(),
        Command::Simulate(options) => simulate::run(&options),
        Command::Tune(options) => tune::run(&options),
        Command::Hold(options) => wrapped(hold::run(&options), options.function.json),
        Command::Pin(options) => wrapped(pin::run(&options), options.function.json),
        Command::Release(options) => wrapped(release::run(&options), options.function.json),
        Command::Upgrade(options) => wrapped(upgrade::run(&options), options.function.json),
        Command::Emergency(command) => wrapped(emergency::run(&command), command.is_json()),
    };
    finish(&outcome, &mut io::stdout().lock(), &mut io::stderr().lock())
}

/// Sentences end at the terminal's width; what is for machines does not.
fn wrapped(output: CommandOutput, for_machines: bool) -> CommandOutput {
    if for_machines { output } else { output.wrapped() }
}

/// Writes what a command has to say; a reader that has gone away (`| head`) is no failure.
fn finish(outcome: &CommandOutput, stdout: &mut impl Write, stderr: &mut impl Write) -> ExitCode {
    let shown = stderr.write_all(outcome.stderr.as_bytes());
    let written = stdout.write_all(outcome.stdout.as_bytes()).and_then(|()| stdout.flush());
    match written.and(shown) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(outcome::FAILED),
        Ok(()) | Err(_) => ExitCode::from(outcome.code),
    }
}
