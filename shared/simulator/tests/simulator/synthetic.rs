//! Loads that no trace has.

use tidegate_simulator::Trace;
use tidegate_simulator::synthetic::{SESSIONS, SPIKY, constant, sessions, spiky};

use crate::loads::Loads;
use crate::stage::setting;

/// Median, 99th percentile and largest of the counts, and the share of those that are zero.
fn shape(trace: &Trace) -> (f64, f64, f64, f64) {
    let mut values: Vec<f64> = trace.points().iter().map(|point| point.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let at = |percent: usize| values[(values.len() - 1) * percent / 100];
    let all = f64::from(u32::try_from(values.len()).expect("a week of minutes"));
    let none = f64::from(u32::try_from(values.iter().filter(|value| **value < 0.5).count()).expect("fewer"));
    (at(50), at(99), at(100), none / all)
}

/// The figures of an independent generator of the same families (Python's `random`, seeds 1 and 101): median, 99th
/// percentile and share of zeros.
#[test]
fn spiky_minutes_have_the_shape_of_their_families() {
    let expected = [
        ("nb2", 25.0, 105.0, 0.010),
        ("nb4", 51.0, 188.0, 0.003),
        ("nb8", 88.0, 275.0, 0.002),
        ("nb12", 109.0, 322.0, 0.002),
        ("low", 7.0, 28.0, 0.025),
    ];
    for (family, (name, median, busy, none)) in SPIKY.iter().zip(expected) {
        assert_eq!(family.name, name);
        let trace = spiky(family, 1);
        assert_eq!(trace.points().len(), 10_080);
        assert!((trace.end_seconds() - 7.0 * 86_400.0).abs() < 1e-6, "{name}: {} s", trace.end_seconds());
        let (p50, p99, largest, zeros) = shape(&trace);
        assert!((p50 / median - 1.0).abs() < 0.08, "{name}: median {p50}");
        assert!((p99 / busy - 1.0).abs() < 0.12, "{name}: 99 % {p99}");
        assert!(largest > 1.5 * p99, "{name}: largest {largest}");
        assert!((zeros - none).abs() < 0.006, "{name}: zeros {zeros}");
    }
}

#[test]
fn sessions_are_silent_for_most_of_the_time_and_differ_in_their_rhythm() {
    let mut turns = Vec::new();
    for family in &SESSIONS {
        let trace = sessions(family, 1);
        assert_eq!(trace.points().len(), 2_160);
        let (_, busy, _, zeros) = shape(&trace);
        assert!((0.25..0.75).contains(&zeros), "{}: {zeros}", family.name);
        assert!((200.0..1_200.0).contains(&busy), "{}: {busy}", family.name);
        let works: Vec<bool> = trace.points().iter().map(|point| point.value > 0.5).collect();
        turns.push(works.iter().zip(works.iter().skip(1)).filter(|(one, next)| one != next).count());
    }
    assert!(turns[0] > 2 * turns[1] && turns[1] > 2 * turns[2], "{turns:?}");
}

/// The busiest hundredth of each needs four fifths of the maximum, as of every trace that policies are compared on.
#[test]
fn families_are_replayed_at_the_size_of_the_other_loads() {
    let setting = setting();
    let Loads { spiky, sessions, .. } = Loads::new(None, &setting);
    assert_eq!((spiky.len(), sessions.len()), (15, 9));
    for (name, load) in spiky.iter().chain(&sessions) {
        let mut rates = load.rate().to_vec();
        rates.sort_unstable_by(f64::total_cmp);
        let busy = rates[(rates.len() - 1) * 99 / 100] / setting.throughput;
        // The rate is that of the minute around a step, which is below the recorded peaks.
        assert!((28.0..46.0).contains(&busy), "{name}: {busy} tasks");
    }
}

#[test]
fn a_seed_draws_the_same_again_and_another_one_something_else() {
    for family in &SPIKY {
        assert_eq!(spiky(family, 5), spiky(family, 5));
        assert_ne!(spiky(family, 5), spiky(family, 6));
    }
    for family in &SESSIONS {
        assert_eq!(sessions(family, 5), sessions(family, 5));
        assert_ne!(sessions(family, 5), sessions(family, 6));
    }
}

#[test]
fn a_constant_load_has_one_rate_and_jobs_by_chance() {
    let load = constant(2.0, 3_600.0, 7);
    assert_eq!(load.steps(), 240);
    assert!(load.rate().iter().all(|rate| (rate - 2.0).abs() < 1e-12));
    assert!((load.jobs() - 7_200.0).abs() < 4.0 * 7_200.0_f64.sqrt(), "{}", load.jobs());
    assert!(load.arrivals().iter().any(|jobs| (jobs - 30.0).abs() > 5.0));
}
