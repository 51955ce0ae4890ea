//! Whoever may write the ledger can put anything there. What it holds is believed only as far as it can be true.

use jiff::Timestamp;
use proptest::prelude::*;
use tidegate_policy::memory::ran::{Ran, RunningSpan};
use tidegate_policy::memory::wait::{JobPace, WaitMemory};
use tidegate_policy::memory::{FailedChanges, Intent, Overwritten};
use tidegate_policy::overrides::OverrideKind::{Max, Min, Pin};
use tidegate_policy::{Memory, NoticeKind};

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
    memory.overwritten = Some(Overwritten { at: noon() + seconds(61), times: 3 });
    memory.believe(noon());
    assert_eq!(memory.overwritten, Some(Overwritten { at: noon(), times: 3 }));
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
fn a_pace_that_no_worker_has_is_forgotten_with_what_was_learned_by_it() {
    let with = |fastest| {
        let pace = JobPace { fastest, ..JobPace::default() };
        let mut memory =
            Memory { wait: Some(WaitMemory { pace, ..WaitMemory::default() }), ..Memory::default() };
        memory.believe(noon());
        memory.wait.is_some()
    };
    assert_eq!([with(0.5), with(1_000.0), with(1e30), with(f64::INFINITY)], [true, true, false, false]);
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
