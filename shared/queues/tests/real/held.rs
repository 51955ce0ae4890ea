//! A large `unacked`, shared by many queues: read whole within bounds of bytes, or said to be read in part.

use std::process::Command;
use std::time::{Duration, Instant};

use tidegate_fleet::source::{CeleryQueue, QueueSource};
use tidegate_policy::{InFlight, Queue};

use crate::relay::Relay;
use crate::world::{Look, Server, celery};

/// One message of 5 MB: more than a hundred usual ones.
const LARGE: usize = 5_000_000;

/// A message as workers hold it, with a body of so many bytes.
fn message(queue: &str, eta: &str, body: usize) -> String {
    let body = "A".repeat(body);
    format!(r#"[{{"body": "{body}", "headers": {{"id": "x", "eta": {eta}}}}}, "", "{queue}"]"#)
}

/// A server with one bound queue, whose workers acknowledge late.
fn bound() -> Server {
    let server = Server::start();
    server.run(&["SADD", "_kombu.binding.emails", "emails\u{6}\u{16}\u{6}\u{16}emails"]);
    server
}

fn emails(url: &str) -> Look {
    Look::new(url, QueueSource::Celery(CeleryQueue { acks_late: true, ..celery("emails") }))
}

/// Puts one message into a hash so many times, each under a tag of its own.
fn hold(server: &Server, hash: &str, times: usize, message: &str) {
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

async fn read(look: &Look) -> Queue {
    look.read().await.expect("the queue is bound")
}

/// A look ends in time, and on a busy machine without all that there is: the next ones go on.
#[track_caller]
fn shows(look: &Look, in_flight: InFlight) -> impl Future<Output = Queue> {
    look.until(move |queue| queue.in_flight == in_flight)
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
    let look = emails(&format!("redis://127.0.0.1:{}", relay.port));
    shows(&look, InFlight::Exactly(500)).await;
    let first = relay.bytes();
    assert!(first > 1_000_000, "{first}");
    hold(&server, "unacked", 1, &message("emails", "null", 2_000));
    shows(&look, InFlight::Exactly(501)).await;
    assert!(relay.bytes() - first < 500_000, "{first}, then {}", relay.bytes());
    server.run(&["DEL", "unacked"]);
    shows(&look, InFlight::Exactly(0)).await;
}

#[tokio::test]
async fn large_messages_are_read_in_several_looks_of_bounded_bytes() {
    let server = bound();
    let relay = Relay::before(&server);
    hold(&server, "unacked", 12, &message("emails", "null", LARGE));
    hold(&server, "unacked", 40, &message("reports", "null", 1_000));
    let look = emails(&format!("redis://127.0.0.1:{}", relay.port));
    let mut known = 0;
    for _ in 0..40 {
        let before = relay.bytes();
        let queue = read(&look).await;
        assert!(relay.bytes() - before < 34 << 20);
        match queue.in_flight {
            InFlight::Exactly(jobs) => {
                assert_eq!(jobs, 12);
                assert!(known > 0, "it took several looks");
                return;
            }
            InFlight::Partly { jobs, read, held } => {
                assert!(jobs >= known && read >= jobs && held == 52, "{queue:?}");
                known = jobs;
            }
            InFlight::AtLeast(_) | InFlight::Unknown => panic!("{queue:?}"),
        }
    }
    panic!("still {known} of 12 are known");
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_spoils_no_other_queue() {
    let server = bound();
    server.run(&["SADD", "shop:_kombu.binding.emails", "emails\u{6}\u{16}\u{6}\u{16}emails"]);
    hold(&server, "unacked", 3, &message("emails", "null", 1_000));
    hold(&server, "unacked", 1, &message("reports", "null", 9 << 20));
    hold(&server, "shop:unacked", 3, &message("emails", "null", 1_000));
    let look = emails(&server.url());
    for _ in 0..3 {
        shows(&look, InFlight::Partly { jobs: 3, read: 3, held: 4 }).await;
    }
    let shop = CeleryQueue { acks_late: true, prefix: "shop:".to_owned(), ..celery("emails") };
    let shop = Look::new(&server.url(), QueueSource::Celery(shop));
    shows(&shop, InFlight::Exactly(3)).await;
    hold(&server, "unacked", 20_000, &message("reports", "null", 10));
    shows(&look, InFlight::Partly { jobs: 0, read: 0, held: 20_004 }).await;
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
        let look = emails(&format!("redis://127.0.0.1:{}", relay.port));
        relay.silence_after(u32::try_from(round_trips).expect("a few") + 1);
        let started = Instant::now();
        let queue = read(&look).await;
        assert!(started.elapsed() < Duration::from_secs(5));
        let found = (queue.waiting, queue.in_flight, queue.head);
        assert_eq!(found, (3, *in_flight, None), "after {} round trips", round_trips + 1);
        relay.silence_after(u32::MAX);
        look.until(|queue| queue.in_flight == InFlight::Exactly(2) && queue.head.is_some()).await;
    }
}

#[tokio::test]
async fn the_next_task_is_shown_unless_tasks_are_large() {
    let server = bound();
    let relay = Relay::before(&server);
    let look = emails(&format!("redis://127.0.0.1:{}", relay.port));
    for _ in 0..4 {
        server.run(&["LPUSH", "emails", &"A".repeat(LARGE)]);
    }
    let queue = read(&look).await;
    assert_eq!((queue.waiting, queue.head), (4, None));
    assert!(relay.bytes() < 10_000);
    server.run(&["LPUSH", "emails\u{6}\u{16}3", "small"]);
    assert_eq!(read(&look).await.head, None, "the next task is in the first list");
    server.run(&["DEL", "emails"]);
    look.until(|queue| queue.head.is_some()).await;
}

/// Tells a child of this test binary which server to look at; memory is measured per process.
const LOOK_AT: &str = "TIDEGATE_TEST_MEMORY_OF_A_LOOK_AT";

#[tokio::test]
async fn three_hundred_megabytes_held_take_a_tenth_of_a_small_functions_memory() {
    if let Ok(url) = std::env::var(LOOK_AT) {
        let look = emails(&url);
        for jobs in [1, 12] {
            look.until(|queue| queue.in_flight.known() >= jobs).await;
        }
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells of processes");
        println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).expect("the peak is told"));
        return;
    }
    let server = bound();
    for _ in 0..6 {
        hold(&server, "unacked", 10, &message("emails", "null", LARGE));
    }
    server.run(&["LPUSH", "emails", &message("emails", "null", LARGE)]);
    let mut child = Command::new(std::env::current_exe().expect("the test binary is known"));
    let name = "held::three_hundred_megabytes_held_take_a_tenth_of_a_small_functions_memory";
    child.args(["--exact", name, "--nocapture"]).env(LOOK_AT, server.url());
    let output = String::from_utf8_lossy(&child.output().expect("it starts").stdout).into_owned();
    let peak = output.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the child looked");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 60_000, "{kilobytes} kB");
}
