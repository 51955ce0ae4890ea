//! Reading a trace, line by line or as CloudWatch's JSON.

use std::io::BufRead;

use crate::trace::cloudwatch;
use crate::trace::fields::Splitter;
use crate::trace::gaps::Gaps;
use crate::trace::line::Lines;
use crate::trace::options::Options;
use crate::trace::reader::Reader;
use crate::trace::recorded::Trace;
use crate::trace::refusal::TraceError;
use crate::trace::repair::TraceUnit;
use crate::trace::repeats::Repeats;

/// Reads a trace whose gaps are filled, and of whose repeated timestamps the mean is taken.
///
/// # Errors
/// As [`read_with`].
pub fn read(input: impl BufRead) -> Result<Trace, TraceError> {
    read_with(input, &Options { gaps: Gaps::Fill, repeats: Repeats::Mean, ..Options::default() })
}

/// Reads a trace: CSV, or the JSON of `aws cloudwatch get-metric-data` or `get-metric-statistics`.
///
/// The header of CSV names the columns `timestamp` and `value`, alone or in the plural; others are passed over, and so is what
/// CloudWatch's console writes above the rows. A timestamp is ISO-8601, a date as the console has it, or a number of seconds.
/// Rows may come in any order; of an hour that a zone's clock shows twice their order decides. A row without a
/// value is a gap, never a zero; what a gap means is asked for, and what several rows of one timestamp mean.
///
/// # Errors
/// The input cannot be read, is a part of an answer or one of several metrics, or holds rows that cannot be repaired: all
/// are counted, and up to [`TraceError::LISTED_MAX`] of them named with what is wrong.
pub fn read_with(mut input: impl BufRead, options: &Options) -> Result<Trace, TraceError> {
    if cloudwatch::begins(&mut input)? {
        let mut reader = Reader::new(options, TraceUnit::Datapoint);
        cloudwatch::read(input, options.metric.as_deref(), &mut reader)?;
        return reader.finish();
    }
    let mut reader = Reader::new(options, TraceUnit::Line);
    let (mut lines, mut splitter) = (Lines::new(input), Splitter::new());
    while let Some((number, text)) = lines.next().map_err(TraceError::Unreadable)? {
        reader.take(number, text, &mut splitter)?;
    }
    reader.finish()
}
