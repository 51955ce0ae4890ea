//! The page: one HTML file that shows a [`Record`], with everything in it and nothing asked from a network.
//!
//! The same files make the demo's page (`tests/demo/page.py`). `page/page.html` names its parts as
//! `<!--include FILE-->` and the place of the record as `<!--record-->`; filling these in is all that a writer does, the
//! rest happens in the reader's browser.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::CommandError;

mod grid;
pub(crate) mod record;

pub(crate) use grid::Grid;
pub(crate) use record::{Chart, ChartSeries, Choice, DecisionRow, Fact, Figure, LineStyle, Record, Time};

const PAGE: &str = include_str!("page/page.html");

/// The parts, by the names that the page includes them with.
const PARTS: [(&str, &str); 12] = [
    ("page.css", include_str!("page/page.css")),
    ("charts.css", include_str!("page/charts.css")),
    ("uplot/uPlot.min.css", include_str!("page/uplot/uPlot.min.css")),
    ("uplot/uPlot.iife.min.js", include_str!("page/uplot/uPlot.iife.min.js")),
    ("uplot/LICENSE", include_str!("page/uplot/LICENSE")),
    ("words.js", include_str!("page/words.js")),
    ("charts.js", include_str!("page/charts.js")),
    ("zoom.js", include_str!("page/zoom.js")),
    ("decisions.js", include_str!("page/decisions.js")),
    ("frontier.js", include_str!("page/frontier.js")),
    ("scores.js", include_str!("page/scores.js")),
    ("sections.js", include_str!("page/sections.js")),
];

/// Writes the page of a record, whole or not at all: a file of this name is replaced when the new one is complete.
///
/// # Errors
/// The folder is missing, not writable or full, or the name is a folder's.
pub(crate) fn write(path: &Path, record: &Record) -> Result<(), CommandError> {
    write_whole(path, record).map_err(|source| unwritable(path, source))
}

fn write_whole(path: &Path, record: &Record) -> io::Result<()> {
    let page = html(record)?;
    let beside = beside(path)?;
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(page.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The error that is shown is the first one.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Asks whether a page could be written there, before the work that fills it.
///
/// # Errors
/// As [`write`].
pub(crate) fn probe(path: &Path) -> Result<(), CommandError> {
    probe_beside(path).map_err(|source| unwritable(path, source))
}

fn probe_beside(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let beside = beside(path)?;
    File::create(&beside)?;
    fs::remove_file(&beside)
}

fn unwritable(page: &Path, source: io::Error) -> CommandError {
    CommandError::PageUnwritable { page: page.display().to_string(), source }
}

/// The unfinished file: in the same folder, so that it becomes the page by one rename.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let unfinished = format!(".{}.{}", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(unfinished))
}

/// The whole file.
fn html(record: &Record) -> io::Result<String> {
    let page = PARTS
        .iter()
        .fold(PAGE.to_owned(), |page, (name, part)| page.replace(&format!("<!--include {name}-->"), part));
    // `<` could end the element that holds the record, or begin a comment in it.
    let record = serde_json::to_string(record)?.replace('<', "\\u003c");
    Ok(page.replace("<!--record-->", &record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_included_once() {
        for (name, _) in PARTS {
            assert_eq!(PAGE.matches(&format!("<!--include {name}-->")).count(), 1, "{name}");
        }
        assert_eq!(PAGE.matches("<!--include ").count(), PARTS.len());
        assert_eq!(PAGE.matches("<!--record-->").count(), 1);
    }

    #[test]
    fn no_text_of_a_record_leaves_its_element() {
        let record = Record { title: "</script><!--include page.css-->".to_owned(), ..Record::default() };
        let page = html(&record).expect("a page");
        assert!(page.contains("\\u003c/script>\\u003c!--include page.css-->"));
        assert!(!page.contains("<!--include"));
    }
}
