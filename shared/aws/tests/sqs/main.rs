//! SQS as moto's server plays it, and the refusals of the real one as it words them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its support code too")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tidegate_aws::sqs::queues;
use tidegate_fleet::SqsQueue;
use tidegate_policy::AbsenceKind::{Denied, NotFound, Throttled, TimedOut, Unreachable};
use tidegate_policy::{AbsenceKind, InFlight};

/// How long to wait for what must happen; far more than it takes, because a test machine may be busy.
const DEADLINE: Duration = Duration::from_secs(30);
/// For answers that a test does not expect.
const SOON: Duration = Duration::from_secs(2);

/// A client of whatever listens there; it never tries again.
fn client(port: u16, within: Duration) -> Client {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder().operation_timeout(within).build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .http_client(http);
    Client::from_conf(config.build())
}

fn queue(port: u16, name: &str) -> SqsQueue {
    SqsQueue { url: format!("http://127.0.0.1:{port}/123456789012/{name}") }
}

/// A process that ends with its test.
struct MotoProcess(Child);

impl Drop for MotoProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port without a listener. Another process may take it first, so the caller tries again.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// The Python that has moto.
fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    let chosen = std::env::var_os("TIDEGATE_PYTHON").map(PathBuf::from);
    chosen.unwrap_or_else(|| if installed.exists() { installed } else { PathBuf::from("python3") })
}

/// Moto's server on a free port; it answers when this returns.
fn moto() -> (MotoProcess, u16) {
    for _ in 0..5 {
        let port = free_port();
        let mut command = Command::new(python());
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut process = MotoProcess(child.expect("Python was found before"));
        let started = Instant::now();
        while process.0.try_wait().expect("our own child").is_none() && started.elapsed() < DEADLINE {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return (process, port);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    unreachable!("moto's server did not start: run `make setup`");
}

#[tokio::test]
async fn visible_running_and_delayed_messages_are_counted_and_the_order_is_kept() {
    let (_moto, port) = moto();
    // The first answer of a new moto takes its time.
    let client = client(port, DEADLINE);
    let emails = client.create_queue().queue_name("emails").send().await.unwrap().queue_url.unwrap();
    client.create_queue().queue_name("empty").send().await.unwrap();
    for delay in [0, 0, 0, 0, 900] {
        let message = client.send_message().queue_url(&emails).message_body("job").delay_seconds(delay);
        message.send().await.unwrap();
    }
    client.receive_message().queue_url(&emails).max_number_of_messages(1).send().await.unwrap();

    let queues = ["missing", "emails", "empty"].map(|name| queue(port, name));
    let read = queues::read(&client, &queues.each_ref()).await;
    let [missing, emails, empty] = read.as_slice() else { unreachable!("three were asked for: {read:?}") };
    assert_eq!(missing.as_ref().map_err(|absence| absence.kind), Err(NotFound));
    let emails = emails.as_ref().unwrap();
    assert_eq!((emails.waiting, emails.in_flight, emails.delayed), (3, InFlight::Exactly(1), 1));
    let empty = empty.as_ref().unwrap();
    assert_eq!((empty.waiting, empty.in_flight, empty.delayed), (0, InFlight::Exactly(0), 0));
}

/// Answers one request with a refusal, as SQS's JSON protocol words it.
fn refuse(status: &'static str, code: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        let mut line = String::new();
        while request.read_line(&mut line).is_ok_and(|read| read > 2) {
            let lower = line.to_lowercase();
            length =
                lower.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
            line.clear();
        }
        request.read_exact(&mut vec![0; length]).unwrap();
        let body = format!(r#"{{"__type": "{code}", "message": "so it is"}}"#);
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0");
        write!(stream, "{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
            .unwrap();
    });
    port
}

#[track_caller]
fn refused(status: &'static str, code: &'static str, kind: AbsenceKind) {
    let port = refuse(status, code);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let absence =
        runtime.block_on(queues::read(&client(port, SOON), &[&queue(port, "emails")])).remove(0).unwrap_err();
    let short = code.rsplit('#').next().unwrap();
    assert_eq!((absence.kind, absence.detail), (kind, format!("{short}: so it is")));
}

#[test]
fn refusals_keep_their_words() {
    refused("400 Bad Request", "com.amazonaws.sqs#QueueDoesNotExist", NotFound);
    refused("403 Forbidden", "AccessDeniedException", Denied);
    refused("403 Forbidden", "com.amazonaws.sqs#RequestThrottled", Throttled);
    refused("400 Bad Request", "ThrottlingException", Throttled);
}

#[tokio::test]
async fn no_server_and_a_server_that_does_not_answer() {
    let port = free_port();
    let absence = queues::read(&client(port, SOON), &[&queue(port, "emails")]).await.remove(0).unwrap_err();
    assert_eq!(absence.kind, Unreachable);
    assert!(absence.detail.contains("Connection refused"), "{absence}");

    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let absence = queues::read(&client(port, SOON), &[&queue(port, "emails")]).await.remove(0).unwrap_err();
    assert_eq!(absence.kind, TimedOut, "{absence}");
}
