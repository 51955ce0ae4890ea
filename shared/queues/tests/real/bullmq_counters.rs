//! How many jobs are done, as the workers of BullMQ 5 and 6 count them.

use redis::Value;
use serde_json::json;
use tidegate_fleet::QueueSource;
use tidegate_policy::{AbsenceKind, InFlight};

use crate::clients::{self, Client};
use crate::world::{QueueReader, RedisServer, bullmq};

/// A queue, and a worker of it whose jobs end at once.
async fn start(
    version: u32,
    server: &RedisServer,
    queue: &str,
    options: serde_json::Value,
) -> (QueueReader, Client) {
    let reader = QueueReader::new(&server.url(), QueueSource::Bullmq(bullmq(queue)));
    let mut client = clients::bullmq(version, &server.url(), queue);
    client.order(&json!({"release": true}));
    client.order(&json!({"work": 2, "options": options}));
    let empty = reader.until(|queue| queue.waiting == 0).await;
    assert_eq!(empty.done, None, "nothing was counted, which is not zero");
    (reader, client)
}

/// Waits until so many jobs are done and nothing is left to do.
async fn check_done(reader: &QueueReader, done: Option<u64>) {
    let idle = |queue: &tidegate_policy::Queue| queue.waiting == 0 && queue.in_flight == InFlight::Exactly(0);
    reader.until(|queue| idle(queue) && queue.done >= done).await;
    assert_eq!(reader.read().await.map(|queue| queue.done), Ok(done));
}

async fn check_version(version: u32) {
    let server = RedisServer::start();
    let metrics = json!({"metrics": {"maxDataPoints": 60}});
    let (reader, mut client) = start(version, &server, "emails", metrics).await;
    client.order(&json!({"add": 5}));
    check_done(&reader, Some(5)).await;
    // A retried job is done once, when it ends well or its attempts are used up.
    client.order(&json!({"add": 2, "fails": 1, "options": {"attempts": 2}}));
    check_done(&reader, Some(7)).await;
    client.order(&json!({"add": 1, "fails": 9, "options": {"attempts": 3}}));
    check_done(&reader, Some(8)).await;
    // What is done is done, whether its record is kept or not.
    client.order(&json!({"add": 3, "options": {"removeOnComplete": true}}));
    check_done(&reader, Some(11)).await;
    client.order(&json!({"clean": "completed"}));
    check_done(&reader, Some(11)).await;
    check_id(&server, &reader, &mut client).await;
    client.order(&json!({"obliterate": true}));
    let read = reader.read().await;
    let gone = read
        .as_ref()
        .map_or_else(|absence| absence.kind == AbsenceKind::NotFound, |queue| queue.done.is_none());
    assert!(gone, "{read:?}");
}

/// The counter of ids rises with a job that was there already, so it does not tell how many came.
async fn check_id(server: &RedisServer, reader: &QueueReader, client: &mut Client) {
    client.order(&json!({"add": 1, "options": {"jobId": "once"}}));
    check_done(reader, Some(12)).await;
    let ids = server.run(&["GET", "bull:emails:id"]);
    client.order(&json!({"add": 1, "options": {"jobId": "once"}}));
    check_done(reader, Some(12)).await;
    assert_ne!(server.run(&["GET", "bull:emails:id"]), ids);
}

async fn check_without(version: u32) {
    let server = RedisServer::start();
    let (reader, mut client) = start(version, &server, "emails", json!({})).await;
    client.order(&json!({"add": 5}));
    check_done(&reader, None).await;
    let completed = server.run(&["ZCARD", "bull:emails:completed"]);
    assert_eq!(completed, Value::Int(5));
}

#[tokio::test]
async fn version_5_counts_with_metrics() {
    check_version(5).await;
}

#[tokio::test]
async fn version_6_counts_with_metrics() {
    check_version(6).await;
}

#[tokio::test]
async fn version_5_without_metrics_is_unknown() {
    check_without(5).await;
}

#[tokio::test]
async fn version_6_without_metrics_is_unknown() {
    check_without(6).await;
}
