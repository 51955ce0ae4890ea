//! `tidegate emergency`: the whole fleet to a profile, and back.

use clap::Subcommand;

use crate::exit_codes::EXIT_CODES;
use crate::outcome::CommandOutput;

mod table;
mod plan;
mod state;
mod snapshots;
mod watch;
mod engage;
mod restore;
mod status;

use engage::EngageOptions;
use restore::RestoreOptions;
use status::StatusOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum EmergencyCommand {
    /// Show what a profile would set, ask for the fleet's name, and set it: `max` takes every service to its maximum
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", engage::EXAMPLE))]
    Engage(EngageOptions),
    /// End the emergency: the rules decide again, and what AWS's own autoscaling had is put back
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", restore::EXAMPLE))]
    Restore(RestoreOptions),
    /// What is in force, since when, by whom and until when; what runs, and what blocks the rest
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", status::EXAMPLE))]
    Status(StatusOptions),
}

impl EmergencyCommand {
    /// Whether its answer is for machines.
    pub(crate) fn is_json(&self) -> bool {
        match self {
            Self::Engage(options) => options.function.json,
            Self::Restore(options) => options.function.json,
            Self::Status(options) => options.function.json,
        }
    }
}

pub(crate) fn run(command: &EmergencyCommand) -> CommandOutput {
    match command {
        EmergencyCommand::Engage(options) => engage::run(options),
        EmergencyCommand::Restore(options) => restore::run(options),
        EmergencyCommand::Status(options) => status::run(options),
    }
}
