//! What a command ends with.

/// The answer is no: the file is invalid, the request refused.
pub(crate) const REFUSED: u8 = 1;

/// The world failed: a file that cannot be read, a service that does not answer. (2 is wrong usage, by clap.)
pub(crate) const FAILED: u8 = 3;

/// Text for both streams and the exit code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// 0 done, 1 refused, 3 failed.
    pub(crate) code: u8,
}

impl Outcome {
    /// Done, with this to say.
    pub(crate) fn done(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }
}
