//! Text for a terminal: lines end at its width, between words. In a pipe, and in a file, they stay as they are.

use std::borrow::Cow;

use terminal_size::{Width, terminal_size_of};
use textwrap::{Options, WordSplitter};

/// Narrower than this a sentence would be a column of single words.
const WIDTH_MIN: usize = 40;

/// How far a continued line is set in at most; a name longer than this stands alone.
const INDENT_MAX: usize = 20;

/// The width of a stream's terminal, or of `COLUMNS` where that is exported; none in a pipe.
pub(crate) fn width(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = asked.or_else(|| terminal_size_of(stream).map(|(Width(columns), _)| usize::from(columns)));
    width.map(|width| width.max(WIDTH_MIN))
}

/// The text with no line longer than the width, as far as its words allow. A continued line stands under the text that it
/// continues. Lines of a file, with their carets, are left alone.
pub(crate) fn lines(text: &str, width: Option<usize>) -> Cow<'_, str> {
    let Some(width) = width else { return Cow::Borrowed(text) };
    let wrapped = text.split_inclusive('\n').map(|line| {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if line.chars().count() <= width || is_of_a_file(line) {
            return format!("{line}{end}");
        }
        let indent = " ".repeat(indent(line));
        // Names and ARNs are to be copied: a hyphen ends no line.
        let options = Options::new(width).word_splitter(WordSplitter::NoHyphenation).break_words(false);
        let options = options.subsequent_indent(&indent);
        format!("{}{end}", textwrap::fill(line, options))
    });
    Cow::Owned(wrapped.collect())
}

/// `12 | rules:`, and the caret below it.
fn is_of_a_file(line: &str) -> bool {
    line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit()).starts_with('|')
}

/// Where the text begins: behind a name and the gap after it, or behind the sign of a help.
fn indent(line: &str) -> usize {
    let text = line.trim_start();
    let before = line.len().saturating_sub(text.len());
    let behind = |gap: &str| {
        let (name, rest) = text.split_once(gap)?;
        let gap = gap.len().saturating_add(rest.len().saturating_sub(rest.trim_start().len()));
        let column = before.saturating_add(name.chars().count()).saturating_add(gap);
        (column <= INDENT_MAX).then_some(column)
    };
    behind("  ").or_else(|| text.starts_with("= ").then(|| before.saturating_add(2))).unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continued_line_stands_under_the_text_that_it_continues() {
        let text = "  capacity       2 to 20 tasks, 4 jobs per task, and so on\n";
        assert_eq!(
            lines(text, Some(40)),
            "  capacity       2 to 20 tasks, 4 jobs\n                 per task, and so on\n"
        );
        let help = "   = write it like this, and not like that at all, please\n";
        assert_eq!(
            lines(help, Some(40)),
            "   = write it like this, and not like\n     that at all, please\n"
        );
        let plain = "a line without any name that is longer than the terminal\n\nshort";
        assert_eq!(
            lines(plain, Some(40)),
            "a line without any name that is longer\nthan the terminal\n\nshort"
        );
    }

    #[test]
    fn lines_of_a_file_and_long_words_are_left_alone() {
        for text in [
            "12 |   - { when: waiting > 500, add: 5, notify: critical }",
            "   |                                           ^^^^^",
            "arn:aws:ecs:eu-central-1:111122223333:service/prod/worker",
        ] {
            assert_eq!(lines(text, Some(40)), text);
        }
    }

    #[test]
    fn in_a_pipe_nothing_is_broken() {
        let text = "word ".repeat(100);
        assert_eq!(lines(&text, None), text);
    }
}
