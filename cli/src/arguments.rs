//! The command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};
use jiff::SignedDuration;

use crate::simulate::{self, SimulateOptions};
use crate::tune::{self, TuneOptions};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 the answer is no (invalid, refused), 2 wrong usage, 3 the world failed (a file cannot be read or written)";

const CHECK_KEYS: &str = "\
Keys of --json, which stay within one format:
  format                                   1
  file, valid, problems[], warnings[]      each problem: file, line, column, severity, code, message, help
  fleet, mode, services[], budgets[]       only of a valid file; of a service's `ecs` and `asg` one is null
  metrics_read_per_minute, dollars_per_month, alarms_would_save
                                           of the whole fleet; the last one is null when alarms save nothing
  effective[], zone_rules                  only with --explain: each setting, value, from (file, default, derived),
                                           line, because
  error                                    only when the file could not be read
Of several files: format, valid, files[] (each as above), problems[] (services that two of the files scale).";

/// Tidegate scales what AWS does not scale by itself.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, styles = STYLES, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check fleet files: every problem at once, or what was understood
    #[command(after_long_help = format!("{CHECK_KEYS}\n\n{EXIT_CODES}"))]
    Check(CheckOptions),
    /// Print the JSON Schema of the fleet file, for editors
    Schema,
    /// Print every setting of the fleet file with its default and the reason for it, and what each signal counts
    Reference {
        /// Answer in JSON: settings[], signals[]
        #[arg(long)]
        json: bool,
    },
    /// Replay a recorded load through the policy of one service: what it would have cost, and who would have waited
    #[command(after_long_help = format!("{}\n\n{EXIT_CODES}", simulate::KEYS))]
    Simulate(SimulateOptions),
    /// Replay a recorded load through many settings of one service, and name the cheapest that is late seldom enough
    #[command(after_long_help = format!("{}\n\n{EXIT_CODES}", tune::KEYS))]
    Tune(TuneOptions),
    /// Set a service to a size at the next evaluation, and keep it there for a time
    #[command(after_help = EXIT_CODES)]
    Pin(PinOptions),
    /// Take back what was pinned: the rules decide again
    #[command(after_help = EXIT_CODES)]
    Release(ReleaseOptions),
}

#[derive(Debug, Args)]
pub(crate) struct PinOptions {
    /// The service's name in the fleet file
    pub(crate) target: String,
    /// Tasks; also below `min`, and above `max` as far as the fleet file has `override_max`
    #[arg(value_parser = clap::value_parser!(u32).range(0..=5000))]
    pub(crate) tasks: u32,
    /// How long, from now: 90s, 30m, 2h, 2d
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) lasting: SignedDuration,
    /// Why, for the reports
    #[arg(long, default_value = "no reason given")]
    pub(crate) why: String,
    #[command(flatten)]
    pub(crate) place: LedgerOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseOptions {
    /// The service's name in the fleet file
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) place: LedgerOptions,
}

#[derive(Debug, Args)]
pub(crate) struct LedgerOptions {
    /// The fleet's name (`name:` in the fleet file)
    #[arg(long, value_name = "NAME")]
    pub(crate) fleet_name: String,
    /// The DynamoDB table; an output of the stack
    #[arg(long, value_name = "TABLE", env = "TIDEGATE_LEDGER")]
    pub(crate) ledger: String,
    /// Who asks, for the reports
    #[arg(long, env = "USER", default_value = "operator")]
    pub(crate) who: String,
    /// Answer in JSON: `overrides[]`, each with target, pin, until, who, why; or `error`
    #[arg(long)]
    pub(crate) json: bool,
}

/// A duration of a minute to 30 days.
fn duration(text: &str) -> Result<SignedDuration, String> {
    tidegate_fleet::duration(text, 60, 30 * 86_400)
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The fleet files; `-` is the standard input
    #[arg(value_name = "FLEET", required = true)]
    pub(crate) fleets: Vec<PathBuf>,
    /// Answer in JSON; the keys are in the long help (--help)
    #[arg(long)]
    pub(crate) json: bool,
    /// Add every setting that holds for the file, and where each comes from: a line, a default, or other settings
    #[arg(long)]
    pub(crate) explain: bool,
}
