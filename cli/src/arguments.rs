//! The command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 the answer is no (invalid, refused), 2 wrong usage, 3 the world failed (a file cannot be read)";

const CHECK_KEYS: &str = "\
Keys of --json, which stay:
  file, valid, problems[], warnings[]      each problem: file, line, column, severity, code, message, help
  fleet, mode, services[], budgets[]       only of a valid file
  settings[]                               only with --explain
  error                                    only when the file could not be read";

/// Tidegate scales what AWS does not scale by itself.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, styles = STYLES, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a fleet file: every problem at once, or what was understood
    #[command(after_long_help = format!("{CHECK_KEYS}\n\n{EXIT_CODES}"))]
    Check(CheckOptions),
    /// Print the JSON Schema of the fleet file, for editors
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The fleet file
    #[arg(value_name = "FLEET")]
    pub(crate) fleet: PathBuf,
    /// Answer in JSON; the keys are in the long help (--help)
    #[arg(long)]
    pub(crate) json: bool,
    /// Add the table of all settings, with their defaults and the reasons for them
    #[arg(long)]
    pub(crate) explain: bool,
}
