//! Texts of others, before they stand in a report.

/// A text for reports: one line, so that it cannot pretend to be one of theirs, and no longer than so many characters.
pub fn one_line(text: &mut String, longest: usize) {
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        *text = text.chars().filter(|c| !c.is_control()).take(longest).collect();
    }
}
