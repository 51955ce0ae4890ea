//! Celery as applications configure it: prefixes, separators, priority steps, exchanges, shared `unacked`.

use serde_json::json;
use tidegate_fleet::{CeleryQueue, QueueSource};
use tidegate_policy::{AbsenceKind, InFlight};

use crate::clients::{App, send};
use crate::world::{QueueReader, RedisServer, celery};

#[tokio::test]
async fn prefix_separator_steps_and_unacked_key_are_the_applications() {
    let server = RedisServer::start();
    let options = json!({
        "global_keyprefix": "shop:", "sep": ":", "priority_steps": [0, 5, 8], "unacked_key": "held",
    });
    let app = App::new(&server.url(), json!({"broker_transport_options": options}));
    let source = CeleryQueue {
        prefix: "shop:".to_owned(),
        separator: ":".to_owned(),
        priority_steps: vec![0, 5, 8],
        unacked_key: "held".to_owned(),
        ..celery("emails")
    };
    let reader = QueueReader::new(&server.url(), QueueSource::Celery(source));

    let mut producer = app.producer();
    for priority in [0, 4, 5, 9] {
        send(&mut producer, "quick", &[], 1, &json!({"queue": "emails", "priority": priority}));
    }
    assert_eq!(reader.read().await.map(|queue| queue.waiting), Ok(4));
    assert_eq!(server.run(&["LLEN", "shop:emails:8"]), redis::Value::Int(1));

    let _worker = app.worker("emails", &server.folder);
    let empty = reader.until(|queue| queue.waiting == 0).await;
    assert_eq!(empty.head, None);
    send(&mut producer, "quick", &[], 3, &json!({"queue": "emails", "countdown": 3600}));
    reader.until(|queue| queue.delayed == 3 && queue.waiting == 0).await;
    assert_eq!(server.run(&["HLEN", "shop:held"]), redis::Value::Int(3));

    let default = QueueReader::new(&server.url(), QueueSource::Celery(celery("emails")));
    let missing = default.read().await.unwrap_err();
    assert_eq!(missing.kind, AbsenceKind::NotFound);
    assert!(missing.detail.contains("the prefix (here none)"), "{missing}");
}

#[tokio::test]
async fn a_topic_exchange_is_followed_from_message_to_queue() {
    let server = RedisServer::start();
    let app = App::new(&server.url(), json!({})).with_topic("emails,mail,mail.#");
    let source = CeleryQueue { exchange: "mail".to_owned(), ..celery("emails") };
    let reader = QueueReader::new(&server.url(), QueueSource::Celery(source));
    let mut producer = app.producer();
    let options = json!({"queue": "emails", "routing_key": "mail.send.now", "countdown": 3600});
    send(&mut producer, "quick", &[], 4, &options);
    reader.until(|queue| queue.waiting == 4).await;
    let _worker = app.worker("emails", &server.folder);
    reader.until(|queue| queue.waiting == 0 && queue.delayed == 4).await;
}

#[tokio::test]
async fn a_queue_is_proved_by_its_binding_once_it_was_used() {
    let server = RedisServer::start();
    let reader = QueueReader::new(&server.url(), QueueSource::Celery(celery("emails")));
    let missing = reader.read().await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "not found: 127.0.0.1:{}/0: no list `emails`, and no queue `emails` in `_kombu.binding.emails` or \
             `_kombu.binding.celery`, so it may be a typo; check the queue's name, the database number in the URL, the \
             prefix (here none) and the exchange",
            server.port
        )
    );
    let app = App::new(&server.url(), json!({}));
    send(&mut app.producer(), "quick", &[], 1, &json!({"queue": "emails"}));
    reader.until(|queue| queue.waiting == 1).await;
    server.run(&["DEL", "emails"]);
    let empty = reader.read().await.unwrap();
    assert_eq!((empty.waiting, empty.in_flight, empty.head), (0, InFlight::Reserved(0), None));
}
