//! `tidegate check`: reads a fleet file and says what is wrong with it, or what it says.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tidegate_fleet::{FILE_BYTES_MAX, Fleet, Problem, Problems, reference, signals};

use crate::arguments::CheckOptions;
use crate::outcome::{FAILED, Outcome, REFUSED};
use crate::{json, summary};

/// Checks the file and says so in one of two ways.
pub(crate) fn run(options: &CheckOptions) -> Outcome {
    let name = options.fleet.display().to_string();
    let bytes = match read(&options.fleet) {
        Ok(bytes) => bytes,
        Err(error) => return unreadable(&name, &error, options.json),
    };
    let checked = tidegate_fleet::parse_bytes(&name, &bytes);
    let code = if checked.is_ok() { 0 } else { REFUSED };
    if options.json {
        let stdout = format!("{:#}\n", json::check(&name, &checked, options.explain));
        return Outcome { stdout, code, ..Outcome::default() };
    }
    let text = String::from_utf8_lossy(&bytes);
    let (mut stdout, stderr) = match &checked {
        Ok(fleet) => (summary::fleet(&name, fleet), warnings(&name, &text, fleet)),
        Err(problems) => (String::new(), refusal(&name, &text, problems)),
    };
    if options.explain {
        let separator = if stdout.is_empty() { "" } else { "\n" };
        // Writing to a `String` cannot fail.
        let _ = write!(stdout, "{separator}{}{}", reference::plain(), signals::plain());
    }
    Outcome { stdout, stderr, code }
}

/// Reads the file, but never more than a fleet file can have and one byte, which is enough to refuse it.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error, as_json: bool) -> Outcome {
    let message = format!("read `{name}`: {error}");
    let stdout = if as_json { format!("{:#}\n", json::unreadable(name, &message)) } else { String::new() };
    Outcome { stdout, stderr: format!("error: {message}\n"), code: FAILED }
}

pub(crate) fn refusal(name: &str, text: &str, problems: &Problems) -> String {
    let mut shown = excerpts(name, text, problems.iter());
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    // Writing to a `String` cannot fail.
    let _ = writeln!(shown, "{count} {noun}; nothing was changed");
    shown
}

fn warnings(name: &str, text: &str, fleet: &Fleet) -> String {
    excerpts(name, text, fleet.warnings().iter())
}

fn excerpts<'a>(name: &str, text: &str, problems: impl Iterator<Item = &'a Problem>) -> String {
    problems.map(|problem| problem.with_excerpt(name, text) + "\n").collect()
}
