use proptest::prelude::*;
use tidegate_fleet::RedisUrl;

use super::*;
use crate::celery::layout::task_fingerprint;
use crate::fingerprint::fingerprint;
use crate::reply::Reply;

fn emails() -> CeleryQueue {
    CeleryQueue {
        url: RedisUrl::Plain(String::new()),
        ca: None,
        queue: "emails".to_owned(),
        exchange: "emails".to_owned(),
        prefix: String::new(),
        separator: ":".to_owned(),
        priority_steps: vec![0, 3, 6, 9],
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

/// What a read finds: tasks in lists, bindings by exchange, and what workers hold, with the rest of it unread.
#[derive(Clone)]
struct RedisContents {
    queue: CeleryQueue,
    lists: Vec<(&'static str, i64)>,
    tables: Vec<(&'static str, Vec<&'static str>)>,
    held: HeldMessages,
}

/// A queue of kombu's default making, with nothing in it.
fn found() -> RedisContents {
    let tables = vec![("emails", vec!["emails::emails"])];
    RedisContents { queue: emails(), lists: vec![], tables, held: HeldMessages::default() }
}

impl RedisContents {
    fn list(mut self, key: &'static str, tasks: i64) -> Self {
        self.lists.push((key, tasks));
        self
    }

    /// Replaces an exchange's bindings.
    fn table(mut self, exchange: &'static str, members: &[&'static str]) -> Self {
        self.tables.retain(|(name, _)| *name != exchange);
        self.tables.push((exchange, members.to_vec()));
        self
    }

    fn holds(mut self, exchange: &str, routing_key: &str, in_flight: u64, delayed: u64) -> Self {
        self.held.exchanges.extend((!exchange.is_empty()).then(|| exchange.to_owned()));
        let route = Route { exchange: exchange.to_owned(), routing_key: routing_key.to_owned() };
        self.held.routes.insert(route, HeldJobs { in_flight, delayed });
        self
    }

    fn unread(mut self, messages: u64) -> Self {
        self.held.unread = messages;
        self
    }

    /// What the first round trip answers.
    fn replies(&self) -> Vec<Value> {
        let reply = |command: RedisCommand| {
            let [name, key] = command.words() else { panic!("{command}") };
            let list = self.lists.iter().find(|(list, _)| list == key);
            let named = |exchange: &&str| key == &format!("{}_kombu.binding.{exchange}", self.queue.prefix);
            let table = self.tables.iter().find(|(exchange, _)| named(exchange));
            let members = table.into_iter().flat_map(|(_, members)| members.iter().copied().map(text));
            match name.as_str() {
                "LLEN" => Value::Int(list.map_or(0, |(_, tasks)| *tasks)),
                "SMEMBERS" => Value::Array(members.collect()),
                _ => Value::Int(0),
            }
        };
        commands(&self.queue).into_iter().map(reply).collect()
    }

    /// What is found out after it: what is held, and every table.
    fn details(&self) -> Details {
        let table = |(exchange, members): &(&str, Vec<&'static str>)| {
            let key = binding_key(&self.queue, exchange);
            (key, members.iter().copied().map(text).collect())
        };
        Details {
            held: [(unacked_key(&self.queue), self.held.clone())].into(),
            tables: self.tables.iter().map(table).collect(),
            heads: self
                .lists
                .iter()
                .map(|(key, _)| ((*key).to_owned(), fingerprint(key.as_bytes())))
                .collect(),
        }
    }

    fn read(&self) -> Result<Queue, Absence> {
        read(&self.queue, self.replies(), &self.details())
    }

    #[track_caller]
    fn shows(&self, in_flight: InFlight, delayed: u64) {
        let queue = self.read().unwrap();
        assert_eq!((queue.in_flight, queue.delayed), (in_flight, delayed));
    }
}

fn read(queue: &CeleryQueue, values: Vec<Value>, details: &Details) -> Result<Queue, Absence> {
    let pairs = commands(queue).into_iter().zip(values);
    let replies: Vec<_> = pairs.map(|(command, value)| Reply::new(command, value)).collect();
    let places: Vec<_> = (0..replies.len()).collect();
    interpret(queue, &mut Replies::new(&replies, &places), details)
}

#[test]
fn every_priority_has_a_list_whatever_the_steps_are() {
    let mut queue = emails();
    let steps: Vec<_> = (1..10).map(|step| format!("emails:{step}")).collect();
    assert_eq!(lists(&queue), [vec!["emails".to_owned()], steps].concat());
    queue.prefix = "shop:".to_owned();
    queue.separator = "\u{6}\u{16}".to_owned();
    assert_eq!(lists(&queue)[3], "shop:emails\u{6}\u{16}3");
    let asked = commands(&queue);
    assert!(asked.iter().all(|command| command.words()[1].starts_with("shop:")));
    let found = found().list("emails", 1).list("emails:1", 2).list("emails:8", 4);
    assert_eq!(found.read().map(|queue| queue.waiting), Ok(7));
}

#[test]
fn the_head_is_in_the_first_list_that_holds_something() {
    let head = |found: &RedisContents| found.read().unwrap().head;
    let fuller = found().list("emails:8", 1).list("emails:3", 1);
    assert_eq!(head(&fuller), Some(fingerprint(b"emails:3")));
    assert_eq!(head(&found()), None);
    let mut unseen = fuller.details();
    unseen.heads.clear();
    assert_eq!(read(&fuller.queue, fuller.replies(), &unseen).unwrap().head, None);
    assert_eq!(task_fingerprint(br#"{"headers": {"id": "a"}}"#), fingerprint(b"a"));
    assert_eq!(task_fingerprint(b"no json"), fingerprint(b"no json"));
}

#[test]
fn what_the_anonymous_exchange_brought_belongs_to_the_queue_of_that_name() {
    found().shows(InFlight::Exactly(0), 0);
    let busy = found().holds("", "emails", 2, 3).holds("", "reports", 3_000, 50);
    busy.shows(InFlight::Exactly(2), 3);
    let mut early = busy;
    early.queue.acks_late = false;
    early.shows(InFlight::Reserved(2), 3);
}

#[test]
fn a_queue_bound_to_two_exchanges_owns_what_came_through_either() {
    found()
        .table("exa", &["ra::emails", "ro::other"])
        .table("exb", &["rb::emails"])
        .holds("exa", "ra", 4, 1)
        .holds("exb", "rb", 4, 0)
        .holds("exa", "ro", 16, 0)
        .holds("exb", "nobody's", 32, 0)
        .shows(InFlight::Exactly(40), 1);
}

#[test]
fn a_topic_is_matched_as_the_producers_match_it() {
    let old = found().table("mail", &[r"mail.*:^mail\..*?[^\.]$:emails", r"log.#:^log\..*?$:logs"]);
    let new = found().table("mail", &[r"mail.*:^mail\.[^\.]+$:emails", r"log.#:^log\..*?$:logs"]);
    let holds = |found: RedisContents| {
        found
            .holds("mail", "mail.send", 1, 0)
            .holds("mail", "mail.send.now", 2, 0)
            .holds("mail", "log.x", 4, 0)
    };
    holds(old).shows(InFlight::Exactly(3), 0);
    // What no binding takes came through one that is gone, and may be anybody's.
    holds(new).shows(InFlight::Exactly(3), 0);
}

#[test]
fn what_may_be_in_another_queue_too_is_never_exact() {
    #[track_caller]
    fn check(exchange: &'static str, members: &[&'static str], exact: bool) {
        let mut found = found().table("emails", &[]).table(exchange, members);
        found.queue.exchange = exchange.to_owned();
        let expected = if exact { InFlight::Exactly(0) } else { InFlight::AtLeast(0) };
        found.shows(expected, 0);
    }
    check("emails", &["emails::emails"], true);
    check("celery", &["celery::emails", "celery::reports", "celery::celery"], true);
    check("main", &["main::emails", "main::reports"], true);
    check("media", &["emails::emails", "reports::reports"], true);
    check("media", &["key::emails", "key::reports"], false);
    check("media", &[r"a.#:^a\..*?$:emails", r"b.#:^b\..*?$:reports"], true);
    check("media", &[r"a.#:^a\..*?$:emails", r"#:^.*?$:audit"], false);
    // As a fanout exchange is bound: each worker runs a copy of its own.
    check("fan", &["celery::emails"], false);
    check("fan", &["::emails"], false);
}

#[test]
fn the_binding_that_all_queues_have_in_common_is_exact_until_something_comes_through_it() {
    let common = found().table("celery", &["celery::emails", "celery::reports"]);
    common.clone().holds("", "emails", 2, 0).shows(InFlight::Exactly(2), 0);
    common.holds("celery", "celery", 2, 0).shows(InFlight::AtLeast(2), 0);
    let alone = found().table("celery", &["celery::emails"]);
    alone.holds("celery", "celery", 2, 0).shows(InFlight::Exactly(2), 0);
}

#[test]
fn what_cannot_be_assigned_is_in_flight() {
    let gone = found().holds("gone", "key", 3, 0);
    gone.clone().table("gone", &[]).shows(InFlight::Exactly(3), 0);
    // Its bindings were not read.
    gone.shows(InFlight::AtLeast(3), 0);
    let mut strange = found();
    strange.held.strange = 2;
    strange.shows(InFlight::Exactly(2), 0);
    let fanout = found().table("fan", &["celery::emails"]).holds("fan", "other", 5, 0);
    fanout.shows(InFlight::AtLeast(5), 0);
}

#[test]
fn a_part_of_what_is_held_is_never_the_whole() {
    let part = found().holds("", "emails", 2, 1).holds("", "reports", 90, 7).unread(2_902);
    part.shows(InFlight::Partly { jobs: 2, read: 100, held: 3_002 }, 1);
    found().unread(1).shows(InFlight::Partly { jobs: 0, read: 0, held: 1 }, 0);
    let mut unasked = part.details();
    unasked.held.clear();
    let mut replies = part.replies();
    replies[lists(&part.queue).len()] = Value::Int(7);
    let queue = read(&part.queue, replies, &unasked).unwrap();
    assert_eq!(queue.in_flight, InFlight::Partly { jobs: 0, read: 0, held: 7 });
}

#[test]
fn a_queue_is_proved_by_whatever_way_celery_binds_it() {
    #[track_caller]
    fn check(exchange: &'static str, member: &'static str, proved: bool) {
        let read = found().table("emails", &[]).table(exchange, &[member]).read();
        assert_eq!(read.is_ok(), proved, "{exchange} {member}");
        assert!(read.is_ok() || read.is_err_and(|absence| absence.kind == AbsenceKind::NotFound));
    }
    check("emails", "emails::emails", true);
    check("celery", "celery::emails", true);
    check("celery", "high::emails", true);
    check("celery", r"feed.#:^feed\..*?$:emails", true);
    check("emails", "emails::reports", false);
    check("emails", "odd", false);
    let missing = found().table("emails", &[]).read().unwrap_err();
    assert_eq!(
        missing.detail,
        "no list `emails`, and no queue `emails` in `_kombu.binding.emails` or `_kombu.binding.celery`, so it may be a \
         typo; check the queue's name, the database number in the URL, the prefix (here none) and the exchange"
    );
    let waiting = found().table("emails", &[]).list("emails", 1);
    waiting.shows(InFlight::AtLeast(0), 0);
}

#[test]
fn a_refused_command_is_named_with_the_servers_words() {
    #[track_caller]
    fn check(place: usize, error: Option<&str>) {
        let mut replies = found().replies();
        replies[place] = refused("WRONGTYPE Operation against a key holding the wrong kind of value");
        let read = read(&emails(), replies, &found().details());
        let said = read.err().map(|absence| absence.to_string());
        let rest = "WRONGTYPE Operation against a key holding the wrong kind of value";
        assert_eq!(said, error.map(|command| format!("wrong type: {command}: {rest}")));
    }
    check(3, Some("LLEN `emails:3`"));
    check(10, Some("HLEN `unacked`"));
    check(11, Some("SMEMBERS `_kombu.binding.emails`"));
    // It is only read because the queue may be bound there, and is not.
    check(12, None);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        Just(Value::Okay),
        any::<i64>().prop_map(Value::Int),
        any::<Vec<u8>>().prop_map(Value::BulkString),
        Just(text("a.*:^a\\..*?[^\\.]$:emails")),
        Just(refused("LOADING Redis is loading the dataset in memory")),
        Just(text("0")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn no_answer_whatever_makes_it_panic(values in prop::collection::vec(any_value(), 0..15)) {
        let _ = read(&emails(), values, &found().details());
    }

    #[test]
    fn more_tasks_never_wait_less(first in 0..i64::MAX, second in 0..i64::MAX, more in 0..i64::MAX) {
        let waiting = |first, second| found().list("emails", first).list("emails:3", second).read().unwrap().waiting;
        prop_assert!(waiting(first.saturating_add(more), second) >= waiting(first, second));
    }

    /// Whatever else is held, read or not, and however it came, jobs of ours are never fewer than those known.
    #[test]
    fn what_others_hold_never_hides_ours(mine in 0..50_u64, others in 0..5_000_u64, unread in 0..5_000_u64) {
        let queue = found().holds("", "emails", mine, 0).holds("", "reports", others, 0).unread(unread).read().unwrap();
        prop_assert!(queue.in_flight.known() >= mine);
        prop_assert_eq!(matches!(queue.in_flight, InFlight::Partly { .. }), unread > 0);
    }
}
