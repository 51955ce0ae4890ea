//! What holds for `wait`, whatever the queue does.

use proptest::prelude::*;
use tidegate_policy::Verdict;
use tidegate_policy::memory::wait::{
    Backlog, Bursts, DeviationDecay, JobPace, Last, LastRunning, LoadEstimate, Order, WaitMemory,
};

use crate::arbitrary::{Case, Range, case};
use crate::stage::{noon, seconds};
use crate::wait_world::{PER_SECOND, WaitWorld};

/// How fast jobs are remembered to be done, likely or not.
fn pace(number: impl Strategy<Value = f64>) -> impl Strategy<Value = JobPace> {
    proptest::array::uniform11(number).prop_map(
        |[
            done,
            busy,
            places,
            response,
            logarithms,
            samples,
            fastest,
            recent,
            recent_places,
            recent_slope,
            contradiction,
        ]| {
            JobPace {
                done,
                busy,
                places,
                response,
                logarithms,
                samples,
                fastest,
                recent,
                recent_places,
                recent_slope,
                contradiction,
            }
        },
    )
}

/// A memory of `wait`, likely or not.
fn remembered(number: impl Strategy<Value = f64> + Clone + 'static) -> impl Strategy<Value = WaitMemory> {
    let at = || (-4_000..=60_i64).prop_map(|before| noon() + seconds(before));
    let n = move || number.clone();
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let last = (at(), n(), n(), flags, 0..60_u32, proptest::option::of(any::<u64>())).prop_map(
        |(at, jobs, busy, (waiting, unsettled, growing), running, done)| Last {
            at,
            jobs,
            busy,
            waiting,
            running,
            done,
            unsettled,
            growing,
        },
    );
    let seven = || proptest::array::uniform7(n());
    let load = (n(), n(), n(), n(), n(), n(), n(), seven(), seven()).prop_map(
        |(rate, doubt, growth, noise, seconds, apart, busy, averages, trust)| LoadEstimate {
            rate,
            doubt,
            growth,
            noise,
            seconds,
            apart,
            busy,
            averages,
            trust,
        },
    );
    let orders =
        proptest::collection::vec((at(), 0..60_u32).prop_map(|(at, tasks)| Order { at, tasks }), 0..20);
    let counts = || proptest::collection::vec(0..5_000_u32, 0..14);
    let bursts = (at(), counts(), proptest::collection::vec(n(), 0..14))
        .prop_map(|(at, gaps, sizes)| Bursts { at, gaps, sizes });
    let lists = (orders, counts(), counts(), proptest::option::of(bursts));
    let last_running = (at(), 0..60_u32).prop_map(|(at, running)| LastRunning { at, running });
    let lasting = proptest::array::uniform5(n()).prop_map(|[deviation, square, usual, left, squares]| {
        DeviationDecay { deviation, square, usual, left, squares }
    });
    let backlog = (at(), n()).prop_map(|(since, jobs)| Backlog { since, jobs });
    let evaluated = (
        proptest::option::of(last),
        proptest::option::of(last_running),
        proptest::option::of(at()),
        proptest::option::of(backlog),
    );
    (evaluated, (pace(n()), lasting), proptest::option::of(load), lists).prop_map(
        |(
            (last, last_running, late_since, backlog),
            (pace, lasting),
            load,
            (orders, starts, recommendations, bursts),
        )| WaitMemory {
            last,
            last_running,
            pace,
            lasting,
            load,
            orders,
            starts,
            late_since,
            backlog,
            recommendations,
            bursts,
        },
    )
}

/// Any question with `wait` in it.
fn asked(range: Range) -> impl Strategy<Value = Case> {
    let likely = prop_oneof![Just(0.0), 0.0..50.0_f64];
    let numbers = if range == Range::Extreme { any::<f64>().boxed() } else { likely.boxed() };
    let wait = prop_oneof![Just(60_i64), Just(0), Just(1), Just(86_400), Just(i64::MAX), Just(-5)];
    (case(range), proptest::option::weighted(0.9, remembered(numbers)), wait, any::<u64>()).prop_map(
        |(mut case, remembered, wait, done)| {
            case.policy.wait = Some(seconds(wait));
            case.memory.wait = remembered;
            if let Some(Ok(queue)) = &mut case.seen.queue {
                queue.done = (done % 3 > 0).then_some(done);
            }
            case
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_makes_it_panic_and_every_decision_has_a_sentence(case in asked(Range::Extreme)) {
        let decision = case.decide();
        prop_assert!(decision.to_string().contains(", because "));
        // What an evaluation could not see is left as it was, however long.
        if case.seen.service.as_ref().is_ok_and(|service| service.active && !service.daemon) {
            let text = serde_json::to_string(&decision.memory.wait).unwrap();
            prop_assert!(text.len() <= 1_300, "{} bytes: {text}", text.len());
        }
    }

    #[test]
    fn a_change_stays_within_the_bounds_and_the_memory_reads_back(case in asked(Range::Everyday)) {
        let decision = case.decide();
        let desired = case.seen.service.as_ref().map_or(0, |service| service.desired_count);
        if let (Some((_, to)), false) = (decision.verdict.as_change(), case.is_pinned()) {
            let bounds = decision.bounds;
            prop_assert!(to <= bounds.max().max(desired) && to >= bounds.min().min(desired), "{decision}");
        }
        let text = serde_json::to_string(&decision.memory).unwrap();
        let again: tidegate_policy::Memory = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(again, decision.memory, "{}", text);
    }

    #[test]
    fn what_cannot_be_seen_never_scales_in(case in asked(Range::Everyday)) {
        let mut case = case;
        case.seen.queue = Some(Err(crate::stage::refused()));
        let decision = case.decide();
        prop_assert!(case.is_pinned() || !matches!(decision.verdict, Verdict::ScaleIn { .. }), "{decision}");
    }

    #[test]
    fn a_second_evaluation_right_after_applying_asks_for_nothing_more(
        loads in proptest::collection::vec(0.0..40.0_f64, 3..30),
    ) {
        let mut world = WaitWorld::new(1, 100, 10);
        for rate in loads {
            world.evaluate(rate);
            let second = world.clone().with(|world| { world.stage.wait(-15); }).stage.peek();
            prop_assert!(!matches!(second.verdict, Verdict::ScaleOut { .. }), "{second}");
        }
    }

    #[test]
    fn a_queue_that_is_never_late_stays_or_shrinks(rate in 1.0..40.0_f64, spare in 1..20_u32, minutes in 1..60_i64) {
        let work = rate / PER_SECOND;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 80")]
        let tasks = work.ceil() as u32 + spare;
        let mut world = WaitWorld::new(1, 200, tasks + 20);
        // Until it knows how long a job takes it takes no chances.
        world.evaluate_for(300, |_| rate);
        for _ in 0..minutes * 4 {
            let decision = world.evaluate(rate);
            let rose = matches!(decision.verdict, Verdict::ScaleOut { .. });
            prop_assert!(!rose || world.longest_wait >= 15.0, "{decision}");
        }
        prop_assert!(world.longest_wait <= 60.0, "{}", world.longest_wait);
    }

    /// Of a load that is known. One that jumps wildly from evaluation to evaluation may be judged anew by what more of
    /// it tells.
    #[test]
    fn more_backlog_never_means_fewer_tasks(
        rate in 0.0..40.0_f64,
        chance in proptest::collection::vec(0.8..1.2_f64, 3..30),
        more in 1.0..2_000.0_f64,
    ) {
        let mut world = WaitWorld::new(1, 100, 10);
        for share in chance {
            world.evaluate(rate * share);
        }
        let mut fuller = world.clone();
        fuller.arrive(more);
        let (less, more) = (world.evaluate(0.0), fuller.evaluate(0.0));
        prop_assert!(fuller.desired() >= world.desired(), "{less}\nwith more: {more}");
    }
}
