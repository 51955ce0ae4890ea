//! One Redis server: connect, log in and ask, in one round trip.

use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, ConnectionAddr, Pipeline, RedisError, Value};
use tidegate_policy::{Absence, AbsenceKind};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use crate::command::RedisCommand;
use crate::reply::refusal;
use crate::{connect, url};

/// From sending a batch to its last answer. Redis answers it within milliseconds; one that takes 2 seconds is in
/// trouble, and a read that waits longer for it delays what the other servers' queues need.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// After so long since a read began, nothing more is asked of a server than it was asked at first. With the answer that is
/// waited for last this is less than the 5 seconds that it takes a server to fail. Half as long, and a seventh of a core
/// would not read in one read what it may; twice as long would be more than a failure takes.
const ASKING_ON: Duration = Duration::from_secs(2);

/// How many bytes of messages one read reads of one URL. On a seventh of a core so many take half a second. The rest
/// follows with the next evaluations; half as many would double the evaluations after a start that remove nothing.
const BYTES_PER_READ: u64 = 32 << 20;

/// How many bytes of messages are in memory at a time, of all URLs: two of the largest portions, so that a server that sends
/// one slowly does not keep the others waiting. With four, and what the client keeps, half of a small function is used.
const ROOM_BYTES: usize = 16 << 20;

/// A connection that received a longer message than this is closed: it would keep the memory that the message took. Half as
/// much would open connections anew for messages that many send; with twice as much, ten of them would keep 20 MB.
const KEPT_BYTES: u64 = 1 << 20;

/// How much of a server's words is kept, in characters.
const LONGEST_WORDS: usize = 300;

/// An open connection on which we are logged in.
pub(crate) type Connection = MultiplexedConnection;

/// A server and database, as a URL names them.
pub(crate) struct Server {
    address: ConnectionAddr,
    /// The certificates of authorities of its own, in PEM.
    authorities: Option<String>,
    /// Host, port and database: what people need to find it.
    name: String,
    user: Option<String>,
    password: Option<String>,
    database: i64,
}

/// What is asked of a server after the first round trip, since the answers decide what. It ends in time, after so many bytes,
/// and with the connection.
pub(crate) struct Session<'a> {
    server: &'a Server,
    /// `None` while none is open.
    connection: Option<Connection>,
    /// The server failed, or did not answer in time.
    over: bool,
    until: Instant,
    memory: &'a MemoryBudget,
    /// How many bytes of messages may still be read.
    left: u64,
}

/// The memory for messages that all URLs share, in bytes.
#[derive(Debug)]
pub(crate) struct MemoryBudget(Semaphore);

/// A part of it. It is kept as long as the messages that it was taken for.
pub(crate) type Room<'a> = SemaphorePermit<'a>;

impl Default for MemoryBudget {
    fn default() -> Self {
        Self(Semaphore::new(ROOM_BYTES))
    }
}

impl<'a> Session<'a> {
    /// Goes on with a read that began then.
    pub(crate) fn since(
        began: Instant,
        server: &'a Server,
        connection: Connection,
        memory: &'a MemoryBudget,
    ) -> Self {
        let until = began + ASKING_ON;
        Self { server, connection: Some(connection), over: false, until, memory, left: BYTES_PER_READ }
    }

    /// One more round trip; `None` when the talk is over.
    pub(crate) async fn ask(&mut self, commands: &[RedisCommand]) -> Option<Vec<Value>> {
        if commands.is_empty() {
            return Some(Vec::new());
        }
        if self.over || Instant::now() >= self.until {
            return None;
        }
        // A connection on which an answer is still to come is of no use any more.
        self.over = true;
        let (connection, replies) = match self.connection.take() {
            Some(mut connection) => {
                let replies = exchange(&mut connection, &[], commands).await.ok()?;
                (connection, replies)
            }
            None => self.server.ask(None, commands).await.ok()?,
        };
        self.over = false;
        self.connection = Some(connection);
        Some(replies)
    }

    /// Reads messages that have at most so many bytes together; `None` when so many may not be read any more, when the others
    /// leave no room for them in time, and when the talk is over.
    pub(crate) async fn portion(
        &mut self,
        bytes: u64,
        commands: &[RedisCommand],
    ) -> Option<(Vec<Value>, Room<'a>)> {
        if bytes > self.left {
            return None;
        }
        let room = timeout_at(self.until.into(), self.memory.0.acquire_many(u32::try_from(bytes).ok()?))
            .await
            .ok()?
            .ok()?;
        let values = self.ask(commands).await?;
        self.left = self.left.saturating_sub(values.iter().map(length).fold(0, u64::saturating_add));
        if values.iter().any(|value| longest(value) > KEPT_BYTES) {
            self.connection = None;
        }
        Some((values, room))
    }

    /// Reads no more messages than of so many bytes from now on.
    pub(crate) fn read_at_most(&mut self, bytes: u64) {
        self.left = self.left.min(bytes);
    }

    /// The connection, for the next read.
    pub(crate) fn end(self) -> Option<Connection> {
        self.connection
    }
}

/// How many bytes of messages an answer has.
fn length(value: &Value) -> u64 {
    if let Value::Array(values) = value {
        return values.iter().map(length).fold(0, u64::saturating_add);
    }
    let Value::BulkString(message) = value else { return 0 };
    u64::try_from(message.len()).unwrap_or(u64::MAX)
}

/// How many bytes the longest message of an answer has.
fn longest(value: &Value) -> u64 {
    if let Value::Array(values) = value {
        return values.iter().map(longest).max().unwrap_or(0);
    }
    length(value)
}

/// Why a batch has no answers.
enum RedisFailure {
    /// The connection is of no use any more; on one that was kept it says little about the server.
    Connection(RedisError),
    /// The server refused to let us in.
    Login(Absence),
}

impl Server {
    /// Takes a URL apart. `authorities` are certificates in PEM, which the server's own must come from.
    pub(crate) fn parse(url: &str, authorities: Option<&str>) -> Result<Self, Absence> {
        let (info, database) = url::parse(url)?;
        if authorities.is_some() && !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            let problem =
                "`ca_from` is set, and the Redis URL is without TLS: it must begin with `rediss://`";
            return Err(Absence::new(AbsenceKind::Unreadable, problem));
        }
        let settings = info.redis_settings();
        Ok(Self {
            address: info.addr().clone(),
            authorities: authorities.map(str::to_owned),
            name: format!("{}/{database}", info.addr()),
            user: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
            database,
        })
    }

    /// Sends all commands at once and returns their answers with the connection for the next time.
    ///
    /// A connection kept from an earlier evaluation may have been dropped while Lambda froze the process, without anybody
    /// telling. Its failure is therefore nothing to report of the server: a new connection is tried, once.
    pub(crate) async fn ask(
        &self,
        kept: Option<Connection>,
        commands: &[RedisCommand],
    ) -> Result<(Connection, Vec<Value>), Absence> {
        if let Some(mut connection) = kept
            && let Ok(values) = exchange(&mut connection, &[], commands).await
        {
            return Ok((connection, values));
        }
        let authorities = self.authorities.as_deref();
        let mut connection = connect::open(&self.address, authorities, RESPONSE_TIMEOUT).await?;
        let values = exchange(&mut connection, &self.login(), commands).await;
        match values {
            Ok(values) => Ok((connection, values)),
            Err(RedisFailure::Connection(error)) => Err(lost(&error)),
            Err(RedisFailure::Login(absence)) => Err(absence),
        }
    }

    /// Says where an absence was met, in the server's words without our password.
    pub(crate) fn locate(&self, absence: Absence) -> Absence {
        let mut words = absence.detail;
        if let Some(password) = self.password.as_deref().filter(|password| !password.is_empty()) {
            words = words.replace(password, "(password)");
        }
        let words: String = words.chars().take(LONGEST_WORDS).collect();
        Absence::new(absence.kind, format!("{}: {words}", self.name))
    }

    /// What comes before the first batch on a new connection.
    fn login(&self) -> Vec<Login> {
        let mut steps = Vec::new();
        if let Some(password) = &self.password {
            let mut auth = redis::cmd("AUTH");
            // Redis 5 knows no users; for later ones the single argument means the user `default`.
            if let Some(user) = self.user.as_deref().filter(|user| *user != "default") {
                auth.arg(user);
            }
            auth.arg(password);
            let name = self.user.as_deref().unwrap_or("default");
            steps.push(Login {
                command: auth,
                shown: format!("AUTH as `{name}`"),
                otherwise: AbsenceKind::Denied,
            });
        }
        if self.database != 0 {
            let mut select = redis::cmd("SELECT");
            select.arg(self.database);
            let shown = format!("SELECT {}", self.database);
            steps.push(Login { command: select, shown, otherwise: AbsenceKind::NotFound });
        }
        steps
    }
}

/// One step of logging in. It is shown without its arguments: one of them is the password.
struct Login {
    command: Cmd,
    shown: String,
    /// What a refusal means that has no code of its own, such as a database number out of range.
    otherwise: AbsenceKind,
}

/// One write and one read: the steps of logging in, then the commands.
///
/// Not atomic: a transaction would be refused to a read-only user, and one bad key would spoil it all.
async fn exchange(
    connection: &mut Connection,
    login: &[Login],
    commands: &[RedisCommand],
) -> Result<Vec<Value>, RedisFailure> {
    let mut pipeline = Pipeline::new();
    for step in login {
        pipeline.add_command(step.command.clone());
    }
    for command in commands {
        pipeline.add_command(words(command));
    }
    let count = pipeline.len();
    // Not `query_async`: it makes one refused command the failure of the whole pipeline.
    let replies = connection.req_packed_commands(&pipeline, 0, count).await;
    let mut replies = replies.map_err(RedisFailure::Connection)?.into_iter();
    for step in login {
        if let Some(Value::ServerError(error)) = replies.next() {
            let mut absence = refusal(&step.shown, &error);
            if absence.kind == AbsenceKind::Unreadable {
                absence.kind = step.otherwise;
            }
            return Err(RedisFailure::Login(absence));
        }
    }
    Ok(replies.collect())
}

fn words(command: &RedisCommand) -> Cmd {
    let mut sent = Cmd::new();
    let (name, arguments) = command.words().split_first().map_or(("", &[][..]), |(name, rest)| (name, rest));
    // A subcommand is a word of its own: `MEMORY USAGE`.
    sent.arg(name.split(' ').collect::<Vec<_>>()).arg(arguments);
    sent
}

/// Why no answer came from a server.
fn lost(error: &RedisError) -> Absence {
    if error.is_timeout() {
        let problem = format!("no answer within {} s", RESPONSE_TIMEOUT.as_secs());
        return Absence::new(AbsenceKind::TimedOut, problem);
    }
    let kind = if error.is_io_error() { AbsenceKind::Unreachable } else { AbsenceKind::Unreadable };
    Absence::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_quotes_our_password_is_not_quoted() {
        // What a proxy says that knows no `AUTH`, after Redis's own wording for unknown commands.
        let words = "ERR unknown command 'AUTH', with args beginning with: 's3cret/'";
        let server = Server::parse("rediss://bob:s3cret%2F@redis.internal:6380/2", None).unwrap();
        let located = server.locate(Absence::new(AbsenceKind::Unreadable, words));
        assert_eq!(
            located.detail,
            "redis.internal:6380/2: ERR unknown command 'AUTH', with args beginning with: '(password)'"
        );
        let long = server.locate(Absence::new(AbsenceKind::Unreadable, "x".repeat(10_000)));
        assert!(long.detail.len() < 400);
    }

    #[test]
    fn logging_in_sends_no_more_than_the_url_asks_for() {
        #[track_caller]
        fn check(url: &str, steps: &[&str]) {
            let shown: Vec<_> =
                Server::parse(url, None).unwrap().login().into_iter().map(|step| step.shown).collect();
            assert_eq!(shown, steps);
        }
        check("redis://redis.internal", &[]);
        check("redis://redis.internal/2", &["SELECT 2"]);
        check("redis://redis.internal?db=2", &["SELECT 2"]);
        check("redis://:secret@redis.internal", &["AUTH as `default`"]);
        check("redis://bob:secret@redis.internal/2", &["AUTH as `bob`", "SELECT 2"]);
    }
}
