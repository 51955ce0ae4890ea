use jiff::Timestamp;

use super::*;
use crate::memory::wait::Bursts;

/// Every place does one job a second.
fn a_second_a_job() -> JobPace {
    JobPace { fastest: 1.0, ..JobPace::default() }
}

/// A load of so many jobs a second, by every average, measured for an hour.
fn steady(rate: f64) -> LoadEstimate {
    LoadEstimate { rate, averages: [rate; 7], seconds: 3_600.0, ..LoadEstimate::default() }
}

/// Of `waiting`, these are reserved by workers that hide what runs: Celery by default.
fn hidden(waiting: f64, reserved: f64) -> QueueJobs {
    QueueJobs { reserved, visible: false, ..QueueJobs::shown(waiting, 0.0) }
}

/// So many tasks that run.
fn workers(running: f64) -> Workers {
    Workers { running, starting: vec![], startup: 90.0 }
}

/// Workers reserve a job per place in advance. More are behind only if they fill half of the places, and half of the
/// wait that is planned: with jobs of a second that is 270 for 20 places.
#[test]
fn jobs_that_workers_reserved_wait_only_if_they_fill_half_of_the_planned_wait() {
    let seen = WaitInputs::of_tasks(10, 10);
    for (pace, waiting, reserved, expected) in [
        (a_second_a_job(), 20.0, 20.0, false),
        (a_second_a_job(), 270.0, 270.0, false),
        (a_second_a_job(), 271.0, 271.0, true),
        (a_second_a_job(), 21.0, 20.0, true), // one that no worker reserved
        (JobPace::default(), 6.0, 6.0, false),
        (JobPace::default(), 10.0, 10.0, false),
        (JobPace::default(), 11.0, 11.0, true), // jobs of a minute
    ] {
        let last = last(&seen, hidden(waiting, reserved), &pace);
        assert_eq!(last.waiting, expected, "{reserved} of {waiting} reserved, {pace:?}");
    }
}

#[test]
fn every_job_counts_once_whether_it_waits_runs_or_is_held() {
    let seen = WaitInputs::of_tasks(10, 10);
    let jobs = |jobs| last(&seen, jobs, &JobPace::default()).jobs;
    assert!((jobs(QueueJobs { held: 7.0, ..QueueJobs::shown(30.0, 20.0) }) - 57.0).abs() < 1e-9);
    // Where running jobs are hidden, every one of the twenty places is taken as busy.
    assert!((jobs(hidden(30.0, 0.0)) - 50.0).abs() < 1e-9);
}

/// What is decided with such a load believed, and if jobs wait for want of a worker or not.
fn decided(
    seen: &WaitInputs,
    jobs: QueueJobs,
    waiting: bool,
    load: LoadEstimate,
    next: &mut WaitMemory,
) -> WaitProposal {
    let this = Last { waiting, ..last(seen, jobs, &next.pace) };
    let known = KnownLoad { load, most: Some(load.most(seen.acceptable)), gap: false };
    decide(seen, jobs, this, known, &workers(seen.running.into()), next).unwrap()
}

/// Tasks for jobs that no worker takes would be ordered for ever.
#[test]
fn jobs_beside_free_places_are_not_late_and_order_no_task() {
    let seen = WaitInputs::of_tasks(10, 10);
    for (waiting, in_flight, jobs, late) in [
        (true, 20.0, 100.0, true),
        (false, 20.0, 100.0, false),
        (false, 9.0, 19.0, false),
        (true, 9.0, 19.0, false), // eleven of twenty places are free
        (true, 9.0, 20.0, true),  // more wait than all of them would take
        (true, 10.0, 19.0, true), // half of them work
    ] {
        let mut next = WaitMemory { pace: a_second_a_job(), ..WaitMemory::default() };
        // Nothing arrived for so long that whatever waits has waited too long.
        decided(&seen, QueueJobs::shown(jobs, in_flight), waiting, steady(0.0), &mut next);
        assert_eq!(next.late_since.is_some(), late, "{jobs} wait, {in_flight} run, waiting: {waiting}");
    }
}

/// They make the load evaluation larger, and a load that is larger takes the jobs that wait sooner.
#[test]
fn jobs_that_have_just_come_make_none_wait_less() {
    let (_, first) = evaluate(&seen(0, counting(300.0, 0)), None);
    let late_since = Some(first.last.unwrap().at);
    let memory = WaitMemory { pace: a_second_a_job(), load: Some(steady(5.0)), late_since, ..first };
    for (waiting, late) in [(295.0, false), (320.0, true), (800.0, true), (50_000.0, true)] {
        let (_, next) = evaluate(&seen(15, counting(waiting, 300)), Some(&memory));
        assert_eq!(next.late_since.is_some(), late, "{waiting} wait, five come in a second");
    }
}

/// At ten jobs a second five tasks are enough; none of the ten leaves while a job waits longer than the 27 s planned.
#[test]
fn a_wait_just_as_long_as_planned_holds_no_task() {
    let seen = WaitInputs::of_tasks(10, 10);
    let asked = |waiting| {
        let mut next = WaitMemory { pace: a_second_a_job(), ..WaitMemory::default() };
        decided(&seen, QueueJobs::shown(waiting, 20.0), true, steady(10.0), &mut next)
    };
    let WaitProposal { tasks, reason } = asked(540.0);
    assert!(tasks < 10 && matches!(reason, Reason::LoadKeeps { .. }), "{tasks} tasks: {reason:?}");
    let held = Reason::JobsWait { wait: span(28.0), planned: span(27.0) };
    assert_eq!(asked(560.0), WaitProposal { tasks: 10, reason: held });
}

#[test]
fn jobs_that_dead_tasks_took_along_keep_as_many_tasks_as_have_places_for_them() {
    let seen = WaitInputs { jobs: Some(QueueJobs::shown(0.0, 10.0)), ..WaitInputs::of_tasks(10, 0) };
    let mut next = WaitMemory { pace: a_second_a_job(), ..WaitMemory::default() };
    let kept = decided(&seen, QueueJobs::shown(0.0, 10.0), false, steady(0.0), &mut next);
    let reason = Reason::WorkInFlight { jobs: 10, concurrency: 2, floor: 5 };
    assert_eq!(kept, WaitProposal { tasks: 5, reason });
}

#[test]
fn behind_an_empty_hidden_queue_the_work_of_half_a_task_keeps_one() {
    let seen = WaitInputs::of_tasks(10, 10);
    for (rate, expected) in [(0.99, 0), (1.0, 1), (2.0, 1), (2.1, 2)] {
        let mut next = WaitMemory { pace: a_second_a_job(), ..WaitMemory::default() };
        let kept = decided(&seen, hidden(0.0, 0.0), false, steady(rate), &mut next);
        assert_eq!(kept.tasks, expected, "{rate} jobs of a second, two a task");
        assert!(matches!(kept.reason, Reason::LoadKeeps { .. }), "{rate}: {:?}", kept.reason);
    }
}

/// Ten tasks stand by, and eleven are kept busy; at the end of a start-up time 530 jobs would need all ten.
#[test]
fn tasks_that_are_just_enough_are_kept_by_the_load() {
    let bursts = Bursts { at: Timestamp::UNIX_EPOCH, gaps: vec![1_000], sizes: vec![27.0, 27.0] };
    for (waiting, bursts) in [(330.0, None), (0.0, Some(bursts))] {
        let mut next = WaitMemory { pace: a_second_a_job(), bursts, ..WaitMemory::default() };
        let seen = WaitInputs::of_tasks(10, 10).after(60);
        let kept = decided(&seen, QueueJobs::shown(waiting, 20.0), true, steady(22.0), &mut next);
        let reason = Reason::LoadKeeps { load: 11.0, proposes: 10 };
        assert_eq!(kept, WaitProposal { tasks: 10, reason }, "{waiting} wait");
    }
}

/// Two hundred jobs a second arrive out of silence: a burst for a hundred tasks of two places. By a pace that is guessed it would be
/// for 5,400, and one of six tasks is expected again, as many as may be ordered for one that runs.
#[test]
fn a_burst_by_a_pace_that_is_guessed_is_no_larger_than_what_may_be_ordered() {
    for (pace, expected) in [(a_second_a_job(), 100.0), (JobPace::default(), 6.0)] {
        let mut next = WaitMemory { pace, recommendations: vec![1, 1], ..WaitMemory::default() };
        let seen = WaitInputs::of_tasks(1, 1).after(60);
        let _ = decided(&seen, QueueJobs::shown(300.0, 2.0), true, steady(200.0), &mut next);
        assert_eq!(next.bursts.map(|bursts| bursts.sizes), Some(vec![expected]), "{pace:?}");
    }
}

/// Five and a half jobs of a minute come and go. With the bad luck that is allowed for three tasks would be enough, and
/// with a little more they would have to be four again.
#[test]
fn no_task_leaves_that_a_little_more_bad_luck_would_call_back() {
    let mut next =
        WaitMemory { pace: JobPace { fastest: 1.0 / 60.0, ..JobPace::default() }, ..WaitMemory::default() };
    let seen = WaitInputs::of_tasks(10, 10);
    let kept = decided(&seen, QueueJobs::shown(0.0, 5.5), true, steady(5.5 / 60.0), &mut next);
    assert_eq!(kept.tasks, 4, "{kept:?}");
}

/// Fifteen tasks stand by while twenty still run and ten are asked for; 30 jobs of a minute are believed to run.
#[test]
fn what_stands_by_behind_an_empty_hidden_queue_is_reported_as_standing_by() {
    let seen = WaitInputs::of_tasks(10, 20).after(60);
    let bursts = Bursts { at: Timestamp::UNIX_EPOCH, gaps: vec![1_000], sizes: vec![40.0, 40.0] };
    let pace = JobPace { fastest: 1.0 / 50.0, ..JobPace::default() };
    let mut next = WaitMemory { pace, bursts: Some(bursts), ..WaitMemory::default() };
    let asked = decided(&seen, hidden(0.0, 0.0), false, steady(30.0 / 50.0), &mut next);
    let reason = Reason::StandsBy { bursts: 2, proposes: 15 };
    assert_eq!(asked, WaitProposal { tasks: 15, reason });
}

/// A queue that counts its jobs, with so many waiting and done.
fn counting(waiting: f64, done: u64) -> QueueJobs {
    QueueJobs { done: Some(done), ..QueueJobs::shown(waiting, 20.0) }
}

fn seen(at: i64, jobs: QueueJobs) -> WaitInputs {
    WaitInputs { jobs: Some(jobs), ..WaitInputs::of_tasks(10, 10) }.after(at)
}

/// Jobs go on waiting for twenty places: with nothing known a job is taken to last two planned waits of 27 s, and so many arrive.
#[test]
fn until_anything_is_known_what_arrives_is_what_the_places_do_by_guess() {
    let (_, memory) = evaluate(&seen(0, QueueJobs::shown(1_000.0, 20.0)), None);
    let (_, memory) = evaluate(&seen(15, QueueJobs::shown(1_000.0, 20.0)), Some(&memory));
    let rate = memory.load.unwrap().rate;
    assert!((rate - 20.0 / 54.0).abs() < 1e-3, "{rate}");
}

/// Two events may ask at the same time, and must not be told two things.
#[test]
fn a_second_evaluation_right_after_says_the_same() {
    let (_, mut memory) = evaluate(&seen(0, counting(0.0, 0)), None);
    for number in 1..=20_u32 {
        let at = i64::from(number) * 15;
        let now = seen(at, counting(0.0, u64::from(number * 151 + number % 7)));
        let (first, next) = evaluate(&now, Some(&memory));
        let (second, after) = evaluate(&now, Some(&next));
        assert_eq!((first.as_ref(), next.load), (second.as_ref(), after.load));
        assert!(first.is_some());
        memory = next;
    }
}

#[test]
fn evaluations_five_seconds_apart_teach_and_closer_ones_do_not() {
    for (apart, learned) in [(4, false), (5, true)] {
        let (_, first) = evaluate(&seen(0, counting(0.0, 0)), None);
        let (_, next) = evaluate(&seen(apart, counting(0.0, 50)), Some(&first));
        assert_eq!(next.last.map(|last| last.at) != first.last.map(|last| last.at), learned, "{apart} s");
        assert_eq!(next.load.is_some(), learned, "{apart} s");
    }
}

#[test]
fn the_load_is_forgotten_after_more_than_two_and_a_half_minutes() {
    for (apart, kept) in [(150, true), (151, false)] {
        let (_, first) = evaluate(&seen(0, counting(0.0, 0)), None);
        let (_, second) = evaluate(&seen(15, counting(0.0, 150)), Some(&first));
        let (asked, next) = evaluate(&seen(15 + apart, counting(0.0, 1_650)), Some(&second));
        assert_eq!(next.load.is_some(), kept, "after {apart} s");
        assert_eq!(asked.is_some(), kept, "after {apart} s five tasks are enough, and ten stay: {asked:?}");
    }
}

/// It was emptied by as many as believed, not by fewer: that measures nothing, and what is doubted fades like the rest.
#[test]
fn a_hidden_queue_that_was_emptied_by_as_many_as_believed_shows_no_new_load() {
    let (_, mut memory) = evaluate(&seen(0, hidden(100.0, 0.0)), None);
    memory.load = Some(LoadEstimate { doubt: 0.2, ..LoadEstimate::default() });
    let (_, next) = evaluate(&seen(15, hidden(0.0, 0.0)), Some(&memory));
    let load = next.load.unwrap();
    assert!((load.doubt - 0.1994).abs() < 1e-9 && load.apart == 0.0, "it halves in an hour: {load:?}");
}

/// Ten tasks of two places each are asked for, of half a job a second; however many run, they could do ten jobs a second.
#[test]
fn a_believed_load_is_at_most_what_the_tasks_that_run_or_are_asked_for_could_do() {
    for (running, rate, expected) in [(1, 9.0, 8.974), (1, 30.0, 10.0), (12, 30.0, 12.0)] {
        let (_, memory) = evaluate(&seen(0, hidden(0.0, 0.0)), None);
        let pace = JobPace { fastest: 0.5, ..JobPace::default() };
        let memory = WaitMemory { pace, load: Some(steady(rate)), ..memory };
        let (_, next) = evaluate(&WaitInputs { running, ..seen(15, hidden(0.0, 0.0)) }, Some(&memory));
        let rate = next.load.unwrap().rate;
        assert!((rate - expected).abs() < 1e-9, "{rate} instead of {expected}: {running} of 10 run");
    }
}

/// Of a part it is not known what runs or what is reserved: it teaches nothing, orders for what waits, and lowers nothing.
#[test]
fn an_evaluation_that_read_only_a_part_teaches_nothing_orders_for_what_waits_and_never_lowers() {
    let (_, memory) = evaluate(&seen(0, hidden(100.0, 0.0)), None);
    // Twice as much as ten tasks of two jobs each can do.
    let mut memory = WaitMemory { pace: a_second_a_job(), load: Some(steady(40.0)), ..memory };
    memory.shorten();
    for (after, waiting, orders) in [
        (15, 0.0, false),
        (15, 30.0, true),
        (150, 30.0, true),
        (151, 30.0, false),    // the load is not known any more
        (600, 2_300.0, false), // what waits is: it needs the ten that there are
        (600, 2_400.0, true),  // it needs more
    ] {
        let jobs = QueueJobs { partial: true, ..hidden(waiting, 0.0) };
        let (asked, next) = evaluate(&seen(after, jobs), Some(&memory));
        assert_eq!(asked.is_some(), orders, "{waiting} wait, {after} s later: {asked:?}");
        assert!(asked.is_none_or(|asked| asked.tasks > 10));
        let learned = |it: &WaitMemory| {
            (it.pace, it.load, it.lasting, it.last, it.bursts.clone(), it.recommendations.clone())
        };
        assert_eq!(learned(&next), learned(&memory), "{waiting} wait, {after} s later");
    }
}

/// A guess may be wrong by as much; what is known is not stopped, unless more was lost than is believed at once.
#[test]
fn until_a_queue_has_shown_its_pace_orders_stop_at_six_times_the_running_tasks() {
    for (pace, desired, running, expected) in [
        (JobPace::default(), 10, 10, 60),
        (JobPace::default(), 20, 10, 60),
        (JobPace::default(), 1, 0, 6),
        (JobPace { fastest: 1e-3, ..JobPace::default() }, 10, 10, 60),
        (JobPace { fastest: 1.0 / 50.0, ..JobPace::default() }, 10, 10, 3_242),
    ] {
        let mut next = WaitMemory { pace, ..WaitMemory::default() };
        let seen = WaitInputs::of_tasks(desired, running);
        let jobs = QueueJobs::shown(10_000.0, 20.0);
        let asked = decided(&seen, jobs, true, steady(0.0), &mut next);
        assert_eq!(asked.tasks, expected, "{running} of {desired} run, {pace:?}");
        let is_unknown = matches!(asked.reason, Reason::PaceUnknown { .. });
        assert_eq!(is_unknown, expected == 6 * running.max(1), "{asked:?}");
        next.last = Some(Last { unsettled: true, ..last(&seen, jobs, &pace) });
        let asked = decided(&seen, jobs, true, steady(0.0), &mut next);
        assert_eq!(asked.tasks, 6 * running.max(1), "{running} of {desired} run, unsettled, {pace:?}");
    }
}

/// Ninety thousand jobs are gone within 15 s: nobody knows yet whether they were done, and an event right after knows no more.
#[test]
fn while_more_is_lost_than_is_believed_at_once_orders_stop_at_six_times_also_right_after() {
    let shown = |waiting| QueueJobs::shown(waiting, 20.0);
    let (_, memory) = evaluate(&seen(0, shown(990_000.0)), None);
    let (first, memory) = evaluate(&seen(15, shown(900_000.0)), Some(&memory));
    let (second, memory) = evaluate(&seen(18, shown(900_000.0)), Some(&memory));
    let part = QueueJobs { partial: true, ..shown(900_000.0) };
    let (third, memory) = evaluate(&seen(20, part), Some(&memory));
    for asked in [first, second, third] {
        assert_eq!(asked.unwrap().tasks, 60);
    }
    let (settled, _) = evaluate(&seen(30, shown(900_000.0)), Some(&memory));
    assert!(settled.unwrap().tasks > 60);
}

/// What the queue became longer by before it was paused, or before a clock was set back, says nothing of now.
#[test]
fn a_pause_and_a_clock_that_is_set_back_end_what_a_queue_grew_by() {
    let pace = JobPace { recent: 6.0, recent_places: 20.0, recent_slope: 5.0, ..JobPace::default() };
    let jobs = QueueJobs::shown(100.0, 20.0);
    let (_, before) = evaluate(&seen(60, jobs), None);
    let growing = WaitMemory { pace, ..before };
    let paused = evaluate(&seen(75, QueueJobs { paused: true, ..jobs }), Some(&growing)).1;
    let set_back = evaluate(&seen(0, jobs), Some(&growing)).1;
    for memory in [paused, set_back] {
        assert_eq!(memory.pace, JobPace::default());
    }
}

/// One task more, if the last evaluation saw the queue grow on; not by a part of the readings.
#[test]
fn a_growing_queue_gets_one_task_more_and_that_is_the_reason() {
    for (grows, partial, expected) in [(true, false, Some(11)), (false, false, Some(10)), (true, true, None)]
    {
        let jobs = QueueJobs { partial, ..QueueJobs::shown(30.0, 20.0) };
        let (_, before) = evaluate(&seen(0, jobs), None);
        let last = Last { growing: grows, ..last(&seen(0, jobs), jobs, &a_second_a_job()) };
        let memory =
            WaitMemory { pace: a_second_a_job(), load: Some(steady(20.0)), last: Some(last), ..before };
        let (asked, _) = evaluate(&seen(3, jobs), Some(&memory));
        assert_eq!(
            asked.as_ref().map(|it| it.tasks),
            expected,
            "grows: {grows}, partial: {partial}: {asked:?}"
        );
        let is_reason = asked.is_some_and(|it| it.reason == Reason::QueueStays { proposes: 11 });
        assert_eq!(is_reason, expected == Some(11));
    }
}

/// Jobs are found to be done ten times faster. Where they are counted it is known how many arrive; where they are not, more
/// arrived than was believed, for the four places that were busy.
#[test]
fn a_load_is_revised_with_the_pace_only_where_jobs_are_not_counted() {
    for (counts, rate) in [(true, 1.0), (false, 4.0)] {
        let queue =
            |waiting, done| QueueJobs { done: counts.then_some(done), ..QueueJobs::shown(waiting, 20.0) };
        let (_, memory) = evaluate(&seen(0, queue(1_000.0, 0)), None);
        let load = LoadEstimate { busy: 4.0, ..steady(1.0) };
        let pace = JobPace { fastest: 0.1, ..JobPace::default() };
        let memory = WaitMemory { pace, load: Some(load), ..memory };
        let (_, next) = evaluate(&seen(15, queue(400.0, 600)), Some(&memory));
        let longest = next.load.unwrap().averages[6];
        assert!((longest - rate).abs() < 0.1, "{longest} instead of {rate}: {next:?}");
        assert_eq!(next.load.unwrap().busy > 4.0, !counts);
    }
}

/// Twenty places do twenty jobs a second. A quarter of what they could do beyond what is believed may be an error of the
/// pace, and so may arrive.
#[test]
fn a_hidden_queue_that_shrinks_fast_lowers_the_load_only_as_far_as_its_pace_is_known() {
    for (before, after, believed, arrived) in [
        (400.0, 100.0, 10.0, 2.5),
        (400.0, 100.0, 2.0, 2.0),  // no more than is believed
        (400.0, 100.0, 30.0, 0.0), // nothing is to spare
        (100.0, 400.0, 10.0, 40.0),
    ] {
        let (_, memory) = evaluate(&seen(0, hidden(before, 0.0)), None);
        let memory = WaitMemory { pace: a_second_a_job(), load: Some(steady(believed)), ..memory };
        let (_, next) = evaluate(&seen(15, hidden(after, 0.0)), Some(&memory));
        let youngest = next.load.unwrap().averages[0];
        assert!(
            (youngest - arrived).abs() < 0.1,
            "{youngest} instead of {arrived}: from {before} to {after}"
        );
    }
}
