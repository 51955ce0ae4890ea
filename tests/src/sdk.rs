//! Which AWS calls the code makes, read from the code and from the SDK's own sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::repository;

/// The SDK crates, the prefix of their actions in IAM, and what their clients are called in the code.
const SERVICES: [(&str, &str, &str); 14] = [
    ("aws-sdk-applicationautoscaling", "application-autoscaling", "application_auto_scaling"),
    ("aws-sdk-autoscaling", "autoscaling", "auto_scaling"),
    ("aws-sdk-cloudwatch", "cloudwatch", "cloudwatch"),
    ("aws-sdk-dynamodb", "dynamodb", "dynamodb"),
    ("aws-sdk-ecs", "ecs", "ecs"),
    ("aws-sdk-elasticloadbalancingv2", "elasticloadbalancing", "load_balancing"),
    ("aws-sdk-lambda", "lambda", "lambda"),
    ("aws-sdk-rds", "rds", "rds"),
    ("aws-sdk-route53", "route53", "route53"),
    ("aws-sdk-secretsmanager", "secretsmanager", "secretsmanager"),
    ("aws-sdk-servicequotas", "servicequotas", "service_quotas"),
    ("aws-sdk-sns", "sns", "sns"),
    ("aws-sdk-sqs", "sqs", "sqs"),
    ("aws-sdk-ssm", "ssm", "ssm"),
];

/// The IAM actions that the calls in these files need.
///
/// Every operation of every linked SDK crate is known by the file that the crate has for it, and every `.operation()` in
/// the code is looked up there, so that a new call is found without a list to keep. Of two services with an operation of
/// that name, the client before it tells which one is called.
///
/// # Panics
/// If it does not.
#[must_use]
pub fn actions_called_by(files: &[String]) -> BTreeSet<String> {
    let operations = operations();
    let mut actions = BTreeSet::new();
    for file in files {
        let text = repository::read(file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (receiver, method) in methods_without_arguments(code) {
            let Some(by_client) = operations.get(method) else { continue };
            let only = by_client.values().next().filter(|_| by_client.len() == 1);
            let called = by_client.get(receiver).or(only);
            assert!(called.is_some(), "{file}: whose `{method}` is called?");
            actions.extend(called.cloned());
        }
    }
    actions
}

/// The SDK crates that are linked and that [`actions_called_by`] does not know.
#[must_use]
pub fn unknown_services() -> Vec<String> {
    let names = repository::packages().into_iter().flat_map(|package| {
        package["dependencies"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .map(|found| found["name"].clone())
    });
    let sdk =
        names.filter_map(|name| name.as_str().map(str::to_owned)).filter(|name| name.starts_with("aws-sdk-"));
    sdk.filter(|name| !SERVICES.iter().any(|(known, _, _)| known == name)).collect()
}

/// Every operation with its action, by the client that has it.
fn operations() -> BTreeMap<String, BTreeMap<&'static str, String>> {
    let mut found: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
    for package in repository::linked_packages() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, prefix, client)) = SERVICES.iter().find(|(known, _, _)| *known == name) else {
            continue;
        };
        let manifest = package["manifest_path"].as_str().expect("a package has a manifest");
        let folder = Path::new(manifest).with_file_name("src").join("operation");
        for entry in fs::read_dir(folder).expect("an SDK crate has a file for each operation").flatten() {
            let path = entry.path();
            let operation = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            found.entry(operation.to_owned()).or_default().insert(*client, action(prefix, operation));
        }
    }
    found
}

/// `send_message_batch` of `sqs` is `sqs:SendMessage`: batches have no action of their own in SQS and SNS. Lambda's action
/// is older than its operation, and has another name. RDS writes `DB`.
fn action(prefix: &str, operation: &str) -> String {
    let single = match prefix {
        "lambda" if operation == "invoke" => "invoke_function",
        "sqs" | "sns" => operation.strip_suffix("_batch").unwrap_or(operation),
        _ => operation,
    };
    let capitalize = |word: &str| match (prefix, word) {
        ("rds", "db") => "DB".to_owned(),
        _ => word[..1].to_uppercase() + &word[1..],
    };
    let capitalized = single.split('_').map(capitalize);
    format!("{prefix}:{}", capitalized.collect::<String>())
}

/// Every `receiver.method()`, over line breaks too.
fn methods_without_arguments(code: &str) -> impl Iterator<Item = (&str, &str)> {
    code.match_indices("()").filter_map(|(at, _)| {
        let (rest, method) = last_word(&code[..at])?;
        let (_, receiver) = last_word(rest.strip_suffix('.')?.trim_end()).unwrap_or_default();
        Some((receiver, method))
    })
}

/// The word at the end of a text, and what stands before it.
fn last_word(text: &str) -> Option<(&str, &str)> {
    let before = text.trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    (before.len() < text.len()).then(|| text.split_at(before.len()))
}
