//! The one runtime, for the commands that ask AWS.

use std::future::Future;

use tokio::runtime::Builder;

use crate::error::CommandError;

/// Runs a command's calls on this thread, until all are answered.
pub(crate) fn run<T>(calls: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(CommandError::RuntimeUnstarted)?;
    runtime.block_on(calls)
}
