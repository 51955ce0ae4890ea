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
//! - a write-ahead-log switch of an idle PostgreSQL source shows in one minute of five, or evenly over all five;
//! - the reader endpoint of Aurora leads to every reader that serves, and to the writer where none does; a failover takes effect at
//!   once; a writer is not deleted; a reader shows no lag while it or the writer does not serve;
//! - a zone without capacity refuses every class, and for as long as it is set.
//!
//! # Classes, maintenance windows and what is pending
//! The same world shows itself as the policy's [`UpgradeObservation`](tidegate_policy::upgrades::observation::UpgradeObservation)
//! and takes its calls: `observe_classes()`, `rehearse()`, `messages()`, `look_once_more()`, `call_of_class()`. Documented: with
//! `ApplyImmediately` everything that is pending is applied too, a restart and the maintenance window apply what is pending, the
//! instance stays `available` for a while after the call, a change may be refused for want of capacity, or taken and given up
//! later with nothing but an event. Each value that is pending keeps whose it is. Assumed:
//! - `modifying` of a class lasts 2 to 40 minutes; then a single instance restarts for 30 seconds to 10 minutes, and with Multi-AZ
//!   a standby takes over within 1 to 2 minutes;
//! - everything that is pending when RDS begins to apply it is applied, also what was queued after the call;
//! - after a change of the class a parameter group is `applying` for 4 minutes;
//! - an upgrade of the engine lasts 5 to 30 minutes, the optimization of the storage 15 minutes to 12 hours;
//! - in its window RDS begins what is pending within some minutes, and not always in the first;
//! - a manual snapshot takes 1 to 30 minutes, and the instance is `backing-up` for as long;
//! - `DescribeEvents` shows an event up to 15 minutes late;
//! - the load follows the memory of a class: twice the memory, half the CPU.
//!
//! Of these, the source alone is measured for its class. What it does not have: Aurora's classes, other Regions.

mod class_setting;
mod setting;
mod actor;
mod modified;
mod snapshot;
mod status;
mod replication;
mod instance;
mod life;
mod change_dice;
mod zone;
mod readers;
mod minutes;
mod happening;
mod refusal;
mod account;
mod modify;
mod class_load;
mod class_manual;
mod metrics;
mod manual;
mod shown;
mod simulation;
mod class_shown;

pub use actor::Actor;
pub use class_manual::ClassManualChange;
pub use class_setting::{ClassDemand, ClassSettings};
pub use happening::{ClassDeed, Deed, Happening, RdsEvent};
pub use instance::{OUR_PREFIX, SimulatedInstance};
pub use manual::ManualChange;
pub use metrics::DatabaseLoad;
pub use modified::{AppliedBy, ModifiedValue, ParameterState, PendingValue, PendingValues};
pub use refusal::{CallAnswer, CallRefusal};
pub use setting::{RdsSettings, RdsTimes, RdsTroubles, SecondsBetween};
pub use simulation::{RecordsAnswer, SimulatedRds};
pub use snapshot::SimulatedSnapshot;
pub use status::InstanceStatus;
pub use zone::HostedZone;
