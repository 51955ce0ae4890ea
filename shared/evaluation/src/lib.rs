//! One evaluation, from trigger to report: the handler that all functions share.
//!
//! Parse the event → read the ledger → observe → decide → remember the intent → act → report → remember the outcome.
//! What a function brings is a [`Concern`].

pub mod budget;
mod clock;
mod failure;
mod invocation;
mod settings;
mod concern;
mod selection;
mod outage;
mod ends;
mod evaluator;
mod remember;
mod function;

pub use crate::clock::Clock;
pub use crate::concern::Concern;
pub use crate::evaluator::Evaluator;
pub use crate::failure::InvocationError;
pub use crate::function::Function;
pub use crate::invocation::Invocation;
pub use crate::selection::Selection;
pub use crate::settings::Settings;
