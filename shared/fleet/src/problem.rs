//! What is wrong with a fleet file: every problem at once, each with its place.

use std::fmt;

use serde_json::{Value, json};

mod code;
pub(crate) mod other_tools;
pub(crate) mod excerpt;
mod place;
pub(crate) mod words;

pub use code::{Code, ProblemSeverity};
pub use place::Place;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    place: Place,
    message: String,
    help: Option<String>,
}

/// The problems of one file, in its order, as many as an operator would read; never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    list: Vec<Problem>,
    errors: usize, // All that were found.
}

/// So many errors are kept: a hostile file of 1 MiB has hundreds of thousands.
const KEPT_MAX: usize = 100;

impl Problem {
    pub(crate) fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        let message = excerpt::sayable(&message.into());
        Self { code, place, message, help: None }
    }

    /// With what is allowed, or what was probably meant.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(excerpt::sayable(&help.into()));
        self
    }

    /// The stable name of its kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// What was found, as a lowercase fragment.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is allowed, or what was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// For machines: `code`, `severity`, `line`, `column`, `message`, `help`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { code, place, message, help } = self;
        json!({
            "code": code.as_str(),
            "severity": code.severity().as_str(),
            "line": place.line,
            "column": place.column,
            "message": message,
            "help": help,
        })
    }

    /// For operators: the message, the line of the file it speaks of, and a caret under the place.
    #[must_use]
    pub fn with_excerpt(&self, file: &str, text: &str) -> String {
        let severity = self.code.severity().as_str();
        let head = format!("{severity}[{}]: {}", self.code.as_str(), self.message);
        excerpt::render(&head, file, text, self.place, self.help.as_deref())
    }
}

impl Problems {
    pub(crate) fn new() -> Self {
        Self { file: "fleet.yaml".to_owned(), list: Vec::new(), errors: 0 }
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        let is_error = problem.code.severity() == ProblemSeverity::Error;
        self.errors = self.errors.saturating_add(usize::from(is_error));
        if !is_error || self.errors <= KEPT_MAX {
            self.list.push(problem);
        }
    }

    /// Splits what refuses the file from what is only worth a word, each in the order of the file.
    pub(crate) fn split(mut self) -> (Self, Vec<Problem>) {
        self.list.sort_by_key(|problem| problem.place);
        let more = self.errors.saturating_sub(KEPT_MAX);
        if let Some(Problem { place, .. }) = self.list.last().filter(|_| more > 0) {
            let message = format!("{more} more problems are not shown");
            self.list
                .push(Problem::new(Code::TooManyProblems, *place, message).help("fix those above first"));
        }
        let (errors, warnings) =
            self.list.into_iter().partition(|problem| problem.code.severity() == ProblemSeverity::Error);
        (Self { list: errors, ..self }, warnings)
    }

    /// The same problems, said of a file of this name.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The problems, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// For machines: a list of what [`Problem::to_json`] gives, each with its `file`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let with_file = |problem: &Problem| {
            let mut value = problem.to_json();
            value["file"] = json!(self.file);
            value
        };
        self.list.iter().map(with_file).collect()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// `12:9: unknown key `concurency`; did you mean `concurrency`?`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code: _, place: Place { line, column, width: _ }, message, help } = self;
        write!(f, "{line}:{column}: {message}")?;
        help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// One line per problem, each beginning with the file's name.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, list, errors: _ } = self;
        for (index, problem) in list.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{file}:{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
