//! TLS: whose certificates are trusted, the system's authorities or those of the fleet file.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use jiff::Timestamp;
use tidegate_policy::AbsenceKind::{NotFound, Unreachable, Unreadable};
use tidegate_queues::RedisRequest;

use crate::world::{Folder, QueueReader, RedisServer, free_port, list};

/// Tells a child of this test binary which server to read; certificates are trusted per process.
const READ_FROM: &str = "TIDEGATE_TEST_READ_FROM";

/// Evaluations in a process of its own that trusts one authority, and returns what it printed.
fn read_trusting(authority: &Path, url: &str) -> String {
    let mut command = Command::new(std::env::current_exe().expect("the test binary is known"));
    command.args(["--exact", "tls::tls_trusts_the_systems_authorities_only", "--nocapture"]);
    let Output { stdout, .. } = command
        .env(READ_FROM, url)
        .env("SSL_CERT_FILE", authority)
        .env_remove("SSL_CERT_DIR")
        .output()
        .expect("it starts");
    String::from_utf8_lossy(&stdout).into_owned()
}

#[tokio::test]
async fn tls_trusts_the_systems_authorities_only() {
    if let Ok(url) = std::env::var(READ_FROM) {
        println!("{:?}", QueueReader::new(&url, list("jobs", None)).read().await);
        return;
    }
    let server = Encrypted::start();
    let url = &server.url;
    let ours = server.folder.0.join("ours.crt");

    let trusted = read_trusting(&ours, url);
    assert!(trusted.contains("NotFound"), "{trusted}");
    // What no library can read beside it, and what each reads and none understands: both sign nothing.
    let odd = server.folder.0.join("odd.crt");
    for oddity in ["AAAA", "not base64!"] {
        let text = format!("{}{}", pem(oddity), server.certificate("ours"));
        fs::write(&odd, text).expect("the folder can be written");
        let beside = read_trusting(&odd, url);
        assert!(beside.contains("NotFound"), "{oddity}: {beside}");
        fs::write(&odd, pem(oddity)).expect("the folder can be written");
        let alone = read_trusting(&odd, url);
        assert!(alone.contains("no certificate authority of the system can be used"), "{oddity}: {alone}");
    }
    let untrusted = read_trusting(&server.folder.0.join("other.crt"), url);
    assert!(untrusted.contains("Unreachable") && untrusted.contains("UnknownIssuer"), "{untrusted}");
    let other_name = read_trusting(&ours, &url.replace("127.0.0.1", "localhost"));
    assert!(other_name.contains("Unreachable") && other_name.contains("not valid for name"), "{other_name}");
    assert!(!format!("{trusted}{untrusted}{other_name}").contains("secret"));
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_the_fleet_file_names_it() {
    let server = Encrypted::start();
    let (ours, other) = (server.certificate("ours"), server.certificate("other"));
    for bundle in [ours.clone(), format!("{other}{ours}"), format!("a comment\n{ours}")] {
        let reader = QueueReader::new(&server.url, list("jobs", None)).trusting(&bundle);
        assert_eq!(reader.read().await.unwrap_err().kind, NotFound, "the list is missing, not the trust");
    }
    let unknown = "invalid peer certificate: UnknownIssuer";
    let named =
        format!("TLS: {unknown}; the server's certificate does not come from an authority in `ca_from`");
    let damaged = format!("{ours}{}", pem("AAAA"));
    for (authorities, kind, words) in [
        (other.as_str(), Unreachable, named.as_str()),
        ("redis.example.com", Unreadable, "`ca_from` holds no certificate in PEM"),
        (damaged.as_str(), Unreadable, "certificate 2 of `ca_from` cannot be used"),
    ] {
        let absence =
            QueueReader::new(&server.url, list("jobs", None)).trusting(authorities).read().await.unwrap_err();
        assert_eq!(absence.kind, kind, "{absence}");
        assert!(absence.detail.contains(words) && !absence.detail.contains("secret"), "{absence}");
    }
    let alone = QueueReader::new(&server.url, list("jobs", None)).read().await.unwrap_err();
    assert!(alone.detail.contains("; name its certificate authority with `ca_from`"), "{alone}");
    let plain = QueueReader::new(&server.url.replace("rediss", "redis"), list("jobs", None)).trusting(&ours);
    let absence = plain.read().await.unwrap_err();
    assert!(absence.detail.contains("it must begin with `rediss://`"), "{absence}");
}

/// What `openssl req -x509` makes is an authority unless it is told otherwise.
#[tokio::test]
async fn a_server_that_shows_its_authoritys_own_certificate_is_reported_what_to_do() {
    let server = Encrypted::showing("ours");
    let reader = QueueReader::new(&server.url, list("jobs", None)).trusting(&server.certificate("ours"));
    let absence = reader.read().await.unwrap_err();
    assert!(absence.detail.contains("give Redis one with `CA:FALSE`"), "{absence}");
}

#[tokio::test]
async fn a_connection_that_one_authority_vouched_for_is_not_used_for_another() {
    let server = Encrypted::start();
    let (ours, other) = (server.certificate("ours"), server.certificate("other"));
    let trusting = QueueReader::new(&server.url, list("jobs", None)).trusting(&ours);
    assert_eq!(trusting.read().await.unwrap_err().kind, NotFound);
    let QueueReader { redis, url, source, .. } = &trusting;
    let request = RedisRequest { url, authorities: Some(&other), source };
    let read = redis.read(&[request], Timestamp::now()).await;
    assert!(read[0].as_ref().is_err_and(|absence| absence.kind == Unreachable), "{read:?}");
}

/// A Redis server that speaks TLS, with a certificate of the authority `ours`; there is another one, `other`.
struct Encrypted {
    url: String,
    folder: Folder,
    _server: RedisServer,
}

impl Encrypted {
    fn start() -> Self {
        Self::showing("server")
    }

    fn showing(name: &str) -> Self {
        let folder = Folder::new();
        authority(&folder.0, "ours");
        authority(&folder.0, "other");
        certify(&folder.0, "ours", "subjectAltName=IP:127.0.0.1");
        let file = |name: &str| folder.0.join(name).display().to_string();
        let (port, certificate, key) =
            (free_port().to_string(), file(&format!("{name}.crt")), file(&format!("{name}.key")));
        let server = RedisServer::start_with(&[
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
        Self { url: format!("rediss://:secret@127.0.0.1:{port}"), folder, _server: server }
    }

    /// The certificate of an authority, in PEM.
    fn certificate(&self, authority: &str) -> String {
        fs::read_to_string(self.folder.0.join(format!("{authority}.crt"))).expect("it was made")
    }
}

/// What looks like a certificate.
fn pem(text: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
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
