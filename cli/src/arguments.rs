//! The command line.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::check::{self, CheckOptions};
use crate::emergency::EmergencyCommand;
use crate::exit_codes::EXIT_CODES;
use crate::hold::{self, HoldOptions};
use crate::pin::{self, PinOptions};
use crate::reference::ReferenceOptions;
use crate::release::{self, ReleaseOptions};
use crate::simulate::{self, SimulateOptions};
use crate::tune::{self, TuneOptions};
use crate::upgrade::{self, UpgradeOptions};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Tidegate autoscales ECS services and EC2 Auto Scaling groups from queue depth and load.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, styles = STYLES, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check fleet files: prints every problem at once, or a summary of a valid file
    #[command(after_long_help = format!("{}\n\n{EXIT_CODES}", check::KEYS))]
    Check(CheckOptions),
    /// Print the JSON Schema of the fleet file, for editors
    Schema,
    /// Print every setting of the fleet file with its default and the reason for it, and what each signal counts
    Reference(ReferenceOptions),
    /// Replay a recorded load through the policy of one service: prints its cost and how many jobs would have been late
    #[command(after_long_help = format!("{}\n\n{EXIT_CODES}", simulate::KEYS))]
    Simulate(SimulateOptions),
    /// Replay a recorded load through many settings of one service and find the cheapest that meets `--late`
    #[command(after_long_help = format!("{}\n\n{EXIT_CODES}", tune::KEYS))]
    Tune(TuneOptions),
    /// Keep a service from scaling in for a while, or with `--both` from every change
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", hold::EXAMPLE))]
    Hold(HoldOptions),
    /// Set a service to a fixed size at the next evaluation and keep it there for a while
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", pin::EXAMPLE))]
    Pin(PinOptions),
    /// Remove a hold or a pin, so that the rules decide again
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", release::EXAMPLE))]
    Release(ReleaseOptions),
    /// Ask for another instance class of a database, in its maintenance window or at once, or take the request back
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", upgrade::EXAMPLE))]
    Upgrade(UpgradeOptions),
    /// The whole fleet to its maximum or to another profile with one command, and back
    #[command(subcommand, after_help = EXIT_CODES)]
    Emergency(EmergencyCommand),
}
