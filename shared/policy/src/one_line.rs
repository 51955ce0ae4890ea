//! Texts of others, before they stand in a report.

/// A text for reports: one line, so that it cannot pretend to be one of theirs, and no longer than so many characters.
pub fn one_line(text: &mut String, longest: usize) {
    text.retain(|c| !c.is_control());
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line_of_at_most_so_many_characters() {
        for (text, expected) in [
            ("deploy", "deploy"),
            ("deploys", "deploy"),
            ("up\r\n", "up"),
            ("de\nploy", "deploy"),
            ("größer", "größer"),
            ("größere", "größer"),
            ("", ""),
        ] {
            let mut found = text.to_owned();
            one_line(&mut found, 6);
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
