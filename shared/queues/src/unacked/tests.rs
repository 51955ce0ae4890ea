use super::*;

const NOW: &str = "2026-03-01T12:00:00Z";

/// A hash of which these values were read, as of noon.
fn held(values: &[&str]) -> HeldMessages {
    let mut unacked = Unacked::default();
    for (number, value) in values.iter().enumerate() {
        unacked.learn(number.to_string(), Value::BulkString(value.as_bytes().to_vec()));
    }
    unacked.held(0, NOW.parse().unwrap())
}

fn entry(exchange: &str, routing_key: &str, eta: &str) -> String {
    format!(r#"[{{"body": "W10=", "headers": {{"id": "x", "eta": {eta}}}}}, {exchange}, {routing_key}]"#)
}

#[track_caller]
fn check(value: &str, route: Option<(&str, &str)>, in_flight: u64, delayed: u64) {
    let held = held(&[value]);
    let jobs = held.routes.values().next().copied();
    let found = held.routes.keys().next().map(|route| (route.exchange.as_str(), route.routing_key.as_str()));
    assert_eq!(found, route, "{value}");
    assert_eq!(jobs, route.map(|_| HeldJobs { in_flight, delayed }), "{value}");
    assert_eq!((held.strange, held.unread), (u64::from(route.is_none()), 0), "{value}");
}

#[test]
fn a_message_tells_how_it_came_and_whether_its_eta_has_come() {
    check(&entry(r#""""#, r#""emails""#, "null"), Some(("", "emails")), 1, 0);
    check(&entry(r#""mail""#, r#""mail.send""#, "null"), Some(("mail", "mail.send")), 1, 0);
    check(&entry("null", r#""emails""#, "null"), Some(("", "emails")), 1, 0);
    let emails = r#""emails""#;
    check(&entry(r#""""#, emails, r#""2026-03-01T12:00:01+00:00""#), Some(("", "emails")), 0, 1);
    check(&entry(r#""""#, emails, r#""2026-03-01T12:00:00+00:00""#), Some(("", "emails")), 1, 0);
    check(&entry(r#""""#, emails, r#""2026-03-01T13:00:00+01:00""#), Some(("", "emails")), 1, 0);
    // Celery takes a time without an offset as UTC.
    check(&entry(r#""""#, emails, r#""2026-03-01T12:00:00.5""#), Some(("", "emails")), 0, 1);
    check("[{}, null, null]", Some(("", "")), 1, 0);
}

#[test]
fn what_is_not_kombus_is_counted_as_such() {
    check("not json", None, 0, 0);
    check("[1]", None, 0, 0);
    check("{}", None, 0, 0);
}

#[test]
fn messages_of_one_way_add_up() {
    let later = entry(r#""""#, r#""emails""#, r#""2099-01-01T00:00:00""#);
    let now = entry(r#""""#, r#""emails""#, "null");
    let held = held(&[&now, &later, &now, "strange"]);
    assert_eq!(held.routes.values().copied().collect::<Vec<_>>(), [HeldJobs { in_flight: 2, delayed: 1 }]);
    assert_eq!(held.read(), 4);
}

#[test]
fn a_portion_is_full_before_the_next_begins_and_what_is_larger_stands_alone() {
    let sizes = |portions: Vec<(Vec<char>, u64)>| {
        portions.into_iter().map(|(portion, bytes)| (String::from_iter(portion), bytes)).collect::<Vec<_>>()
    };
    let portions =
        portions(vec![('a', 1), ('b', PORTION_BYTES - 1), ('c', 1), ('d', PORTION_BYTES + 1), ('e', 0)]);
    let expected = [("ab", PORTION_BYTES), ("c", 1), ("d", PORTION_BYTES + 1), ("e", 0)];
    assert_eq!(sizes(portions), expected.map(|(portion, bytes)| (portion.to_owned(), bytes)));
}
