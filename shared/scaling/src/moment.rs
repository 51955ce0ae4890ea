//! Times in a report.

use jiff::Timestamp;

/// A time of day in UTC, with its day where that is not today's.
pub(crate) struct ReportTime {
    pub(crate) at: Timestamp,
    pub(crate) now: Timestamp,
}

impl std::fmt::Display for ReportTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d ").to_string();
        let shown = if day(self.at) == day(self.now) { String::new() } else { day(self.at) };
        write!(f, "{shown}{}", self.at.strftime("%H:%M:%S UTC"))
    }
}
