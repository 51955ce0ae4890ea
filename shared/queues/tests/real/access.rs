//! Who may read: read-only users.

use jiff::Timestamp;
use tidegate_fleet::QueueSource;
use tidegate_policy::{AbsenceKind, InFlight};
use tidegate_queues::{Redis, RedisRequest};

use crate::world::{QueueReader, RedisServer, bullmq, celery, list};

/// One queue of each kind, all with something in them.
fn fill(server: &RedisServer) -> [QueueSource; 3] {
    server.run(&["SELECT", "0"]);
    server.run(&["LPUSH", "emails", r#"{"headers": {"id": "a"}}"#]);
    server.run(&["HSET", "unacked", "tag", r#"[{"headers": {}}, "", "emails"]"#]);
    server.run(&["LPUSH", "bull:images:wait", "1"]);
    server.run(&["LPUSH", "jobs", "1"]);
    [QueueSource::Celery(celery("emails")), QueueSource::Bullmq(bullmq("images")), list("jobs", Some("app"))]
}

/// Every command that is ever sent, beside `AUTH`, and `SELECT` for a database other than 0.
const COMMANDS: [&str; 14] = [
    "+llen",
    "+lindex",
    "+smembers",
    "+hlen",
    "+hkeys",
    "+hstrlen",
    "+hmget",
    "+memory|usage",
    "+exists",
    "+get",
    "+pttl",
    "+zcard",
    "+zrange",
    "+zcount",
];

async fn check_user(rights: &[&str]) {
    let server = RedisServer::start();
    let sources = fill(&server);
    let user = ["ACL", "SETUSER", "reader", "on", ">p@ss/word:secret", "resetchannels", "-@all"];
    server.run(&[&user, rights].concat());
    let url = format!("redis://reader:p%40ss%2Fword%3Asecret@127.0.0.1:{}", server.port);
    let requests = sources.each_ref().map(|source| RedisRequest { url: &url, authorities: None, source });
    let read = Redis::new().read(&requests, Timestamp::now()).await;
    assert!(read.iter().all(|read| read.as_ref().is_ok_and(|queue| queue.waiting == 1)), "{read:?}");
    // Nothing was even tried that the user may not do.
    assert_eq!(server.run(&["ACL", "LOG"]), redis::Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_read_only_user_suffices() {
    check_user(&["~*", "+@read", "+@connection", "-@dangerous"]).await;
}

#[tokio::test]
async fn fourteen_commands_suffice() {
    check_user(&[&["~*"], COMMANDS.as_slice()].concat()).await;
}

#[tokio::test]
async fn held_messages_that_a_user_may_not_read_are_not_nothing() {
    for missing in ["-hkeys", "-hstrlen", "-hmget"] {
        let server = RedisServer::start();
        let [celery, ..] = fill(&server);
        server.run(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection", missing]);
        let reader = QueueReader::new(&format!("redis://reader:secret@127.0.0.1:{}", server.port), celery);
        let queue = reader.read().await.expect("its list may be read");
        let part = InFlight::Partly { jobs: 0, read: 0, held: 1 };
        assert_eq!((queue.waiting, queue.in_flight), (1, part), "{missing}");
    }
}

#[tokio::test]
async fn a_user_with_some_keys_reads_those() {
    let server = RedisServer::start();
    let sources = fill(&server);
    server.run(&["ACL", "SETUSER", "reader", "on", ">secret", "~bull:*", "+@read", "+@connection"]);
    let url = format!("redis://reader:secret@127.0.0.1:{}", server.port);
    let requests = sources.each_ref().map(|source| RedisRequest { url: &url, authorities: None, source });
    let read = Redis::new().read(&requests, Timestamp::now()).await;
    let [celery, bullmq, list] = read.as_slice() else { panic!("three were asked for") };
    assert_eq!(bullmq.as_ref().map(|queue| queue.waiting), Ok(1));
    for denied in [celery, list] {
        let absence = denied.as_ref().unwrap_err();
        assert_eq!(absence.kind, AbsenceKind::Denied);
        assert!(absence.detail.contains("NOPERM") && !absence.detail.contains("secret"), "{absence}");
    }
}
