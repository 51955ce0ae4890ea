//! The URL of a Redis server, taken at its word: what would not be followed is refused, never left out.
//!
//! URLs in SSM and Secrets Manager are written for the application, and each client library has options of its own. Those
//! that say how to connect are the application's business; one that says where, or as whom, is not to be ignored.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisError};
use tidegate_fleet::url::{A_CLUSTER, TO_A_CLUSTER, is_cluster_endpoint};
use tidegate_policy::{Absence, AbsenceKind};

/// Options that say how another client connects: its time-outs, pools, encodings and certificates. Ours are always checked.
const HOW: [&str; 18] = [
    "client_name",
    "connect_timeout",
    "connectTimeout",
    "decode_responses",
    "encoding",
    "encoding_errors",
    "family",
    "health_check_interval",
    "keepAlive",
    "lazyConnect",
    "max_connections",
    "maxRetriesPerRequest",
    "protocol",
    "read_timeout",
    "retry_on_error",
    "retry_on_timeout",
    "timeout",
    "visibility_timeout",
];

/// The same, by how they begin.
const HOW_TOO: [&str; 2] = ["socket_", "ssl_"];

/// The options that a Unix socket's URL has instead of the parts that it lacks.
const OF_A_SOCKET: [&str; 2] = ["user", "pass"];

/// What stands in a URL for the characters that end a part of it.
const ENCODED: &str =
    "percent-encode the password: `/` is `%2F`, `?` is `%3F`, `#` is `%23`, `@` is `%40`, `%` is `%25`";

/// Whether a URL can be followed, and if not, what to do about it.
///
/// # Errors
/// It cannot; the message holds nothing of the URL that could be a secret.
pub fn check_url(text: &str) -> Result<(), Absence> {
    parse(text).map(|_| ())
}

/// Takes a URL apart; where it cannot be used, the message says what to write.
pub(crate) fn parse(text: &str) -> Result<(ConnectionInfo, i64), Absence> {
    taken_apart(text).map_err(|absence| match what_to_write(text) {
        Some(hint) => Absence::new(absence.kind, format!("{}; {hint}", absence.detail)),
        None => absence,
    })
}

/// The usual mistakes, by what they look like.
fn what_to_write(text: &str) -> Option<&'static str> {
    let schemes = ["redis", "rediss", "valkey", "valkeys", "unix", "redis+unix", "valkey+unix"];
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| schemes.contains(scheme)) else {
        return Some("write `redis://[USER:PASSWORD@]HOST:PORT/DATABASE`, or `rediss://` for TLS");
    };
    // Before the last `@` stand a user and a password, where nothing may end that part of the URL.
    let (login, _) = rest.rsplit_once('@').filter(|_| !scheme.ends_with("unix"))?;
    login.contains(['/', '?', '#', '[', ']', ' ']).then_some(ENCODED)
}

/// Takes `redis[s]://[USER][:PASSWORD@]HOST[:PORT][/DATABASE][?db=DATABASE]` apart, or `unix:///PATH?db=DATABASE`.
fn taken_apart(text: &str) -> Result<(ConnectionInfo, i64), Absence> {
    let unusable =
        |why: &str| Absence::new(AbsenceKind::Unreadable, format!("the Redis URL cannot be used: {why}"));
    let url = redis::parse_redis_url(text).ok_or_else(|| unusable("Redis URL did not parse"))?;
    let path = url.path().trim_matches('/').to_owned();
    let fragment = url.fragment().map(str::to_owned);
    let options: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let unreadable = |error: RedisError| {
        // The part before the dash is one of the client's fixed sentences; what follows might quote the URL.
        unusable(error.to_string().split(" - ").next().unwrap_or_default())
    };
    let info: ConnectionInfo = url.into_connection_info().map_err(unreadable)?;
    match fragment.as_deref() {
        Some("insecure") => return Err(unusable("`#insecure` would accept any certificate")),
        Some(_) => return Err(unusable("what stands behind `#` would not be followed")),
        None => {}
    }
    let is_socket = matches!(info.addr(), ConnectionAddr::Unix(_));
    let named = options.iter().find(|(name, _)| name == "db").map(|(_, database)| database);
    if let ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } = info.addr()
        && is_cluster_endpoint(host)
    {
        return Err(unusable(&format!("it is {A_CLUSTER}: {TO_A_CLUSTER}")));
    }
    let database = match named {
        Some(database) => {
            database.parse().map_err(|_| unusable("its option `db` is no number of a database"))?
        }
        None => info.redis_settings().db(),
    };
    if named.is_some() && !is_socket && !path.is_empty() && info.redis_settings().db() != database {
        return Err(unusable("its path and its option `db` name different databases"));
    }
    let followed = |name: &str| {
        let how = HOW.contains(&name) || HOW_TOO.iter().any(|start| name.starts_with(start));
        name == "db" || how || (is_socket && OF_A_SOCKET.contains(&name))
    };
    match options.iter().find(|(name, _)| !followed(name)) {
        // Behind a `?` in a password that is not escaped stands the rest of the password.
        Some((name, _)) if !text.rsplit('?').any(|rest| rest.contains('@')) => {
            Err(unusable(&format!("its option `{name}` would not be followed")))
        }
        Some(_) => Err(unusable("one of its options would not be followed")),
        None => Ok((info, database)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(url: &str, database: i64) {
        assert_eq!(parse(url).map(|(_, database)| database), Ok(database), "{url}");
    }

    #[track_caller]
    fn refuses(url: &str, why: &str) {
        let said = parse(url).map(|(_, database)| database).map_err(|absence| absence.to_string());
        assert_eq!(said, Err(format!("unreadable answer: the Redis URL cannot be used: {why}")), "{url}");
    }

    #[test]
    fn a_database_is_the_one_that_the_url_names_wherever_it_does() {
        reads("redis://host", 0);
        reads("redis://host:6379/", 0);
        reads("rediss://user:secret@host:6380/6", 6);
        reads("valkey://host/6", 6);
        reads("redis://host?db=6", 6);
        reads("redis://host:6379/?db=6", 6);
        reads("redis://host/6?db=6", 6);
        reads("unix:///run/redis.sock?db=6&user=u&pass=secret", 6);
        refuses("redis://host/0?db=6", "its path and its option `db` name different databases");
        refuses("redis://host?db=six", "its option `db` is no number of a database");
        refuses("redis://host/six", "Invalid database number");
        refuses("redis://host/6/x", "Invalid database number");
    }

    #[test]
    fn the_configuration_endpoint_of_a_cluster_is_refused_with_what_to_write_instead() {
        let refused = format!("it is {A_CLUSTER}: {TO_A_CLUSTER}");
        refuses("rediss://u:secret@clustercfg.jobs.x7dq2k.euc1.cache.amazonaws.com:6379/0", &refused);
        refuses("redis://jobs.x7dq2k.clustercfg.euc1.cache.amazonaws.com", &refused);
        reads("rediss://master.jobs.x7dq2k.euc1.cache.amazonaws.com:6379/0", 0);
    }

    #[test]
    fn options_of_other_clients_that_say_how_to_connect_are_theirs() {
        reads("rediss://host:6379/2?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=/etc/ca.pem", 2);
        reads("redis://host/2?socket_timeout=5&health_check_interval=30&max_connections=9&protocol=3", 2);
        reads("redis://host/2?family=6", 2);
    }

    #[test]
    fn what_would_not_be_followed_is_refused() {
        refuses("redis://host/0?ssl=true", "its option `ssl` would not be followed");
        refuses("redis://host/0?virtual_host=6", "its option `virtual_host` would not be followed");
        refuses("redis://host/0?timeout=1&password=secret", "its option `password` would not be followed");
        refuses("redis://host/0?keyPrefix=shop:", "its option `keyPrefix` would not be followed");
        refuses("redis://host/0?user=u&pass=secret", "its option `user` would not be followed");
        refuses("redis://host/0#6", "what stands behind `#` would not be followed");
        refuses("rediss://host/0#insecure", "`#insecure` would accept any certificate");
        refuses("rediss://host/0#6", "only #insecure is supported as URL fragment");
    }

    #[test]
    fn a_url_that_is_none_is_reported_how_to_write_one() {
        for url in ["sentinel://host/0", "host:6379", "http://host:6379", "hunter2", "", "redis:host"] {
            let said = parse(url).expect_err(url).to_string();
            let expected = "; write `redis://[USER:PASSWORD@]HOST:PORT/DATABASE`, or `rediss://` for TLS";
            assert!(said.ends_with(expected), "{url}: {said}");
            assert!(!said.contains("hunter2"), "{url}: {said}");
        }
    }

    #[test]
    fn a_password_with_characters_that_end_a_part_of_the_url_is_told_to_be_encoded() {
        for secret in [
            "hunter2/x",
            "hunter2?x",
            "hunter2#x",
            "1234?hunter2&x",
            "1234/hunter2",
            "1234#hunter2",
            "hunter2 x/",
        ] {
            for url in [format!("redis://user:{secret}@host:6379/0"), format!("rediss://:{secret}@host/0")] {
                let said = parse(&url).expect_err(&url).to_string();
                assert!(said.ends_with(&format!("; {ENCODED}")), "{url}: {said}");
                assert!(!said.contains("hunter2"), "{url}: {said}");
            }
        }
        reads("redis://user:hunter2%2Fx@host/3", 3);
        refuses("redis://user:hunter2@host/six", "Invalid database number");
    }
}
