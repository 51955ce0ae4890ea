//! The real client libraries, as processes that take orders line by line.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::world::{ChildProcess, Folder, root};

/// A process that answers each line with a line.
pub(crate) struct Client {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    _process: ChildProcess,
}

impl Client {
    fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = ChildProcess(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let orders = process.0.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(process.0.stdout.take().expect("stdout is piped"));
        Self { orders, answers, _process: process }
    }

    /// Gives an order and waits until it is done.
    pub(crate) fn order(&mut self, order: &Value) -> Value {
        writeln!(self.orders, "{order}").expect("the client takes orders");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the client's answer is text");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the client failed at {order}, see above"))
    }
}

/// A BullMQ client of major version 5 or 6 for one queue.
pub(crate) fn bullmq(version: u32, url: &str, queue: &str) -> Client {
    let folder = root().join("tests/clients");
    assert!(folder.join("node_modules").exists(), "BullMQ is not installed: run `make setup`");
    let mut command = Command::new("node");
    command.arg(folder.join("bullmq.cjs")).args([&version.to_string(), url, queue]);
    Client::start(&mut command)
}

/// A Celery application on one broker, as its processes are started.
pub(crate) struct App {
    broker: String,
    settings: Value,
    topic: Option<&'static str>,
}

impl App {
    pub(crate) fn new(broker: &str, settings: Value) -> Self {
        Self { broker: broker.to_owned(), settings, topic: None }
    }

    /// With one queue bound to a topic exchange: `queue,exchange,routing key`.
    pub(crate) fn with_topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }

    /// A process that sends tasks.
    pub(crate) fn producer(&self) -> Client {
        let mut command = self.python();
        Client::start(command.args(["-c", "import celery_app; celery_app.produce()"]))
    }

    /// A worker of a queue or several, with two threads and Celery's default prefetch of four per thread.
    pub(crate) fn worker(&self, queues: &str, folder: &Folder) -> ChildProcess {
        let log = fs::File::create(folder.0.join("worker.log")).expect("the folder can be written");
        let errors = log.try_clone().expect("a file can be shared");
        let mut command = self.python();
        command.args([
            "-m",
            "celery",
            "-A",
            "celery_app",
            "worker",
            "--pool",
            "threads",
            "--concurrency",
            "2",
        ]);
        command.args(["--without-gossip", "--without-mingle", "--without-heartbeat", "-Q", queues]);
        let child = command.env("WORKER", "1").stdin(Stdio::piped()).stdout(log).stderr(errors).spawn();
        ChildProcess(child.expect("Python was found before"))
    }

    fn python(&self) -> Command {
        let mut command = Command::new(python());
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("BROKER", &self.broker).env("SETTINGS", self.settings.to_string());
        command.envs(self.topic.map(|topic| ("TOPIC", topic)));
        command
    }
}

/// Celery applications that declare their queue in many ways, with kombu of this minor version.
pub(crate) fn declared(kombu: &str, folder: &Folder) -> Client {
    let older = root().join("target/kombu55-venv/bin/python");
    let python = if kombu == "5.5" { &older } else { python() };
    assert!(
        python.exists() || python.parent() == Some(Path::new("")),
        "{} is missing: run `make setup`",
        python.display()
    );
    let mut command = Command::new(python);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real"));
    command.arg("celery_declared.py").env("PYTHONDONTWRITEBYTECODE", "1");
    let mut client = Client::start(command.env("LOG", folder.0.join("workers.log")));
    let version = client.order(&json!({"stop": true}));
    assert!(version.as_str().unwrap_or_default().starts_with(&format!("{kombu}.")), "{version}");
    client
}

/// Sends one task a number of times, and returns the ids.
pub(crate) fn send(
    producer: &mut Client,
    task: &str,
    args: &[&str],
    times: u32,
    options: &Value,
) -> Vec<String> {
    let order = json!({"task": task, "args": args, "times": times, "options": options});
    serde_json::from_value(producer.order(&order)).expect("the producer answers with ids")
}

/// A Python that has Celery and moto; looked for once.
pub(crate) fn python() -> &'static PathBuf {
    static FOUND: LazyLock<PathBuf> = LazyLock::new(find_python);
    &FOUND
}

fn find_python() -> PathBuf {
    let chosen = std::env::var_os("TIDEGATE_PYTHON").map(PathBuf::from);
    let installed = root().join("target/venv/bin/python");
    let candidates = chosen.into_iter().chain([installed, PathBuf::from("python3")]);
    let has_celery = |python: &PathBuf| {
        let mut command = Command::new(python);
        let status = command.args(["-c", "import celery, redis"]).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    candidates.into_iter().find(has_celery).expect("no Python with Celery was found: run `make setup`")
}
