//! BullMQ 5 and 6: the same numbers from both, however they lay out their keys.

use serde_json::{Value, json};
use tidegate_fleet::QueueSource;
use tidegate_policy::{AbsenceKind, InFlight, Queue};

use crate::clients;
use crate::world::{QueueReader, RedisServer, bullmq};

async fn check_version(version: u32) {
    let server = RedisServer::start();
    let reader = QueueReader::new(&server.url(), QueueSource::Bullmq(bullmq("emails")));
    assert_eq!(reader.read().await.map_err(|absence| absence.kind), Err(AbsenceKind::NotFound));

    let mut client = clients::bullmq(version, &server.url(), "emails");
    let installed = client.order(&json!({"versions": true}));
    assert!(installed.as_str().unwrap_or_default().starts_with(&format!("{version}.")), "{installed}");
    // Its `meta` is written when the first client has connected: from then on an empty queue is zero.
    let empty = reader.until(|queue| queue.waiting == 0).await;
    assert_eq!((empty.in_flight, empty.head), (InFlight::Exactly(0), None));

    client.order(&json!({"add": 4}));
    client.order(&json!({"add": 3, "options": {"priority": 7}}));
    client.order(&json!({"add": 2, "options": {"delay": 3_600_000}}));
    client.order(&json!({"add": 1, "options": {"delay": 1}}));
    // Without a worker nothing promotes the delayed job whose time has come.
    let due = reader.until(|queue| queue.due == 1).await;
    assert_eq!((due.waiting, due.delayed, due.paused), (8, 2, false));
    assert!(!due.delayed_held);
    assert!(due.head.is_some());

    client.order(&json!({"work": 2}));
    let working = reader.until(|queue| queue.in_flight == InFlight::Exactly(2)).await;
    assert_eq!((working.waiting, working.due, working.delayed), (6, 0, 2));
    assert_ne!(working.head, due.head);

    check_pause(version, &server, &reader, &mut client).await;
    client.order(&json!({"release": true}));
    let done = reader.until(|queue| queue.waiting == 0 && queue.in_flight == InFlight::Exactly(0)).await;
    assert_eq!((done.delayed, done.head, done.done), (2, None, None));
}

async fn check_pause(version: u32, server: &RedisServer, reader: &QueueReader, client: &mut clients::Client) {
    let before = reader.read().await.unwrap();
    client.order(&json!({"pause": true}));
    let paused = reader.read().await.unwrap();
    assert_eq!(paused, Queue { paused: true, head: paused.head, ..before.clone() });
    // Version 5 has renamed the list, version 6 has left it.
    let renamed = server.run(&["EXISTS", "bull:emails:paused"]);
    assert_eq!(renamed, redis::Value::Int(i64::from(version == 5)));
    client.order(&json!({"resume": true}));
    assert_eq!(reader.read().await.unwrap(), before);
}

#[tokio::test]
async fn version_5_waiting_prioritized_delayed_active_paused() {
    check_version(5).await;
}

#[tokio::test]
async fn version_6_waiting_prioritized_delayed_active_paused() {
    check_version(6).await;
}

/// Ten jobs and a worker of four places, at once or after the queue got a limit of its own; what a read shows then.
async fn limited(version: u32, limit: &Value, worker: &Value, release: bool) -> Queue {
    let server = RedisServer::start();
    let reader = QueueReader::new(&server.url(), QueueSource::Bullmq(bullmq("emails")));
    let mut client = clients::bullmq(version, &server.url(), "emails");
    client.order(&json!({"add": 10}));
    let free = reader.until(|queue| queue.waiting == 10).await;
    assert!(!free.is_at_limit(), "no worker runs yet, and none is stopped");
    if !limit.is_null() {
        client.order(limit);
    }
    client.order(&json!({"work": 4, "options": worker}));
    if release {
        client.order(&json!({"release": true}));
    }
    reader.until(|queue| queue.is_at_limit() || queue.waiting == 0).await
}

async fn check_limits(version: u32) {
    let none = json!({});
    let rate = limited(version, &json!({"limit": [3, 60_000]}), &none, false).await;
    assert_eq!((rate.waiting, rate.in_flight), (7, InFlight::Exactly(3)));
    let concurrency = limited(version, &json!({"concurrency": 2}), &none, false).await;
    assert_eq!((concurrency.waiting, concurrency.in_flight), (8, InFlight::Exactly(2)));
    assert_eq!((concurrency.limits.concurrency, rate.limits.concurrency), (Some(2), None));
    let of_workers = json!({"limiter": {"max": 3, "duration": 60_000}});
    let workers = limited(version, &Value::Null, &of_workers, true).await;
    assert_eq!((workers.waiting, workers.in_flight), (7, InFlight::Exactly(0)));
    let unlimited = limited(version, &Value::Null, &none, true).await;
    assert_eq!((unlimited.waiting, unlimited.is_at_limit()), (0, false));
}

#[tokio::test]
async fn version_5_at_a_limit() {
    check_limits(5).await;
}

#[tokio::test]
async fn version_6_at_a_limit() {
    check_limits(6).await;
}

#[tokio::test]
async fn another_prefix_is_another_queue() {
    let server = RedisServer::start();
    server.run(&["LPUSH", "{shop}:emails:wait", "2", "1"]);
    let mut queue = bullmq("emails");
    queue.prefix = "{shop}".to_owned();
    let reader = QueueReader::new(&server.url(), QueueSource::Bullmq(queue));
    assert_eq!(reader.read().await.map(|queue| queue.waiting), Ok(2));
}
