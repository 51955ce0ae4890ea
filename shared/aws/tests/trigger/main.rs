//! Events, as AWS sends them and malformed ones.

mod mutations;
mod payloads;
