//! What single values cannot show: settings that contradict each other, or cannot be meant.
//!
//! Reading calls these checks as soon as what they speak of is read.

pub(crate) mod budget;
pub(crate) mod database;
pub(crate) mod emergency;
pub(crate) mod ledger;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod unique;
pub(crate) mod upgrade;
