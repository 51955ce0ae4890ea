//! One line at a time, into one buffer that never grows beyond a line's limit.

use std::io::{self, BufRead, Read};

use super::refusal::RefusalKind;

/// A row has two short columns. Longer lines are no rows, and a file without line breaks must not fill the memory.
const LINE_BYTES_MAX: u64 = 4_096;

/// The lines of an input, numbered from 1.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0, buffer: Vec::new() }
    }

    /// The next line and its number; a line that is no text is refused by itself.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Result<&str, RefusalKind>)>> {
        self.buffer.clear();
        let read = self.input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let is_whole = self.buffer.ends_with(b"\n") || self.buffer.len() < 4_096;
        if !is_whole {
            self.input.skip_until(b'\n')?;
            return Ok(Some((self.number, Err(RefusalKind::LongLine))));
        }
        let text = std::str::from_utf8(&self.buffer).map_err(|_| RefusalKind::NotText);
        Ok(Some((self.number, text)))
    }
}
