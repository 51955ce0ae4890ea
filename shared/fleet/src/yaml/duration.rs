//! Durations outside the file: the command line takes what the file takes.

use jiff::SignedDuration;

use crate::yaml::scalar::{self, WrittenScalar};

/// A duration as the fleet file has it, for example `90s`, `1h30m` or `2d`, within a range of seconds.
///
/// # Errors
/// What to write instead, and what is allowed.
pub fn duration(text: &str, min_seconds: u32, max_seconds: u32) -> Result<SignedDuration, String> {
    scalar::duration(&WrittenScalar::plain(text), min_seconds, max_seconds).map_err(|fault| fault.help)
}
