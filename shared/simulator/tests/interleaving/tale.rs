//! What led to a fault: the last evaluations, and what was really done.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Lines that are told of what led to a fault.
const LINES: usize = 24;

/// The first faults of a story, after what led to them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tale {
    pub(crate) faults: Vec<String>,
    /// What the last evaluations decided, and what was really done.
    lines: VecDeque<String>,
}

impl Tale {
    /// Something does not hold.
    pub(crate) fn fault(&mut self, now: Timestamp, text: impl std::fmt::Display) {
        if self.faults.is_empty() {
            self.faults.extend(self.lines.drain(..));
        }
        // One is enough to fail, and a few show what came of it.
        if self.faults.len() < LINES + 10 {
            self.faults.push(format!("{now}: {text}"));
        }
    }

    /// Something happens.
    pub(crate) fn tell(&mut self, text: String) {
        if self.lines.back() != Some(&text) && self.faults.is_empty() {
            self.lines.push_back(text);
        }
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }
}
