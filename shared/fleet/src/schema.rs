//! The JSON Schema for editors, made from the settings.

use serde_json::{Map, Value, json};

use crate::settings::FLEET;
use crate::shape::{Kind, Presence, Setting, Shape, Text};

/// The JSON Schema (draft 2020-12) of the fleet file, as `tidegate schema` prints it.
#[must_use]
pub fn schema() -> Value {
    let mut schema = object(&FLEET);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Tidegate fleet file");
    schema
}

fn object(shape: &Shape) -> Value {
    let available = |setting: &&Setting| !matches!(setting.presence, Presence::Later);
    let properties: Map<String, Value> = shape
        .settings
        .iter()
        .filter(available)
        .map(|setting| (setting.key.to_owned(), property(setting)))
        .collect();
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
    if !shape.at_least_one.is_empty() {
        schema["anyOf"] = shape.at_least_one.iter().map(|key| json!({ "required": [key] })).collect();
    }
    if let [group] = shape.exactly_one {
        schema["oneOf"] = group.iter().map(|key| json!({ "required": [key] })).collect();
    }
    schema
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

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Text(rule) => text(rule),
        Kind::Count { min, max, unit: _ } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Kind::Duration { .. } => json!({
            "type": "string",
            "pattern": "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
        }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Amount { min, max_percent: _ } => json!({
            "type": ["integer", "string"],
            "minimum": min,
            "maximum": tidegate_policy::Capacity::LIMIT,
            "pattern": "^[1-9][0-9]*%$",
        }),
        Kind::Map(shape) => object(shape),
        Kind::Table { key, value: of, max } => json!({
            "type": "object",
            "propertyNames": { "pattern": key.pattern, "maxLength": key.max },
            "additionalProperties": value(of),
            "maxProperties": max,
        }),
        Kind::OneOrMore { of, max } => {
            let list = json!({ "type": "array", "items": value(of), "minItems": 1, "maxItems": max });
            json!({ "anyOf": [value(of), list] })
        }
        Kind::List { of, min, max } => {
            json!({ "type": "array", "items": value(of), "minItems": min, "maxItems": max })
        }
    }
}

/// A text is taken as written, so an editor that reads `012` as a number must not object.
fn text(rule: &Text) -> Value {
    let mut schema = json!({ "type": ["string", "number", "boolean", "null"], "maxLength": rule.max });
    if !rule.pattern.is_empty() {
        schema["pattern"] = json!(rule.pattern);
    }
    schema
}

/// A default as JSON has it.
fn typed(kind: &Kind, value: &str) -> Value {
    match kind {
        Kind::Count { .. } | Kind::Boolean | Kind::List { .. } => {
            serde_json::from_str(value).unwrap_or(Value::Null)
        }
        Kind::Text(_)
        | Kind::OneOrMore { .. }
        | Kind::Duration { .. }
        | Kind::Choice(_)
        | Kind::Amount { .. }
        | Kind::Map(_)
        | Kind::Table { .. } => json!(value),
    }
}
