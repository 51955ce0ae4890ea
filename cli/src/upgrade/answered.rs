//! What `rds-upgrade` answers of one database.

use crate::function::{Answer, plain};

/// What was answered of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnsweredClass {
    /// The headline, the plan, and a line for each thing that stands against it; it ends with a line break.
    pub(crate) sentence: String,
    /// The function keeps what was asked for in this invocation: it begins, or waits for its window.
    pub(crate) is_taken: bool,
    /// AWS refused the call about the class, and what was asked for is over. A call whose answer is not known, or that was not sent, is
    /// looked at by the next evaluation.
    pub(crate) is_refused: bool,
    /// A change is under way.
    pub(crate) is_under_way: bool,
    /// The class that is wanted.
    pub(crate) to: Option<String>,
}

impl AnsweredClass {
    /// The first database of an answer: one was asked for.
    pub(crate) fn of(answer: &Answer) -> Self {
        let entry = &answer.value["targets"][0];
        // Each of its lines moves no cursor.
        let lines = entry["sentence"].as_str().unwrap_or_default().lines();
        let request = &entry["request"];
        Self {
            sentence: lines.map(|line| plain(line) + "\n").collect(),
            // The moment of a request is that of the evaluation that took it.
            is_taken: request.is_object() && request["at"] == answer.value["at"],
            is_refused: entry["outcome"] == "failed" && entry["verdict"] != "raise-max-storage",
            is_under_way: entry["change"].is_object(),
            to: entry["wanted"]["to"].as_str().map(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(entry: &Value) -> AnsweredClass {
        let answer = json!({ "fleet": "shop", "at": "2026-11-21T03:04:05Z", "targets": [entry] });
        AnsweredClass::of(&Answer::read(answer).expect("it is an answer"))
    }

    #[test]
    fn only_what_was_asked_for_in_this_invocation_is_taken() {
        let request = |at: &str| {
            of(&json!({ "target": "main", "request": { "to": "db.m6g.xlarge", "at": at } })).is_taken
        };
        assert!(request("2026-11-21T03:04:05Z") && !request("2026-11-20T03:04:05Z"));
        assert!(!of(&json!({ "target": "main", "request": null })).is_taken);
        assert!(!of(&json!({ "target": "main" })).is_taken);
    }

    #[test]
    fn only_a_call_about_the_class_that_aws_refused_is_refused() {
        let of = |outcome: &str, verdict: &str| {
            of(&json!({ "target": "main", "outcome": outcome, "verdict": verdict })).is_refused
        };
        assert!(of("failed", "change-class") && of("failed", "take-snapshot"));
        assert!(!of("failed", "raise-max-storage"), "the class that was asked for is kept");
        for outcome in ["applied", "unknown", "too-late", "withheld", "none"] {
            assert!(!of(outcome, "change-class"), "{outcome}");
        }
    }

    #[test]
    fn each_line_is_kept_and_moves_no_cursor() {
        let answered = of(&json!({ "target": "main", "sentence": "main: waits\n  plan: \u{1b}[2Jsoon" }));
        assert_eq!(answered.sentence, "main: waits\n  plan:  [2Jsoon\n");
    }
}
