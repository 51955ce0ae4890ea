//! A simulated RDS: a source, its replicas, the records that lead reads to them, and whoever else changes them.
//!
//! ```text
//! SimulatedRds::new(RdsSettings) → advance() → observe() -> DatabaseObservation → call(), change_records() → advance() …
//! ```
//!
//! It speaks no HTTP: what an evaluation sees is the policy's own observation, and what it is asked for are the policy's
//! own calls. All of it is seeded: the same settings and the same calls give the same world.
//!
//! # What is documented
//! The statuses and their order, the calls that are refused and by which code, 40 instances of an account, 15 replicas of
//! a source, `ReplicaLag` −1 with its `StatusInfos`, the lag of an idle PostgreSQL source of up to 300 s, slots that keep
//! write-ahead log on the source without limit, a batch of records that is atomic and deletes only what it names exactly,
//! all weights 0 meaning all equal (`facts.md`, sections 4 and 7).
//!
//! # What is assumed, since nobody here has measured it
//! Every duration and every share of [`RdsTimes`] and [`RdsTroubles`], in particular:
//! - `creating` lasts 3 minutes to 2 hours, `backing-up` and `modifying` seconds to 10 minutes, storage initializes for up to
//!   4 hours, `deleting` lasts 1 to 15 minutes;
//! - a new replica begins as far behind as its creation lasted, and replays 2 to 20 times as fast as its source
//!   writes, from the moment when it is available;
//! - answers of `DescribeDBInstances` are at most 2 minutes old, and one answer may be older than the one before it;
//! - a new instance has no metrics for 1 to 5 minutes after it is available;
//! - Route 53 answers with a change after 30 seconds, resolvers after their TTL, and half of the connections are opened anew
//!   within 2 minutes; connections to an instance that is gone are opened anew at once;
//! - a write-ahead-log switch of an idle PostgreSQL source shows in one minute of five, or evenly over all five.
//!
//! # What it does not have
//! Maintenance windows, and classes other than by [`ManualChange::ModifySource`]: an instance has its class and its pending values
//! ([`PendingValues`]), so that they can be added.

mod setting;
mod status;
mod replication;
mod instance;
mod life;
mod zone;
mod readers;
mod minutes;
mod happening;
mod refusal;
mod account;
mod metrics;
mod manual;
mod shown;
mod simulation;

pub use happening::{Actor, Deed, Happening, RdsEvent};
pub use instance::{OUR_PREFIX, PendingValues, SimulatedInstance};
pub use manual::ManualChange;
pub use metrics::DatabaseLoad;
pub use refusal::{CallAnswer, CallRefusal};
pub use setting::{RdsSettings, RdsTimes, RdsTroubles, SecondsBetween};
pub use simulation::{RecordsAnswer, SimulatedRds};
pub use status::InstanceStatus;
pub use zone::HostedZone;
