//! Who changes something.

/// Who changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Tidegate.
    Tidegate,
    /// An operator, a deployment, another tool.
    SomeoneElse,
}
