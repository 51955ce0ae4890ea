//! An item of the ledger that this program did not write.

use crate::error::cause::Cause;

/// Why an item of the ledger is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// Another version of Tidegate wrote it.
    #[error(
        "the item has format {found}, written by another version of Tidegate; this version reads format {known}"
    )]
    OtherFormat {
        /// What it says.
        found: String,
        /// What this program writes and reads.
        known: u64,
    },
    /// It lacks an attribute.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An attribute holds other JSON.
    #[error("`{attribute}` cannot be parsed: {cause}")]
    NotJson {
        /// The attribute.
        attribute: &'static str,
        /// What is wrong with it.
        #[source]
        cause: Cause,
    },
}
