//! The emergency: sizes for many targets at once, until a stated time, and the way back.
//!
//! [`incident`] is what is remembered of it, [`engage`] what brings one target to its size, [`restore`] what puts back what
//! was found, [`missed`] which scheduled actions did not run meanwhile, [`delivery`] what AWS can run of it, and when.

pub mod schedule;
pub mod target;
pub mod lately;
pub mod missed;
pub mod incident;
pub mod engage;
pub mod restore;
pub mod delivery;
pub mod request;
pub mod decision;
mod begin;
pub mod decide;
