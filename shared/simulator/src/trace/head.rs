//! What stands above the rows: a header, or what CloudWatch's console writes about a metric.

use super::fields::Fields;
use super::metric::{self, Candidate};
use super::refusal::TraceError;
use super::stamp::stamp;

/// Where the two columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) timestamp: usize,
    pub(super) value: usize,
}

/// CloudWatch's console writes about ten lines above the rows; so many lines without a header and without a row are no trace.
pub(super) const LINES_MAX: usize = 40;

/// Names of a metric in the first column of the lines above the rows.
const LABELS: [&str; 3] = ["label", "full label", "id"];

/// A line above the rows.
#[derive(Debug)]
pub(super) struct HeadLine {
    pub(super) number: u64,
    pub(super) text: String,
    fields: Vec<String>,
}

/// What a line says about the columns.
#[derive(Debug)]
pub(super) enum LineMeaning {
    /// It is the header.
    Header(Columns),
    /// It is a row, and nothing stands above it.
    RowAlone,
    /// It is a row, and what stands above it names its columns.
    Row(Columns),
    /// It is a row, and what stands above it names nothing.
    RowUnnamed,
    /// Nothing yet.
    Nothing,
}

impl Columns {
    /// Timestamp first, value second.
    pub(super) const PLAIN: Self = Self { timestamp: 0, value: 1 };
}

/// What a line says, below those above it.
pub(super) fn tell(
    above: &[HeadLine],
    fields: Fields<'_>,
    wanted: Option<&str>,
) -> Result<LineMeaning, TraceError> {
    if fields.get(0).and_then(stamp).is_some() {
        let labels: Vec<&[String]> =
            above.iter().filter(|line| line.is_label()).map(|line| &line.fields[..]).collect();
        if above.is_empty() {
            return metric::none(wanted).map(|()| LineMeaning::RowAlone);
        }
        let columns = labels.iter().map(|labels| labels.len()).max().unwrap_or(0);
        if columns < 2 {
            return Ok(LineMeaning::RowUnnamed);
        }
        let named = |column: usize| labels.iter().filter_map(|labels| labels.get(column).cloned()).collect();
        let candidates: Vec<Candidate> = (1..columns).map(named).map(Candidate).collect();
        let value = metric::choose(&candidates, wanted)? + 1;
        return Ok(LineMeaning::Row(Columns { timestamp: 0, value }));
    }
    let is = |name: &str, names: [&str; 2]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    let Some(timestamp) = fields.iter().position(|name| is(name, ["timestamp", "timestamps"])) else {
        return Ok(LineMeaning::Nothing);
    };
    let others: Vec<(usize, &str)> =
        fields.iter().enumerate().filter(|(column, _)| *column != timestamp).collect();
    let plain = others.iter().find(|(_, name)| is(name, ["value", "values"]));
    if let (Some((value, _)), None) = (plain, wanted) {
        return Ok(LineMeaning::Header(Columns { timestamp, value: *value }));
    }
    if others.is_empty() {
        return Ok(LineMeaning::Nothing);
    }
    let candidates: Vec<Candidate> =
        others.iter().map(|(_, name)| Candidate(vec![(*name).to_owned()])).collect();
    let chosen = metric::choose(&candidates, wanted)?;
    Ok(others
        .get(chosen)
        .map_or(LineMeaning::Nothing, |(value, _)| LineMeaning::Header(Columns { timestamp, value: *value })))
}

impl HeadLine {
    pub(super) fn new(number: u64, text: &str, fields: Fields<'_>) -> Self {
        Self { number, text: text.to_owned(), fields: fields.iter().map(str::to_owned).collect() }
    }

    /// Its first field.
    pub(super) fn first(&self) -> &str {
        self.fields.first().map_or("", String::as_str)
    }

    fn is_label(&self) -> bool {
        LABELS.iter().any(|label| self.first().eq_ignore_ascii_case(label))
    }
}
