//! YAML as an editor reads it: scalars typed by YAML 1.2's core schema. Only tests want that.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

/// The document as JSON.
pub(crate) fn to_json(text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| event.expect("the file is YAML").0);
    let first = events.find(|event| !matches!(event, Event::StreamStart | Event::DocumentStart(_)));
    value(first.expect("the file has a document"), &mut events)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser has more events than a fleet file may hold")]
fn value<'a>(event: Event<'a>, events: &mut impl Iterator<Item = Event<'a>>) -> Value {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
        Event::Scalar(text, ..) => json!(text),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match events.next().expect("the list ends") {
                    Event::SequenceEnd => return Value::Array(items),
                    item => items.push(value(item, events)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Map::new();
            loop {
                match events.next().expect("the mapping ends") {
                    Event::MappingEnd => return Value::Object(entries),
                    Event::Scalar(key, ..) => {
                        let next = events.next().expect("a key has a value");
                        entries.insert(key.into_owned(), value(next, events));
                    }
                    other => panic!("not a key: {other:?}"),
                }
            }
        }
        other => panic!("not a value: {other:?}"),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "true" => json!(true),
        "false" => json!(false),
        "" | "~" | "null" => Value::Null,
        _ => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
    }
}
