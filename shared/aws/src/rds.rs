//! Databases of Amazon RDS and Amazon Aurora: every instance of the account in one paged answer, what it means for one
//! database's replicas and for its class, the metrics of all databases in one batch, what a change of a class would meet, and the
//! calls that add and remove a read replica, take a snapshot or change an instance.

mod pages;
mod account;
mod replica_of;
mod understand;
mod classed;
mod parameter_groups;
mod classes;
mod instance_metrics;
mod readings;
mod class_load;
mod rehearsal;
mod offered;
mod messages;
mod tags;
mod create;
mod call_result;
mod last_look;
mod delete;
mod change;
mod snapshots;
mod class_change;

pub use account::{AllInstances, describe};
pub use call_result::CallResult;
pub use change::apply;
pub use class_change::change_class;
pub use class_load::{ClassReadings, MeasuredClass, read_loads};
pub use classes::{Classes, DatabaseClasses};
pub use messages::messages;
pub use offered::offered_zones;
pub use readings::{Measured, read_metrics};
pub use rehearsal::rehearse;
pub use snapshots::snapshot;
pub use tags::{ReplicaTags, TAG_DATABASE, TAG_FLEET};
