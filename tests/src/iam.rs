//! What a role of the template allows, evaluated as IAM does it, as far as the template's statements need: an action, a
//! resource and the condition keys of one request.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cloudformation::actions;

/// What `CloudFormation` puts in for its pseudo parameters.
const PSEUDO: [(&str, &str); 4] = [
    ("${AWS::Partition}", "aws"),
    ("${AWS::Region}", "eu-central-1"),
    ("${AWS::AccountId}", "111122223333"),
    ("${AWS::URLSuffix}", "amazonaws.com"),
];

/// One authorization of a request: a request that touches several resources is authorized once for each.
#[derive(Debug, Clone, Default)]
pub struct Authorization {
    /// `rds:DeleteDBInstance`
    pub action: &'static str,
    /// The ARN.
    pub resource: String,
    /// The condition keys that the request has, with their values.
    pub context: BTreeMap<&'static str, Vec<&'static str>>,
}

/// Whether one of the statements allows it and none denies it. `parameters` holds the lists of the template's parameters.
#[must_use]
pub fn is_allowed(
    statements: &[Value],
    parameters: &BTreeMap<&str, Vec<String>>,
    asked: &Authorization,
) -> bool {
    let mut about = statements.iter().filter(|statement| speaks_of(statement, parameters, asked)).peekable();
    about.peek().is_some() && about.all(|statement| statement["Effect"] == "Allow")
}

fn speaks_of(statement: &Value, parameters: &BTreeMap<&str, Vec<String>>, asked: &Authorization) -> bool {
    let resources = texts(&statement["Resource"], parameters);
    actions(statement).iter().any(|action| action == asked.action)
        && resources.iter().any(|pattern| matches(pattern, &asked.resource))
        && conditions_hold(&statement["Condition"], parameters, asked)
}

/// Every operator and every key of a condition must hold.
fn conditions_hold(
    condition: &Value,
    parameters: &BTreeMap<&str, Vec<String>>,
    asked: &Authorization,
) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    operators.into_iter().all(|(operator, keys)| {
        let keys = keys.as_object().expect("an operator holds keys");
        keys.iter().all(|(key, expected)| {
            let found = asked.context.get(key.as_str());
            let expected = texts(expected, parameters);
            let is_expected = |value: &str| expected.iter().any(|it| it == value);
            match operator.as_str() {
                "Null" => expected == [if found.is_none() { "true" } else { "false" }],
                "StringEquals" => found.is_some_and(|values| values.iter().any(|value| is_expected(value))),
                // Of a request without the key it is true.
                "ForAllValues:StringEquals" => found.into_iter().flatten().all(|value| is_expected(value)),
                other => unreachable!("the operator {other} is not known here yet"),
            }
        })
    })
}

/// The texts of a value of the template: written out, of a parameter, or put together.
fn texts(value: &Value, parameters: &BTreeMap<&str, Vec<String>>) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(flag) => vec![flag.to_string()],
        Value::Array(items) => items.iter().flat_map(|item| texts(item, parameters)).collect(),
        Value::Object(call) => {
            if let Some(Value::String(text)) = call.get("Fn::Sub") {
                return vec![
                    PSEUDO.iter().fold(text.clone(), |text, (name, value)| text.replace(name, value)),
                ];
            }
            let parameter = call.get("Ref").and_then(Value::as_str);
            parameter.and_then(|name| parameters.get(name)).cloned().unwrap_or_default()
        }
        Value::Null | Value::Number(_) => Vec::new(),
    }
}

/// Whether a text is what a pattern of IAM says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(statement: &Value, context: &[(&'static str, &[&'static str])], expected: bool) {
        let context = context.iter().map(|(key, values)| (*key, values.to_vec())).collect();
        let asked =
            Authorization { action: "rds:AddTagsToResource", resource: "arn:a:b-1".to_owned(), context };
        let parameters = [("Arns", vec!["arn:a:b-1".to_owned(), "arn:c".to_owned()])].into();
        assert_eq!(is_allowed(std::slice::from_ref(statement), &parameters, &asked), expected, "{statement}");
    }

    #[test]
    fn resources_are_compared_as_iam_does() {
        let statement = |resource: Value| json!({"Effect": "Allow", "Action": "rds:AddTagsToResource", "Resource": resource});
        for (resource, expected) in [
            (json!("*"), true),
            (json!("arn:a:*"), true),
            (json!("arn:*:b-*"), true),
            (json!("arn:a:b"), false),
            (json!("arn:a:c-*"), false),
            (json!(["arn:x", "arn:a:b-1"]), true),
            (json!({"Ref": "Arns"}), true),
            (json!({"Ref": "Others"}), false),
        ] {
            check(&statement(resource), &[], expected);
        }
    }

    #[test]
    fn every_condition_must_hold() {
        let statement = |condition: Value| json!({"Effect": "Allow", "Action": ["rds:AddTagsToResource"], "Resource": "*", "Condition": condition});
        let present = json!({"Null": {"aws:RequestTag/x": "false"}});
        check(&statement(present.clone()), &[("aws:RequestTag/x", &["1"])], true);
        check(&statement(present), &[], false);
        let equal = json!({"StringEquals": {"k": ["a", "b"]}});
        check(&statement(equal.clone()), &[("k", &["b"])], true);
        check(&statement(equal.clone()), &[("k", &["c"])], false);
        check(&statement(equal), &[], false);
        let all = json!({"ForAllValues:StringEquals": {"k": ["a", "b"]}});
        check(&statement(all.clone()), &[("k", &["a", "b"])], true);
        check(&statement(all.clone()), &[("k", &["a", "c"])], false);
        check(&statement(all), &[], true);
    }

    #[test]
    fn what_is_denied_is_not_allowed() {
        let allow = json!({"Effect": "Allow", "Action": "rds:AddTagsToResource", "Resource": "*"});
        let deny = json!({"Effect": "Deny", "Action": "rds:AddTagsToResource", "Resource": "arn:a:*"});
        let asked = |resource: &str| Authorization {
            action: "rds:AddTagsToResource",
            resource: resource.to_owned(),
            context: BTreeMap::new(),
        };
        let both = [allow, deny];
        assert!(is_allowed(&both, &BTreeMap::new(), &asked("arn:b")));
        assert!(!is_allowed(&both, &BTreeMap::new(), &asked("arn:a:b")));
        assert!(!is_allowed(&[], &BTreeMap::new(), &asked("arn:b")));
    }
}
