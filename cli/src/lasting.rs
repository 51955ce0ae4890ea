//! `2h`: how long an operator wants something to last.

/// The shortest and the longest that may be asked for.
const SECONDS: (u32, u32) = (60, 30 * 86_400);

/// A duration as the fleet file writes it, and as the function reads it: the text itself, once it is one.
pub(crate) fn lasting(text: &str) -> Result<String, String> {
    tidegate_fleet::duration(text, SECONDS.0, SECONDS.1).map(|_| text.to_owned())
}
