//! Reading a server's answers: numbers, members, and its refusals in its own words.

use std::cell::OnceCell;

use redis::{ServerError, Value};
use tidegate_policy::{Absence, AbsenceKind};

use crate::command::Command;
use crate::unacked::Sample;

/// One command, what the server answered to it, and what was once understood of it.
#[derive(Debug)]
pub(crate) struct Answer {
    command: Command,
    value: Value,
    /// Queues of one database share `unacked`; its sample is parsed once, not once per queue.
    sample: OnceCell<Sample>,
}

impl Answer {
    /// Pairs a command with its answer.
    pub(crate) fn new(command: Command, value: Value) -> Self {
        Self { command, value, sample: OnceCell::new() }
    }

    /// The answer as a number of jobs.
    pub(crate) fn count(&self) -> Result<u64, Absence> {
        match self.understood()? {
            Value::Int(number) => u64::try_from(*number).map_err(|_| self.unreadable()),
            _ => Err(self.unreadable()),
        }
    }

    /// The answer of `EXISTS` and `HEXISTS`.
    pub(crate) fn flag(&self) -> Result<bool, Absence> {
        self.count().map(|number| number > 0)
    }

    /// The answer as one element, `None` when there is none.
    pub(crate) fn element(&self) -> Result<Option<&[u8]>, Absence> {
        match self.understood()? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(self.unreadable()),
        }
    }

    /// The first of the answer's members, `None` when it has none.
    pub(crate) fn first(&self) -> Result<Option<&[u8]>, Absence> {
        match self.members()?.first() {
            None => Ok(None),
            Some(Value::BulkString(bytes)) => Ok(Some(bytes)),
            Some(_) => Err(self.unreadable()),
        }
    }

    /// The answer's members.
    pub(crate) fn members(&self) -> Result<&[Value], Absence> {
        match self.understood()? {
            Value::Array(members) | Value::Set(members) => Ok(members),
            _ => Err(self.unreadable()),
        }
    }

    /// The answer of `HSCAN unacked`, parsed the first time it is asked for.
    pub(crate) fn sample(&self) -> &Sample {
        self.sample.get_or_init(|| Sample::parse(&self.value))
    }

    fn understood(&self) -> Result<&Value, Absence> {
        match &self.value {
            Value::ServerError(error) => Err(refusal(&self.command.to_string(), error)),
            value => Ok(value),
        }
    }

    fn unreadable(&self) -> Absence {
        let shape = shape(&self.value);
        Absence::new(AbsenceKind::Unreadable, format!("{} was answered with {shape}", self.command))
    }
}

/// A queue's answers, taken in the order in which its commands were given.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    answers: &'a [Answer],
    places: std::slice::Iter<'a, usize>,
}

impl<'a> Answers<'a> {
    /// The answers at these places.
    pub(crate) fn new(answers: &'a [Answer], places: &'a [usize]) -> Self {
        Self { answers, places: places.iter() }
    }

    /// The next answer.
    pub(crate) fn take(&mut self) -> Result<&'a Answer, Absence> {
        self.places
            .next()
            .and_then(|place| self.answers.get(*place))
            .ok_or_else(|| Absence::new(AbsenceKind::Unreadable, "the server answered too little"))
    }
}

/// What a refusal means, with the server's words.
pub(crate) fn refusal(asked: &str, error: &ServerError) -> Absence {
    let words = error.details().unwrap_or_default();
    let kind = match error.code() {
        "WRONGPASS" | "NOAUTH" | "NOPERM" | "DENIED" => AbsenceKind::Denied,
        "WRONGTYPE" => AbsenceKind::WrongType,
        "LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => AbsenceKind::Unreachable,
        "ERR" if words.starts_with("max number of clients") => AbsenceKind::Unreachable,
        _ => AbsenceKind::Unreadable,
    };
    let hint = match error.code() {
        "MOVED" | "ASK" => "the server is one node of a Redis Cluster, whose other nodes are not asked: ",
        _ => "",
    };
    Absence::new(kind, format!("{asked}: {hint}{} {words}", error.code()))
}

/// The shape of an answer, without its content, which may be a user's data.
fn shape(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nothing",
        Value::Int(_) => "a number out of range",
        Value::BulkString(_) | Value::SimpleString(_) | Value::Okay => "text",
        Value::Array(_) | Value::Set(_) => "a list",
        _ => "something else",
    }
}
