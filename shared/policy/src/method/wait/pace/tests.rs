use jiff::Timestamp;

use super::*;

fn last(jobs: f64, running: u32, done: Option<u64>) -> Last {
    let busy = jobs.min(f64::from(running));
    let (at, waiting) = (Timestamp::UNIX_EPOCH, jobs > busy);
    Last { at, jobs, busy, waiting, running, done, unsettled: false, growing: false }
}

/// So many seconds in which all tasks ran, for tasks that run a job at a time and a planned wait of 30 s.
fn between(elapsed: f64, hidden: bool) -> Between {
    Between { elapsed, concurrency: 1.0, planned: 30.0, hidden, starting: false }
}

#[test]
fn counted_jobs_by_busy_time() {
    let mut pace = JobPace::default();
    let Interval { arrived, .. } =
        learn(&mut pace, &last(40.0, 20, Some(100)), &last(50.0, 20, Some(250)), between(15.0, false));
    assert!((arrived - 160.0).abs() < 1e-9, "{arrived}");
    assert!((pace.per_second(30.0) - 151.0 / 330.0).abs() < 1e-9, "{pace:?}");
}

#[test]
fn a_counter_that_began_anew_is_not_counted() {
    let mut pace = JobPace::default();
    learn(&mut pace, &last(40.0, 20, Some(100)), &last(50.0, 20, Some(3)), between(15.0, false));
    assert!(pace.done.abs() < 1e-9 && pace.busy.abs() < 1e-9, "{pace:?}");
}

/// Every place of a hidden queue is taken as busy.
fn hidden(waiting: f64, running: u32) -> Last {
    let busy = f64::from(running);
    Last { busy, waiting: waiting > 0.0, ..last(waiting + busy, running, None) }
}

/// 36 places of five jobs a second become 6 for a load that keeps 6 busy; then 6 jobs wait.
#[test]
fn places_that_left_a_hidden_queue_while_nothing_waited_did_none_of_its_work() {
    let mut pace = JobPace { fastest: 5.0, ..JobPace::default() };
    let Interval { arrived, .. } = learn(&mut pace, &hidden(0.0, 36), &hidden(6.0, 6), between(15.0, true));
    assert!((arrived - 426.0).abs() < 1e-9, "{arrived}");
}

/// 36 places become 6 while ten jobs wait: half of the time all of them worked.
#[test]
fn places_that_left_a_hidden_queue_while_jobs_waited_worked_until_then() {
    let mut pace = JobPace { fastest: 5.0, ..JobPace::default() };
    let Interval { arrived, .. } = learn(&mut pace, &hidden(10.0, 36), &hidden(0.0, 6), between(15.0, true));
    assert!((arrived - 1_535.0).abs() < 1e-9, "{arrived}");
}

/// A hundred places become ten while one job waits: ninety places have gone, and no job was done. Then nine of a hundred
/// waiting jobs are left, and ninety-one were.
#[test]
fn places_that_left_a_hidden_queue_are_no_jobs_that_were_done() {
    let mut pace = JobPace::default();
    learn(&mut pace, &hidden(1.0, 100), &hidden(1.0, 10), between(15.0, true));
    check(pace.fastest, 0.0);
    learn(&mut pace, &hidden(100.0, 10), &hidden(9.0, 10), between(15.0, true));
    assert!(pace.fastest > 0.1, "{pace:?}");
}

/// Of a hundred jobs, sixteen of which may be chance, fifty are left, and of thirty places ten: a queue that shows who is busy
/// needs no guess.
#[test]
fn places_that_left_a_queue_that_is_seen_did_the_jobs_that_are_gone() {
    let mut pace = JobPace::default();
    learn(&mut pace, &last(100.0, 30, None), &last(50.0, 10, None), between(15.0, false));
    check(pace.fastest, (50.0 - 16.0) / (30.0 * 15.0));
}

/// What kept places busy is the mean of the places that may have worked; where jobs are counted it is not asked for.
#[test]
fn an_interval_says_how_many_places_were_busy() {
    // An old count of running jobs beside more jobs than places.
    let old = Last { busy: 5.0, ..last(30.0, 20, None) };
    for (before, now, is_hidden, busy) in [
        (old, old, false, 20.0),
        (last(8.0, 20, None), last(12.0, 20, None), false, 10.0),
        (last(30.0, 20, None), last(30.0, 20, None), false, 20.0),
        (hidden(0.0, 36), hidden(6.0, 6), true, 6.0),
        (hidden(9.0, 36), hidden(6.0, 6), true, 21.0),
        (last(8.0, 20, Some(0)), last(12.0, 20, Some(9)), false, 0.0),
    ] {
        let interval = learn(&mut JobPace::default(), &before, &now, between(15.0, is_hidden));
        check(interval.busy, busy);
    }
}

#[test]
fn a_guess_counts_as_much_as_the_growth_of_the_queue_varies() {
    let pace = JobPace { places: 4.0, response: 6.0, ..JobPace::varying(2.25, 4.0) };
    assert!((pace.answered(1.0) - 8.0 / 6.0).abs() < 1e-9, "{pace:?}");
}

/// Five evaluations of a batch, whose growth varies by 20 jobs a second, and thirty of ordinary ones, by 0.2: their mean square
/// would be 57.
#[test]
fn a_batch_is_soon_forgotten_in_how_the_growth_varies() {
    let pace = JobPace {
        logarithms: 10.0 * 20.0_f64.ln() + 60.0 * 0.2_f64.ln(),
        samples: 35.0,
        ..JobPace::varying(1.0, 1.0)
    };
    assert!((0.5..1.5).contains(&pace.variance()), "{}", pace.variance());
}

/// Places that answer half a job a second, and a batch of jobs that were done ten a second. Without an answer, or while it may be
/// chance, the batch is believed.
#[test]
fn what_was_lost_is_believed_up_to_twice_what_the_queue_answers() {
    for (places, response, fastest, expected) in
        [(0.0, 0.0, 10.0, 10.0), (1.0, 0.5, 10.0, 1.0), (1.0, 0.5, 0.8, 0.8), (1.0, 0.5, 0.0, 0.5)]
    {
        // Sure, whatever it is compared with.
        let pace = JobPace { places, response, fastest, ..JobPace::varying(1e-4, 10.0) };
        let believed = pace.per_second(30.0);
        assert!((believed / expected - 1.0).abs() < 1e-3, "{believed} instead of {expected}: {pace:?}");
    }
    // By chance a place seemed to do less than nothing; two guesses count beside 25 places.
    let by_chance = JobPace { places: 25.0, response: -20.0, fastest: 10.0, ..JobPace::varying(100.0, 10.0) };
    check(by_chance.per_second(30.0), 2.0 * 2.0 * 10.0 / 27.0);
    // The growth varies by 20 jobs a second: one place more or less shows nothing.
    let unsure = JobPace { places: 1.0, response: 0.5, fastest: 10.0, ..JobPace::varying(400.0, 10.0) };
    check(unsure.per_second(30.0), 10.0);
}

/// Ten jobs more every 15 s, for twenty tasks that are believed to do two hundred: as long as the same tasks run, jobs wait and none
/// is counted.
#[test]
fn growth_is_judged_by_evaluations_of_the_same_tasks_at_which_jobs_wait_and_are_not_counted() {
    for (running, jobs, done, is_growing, goes_on) in [
        (20, 310.0, None, true, true),
        (20, 300.0, None, false, true),
        (20, 299.0, None, false, true),
        (21, 310.0, None, false, true),
        (20, 10.0, None, false, false),
        (20, 310.0, Some(100), false, false),
    ] {
        let fastest = JobPace { fastest: 10.0, ..JobPace::varying(1e-3, 10.0) };
        let mut pace = JobPace { recent: 6.0, recent_places: 20.0, recent_slope: 0.67, ..fastest };
        let (before, now) = (last(300.0, 20, done.map(|_| 0)), last(jobs, running, done));
        let interval = learn(&mut pace, &before, &now, between(15.0, false));
        assert_eq!(interval.is_growing, is_growing, "{running} run, {jobs} jobs, {done:?} done: {pace:?}");
        assert_eq!(pace.recent > 0.0, goes_on, "{running} run, {jobs} jobs, {done:?} done: {pace:?}");
    }
}

/// A place more that is believed to do ten jobs a second changes nothing. While tasks start, the load may have risen with them.
#[test]
fn a_pace_is_contradicted_only_when_all_tasks_run() {
    for starting in [true, false] {
        let mut pace = JobPace {
            fastest: 10.0,
            recent: 6.0,
            recent_places: 20.0,
            recent_slope: 0.6,
            ..JobPace::varying(1e-3, 10.0)
        };
        let (before, now) = (last(300.0, 21, None), last(310.0, 21, None));
        learn(&mut pace, &before, &now, Between { starting, ..between(15.0, false) });
        assert_eq!(pace.fastest > 0.0, starting, "{pace:?}");
    }
}

/// Ten jobs a second arrive, a place does half a job a second, and every other minute ten places more are there.
#[test]
fn without_a_counter_the_answer_of_the_queue_tells() {
    let mut pace = JobPace::default();
    let (mut jobs, mut before) = (5_000.0, None::<Last>);
    for step in 0..200_u32 {
        let running = if (step / 8) % 2 == 0 { 15 } else { 25 };
        let now = last(jobs, running, None);
        if let Some(before) = before {
            learn(&mut pace, &before, &now, between(15.0, false));
        }
        before = Some(now);
        jobs += (10.0 - 0.5 * f64::from(running)) * 15.0;
    }
    let learned = pace.per_second(30.0);
    assert!((0.4..0.55).contains(&learned), "{learned}");
}

/// The same queue, but each evaluation is off by up to 30 jobs to either side.
#[test]
fn without_a_counter_noise_is_no_answer() {
    let off = [30.0, -20.0, 10.0, -30.0, 20.0, 0.0, -10.0];
    let mut pace = JobPace::default();
    let (mut jobs, mut before) = (5_000.0, None::<Last>);
    for step in 0..200_usize {
        let now = last(jobs + off[step % off.len()], if step < 100 { 20 } else { 21 }, None);
        if let Some(before) = before {
            learn(&mut pace, &before, &now, between(15.0, false));
        }
        before = Some(now);
        jobs += (10.0 - 0.5 * f64::from(now.running)) * 15.0;
    }
    let learned = pace.per_second(30.0);
    let guess = 1.0 / 45.0;
    assert!((0.5 * guess..4.0 * guess).contains(&learned), "{learned}, {pace:?}");
}

/// Nothing arrives and nothing is done, by 15 workers or by 25: all of them hang, or the queue is not theirs.
#[test]
fn a_queue_that_does_not_answer_is_slow_and_not_infinitely_so() {
    let mut pace = JobPace::default();
    for running in [15, 15, 25] {
        learn(&mut pace, &last(100.0, 15, None), &last(100.0, running, None), between(15.0, false));
    }
    learn(&mut pace, &last(100.0, 25, None), &last(100.0, 25, None), between(15.0, false));
    let learned = pace.per_second(30.0);
    assert!((1e-4..1.0 / 45.0).contains(&learned), "{learned}, {pace:?}");
}

#[test]
fn averages_begin_anew_when_no_job_waits() {
    let mut pace = JobPace::default();
    learn(&mut pace, &last(900.0, 20, None), &last(900.0, 20, None), between(15.0, false));
    learn(&mut pace, &last(10.0, 20, None), &last(10.0, 20, None), between(15.0, false));
    learn(&mut pace, &last(900.0, 40, None), &last(100.0, 40, None), between(15.0, false));
    assert!(pace.samples.abs() < 1e-9 && pace.recent > 0.0, "{pace:?}");
}

#[test]
fn what_the_queue_lost_was_done_and_two_evaluations_say_how_fast() {
    let mut pace = JobPace::default();
    let mut lose = || {
        let (before, now) = (last(900.0, 20, None), last(600.0, 20, None));
        let interval = learn(&mut pace, &before, &now, between(15.0, false));
        (interval.is_unsettled, pace.per_second(30.0))
    };
    let (is_unsettled, believed) = lose();
    assert!(is_unsettled && believed < 0.25, "jobs may also have been purged: {believed}");
    let (is_unsettled, believed) = lose();
    assert!(!is_unsettled && believed > 0.7, "{believed}");
    // Of 610 jobs that are gone 40 may be chance: just ten times what was believed.
    let mut pace = JobPace { fastest: 0.1, ..JobPace::default() };
    let (before, now) = (last(625.0, 20, None), last(15.0, 20, None));
    assert!(!learn(&mut pace, &before, &now, between(28.5, false)).is_unsettled);
    check(pace.fastest, 1.0);
}

#[track_caller]
fn check(what: f64, expected: f64) {
    assert!((what - expected).abs() < 1e-9, "{what} instead of {expected}");
}

/// A guess is two planned waits a job, here a minute; without an end a queue that does not answer would order all there is.
#[test]
fn a_job_is_believed_to_take_ten_guesses_at_most() {
    check(JobPace::default().per_second(30.0), 1.0 / 60.0);
    check(JobPace { places: 1e9, ..JobPace::varying(1.0, 10.0) }.per_second(30.0), 1.0 / 600.0);
    // Places that never changed, or evaluations too old to count, are no answer.
    check(JobPace::varying(9.0, 10.0).per_second(30.0), 1.0 / 60.0);
    check(JobPace { places: 25.0, ..JobPace::default() }.per_second(30.0), 1.0 / 60.0);
}

/// Until then orders stop at six times the running tasks.
#[test]
fn the_pace_is_known_when_jobs_were_counted_or_lost_or_the_answer_is_beyond_chance() {
    // The growth of the queue varies by 10 jobs a second, the places by 5: an answer of up to 100 may be chance.
    let answer = |response| JobPace { response, places: 25.0, ..JobPace::varying(100.0, 4.0) };
    for (pace, known) in [
        (JobPace::default(), false),
        (JobPace { busy: 6.0, ..JobPace::default() }, true),
        (JobPace { busy: 5.9, ..JobPace::default() }, false),
        // What was lost, but the places answer that they do nothing.
        (JobPace { fastest: 0.017, ..answer(0.0) }, true),
        (JobPace { fastest: 0.017, places: 1e9, ..JobPace::varying(100.0, 4.0) }, false),
        // Faster than the guess of a job a minute.
        (JobPace { fastest: 0.017, ..JobPace::default() }, true),
        (JobPace { fastest: 0.016, ..JobPace::default() }, false),
        (answer(-300.0), false),
        (answer(99.0), false),
        (answer(100.0), false),
        (answer(101.0), true),
        // Just as much as may be chance, and just as fast as the guess.
        (JobPace { places: 6.0, response: 12.0, samples: 4.0, ..JobPace::default() }, false),
        (JobPace { fastest: JobPace::guess(30.0), ..JobPace::default() }, false),
    ] {
        assert_eq!(pace.known(30.0), known, "{pace:?}");
    }
}

/// Ten places more and three jobs a second less, a minute later: the average of before counts half.
#[test]
fn an_answer_is_what_changed_since_the_average_of_the_last_minute() {
    let mut pace = JobPace::default();
    pace.answer(2.0, 20.0, between(60.0, false));
    assert_eq!(pace, JobPace { recent: 1.0, recent_places: 20.0, recent_slope: 2.0, ..JobPace::default() });
    pace.answer(-1.0, 30.0, between(60.0, false));
    check(pace.recent, 1.5);
    check(pace.recent_places, 20.0 + 10.0 / 1.5);
    check(pace.recent_slope, 0.0);
    check(pace.places, 100.0 / 3.0);
    check(pace.response, 10.0);
    check(pace.logarithms, (3.0 + 1.0 / 3_600.0_f64).ln());
    check(pace.samples, 1.0);
}

#[test]
fn evidence_counts_half_after_an_hour_in_which_jobs_waited() {
    let pace = JobPace {
        done: 8.0,
        busy: 8.0,
        places: 8.0,
        response: 8.0,
        logarithms: 8.0,
        samples: 8.0,
        fastest: 8.0,
        contradiction: 8.0,
        ..JobPace::default()
    };
    for (jobs, kept) in [(900.0, 4.0), (10.0, 8.0)] {
        let mut later = pace;
        // Another number of tasks, so that the evaluations themselves are no answer.
        learn(&mut later, &last(jobs, 20, None), &last(jobs, 30, None), between(3_600.0, false));
        let JobPace { done, busy, places, response, logarithms, samples, fastest, contradiction, .. } = later;
        for evidence in [done, busy, places, response, logarithms, samples, fastest, contradiction] {
            check(evidence, kept);
        }
    }
}

/// A hundred jobs became twenty. Where running jobs are hidden and none waited, it is unknown that there were a hundred.
#[test]
fn what_a_hidden_queue_lost_was_done_only_if_jobs_waited() {
    for (hidden, waiting, lost) in
        [(false, false, true), (false, true, true), (true, true, true), (true, false, false)]
    {
        let mut pace = JobPace::default();
        let before = Last { waiting, busy: 100.0, ..last(100.0, 100, None) };
        let now = Last { busy: 20.0, ..last(20.0, 100, None) };
        learn(&mut pace, &before, &now, between(15.0, hidden));
        // Sixteen of them may be chance.
        check(pace.fastest, if lost { 64.0 / 1_500.0 } else { 0.0 });
    }
}

#[test]
fn evaluations_more_than_two_and_a_half_minutes_apart_count_only_jobs_of_busy_places() {
    for (elapsed, jobs, counted) in [(150.0, 10.0, true), (151.0, 10.0, false), (151.0, 90.0, true)] {
        let mut pace = JobPace::default();
        let (before, now) = (last(jobs, 20, Some(0)), last(jobs, 20, Some(300)));
        learn(&mut pace, &before, &now, between(elapsed, false));
        assert_eq!(pace.busy > 0.0, counted, "{elapsed} s apart, {jobs} jobs for 20 places: {pace:?}");
    }
}
