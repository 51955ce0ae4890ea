//! The JSON Schema for editors, made from the settings.

use serde_json::{Map, Value, json};

use crate::settings::fleet::FLEET;
use crate::settings::reference;
use crate::settings::shape::{Need, Presence, Setting, Shape, Text, ValueKind, WHOLE_MAX};

/// What the schema is called. A name and no address: it is printed by the command, and needs no network.
const ID: &str = "urn:tidegate:fleet:1";

/// The JSON Schema (draft 2020-12) of the fleet file, as `tidegate schema` prints it. `errorMessage` and
/// `patternErrorMessage` are what editors with the YAML language server show instead of a regular expression.
#[must_use]
pub fn schema() -> Value {
    let mut schema = object(&FLEET);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(ID);
    schema["title"] = json!("Tidegate fleet file");
    schema
}

fn object(shape: &Shape) -> Value {
    let properties: Map<String, Value> =
        shape.settings.iter().map(|setting| (setting.key.to_owned(), property(setting))).collect();
    let required: Vec<&str> = shape
        .settings
        .iter()
        .filter(|setting| matches!(setting.presence, Presence::Required))
        .map(|setting| setting.key)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": shape.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    for need in shape.needs {
        match need {
            Need::ExactlyOne(keys) => schema["oneOf"] = each_required(keys),
            Need::AtLeastOne(keys) => schema["anyOf"] = each_required(keys),
            Need::AtMostOne(keys) => schema["not"] = json!({ "anyOf": pairs_required(keys) }),
            Need::Together { keys, with, help: _ } => {
                schema["dependentRequired"] = dependencies(keys, with);
            }
        }
    }
    schema
}

fn each_required(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({ "required": [key] })).collect()
}

fn pairs_required(keys: &[&str]) -> Value {
    let rest = |index: usize| keys.iter().skip(index.saturating_add(1));
    let pairs = keys.iter().enumerate().flat_map(|(index, one)| rest(index).map(move |other| [one, other]));
    pairs.map(|pair| json!({ "required": pair })).collect()
}

/// Each of the keys, and what it needs.
fn dependencies(keys: &[&str], with: &[&str]) -> Value {
    let others = |key: &str| with.iter().filter(|other| **other != key).copied().collect::<Vec<_>>();
    keys.iter().map(|key| ((*key).to_owned(), json!(others(key)))).collect::<Map<_, _>>().into()
}

fn property(setting: &Setting) -> Value {
    let Setting { key: _, kind, presence, about } = setting;
    let mut schema = value(kind);
    schema["description"] = json!(about);
    if let Presence::Default { value, reason } = presence {
        schema["default"] = typed(kind, value);
        schema["description"] = json!(format!("{about} Default: {reason}."));
    }
    schema
}

fn value(kind: &ValueKind) -> Value {
    match kind {
        ValueKind::Text(rule) => text(rule),
        ValueKind::Count { min, max, unit: _ } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        ValueKind::Duration { .. } => reported(
            json!({ "type": "string", "pattern": "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$" }),
            &format!(
                "write a duration with its units, as `90s`, `5m` or `1h30m`: {}",
                reference::value(kind)
            ),
        ),
        ValueKind::Boolean => json!({ "type": "boolean" }),
        ValueKind::Choice(words) => json!({ "enum": words }),
        ValueKind::Amount { min, max_percent: _ } => reported(
            json!({
                "type": ["integer", "string"],
                "minimum": min,
                "maximum": tidegate_policy::Capacity::LIMIT,
                "pattern": "^[1-9][0-9]*%$",
            }),
            &format!("write {}", reference::value(kind)),
        ),
        ValueKind::Whole => json!({ "type": "integer", "minimum": 1, "maximum": WHOLE_MAX }),
        ValueKind::Map(shape) => object(shape),
        ValueKind::Forms { usual, other, by } => {
            json!({ "if": { "anyOf": each_required(by) }, "then": object(other), "else": object(usual) })
        }
        ValueKind::TextOrMap(rule, shape) => json!({ "anyOf": [text(rule), object(shape)] }),
        ValueKind::Table { key, value: of, min, max } => table(key, of, (*min, *max)),
        ValueKind::OneOrMore { of, max } => {
            let list = json!({ "type": "array", "items": value(of), "minItems": 1, "maxItems": max });
            json!({ "anyOf": [value(of), list] })
        }
        ValueKind::List { of, min, max } => {
            json!({ "type": "array", "items": value(of), "minItems": min, "maxItems": max })
        }
    }
}

fn table(key: &Text, of: &ValueKind, (min, max): (usize, usize)) -> Value {
    let mut schema = json!({
        "type": "object",
        "propertyNames": reported(json!({ "pattern": key.pattern, "maxLength": key.max }), &allowed(key)),
        "additionalProperties": value(of),
        "maxProperties": max,
    });
    if min > 0 {
        schema["minProperties"] = json!(min);
    }
    schema
}

/// A text is taken as written, so an editor that reads `012` as a number must not object.
fn text(rule: &Text) -> Value {
    let mut schema = json!({ "type": ["string", "number", "boolean", "null"], "maxLength": rule.max });
    if rule.pattern.is_empty() {
        return schema;
    }
    schema["pattern"] = json!(rule.pattern);
    reported(schema, &allowed(rule))
}

fn allowed(rule: &Text) -> String {
    format!("allowed: {}", rule.allowed)
}

/// With words for what does not fit, where there would be a regular expression.
fn reported(mut schema: Value, message: &str) -> Value {
    schema["errorMessage"] = json!(message);
    schema["patternErrorMessage"] = json!(message);
    schema
}

/// A default as JSON has it.
fn typed(kind: &ValueKind, value: &str) -> Value {
    match kind {
        ValueKind::Count { .. } | ValueKind::Whole | ValueKind::Boolean | ValueKind::List { .. } => {
            serde_json::from_str(value).unwrap_or(Value::Null)
        }
        ValueKind::Text(_)
        | ValueKind::OneOrMore { .. }
        | ValueKind::Duration { .. }
        | ValueKind::Choice(_)
        | ValueKind::Amount { .. }
        | ValueKind::Map(_)
        | ValueKind::Forms { .. }
        | ValueKind::TextOrMap(..)
        | ValueKind::Table { .. } => json!(value),
    }
}
