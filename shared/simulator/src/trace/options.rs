//! What a file does not say about itself.

use jiff::tz::TimeZone;

use crate::trace::gaps::Gaps;
use crate::trace::repeats::Repeats;

/// What a file does not say about itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What an interval without a row means.
    pub gaps: Gaps,
    /// What several rows of one timestamp mean.
    pub repeats: Repeats,
    /// The zone of timestamps that name none; without it they are UTC.
    pub zone: Option<TimeZone>,
    /// Of a file with several metrics the one to read: an id or a label, a statistic, or a column.
    pub metric: Option<String>,
}
