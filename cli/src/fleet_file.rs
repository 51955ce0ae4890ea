//! Reading a fleet file, and showing what is wrong with it.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tidegate_fleet::{FILE_BYTES_MAX, Problem, Problems};

use crate::error::CommandError;

/// The name that stands for the standard input, in place of a file.
const STDIN: &str = "-";

/// Reads the file, but never more than a fleet file can have and one byte, which is enough to refuse it.
pub(crate) fn read(path: &Path, name: &str) -> Result<Vec<u8>, CommandError> {
    read_bytes(path).map_err(|source| CommandError::FileUnreadable { file: name.to_owned(), source })
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    if is_stdin(path) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

pub(crate) fn refusal(name: &str, text: &str, problems: &Problems) -> String {
    let mut shown = excerpts(name, text, problems.iter());
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    // Writing to a `String` cannot fail.
    let _ = writeln!(shown, "{count} {noun}");
    shown
}

pub(crate) fn excerpts<'a>(name: &str, text: &str, problems: impl Iterator<Item = &'a Problem>) -> String {
    problems.map(|problem| problem.with_excerpt(name, text) + "\n").collect()
}
