//! The queues as their own clients fill them: real Redis, Celery workers, BullMQ producers and workers.
//!
//! Everything listens on loopback at a free port, works in a folder of its own and ends with its test.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, in its support code too")]

mod world;
mod clients;
mod relay;
mod celery_matrix;
mod celery_declared;
mod celery_layout;
mod held;
mod bullmq_counters;
mod bullmq_versions;
mod failures;
mod access;
mod round_trips;
mod tls;
