//! A SAM template as a JSON tree.
//!
//! YAML readers refuse or lose the short forms of the template's functions. Here `!Ref X` becomes `{"Ref": "X"}` and
//! `!Sub X` becomes `{"Fn::Sub": "X"}`, which is what they are short for.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

use crate::repository;

/// The project's template.
///
/// # Panics
/// If it is no YAML, with the place.
#[must_use]
pub fn template() -> Value {
    parse(&repository::read("template.yaml"))
}

/// What a function is called in the template: `queue-depth` → `QueueDepth`.
#[must_use]
pub fn pascal_case(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Reads a template.
///
/// # Panics
/// If the text is no YAML, with the place.
#[must_use]
pub fn parse(text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| event.expect("the template is YAML").0);
    loop {
        let event = events.next().expect("the template holds a document");
        if !matches!(event, Event::StreamStart | Event::DocumentStart(_)) {
            return node(event, &mut events);
        }
    }
}

/// Every resource of one type, with its logical id.
#[must_use]
pub fn resources(template: &Value, of_type: &str) -> Vec<(String, Value)> {
    let resources = template["Resources"].as_object().cloned().unwrap_or_default();
    resources.into_iter().filter(|(_, resource)| resource["Type"] == of_type).collect()
}

/// Every policy statement of a role or of a managed policy, those that stand under a condition too.
#[must_use]
pub fn statements(resource: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    collect(&resource["Properties"]["Policies"], &mut found);
    collect(&resource["Properties"]["PolicyDocument"], &mut found);
    found
}

/// The actions of a statement, whether it holds one or a list.
///
/// # Panics
/// If the statement holds none.
#[must_use]
pub fn actions(statement: &Value) -> Vec<String> {
    let text = |action: &Value| action.as_str().expect("an action is a text").to_owned();
    let action = &statement["Action"];
    action.as_array().map_or_else(|| vec![text(action)], |actions| actions.iter().map(text).collect())
}

fn collect(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("Effect") => found.push(value.clone()),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has more events than a template may hold")]
fn node<'input>(event: Event<'input>, events: &mut impl Iterator<Item = Event<'input>>) -> Value {
    match event {
        Event::Scalar(text, style, _, tag) => long_form(tag.as_deref(), scalar(&text, style)),
        Event::SequenceStart(_, tag) => {
            let mut items = Vec::new();
            loop {
                match events.next() {
                    None | Some(Event::SequenceEnd) => break,
                    Some(item) => items.push(node(item, events)),
                }
            }
            long_form(tag.as_deref(), Value::Array(items))
        }
        Event::MappingStart(_, tag) => {
            let mut fields = Map::new();
            loop {
                match events.next() {
                    None | Some(Event::MappingEnd) => break,
                    Some(Event::Scalar(key, ..)) => {
                        let value = events.next().expect("a key has a value");
                        let twice = fields.insert(key.to_string(), node(value, events));
                        assert!(twice.is_none(), "the key `{key}` stands twice in one mapping");
                    }
                    Some(other) => unreachable!("a key is a scalar, not {other:?}"),
                }
            }
            long_form(tag.as_deref(), Value::Object(fields))
        }
        other => unreachable!("the template has no anchors, but {other:?}"),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if !matches!(style, ScalarStyle::Plain) {
        return json!(text);
    }
    match text {
        "true" => json!(true),
        "false" => json!(false),
        _ => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
    }
}

fn long_form(tag: Option<&Tag>, value: Value) -> Value {
    match tag {
        None => value,
        Some(tag) if tag.suffix == "Ref" || tag.suffix == "Condition" => json!({ tag.suffix.clone(): value }),
        Some(tag) => json!({ format!("Fn::{}", tag.suffix): value }),
    }
}
