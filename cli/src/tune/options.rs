//! The arguments of `tidegate tune`.

use std::path::PathBuf;

use clap::Args;

use crate::replay::ReplayOptions;

#[derive(Debug, Args)]
pub(crate) struct TuneOptions {
    #[command(flatten)]
    pub(crate) replay: ReplayOptions,
    /// Choose the cheapest setting with at most this percentage of late jobs
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0, value_parser = percent)]
    pub(crate) late: f64,
    /// Write one HTML page with the best trade-offs and the run of the chosen setting
    #[arg(long, value_name = "OUT")]
    pub(crate) html: Option<PathBuf>,
    /// Print JSON; --help lists its keys
    #[arg(long)]
    pub(crate) json: bool,
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("must be 0 to 100".to_owned()) }
}
