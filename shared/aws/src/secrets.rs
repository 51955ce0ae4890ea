//! Redis URLs by reference: SSM parameters and Secrets Manager secrets, read once and kept for a while.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::source::RedisUrl;
use tidegate_policy::{Absence, AbsenceKind};

use crate::clients::Clients;
use crate::error::absence;

/// A rotated password is picked up after this long. Shorter would call SSM in most looks; longer would leave the
/// queues unread for longer after a rotation.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);
/// `GetParameters` takes at most ten names (Systems Manager API reference).
const PARAMETERS_PER_CALL: usize = 10;

/// The secrets resolved so far. Their values appear in no log, error or `Debug` output.
#[derive(Default)]
pub struct Secrets {
    kept: Mutex<BTreeMap<RedisUrl, (Timestamp, String)>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// Each reference with its URL, or why it could not be resolved.
pub type Resolved = BTreeMap<RedisUrl, Result<String, Absence>>;

impl Secrets {
    /// Resolves references; only those not known or too old are asked for.
    pub async fn resolve(&self, clients: &Clients, urls: &[&RedisUrl], now: Timestamp) -> Resolved {
        let mut resolved = Resolved::new();
        let mut parameters = Vec::new();
        let mut secrets = Vec::new();
        for &url in urls {
            if let Some(known) = self.known(url, now) {
                resolved.insert(url.clone(), Ok(known));
                continue;
            }
            match url {
                RedisUrl::Plain(text) => {
                    resolved.insert(url.clone(), Ok(text.clone()));
                }
                RedisUrl::Ssm(name) => parameters.push(name.as_str()),
                RedisUrl::SecretsManager { secret, key } => secrets.push((secret.as_str(), key.as_deref())),
            }
        }
        parameters.sort_unstable();
        parameters.dedup();
        secrets.sort_unstable();
        secrets.dedup();
        let (from_ssm, from_secrets) = futures_util::join!(
            join_all(parameters.chunks(PARAMETERS_PER_CALL).map(|names| get_parameters(clients, names))),
            join_all(secrets.iter().map(|(secret, key)| get_secret(clients, secret, *key))),
        );
        for (url, value) in from_ssm.into_iter().flatten().chain(from_secrets) {
            if let Ok(text) = &value {
                self.keep(&url, text, now);
            }
            resolved.insert(url, value);
        }
        resolved
    }

    /// What is still good.
    fn known(&self, url: &RedisUrl, now: Timestamp) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(url).filter(|(at, _)| now.duration_since(*at) < KEPT_FOR).map(|(_, text)| text.clone())
    }

    fn keep(&self, url: &RedisUrl, text: &str, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(url.clone(), (now, text.to_owned()));
    }
}

/// Up to ten parameters with one call.
async fn get_parameters(clients: &Clients, names: &[&str]) -> Vec<(RedisUrl, Result<String, Absence>)> {
    let wanted = names.iter().map(|name| (*name).to_owned()).collect();
    let answer = clients.ssm.get_parameters().set_names(Some(wanted)).with_decryption(true).send().await;
    let find = |name: &str| match &answer {
        Ok(answer) => answer
            .parameters()
            .iter()
            .find(|parameter| parameter.name() == Some(name) || parameter.arn() == Some(name))
            .and_then(|parameter| parameter.value())
            .map(|value| value.trim().to_owned())
            .ok_or_else(|| Absence::new(AbsenceKind::NotFound, format!("no SSM parameter `{name}`"))),
        Err(error) => {
            let cause = absence(error);
            Err(Absence::new(cause.kind, format!("SSM parameter `{name}`: {}", cause.detail)))
        }
    };
    names.iter().map(|name| (RedisUrl::Ssm((*name).to_owned()), find(name))).collect()
}

/// One secret, or one key of a JSON secret.
async fn get_secret(
    clients: &Clients,
    secret: &str,
    key: Option<&str>,
) -> (RedisUrl, Result<String, Absence>) {
    let url = RedisUrl::SecretsManager { secret: secret.to_owned(), key: key.map(str::to_owned) };
    let answer = clients.secretsmanager.get_secret_value().secret_id(secret).send().await;
    let value = match &answer {
        Ok(answer) => pick(answer.secret_string(), secret, key),
        Err(error) => {
            let cause = absence(error);
            Err(Absence::new(cause.kind, format!("secret `{secret}`: {}", cause.detail)))
        }
    };
    (url, value)
}

/// The whole secret, or the text under a key. The secret itself appears in no error.
fn pick(text: Option<&str>, secret: &str, key: Option<&str>) -> Result<String, Absence> {
    let wrong = |problem: &str| Absence::new(AbsenceKind::WrongType, format!("secret `{secret}` {problem}"));
    let text = text.ok_or_else(|| wrong("is binary, must be text"))?;
    let Some(key) = key else { return Ok(text.trim().to_owned()) };
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|_| wrong("is not JSON, but a key is named"))?;
    json.get(key)
        .and_then(serde_json::Value::as_str)
        .map(|value| value.trim().to_owned())
        .ok_or_else(|| wrong(&format!("has no text under the key `{key}`")))
}
