//! URLs and references to them. A URL with a password is refused: secrets never stand in the file.

use crate::model::queue::{RedisUrl, Reference};
use crate::problem::{Code, words};
use crate::settings::texts;
use crate::yaml::scalar::Fault;

/// `redis://[USER@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS.
pub(crate) fn redis(text: &str) -> Result<RedisUrl, Fault> {
    let fault = |why: &str| {
        let message = format!("is `{}`, {why}", words::shortened(text));
        Fault::new(Code::BadUrl, message, format!("allowed: {}", texts::REDIS_URL.allowed))
    };
    let rest = text
        .strip_prefix("redis://")
        .or_else(|| text.strip_prefix("rediss://"))
        .ok_or_else(|| fault("not the URL of a Redis server"))?;
    // The last `@`: a password may hold others.
    let (user, address) = match rest.rsplit_once('@') {
        Some((user, address)) => (Some(user), address),
        None => (None, rest),
    };
    if user.is_some_and(|user| user.contains(':')) {
        let message = "contains a password, which must not be in the fleet file";
        let help = "keep the URL in SSM as a SecureString and write `url_from: \"ssm:/path/name\"`, \
                    or in Secrets Manager";
        return Err(Fault::new(Code::SecretInFile, message, help));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "?#".contains(c)) {
        return Err(fault("which contains a space, `?` or `#`"));
    }
    let (server, database) = address.split_once('/').unwrap_or((address, ""));
    if !is_server(server) {
        return Err(fault("without a host, or with an invalid port"));
    }
    if is_cluster_endpoint(server) {
        return Err(fault(A_CLUSTER).help(TO_A_CLUSTER));
    }
    let is_number = database.bytes().all(|b| b.is_ascii_digit());
    if !is_number || database.len() > 4 {
        return Err(fault("with a database that is not a number"));
    }
    Ok(RedisUrl::Plain(text.to_owned()))
}

/// What a cluster's configuration endpoint is refused with.
pub const A_CLUSTER: &str =
    "the configuration endpoint of a cluster, which shows each key on one of its shards only";

/// What to write instead of a cluster's configuration endpoint.
pub const TO_A_CLUSTER: &str = "write the primary endpoint of a replication group with cluster mode disabled \
    (`master.NAME.….cache.amazonaws.com`); for a queue in a cluster, let the application publish its length as a \
    CloudWatch metric, and write `queue: { cloudwatch: … }`";

/// Whether a server, `HOST` or `HOST:PORT`, is the configuration endpoint of a cluster: `clustercfg` is a label of its name,
/// the first one with TLS, and one in the middle without.
#[must_use]
pub fn is_cluster_endpoint(server: &str) -> bool {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host).to_ascii_lowercase();
    let of_aws = [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| host.ends_with(end));
    of_aws && host.split('.').any(|label| label == "clustercfg")
}

/// `ssm:/parameter/name`, `secretsmanager:NAME` or `secretsmanager:NAME#JSON-KEY`.
pub(crate) fn reference(text: &str) -> Result<Reference, Fault> {
    let allowed_name = |name: &str, extra: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    if let Some(parameter) = text.strip_prefix("ssm:")
        && allowed_name(parameter, "/._-:")
    {
        return Ok(Reference::Ssm(parameter.to_owned()));
    }
    if let Some(secret) = text.strip_prefix("secretsmanager:") {
        let (secret, key) = match secret.split_once('#') {
            Some((secret, key)) => (secret, Some(key.to_owned())),
            None => (secret, None),
        };
        if allowed_name(secret, "/_+=.@-!:") && key.as_ref().is_none_or(|key| !key.is_empty()) {
            return Ok(Reference::SecretsManager { secret: secret.to_owned(), key });
        }
    }
    let message = format!("is `{}`", words::shortened(text));
    let mut help = format!("allowed: {}", texts::REFERENCE.allowed);
    if text.starts_with("redis") {
        help = format!("a URL belongs under `url`; {help}");
    } else if text.contains("-----BEGIN") {
        help = format!("keep the certificates in SSM or Secrets Manager; {help}");
    }
    Err(Fault::new(Code::BadUrl, message, help))
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE`; other hosts are local stand-ins.
pub(crate) fn sqs(text: &str) -> Result<String, Fault> {
    let fault = || {
        let message = format!("is `{}`, not the URL of an SQS queue", words::shortened(text));
        Fault::new(Code::BadUrl, message, format!("allowed: {}", texts::SQS_URL.allowed))
    };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let mut parts = rest.ok_or_else(fault)?.split('/');
    let (Some(server), Some(account), Some(queue), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(fault());
    };
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let name = queue.strip_suffix(".fifo").unwrap_or(queue);
    let is_queue = (1..=80).contains(&name.len()) && (texts::ECS_NAME.accepts)(name);
    if is_server(server) && is_account && is_queue { Ok(text.to_owned()) } else { Err(fault()) }
}

/// `HOST` or `HOST:PORT`; an IPv6 address stands in brackets.
fn is_server(server: &str) -> bool {
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (server, None),
    };
    let is_name = |host: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !host.is_empty() && host.len() <= 253 && host.bytes().all(allowed)
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    is_host && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Code>) {
        assert_eq!(redis(text).err().map(|fault| fault.code), expected, "{text}");
    }

    #[test]
    fn redis_urls_name_a_server_and_a_database() {
        check("redis://redis:6379", None);
        check("redis://redis:6379/0", None);
        check("rediss://master.x.cache.amazonaws.com:6379/15", None);
        check("redis://user@127.0.0.1", None);
        check("redis://[::1]:6379/1", None);
        check("http://redis:6379", Some(Code::BadUrl));
        check("redis:6379", Some(Code::BadUrl));
        check("redis://", Some(Code::BadUrl));
        check("redis://:6379", Some(Code::BadUrl));
        check("redis://redis:port", Some(Code::BadUrl));
        check("redis://redis:0", Some(Code::BadUrl));
        check("redis://redis:70000", Some(Code::BadUrl));
        check("redis://redis/zero", Some(Code::BadUrl));
        check("redis://redis/0?db=1", Some(Code::BadUrl));
        check("redis://red is/0", Some(Code::BadUrl));
    }

    #[test]
    fn the_configuration_endpoint_of_a_cluster_is_refused_with_what_to_write_instead() {
        for url in [
            "rediss://clustercfg.jobs.x7dq2k.euc1.cache.amazonaws.com:6379",
            "redis://jobs.x7dq2k.clustercfg.euc1.cache.amazonaws.com:6379/0",
            "redis://jobs.x7dq2k.clustercfg.cnn1.cache.amazonaws.com.cn",
            "rediss://user@CLUSTERCFG.jobs.x7dq2k.memorydb.eu-central-1.amazonaws.com:6379",
        ] {
            let fault = redis(url).expect_err("a cluster is refused");
            assert!(fault.message.contains("configuration endpoint"), "{}", fault.message);
            assert!(
                fault.help.contains("master.NAME") && fault.help.contains("cloudwatch"),
                "{}",
                fault.help
            );
        }
        check("rediss://master.jobs.x7dq2k.euc1.cache.amazonaws.com:6379", None);
        check("redis://jobs.x7dq2k.ng.0001.euc1.cache.amazonaws.com:6379", None);
        check("redis://clustercfg.internal:6379", None);
        check("redis://clustercfg", None);
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for url in ["redis://:hunter2@h:1/0", "rediss://u:hunter2@h", "redis://u:hunter2@x@h"] {
            let fault = redis(url).expect_err("a password is refused");
            assert_eq!(fault.code, Code::SecretInFile);
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }

    #[track_caller]
    fn check_from(text: &str, expected: Option<&Reference>) {
        assert_eq!(reference(text).ok().as_ref(), expected, "{text}");
    }

    #[test]
    fn references_name_a_store() {
        let secret = |secret: &str, key: Option<&str>| Reference::SecretsManager {
            secret: secret.into(),
            key: key.map(str::to_owned),
        };
        check_from("ssm:/shop/redis-url", Some(&Reference::Ssm("/shop/redis-url".into())));
        check_from("secretsmanager:shop/redis", Some(&secret("shop/redis", None)));
        check_from("secretsmanager:shop/redis#url", Some(&secret("shop/redis", Some("url"))));
        check_from("secretsmanager:rds!a-1", Some(&secret("rds!a-1", None)));
        for wrong in ["ssm:", "secretsmanager:#x", "secretsmanager:a#", "env:X", "redis://h", "/x"] {
            check_from(wrong, None);
        }
    }

    #[track_caller]
    fn check_sqs(text: &str, good: bool) {
        assert_eq!(sqs(text).is_ok(), good, "{text}");
    }

    #[test]
    fn sqs_urls_name_an_account_and_a_queue() {
        check_sqs("https://sqs.eu-central-1.amazonaws.com/123456789012/jobs", true);
        check_sqs("https://sqs.eu-central-1.amazonaws.com/123456789012/jobs.fifo", true);
        check_sqs("http://127.0.0.1:5000/123456789012/jobs", true);
        check_sqs("https://sqs.eu-central-1.amazonaws.com/123456789012", false);
        check_sqs("https://sqs.eu-central-1.amazonaws.com/1234/jobs", false);
        check_sqs("https://sqs.eu-central-1.amazonaws.com/123456789012/jobs/x", false);
        check_sqs("arn:aws:sqs:eu-central-1:123456789012:jobs", false);
    }
}
