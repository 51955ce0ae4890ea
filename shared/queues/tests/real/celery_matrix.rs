//! Real Celery workers: early and late acknowledgment, each with running, prefetched, delayed and prioritized tasks.
//!
//! Each test says what can be known of its cell from Redis alone.

use std::path::PathBuf;

use serde_json::{Value, json};
use tidegate_fleet::{CeleryQueue, QueueSource};
use tidegate_policy::{InFlight, Queue};

use crate::clients::{App, Client, send};
use crate::world::{ChildProcess, DEADLINE, QueueReader, RedisServer, celery};

/// The worker's threads.
const THREADS: u64 = 2;
/// What it takes ahead of its threads: four per thread, Celery's default.
const PREFETCH: u64 = 8;

/// When a task is acknowledged.
#[derive(Clone, Copy, PartialEq)]
enum Ack {
    /// When it starts; Celery's default.
    Early,
    /// When it has ended.
    Late,
}

impl Ack {
    /// What is seen of this many tasks in `unacked`.
    fn sees(self, jobs: u64) -> InFlight {
        match self {
            Self::Early => InFlight::Reserved(jobs),
            Self::Late => InFlight::Exactly(jobs),
        }
    }
}

/// A broker, a producer, perhaps a worker, and the evaluation at one queue.
struct MatrixCell {
    server: RedisServer,
    producer: Client,
    app: App,
    reader: QueueReader,
    worker: Option<ChildProcess>,
}

impl MatrixCell {
    fn new(ack: Ack) -> Self {
        let server = RedisServer::start();
        let settings = json!({"task_acks_late": ack == Ack::Late, "task_default_queue": "emails"});
        let app = App::new(&server.url(), settings);
        let source = CeleryQueue { acks_late: ack == Ack::Late, ..celery("emails") };
        let reader = QueueReader::new(&server.url(), QueueSource::Celery(source));
        Self { producer: app.producer(), server, app, reader, worker: None }
    }

    fn work(&mut self) {
        self.worker = Some(self.app.worker("emails,reports", &self.server.folder));
    }

    /// Tasks that run until the gate opens.
    fn send_long(&mut self, times: u32, options: &Value) {
        let gate = self.gate().display().to_string();
        send(&mut self.producer, "hold", &[&gate], times, options);
    }

    fn send_short(&mut self, times: u32, options: &Value) {
        send(&mut self.producer, "quick", &[], times, options);
    }

    fn gate(&self) -> PathBuf {
        self.server.folder.0.join("gate")
    }

    fn open_the_gate(&self) {
        std::fs::write(self.gate(), "").expect("the folder can be written");
    }

    /// How many long tasks have started.
    fn running(&self) -> u64 {
        let files = std::fs::read_dir(&self.server.folder.0).expect("the folder exists");
        let names = files.flatten().map(|file| file.file_name());
        let started = names.filter(|name| name.to_string_lossy().starts_with("gate.started."));
        u64::try_from(started.count()).expect("a few")
    }

    async fn wait_for(&self, waiting: u64, in_flight: InFlight, delayed: u64) -> Queue {
        let becomes =
            |queue: &Queue| (queue.waiting, queue.in_flight, queue.delayed) == (waiting, in_flight, delayed);
        self.reader.until(becomes).await
    }

    async fn wait_until_running(&self, tasks: u64) {
        let started = std::time::Instant::now();
        while self.running() < tasks {
            assert!(started.elapsed() < DEADLINE, "{} of {tasks} tasks run", self.running());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn early_running_tasks_are_in_no_key() {
    let mut cell = MatrixCell::new(Ack::Early);
    cell.send_long(2, &json!({}));
    cell.work();
    cell.wait_until_running(2).await;
    // Two tasks run, and Redis shows an idle queue: in flight is only ever a lower bound.
    cell.wait_for(0, InFlight::Reserved(0), 0).await;
    assert_eq!(cell.server.run(&["EXISTS", "unacked"]), redis::Value::Int(0));
}

#[tokio::test]
async fn late_running_tasks_are_all_in_flight() {
    let mut cell = MatrixCell::new(Ack::Late);
    cell.send_long(2, &json!({}));
    cell.work();
    cell.wait_until_running(2).await;
    cell.wait_for(0, InFlight::Exactly(2), 0).await;
    cell.open_the_gate();
    cell.wait_for(0, InFlight::Exactly(0), 0).await;
}

#[tokio::test]
async fn early_prefetched_tasks_are_in_flight_and_running_ones_are_not() {
    let mut cell = MatrixCell::new(Ack::Early);
    cell.send_long(22, &json!({}));
    cell.work();
    cell.wait_until_running(2).await;
    cell.wait_for(22 - THREADS - PREFETCH, InFlight::Reserved(PREFETCH), 0).await;
}

#[tokio::test]
async fn late_prefetched_and_running_tasks_are_in_flight() {
    let mut cell = MatrixCell::new(Ack::Late);
    cell.send_long(22, &json!({}));
    cell.work();
    cell.wait_until_running(2).await;
    cell.wait_for(22 - PREFETCH, InFlight::Exactly(PREFETCH), 0).await;
}

async fn check_eta(ack: Ack) {
    let mut cell = MatrixCell::new(ack);
    // More than a worker prefetches: delayed tasks do not count against its limit, it takes them all.
    cell.send_short(20, &json!({"countdown": 3600}));
    cell.send_short(5, &json!({"countdown": 3600, "queue": "reports"}));
    // In the list their ETA is unknown: only a worker can find out.
    cell.wait_for(20, ack.sees(0), 0).await;
    cell.work();
    let queue = cell.wait_for(0, ack.sees(0), 20).await;
    assert!(queue.delayed_held);
    // A worker that gets SIGTERM puts back what it holds.
    cell.worker.as_ref().expect("it works").signal("TERM");
    cell.wait_for(20, ack.sees(0), 0).await;
}

#[tokio::test]
async fn early_delayed_tasks_are_held_by_workers_and_not_in_flight() {
    check_eta(Ack::Early).await;
}

#[tokio::test]
async fn late_delayed_tasks_are_held_by_workers_and_not_in_flight() {
    check_eta(Ack::Late).await;
}

#[tokio::test]
async fn what_a_killed_worker_held_stays_in_unacked() {
    let mut cell = MatrixCell::new(Ack::Late);
    cell.send_long(4, &json!({}));
    cell.send_short(3, &json!({"countdown": 3600}));
    cell.work();
    cell.wait_until_running(2).await;
    cell.wait_for(0, InFlight::Exactly(4), 3).await;
    cell.worker = None;
    // Kombu gives it to another worker after the visibility timeout, an hour by default. Until then it counts.
    cell.wait_for(0, InFlight::Exactly(4), 3).await;
}

async fn check_drift(ack: Ack) {
    let mut cell = MatrixCell::new(ack);
    cell.send_short(10, &json!({"countdown": 3600}));
    cell.work();
    cell.wait_for(0, ack.sees(0), 10).await;
    cell.send_long(1, &json!({}));
    cell.wait_until_running(1).await;
    cell.send_short(60, &json!({}));
    // The short ones pass on the other thread; the long one is all that is left, and only late acknowledgment shows it.
    let left = u64::from(ack == Ack::Late);
    cell.wait_for(0, ack.sees(left), 10).await;
}

#[tokio::test]
async fn early_a_long_task_among_many_short_ones_is_not_seen() {
    check_drift(Ack::Early).await;
}

#[tokio::test]
async fn late_a_long_task_among_many_short_ones_is_seen() {
    check_drift(Ack::Late).await;
}

async fn check_priorities(ack: Ack, taken: u64) {
    let mut cell = MatrixCell::new(ack);
    for priority in [0, 3, 5, 6, 9] {
        cell.send_long(4, &json!({"priority": priority}));
    }
    let before = cell.wait_for(20, ack.sees(0), 0).await;
    assert_eq!(cell.server.run(&["LLEN", "emails\u{6}\u{16}3"]), redis::Value::Int(8));
    cell.work();
    cell.wait_until_running(THREADS).await;
    let after = cell.wait_for(20 - taken, ack.sees(PREFETCH), 0).await;
    assert!(before.head.is_some() && after.head.is_some() && before.head != after.head);
    cell.open_the_gate();
    let queue = cell.wait_for(0, ack.sees(0), 0).await;
    assert_eq!(queue.head, None);
}

#[tokio::test]
async fn early_priorities_add_up() {
    check_priorities(Ack::Early, THREADS + PREFETCH).await;
}

#[tokio::test]
async fn late_priorities_add_up() {
    check_priorities(Ack::Late, PREFETCH).await;
}
