//! The fields of one line, quoted or not.

use super::refusal::{RefusalKind, excerpt};

/// Splits lines into fields, in buffers that are used again.
#[derive(Debug)]
pub(super) struct Splitter {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// The fields of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl Splitter {
    pub(super) fn new() -> Self {
        Self { reader: csv_core::Reader::new(), text: Vec::new(), ends: Vec::new() }
    }

    /// The fields of one line. A quote that is not closed on its line would swallow the rows behind it: it is refused.
    pub(super) fn split(&mut self, line: &str) -> Result<Fields<'_>, RefusalKind> {
        // No line has more text than bytes, and no more fields than bytes and one.
        self.text.resize(self.text.len().max(line.len() + 1), 0);
        self.ends.resize(self.ends.len().max(line.len() + 2), 0);
        // After a quote that was not closed it is still inside.
        self.reader.reset();
        let (_, _, written, fields) =
            self.reader.read_record(line.as_bytes(), &mut self.text, &mut self.ends);
        let (text, ends) = (&mut self.text[written..], &mut self.ends[fields..]);
        let (result, _, more, last) = self.reader.read_record(b"\n", text, ends);
        if result != csv_core::ReadRecordResult::Record {
            return Err(RefusalKind::OpenQuote { found: excerpt(line) });
        }
        let text = std::str::from_utf8(&self.text[..written + more]).map_err(|_| RefusalKind::NotText)?;
        Ok(Fields { text, ends: &self.ends[..fields + last] })
    }
}

impl<'a> Fields<'a> {
    /// The field at a place, without the space around it.
    pub(super) fn get(self, place: usize) -> Option<&'a str> {
        let begin = match place.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        self.text.get(begin..*self.ends.get(place)?).map(str::trim)
    }

    /// All of them.
    pub(super) fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.ends.len()).filter_map(move |place| self.get(place))
    }
}
