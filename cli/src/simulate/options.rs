//! The arguments of `tidegate simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::replay::ReplayOptions;

#[derive(Debug, Args)]
pub(crate) struct SimulateOptions {
    #[command(flatten)]
    pub(crate) replay: ReplayOptions,
    /// Put the rivals beside it: a fixed size, the guides' step rules, AWS target tracking, KEDA, and the oracle
    #[arg(long)]
    pub(crate) rivals: bool,
    /// Write a page that shows all of it: load, backlog, tasks, every decision with its reasons; one file for any browser
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Answer in JSON; the keys are in the long help (--help)
    #[arg(long)]
    pub(crate) json: bool,
}
