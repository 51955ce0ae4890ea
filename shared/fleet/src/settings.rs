//! Every setting once, as data, and what is made of it for operators and editors: the table of settings and the JSON
//! Schema.

pub(crate) mod bounds;
pub(crate) mod database;
pub(crate) mod emergency;
pub(crate) mod fleet;
pub(crate) mod guard;
pub(crate) mod metric;
pub(crate) mod queue;
pub mod reference;
pub(crate) mod rule;
pub mod schema;
pub(crate) mod service;
pub(crate) mod shape;
pub(crate) mod texts;
pub(crate) mod upgrade;
