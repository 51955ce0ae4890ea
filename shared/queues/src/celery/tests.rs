use proptest::prelude::*;
use tidegate_fleet::source::RedisUrl;

use super::*;
use crate::answer::Answer;

const NOW: &str = "2026-03-01T12:00:00Z";

fn emails() -> CeleryQueue {
    CeleryQueue {
        url: RedisUrl::Plain(String::new()),
        queue: "emails".to_owned(),
        exchange: "emails".to_owned(),
        prefix: String::new(),
        separator: "\u{6}\u{16}".to_owned(),
        priority_steps: vec![0, 3],
        unacked_key: "unacked".to_owned(),
        acks_late: true,
    }
}

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn refused(line: &str) -> Value {
    redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap()
}

fn read(queue: &CeleryQueue, values: Vec<Value>) -> Result<Queue, Absence> {
    let pairs = commands(queue).into_iter().zip(values);
    let answers: Vec<_> = pairs.map(|(command, value)| Answer::new(command, value)).collect();
    let places: Vec<_> = (0..answers.len()).collect();
    interpret(queue, &mut Answers::new(&answers, &places), NOW.parse().unwrap())
}

/// Two lists with their oldest messages, then `unacked`: its length, whether the sample is complete, its entries.
fn values(lists: [(i64, Value); 2], unacked: i64, complete: bool, entries: &[String]) -> Vec<Value> {
    let [(first, head), (second, other_head)] = lists;
    let binding = text("emails\u{6}\u{16}\u{6}\u{16}emails");
    let pairs = entries.iter().flat_map(|entry| [text("tag"), text(entry)]);
    let cursor = text(if complete { "0" } else { "17" });
    vec![
        Value::Int(first),
        head,
        Value::Int(second),
        other_head,
        Value::Array(vec![binding]),
        Value::Int(unacked),
        Value::Array(vec![cursor, Value::Array(pairs.collect())]),
    ]
}

fn empty_lists() -> [(i64, Value); 2] {
    [(0, Value::Nil), (0, Value::Nil)]
}

fn entry(exchange: &str, routing_key: &str, eta: &str) -> String {
    format!(r#"[{{"headers": {{"id": "x", "eta": {eta}}}}}, "{exchange}", "{routing_key}"]"#)
}

#[test]
fn the_steps_have_kombus_names() {
    let mut queue = emails();
    assert_eq!(lists(&queue), ["emails", "emails\u{6}\u{16}3"]);
    queue.prefix = "shop:".to_owned();
    queue.separator = ":".to_owned();
    queue.priority_steps = vec![5, 0, 5];
    assert_eq!(lists(&queue), ["shop:emails", "shop:emails:5"]);
    let asked = commands(&queue);
    assert!(asked.iter().all(|command| command.words()[1].starts_with("shop:")));
}

#[test]
fn the_head_is_in_the_first_list_that_holds_something() {
    let message = |id: &str| text(&format!(r#"{{"headers": {{"id": "{id}"}}}}"#));
    let lists = [(0, Value::Nil), (1, message("b"))];
    let queue = read(&emails(), values(lists, 0, true, &[])).unwrap();
    assert_eq!((queue.waiting, queue.head), (1, Some(fingerprint(b"b"))));
    let lists = [(2, message("a")), (1, message("b"))];
    let queue = read(&emails(), values(lists, 0, true, &[])).unwrap();
    assert_eq!((queue.waiting, queue.head), (3, Some(fingerprint(b"a"))));
    let lists = [(1, text("no json")), (0, Value::Nil)];
    let queue = read(&emails(), values(lists, 0, true, &[])).unwrap();
    assert_eq!(queue.head, Some(fingerprint(b"no json")));
}

#[test]
fn held_messages_are_split_by_queue_and_eta() {
    #[track_caller]
    fn check(entries: &[String], in_flight: u64, delayed: u64) {
        let unacked = i64::try_from(entries.len()).unwrap();
        let queue = read(&emails(), values(empty_lists(), unacked, true, entries)).unwrap();
        assert_eq!((queue.in_flight, queue.delayed), (InFlight::Exactly(in_flight), delayed));
    }
    check(&[], 0, 0);
    check(&[entry("", "emails", "null")], 1, 0);
    check(&[entry("emails", "emails", "null")], 1, 0);
    check(&[entry("", "reports", "null")], 0, 0);
    check(&[entry("emails", "reports", "null")], 0, 0);
    check(&[entry("shop", "emails", "null")], 1, 0);
    check(&[entry("", "emails", r#""2026-03-01T12:00:01+00:00""#)], 0, 1);
    check(&[entry("", "emails", r#""2026-03-01T12:00:00+00:00""#)], 1, 0);
    check(&["not kombu's".to_owned()], 1, 0);
}

#[test]
fn an_incomplete_sample_is_scaled_up_and_is_no_count() {
    let entries = [entry("", "emails", "null"), entry("", "reports", "null"), entry("", "reports", "null")];
    let queue = read(&emails(), values(empty_lists(), 1000, false, &entries)).unwrap();
    assert_eq!(queue.in_flight, InFlight::AtLeast(334));
}

#[test]
fn without_a_sample_all_that_is_held_is_in_flight() {
    let mut values = values(empty_lists(), 7, true, &[]);
    values.pop();
    values.push(refused("NOPERM this user has no permissions to run the 'hscan' command"));
    let queue = read(&emails(), values).unwrap();
    assert_eq!((queue.in_flight, queue.delayed), (InFlight::AtLeast(7), 0));
}

#[test]
fn early_acknowledgment_hides_what_runs() {
    let queue = CeleryQueue { acks_late: false, ..emails() };
    let read = read(&queue, values(empty_lists(), 0, true, &[])).unwrap();
    assert_eq!(read.in_flight, InFlight::AtLeast(0));
}

#[test]
fn a_queue_that_nothing_binds_is_missing() {
    let mut unbound = values(empty_lists(), 3, true, &[entry("", "emails", "null")]);
    unbound[4] = Value::Array(vec![text("reports\u{6}\u{16}\u{6}\u{16}reports"), text("odd"), Value::Nil]);
    let missing = read(&emails(), unbound.clone()).unwrap_err();
    assert_eq!(missing.kind, AbsenceKind::NotFound);
    assert!(missing.detail.contains("`_kombu.binding.emails` binds no queue `emails`"), "{missing}");
    unbound[2] = Value::Int(1);
    assert_eq!(read(&emails(), unbound).map(|queue| queue.waiting), Ok(1));
}

#[test]
fn a_refused_command_is_named_with_the_servers_words() {
    let mut values = values(empty_lists(), 0, true, &[]);
    values[2] = refused("WRONGTYPE Operation against a key holding the wrong kind of value");
    let refusal = read(&emails(), values).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        r"wrong type: LLEN `emails\u{6}\u{16}3`: WRONGTYPE Operation against a key holding the wrong kind of value"
    );
}

#[test]
fn topics_match_like_kombus() {
    #[track_caller]
    fn check(pattern: &str, routing_key: &str, matches: bool) {
        assert_eq!(topic_matches(pattern, routing_key), matches, "{pattern} {routing_key}");
    }
    check("mail.*", "mail.send", true);
    check("mail.*", "mail.send.now", false);
    check("mail.#", "mail.send.now", true);
    check("#.now", "mail.send.now", true);
    check("#", "anything", true);
    check("mail", "mails", false);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        Just(Value::Okay),
        any::<i64>().prop_map(Value::Int),
        any::<Vec<u8>>().prop_map(Value::BulkString),
        Just(text(&entry("", "emails", r#""9999-12-31T23:59:59Z""#))),
        Just(refused("LOADING Redis is loading the dataset in memory")),
        Just(text("0")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn no_answer_whatever_makes_it_panic(values in prop::collection::vec(any_value(), 0..9)) {
        let _ = read(&emails(), values);
    }

    #[test]
    fn more_tasks_never_wait_less(first in 0..i64::MAX, second in 0..i64::MAX, more in 0..i64::MAX) {
        let waiting = |first, second| {
            let lists = [(first, Value::Nil), (second, Value::Nil)];
            read(&emails(), values(lists, 0, true, &[])).unwrap().waiting
        };
        prop_assert!(waiting(first.saturating_add(more), second) >= waiting(first, second));
    }

    #[test]
    fn an_estimate_is_never_below_what_was_seen(
        mine in 0..50_usize, others in 0..50_usize, unacked in 0..i64::MAX, complete: bool,
    ) {
        let mut entries = vec![entry("", "emails", "null"); mine];
        entries.extend(vec![entry("", "reports", "null"); others]);
        let queue = read(&emails(), values(empty_lists(), unacked, complete, &entries)).unwrap();
        prop_assert!(queue.in_flight.known() >= u64::try_from(mine).unwrap());
    }
}
