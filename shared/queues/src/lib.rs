//! How much work waits, runs and is due.
//!
//! Redis is read with single-key, read-only commands, so that a user with `+@read` and `+@connection` suffices: no script,
//! no transaction, no `INFO`, no `KEYS`. The commands are `EXISTS`, `GET`, `HKEYS`, `HLEN`, `HMGET`, `HSTRLEN`,
//! `LINDEX`, `LLEN`, `MEMORY USAGE`, `PTTL`, `SMEMBERS`, `ZCARD`, `ZCOUNT` and `ZRANGE`, after `AUTH` and `SELECT` where the URL
//! asks for them. All queues of a server are one pipelined round trip; where Celery's tasks wait or are held, the messages
//! follow in portions, within bounds of bytes and time.
//!
//! ```text
//! Redis::read   -> server (connect, log in, ask) -> celery | bullmq | list (what the answers mean)
//! ```
//!
//! What an answer means is decided by pure functions; only `server` waits for a network. A queue that is not
//! proved to exist is an [`Absence`](tidegate_policy::Absence), never zero.

mod read;
mod server;
mod connect;
mod url;
mod command;
mod reply;
mod celery;
mod binding;
mod unacked;
mod bullmq;
mod list;
mod fingerprint;

pub use crate::read::{Redis, RedisRequest};
pub use crate::url::check_url;
