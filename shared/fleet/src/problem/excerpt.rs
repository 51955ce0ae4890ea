//! How a problem is shown to an operator: the line of the file, and a caret under the place.

use std::fmt::Write;

use crate::problem::place::Place;

/// Longer lines are cut around the place: a terminal would wrap them and the caret would point nowhere.
const LINE_CHARACTERS_MAX: usize = 140;

/// The head line, the place, the source line with a caret, and what helps.
pub(crate) fn render(head: &str, file: &str, text: &str, place: Place, help: Option<&str>) -> String {
    let Place { line, column, width } = place;
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let mut shown = format!("{head}\n{gutter}--> {file}:{line}:{column}\n");
    if let Some(source) = text.lines().nth(line.saturating_sub(1)) {
        let (source, offset) = cut(&without_secrets(source), column.saturating_sub(1));
        let room = source.chars().count().saturating_sub(offset).max(1);
        let carets = "^".repeat(width.clamp(1, room));
        let indent = " ".repeat(offset);
        // Writing to a `String` cannot fail.
        let _ = write!(shown, "{gutter} |\n{number} | {source}\n{gutter} | {indent}{carets}\n");
    }
    if let Some(help) = help {
        let _ = writeln!(shown, "{gutter} = {help}");
    }
    shown
}

/// The part of a line around an offset, and the offset within that part; what cannot be shown becomes a space.
fn cut(source: &str, offset: usize) -> (String, usize) {
    let characters: Vec<char> = source.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    if characters.len() <= LINE_CHARACTERS_MAX {
        return (characters.into_iter().collect(), offset);
    }
    let start = offset.saturating_sub(LINE_CHARACTERS_MAX / 2);
    let part = characters.into_iter().skip(start).take(LINE_CHARACTERS_MAX).collect();
    (part, offset.saturating_sub(start))
}

/// Control characters and the marks that turn the direction of writing: a file must not steer the terminal of the one
/// who checks it, nor show another text than it holds.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text as a message may repeat it: one line, without secrets, and with escapes for what cannot be shown.
pub(crate) fn sayable(text: &str) -> String {
    let escaped = |c: char| {
        if is_unprintable(c) { c.escape_unicode().to_string() } else { c.to_string() }
    };
    without_secrets(text).chars().map(escaped).collect()
}

/// The text with every password of a URL starred out, character by character, so that columns stay.
///
/// Messages and excerpts end in build logs and chat rooms: a password that was written into the file by mistake must
/// not travel further.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut rest = text;
    let mut shown = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find([' ', '"', '\'', '`']).unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host))) {
            Some(((user, password), host)) => {
                let stars = "*".repeat(password.chars().count());
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "{user}:{stars}@{host}");
            }
            None => shown.push_str(authority),
        }
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(without_secrets(text), expected);
    }

    #[test]
    fn passwords_never_leave_the_file() {
        check("url: redis://:hunter2@host:6379/0", "url: redis://:*******@host:6379/0");
        check("{ url: 'rediss://u:p@h', x: 1 }", "{ url: 'rediss://u:*@h', x: 1 }");
        check("redis://u:a@b@h and http://x:y@z", "redis://u:***@h and http://x:*@z");
        check("redis://:a/b,c}@h:1/0", "redis://:******@h:1/0");
        check("redis://user@host:6379", "redis://user@host:6379");
        check("https://sqs.eu-central-1.amazonaws.com/1/q", "https://sqs.eu-central-1.amazonaws.com/1/q");
    }

    #[test]
    fn a_file_cannot_steer_the_terminal() {
        assert_eq!(sayable("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
        let place = Place { line: 1, column: 1, width: 1 };
        assert!(!render("error", "f", "a\u{1b}[2J", place, None).contains('\u{1b}'));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}BAD{}", "a".repeat(500), "b".repeat(500));
        let place = Place { line: 1, column: 501, width: 3 };
        let shown = render("error", "f", &text, place, None);
        let lines: Vec<&str> = shown.lines().collect();
        let caret = lines[4].find('^').expect("there is a caret");
        assert_eq!(&lines[3][caret..caret + 3], "BAD");
        assert!(lines[3].chars().count() < 160);
    }
}
