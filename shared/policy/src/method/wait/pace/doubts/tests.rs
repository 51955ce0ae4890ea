use super::*;

/// The growth varies by 1.5 jobs a second; over nine evaluations that is chance up to one a second.
#[test]
fn a_queue_grows_that_does_so_beyond_chance_for_more_than_an_evaluation_and_slowly_for_its_pace() {
    for (recent, recent_slope, samples, fastest, grows) in [
        (9.0, 1.01, 10.0, 10.0, true),
        (9.0, 0.99, 10.0, 10.0, false),
        (9.0, -5.0, 10.0, 10.0, false),
        (1.9, 4.9, 4.0, 10.0, true),
        (1.8, 4.9, 4.0, 10.0, false),
        (1.9, 4.9, 3.9, 10.0, false),
        // Half of what a place does.
        (1.9, 5.0, 4.0, 10.0, false),
        (9.0, 1.01, 10.0, 0.0, false),
    ] {
        let pace = JobPace { fastest, recent, recent_slope, ..JobPace::varying(2.25, samples) };
        assert_eq!(pace.grows(30.0), grows, "{pace:?}");
    }
    // A twentieth of what thirty places are believed to do is fifteen jobs a second.
    for (recent_places, recent_slope, grows) in
        [(10.0, 4.9, true), (10.0, 5.1, false), (30.0, 14.9, true), (30.0, 15.1, false)]
    {
        let pace = JobPace {
            fastest: 10.0,
            recent: 9.0,
            recent_places,
            recent_slope,
            ..JobPace::varying(2.25, 10.0)
        };
        assert_eq!(pace.grows(30.0), grows, "{pace:?}");
    }
    // Just as much as may be chance, and a pace that is only guessed.
    let chance =
        JobPace { fastest: 10.0, samples: 4.0, recent: 6.0, recent_slope: 2.0, ..JobPace::default() };
    assert!(!chance.grows(30.0) && JobPace { recent_slope: 2.1, ..chance }.grows(30.0));
    assert!(!JobPace { recent_slope: 2.1, fastest: JobPace::guess(30.0), ..chance }.grows(30.0));
}

/// Ten jobs a second and place were lost; the growth varies by four a second. That a place more changes nothing is 22 times as
/// likely with a tenth of that pace: the natural logarithm is 3.1.
#[test]
fn what_was_learned_is_forgotten_when_answers_contradict_it_beyond_chance() {
    let lost = JobPace { fastest: 10.0, ..JobPace::varying(16.0, 10.0) };
    let contradicted = |mut pace: JobPace, more: f64, faster: f64, certain: f64| {
        pace.contradict(more, faster, certain, 30.0);
        pace.contradiction
    };
    check(contradicted(lost, 1.0, 0.0, 1.0), 99.0 / 32.0);
    check(contradicted(lost, 1.0, 0.0, 0.5), 99.0 / 64.0);
    // So does a place less.
    check(contradicted(lost, -1.0, 0.0, 1.0), 99.0 / 32.0);
    check(contradicted(JobPace { contradiction: 2.0, ..lost }, 1.0, 2.0, 1.0), 2.0 + (144.0 - 9.0) / 32.0);
    // An answer of ten, or of just between both, contradicts nothing.
    let doubted = JobPace { contradiction: 2.0, ..lost };
    check(contradicted(doubted, 1.0, -10.0, 1.0), 0.0);
    check(contradicted(doubted, 1.0, -5.5, 1.0), 2.0);
    // A pace no faster than the guess is not worth forgetting, and three evaluations do not tell chance.
    check(contradicted(JobPace { fastest: JobPace::guess(30.0), ..doubted }, 1.0, 90.0, 1.0), 2.0);
    check(contradicted(JobPace { samples: 3.9, ..doubted }, 1.0, 90.0, 1.0), 2.0);
    check(contradicted(JobPace { fastest: 10.0, ..JobPace::varying(16.0, 4.0) }, 1.0, 0.0, 1.0), 99.0 / 32.0);
    // Four such answers are enough; just as much as may be chance is not.
    let mut pace = JobPace { places: 4.0, response: 40.0, ..lost };
    for answer in 1..=4 {
        check(pace.fastest, 10.0);
        pace.contradict(1.0, 0.0, 1.0, 30.0);
        assert_eq!(pace.fastest > 0.0, answer < 4, "after {answer}: {pace:?}");
    }
    assert_eq!(pace, JobPace::varying(16.0, 10.0));
    let mut chance = JobPace { contradiction: CONTRADICTED, ..lost };
    chance.contradict(1.0, -5.5, 1.0, 30.0);
    check(chance.fastest, 10.0);
}

/// The growth of the queue varies by just one job a second, over six of variance; it was one a second lately, for ten places.
#[test]
fn a_burst_changes_the_growth_by_ten_times_what_all_places_do_and_without_a_known_pace_beyond_any_answer() {
    let six = |samples| JobPace {
        samples,
        recent: 4.0,
        recent_places: 10.0,
        recent_slope: 1.0,
        ..JobPace::default()
    };
    let unknown = six(4.0);
    // 50 times the square root of six is 122.5; a guess of a job a minute for ten places is 1.7, ten times.
    let known = JobPace { fastest: 0.5, ..six(0.0) };
    for (pace, slope, places, is_burst) in [
        (unknown, 124.0, 10.0, true),
        (unknown, -122.0, 10.0, true),
        (unknown, 123.0, 10.0, false),
        (unknown, -121.0, 10.0, false),
        (JobPace { recent_slope: 0.0, ..unknown }, 50.0 * 6.0_f64.sqrt(), 10.0, false),
        (six(3.9), 124.0, 10.0, false),
        (JobPace { recent: 0.0, ..unknown }, 124.0, 10.0, false),
        // Ten times of half a job a second and place, for the more of the places of now and of lately.
        (known, 51.5, 10.0, true),
        (known, 51.0, 10.0, false),
        (known, -49.5, 10.0, true),
        (known, 100.0, 20.0, false),
        (known, 102.0, 20.0, true),
        (known, 51.5, 1.0, true),
        (JobPace { recent: 0.0, ..known }, 51.5, 10.0, false),
    ] {
        assert_eq!(pace.is_burst(slope, places, 30.0), is_burst, "{slope} for {places} places: {pace:?}");
    }
    // As long as neither is known nothing is too much.
    assert!(!six(0.0).is_burst(1e9, 10.0, 30.0));
}

#[track_caller]
fn check(what: f64, expected: f64) {
    assert!((what - expected).abs() < 1e-9, "{what} instead of {expected}");
}
