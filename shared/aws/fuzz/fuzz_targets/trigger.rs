//! Any bytes as an event: no panic, every refusal one short line, and an alarm's name is enough. The parser is taken as its
//! file, so that no AWS client is built for it. A short run without libFuzzer is `shared/aws/tests/trigger/mutations.rs`.

#![no_main]

#[path = "../../src/trigger.rs"]
#[expect(dead_code, reason = "only the parser is under test")]
mod trigger;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

use crate::trigger::Trigger;

/// An error is read by operators and stands in one line of a log.
const ERROR_CHARACTERS_MAX: usize = 1_500;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Value>(bytes) else { return };
    let parsed = Trigger::parse(&event);
    if let Err(error) = &parsed {
        let text = error.to_string();
        let short = text.chars().count() <= ERROR_CHARACTERS_MAX;
        assert!(short && !text.chars().any(char::is_control), "{text:?}");
    }
    let named = event.pointer("/alarmData/alarmName").and_then(Value::as_str);
    if let (Some(name), None) = (named, event.get("Records")) {
        assert_eq!(parsed, Ok(Trigger::Alarm { name: name.to_owned() }));
    }
});
