//! Reading many queues: one connection per server, one batch in one round trip, and more only where Celery's tasks wait or
//! are held.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tidegate_fleet::QueueSource;
use tidegate_policy::{Absence, AbsenceKind, Queue};

use crate::celery::details::{self, DetailRequest, Details, MessageCache};
use crate::command::{Batch, RedisCommand};
use crate::reply::{Replies, Reply};
use crate::server::{Connection, MemoryBudget, Server, Session};
use crate::{bullmq, celery, list};

/// How many servers are asked at the same time. A fleet has one or two; more than this many TLS handshakes at once
/// would time each other out on a small Lambda function's share of a core.
const SERVERS_AT_ONCE: usize = 10;

/// One queue to read.
#[derive(Clone, Copy)]
pub struct RedisRequest<'a> {
    /// The server's URL, with its password where it has one.
    pub url: &'a str,
    /// The certificates of the authorities that the server's own must come from, in PEM; without them, the system's.
    pub authorities: Option<&'a str>,
    /// The queue; its own URL is not read, because it may be a reference to a secret.
    pub source: &'a QueueSource,
}

/// A server and database: its URL, and the authorities that its certificate must come from.
type At<'a> = (&'a str, Option<&'a str>);

/// The same, kept.
type ServerKey = (String, Option<String>);

/// The Redis servers of a fleet, with connections that the next read uses again.
#[derive(Default)]
pub struct Redis {
    /// A connection that failed is not put back.
    idle: Mutex<BTreeMap<ServerKey, Connection>>,
    /// The messages in `unacked` that were read once.
    kept: Mutex<BTreeMap<ServerKey, MessageCache>>,
    memory: MemoryBudget,
}

impl Redis {
    /// No connection is opened before the first read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads all queues as of `now`; the results stand in the order of the requests.
    ///
    /// Queues with the same URL share one round trip, the servers are asked in parallel. One queue's trouble does not
    /// touch the others. Ten servers take at most 5 seconds together, whatever they do.
    pub async fn read(&self, requests: &[RedisRequest<'_>], now: Timestamp) -> Vec<Result<Queue, Absence>> {
        let mut by_url: BTreeMap<At<'_>, Vec<(usize, &QueueSource)>> = BTreeMap::new();
        for (place, request) in requests.iter().enumerate() {
            by_url.entry((request.url, request.authorities)).or_default().push((place, request.source));
        }
        // Collected first: a stream over a lazy map would make this future unable to move between threads.
        let servers: Vec<_> =
            by_url.into_iter().map(|(place, sources)| self.read_server(place, sources, now)).collect();
        let mut read: Vec<_> = stream::iter(servers).buffer_unordered(SERVERS_AT_ONCE).concat().await;
        read.sort_by_key(|(place, _)| *place);
        read.into_iter().map(|(_, queue)| queue).collect()
    }

    /// Reads the queues of one server; each result keeps the place of its request.
    async fn read_server(
        &self,
        (url, authorities): At<'_>,
        sources: Vec<(usize, &QueueSource)>,
        now: Timestamp,
    ) -> Vec<(usize, Result<Queue, Absence>)> {
        let none =
            |absence: &Absence| sources.iter().map(|(place, _)| (*place, Err(absence.clone()))).collect();
        let server = match Server::parse(url, authorities) {
            Ok(server) => server,
            Err(absence) => return none(&absence),
        };
        let at = (url.to_owned(), authorities.map(str::to_owned));
        let mut batch = Batch::default();
        let mut asked = Vec::new();
        for (place, source) in &sources {
            let replies: Vec<_> =
                commands(source, now).into_iter().map(|command| batch.add(command)).collect();
            asked.push((*place, *source, replies));
        }
        let (replies, details) = match self.ask(at, &server, batch.commands(), &asked, now).await {
            Ok(found) => found,
            Err(absence) => return none(&server.locate(absence)),
        };
        let read = asked.into_iter().map(|(place, source, places)| {
            let queue = interpret(source, &mut Replies::new(&replies, &places), &details, now);
            (place, queue.map_err(|absence| server.locate(absence)))
        });
        read.collect()
    }

    /// One round trip on the connection kept for this server, or on a new one, and what it shows to be asked further.
    async fn ask(
        &self,
        at: ServerKey,
        server: &Server,
        commands: &[RedisCommand],
        asked: &[(usize, &QueueSource, Vec<usize>)],
        now: Timestamp,
    ) -> Result<(Vec<Reply>, Details), Absence> {
        if commands.is_empty() {
            return Ok((Vec::new(), Details::default()));
        }
        let began = Instant::now();
        let idle = taken(&self.idle, &at);
        let (connection, values) = server.ask(idle, commands).await?;
        let pairs = commands.iter().cloned().zip(values);
        let replies: Vec<_> = pairs.map(|(command, value)| Reply::new(command, value)).collect();
        let celery: Vec<_> =
            asked.iter().filter_map(|(_, source, places)| of_celery(source, places, &replies)).collect();
        let mut session = Session::since(began, server, connection, &self.memory);
        let mut kept = taken(&self.kept, &at).unwrap_or_default();
        let details = details::read(&mut session, &celery, &mut kept, now).await;
        put(&self.kept, at.clone(), kept);
        if let Some(connection) = session.end() {
            put(&self.idle, at, connection);
        }
        Ok((replies, details))
    }
}

/// What the first answers say of one of Celery's queues.
fn of_celery<'a>(source: &'a QueueSource, places: &[usize], replies: &[Reply]) -> Option<DetailRequest<'a>> {
    let QueueSource::Celery(queue) = source else { return None };
    let number = |nth: usize| replies.get(*places.get(nth)?)?.count().ok();
    Some(DetailRequest::new(queue, |nth| number(nth).unwrap_or(0)))
}

/// What is kept for a server; no other read has it meanwhile.
fn taken<T>(kept: &Mutex<BTreeMap<ServerKey, T>>, at: &ServerKey) -> Option<T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner).remove(at)
}

fn put<T>(kept: &Mutex<BTreeMap<ServerKey, T>>, at: ServerKey, one: T) {
    kept.lock().unwrap_or_else(PoisonError::into_inner).insert(at, one);
}

fn commands(source: &QueueSource, now: Timestamp) -> Vec<RedisCommand> {
    match source {
        QueueSource::Celery(queue) => celery::commands(queue),
        QueueSource::Bullmq(queue) => bullmq::commands(queue, now),
        QueueSource::List(list) => list::commands(list),
        QueueSource::Sqs(_) | QueueSource::Cloudwatch(_) => Vec::new(),
    }
}

fn interpret(
    source: &QueueSource,
    replies: &mut Replies<'_>,
    details: &Details,
    now: Timestamp,
) -> Result<Queue, Absence> {
    match source {
        QueueSource::Celery(queue) => celery::interpret(queue, replies, details),
        QueueSource::Bullmq(queue) => bullmq::interpret(queue, replies, now),
        QueueSource::List(list) => list::interpret(list, replies),
        QueueSource::Sqs(_) | QueueSource::Cloudwatch(_) => {
            Err(Absence::new(AbsenceKind::Unreadable, "this queue is not kept in Redis"))
        }
    }
}

/// The number of connections; their URLs may hold passwords, and what is kept are names of exchanges.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Redis").field("idle", &idle).finish_non_exhaustive()
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRequest").field("source", &self.source).finish_non_exhaustive()
    }
}
