//! One read costs one round trip per server, counted from outside.

use std::sync::Mutex;

use jiff::Timestamp;
use tidegate_fleet::{QueueSource, RedisList};
use tidegate_policy::InFlight;
use tidegate_queues::{Redis, RedisRequest};

use crate::relay::Relay;
use crate::world::{RedisServer, bullmq, celery, list};

/// 100 queues of all kinds, of which every other one exists.
fn hundred() -> Vec<QueueSource> {
    (0..100)
        .map(|number| match number % 3 {
            0 => QueueSource::Celery(celery(&format!("queue{number}"))),
            1 => QueueSource::Bullmq(bullmq(&format!("queue{number}"))),
            _ => list(&format!("queue{number}"), Some("queue0")),
        })
        .collect()
}

#[tokio::test]
async fn a_hundred_queues_are_one_round_trip_logging_in_included() {
    let server = RedisServer::start_with(&["--requirepass", "secret"]);
    let relay = Relay::before(&server);
    let url = format!("redis://:secret@127.0.0.1:{}/3", relay.port);
    let sources = hundred();
    let requests: Vec<_> =
        sources.iter().map(|source| RedisRequest { url: &url, authorities: None, source }).collect();
    let redis = Redis::new();
    for reader in 1..=3 {
        let read = redis.read(&requests, Timestamp::now()).await;
        assert_eq!(read.len(), 100);
        assert!(
            read.iter().all(|read| read.as_ref().is_err_and(|absence| absence.detail.contains("typo"))),
            "{read:?}"
        );
        assert_eq!(relay.counted(), (1, reader));
    }
}

#[tokio::test]
async fn a_hundred_busy_queues_take_a_few_more() {
    let server = RedisServer::start();
    let relay = Relay::before(&server);
    let url = format!("redis://127.0.0.1:{}", relay.port);
    let queues: Vec<_> = (0..100).map(|number| format!("queue{number}")).collect();
    for queue in &queues {
        server.run(&["LPUSH", queue, r#"{"headers": {"id": "a"}}"#]);
        server.run(&["HSET", "unacked", queue, &format!(r#"[{{"headers": {{}}}}, "media", "{queue}"]"#)]);
        server.run(&["SADD", "_kombu.binding.media", &format!("{queue}\u{6}\u{16}\u{6}\u{16}{queue}")]);
    }
    let sources: Vec<_> = queues.iter().map(|queue| QueueSource::Celery(celery(queue))).collect();
    let requests: Vec<_> =
        sources.iter().map(|source| RedisRequest { url: &url, authorities: None, source }).collect();
    let redis = Redis::new();
    for reader in 1..=3 {
        let read = redis.read(&requests, Timestamp::now()).await;
        let all = read.iter().all(|read| {
            read.as_ref().is_ok_and(|queue| queue.head.is_some() && queue.in_flight == InFlight::Reserved(1))
        });
        assert!(all, "{read:?}");
        // The lengths, the tags, the bindings, how large the lists are, and their next tasks; sizes and messages once.
        assert_eq!(relay.counted(), (1, 5 * reader + 2));
    }
}

#[tokio::test]
async fn each_server_is_asked_once_and_answers_keep_their_order() {
    let servers = [RedisServer::start(), RedisServer::start()];
    for (server, jobs) in servers.iter().zip(["1", "2"]) {
        server.run(&["LPUSH", &format!("jobs{jobs}"), jobs]);
    }
    let relays = servers.each_ref().map(Relay::before);
    let urls = relays.each_ref().map(|relay| format!("redis://127.0.0.1:{}", relay.port));
    let sources = ["jobs1", "jobs2"].map(|key| list(key, None));
    let pairs = [(0, 0), (1, 0), (0, 1), (1, 1)];
    let requests = pairs.map(|(url, source)| RedisRequest {
        url: &urls[url],
        authorities: None,
        source: &sources[source],
    });
    let read = Redis::new().read(&requests, Timestamp::now()).await;
    let found = read.iter().map(Result::is_ok).collect::<Vec<_>>();
    assert_eq!(found, [true, false, false, true]);
    assert_eq!(relays.each_ref().map(Relay::counted), [(1, 1), (1, 1)]);
}

#[tokio::test]
async fn a_key_shared_by_many_queues_is_read_once() {
    let server = RedisServer::start();
    let sources = hundred();
    server.run(&["CONFIG", "RESETSTAT"]);
    let url = server.url();
    let requests: Vec<_> =
        sources.iter().map(|source| RedisRequest { url: &url, authorities: None, source }).collect();
    Redis::new().read(&requests, Timestamp::now()).await;
    let redis::Value::BulkString(stats) = server.run(&["INFO", "commandstats"]) else {
        panic!("INFO answers with text")
    };
    let stats = String::from_utf8(stats).expect("INFO answers with text");
    let calls = |command: &str| {
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.and_then(|line| line.split(',').next()).and_then(|calls| calls.parse().ok()).unwrap_or(0)
    };
    // 34 Celery queues with ten lists each, one `unacked` and one default exchange; 33 BullMQ queues, asked for `meta`,
    // `stalled-check` and four sets of groups; 33 lists with one
    // proof.
    let expected = [
        ("llen", 34 * 10 + 33 * 3 + 33),
        ("lindex", 33 * 2),
        ("memory|usage", 0),
        ("smembers", 34 + 1),
        ("hlen", 1),
        ("hkeys", 0),
        ("exists", 33 * 6 + 1),
        ("hmget", 33 * 3),
        ("get", 33),
        ("pttl", 33),
        ("zcard", 33 * 2),
        ("zrange", 33 * 2),
        ("zcount", 33),
        ("multi", 0),
        ("eval", 0),
        ("hello", 0),
        ("client|setinfo", 0),
    ];
    let counted = expected.map(|(command, _)| (command, calls(command)));
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn an_evaluation_can_be_part_of_a_function_that_moves_between_threads() {
    fn moves<T: Send>(value: T) -> T {
        value
    }
    let redis = Mutex::new(Redis::new()).into_inner().expect("no thread panicked");
    assert_eq!(moves(redis.read(&[], Timestamp::now())).await, []);
    assert_eq!(format!("{:?}", moves(redis)), "Redis { idle: 0, .. }");
    let source = QueueSource::List(RedisList {
        url: tidegate_fleet::RedisUrl::Plain(String::new()),
        ca: None,
        key: "jobs".to_owned(),
        proof: None,
    });
    let request = RedisRequest { url: "redis://:secret@host", authorities: None, source: &source };
    assert!(!format!("{request:?}").contains("secret"));
}
