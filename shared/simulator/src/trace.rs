//! A recorded load: `timestamp,value` text in, samples in order and a report of every repair out.
//!
//! One pass, one line at a time. What is kept is one small record per sampling interval, at most
//! [`TIMESTAMPS_MAX`] of them, however many rows the file has.

mod stamp;
mod repair;
mod refusal;
mod line;
mod fields;
mod metric;
mod head;
mod row;
mod clock;
mod sample;
mod gaps;
mod repeats;
mod options;
mod recorded;
mod samples;
mod reader;
mod cloudwatch;
mod read;

pub use gaps::{Gaps, RowMeaning};
pub use options::Options;
pub use read::{read, read_with};
pub use recorded::{Point, Trace};
pub use refusal::{Refusal, RefusalKind, TraceError};
pub use repair::{Repair, RepairCount, Repairs, TraceUnit};
pub use repeats::Repeats;
pub use samples::{SPAN_MAX_SECONDS, TIMESTAMPS_MAX};
