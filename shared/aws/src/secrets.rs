//! What the fleet file names by reference, Redis URLs and certificate authorities: SSM parameters and Secrets Manager secrets,
//! read once and kept for a while.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_ssm::types::Parameter;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tidegate_fleet::Reference;
use tidegate_policy::{Absence, AbsenceKind};

use crate::clients::Clients;
use crate::error::absence;

/// A rotated password is picked up after this long. Shorter would call SSM in most evaluations; longer would leave the
/// queues unread for longer after a rotation.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);
/// `GetParameters` takes at most ten names (Systems Manager API reference).
const PARAMETERS_PER_CALL: usize = 10;

/// The secrets resolved so far. Their values appear in no log, error or `Debug` output.
#[derive(Default)]
pub struct Secrets {
    kept: Mutex<BTreeMap<Reference, (Timestamp, String)>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// Each reference with the text that is kept there, or why it could not be resolved.
pub type Resolved = BTreeMap<Reference, Result<String, Absence>>;

impl Secrets {
    /// Resolves references; only those not known or too old are asked for.
    pub async fn resolve(&self, clients: &Clients, references: &[&Reference], now: Timestamp) -> Resolved {
        let mut resolved = Resolved::new();
        let mut parameters = Vec::new();
        let mut secrets = Vec::new();
        for &reference in references {
            if let Some((_, known)) =
                self.known(reference).filter(|(at, _)| now.duration_since(*at) < KEPT_FOR)
            {
                resolved.insert(reference.clone(), Ok(known));
                continue;
            }
            match reference {
                Reference::Ssm(name) => parameters.push(name.as_str()),
                Reference::SecretsManager { secret, key } => secrets.push((secret.as_str(), key.as_deref())),
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
        for (reference, value) in from_ssm.into_iter().flatten().chain(from_secrets) {
            // A store that does not answer is no reason to stop reading queues whose secrets are still known.
            let value = match value {
                Err(absence) if is_passing(&absence) => {
                    self.known(&reference).map_or(Err(absence), |(_, known)| Ok(known))
                }
                Ok(text) => {
                    self.keep(&reference, &text, now);
                    Ok(text)
                }
                refused @ Err(_) => refused,
            };
            resolved.insert(reference, value);
        }
        resolved
    }

    /// Forgets the URL of a server that refused the login: the password may have been rotated.
    pub fn forget(&self, reference: &Reference) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(reference);
    }

    /// What was resolved last, and when.
    fn known(&self, reference: &Reference) -> Option<(Timestamp, String)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(reference).cloned()
    }

    fn keep(&self, reference: &Reference, text: &str, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(reference.clone(), (now, text.to_owned()));
    }
}

/// Whether the same call may succeed later without a change by an operator.
fn is_passing(absence: &Absence) -> bool {
    matches!(
        absence.kind,
        AbsenceKind::Unreachable | AbsenceKind::TimedOut | AbsenceKind::Throttled | AbsenceKind::Unreadable
    )
}

/// Up to ten parameters with one call; one by one where the call is refused, since one parameter that may not be read
/// refuses them all.
async fn get_parameters(clients: &Clients, names: &[&str]) -> Vec<(Reference, Result<String, Absence>)> {
    let together = get_some_parameters(clients, names).await;
    let refused = |(_, value): &(Reference, Result<String, Absence>)| matches!(value, Err(absence) if absence.kind == AbsenceKind::Denied || absence.kind == AbsenceKind::Refused);
    if names.len() == 1 || !together.iter().any(refused) {
        return together;
    }
    let alone = names.iter().map(std::slice::from_ref);
    join_all(alone.map(|name| get_some_parameters(clients, name))).await.into_iter().flatten().collect()
}

/// Parameters with one call.
async fn get_some_parameters(clients: &Clients, names: &[&str]) -> Vec<(Reference, Result<String, Absence>)> {
    let wanted = names.iter().map(|name| (*name).to_owned()).collect();
    let answer = clients.ssm.get_parameters().set_names(Some(wanted)).with_decryption(true).send().await;
    let find = |name: &str| match &answer {
        Ok(answer) => answer
            .parameters()
            .iter()
            .find(|parameter| is_asked_for(parameter, name))
            .and_then(|parameter| parameter.value())
            .map(|value| value.trim().to_owned())
            .ok_or_else(|| Absence::new(AbsenceKind::NotFound, format!("no SSM parameter `{name}`"))),
        Err(error) => {
            let cause = absence(error);
            Err(Absence::new(cause.kind, format!("SSM parameter `{name}`: {}", cause.detail)))
        }
    };
    names.iter().map(|name| (Reference::Ssm((*name).to_owned()), find(name))).collect()
}

/// Whether a parameter in the answer is the one that was named. Of `/shop/redis-url:3` the answer holds the name, and `:3`
/// as the selector of a version or a label (Systems Manager API reference, `Parameter`).
fn is_asked_for(parameter: &Parameter, name: &str) -> bool {
    let selector = parameter.selector().unwrap_or_default();
    let names = [parameter.name(), parameter.arn()];
    names.into_iter().flatten().any(|known| name.strip_prefix(known) == Some(selector))
}

/// One secret, or one key of a JSON secret.
async fn get_secret(
    clients: &Clients,
    secret: &str,
    key: Option<&str>,
) -> (Reference, Result<String, Absence>) {
    let reference = Reference::SecretsManager { secret: secret.to_owned(), key: key.map(str::to_owned) };
    let answer = clients.secretsmanager.get_secret_value().secret_id(secret).send().await;
    let value = match &answer {
        Ok(answer) => pick(answer.secret_string(), secret, key),
        Err(error) => {
            let cause = absence(error);
            Err(Absence::new(cause.kind, format!("secret `{secret}`: {}", cause.detail)))
        }
    };
    (reference, value)
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
