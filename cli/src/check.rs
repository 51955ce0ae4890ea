//! `tidegate check`: reads fleet files and says what is wrong with them, or what they say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tidegate_fleet::effective::{self, Effective};
use tidegate_fleet::{Database, Fleet, Mode, Problems, zone_rules};

use crate::error::CommandError;
use crate::fleet_file::{excerpts, is_stdin, read, refusal};
use crate::outcome::{self, CommandOutput, REFUSED};

mod summary;
mod classes;
mod databases;
mod answer;

pub(crate) use answer::KEYS;

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The fleet files; `-` reads standard input
    #[arg(value_name = "FLEET", required = true)]
    pub(crate) fleets: Vec<PathBuf>,
    /// Print JSON; --help lists its keys
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print every setting in force and its origin: a line of the file, a default, or other settings
    #[arg(long)]
    pub(crate) explain: bool,
}

/// One file and what was understood of it.
struct Checked {
    name: String,
    read: Result<(Vec<u8>, Result<Fleet, Problems>), CommandError>,
}

/// Checks the files, each for itself and then together, and says so in one of two ways.
pub(crate) fn run(options: &CheckOptions) -> CommandOutput {
    let files: Vec<Checked> = options.fleets.iter().map(|path| Checked::new(path)).collect();
    let shared = scaled_twice(&files);
    let code = files.iter().map(Checked::code).max().unwrap_or(0);
    if options.json {
        let mut answers: Vec<Value> = files.iter().map(|file| file.to_json(options.explain)).collect();
        let answer = match (answers.pop(), answers.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                answers.extend(last);
                json!({ "valid": code == 0, "files": answers, "warnings": shared })
            }
        };
        let stderr = files.iter().filter_map(Checked::unreadable).collect();
        return CommandOutput { stdout: outcome::answer(answer), stderr, code };
    }
    let shown: Vec<(String, String)> = files.iter().map(|file| file.shown(options.explain)).collect();
    let said = |text: &dyn Fn(&(String, String)) -> String| {
        let texts: Vec<String> = shown.iter().map(text).filter(|text| !text.is_empty()).collect();
        texts.join("\n")
    };
    let (stdout, mut stderr) = (said(&|(out, _)| out.clone()), said(&|(_, err)| err.clone()));
    for problem in shared {
        // Writing to a `String` cannot fail.
        let _ = writeln!(stderr, "warning[duplicate-target]: {problem}");
    }
    CommandOutput { stdout, stderr, code }
}

/// Two files that both change one thing would undo each other: what no file shows alone.
fn scaled_twice(files: &[Checked]) -> Vec<String> {
    let mut known: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        let Ok((_, Ok(fleet))) = &file.read else { continue };
        for Changed { name, does, what, words } in changed(fleet) {
            let here = file.name.as_str();
            match known.insert(what, (here, name)) {
                Some((other, theirs)) if other != here => problems.push(format!(
                    "`{theirs}` in {other} and `{name}` in {here} {does} the same {words}, unless the accounts or Regions \
                     differ: each would undo the changes of the other; keep one, or set `mode: observe` on one",
                )),
                Some(_) | None => {}
            }
        }
    }
    problems
}

/// Something that a fleet changes in AWS.
struct Changed<'a> {
    /// The name of the service or database.
    name: &'a str,
    /// What it does to it.
    does: &'static str,
    /// What it is, the same in every file.
    what: String,
    /// The same in words.
    words: String,
}

/// The targets of the services, and what is changed of the databases, where they are not only observed.
fn changed(fleet: &Fleet) -> impl Iterator<Item = Changed<'_>> {
    let services = fleet.services().iter().filter(|service| service.mode() == Mode::Enforce);
    let services = services.map(|service| Changed {
        name: service.name(),
        does: "scale",
        what: service.target().to_string(),
        words: summary::target_in_words(service.target()),
    });
    let databases = fleet.databases().iter().filter(|database| database.mode() == Mode::Enforce);
    services.chain(databases.flat_map(changed_of))
}

/// What is changed of a database: its replicas, its class or its storage.
fn changed_of(database: &Database) -> impl Iterator<Item = Changed<'_>> {
    let replicas = database.policy().count.is_some() || database.policy().dns.is_some();
    let policy = database.upgrade_policy();
    let class = policy.is_some_and(|policy| policy.ladder.is_some());
    let storage = policy.and_then(|policy| policy.storage).is_some_and(|storage| storage.max_gib.is_some());
    let parts = [
        (replicas, "change the replicas of", "replicas"),
        (class, "change the class of", "class"),
        (storage, "raise the storage of", "storage"),
    ];
    parts.into_iter().filter(|(is_changed, ..)| *is_changed).map(|(_, does, part)| Changed {
        name: database.name(),
        does,
        what: format!("{part} of {}", database.instance()),
        words: format!("`{}`", database.instance()),
    })
}

impl Checked {
    fn new(path: &Path) -> Self {
        let name = if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() };
        let read = read(path, &name).map(|bytes| {
            let checked = tidegate_fleet::parse_bytes(&name, &bytes);
            (bytes, checked)
        });
        Self { name, read }
    }

    fn code(&self) -> u8 {
        match &self.read {
            Err(error) => error.code(),
            Ok((_, Err(_))) => REFUSED,
            Ok((_, Ok(_))) => 0,
        }
    }

    /// Why there is no text to check.
    fn unreadable(&self) -> Option<String> {
        self.read.as_ref().err().map(CommandError::shown)
    }

    fn to_json(&self, explain: bool) -> Value {
        match &self.read {
            Err(error) => answer::unreadable(&self.name, &error.to_string()),
            Ok((bytes, checked)) => {
                let effective = checked.as_ref().ok().filter(|_| explain);
                answer::check(&self.name, checked, effective.map(|fleet| explained(bytes, fleet)).as_deref())
            }
        }
    }

    /// What is said of it on both streams.
    fn shown(&self, explain: bool) -> (String, String) {
        let name = &self.name;
        let Ok((bytes, checked)) = &self.read else {
            return (String::new(), self.unreadable().unwrap_or_default());
        };
        let text = String::from_utf8_lossy(bytes);
        match checked {
            Err(problems) => (String::new(), refusal(name, &text, problems)),
            Ok(fleet) => {
                let mut shown = summary::fleet(name, fleet);
                if explain {
                    shown.push_str(&in_words(&explained(bytes, fleet)));
                }
                (shown, excerpts(name, &text, fleet.warnings().iter()))
            }
        }
    }
}

/// Every setting that holds for a file.
fn explained(bytes: &[u8], fleet: &Fleet) -> Vec<Effective> {
    effective::settings(&String::from_utf8_lossy(bytes), fleet)
}

/// `services[worker].startup = 3m` and where that comes from, one below the other.
fn in_words(rows: &[Effective]) -> String {
    let mut shown = "\nsettings in force, and the origin of each\n".to_owned();
    for Effective { path, value, origin } in rows {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "  {path} = {value}\n    {origin}");
    }
    let _ = writeln!(shown, "\ntime zone rules: tzdata {} (bundled)", zone_rules());
    shown.push_str("all available settings: tidegate reference\n");
    shown
}
