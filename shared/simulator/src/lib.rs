//! A recorded load, replayed through the very policy that runs in production.
//!
//! ```text
//! trace::read(text) -> Trace -> Load -> simulate(&Load, &WorldSettings, &mut impl Autoscaler) -> Run -> Score
//! ```
//!
//! Databases have a world of their own, [`rds`], in which replicas are created and removed.
//!
//! Pure and seeded: the same trace, setting and seed give the same bytes. What this crate does not do: it opens no file,
//! asks no clock, prints nothing, and decides nothing that production decides: [`autoscaler::Production`] calls
//! `tidegate_policy::decide` with what the simulated world shows.

mod random;
mod number;
mod step;
pub mod trace;
pub mod load;
mod evaluation;
pub mod world;
pub mod synthetic;
pub mod autoscaler;
pub mod oracle;
mod overload;
mod score;
pub mod rds;

pub use evaluation::Autoscaler;
pub use load::Load;
pub use oracle::oracle;
pub use overload::Overload;
pub use score::{Baseline, Score};
pub use trace::Trace;
pub use world::{Run, WorldSettings, simulate};
