//! A Redis server per test, and reads its queues.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tidegate_fleet::{BullmqQueue, CeleryQueue, QueueSource, RedisList, RedisUrl};
use tidegate_policy::{Absence, Queue};
use tidegate_queues::{Redis, RedisRequest};

/// How long to wait for what must happen; far more than it takes, because a test machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A port without a listener. Another process may take it first, so the caller tries again.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A folder that is gone when the test ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tidegate-queues-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("the temporary folder can be written");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that ends with its test.
pub(crate) struct ChildProcess(pub(crate) Child);

impl ChildProcess {
    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(status.expect("kill is there").success());
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Redis server of its own.
pub(crate) struct RedisServer {
    pub(crate) process: ChildProcess,
    pub(crate) port: u16,
    pub(crate) folder: Folder,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further settings; it answers when this returns.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let folder = Folder::new();
        for _ in 0..5 {
            let port = free_port();
            let mut process = Self::spawn(&folder, port, settings);
            if Self::answers(&mut process, &folder) {
                return Self { process, port, folder };
            }
        }
        panic!("redis-server did not start: {}", log(&folder));
    }

    fn spawn(folder: &Folder, port: u16, settings: &[&str]) -> ChildProcess {
        let socket = folder.0.join("redis.sock");
        let output = fs::File::create(folder.0.join("log")).expect("the folder can be written");
        let mut command = Command::new("redis-server");
        command.args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
            &port.to_string(),
        ]);
        command.arg("--unixsocket").arg(socket).arg("--dir").arg(&folder.0).args(settings);
        let child = command.stdin(Stdio::null()).stdout(output).spawn();
        ChildProcess(child.expect("redis-server is not installed: run `make setup`"))
    }

    fn answers(process: &mut ChildProcess, folder: &Folder) -> bool {
        let started = Instant::now();
        while started.elapsed() < DEADLINE {
            if process.0.try_wait().expect("our own child").is_some() {
                return false;
            }
            if log(folder).contains("The server is now ready to accept connections at") {
                return true;
            }
            sleep(PAUSE);
        }
        false
    }

    /// Its URL, database 0.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Runs one command as the administrator, through the local socket.
    pub(crate) fn run(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.query(&mut self.connection()).expect("a valid command")
    }

    /// Runs many commands as the administrator.
    pub(crate) fn send(&self, commands: &redis::Pipeline) {
        commands.exec(&mut self.connection()).expect("valid commands");
    }

    fn connection(&self) -> redis::Connection {
        let path = self.folder.0.join("redis.sock");
        let client = redis::Client::open(format!("unix://{}", path.display())).expect("a valid URL");
        client.get_connection().expect("our server answers")
    }
}

fn log(folder: &Folder) -> String {
    fs::read_to_string(folder.0.join("log")).unwrap_or_default()
}

/// One queue and how it is read.
pub(crate) struct QueueReader {
    pub(crate) redis: Redis,
    pub(crate) url: String,
    pub(crate) authorities: Option<String>,
    pub(crate) source: QueueSource,
}

impl QueueReader {
    pub(crate) fn new(url: &str, source: QueueSource) -> Self {
        Self { redis: Redis::new(), url: url.to_owned(), authorities: None, source }
    }

    /// The same, trusting these certificate authorities only.
    pub(crate) fn trusting(self, authorities: &str) -> Self {
        Self { authorities: Some(authorities.to_owned()), ..self }
    }

    /// Evaluations at the queue now.
    pub(crate) async fn read(&self) -> Result<Queue, Absence> {
        let request =
            RedisRequest { url: &self.url, authorities: self.authorities.as_deref(), source: &self.source };
        let mut read = self.redis.read(&[request], Timestamp::now()).await;
        assert_eq!(read.len(), 1);
        read.remove(0)
    }

    /// Evaluations at the queue until it is as it must become.
    #[track_caller]
    pub(crate) fn until(&self, becomes: impl Fn(&Queue) -> bool) -> impl Future<Output = Queue> {
        let place = std::panic::Location::caller();
        async move {
            let started = Instant::now();
            loop {
                let read = self.read().await;
                match &read {
                    Ok(queue) if becomes(queue) => return queue.clone(),
                    _ if started.elapsed() > DEADLINE => panic!("{place}: it stays at {read:?}"),
                    _ => tokio::time::sleep(PAUSE).await,
                }
            }
        }
    }
}

/// A Celery queue with kombu's defaults.
pub(crate) fn celery(queue: &str) -> CeleryQueue {
    CeleryQueue {
        url: RedisUrl::Plain(String::new()),
        ca: None,
        queue: queue.to_owned(),
        exchange: queue.to_owned(),
        prefix: String::new(),
        separator: "\u{6}\u{16}".to_owned(),
        priority_steps: vec![0, 3, 6, 9],
        unacked_key: "unacked".to_owned(),
        acks_late: false,
    }
}

/// A BullMQ queue with its default prefix.
pub(crate) fn bullmq(queue: &str) -> BullmqQueue {
    BullmqQueue {
        url: RedisUrl::Plain(String::new()),
        ca: None,
        queue: queue.to_owned(),
        prefix: "bull".to_owned(),
    }
}

/// A plain list.
pub(crate) fn list(key: &str, proof: Option<&str>) -> QueueSource {
    QueueSource::List(RedisList {
        url: RedisUrl::Plain(String::new()),
        ca: None,
        key: key.to_owned(),
        proof: proof.map(str::to_owned),
    })
}
