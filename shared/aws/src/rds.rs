//! Databases of Amazon RDS and Amazon Aurora: every instance of the account in one paged answer, what it means for one
//! database, the metrics of all databases in one batch, and the two calls that add and remove a read replica.

mod account;
mod understand;
mod classes;
mod readings;
mod tags;
mod create;
mod change;

pub use account::{AllInstances, describe};
pub use change::{apply, outcome};
pub use classes::{Classes, DatabaseClasses};
pub use readings::{Measured, read_metrics};
pub use tags::{ReplicaTags, TAG_DATABASE, TAG_FLEET};
