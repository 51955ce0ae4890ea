//! Which AWS calls the code makes, read from the code and from the SDK's own sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::repository;

/// The SDK crates and the prefix of their actions in IAM.
const SERVICES: [(&str, &str); 10] = [
    ("aws-sdk-applicationautoscaling", "application-autoscaling"),
    ("aws-sdk-autoscaling", "autoscaling"),
    ("aws-sdk-cloudwatch", "cloudwatch"),
    ("aws-sdk-dynamodb", "dynamodb"),
    ("aws-sdk-ecs", "ecs"),
    ("aws-sdk-elasticloadbalancingv2", "elasticloadbalancing"),
    ("aws-sdk-secretsmanager", "secretsmanager"),
    ("aws-sdk-sns", "sns"),
    ("aws-sdk-sqs", "sqs"),
    ("aws-sdk-ssm", "ssm"),
];

/// The IAM actions that the calls in these files need.
///
/// Every operation of every linked SDK crate is known by the file that the crate has for it, and every `.operation()` in
/// the code is looked up there, so that a new call is found without a list to keep.
#[must_use]
pub fn actions_called_by(files: &[String]) -> BTreeSet<String> {
    let operations = operations();
    let mut actions = BTreeSet::new();
    for file in files {
        let text = repository::read(file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for method in methods_without_arguments(code) {
            actions.extend(operations.get(method).cloned());
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
    sdk.filter(|name| !SERVICES.iter().any(|(known, _)| known == name)).collect()
}

fn operations() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for package in repository::linked_packages() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, prefix)) = SERVICES.iter().find(|(known, _)| *known == name) else { continue };
        let manifest = package["manifest_path"].as_str().expect("a package has a manifest");
        let folder = Path::new(manifest).with_file_name("src").join("operation");
        for entry in fs::read_dir(folder).expect("an SDK crate has a file for each operation").flatten() {
            let path = entry.path();
            let operation = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            found.insert(operation.to_owned(), action(prefix, operation));
        }
    }
    found
}

/// `send_message_batch` of `sqs` is `sqs:SendMessage`: batches have no action of their own in SQS and SNS.
fn action(prefix: &str, operation: &str) -> String {
    let single = match prefix {
        "sqs" | "sns" => operation.strip_suffix("_batch").unwrap_or(operation),
        _ => operation,
    };
    let capitalized = single.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    format!("{prefix}:{}", capitalized.collect::<String>())
}

fn methods_without_arguments(code: &str) -> impl Iterator<Item = &str> {
    code.match_indices("()").filter_map(|(at, _)| {
        let before = &code[..at];
        let name = before.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
        before[name..].strip_prefix('.')
    })
}
