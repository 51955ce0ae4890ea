//! Malformed events: those of the corpus, broken at random. A short run is part of the tests; a longer one is
//! `TIDEGATE_FUZZ_SECONDS=600 cargo test --release --workspace --test trigger -- --nocapture mutations`.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use tidegate_aws::trigger::Trigger;

use crate::payloads;

/// Events tried when no time is asked for.
const EVENTS: u64 = 20_000;
/// An error is read by operators and stands in one line of a log.
const ERROR_CHARACTERS_MAX: usize = 1_500;
/// What fields hold when they are not what they should be.
const ODDITIES: [&str; 12] = [
    "null",
    "true",
    "-1",
    "1e308",
    "[]",
    "{}",
    "\"\"",
    "\"aws:sqs\"",
    "\"aws:sns\"",
    "\"{}\"",
    "\"\\u0000\\n\\ud83d\\ude00\"",
    "{\"evaluation\":1}",
];

/// Every event of the repository.
fn corpus() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("tests/trigger/payloads"), root.join("../../events")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder").flatten());
    let paths = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut paths: Vec<_> = paths.collect();
    paths.sort_unstable();
    paths.iter().map(|path| payloads::read(path)).collect()
}

/// Chance.
struct Dice(TestRng);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("few");
        usize::try_from(self.0.next_u64() % end).expect("few")
    }

    fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    fn oddity(&mut self) -> Value {
        let text = self.one_of(&ODDITIES).expect("oddities");
        serde_json::from_str(text).expect("JSON")
    }
}

/// Breaks one place of an event; what stands as JSON in a text is broken from within.
fn mutate(value: &mut Value, dice: &mut Dice) {
    if dice.below(12) == 0 {
        *value = dice.oddity();
        return;
    }
    match value {
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let Some(key) = dice.one_of(&keys).cloned() else { return };
            match dice.below(8) {
                0 => drop(fields.remove(&key)),
                1 => {
                    let moved = fields.remove(&key).unwrap_or_default();
                    fields.insert(key.to_uppercase(), moved);
                }
                2 => {
                    let known =
                        ["Records", "alarmData", "detail-type", "AlarmName", "evaluation", "action", "Type"];
                    let name = dice.one_of(&known).expect("names");
                    fields.insert((*name).to_owned(), dice.oddity());
                }
                _ => fields.get_mut(&key).into_iter().for_each(|field| mutate(field, dice)),
            }
        }
        Value::Array(items) => match dice.below(4) {
            0 => items.clear(),
            1 => items.extend(items.first().cloned()),
            _ => items.first_mut().into_iter().for_each(|item| mutate(item, dice)),
        },
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(mut inner) if inner.is_object() && dice.below(4) > 0 => {
                mutate(&mut inner, dice);
                *text = inner.to_string();
            }
            _ => {
                let characters: Vec<char> = text.chars().collect();
                let cut = dice.below(characters.len());
                *text = characters.into_iter().take(cut).collect();
            }
        },
        Value::Number(_) | Value::Bool(_) | Value::Null => *value = dice.oddity(),
    }
}

/// Puts an event into another envelope now and then.
fn wrap(event: Value, dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!({"Records": [{"eventSource": "aws:sqs", "body": event.to_string()}]}),
        1 => json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": event.to_string()}}]}),
        2 => json!({"Type": "Notification", "Message": event.to_string()}),
        _ => event,
    }
}

/// What must hold of any event. It was parsed at all, so it did not panic.
fn check(event: &Value) {
    if let Err(error) = Trigger::parse(event) {
        let text = error.to_string();
        let short = text.chars().count() <= ERROR_CHARACTERS_MAX;
        assert!(short && !text.chars().any(char::is_control), "{text:?}");
    }
    // Whatever else an alarm's event holds, its name is enough.
    let named = event.pointer("/alarmData/alarmName").and_then(Value::as_str);
    if let (Some(name), None) = (named, event.get("Records")) {
        assert_eq!(Trigger::parse(event), Ok(Trigger::Alarm { name: name.to_owned() }), "{event}");
    }
}

#[test]
fn no_event_panics_and_every_refusal_is_one_short_line() {
    let seconds = env::var("TIDEGATE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let corpus = corpus();
    assert!(corpus.len() >= 20, "the corpus has only {} events", corpus.len());
    let mut tried = 0_u64;
    let (mut triggered, mut refused) = (0_u64, 0_u64);
    while until.map_or(tried < EVENTS, |until| Instant::now() < until) {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&tried.to_le_bytes());
        let mut dice = Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let mut event = dice.one_of(&corpus).cloned().unwrap_or_default();
        for _ in 0..=dice.below(4) {
            mutate(&mut event, &mut dice);
            event = wrap(event, &mut dice);
        }
        check(&event);
        let counter = if Trigger::parse(&event).is_ok() { &mut triggered } else { &mut refused };
        *counter += 1;
        tried += 1;
    }
    println!("{tried} events: {triggered} triggered, {refused} were refused");
    assert!(
        triggered * 10 > tried && refused * 10 > tried,
        "the mutations are too wild or too tame: {triggered} of {tried}"
    );
}
