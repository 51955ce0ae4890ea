//! The expression of a metric: CloudWatch metric math, as far as ids go. CloudWatch itself has the last word on functions.

use std::collections::BTreeSet;

use crate::problem::{Code, words};
use crate::yaml::scalar::Fault;

/// Checks that the expression names all of these ids and no other, and closes its parentheses.
pub(crate) fn check(text: &str, ids: &[&str]) -> Result<(), Fault> {
    let words = words_of(text);
    // It stands for every metric of the call, and a call is shared by the whole fleet.
    if let Some((word, offset)) =
        words.iter().find(|(word, _)| word.eq_ignore_ascii_case("METRICS") && !is_id(word))
    {
        let message = "calls `METRICS()`, which would also count the metrics of other services";
        return Err(bad(message, "name each metric").within(*offset, word.chars().count()));
    }
    let unknown = words.iter().find(|(word, _)| is_id(word) && !ids.contains(word));
    if let Some((word, offset)) = unknown {
        let help = match ids {
            [] => "declare it under `metrics`".to_owned(),
            [_, ..] => format!("{}; functions are written in capitals", words::meant(word, ids)),
        };
        let message = format!("names `{}`, which is not under `metrics`", words::shortened(word));
        return Err(bad(&message, &help).within(*offset, word.chars().count()));
    }
    if ids.is_empty() {
        return Err(bad("names no metric", "declare the metrics that it is made of under `metrics`"));
    }
    let used: BTreeSet<&str> = words.iter().map(|(word, _)| *word).collect();
    if let Some(unused) = ids.iter().find(|id| !used.contains(**id)) {
        let message = format!("does not name `{}`", words::shortened(unused));
        return Err(bad(
            &message,
            "remove it from `metrics`: it would be read and charged for without any use",
        ));
    }
    parentheses(text)
}

/// CloudWatch's ids begin with a lower-case letter; its functions and constants are capitals.
fn is_id(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The words of a text, each with its offset; numbers are words too (`1e3`).
fn words_of(text: &str) -> Vec<(&str, usize)> {
    let mut words = Vec::new();
    let mut rest = text;
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    while let Some(start) = rest.find(in_word) {
        let tail = rest.split_at(start).1;
        let end = tail.find(|c| !in_word(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        // An expression is ASCII, so that bytes are characters.
        words.push((word, text.len().saturating_sub(tail.len())));
        rest = after;
    }
    words
}

fn parentheses(text: &str) -> Result<(), Fault> {
    let mut open = Vec::new();
    for (offset, c) in text.char_indices() {
        match c {
            '(' | '[' => open.push((offset, c)),
            ')' | ']' => {
                let opened = open.pop().map(|(_, opened)| opened);
                if opened != Some(if c == ')' { '(' } else { '[' }) {
                    return Err(bad(&format!("closes a `{c}` that is not open"), "fix the parentheses")
                        .within(offset, 1));
                }
            }
            _ => {}
        }
    }
    match open.first() {
        None => Ok(()),
        Some((offset, opened)) => {
            Err(bad(&format!("never closes its `{opened}`"), "fix the parentheses").within(*offset, 1))
        }
    }
}

fn bad(message: &str, help: &str) -> Fault {
    Fault::new(Code::BadExpression, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_names_each_of_its_metrics() {
        for (text, ids) in [
            ("100 * e / r", &["e", "r"][..]),
            ("100*e/r", &["e", "r"]),
            ("SUM([m1, m2]) / PERIOD(m1)", &["m1", "m2"]),
            ("IF(errors > 1e3 AND requests > 0, 100 * errors / requests, 0)", &["errors", "requests"]),
            ("FILL(openConnections, REPEAT)", &["openConnections"]),
        ] {
            assert_eq!(check(text, ids).map_err(|fault| fault.message), Ok(()), "{text}");
        }
    }

    #[track_caller]
    fn check_fault(text: &str, ids: &[&str], part: &str, said: &str) {
        let fault = check(text, ids).expect_err("the expression is wrong");
        let (offset, width) = fault.span.unwrap_or((0, text.len()));
        assert_eq!(&text[offset..offset + width], part, "{fault:?}");
        let all = format!("{} {}", fault.message, fault.help);
        assert!(all.contains(said), "{all}");
    }

    #[test]
    fn faults_name_the_word_that_is_wrong() {
        check_fault("100 * errs / requests", &["errors", "requests"], "errs", "did you mean `errors`?");
        check_fault("100 * e / r", &["e"], "r", "allowed: `e`");
        check_fault("e / sum(r)", &["e", "r"], "sum", "functions are written in capitals");
        check_fault("100 * e", &["e", "r"], "100 * e", "does not name `r`");
        check_fault("5 * 5", &[], "5 * 5", "names no metric");
        check_fault("e * 5", &[], "e", "declare it under `metrics`");
        check_fault("SUM(METRICS()) / r + e", &["e", "r"], "METRICS", "name each metric");
        check_fault("100 * (e / r", &["e", "r"], "(", "never closes its `(`");
        check_fault("100 * e / r)", &["e", "r"], ")", "closes a `)`");
        check_fault("SUM([e, r)]", &["e", "r"], ")", "closes a `)`");
    }
}
