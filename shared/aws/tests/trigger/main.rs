//! Events, as AWS sends them and as nobody should.

mod mutations;
mod payloads;
