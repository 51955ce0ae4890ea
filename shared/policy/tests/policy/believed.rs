//! Whoever may write the ledger can put anything there. What it holds is believed only as far as it can be true.

use jiff::Timestamp;
use proptest::prelude::*;
use tidegate_policy::memory::ran::{Ran, RunningSpan};
use tidegate_policy::memory::wait::{JobPace, LastRunning, WaitMemory};
use tidegate_policy::memory::{ConditionRun, FailedChanges, Intent, Overwritten};
use tidegate_policy::notice::ActiveNotice;
use tidegate_policy::overrides::OverrideKind::{Max, Min, Pin};
use tidegate_policy::{Capacity, Memory, NoticeKind};

use crate::arbitrary::{Range, case, memory};
use crate::stage::{Stage, codes, noon, seconds, size};

const NEVER: Timestamp = Timestamp::MAX;

/// A memory with one entry that would hold a service for ever, and the entry's name.
type Poison = (&'static str, fn(&mut Memory));

const FOR_EVER: [Poison; 3] = [
    ("a change that is yet to come", |memory| memory.changed_at = Some(NEVER)),
    ("an intent that never ends", |memory| {
        let evaluation = "no-evaluation".to_owned();
        memory.intent = Some(Intent { from: 1, to: u32::MAX, at: NEVER, evaluation });
    }),
    ("a failure that is never tried again", |memory| {
        memory.failure = Some(FailedChanges { at: NEVER, count: u32::MAX, to: None });
    }),
];

/// The last of an hour of evaluations, the memory believed before each of them as a function does.
fn after_an_hour(stage: &mut Stage) -> u32 {
    for _ in 0..60 {
        stage.memory.believe(stage.now);
        stage.evaluate();
        stage.arrive().wait(60);
    }
    size(&stage.peek())
}

#[test]
fn nothing_in_the_ledger_keeps_a_service_from_scaling_for_an_hour() {
    let busy = || {
        Stage::new(1, 20, &["waiting > 500: +5", "waiting < 50: -1"])
            .with(|stage| stage.policy.stabilization = seconds(300))
    };
    let mut kept = vec![];
    for (what, poison) in FOR_EVER {
        for (mut stage, expected) in [(busy().waiting(900), 20), (busy().tasks(8), 1)] {
            poison(&mut stage.memory);
            let size = after_an_hour(&mut stage);
            if size != expected {
                kept.push(format!("{what}: {size} instead of {expected}"));
            }
        }
    }
    assert_eq!(kept, [""; 0]);
}

#[test]
fn a_clock_that_is_seconds_ahead_is_believed() {
    let ahead = noon() + seconds(5);
    let mut memory = Memory { changed_at: Some(ahead), ..Memory::default() };
    memory.believe(noon());
    assert_eq!(memory.changed_at, Some(ahead));
    for (ahead, believed) in [(60, 60), (61, 0)] {
        memory.overwritten = Some(Overwritten { at: noon() + seconds(ahead), times: 3 });
        memory.believe(noon());
        assert_eq!(memory.overwritten, Some(Overwritten { at: noon() + seconds(believed), times: 3 }));
    }
}

#[test]
fn what_is_remembered_of_notices_and_of_wait_is_believed_no_further_than_the_rest() {
    let notice = |since, condition: String| ActiveNotice {
        kind: NoticeKind::Condition,
        condition: Some(condition),
        since,
        evaluations: 1,
        notified: true,
        ended: false,
    };
    let last_running = |at, running| Some(LastRunning { at, running });
    let wait = |at, running| WaitMemory { last_running: last_running(at, running), ..WaitMemory::default() };
    let mut memory = Memory {
        active_notices: vec![notice(NEVER, format!("cpu\n{}", "9".repeat(300)))],
        wait: Some(wait(NEVER, u32::MAX)),
        ..Memory::default()
    };
    memory.believe(noon());
    assert_eq!(memory.active_notices, [notice(noon(), format!("cpu{}", "9".repeat(297)))]);
    assert_eq!(memory.wait, Some(wait(noon(), Capacity::LIMIT)));
}

#[test]
fn what_an_override_says_becomes_one_line_of_bounded_length() {
    let mut stage = Stage::new(2, 20, &[]).overridden(Pin(9), 600);
    let row = &mut stage.overrides[0];
    (row.who, row.why) = (format!("alice\n{}", "e".repeat(64)), "launch\tday".repeat(60));
    row.believe();
    assert_eq!(row.who, format!("alice{}", "e".repeat(59)));
    assert_eq!(row.why, "launchday".repeat(60)[..300]);
}

#[test]
fn an_override_sets_no_more_than_the_file_allows_and_that_is_reported() {
    let quiet = || Stage::new(2, 20, &[]);
    for kind in [Pin(40), Min(40), Pin(u32::MAX), Min(u32::MAX)] {
        let decision = quiet().overridden(kind, 600).peek();
        assert_eq!(size(&decision), 20, "{kind}");
        assert!(codes(&decision).contains(&"override-above"), "{decision}");
        assert!(decision.notices.iter().any(|notice| notice.kind == NoticeKind::OverrideLimited));
        let more = quiet().with(|stage| stage.policy.override_max = 30).overridden(kind, 600).peek();
        assert_eq!(size(&more), 30, "{kind}");
    }
    let exact = quiet().with(|stage| stage.policy.override_max = 40).overridden(Pin(40), 600).peek();
    assert_eq!((size(&exact), codes(&exact)), (40, vec!["overridden"]));
    let most = quiet().overridden(Max(5_000), 600).peek();
    assert_eq!(most.bounds.max(), 20, "a maximum lowers, and raises only as far as the file allows");
}

#[test]
fn an_override_that_ends_in_years_ends_within_a_month_and_that_is_reported() {
    for kind in [Pin(9), Min(9), Max(1)] {
        for (until, as_asked) in [(31 * 86_400, true), (31 * 86_400 + 1, false), (7_000 * 86_400, false)] {
            let mut stage = Stage::new(2, 20, &[]).overridden(kind, until);
            let decision = stage.peek();
            assert!(codes(&decision).contains(&"overridden"), "{kind} for {until} s");
            assert_eq!(codes(&decision).contains(&"override-too-long"), !as_asked, "{kind} for {until} s");
            let limited = decision.notices.iter().any(|notice| notice.kind == NoticeKind::OverrideLimited);
            assert_eq!(limited, !as_asked, "{kind} for {until} s");
            stage.now += seconds(31 * 86_400);
            assert!(!codes(&stage.peek()).contains(&"overridden"), "{kind} for {until} s has ended");
        }
    }
}

#[test]
fn an_override_that_does_not_state_since_when_or_a_time_to_come_is_never_in_force_and_that_is_reported() {
    for since in [None, Some(noon() + seconds(301)), Some(noon() + seconds(3_000 * 86_400))] {
        let mut stage = Stage::new(2, 20, &[]).overridden(Pin(9), 4_000 * 86_400);
        stage.overrides[0].since = since;
        let decision = stage.peek();
        assert_eq!(
            (size(&decision), codes(&decision)),
            (5, vec!["nothing-matches", "override-undated"]),
            "{since:?}"
        );
        assert_eq!(decision.notices[0].kind, NoticeKind::OverrideLimited);
    }
    let mut ahead = Stage::new(2, 20, &[]).overridden(Pin(9), 600);
    ahead.overrides[0].since = Some(noon() + seconds(300));
    assert_eq!(size(&ahead.peek()), 9, "a clock that is minutes ahead is believed");
}

#[test]
fn a_list_that_is_longer_than_any_of_ours_keeps_its_newest_entries() {
    let last = RunningSpan { lasted: 60, least: 7, most: 7 };
    let mut spans = vec![RunningSpan { lasted: 0, least: 1, most: 1 }; 66_000];
    spans.push(last);
    let mut memory = Memory { ran: Some(Ran { at: 0, spans }), ..Memory::default() };
    memory.believe(noon());
    let spans = memory.ran.expect("it is kept").spans;
    assert_eq!((spans.len(), spans.last()), (64, Some(&last)));
}

#[test]
fn of_more_names_than_a_service_can_have_as_many_are_kept() {
    for (names, kept) in [(255, 255), (256, 256), (257, 256), (1_000, 256)] {
        let run = ConditionRun { since: noon(), last: noon() };
        let runs = (0..names).map(|number| (format!("cpu > {number:04}"), run)).collect();
        let mut memory = Memory { runs, ..Memory::default() };
        memory.believe(noon());
        assert_eq!(memory.runs.len(), kept, "of {names}");
    }
}

#[test]
fn a_pace_that_no_worker_has_is_forgotten_with_what_was_learned_by_it() {
    let with = |pace| {
        let mut memory =
            Memory { wait: Some(WaitMemory { pace, ..WaitMemory::default() }), ..Memory::default() };
        memory.believe(noon());
        memory.wait.is_some()
    };
    for (fastest, kept) in [(0.5, true), (1_000.0, true), (1e30, false), (f64::INFINITY, false)] {
        assert_eq!(with(JobPace { fastest, ..JobPace::default() }), kept, "{fastest} a second");
    }
    for (done, busy, kept) in
        [(900.0, 2.0, true), (1_000.0, 1.0, true), (2_000.0, 1.0, false), (0.0, 0.0, true)]
    {
        assert_eq!(with(JobPace { done, busy, ..JobPace::default() }), kept, "{done} in {busy} s");
    }
    for (places, samples, kept) in [(9.0, 0.0, false), (9.0, 0.1, true), (0.0, 0.0, true)] {
        let answered = JobPace { places, samples, ..JobPace::default() };
        assert_eq!(with(answered), kept, "answers of {samples} evaluations");
    }
}

proptest! {
    #[test]
    fn no_ledger_sets_a_size_that_the_file_and_aws_do_not_allow(case in case(Range::Extreme)) {
        let Some((from, to)) = case.decide().verdict.as_change() else { return Ok(()) };
        let allowed = case.seen.service.as_ref().map_or(0, |service| service.constraints.min.unwrap_or(0));
        let most = case.policy.override_max.max(allowed).max(from);
        prop_assert!(to <= most, "{} instead of at most {most}", case.decide());
    }

    #[test]
    fn a_memory_that_was_believed_once_is_believed_again(memory in memory(Range::Extreme)) {
        let mut once = memory;
        once.believe(noon());
        let mut twice = once.clone();
        twice.believe(noon());
        prop_assert_eq!(once, twice);
    }
}
