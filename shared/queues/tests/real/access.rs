//! Who may look, and through what: read-only users, and TLS.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use jiff::Timestamp;
use tidegate_fleet::QueueSource;
use tidegate_policy::{AbsenceKind, InFlight};
use tidegate_queues::{Redis, RedisRequest};

use crate::world::{Folder, Look, Server, bullmq, celery, free_port, list};

/// One queue of each kind, all with something in them.
fn fill(server: &Server) -> [QueueSource; 3] {
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
    let server = Server::start();
    let sources = fill(&server);
    let user = ["ACL", "SETUSER", "reader", "on", ">p@ss/word:secret", "resetchannels", "-@all"];
    server.run(&[&user, rights].concat());
    let url = format!("redis://reader:p%40ss%2Fword%3Asecret@127.0.0.1:{}", server.port);
    let requests = sources.each_ref().map(|source| RedisRequest { url: &url, source });
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
        let server = Server::start();
        let [celery, ..] = fill(&server);
        server.run(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection", missing]);
        let look = Look::new(&format!("redis://reader:secret@127.0.0.1:{}", server.port), celery);
        let queue = look.read().await.expect("its list may be read");
        let part = InFlight::Partly { jobs: 0, read: 0, held: 1 };
        assert_eq!((queue.waiting, queue.in_flight), (1, part), "{missing}");
    }
}

#[tokio::test]
async fn a_user_with_some_keys_reads_those() {
    let server = Server::start();
    let sources = fill(&server);
    server.run(&["ACL", "SETUSER", "reader", "on", ">secret", "~bull:*", "+@read", "+@connection"]);
    let url = format!("redis://reader:secret@127.0.0.1:{}", server.port);
    let requests = sources.each_ref().map(|source| RedisRequest { url: &url, source });
    let read = Redis::new().read(&requests, Timestamp::now()).await;
    let [celery, bullmq, list] = read.as_slice() else { panic!("three were asked for") };
    assert_eq!(bullmq.as_ref().map(|queue| queue.waiting), Ok(1));
    for denied in [celery, list] {
        let absence = denied.as_ref().unwrap_err();
        assert_eq!(absence.kind, AbsenceKind::Denied);
        assert!(absence.detail.contains("NOPERM") && !absence.detail.contains("secret"), "{absence}");
    }
}

/// Tells a child of this test binary which server to look at; certificates are trusted per process.
const LOOK_AT: &str = "TIDEGATE_TEST_LOOK_AT";

/// Looks in a process of its own that trusts one authority, and returns what it printed.
fn look_trusting(authority: &Path, url: &str) -> String {
    let mut command = Command::new(std::env::current_exe().expect("the test binary is known"));
    command.args(["--exact", "access::tls_trusts_the_systems_authorities_only", "--nocapture"]);
    let Output { stdout, .. } =
        command.env(LOOK_AT, url).env("SSL_CERT_FILE", authority).output().expect("it starts");
    String::from_utf8_lossy(&stdout).into_owned()
}

#[tokio::test]
async fn tls_trusts_the_systems_authorities_only() {
    if let Ok(url) = std::env::var(LOOK_AT) {
        println!("{:?}", Look::new(&url, list("jobs", None)).read().await);
        return;
    }
    let folder = Folder::new();
    authority(&folder.0, "ours");
    authority(&folder.0, "other");
    certify(&folder.0, "ours", "subjectAltName=IP:127.0.0.1");
    let file = |name: &str| folder.0.join(name).display().to_string();
    let (port, certificate, key) = (free_port().to_string(), file("server.crt"), file("server.key"));
    let server = Server::start_with(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &file("ours.crt"),
        "--tls-auth-clients",
        "no",
        "--requirepass",
        "secret",
    ]);
    server.run(&["AUTH", "secret"]);
    let url = format!("rediss://:secret@127.0.0.1:{port}");

    let trusted = look_trusting(&folder.0.join("ours.crt"), &url);
    assert!(trusted.contains("NotFound"), "{trusted}");
    let untrusted = look_trusting(&folder.0.join("other.crt"), &url);
    assert!(untrusted.contains("Unreachable") && untrusted.contains("UnknownIssuer"), "{untrusted}");
    let other_name = look_trusting(&folder.0.join("ours.crt"), &url.replace("127.0.0.1", "localhost"));
    assert!(other_name.contains("Unreachable") && other_name.contains("not valid for name"), "{other_name}");
    assert!(!format!("{trusted}{untrusted}{other_name}").contains("secret"));
}

/// Makes a certificate authority.
fn authority(folder: &Path, name: &str) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    let subject = format!("/CN={name}");
    openssl(
        folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &certificate,
            "-subj",
            &subject,
        ],
    );
}

/// Makes `server.key` and `server.crt`, signed by an authority.
fn certify(folder: &Path, authority: &str, names: &str) {
    let (key, certificate) = (format!("{authority}.key"), format!("{authority}.crt"));
    fs::write(folder.join("names"), names).expect("the folder can be written");
    openssl(
        folder,
        &[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "server.key",
            "-out",
            "request",
            "-subj",
            "/CN=redis",
        ],
    );
    openssl(
        folder,
        &[
            "x509",
            "-req",
            "-in",
            "request",
            "-CA",
            &certificate,
            "-CAkey",
            &key,
            "-CAcreateserial",
            "-days",
            "1",
            "-extfile",
            "names",
            "-out",
            "server.crt",
        ],
    );
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    let Output { status, stderr, .. } = output.expect("openssl is not installed: run `make setup`");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
}
