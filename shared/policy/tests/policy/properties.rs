//! What holds for every service, every world and every memory (ARCHITECTURE.md names these tests).

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use tidegate_policy::INTENT_LEASE;
use tidegate_policy::memory::Settled;
use tidegate_policy::{
    Adjustment, AlarmState, Capacity, Constraints, Datapoint, InFlight, Memory, MetricReading, NoticeKind,
    OnAbsence, Reason, ServiceState, Signal, Verdict,
};

use crate::arbitrary::{Case, Range, case, case_with, observation, usual_rules};
use crate::queue_limits::unlimited;
use crate::stage::{SETTLES_AFTER, seconds};

/// The size that a decision wants; the service must be readable.
pub(crate) fn size(case: &Case) -> u32 {
    let decision = case.decide();
    decision.verdict.as_change().map_or(desired(case), |(_, to)| to)
}

fn desired(case: &Case) -> u32 {
    case.seen.service.as_ref().map_or(0, |service| service.desired_count)
}

/// The world as it is right after the change was made: the tasks asked for are pending.
pub(crate) fn applied(case: &Case) -> Option<Case> {
    let decision = case.decide();
    let (from, to) = decision.verdict.as_change()?;
    // What bounds set and a first task are no step: a rule has still all of its own to ask for.
    let sets = |it: &Reason| matches!(it, Reason::BelowMin { .. } | Reason::AboveMax { .. });
    if from == 0 || decision.reasons.iter().any(sets) {
        return None;
    }
    let mut after = case.clone();
    after.memory = decision.memory;
    after.memory.settle("this-evaluation", Settled::Applied, case.now);
    let service = after.seen.service.as_mut().ok()?;
    *service = ServiceState {
        desired_count: to,
        pending_count: service.pending_count.saturating_add(to.saturating_sub(from)),
        ..service.clone()
    };
    Some(after)
}

/// A signal that votes and is certainly not known: CloudWatch failed, or said nothing, and nothing is remembered.
fn has_an_unknown_voting_signal(case: &Case) -> bool {
    let floor = case.policy.floor.iter().map(|floor| Signal::Metric(floor.by().clone()));
    let signals = case.policy.rules.iter().map(|rule| rule.when.signal.clone()).chain(floor);
    let signals = signals.chain(case.policy.track.iter().map(|track| track.signal.clone()));
    let service = case.seen.service.as_ref();
    let asleep = service.is_ok_and(|it| it.desired_count == 0);
    signals.into_iter().any(|signal| {
        if let Signal::Alarm(name) = &signal {
            let read = case.seen.alarms.get(name).and_then(|read| read.as_ref().ok());
            return read.is_none_or(|alarm| {
                alarm.state == AlarmState::InsufficientData || alarm.evaluation_state.code().is_some()
            });
        }
        let (Signal::Metric(name) | Signal::PerTask(name)) = &signal else {
            return case.seen.queue().is_none();
        };
        let remembered = case.memory.metrics.contains_key(name);
        let declared = case.policy.metrics.iter().find(|metric| metric.name == *name);
        let missing = declared.is_none_or(|metric| metric.on_absence == OnAbsence::Missing);
        let unknown = match case.seen.metrics.get(name) {
            Some(MetricReading::Failed(_)) => !remembered,
            // What may still change is not known yet.
            Some(MetricReading::Points { points, .. }) => {
                let settled = |point: &Datapoint| point.at <= case.now - seconds(SETTLES_AFTER);
                !points.iter().any(settled) && missing && !remembered
            }
            Some(MetricReading::NotRead) | None => !remembered && !case.memory.empty.contains_key(name),
        };
        unknown && !(asleep && matches!(signal, Signal::PerTask(_)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(
            proptest::test_runner::FileFailurePersistence::WithSource("regressions"),
        )),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_result_lies_within_the_capacity(case in prop_oneof![case(Range::Everyday), case(Range::Extreme)]) {
        let decision = case.decide();
        let Some((from, to)) = decision.verdict.as_change() else { return Ok(()) };
        let bounds = decision.bounds;
        prop_assert!(case.is_pinned() || to <= bounds.max().max(from), "{decision}");
        prop_assert!(case.is_pinned() || to >= bounds.min().min(from), "{decision}");
        match decision.verdict {
            Verdict::ScaleOut { .. } => prop_assert!(to > from),
            Verdict::ScaleIn { .. } => prop_assert!(to < from),
            Verdict::Hold { .. } => prop_assert!(false),
        }
    }

    #[test]
    fn no_number_makes_it_panic_and_every_decision_has_a_sentence(case in case(Range::Extreme)) {
        let decision = case.decide();
        prop_assert!(!decision.reasons.is_empty());
        prop_assert!(decision.to_string().contains(", because "));
        for notice in &decision.notices {
            let tells_why = notice.begins || notice.kind == NoticeKind::Condition;
            prop_assert_eq!(notice.because.is_some(), tells_why, "{}", notice);
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer(case in case(Range::Everyday)) {
        prop_assert_eq!(case.decide(), case.decide());
    }

    #[test]
    fn more_backlog_never_means_fewer_tasks(
        case in case_with(Range::Everyday, usual_rules()).prop_map(unlimited),
        more in 1..1_000_u64,
    ) {
        let mut fuller = case.clone();
        if let Some(Ok(queue)) = &mut fuller.seen.queue {
            queue.waiting += more;
        }
        prop_assert!(
            size(&fuller) >= size(&case),
            "{}\nwith {more} more: {}", case.decide(), fuller.decide()
        );
    }

    #[test]
    fn more_work_in_flight_never_means_fewer_tasks(
        case in case_with(Range::Everyday, usual_rules()).prop_map(unlimited),
        more in 1..100_u64,
    ) {
        let mut fuller = case.clone();
        if let Some(Ok(queue)) = &mut fuller.seen.queue {
            queue.in_flight = match queue.in_flight {
                InFlight::Exactly(jobs) => InFlight::Exactly(jobs + more),
                InFlight::Reserved(jobs) => InFlight::Reserved(jobs + more),
                InFlight::AtLeast(jobs) => InFlight::AtLeast(jobs + more),
                InFlight::Partly { jobs, read, held } => {
                    InFlight::Partly { jobs: jobs + more, read: read + more, held: held + more }
                }
                InFlight::Unknown => InFlight::Unknown,
            };
        }
        prop_assert!(size(&fuller) >= size(&case), "{}\nwith {more} more: {}", case.decide(), fuller.decide());
    }

    #[test]
    fn a_second_evaluation_right_after_applying_holds(case in case(Range::Everyday)) {
        let Some(after) = applied(&case) else { return Ok(()) };
        let second = after.decide();
        prop_assert_eq!(second.verdict.as_change(), None, "{}\nthen {}", case.decide(), second);
    }

    /// A second later a `for` may be over, a datapoint too old, an override expired: those are new facts.
    #[test]
    fn an_evaluation_a_second_later_holds_unless_time_itself_is_worth_reporting(mut case in case(Range::Everyday)) {
        case.overrides.clear();
        case.policy.hours.clear();
        case.policy.floor = None;
        case.policy.track.clear();
        case.policy.rules.retain(|rule| {
            rule.when.hold_for.is_zero()
                && !matches!(rule.when.signal, Signal::StalledFor | Signal::Metric(_) | Signal::PerTask(_))
        });
        let Some(mut after) = applied(&case) else { return Ok(()) };
        after.now += seconds(1);
        let second = after.decide();
        prop_assert_eq!(second.verdict.as_change(), None, "{}\nthen {}", case.decide(), second);
    }

    /// Tasks may start in any order meanwhile: what was asked for is not asked for again.
    #[test]
    fn nothing_is_added_twice_however_far_the_tasks_have_come(
        case in case(Range::Everyday),
        running in 0..60_u32,
        pending in 0..60_u32,
    ) {
        let mut case = case;
        let is_share = |signal: &Signal| matches!(signal, Signal::WaitingPerTask | Signal::PerTask(_));
        case.policy.rules.retain(|it| !is_share(&it.when.signal) && it.when.signal != Signal::Depth);
        case.policy.track.retain(|track| !is_share(&track.signal));
        let Some(mut after) = applied(&case) else { return Ok(()) };
        if let Ok(service) = &mut after.seen.service {
            service.running_count = running;
            service.pending_count = pending;
        }
        let second = after.decide();
        prop_assert!(!matches!(second.verdict, Verdict::ScaleOut { .. }), "{}\nthen {second}", case.decide());
    }

    #[test]
    fn nothing_scales_in_while_it_must_not(case in case(Range::Everyday)) {
        let decision = case.decide();
        let Verdict::ScaleIn { from, to } = decision.verdict else { return Ok(()) };
        if case.is_pinned() {
            return Ok(());
        }
        let cooling = case.memory.changed_at
            .is_some_and(|at| case.now < at + case.policy.cooldown.scale_in);
        prop_assert!(!cooling, "cooldown: {decision}");
        let service = case.seen.service.as_ref().unwrap();
        prop_assert!(!service.rollout, "rollout: {decision}");
        prop_assert!(case.seen.queue_unread().is_none(), "unreadable queue: {decision}");
        prop_assert!(!has_an_unknown_voting_signal(&case), "unknown signal: {decision}");
        prop_assert!(case.policy.interruptible || to == from - 1, "more than one task: {decision}");
        prop_assert!(from - to <= case.policy.largest_step.scale_in.get(), "largest step: {decision}");
        let Some(queue) = case.seen.queue() else { return Ok(()) };
        prop_assert!(!matches!(queue.in_flight, InFlight::Partly { .. }), "a part of the work: {decision}");
        let concurrency = u64::from(case.policy.concurrency.get());
        let in_flight = queue.in_flight.known().min(u64::from(service.running_count) * concurrency);
        prop_assert!(u64::from(to) >= in_flight.div_ceil(concurrency), "work in flight: {decision}");
        let waits = queue.waiting + queue.in_flight.known() + if queue.delayed_held { queue.delayed } else { 0 };
        prop_assert!(to > 0 || waits == 0, "stranded: {decision}");
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        (case, shuffled) in case(Range::Everyday).prop_flat_map(|case| {
            let rules = Just(case.policy.rules.clone()).prop_shuffle();
            (Just(case), rules)
        })
    ) {
        let first = case.decide();
        let mut other = case;
        other.policy.rules = shuffled;
        let second = other.decide();
        prop_assert_eq!(first.verdict, second.verdict, "{}\nor {}", first, second);
        prop_assert_eq!(first.memory, second.memory);
    }

    #[test]
    fn an_addition_never_lowers(case in case(Range::Everyday)) {
        let mut case = case;
        case.policy.rules.retain(|rule| matches!(rule.adjust, Adjustment::Add(_)));
        case.policy.track.iter_mut().for_each(|track| track.scale_in = false);
        case.overrides.clear();
        let above_max = desired(&case) > case.decide().bounds.max();
        prop_assert!(above_max || size(&case) >= desired(&case), "{}", case.decide());
    }

    #[test]
    fn a_higher_value_never_means_fewer_tasks(
        case in case_with(Range::Everyday, Just(vec![])),
        factor in 1.0..3.0_f64,
    ) {
        let mut higher = case.clone();
        for reading in higher.seen.metrics.values_mut() {
            if let MetricReading::Points { points, .. } = reading {
                for point in points {
                    point.value *= factor;
                }
            }
        }
        prop_assert!(size(&higher) >= size(&case), "{}\nat {factor} times: {}", case.decide(), higher.decide());
    }

    #[test]
    fn hours_never_leave_the_maximum_of_the_file(case in case(Range::Extreme)) {
        let mut case = case;
        case.overrides.clear();
        if let Ok(service) = &mut case.seen.service {
            service.constraints = Constraints::default();
        }
        let bounds = case.decide().bounds;
        prop_assert!(bounds.min() <= bounds.max() && bounds.max() <= case.policy.capacity.max(), "{bounds:?}");
        let lowered = case.policy.floor.is_some()
            || case.policy.hours.iter().any(|row| row.max.is_some() || row.min.is_some());
        // Without a queue one task stays awake.
        let least = case.policy.capacity.min().max(u32::from(case.seen.queue.is_none()));
        let whole = (bounds.min(), bounds.max()) == (least, case.policy.capacity.max());
        prop_assert!(lowered || whole, "{bounds:?}");
    }

    #[test]
    fn a_row_of_hours_changes_when_it_says(case in case(Range::Everyday), minutes in 0..10_000_i64) {
        let now = case.now + seconds(minutes * 60);
        for row in &case.policy.hours {
            let Some(until) = row.state(now).until else { continue };
            let before = until - seconds(1);
            prop_assert!(now < until);
            prop_assert_eq!(row.state(until).in_force, !row.state(now).in_force, "{} at {}", row, until);
            prop_assert!(before < now || row.state(before) == row.state(now), "{} at {}", row, before);
        }
    }

    #[test]
    fn an_empty_queue_and_nothing_in_flight_for_an_idle_time_is_the_only_way_to_zero(case in case(Range::Everyday)) {
        let decision = case.decide();
        let Verdict::ScaleIn { to: 0, .. } = decision.verdict else { return Ok(()) };
        if !case.is_pinned() && case.seen.queue.is_none() {
            prop_assert_eq!(decision.bounds, Capacity::ASLEEP, "nothing would wake it");
        }
        if !case.is_pinned() && case.seen.queue.is_some() {
            let idle_since = case.memory.idle_since.expect("it was seen idle before");
            prop_assert!(case.now.duration_since(idle_since) >= case.policy.idle);
        }
    }

    #[test]
    fn a_pending_intent_of_another_evaluation_holds_for_the_lease(case in case(Range::Everyday)) {
        let Some(intent) = &case.memory.intent else { return Ok(()) };
        let Ok(service) = &case.seen.service else { return Ok(()) };
        let pending = case.now < intent.at + INTENT_LEASE && service.desired_count != intent.to;
        prop_assume!(pending && service.active && !service.daemon && !service.constraints.express);
        let decision = case.decide();
        prop_assert_eq!(decision.verdict.as_change(), None, "{}", decision);
        prop_assert_eq!(decision.memory.intent.as_ref(), Some(intent));
    }

    #[test]
    fn a_change_is_an_intent_and_a_hold_begins_none(case in case(Range::Everyday)) {
        let decision = case.decide();
        match (decision.verdict.as_change(), &decision.memory.intent) {
            (Some((from, to)), Some(intent)) => {
                prop_assert_eq!((intent.from, intent.to), (from, to));
                prop_assert_eq!(intent.at, case.now);
                prop_assert_eq!(decision.memory.changed_at, Some(case.now));
            }
            (Some(_), None) => prop_assert!(false, "a change without an intent: {decision}"),
            (None, intent) => prop_assert!(intent.is_none() || *intent == case.memory.intent),
        }
    }

    #[test]
    fn the_memory_reads_back_exactly(case in case(Range::Everyday)) {
        let memory = case.decide().memory;
        let text = serde_json::to_string(&memory).unwrap();
        prop_assert_eq!(serde_json::from_str::<Memory>(&text).unwrap(), memory, "{}", text);
    }

    #[test]
    fn recommendations_and_notices_stay_few_over_any_day(
        mut case in case(Range::Everyday),
        worlds in proptest::collection::vec((observation(Range::Everyday), 1..200_i64), 1..60),
    ) {
        for (seen, pause) in worlds {
            case.seen = seen;
            case.now += seconds(pause);
            let before = case.memory.active_notices.clone();
            let decision = case.decide();
            prop_assert!(decision.memory.recommendations.len() <= 18);
            let larger_first = decision.memory.recommendations.windows(2).all(|two| two[0].tasks > two[1].tasks);
            prop_assert!(larger_first || case.memory.recommendations.windows(2).any(|two| two[0].tasks <= two[1].tasks));
            let kinds: std::collections::BTreeSet<(NoticeKind, Option<&String>)> =
                decision.memory.active_notices.iter().map(|active| (active.kind, active.condition.as_ref())).collect();
            prop_assert_eq!(kinds.len(), decision.memory.active_notices.len(), "one active notice for each kind and condition");
            for notice in &decision.notices {
                let knew = before.iter().any(|active| {
                    active.kind == notice.kind && active.condition == notice.condition() && active.notified
                });
                prop_assert_eq!(notice.begins, !knew, "reported twice, or ended without a beginning");
            }
            case.memory = decision.memory;
            case.memory.mark_notified(&decision.notices);
            case.memory.settle("this-evaluation", Settled::Applied, case.now);
        }
    }
}

/// A property that is never put to the test proves nothing.
#[test]
fn the_cases_scale_out_scale_in_and_hold() {
    let mut counts = std::collections::BTreeMap::new();
    let mut codes = std::collections::BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..1_000 {
        let case = case(Range::Everyday).new_tree(&mut runner).unwrap().current();
        let decision = case.decide();
        *counts.entry(decision.verdict.code()).or_insert(0_u32) += u32::from(!case.is_pinned());
        codes.extend(decision.reasons.iter().map(Reason::code));
    }
    assert!(counts["scale-out"] > 100 && counts["scale-in"] > 10 && counts["hold"] > 100, "{counts:?}");
    assert!(codes.len() >= 30, "{} reasons: {codes:?}", codes.len());
}

#[test]
fn a_hold_names_the_rule_that_asked_for_a_change() {
    // A reason of the pipeline alone ("cooldown until ...") would not say what wanted to happen.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&case(Range::Everyday), |case| {
            let decision = case.decide();
            let cooling = decision.reasons.iter().any(|it| matches!(it, Reason::CooldownIn { .. }));
            let cause = decision.reasons.iter().any(|it| {
                matches!(it, Reason::RuleMatched { .. } | Reason::Tracked { .. } | Reason::AboveMax { .. })
            });
            prop_assert!(!cooling || cause, "{decision}");
            Ok(())
        })
        .unwrap();
}
