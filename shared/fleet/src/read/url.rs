//! URLs and references to them. A URL with a password is refused: secrets never stand in the file.

use crate::model::queue::RedisUrl;
use crate::problem::{Code, words};
use crate::settings::texts;
use crate::yaml::scalar::Fault;

/// `redis://[USER@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS.
pub(crate) fn redis(text: &str) -> Result<RedisUrl, Fault> {
    let fault = |why: &str| {
        let message = format!("is `{}`, {why}", words::shortened(text));
        Fault::new(Code::BadUrl, message, format!("allowed are {}", texts::REDIS_URL.allowed))
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
        let message = "holds a password, and secrets never stand in the fleet file";
        let help = "keep the URL in SSM as a SecureString and write `url_from: \"ssm:/path/name\"`, \
                    or in Secrets Manager";
        return Err(Fault::new(Code::SecretInFile, message, help));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "?#".contains(c)) {
        return Err(fault("with a space, `?` or `#`"));
    }
    let (server, database) = address.split_once('/').unwrap_or((address, ""));
    if !is_server(server) {
        return Err(fault("without a host, or with a port that is none"));
    }
    let is_number = database.bytes().all(|b| b.is_ascii_digit());
    if !is_number || database.len() > 4 {
        return Err(fault("with a database that is no number"));
    }
    Ok(RedisUrl::Plain(text.to_owned()))
}

/// `ssm:/parameter/name`, `secretsmanager:NAME` or `secretsmanager:NAME#JSON-KEY`.
pub(crate) fn redis_from(text: &str) -> Result<RedisUrl, Fault> {
    let allowed_name = |name: &str, extra: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    if let Some(parameter) = text.strip_prefix("ssm:")
        && allowed_name(parameter, "/._-:")
    {
        return Ok(RedisUrl::Ssm(parameter.to_owned()));
    }
    if let Some(secret) = text.strip_prefix("secretsmanager:") {
        let (secret, key) = match secret.split_once('#') {
            Some((secret, key)) => (secret, Some(key.to_owned())),
            None => (secret, None),
        };
        if allowed_name(secret, "/_+=.@-!:") && key.as_ref().is_none_or(|key| !key.is_empty()) {
            return Ok(RedisUrl::SecretsManager { secret: secret.to_owned(), key });
        }
    }
    let message = format!("is `{}`", words::shortened(text));
    let mut help = format!("allowed are {}", texts::URL_FROM.allowed);
    if text.starts_with("redis") {
        help = format!("a URL belongs under `url`; {help}");
    }
    Err(Fault::new(Code::BadUrl, message, help))
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE`; other hosts are local stand-ins.
pub(crate) fn sqs(text: &str) -> Result<String, Fault> {
    let fault = || {
        let message = format!("is `{}`, not the URL of an SQS queue", words::shortened(text));
        Fault::new(Code::BadUrl, message, format!("allowed are {}", texts::SQS_URL.allowed))
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
    fn a_password_is_refused_and_not_repeated() {
        for url in ["redis://:hunter2@h:1/0", "rediss://u:hunter2@h", "redis://u:hunter2@x@h"] {
            let fault = redis(url).expect_err("a password is refused");
            assert_eq!(fault.code, Code::SecretInFile);
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }

    #[track_caller]
    fn check_from(text: &str, expected: Option<&RedisUrl>) {
        assert_eq!(redis_from(text).ok().as_ref(), expected, "{text}");
    }

    #[test]
    fn references_name_a_store() {
        let secret = |secret: &str, key: Option<&str>| RedisUrl::SecretsManager {
            secret: secret.into(),
            key: key.map(str::to_owned),
        };
        check_from("ssm:/shop/redis-url", Some(&RedisUrl::Ssm("/shop/redis-url".into())));
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
