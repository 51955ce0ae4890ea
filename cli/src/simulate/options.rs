//! The arguments of `tidegate simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::replay::ReplayOptions;

#[derive(Debug, Args)]
pub(crate) struct SimulateOptions {
    #[command(flatten)]
    pub(crate) replay: ReplayOptions,
    /// Compare with other autoscalers: a fixed size, step rules, AWS target tracking, KEDA, and the oracle, which knows the
    /// future
    #[arg(long)]
    pub(crate) rivals: bool,
    /// Write one HTML page with load, backlog, tasks and every decision with its reasons
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Print JSON; --help lists its keys
    #[arg(long)]
    pub(crate) json: bool,
}
