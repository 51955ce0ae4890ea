//! A stand-in for Lambda on loopback: it answers invocations as it is told to, and keeps what it was sent.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::command::tidegate;

/// What an invocation is answered with.
#[derive(Debug, Clone)]
pub(crate) enum LambdaReply {
    /// The function's answer.
    Answer(Value),
    /// The function's answer, after so many milliseconds.
    Late(u64, Value),
    /// The function ended with an error: its type and message.
    Failed(&'static str, &'static str),
    /// Lambda refused: status, code, message.
    Refused(u16, &'static str, &'static str),
    /// The account has no concurrency left: the message.
    NoConcurrency(&'static str),
    /// The connection ends in place of an answer.
    Lost,
}

/// Which reply an invocation gets: by its event and by how many came before it.
type Script = dyn Fn(&Value, usize) -> LambdaReply + Send + Sync;

/// The stand-in. It ends with the tests.
pub(crate) struct FakeLambda {
    url: String,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
    script: Arc<Script>,
}

impl FakeLambda {
    pub(crate) fn start(script: impl Fn(&Value, usize) -> LambdaReply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let heard = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let script: Arc<Script> = Arc::new(script);
        let (kept, answers) = (Arc::clone(&heard), Arc::clone(&script));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&answers));
                thread::spawn(move || serve(&stream, &kept, script.as_ref()));
            }
        });
        Self { url, heard, script }
    }

    /// Always the same.
    pub(crate) fn always(reply: LambdaReply) -> Self {
        Self::start(move |_, _| reply.clone())
    }

    /// Another one that answers the same.
    pub(crate) fn again(&self) -> Self {
        let script = Arc::clone(&self.script);
        Self::start(move |event, before| script(event, before))
    }

    /// The events that it was sent, in their order.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.heard.lock().expect("no test died").iter().map(|(_, event)| event.clone()).collect()
    }

    /// The paths that it was asked for.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.heard.lock().expect("no test died").iter().map(|(path, _)| path.clone()).collect()
    }

    /// The command, which finds it in place of AWS and knows the function's name.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tidegate(arguments);
        let kept = ["PATH", "LLVM_PROFILE_FILE"].map(|name| (name, std::env::var(name).unwrap_or_default()));
        command.env_clear().envs(kept).stdin(Stdio::null()).envs([
            ("AWS_ENDPOINT_URL_LAMBDA", self.url.as_str()),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("TIDEGATE_EMERGENCY_FUNCTION", "shop-emergency"),
            ("TIDEGATE_UPGRADE_FUNCTION", "shop-upgrade"),
            ("USER", "ana"),
        ]);
        command
    }

    /// What the command said on both streams, and its exit code.
    pub(crate) fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        said(&mut self.command(arguments))
    }

    /// The answer for machines, and the exit code.
    pub(crate) fn json(&self, arguments: &[&str]) -> (Value, i32) {
        let (stdout, stderr, code) = self.run(&[arguments, &["--json"]].concat());
        let read = serde_json::from_str(&stdout);
        (read.unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}")), code)
    }
}

/// What a command said on both streams, and its exit code.
pub(crate) fn said(command: &mut Command) -> (String, String, i32) {
    let output = command.output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command writes UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("the command was not killed"))
}

/// One connection, as long as it lasts.
fn serve(stream: &TcpStream, heard: &Mutex<Vec<(String, Value)>>, script: &Script) {
    let mut reader = BufReader::new(stream);
    while let Some((path, body)) = request(&mut reader) {
        let event = serde_json::from_slice(&body).expect("an event is JSON");
        let before = {
            let mut heard = heard.lock().expect("no test died");
            heard.push((path, event));
            heard.len() - 1
        };
        let event = heard.lock().expect("no test died")[before].1.clone();
        if answer(stream, script(&event, before)).is_none() {
            return;
        }
    }
}

/// The path and the body of the next request.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((_, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first.split(' ').nth(1)?.to_owned(), body))
}

/// Writes a reply; `None` when the connection is over.
fn answer(mut stream: &TcpStream, reply: LambdaReply) -> Option<()> {
    let (status, header, body) = match reply {
        LambdaReply::Lost => {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return None;
        }
        LambdaReply::Answer(value) => (200, String::new(), value.to_string()),
        LambdaReply::Late(milliseconds, value) => {
            thread::sleep(Duration::from_millis(milliseconds));
            (200, String::new(), value.to_string())
        }
        LambdaReply::Failed(kind, message) => {
            let body = json!({ "errorType": kind, "errorMessage": message }).to_string();
            (200, "X-Amz-Function-Error: Unhandled\r\n".to_owned(), body)
        }
        LambdaReply::Refused(status, code, message) => {
            (status, format!("x-amzn-errortype: {code}\r\n"), json!({ "Message": message }).to_string())
        }
        LambdaReply::NoConcurrency(message) => {
            let body =
                json!({ "Reason": "ConcurrentInvocationLimitExceeded", "message": message }).to_string();
            (429, "x-amzn-errortype: TooManyRequestsException\r\n".to_owned(), body)
        }
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{header}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()
}

/// An answer of the function, with these targets.
pub(crate) fn answered(targets: &Value) -> Value {
    json!({
        "format": 1, "fleet": "shop", "concern": "emergency-max", "evaluation": "8fc06518",
        "at": "2026-11-21T03:04:05Z", "trigger": "manual", "dropped": false, "errors": [],
        "reports_published": 1, "targets": targets,
    })
}

/// The entry of the whole fleet: its line, its phase, and how many are done, pending and failed.
pub(crate) fn whole(sentence: &str, phase: &str, [done, pending, failed]: [u32; 3]) -> Value {
    json!({ "target": "*", "sentence": sentence, "outcome": "applied", "emergency": {
        "profile": "max", "phase": phase, "since": "2026-11-21T03:04:05Z", "until": "2026-11-21T05:04:05Z",
        "who": "ana", "why": "sale", "request": "8fc06518", "targets": done + pending + failed, "pending": pending,
        "done": done, "failed": failed, "skipped": 0, "full_capacity": "about 3 min 20 s",
        "runbook": ["Enable CloudFront caching"],
    }})
}

/// The entry of one target: its sizes and its state.
pub(crate) fn target(
    name: &str,
    [from, asked, running]: [u32; 3],
    state: &str,
    blocked: Option<&str>,
) -> Value {
    json!({
        "target": name, "sentence": format!("{name}: {state}"),
        "outcome": if state == "failed" { "failed" } else { "applied" },
        "from": from, "asked": asked, "running": running, "state": state, "blocked_by": blocked,
        "snapshot": { "target": name, "desired": from, "min": 2, "max": 20, "suspended": [] },
    })
}

/// The entry of one target in a plan.
pub(crate) fn planned(
    name: &str,
    [from, asked, can_run]: [u32; 3],
    seconds: Option<u32>,
    limits: &[&str],
) -> Value {
    let mut entry = target(name, [from, asked, from], "pending", None);
    entry["outcome"] = json!("none");
    entry["deliverable"] = json!(can_run);
    entry["at_seconds"] = json!(seconds);
    entry["limits"] = json!(limits);
    entry
}
