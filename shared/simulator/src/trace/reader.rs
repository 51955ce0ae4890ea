//! The state between two rows.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::clock::{self, LocalClock};
use super::fields::{Fields, Splitter};
use super::head::{self, Columns, HeadLine, LineMeaning};
use super::options::Options;
use super::recorded::Trace;
use super::refusal::{RefusalKind, Refusals, TraceError, excerpt};
use super::repair::{Repair, Repairs, TraceUnit};
use super::row::{self, TraceRow};
use super::samples::{Gathered, Samples};
use super::stamp::{Stamp, StampKind};
use crate::number::real_milliseconds;

#[derive(Debug)]
pub(super) struct Reader<'a> {
    options: &'a Options,
    clock: Option<LocalClock>,
    above: Vec<HeadLine>,
    columns: Option<Columns>,
    kind: Option<StampKind>,
    before: Option<i64>,
    rows: u64,
    samples: Samples,
    repairs: Repairs,
    refused: Refusals,
    notes: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: &'a Options, unit: TraceUnit) -> Self {
        Self {
            options,
            clock: options.zone.clone().map(LocalClock::new),
            above: Vec::new(),
            columns: None,
            kind: None,
            before: None,
            rows: 0,
            samples: Samples::default(),
            repairs: Repairs::of(unit),
            refused: Refusals::of(unit),
            notes: Vec::new(),
        }
    }

    /// Takes one line.
    pub(super) fn take(
        &mut self,
        number: u64,
        text: Result<&str, RefusalKind>,
        splitter: &mut Splitter,
    ) -> Result<(), TraceError> {
        let text = match text {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).trim(),
            Err(kind) => {
                self.refuse_row(number, kind);
                return Ok(());
            }
        };
        if text.is_empty() {
            self.repairs.push(Repair::BlankLine, number);
            return Ok(());
        }
        match splitter.split(text) {
            Ok(fields) => self.take_fields(number, text, fields),
            Err(kind) => {
                self.refuse_row(number, kind);
                Ok(())
            }
        }
    }

    fn take_fields(&mut self, number: u64, text: &str, fields: Fields<'_>) -> Result<(), TraceError> {
        let Some(columns) = self.columns else { return self.take_head(number, text, fields) };
        match row::parse(text, fields, columns) {
            Ok(row) => self.take_row(number, row),
            Err(kind) => self.refuse_row(number, kind),
        }
        Ok(())
    }

    /// A line above the first row, or that row.
    fn take_head(&mut self, number: u64, text: &str, fields: Fields<'_>) -> Result<(), TraceError> {
        match head::tell(&self.above, fields, self.options.metric.as_deref())? {
            LineMeaning::Nothing if self.above.len() + 1 < head::LINES_MAX => {
                self.above.push(HeadLine::new(number, text, fields));
                return Ok(());
            }
            LineMeaning::Nothing | LineMeaning::RowUnnamed => self.refuse_head(),
            LineMeaning::RowAlone => {
                self.repairs.push(Repair::NoHeader, number);
                self.columns = Some(Columns::PLAIN);
            }
            LineMeaning::Row(columns) => self.pass_over(columns),
            LineMeaning::Header(columns) => {
                self.pass_over(columns);
                return Ok(());
            }
        }
        self.take_fields(number, text, fields)
    }

    fn pass_over(&mut self, columns: Columns) {
        self.columns = Some(columns);
        for line in std::mem::take(&mut self.above) {
            self.repairs.push(Repair::Above, line.number);
        }
    }

    /// The first line is no header that is known. Those below it may still be rows.
    fn refuse_head(&mut self) {
        self.columns = Some(Columns::PLAIN);
        for (place, line) in std::mem::take(&mut self.above).into_iter().enumerate() {
            if place == 0 {
                self.refused.push_header(line.number, RefusalKind::Header { found: excerpt(&line.text) });
            } else {
                self.refuse_row(line.number, RefusalKind::Timestamp { found: excerpt(line.first()) });
            }
        }
    }

    /// Counts a row that cannot be used.
    pub(super) fn refuse_row(&mut self, number: u64, kind: RefusalKind) {
        self.rows = self.rows.saturating_add(1);
        self.refused.push(number, kind);
    }

    /// Takes a row, or says what is wrong with its timestamp among the others.
    pub(super) fn take_row(&mut self, number: u64, row: TraceRow<'_>) {
        match self.moment(row) {
            Ok((at, kind)) => self.take_sample(number, at, kind, row.value),
            Err(kind) => self.refuse_row(number, kind),
        }
    }

    fn moment(&mut self, row: TraceRow<'_>) -> Result<(i64, StampKind), RefusalKind> {
        let kind = match row.stamp {
            Stamp::Moment(_, kind) => kind,
            Stamp::Shown(_) => StampKind::WithoutZone,
        };
        let was = *self.kind.get_or_insert(kind);
        if was != kind {
            return Err(RefusalKind::MixedTimestamps { was, is: kind });
        }
        let at = match (row.stamp, &mut self.clock) {
            (Stamp::Moment(at, _), _) => at,
            (Stamp::Shown(shown), Some(clock)) => clock.moment(shown, row.written)?,
            (Stamp::Shown(shown), None) => clock::moment(Offset::UTC, shown, row.written)?,
        };
        Ok((at, kind))
    }

    fn take_sample(&mut self, number: u64, at: i64, kind: StampKind, value: Option<f64>) {
        self.rows = self.rows.saturating_add(1);
        match kind {
            StampKind::WithoutZone if self.clock.is_none() => self.repairs.push(Repair::NoZone, number),
            StampKind::Milliseconds => self.repairs.push(Repair::Milliseconds, number),
            StampKind::Seconds | StampKind::WithZone | StampKind::WithoutZone => {}
        }
        // CloudWatch answers with the newest datapoint first: only lines have an order.
        if self.repairs.unit() == TraceUnit::Line && self.before.is_some_and(|before| at < before) {
            self.repairs.push(Repair::OutOfOrder, number);
        }
        self.before = Some(at);
        if let Some(value) = value {
            self.samples.push(at, value, number, &mut self.repairs);
        } else {
            self.samples.push_missing();
            self.repairs.push(Repair::NoValue, number);
        }
    }

    /// What CloudWatch reports about its answer.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn finish(mut self) -> Result<Trace, TraceError> {
        if self.columns.is_none() && !self.above.is_empty() {
            self.refuse_head();
        }
        if !self.refused.is_empty() {
            return Err(TraceError::Refused(self.refused.into_error(self.rows)));
        }
        if self.clock.is_some() && self.kind.is_some_and(|kind| kind != StampKind::WithoutZone) {
            return Err(TraceError::NoClock);
        }
        let Gathered { first, step_seconds, end_seconds, points, rows, recorded } =
            self.samples.finish(self.options, &mut self.repairs)?;
        let first_seconds = real_milliseconds(first) / 1e3;
        let first = match self.kind {
            Some(StampKind::WithZone | StampKind::WithoutZone) => Timestamp::from_millisecond(first).ok(),
            Some(StampKind::Seconds | StampKind::Milliseconds) | None => None,
        };
        Ok(Trace {
            first,
            first_seconds,
            step_seconds,
            end_seconds,
            points,
            rows: self.rows,
            understood: rows,
            recorded,
            repairs: self.repairs,
            notes: self.notes,
        })
    }
}
