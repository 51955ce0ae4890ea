//! Opening a connection: TCP, a Unix socket, or TLS.
//!
//! The Redis client would open one too. It reads the system's certificate authorities anew for each, and fails when one of them
//! is odd, whatever else is trusted.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::select_ok;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ProtocolVersion, RedisConnectionInfo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tidegate_policy::{Absence, AbsenceKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Name resolution, TCP and TLS together. Within a VPC this takes milliseconds; a security group that drops packets
/// would otherwise hold the evaluation until TCP gives up after minutes. Shorter than this, a TLS handshake on a
/// seventh of a core would fail.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens a connection on which nothing was said yet. `authorities` are certificates in PEM; without them the system's
/// certificate authorities are trusted.
pub(crate) async fn open(
    address: &ConnectionAddr,
    authorities: Option<&str>,
    response_timeout: Duration,
) -> Result<MultiplexedConnection, Absence> {
    let late = |_| {
        let problem = format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
        Absence::new(AbsenceKind::TimedOut, problem)
    };
    timeout(CONNECT_TIMEOUT, connect(address, authorities, response_timeout)).await.map_err(late)?
}

async fn connect(
    address: &ConnectionAddr,
    authorities: Option<&str>,
    response_timeout: Duration,
) -> Result<MultiplexedConnection, Absence> {
    match address {
        ConnectionAddr::Tcp(host, port) => {
            let stream = tcp(host, *port).await.map_err(|error| unreachable(&error))?;
            session(stream, response_timeout).await
        }
        ConnectionAddr::TcpTls { host, port, .. } => {
            let name = ServerName::try_from(host.clone()).map_err(|error| unusable(error.to_string()))?;
            let connector = TlsConnector::from(Arc::new(tls(authorities)?));
            let stream = tcp(host, *port).await.map_err(|error| unreachable(&error))?;
            let stream = connector.connect(name, stream).await;
            session(stream.map_err(|error| refused(&error, authorities.is_some()))?, response_timeout).await
        }
        ConnectionAddr::Unix(path) => {
            let stream = UnixStream::connect(path).await.map_err(|error| unreachable(&error))?;
            session(stream, response_timeout).await
        }
        other => Err(unusable(format!("`{other}` is no kind of address that is known here"))),
    }
}

/// The first of a name's addresses that answers: one of two families may lead nowhere.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut calls =
        lookup_host((host, port)).await?.map(|address| Box::pin(TcpStream::connect(address))).peekable();
    if calls.peek().is_none() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    let (stream, _) = select_ok(calls).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Lets the Redis client speak on a stream. It gets no password and no database: its handshake then sends nothing at all,
/// and `AUTH` and `SELECT` travel with the first batch. This saves a round trip and keeps the server's own words.
async fn session(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    response_timeout: Duration,
) -> Result<MultiplexedConnection, Absence> {
    let bare = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(response_timeout));
    let opened = MultiplexedConnection::new_with_config(&bare, stream, config).await;
    let (connection, driver) = opened.map_err(|error| unusable(error.to_string()))?;
    // It ends with the last handle of the connection.
    tokio::spawn(driver);
    Ok(connection)
}

/// TLS with ring, as the AWS clients have it.
fn tls(authorities: Option<&str>) -> Result<ClientConfig, Absence> {
    let roots = authorities.map_or_else(system, |pem| Ok(Arc::new(of(pem)?)))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|error| unusable(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The certificate authorities of the system, read once. What cannot be read or understood among them is left out: it only
/// signs nothing.
fn system() -> Result<Arc<RootCertStore>, Absence> {
    static SYSTEM: OnceLock<(Arc<RootCertStore>, Option<String>)> = OnceLock::new();
    let (roots, fault) = SYSTEM.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        (Arc::new(roots), found.errors.first().map(ToString::to_string))
    });
    if roots.is_empty() {
        let fault = fault.as_deref().unwrap_or("there is none");
        return Err(unusable(format!("no certificate authority of the system can be used: {fault}")));
    }
    Ok(roots.clone())
}

/// The certificate authorities that an operator configured. Here every one must be valid.
fn of(pem: &str) -> Result<RootCertStore, Absence> {
    let mut roots = RootCertStore::empty();
    for (place, certificate) in CertificateDer::pem_slice_iter(pem.as_bytes()).enumerate() {
        let fault =
            |why: String| unusable(format!("certificate {} of `ca_from` cannot be used: {why}", place + 1));
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable(
            "`ca_from` holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned(),
        ));
    }
    Ok(roots)
}

/// Why a TLS handshake failed, and for an authority that is not trusted, what to do.
fn refused(error: &io::Error, has_authorities: bool) -> Absence {
    let help = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) if has_authorities => {
            "; the server's certificate does not come from an authority in `ca_from`"
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "; name its certificate authority with `ca_from`, where it is one of your own"
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
            if other.to_string().contains("CaUsedAsEndEntity") =>
        {
            "; the server shows an authority's own certificate: give Redis one with `CA:FALSE`"
        }
        _ => "",
    };
    Absence::new(AbsenceKind::Unreachable, format!("TLS: {error}{help}"))
}

fn unreachable(error: &io::Error) -> Absence {
    Absence::new(AbsenceKind::Unreachable, error.to_string())
}

fn unusable(why: String) -> Absence {
    Absence::new(AbsenceKind::Unreadable, why)
}
