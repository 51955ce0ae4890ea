//! The downtime of a change, as far as RDS told of it. Its events are best effort: late, twice or missing.

use jiff::{SignedDuration, Timestamp};

use crate::reading::Absence;
use crate::rule::Span;
use crate::upgrades::observation::RdsMessage;

/// What begins and ends a downtime, in the words of RDS (Amazon RDS user guide, "Amazon RDS event categories and event messages": 0004
/// and 0006, 0013, 0015 and 0049).
const BEGINS: [&str; 2] = ["shutdown", "failover started"];
const ENDS: [&str; 2] = ["restarted", "failover complete"];

/// `about 3m down, by the events of RDS`; or that nothing was seen.
pub(crate) fn seen(messages: Option<&Result<Vec<RdsMessage>, Absence>>, began: Timestamp) -> String {
    let unseen = |why: &str| format!("how long it was down is not known: {why}");
    let messages = match messages {
        Some(Ok(messages)) => messages,
        Some(Err(absence)) => return unseen(&absence.to_string()),
        None => return unseen("the events of RDS were not read"),
    };
    let says = |message: &RdsMessage, words: &[&str]| {
        let text = message.text.to_ascii_lowercase();
        message.at >= began && words.iter().any(|word| text.contains(word))
    };
    let first = messages.iter().filter(|message| says(message, &BEGINS)).map(|message| message.at).min();
    let last = messages.iter().filter(|message| says(message, &ENDS)).map(|message| message.at).max();
    match (first, last) {
        (Some(first), Some(last)) if last >= first => {
            let down = last.duration_since(first).max(SignedDuration::from_secs(1));
            format!("about {} down, by the events of RDS", Span(SignedDuration::from_secs(down.as_secs())))
        }
        (Some(_) | None, Some(_) | None) => unseen("RDS told of no restart"),
    }
}
