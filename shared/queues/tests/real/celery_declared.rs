//! Celery queues as users declare them: each way, with early and late acknowledgment, with little and much prefetched,
//! with two versions of kombu, and real workers.
//!
//! Two versions of everything take a minute one after the other, so each is a test of its own.

use std::time::Instant;

use serde_json::json;
use tidegate_fleet::{CeleryQueue, QueueSource};
use tidegate_policy::{InFlight, Queue};

use crate::clients::{Client, declared};
use crate::world::{DEADLINE, QueueReader, RedisServer, celery};

/// The threads of a worker.
const THREADS: u64 = 2;
/// More than a worker takes, however much it takes ahead.
const TASKS: u64 = 12;

/// How the fleet file names a queue that is declared in some way, and whether late acknowledgment shows all that runs.
struct Way {
    declared: &'static str,
    source: CeleryQueue,
    exact: bool,
}

fn ways() -> Vec<Way> {
    let high = || celery("high");
    let way = |declared, exact, source| Way { declared, source, exact };
    vec![
        way("by default", true, high()),
        way("without an exchange", true, high()),
        way("with a default exchange", true, CeleryQueue { exchange: "work".to_owned(), ..high() }),
        way("with an exchange", true, CeleryQueue { exchange: "media".to_owned(), ..high() }),
        way("with two exchanges", true, CeleryQueue { exchange: "one".to_owned(), ..high() }),
        way("by topic", true, CeleryQueue { exchange: "mail".to_owned(), ..high() }),
        // Copies of one message in two queues are one entry in `unacked`.
        way("by topics that overlap", false, CeleryQueue { exchange: "mail".to_owned(), ..high() }),
        way("with a separator", true, CeleryQueue { separator: ":".to_owned(), ..high() }),
        way("with a prefix", true, CeleryQueue { prefix: "{shop}:".to_owned(), ..high() }),
        // Its steps are not those of the fleet file.
        way("with steps", true, high()),
    ]
}

/// One worker and its own database: when it acknowledges, and how much it takes ahead of each thread.
#[derive(Clone, Copy)]
struct DeclaredCell {
    database: usize,
    late: bool,
    prefetch: u64,
}

const CELLS: [DeclaredCell; 4] = [
    DeclaredCell { database: 0, late: false, prefetch: 1 },
    DeclaredCell { database: 1, late: false, prefetch: 4 },
    DeclaredCell { database: 2, late: true, prefetch: 1 },
    DeclaredCell { database: 3, late: true, prefetch: 4 },
];

impl DeclaredCell {
    /// What is left in the queue, and what `unacked` shows, while the worker is full.
    fn full(self, exact: bool) -> (u64, InFlight) {
        let ahead = THREADS * self.prefetch;
        match (self.late, exact) {
            // What runs is acknowledged, and as much again is held.
            (false, _) => (TASKS - THREADS - ahead, InFlight::Reserved(ahead)),
            (true, false) => (TASKS - ahead, InFlight::AtLeast(ahead)),
            (true, true) => (TASKS - ahead, InFlight::Exactly(ahead)),
        }
    }
}

/// Runs four workers of one declaration, idle and full.
async fn check(number: usize, way: &Way, server: &RedisServer, client: &mut Client) {
    // A client remembers what it declared on a broker: each cell has one of its own.
    let database = |cell: DeclaredCell| number * CELLS.len() + cell.database;
    let broker = |cell: DeclaredCell| format!("redis://127.0.0.1:{}/{}", server.port, database(cell));
    let evaluate = |cell: DeclaredCell| {
        let source = CeleryQueue { acks_late: cell.late, ..way.source.clone() };
        QueueReader::new(&broker(cell), QueueSource::Celery(source))
    };
    for cell in CELLS {
        let work = json!({"declared": way.declared, "broker": broker(cell), "late": cell.late, "prefetch": cell.prefetch});
        client.order(&json!({"work": work}));
    }
    let shows = |expected| move |queue: &Queue| (queue.waiting, queue.in_flight) == expected;
    for cell in CELLS {
        // Proved to be there, and empty.
        evaluate(cell).until(|queue| (queue.waiting, queue.in_flight.known()) == (0, 0)).await;
        let send = json!({"declared": way.declared, "broker": broker(cell), "times": TASKS});
        client.order(&json!({"send": send}));
    }
    for cell in CELLS {
        evaluate(cell).until(shows(cell.full(way.exact))).await;
    }
    client.order(&json!({"stop": true}));
}

async fn check_version(kombu: &str) {
    let server = RedisServer::start_with(&["--databases", "64"]);
    let mut client = declared(kombu, &server.folder);
    for (number, way) in ways().iter().enumerate() {
        check(number + 1, way, &server, &mut client).await;
    }
    check_fanout(&server, &mut client).await;
}

/// Every worker gets a copy of what is sent, and no list keeps it: nothing waits. What is held, one entry for all copies, is
/// never exact; where running jobs are acknowledged, it is not shown until a worker holds more than it runs.
async fn check_fanout(server: &RedisServer, client: &mut Client) {
    let declared = "by fanout";
    let broker = |cell: DeclaredCell| format!("redis://127.0.0.1:{}/{}", server.port, cell.database);
    let shown = |cell: DeclaredCell, held| {
        if cell.late { InFlight::AtLeast(held) } else { InFlight::Reserved(held) }
    };
    for cell in CELLS {
        for _ in 0..2 {
            let work = json!({"declared": declared, "broker": broker(cell), "late": cell.late, "prefetch": cell.prefetch});
            client.order(&json!({"work": work}));
        }
    }
    for cell in CELLS {
        let source = CeleryQueue { exchange: "reports".to_owned(), acks_late: cell.late, ..celery("high") };
        let reader = QueueReader::new(&broker(cell), QueueSource::Celery(source));
        reader.until(|queue| (queue.waiting, queue.in_flight) == (0, shown(cell, 0))).await;
        let send = json!({"declared": declared, "broker": broker(cell), "times": 1});
        let started = Instant::now();
        loop {
            // A worker subscribes some time after it is bound, and what was sent before is lost.
            client.order(&json!({"send": send}));
            let queue = reader.read().await.expect("it is bound");
            assert_eq!(queue.waiting, 0);
            let held = queue.in_flight.known();
            assert_eq!(queue.in_flight, shown(cell, held));
            if held > 0 {
                break;
            }
            assert!(started.elapsed() < DEADLINE, "nothing is held");
        }
    }
    client.order(&json!({"stop": true}));
}

#[tokio::test]
async fn kombu_5_5_as_declared() {
    check_version("5.5").await;
}

#[tokio::test]
async fn kombu_5_7_as_declared() {
    check_version("5.7").await;
}
