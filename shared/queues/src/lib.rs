//! How much work waits, runs and is due.
//!
//! Redis is read with single-key, read-only commands in one pipelined round trip per server, so that a user with
//! `+@read` and `+@connection` suffices: no script, no transaction, no `INFO`, no `KEYS`. The commands are `EXISTS`,
//! `HEXISTS`, `HLEN`, `HMGET`, `HSCAN`, `LINDEX`, `LLEN`, `SMEMBERS`, `ZCARD`, `ZCOUNT` and `ZRANGE`, after `AUTH` and
//! `SELECT` where the URL asks for them. SQS is read from the queue's own attributes.
//!
//! ```text
//! Redis::read   -> server (connect, log in, ask) -> celery | bullmq | list (what the answers mean)
//! sqs::read     -> GetQueueAttributes per queue
//! ```
//!
//! What an answer means is decided by pure functions; only `server` and `sqs` wait for a network. A queue that is not
//! proved to exist is an [`Absence`](tidegate_policy::Absence), never zero.

mod read;
mod server;
mod command;
mod answer;
mod celery;
mod unacked;
mod bullmq;
mod list;
mod fingerprint;
pub mod sqs;

pub use crate::read::{Redis, RedisRequest};
