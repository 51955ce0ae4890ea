//! Words for messages: lists, plurals, and what the author probably meant.

use crate::problem::excerpt::without_secrets;

/// Below this likeness (0 to 1, Jaro-Winkler) a suggestion would confuse more than it helps; 0.7 takes `concurency`,
/// `max_capacity` no longer.
const LIKENESS_MIN: f64 = 0.7;

/// Most words that a message lists; a fleet can have 1,000 services.
const LISTED_MAX: usize = 24;

/// Longest value that is repeated in a message.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// `` `a`, `b` and `c` ``.
pub(crate) fn list<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    joined(words, "and")
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn either<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    joined(words, "or")
}

fn joined<T: AsRef<str>>(words: impl IntoIterator<Item = T>, with: &str) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.pop() {
        None => "none".to_owned(),
        Some(only) if quoted.is_empty() => only,
        Some(last) => format!("{} {with} {last}", quoted.join(", ")),
    }
}

/// The allowed words, led by the one that was probably meant.
pub(crate) fn meant<T: AsRef<str>>(word: &str, allowed: impl IntoIterator<Item = T>) -> String {
    let allowed: Vec<T> = allowed.into_iter().collect();
    let hint = nearest(word, allowed.iter().map(AsRef::as_ref))
        .map(|nearest| format!("did you mean `{nearest}`? "))
        .unwrap_or_default();
    let more = match allowed.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{hint}allowed: {}{more}", list(allowed.iter().take(LISTED_MAX)))
}

/// The word that was probably meant.
pub(crate) fn nearest<'a>(word: &str, allowed: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A long value is no slip of the pen, and the distance costs its length squared.
    if word.chars().count() > SHOWN_CHARACTERS_MAX {
        return None;
    }
    let word = word.to_lowercase();
    allowed
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// `1 entry`, `2 entries`.
pub(crate) fn count(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The text, cut when it would fill the message.
pub(crate) fn shortened(text: &str) -> String {
    // Before cutting, which could cut off the `@` that gives a password away.
    let text = without_secrets(text);
    if text.chars().count() <= SHOWN_CHARACTERS_MAX {
        return text;
    }
    let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    format!("{shown}…")
}
