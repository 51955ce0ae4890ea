//! What is being done, for the user at the terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// One line on a terminal that says what is being done, and goes away; nothing in a pipe.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    shown: bool,
}

impl ProgressLine {
    pub(crate) fn new(for_machines: bool) -> Self {
        Self { shown: !for_machines && io::stderr().is_terminal() }
    }

    /// Whether it is shown.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown
    }

    pub(crate) fn show(&self, doing: impl Display) {
        if self.shown {
            // A terminal that cannot be written to is no reason to stop.
            let _ = write!(io::stderr(), "\r\x1b[K{doing} …").and_then(|()| io::stderr().flush());
        }
    }

    /// A line that stays above it.
    pub(crate) fn say(&self, line: &str) {
        if self.shown {
            let _ = writeln!(io::stderr(), "\r\x1b[K{line}");
        }
    }

    pub(crate) fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
