//! A large `unacked`, shared by many queues: read whole within bounds of bytes, or said to be read in part.

use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidegate_fleet::{CeleryQueue, QueueSource};
use tidegate_policy::{InFlight, Queue};
use tidegate_queues::{Redis, RedisRequest};

use crate::relay::Relay;
use crate::world::{DEADLINE, QueueReader, RedisServer, celery};

/// One message of 5 MB: more than a hundred usual ones.
const LARGE: usize = 5_000_000;

/// A message as workers hold it, with a body of so many bytes.
fn message(queue: &str, eta: &str, body: usize) -> String {
    let body = "A".repeat(body);
    format!(r#"[{{"body": "{body}", "headers": {{"id": "x", "eta": {eta}}}}}, "", "{queue}"]"#)
}

/// A server with one bound queue, whose workers acknowledge late.
fn bound() -> RedisServer {
    let server = RedisServer::start();
    server.run(&["SADD", "_kombu.binding.emails", "emails\u{6}\u{16}\u{6}\u{16}emails"]);
    server
}

fn emails(url: &str) -> QueueReader {
    QueueReader::new(url, QueueSource::Celery(CeleryQueue { acks_late: true, ..celery("emails") }))
}

/// Puts one message into a hash so many times, each under a tag of its own.
fn hold(server: &RedisServer, hash: &str, times: usize, message: &str) {
    let mut pipeline = redis::pipe();
    let call = next();
    for number in 0..times {
        pipeline.cmd("HSET").arg(hash).arg(format!("{call}-{number}")).arg(message).ignore();
    }
    server.send(&pipeline);
}

/// Tags of two calls never meet.
fn next() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

async fn read(reader: &QueueReader) -> Queue {
    reader.read().await.expect("the queue is bound")
}

/// A read ends in time, and on a busy machine without all that there is: the next ones go on.
#[track_caller]
fn shows(reader: &QueueReader, in_flight: InFlight) -> impl Future<Output = Queue> {
    reader.until(move |queue| queue.in_flight == in_flight)
}

#[tokio::test]
async fn running_jobs_are_found_among_thousands_of_another_queue() {
    let server = bound();
    hold(&server, "unacked", 3_000, &message("reports", "null", 1_000));
    hold(&server, "unacked", 2, &message("emails", "null", 1_000));
    shows(&emails(&server.url()), InFlight::Exactly(2)).await;
}

#[tokio::test]
async fn running_jobs_are_found_among_delayed_ones_of_their_own_queue() {
    let server = bound();
    hold(&server, "unacked", 1_000, &message("emails", r#""2099-01-01T00:00:00+00:00""#, 1_000));
    hold(&server, "unacked", 5, &message("emails", "null", 1_000));
    let all = |queue: &Queue| (queue.in_flight, queue.delayed) == (InFlight::Exactly(5), 1_000);
    emails(&server.url()).until(all).await;
}

#[tokio::test]
async fn a_message_is_read_once_and_forgotten_with_its_acknowledgment() {
    let server = bound();
    let relay = Relay::before(&server);
    hold(&server, "unacked", 500, &message("emails", "null", 2_000));
    let reader = emails(&format!("redis://127.0.0.1:{}", relay.port));
    shows(&reader, InFlight::Exactly(500)).await;
    let first = relay.bytes();
    assert!(first > 1_000_000, "{first}");
    hold(&server, "unacked", 1, &message("emails", "null", 2_000));
    shows(&reader, InFlight::Exactly(501)).await;
    assert!(relay.bytes() - first < 500_000, "{first}, then {}", relay.bytes());
    server.run(&["DEL", "unacked"]);
    shows(&reader, InFlight::Exactly(0)).await;
}

#[tokio::test]
async fn large_messages_are_read_in_several_evaluations_of_bounded_bytes() {
    let server = bound();
    let relay = Relay::before(&server);
    hold(&server, "unacked", 12, &message("emails", "null", LARGE));
    hold(&server, "unacked", 40, &message("reports", "null", 1_000));
    let reader = emails(&format!("redis://127.0.0.1:{}", relay.port));
    let mut known = 0;
    for _ in 0..40 {
        let before = relay.bytes();
        let queue = read(&reader).await;
        assert!(relay.bytes() - before < 34 << 20);
        match queue.in_flight {
            InFlight::Exactly(jobs) => {
                assert_eq!(jobs, 12);
                assert!(known > 0, "it took several reads");
                return;
            }
            InFlight::Partly { jobs, read, held } => {
                assert!(jobs >= known && read >= jobs && held == 52, "{queue:?}");
                known = jobs;
            }
            InFlight::Reserved(_) | InFlight::AtLeast(_) | InFlight::Unknown => panic!("{queue:?}"),
        }
    }
    panic!("still {known} of 12 are known");
}

/// A bound queue in each of these prefixes, read in one read.
struct Prefixes {
    relay: Relay,
    redis: Redis,
    url: String,
    sources: Vec<QueueSource>,
}

impl Prefixes {
    fn of(server: &RedisServer, prefixes: &[String]) -> Self {
        let source = |prefix: &String| {
            server.run(&[
                "SADD",
                &format!("{prefix}_kombu.binding.emails"),
                "emails\u{6}\u{16}\u{6}\u{16}emails",
            ]);
            QueueSource::Celery(CeleryQueue { acks_late: true, prefix: prefix.clone(), ..celery("emails") })
        };
        let sources = prefixes.iter().map(source).collect();
        let relay = Relay::before(server);
        let url = format!("redis://127.0.0.1:{}", relay.port);
        Self { relay, redis: Redis::new(), url, sources }
    }

    /// Evaluations at all; what was found in each, and how many bytes that took.
    async fn evaluate(&self) -> (Vec<Queue>, u64) {
        let requests: Vec<_> = self
            .sources
            .iter()
            .map(|source| RedisRequest { url: &self.url, authorities: None, source })
            .collect();
        let before = self.relay.bytes();
        let read = self.redis.read(&requests, Timestamp::now()).await;
        let queues = read.into_iter().map(|queue| queue.expect("the queue is bound"));
        (queues.collect(), self.relay.bytes() - before)
    }
}

#[tokio::test]
async fn an_evaluation_reads_no_more_of_many_prefixes_than_of_one() {
    let server = RedisServer::start();
    let prefixes: Vec<_> = (0..8).map(|number| format!("{number}:")).collect();
    for prefix in &prefixes {
        hold(&server, &format!("{prefix}unacked"), 3, &message("emails", "null", 4_000_000));
    }
    let all = Prefixes::of(&server, &prefixes);
    for _ in 0..40 {
        let (queues, bytes) = all.evaluate().await;
        assert!(bytes < 34 << 20, "{bytes}");
        if queues.iter().all(|queue| queue.in_flight == InFlight::Exactly(3)) {
            return;
        }
    }
    panic!("not all is read in 40 evaluations");
}

#[tokio::test]
async fn one_prefix_does_not_take_every_evaluation_from_another() {
    let server = RedisServer::start();
    let both = Prefixes::of(&server, &["a:".to_owned(), "b:".to_owned()]);
    hold(&server, "b:unacked", 2, &message("emails", "null", 4_000_000));
    for _ in 0..10 {
        server.run(&["DEL", "a:unacked"]);
        hold(&server, "a:unacked", 10, &message("emails", "null", 4_000_000));
        if both.evaluate().await.0[1].in_flight == InFlight::Exactly(2) {
            return;
        }
    }
    panic!("nothing of the other is read in 10 evaluations");
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_spoils_no_other_queue() {
    let server = bound();
    server.run(&["SADD", "shop:_kombu.binding.emails", "emails\u{6}\u{16}\u{6}\u{16}emails"]);
    hold(&server, "unacked", 3, &message("emails", "null", 1_000));
    hold(&server, "unacked", 1, &message("reports", "null", 9 << 20));
    hold(&server, "shop:unacked", 3, &message("emails", "null", 1_000));
    let reader = emails(&server.url());
    for _ in 0..3 {
        shows(&reader, InFlight::Partly { jobs: 3, read: 3, held: 4 }).await;
    }
    let shop = CeleryQueue { acks_late: true, prefix: "shop:".to_owned(), ..celery("emails") };
    let shop = QueueReader::new(&server.url(), QueueSource::Celery(shop));
    shows(&shop, InFlight::Exactly(3)).await;
    hold(&server, "unacked", 20_000, &message("reports", "null", 10));
    shows(&reader, InFlight::Partly { jobs: 0, read: 0, held: 20_004 }).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_over_what_is_held_has_told_what_waits() {
    let server = bound();
    let relay = Relay::before(&server);
    hold(&server, "unacked", 2, &message("emails", "null", 1_000));
    server.run(&["LPUSH", "emails", "1", "2", "3"]);
    let none = InFlight::Partly { jobs: 0, read: 0, held: 2 };
    // The lengths, the tags, their sizes, the messages; what is left are the list's size and its next task.
    for (round_trips, in_flight) in
        [none, none, none, InFlight::Exactly(2), InFlight::Exactly(2)].iter().enumerate()
    {
        let reader = emails(&format!("redis://127.0.0.1:{}", relay.port));
        relay.silence_after(u32::try_from(round_trips).expect("a few") + 1);
        let started = Instant::now();
        let queue = read(&reader).await;
        assert!(started.elapsed() < Duration::from_secs(5));
        let found = (queue.waiting, queue.in_flight, queue.head);
        assert_eq!(found, (3, *in_flight, None), "after {} round trips", round_trips + 1);
        relay.silence_after(u32::MAX);
        reader.until(|queue| queue.in_flight == InFlight::Exactly(2) && queue.head.is_some()).await;
    }
}

/// Puts tasks of so many bytes into a list, behind those that are there.
fn push(server: &RedisServer, list: &str, tasks: usize, bytes: usize) {
    let mut pipeline = redis::pipe();
    for _ in 0..tasks {
        pipeline.cmd("LPUSH").arg(list).arg("A".repeat(bytes)).ignore();
    }
    server.send(&pipeline);
}

#[tokio::test]
async fn the_next_task_is_shown_unless_its_list_is_large() {
    let server = bound();
    let relay = Relay::before(&server);
    let reader = emails(&format!("redis://127.0.0.1:{}", relay.port));
    let check = async |waiting: u64, is_shown: bool, bytes: std::ops::Range<u64>| {
        let before = Mutex::new(relay.bytes());
        let found = |queue: &Queue| {
            let before = std::mem::replace(&mut *before.lock().expect("no thread panicked"), relay.bytes());
            let read = relay.bytes() - before;
            assert!(read < bytes.end, "{read} bytes");
            assert_eq!(queue.waiting, waiting);
            assert!(is_shown || queue.head.is_none(), "{queue:?}");
            !is_shown || queue.head.is_some() && bytes.contains(&read)
        };
        reader.until(found).await;
    };
    push(&server, "emails", 7_000, 1_000);
    check(7_000, true, 1_000..10_000).await;
    push(&server, "emails", 2_000, 1_000);
    check(9_000, false, 0..10_000).await;
    server.run(&["LPUSH", "emails\u{6}\u{16}3", "small"]);
    check(9_001, false, 0..10_000).await;
    server.run(&["DEL", "emails"]);
    check(1, true, 0..10_000).await;
    server.run(&["DEL", "emails\u{6}\u{16}3"]);
    // The oldest are large, and the newest, which Redis would take for an example, are small.
    push(&server, "emails", 20, LARGE);
    push(&server, "emails", 2_000, 9_000);
    check(2_020, false, 0..10_000).await;
    server.run(&["DEL", "emails"]);
    push(&server, "emails", 1, LARGE);
    check(1, true, 5_000_000..6_000_000).await;
}

#[tokio::test]
async fn next_tasks_are_read_within_bounds_of_bytes_the_small_ones_first() {
    let server = RedisServer::start();
    let prefixes: Vec<_> = (0..12).map(|number| format!("{number}:")).collect();
    let all = Prefixes::of(&server, &prefixes);
    for (number, prefix) in prefixes.iter().enumerate() {
        // Half of the lists are large because of many tasks, the others because of one.
        let (tasks, bytes) = if number % 2 == 0 { (5_000, 1_000) } else { (1, 6_000_000) };
        push(&server, &format!("{prefix}emails"), tasks, bytes);
    }
    for _ in 0..40 {
        let (queues, bytes) = all.evaluate().await;
        assert!(bytes < 17 << 20, "{bytes}");
        if queues.iter().step_by(2).all(|queue| queue.head.is_some()) {
            return;
        }
    }
    panic!("the small ones are not shown in 40 evaluations");
}

/// Tells a child of this test binary which server to read; memory is measured per process.
const READ_FROM: &str = "TIDEGATE_TEST_MEMORY_OF_A_READ_FROM";

/// Runs a test of this module again, in a process of its own that reads this server; its peak of memory in kB.
fn peak_of(test: &str, url: &str) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("the test binary is known"));
    child.args(["--exact", &format!("held::{test}"), "--nocapture"]).env(READ_FROM, url);
    let output = String::from_utf8_lossy(&child.output().expect("it starts").stdout).into_owned();
    let peak = output.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the child evaluated");
    peak.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The line in which Linux shows this process' peak of memory.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    status.lines().find(|line| line.starts_with("VmHWM")).expect("the peak is reported").to_owned()
}

#[tokio::test]
async fn three_hundred_megabytes_held_take_a_tenth_of_a_small_functions_memory() {
    if let Ok(url) = std::env::var(READ_FROM) {
        let reader = emails(&url);
        for jobs in [1, 12] {
            reader.until(|queue| queue.in_flight.known() >= jobs).await;
        }
        println!("{}", peak());
        return;
    }
    let server = bound();
    for _ in 0..6 {
        hold(&server, "unacked", 10, &message("emails", "null", LARGE));
    }
    server.run(&["LPUSH", "emails", &message("emails", "null", LARGE)]);
    let peak =
        peak_of("three_hundred_megabytes_held_take_a_tenth_of_a_small_functions_memory", &server.url());
    assert!(peak < 60_000, "{peak} kB");
}

/// How many databases are read side by side.
const DATABASES: usize = 10;

#[tokio::test]
async fn ten_databases_side_by_side_take_a_quarter_of_a_small_functions_memory() {
    let databases = |url: &str| (0..DATABASES).map(|number| format!("{url}{number}")).collect::<Vec<_>>();
    if let Ok(url) = std::env::var(READ_FROM) {
        let urls = databases(&url);
        let source = emails(&url).source;
        let requests: Vec<_> =
            urls.iter().map(|url| RedisRequest { url, authorities: None, source: &source }).collect();
        let (redis, started) = (Redis::new(), Instant::now());
        loop {
            let read = redis.read(&requests, Timestamp::now()).await;
            let known = |read: &Result<Queue, _>| {
                read.as_ref()
                    .is_ok_and(|queue| queue.in_flight == InFlight::Exactly(3) && queue.head.is_some())
            };
            if read.iter().all(known) {
                break;
            }
            assert!(started.elapsed() < DEADLINE, "{read:?}");
        }
        println!("{}", peak());
        return;
    }
    let server = RedisServer::start();
    let held = message("emails", "null", LARGE);
    for number in 0..DATABASES {
        let mut pipeline = redis::pipe();
        pipeline.cmd("SELECT").arg(number).ignore();
        pipeline.cmd("SADD").arg("_kombu.binding.emails").arg("emails\u{6}\u{16}\u{6}\u{16}emails").ignore();
        pipeline.cmd("LPUSH").arg("emails").arg(&held).ignore();
        for tag in 0..3 {
            pipeline.cmd("HSET").arg("unacked").arg(tag).arg(&held).ignore();
        }
        server.send(&pipeline);
    }
    let url = format!("redis://127.0.0.1:{}/", server.port);
    let peak = peak_of("ten_databases_side_by_side_take_a_quarter_of_a_small_functions_memory", &url);
    assert!(peak < 60_000, "{peak} kB");
}
