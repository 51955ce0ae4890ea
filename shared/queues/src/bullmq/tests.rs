use proptest::prelude::*;
use redis::Value;
use tidegate_fleet::RedisUrl;

use super::*;
use crate::reply::Reply;

fn emails() -> BullmqQueue {
    BullmqQueue {
        url: RedisUrl::Plain(String::new()),
        ca: None,
        queue: "emails".to_owned(),
        prefix: "bull".to_owned(),
    }
}

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

/// What a server holds; the fields are the answers.
#[derive(Clone, Default)]
struct Keys {
    /// Of the four sorted sets of groups.
    groups: [i64; 4],
    paused: i64,
    meta: i64,
    /// `paused`, `concurrency` and `max` of `meta`.
    settings: [Option<&'static str>; 3],
    limiter: Option<&'static str>,
    /// What is left of the period, in milliseconds.
    limiter_lasts: i64,
    stalled_check: i64,
    wait: Vec<&'static str>,
    prioritized: Vec<&'static str>,
    delayed: Vec<&'static str>,
    due: i64,
    active: i64,
    completed: Counter,
    failed: Counter,
}

/// The settings of a paused queue.
const PAUSED: [Option<&str>; 3] = [Some("1"), None, None];

/// The fields `count` and `prevTS`.
type Counter = [Option<&'static str>; 2];

impl Keys {
    fn read(&self) -> Result<Queue, Absence> {
        let length = |list: &[&str]| Value::Int(i64::try_from(list.len()).unwrap());
        let end = |id: Option<&&str>| id.map_or(Value::Nil, |id| text(id));
        let first = |set: &[&str]| Value::Array(set.first().map(|id| text(id)).into_iter().collect());
        let fields = |fields: &[Option<&'static str>]| {
            Value::Array(fields.iter().map(|field| field.map_or(Value::Nil, text)).collect())
        };
        let values = [
            Value::Int(self.paused),
            Value::Int(self.meta),
            fields(&self.settings),
            self.limiter.map_or(Value::Nil, text),
            Value::Int(self.limiter_lasts),
            Value::Int(self.stalled_check),
            length(&self.wait),
            end(self.wait.first()),
            end(self.wait.last()),
            length(&self.prioritized),
            first(&self.prioritized),
            length(&self.delayed),
            Value::Int(self.due),
            first(&self.delayed),
            Value::Int(self.active),
            fields(&self.completed),
            fields(&self.failed),
        ];
        read(self.groups.map(Value::Int).into_iter().chain(values).collect())
    }
}

fn read(values: Vec<Value>) -> Result<Queue, Absence> {
    let pairs = commands(&emails(), Timestamp::UNIX_EPOCH).into_iter().zip(values);
    let replies: Vec<_> = pairs.map(|(command, value)| Reply::new(command, value)).collect();
    let places: Vec<_> = (0..replies.len()).collect();
    interpret(&emails(), &mut Replies::new(&replies, &places), Timestamp::UNIX_EPOCH)
}

#[test]
fn due_jobs_wait_and_the_rest_is_delayed() {
    let keys = Keys {
        wait: vec!["9", "8"],
        prioritized: vec!["3"],
        delayed: vec!["4", "5", "6"],
        due: 2,
        active: 7,
        ..Keys::default()
    };
    let queue = keys.read().unwrap();
    assert_eq!((queue.waiting, queue.due, queue.delayed), (5, 2, 1));
    assert_eq!(queue.in_flight, InFlight::Exactly(7));
    assert_eq!(queue.head, Some(fingerprint(b"8")));
}

#[test]
fn the_head_is_the_next_job_wherever_it_is() {
    let mut keys = Keys { prioritized: vec!["3"], delayed: vec!["4"], due: 1, ..Keys::default() };
    assert_eq!(keys.read().unwrap().head, Some(fingerprint(b"3")));
    keys.prioritized.clear();
    assert_eq!(keys.read().unwrap().head, Some(fingerprint(b"4")));
    keys.due = 0;
    assert_eq!(keys.read().unwrap().head, None);
}

#[test]
fn the_markers_of_version_4_are_no_jobs() {
    #[track_caller]
    fn check(wait: &[&'static str], waiting: u64, head: Option<&str>) {
        let queue = Keys { meta: 1, wait: wait.to_vec(), ..Keys::default() }.read().unwrap();
        assert_eq!(queue.waiting, waiting);
        assert_eq!(queue.head, head.map(|id| fingerprint(id.as_bytes())));
    }
    check(&["0:0"], 0, None);
    check(&["0:0", "7"], 1, Some("7"));
    check(&["9", "7", "0:1772362800000"], 2, None);
    check(&["0"], 1, Some("0"));
}

#[test]
fn both_ways_of_pausing_are_seen() {
    let version_5 = Keys { paused: 4, meta: 1, settings: PAUSED, ..Keys::default() }.read().unwrap();
    assert_eq!((version_5.waiting, version_5.paused), (4, true));
    let version_6 =
        Keys { wait: vec!["1", "2"], meta: 1, settings: PAUSED, ..Keys::default() }.read().unwrap();
    assert_eq!((version_6.waiting, version_6.paused), (2, true));
    let left_behind = Keys { paused: 4, meta: 1, ..Keys::default() }.read().unwrap();
    assert_eq!((left_behind.waiting, left_behind.paused), (0, false));
}

#[test]
fn jobs_that_no_worker_may_take_are_those_of_a_queue_at_a_limit() {
    #[track_caller]
    fn check(settings: [Option<&'static str>; 2], limiter: Option<&'static str>, active: i64, met: bool) {
        let [concurrency, max] = settings;
        let settings = [None, concurrency, max];
        let keys = Keys { meta: 1, settings, limiter, active, ..Keys::default() };
        let lasting = Keys { limiter_lasts: 500, stalled_check: 1, ..keys };
        let busy = Keys { wait: vec!["2", "1"], ..lasting.clone() }.read().unwrap();
        assert_eq!((busy.waiting, busy.is_at_limit()), (2, met), "{settings:?} {limiter:?} {active}");
        assert!(!lasting.read().unwrap().is_at_limit(), "nothing waits");
    }
    check([None, None], None, 5, false);
    // The queue's own rate limit.
    check([None, Some("10")], Some("9"), 5, false);
    check([None, Some("10")], Some("10"), 5, true);
    check([None, Some("10")], Some("11"), 0, true);
    check([None, Some("10")], Some("9"), 0, false);
    // Its global concurrency.
    check([Some("6"), None], None, 5, false);
    check([Some("6"), None], None, 6, true);
    check([Some("6"), Some("10")], Some("2"), 6, true);
    // What only workers know: they took jobs, more wait, and none runs; or one was told to wait.
    check([None, None], Some("3"), 1, false);
    check([None, None], Some("3"), 0, true);
    check([None, None], Some("9007199254740991"), 4, true);
}

#[test]
fn without_workers_a_limit_of_theirs_keeps_no_service_asleep() {
    let keys = Keys { wait: vec!["1"], limiter: Some("3"), limiter_lasts: 3_600_000, ..Keys::default() };
    assert!(!keys.read().unwrap().is_at_limit(), "a worker may take it");
    assert!(Keys { stalled_check: 1, ..keys }.read().unwrap().is_at_limit());
}

#[test]
fn a_limit_ends_with_its_period() {
    for limiter_lasts in [-2, -1, 0] {
        let settings = [None, None, Some("10")];
        let over = Keys { wait: vec!["1"], settings, limiter: Some("10"), limiter_lasts, ..Keys::default() };
        assert!(!over.read().unwrap().is_at_limit(), "{limiter_lasts}");
    }
}

#[test]
fn a_queue_without_any_key_is_missing() {
    let missing = Keys::default().read().unwrap_err();
    assert_eq!(missing.kind, AbsenceKind::NotFound);
    assert!(missing.detail.contains("`bull:emails:meta`"), "{missing}");
    assert!(Keys { meta: 1, ..Keys::default() }.read().is_ok());
    assert!(Keys { active: 1, ..Keys::default() }.read().is_ok());
}

#[test]
fn a_job_is_due_within_its_whole_millisecond() {
    let now = Timestamp::from_millisecond(1_772_362_800_000).unwrap();
    let score = last_due_score(now);
    assert_eq!(score / SCORES_PER_MILLISECOND, 1_772_362_800_000);
    assert_eq!(score % SCORES_PER_MILLISECOND, SCORES_PER_MILLISECOND - 1);
}

#[test]
fn ended_jobs_are_counted_only_while_workers_count() {
    #[track_caller]
    fn check(completed: Counter, failed: Counter, done: Option<u64>) {
        let queue = Keys { meta: 1, completed, failed, ..Keys::default() }.read().unwrap();
        assert_eq!(queue.done, done);
    }
    const NONE: Counter = [None, None];
    check(NONE, NONE, None);
    check([Some("7"), Some("0")], NONE, Some(7));
    check(NONE, [Some("2"), Some("0")], Some(2));
    check([Some("7"), Some("-600000")], NONE, Some(7));
    check([Some("7"), Some("-600001")], NONE, None);
    // One job that ended within the time shows that the workers still count both ways.
    check([Some("7"), Some("0")], [Some("2"), Some("-9000000")], Some(9));
    check([Some("seven"), Some("0")], NONE, None);
    check([Some("-7"), Some("0")], NONE, None);
    check([Some("7"), None], NONE, None);
}

/// BullMQ Pro is no public package: which keys it has is known from dashboards that read them.
#[test]
fn a_queue_with_jobs_in_groups_is_not_known() {
    for (place, set) in GROUPS.into_iter().enumerate() {
        let mut keys = Keys { meta: 1, wait: vec!["1"], ..Keys::default() };
        keys.groups[place] = 1;
        let absence = keys.read().unwrap_err();
        assert_eq!(absence.kind, AbsenceKind::Unreadable);
        assert!(absence.detail.contains(&format!("`bull:emails:{set}` exists")), "{absence}");
    }
}

#[test]
fn a_counter_that_is_none_does_not_hide_the_queue() {
    let queue = |reply: Value| {
        let empty = || Value::Array(Vec::new());
        let mut values = vec![Value::Int(0); GROUPS.len()];
        values.extend([Value::Int(0), Value::Int(1), empty(), Value::Nil, Value::Int(-2), Value::Int(0)]);
        values.extend([
            Value::Int(3),
            Value::Nil,
            Value::Nil,
            Value::Int(0),
            empty(),
            Value::Int(0),
            Value::Int(0),
            empty(),
        ]);
        values.extend([Value::Int(1), reply.clone(), reply]);
        read(values).unwrap()
    };
    for reply in [Value::Nil, Value::Int(7), Value::Array(vec![text("7")])] {
        let queue = queue(reply);
        assert_eq!((queue.waiting, queue.in_flight, queue.done), (3, InFlight::Exactly(1), None));
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nil),
        any::<i64>().prop_map(Value::Int),
        (0..3_i64).prop_map(Value::Int),
        any::<Vec<u8>>().prop_map(Value::BulkString),
        Just(text("0:1")),
        Just(Value::Array(vec![Value::Nil])),
        Just(Value::Array(vec![text("7")])),
    ]
}

proptest! {
    #[test]
    fn no_answer_whatever_makes_it_panic(values in prop::collection::vec(any_value(), 0..22)) {
        let _ = read(values);
    }

    #[test]
    fn more_jobs_never_wait_less(jobs in prop::array::uniform5(0..i64::MAX), more in 0..i64::MAX, which in 0..4_usize) {
        let waiting = |[wait, prioritized, due, active, later]: [i64; 5]| {
            let empty = || Value::Array(Vec::new());
            let delayed = Value::Int(due.saturating_add(later));
            let [wait, prioritized, due, active] = [wait, prioritized, due, active].map(Value::Int);
            let queue = vec![Value::Int(0), Value::Int(1), empty(), Value::Nil, Value::Int(-2), Value::Int(0)];
            let first = vec![wait, Value::Nil, Value::Nil, prioritized, empty()];
            let uncounted = vec![empty(), empty()];
            let groups = vec![Value::Int(0); GROUPS.len()];
            read([groups, queue, first, vec![delayed, due, empty(), active], uncounted].concat()).unwrap().waiting
        };
        let mut grown = jobs;
        grown[which] = grown[which].saturating_add(more);
        prop_assert!(waiting(grown) >= waiting(jobs));
    }
}
