//! Reading a server's answers: numbers, members, and its refusals in its own words.

use redis::{ServerError, Value};
use tidegate_policy::{Absence, AbsenceKind};

use crate::command::RedisCommand;

/// One command, and what the server answered to it.
#[derive(Debug)]
pub(crate) struct Reply {
    command: RedisCommand,
    value: Value,
}

impl Reply {
    /// Pairs a command with its answer.
    pub(crate) fn new(command: RedisCommand, value: Value) -> Self {
        Self { command, value }
    }

    /// The answer as a number of jobs.
    pub(crate) fn count(&self) -> Result<u64, Absence> {
        let Value::Int(number) = self.understood()? else { return Err(self.unreadable()) };
        u64::try_from(*number).map_err(|_| self.unreadable())
    }

    /// The answer of `EXISTS` and `HEXISTS`.
    pub(crate) fn flag(&self) -> Result<bool, Absence> {
        self.count().map(|number| number > 0)
    }

    /// The answer as one element, `None` when there is none.
    pub(crate) fn element(&self) -> Result<Option<&[u8]>, Absence> {
        let value = self.understood()?;
        if *value == Value::Nil {
            return Ok(None);
        }
        let Value::BulkString(bytes) = value else { return Err(self.unreadable()) };
        Ok(Some(bytes))
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
        let (Value::Array(members) | Value::Set(members)) = self.understood()? else {
            return Err(self.unreadable());
        };
        Ok(members)
    }

    fn understood(&self) -> Result<&Value, Absence> {
        if let Value::ServerError(error) = &self.value {
            return Err(refusal(&self.command.to_string(), error));
        }
        Ok(&self.value)
    }

    fn unreadable(&self) -> Absence {
        let shape = shape(&self.value);
        Absence::new(AbsenceKind::Unreadable, format!("{} was answered with {shape}", self.command))
    }
}

/// A queue's answers, taken in the order in which its commands were given.
#[derive(Debug)]
pub(crate) struct Replies<'a> {
    replies: &'a [Reply],
    places: std::slice::Iter<'a, usize>,
}

impl<'a> Replies<'a> {
    /// The answers at these places.
    pub(crate) fn new(replies: &'a [Reply], places: &'a [usize]) -> Self {
        Self { replies, places: places.iter() }
    }

    /// The next answer.
    pub(crate) fn take(&mut self) -> Result<&'a Reply, Absence> {
        self.places
            .next()
            .and_then(|place| self.replies.get(*place))
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
#[expect(clippy::wildcard_enum_match_arm, reason = "a later version of Redis may answer in a new shape")]
fn shape(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nothing",
        Value::Int(_) => "a number out of range",
        Value::BulkString(_) | Value::SimpleString(_) | Value::Okay => "text",
        Value::Array(_) | Value::Set(_) => "a list",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn llen(line: &str) -> Result<u64, Absence> {
        let value = redis::parse_redis_value(format!("{line}\r\n").as_bytes()).unwrap();
        Reply::new(RedisCommand::new("LLEN", "jobs"), value).count()
    }

    #[test]
    fn a_refusal_has_a_class_and_the_servers_words() {
        #[track_caller]
        fn check(line: &str, said: &str) {
            assert_eq!(llen(line).unwrap_err().to_string(), said);
        }
        check(
            "-NOAUTH Authentication required.",
            "access denied: LLEN `jobs`: NOAUTH Authentication required.",
        );
        check("-NOPERM No permissions", "access denied: LLEN `jobs`: NOPERM No permissions");
        check("-WRONGTYPE Operation", "wrong type: LLEN `jobs`: WRONGTYPE Operation");
        check("-LOADING Redis is loading", "unreachable: LLEN `jobs`: LOADING Redis is loading");
        check("-BUSY Redis is busy", "unreachable: LLEN `jobs`: BUSY Redis is busy");
        check(
            "-MASTERDOWN Link with MASTER is down",
            "unreachable: LLEN `jobs`: MASTERDOWN Link with MASTER is down",
        );
        check(
            "-MOVED 12182 10.0.0.7:6379",
            "unreadable answer: LLEN `jobs`: the server is one node of a Redis Cluster, whose other nodes are not \
             asked: MOVED 12182 10.0.0.7:6379",
        );
        check("-READONLY You can't write", "unreadable answer: LLEN `jobs`: READONLY You can't write");
        check("-ERR unknown command", "unreadable answer: LLEN `jobs`: ERR unknown command");
    }

    #[test]
    fn an_answer_of_another_shape_is_unreadable_and_not_quoted() {
        #[track_caller]
        fn check(line: &str, shape: &str) {
            let said = format!("unreadable answer: LLEN `jobs` was answered with {shape}");
            assert_eq!(llen(line).unwrap_err().to_string(), said);
        }
        check(":-1", "a number out of range");
        check("$6\r\nsecret", "text");
        check("$-1", "nothing");
        check("*0", "a list");
        assert_eq!(llen(":7"), Ok(7));
    }

    #[test]
    fn too_few_answers_are_no_zeros() {
        let replies = [Reply::new(RedisCommand::new("LLEN", "jobs"), Value::Int(7))];
        let mut taken = Replies::new(&replies, &[0, 5]);
        assert_eq!(taken.take().and_then(Reply::count), Ok(7));
        assert!(taken.take().is_err());
        assert!(taken.take().is_err());
    }
}
