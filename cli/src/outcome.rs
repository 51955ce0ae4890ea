//! What a command ends with.

use serde_json::Value;

use crate::wrap;

/// The format of all answers for machines. It changes when a key of today gets another meaning, or goes.
const FORMAT: u32 = 1;

/// The answer is no: the file is invalid, the request refused.
pub(crate) const REFUSED: u8 = 1;

/// Wrong usage, as clap has it.
pub(crate) const USAGE: u8 = 2;

/// A file that cannot be read or written, or a call that fails.
pub(crate) const FAILED: u8 = 3;

/// Text for both streams and the exit code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CommandOutput {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// 0 done, 1 refused, 2 wrong usage, 3 failed.
    pub(crate) code: u8,
}

/// An answer for machines, which states its format.
pub(crate) fn answer(mut answer: Value) -> String {
    answer["format"] = FORMAT.into();
    format!("{answer:#}\n")
}

impl CommandOutput {
    /// Its sentences, for the terminals that read them.
    pub(crate) fn wrapped(self) -> Self {
        let stdout = wrap::lines(&self.stdout, wrap::width(std::io::stdout())).into_owned();
        let stderr = wrap::lines(&self.stderr, wrap::width(std::io::stderr())).into_owned();
        Self { stdout, stderr, ..self }
    }

    /// Done, with this to say.
    pub(crate) fn done(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }
}
