//! Everything in Tidegate that talks to AWS: observe, act, remember, report. It decides nothing.
//!
//! What this crate does not do: it never chooses a size, never retries a change by itself beyond the SDK's own
//! attempts, and never turns a failed read into a number.

pub mod error;
pub mod place;
pub mod bucket;
pub mod clients;
pub mod trigger;
pub mod secrets;
pub mod targets;
pub mod load_balancers;
pub mod metrics;
pub mod alarms;
pub mod ledger;
pub mod activity;
pub mod update;
pub mod report;
pub mod sns;
pub mod log;
pub mod sqs;
pub mod rds;
pub mod route53;

pub use clients::Clients;
pub use error::CallError;
