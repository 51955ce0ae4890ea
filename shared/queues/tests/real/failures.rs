//! What a read says when something is wrong: which kind of absence, in whose words, how soon, and never a password.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidegate_fleet::QueueSource;
use tidegate_policy::AbsenceKind::{Denied, NotFound, TimedOut, Unreachable, Unreadable, WrongType};
use tidegate_policy::{Absence, AbsenceKind};
use tidegate_queues::{Redis, RedisRequest};

use crate::world::{DEADLINE, QueueReader, RedisServer, bullmq, celery, free_port, list};

/// What a new connection to this URL says of a list that exists wherever it matters.
async fn fails(url: &str) -> Absence {
    let reader = QueueReader::new(url, list("jobs", None));
    let absence = reader.read().await.expect_err("something is wrong");
    assert!(!absence.to_string().contains("secret"), "{absence}");
    absence
}

#[track_caller]
fn check(absence: &Absence, kind: AbsenceKind, words: &str) {
    assert_eq!(absence.kind, kind, "{absence}");
    assert!(absence.detail.contains(words), "{absence}");
}

#[tokio::test]
async fn no_server_listens() {
    let port = free_port();
    let absence = fails(&format!("redis://:secret@127.0.0.1:{port}/3")).await;
    assert_eq!(
        absence.to_string(),
        format!("unreachable: 127.0.0.1:{port}/3: Connection refused (os error 111)")
    );
}

#[tokio::test]
async fn an_unknown_host_name() {
    let started = Instant::now();
    let absence = fails("redis://:secret@no-such-host.invalid").await;
    assert!(matches!(absence.kind, Unreachable | TimedOut), "{absence}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_url_that_is_none() {
    #[track_caller]
    fn unusable(absence: &Absence, reason: &str) {
        assert_eq!(absence.to_string(), format!("unreadable answer: the Redis URL cannot be used: {reason}"));
    }
    let form = "write `redis://[USER:PASSWORD@]HOST:PORT/DATABASE`, or `rediss://` for TLS";
    unusable(&fails("secret").await, &format!("Redis URL did not parse; {form}"));
    unusable(&fails("sentinel://:secret@host").await, &format!("Redis URL did not parse; {form}"));
    unusable(&fails("redis://:secret@host/emails").await, "Invalid database number");
    unusable(&fails("rediss://:secret@host/#insecure").await, "`#insecure` would accept any certificate");
}

#[tokio::test]
async fn a_listener_that_never_completes_the_tls_handshake() {
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let started = Instant::now();
    let absence = fails(&format!("rediss://:secret@127.0.0.1:{port}")).await;
    assert_eq!(absence.to_string(), format!("timed out: 127.0.0.1:{port}/0: no connection within 1 s"));
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_frozen_server_is_given_up_in_time_and_read_again_when_it_is_back() {
    let server = RedisServer::start();
    server.run(&["LPUSH", "jobs", "1"]);
    let reader = QueueReader::new(&server.url(), list("jobs", None));
    assert!(reader.read().await.is_ok());
    server.process.signal("STOP");
    let started = Instant::now();
    let absence = reader.read().await.unwrap_err();
    check(&absence, TimedOut, "no answer within 2 s");
    // The kept connection gives up after 2 s, the new one after 2 s more.
    assert!(started.elapsed() < Duration::from_secs(5));
    server.process.signal("CONT");
    assert_eq!(reader.read().await.map(|queue| queue.waiting), Ok(1));
}

#[tokio::test]
async fn frozen_servers_are_waited_for_together() {
    let servers = [RedisServer::start(), RedisServer::start(), RedisServer::start()];
    let readers = servers.each_ref().map(|server| QueueReader::new(&server.url(), list("jobs", None)));
    for server in &servers {
        server.process.signal("STOP");
    }
    let requests = readers.each_ref().map(|reader| RedisRequest {
        url: &reader.url,
        authorities: None,
        source: &reader.source,
    });
    let started = Instant::now();
    let read = Redis::new().read(&requests, Timestamp::now()).await;
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(read.iter().all(|read| read.as_ref().is_err_and(|absence| absence.kind == TimedOut)), "{read:?}");
}

#[tokio::test]
async fn a_dropped_connection_is_replaced_without_a_word() {
    let server = RedisServer::start();
    server.run(&["LPUSH", "jobs", "1"]);
    let reader = QueueReader::new(&server.url(), list("jobs", None));
    assert!(reader.read().await.is_ok());
    for _ in 0..3 {
        assert_eq!(
            server.run(&["CLIENT", "KILL", "LADDR", &format!("127.0.0.1:{}", server.port)]),
            redis::Value::Int(1)
        );
        assert!(reader.read().await.is_ok());
    }
}

#[tokio::test]
async fn passwords_that_are_wrong_missing_or_too_many() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let port = server.port;
    let wrong = fails(&format!("redis://:secret@127.0.0.1:{port}/2")).await;
    assert_eq!(
        wrong.to_string(),
        format!(
            "access denied: 127.0.0.1:{port}/2: AUTH as `default`: WRONGPASS invalid username-password pair or user \
             is disabled."
        )
    );
    check(&fails(&format!("redis://bob:secret@127.0.0.1:{port}")).await, Denied, "AUTH as `bob`: WRONGPASS");
    check(
        &fails(&format!("redis://127.0.0.1:{port}")).await,
        Denied,
        "LLEN `jobs`: NOAUTH Authentication required.",
    );

    let open = RedisServer::start();
    let needless = fails(&format!("redis://:secret@127.0.0.1:{}", open.port)).await;
    check(&needless, Denied, "called without any password configured for the default user");
}

#[tokio::test]
async fn the_wrong_database_is_missing_whether_it_exists_or_not() {
    let server = RedisServer::start();
    server.run(&["LPUSH", "jobs", "1"]);
    let absence = fails(&format!("redis://127.0.0.1:{}/99", server.port)).await;
    check(&absence, NotFound, "/99: SELECT 99: ERR DB index is out of range");
    let absence = fails(&format!("redis://127.0.0.1:{}/1", server.port)).await;
    check(&absence, NotFound, "/1: `jobs` does not exist");
}

#[tokio::test]
async fn a_database_in_the_urls_options_is_the_one_that_is_read() {
    let server = RedisServer::start();
    server.run(&["LPUSH", "jobs", "1"]);
    let at = |rest: &str| {
        QueueReader::new(&format!("redis://127.0.0.1:{}{rest}", server.port), list("jobs", None))
    };
    assert_eq!(at("?db=0").read().await.map(|queue| queue.waiting), Ok(1));
    check(&at("?db=6").read().await.unwrap_err(), NotFound, "/6: `jobs` does not exist");
    check(&at("/0?db=6").read().await.unwrap_err(), Unreadable, "different databases");
}

#[tokio::test]
async fn one_bad_queue_of_a_server_spoils_no_other() {
    let server = RedisServer::start();
    server.run(&["SADD", "_kombu.binding.reports", "reports\u{6}\u{16}\u{6}\u{16}reports"]);
    server.run(&["SET", "wrong", "text"]);
    server.run(&["SADD", "bull:wrong:wait", "1"]);
    server.run(&["HSET", "bull:right:meta", "version", "bullmq:5"]);
    let sources = [
        list("wrong", None),
        QueueSource::Celery(celery("reports")),
        QueueSource::Bullmq(bullmq("wrong")),
        QueueSource::Bullmq(bullmq("right")),
        QueueSource::Celery(celery("wrong")),
        QueueSource::Celery(celery("missing")),
        list("missing", Some("wrong")),
    ];
    let url = server.url();
    let requests = sources.each_ref().map(|source| RedisRequest { url: &url, authorities: None, source });
    let read = Redis::new().read(&requests, Timestamp::now()).await;
    let kinds: Vec<_> = read
        .into_iter()
        .map(|read| read.map(|queue| queue.waiting).map_err(|absence| absence.kind))
        .collect();
    assert_eq!(kinds, [Err(WrongType), Ok(0), Err(WrongType), Ok(0), Err(WrongType), Err(NotFound), Ok(0)]);
}

#[tokio::test]
async fn a_server_busy_with_a_script_is_unreachable() {
    let server = RedisServer::start_with(&["--busy-reply-threshold", "50"]);
    let url = server.url();
    // Not waited for: it ends with the server.
    std::thread::spawn(move || {
        let client = redis::Client::open(url).expect("a valid URL");
        let mut connection = client.get_connection().expect("our server answers");
        redis::cmd("EVAL").arg("while true do end").arg(0).exec(&mut connection)
    });
    let started = Instant::now();
    loop {
        // Before the script runs the list is merely missing.
        let absence = fails(&server.url()).await;
        if absence.detail.contains("BUSY Redis is busy running a script") {
            assert_eq!(absence.kind, Unreachable);
            return;
        }
        assert!(started.elapsed() < DEADLINE, "{absence}");
    }
}

#[tokio::test]
async fn a_node_of_a_cluster_says_so() {
    let server = RedisServer::start_with(&["--cluster-enabled", "yes"]);
    check(&fails(&server.url()).await, Unreachable, "CLUSTERDOWN Hash slot not served");
    let absence = fails(&format!("redis://127.0.0.1:{}/1", server.port)).await;
    check(&absence, NotFound, "SELECT is not allowed in cluster mode");
}

#[tokio::test]
async fn a_server_with_too_many_clients_is_unreachable() {
    let server = RedisServer::start_with(&["--maxclients", "1"]);
    let _only = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    check(&fails(&server.url()).await, Unreachable, "");
}

#[tokio::test]
async fn a_queue_kept_elsewhere_is_not_asked_for() {
    let source = QueueSource::Sqs(tidegate_fleet::SqsQueue { url: String::new() });
    let reader = QueueReader::new("redis://127.0.0.1:1", source);
    check(&reader.read().await.unwrap_err(), Unreadable, "this queue is not kept in Redis");
}
