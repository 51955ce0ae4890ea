//! The parts of a condition: its words, the `for` that may end it, and where they stand.

use jiff::SignedDuration;
use tidegate_policy::Condition;

use crate::problem::{Code, words};
use crate::yaml::scalar::{self, Fault, WrittenScalar};

/// One minute to seven days: a scheduled evaluation comes once a minute, and CloudWatch keeps one-minute data for 15 days.
pub(super) const HOLD_SECONDS: (u32, u32) = (60, 604_800);

/// A condition and where its parts stand in the text.
#[derive(Debug)]
pub(crate) struct ParsedCondition {
    pub(crate) condition: Condition,
    /// Offset and width of the signal.
    pub(crate) signal: (usize, usize),
    /// Offset and width of the threshold.
    pub(crate) threshold: (usize, usize),
    /// Offset and width of the duration, if there is one.
    pub(crate) hold_for: Option<(usize, usize)>,
}

/// The `for` that may end a condition, within a range in seconds, and where its duration stands.
pub(super) fn duration_after<'a>(
    text: &str,
    what: &str,
    range: (u32, u32),
    mut tokens: impl Iterator<Item = Token<'a>>,
) -> Result<(SignedDuration, Option<(usize, usize)>), Fault> {
    let Some(word) = tokens.next() else {
        return Ok((SignedDuration::ZERO, None));
    };
    if word.text != "for" {
        let message = format!("has `{}` after {what}", words::shortened(word.text));
        let help = "allowed: `for` with a duration, as in `for 5m`; one condition per rule";
        return Err(word.locate(bad(&message, help)));
    }
    let duration = tokens.next().ok_or_else(|| missing(text, "the duration after `for`"))?;
    if let Some(word) = tokens.next() {
        let message = format!("has `{}` after the duration", words::shortened(word.text));
        return Err(word.locate(bad(&message, "nothing may follow")));
    }
    Ok((hold_for(&duration, range)?, Some(duration.span())))
}

pub(super) fn missing(text: &str, what: &str) -> Fault {
    let help = format!("{what} is missing; write `SIGNAL OP VALUE`");
    bad("ends too early", &help).within(text.chars().count(), 1)
}

fn hold_for(duration: &Token<'_>, (min, max): (u32, u32)) -> Result<SignedDuration, Fault> {
    scalar::duration(&WrittenScalar::plain(duration.text), min, max).map_err(|fault| {
        let message = format!("has a `for` that {}", fault.message);
        duration.locate(Fault { message, ..fault })
    })
}

/// A run of comparison characters, or of anything else between spaces.
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// In characters.
    pub(crate) offset: usize,
}

impl Token<'_> {
    pub(crate) fn span(&self) -> (usize, usize) {
        (self.offset, self.text.chars().count())
    }

    pub(crate) fn locate(&self, fault: Fault) -> Fault {
        let (offset, width) = self.span();
        fault.within(offset, width)
    }
}

/// The tokens of a text that begins at this offset.
pub(crate) fn tokens(text: &str, mut offset: usize) -> Vec<Token<'_>> {
    let is_operator = |c: char| "<>=!~".contains(c);
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let same_kind =
            |c: char| c.is_whitespace() == first.is_whitespace() && is_operator(c) == is_operator(first);
        let length = rest.find(|c| !same_kind(c)).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(length);
        if !first.is_whitespace() {
            tokens.push(Token { text: token, offset });
        }
        offset = offset.saturating_add(token.chars().count());
        rest = tail;
    }
    tokens
}

pub(crate) fn bad(message: &str, help: &str) -> Fault {
    Fault::new(Code::BadCondition, message, help)
}
