//! Counts are counts: what a trace holds is what is replayed, and what a gap means is said.

use std::fmt::Write;

use proptest::prelude::*;
use tidegate_simulator::Load;
use tidegate_simulator::trace::{self, Gaps, Options, Repair, Repeats, RowMeaning, Trace, TraceError};

fn read(text: &str, gaps: Gaps) -> Result<Trace, TraceError> {
    let options = Options { gaps, ..Options::default() };
    trace::read_with(format!("timestamp,value\n{text}").as_bytes(), &options)
}

#[track_caller]
fn jobs(trace: &Trace) -> f64 {
    let counted: f64 = Load::recorded(trace, 7).rate().iter().sum::<f64>() * 15.0;
    assert!(
        (counted - trace.repaired()).abs() < 0.02 * counted.max(100.0),
        "{counted}, {}",
        trace.repaired()
    );
    trace.repaired()
}

/// A small generator: every run the same.
fn numbers() -> impl FnMut() -> u32 {
    let mut state = 12_345_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    }
}

/// Three days of minutes with few jobs, as `GROUP BY minute` writes them: those without a job have no row.
fn minutes_that_are_not_empty() -> (String, f64) {
    let mut next = numbers();
    let (mut text, mut all) = (String::new(), 0.0);
    for minute in 0..4_320_u32 {
        let jobs = if minute % 1_440 < 480 { u32::from(next().is_multiple_of(5)) } else { next() % 4 };
        if jobs > 0 {
            let _ = writeln!(text, "{},{jobs}", minute * 60);
            all += f64::from(jobs);
        }
    }
    (text, all)
}

#[test]
fn empty_minutes_that_are_left_out_make_no_jobs() {
    let (text, all) = minutes_that_are_not_empty();
    let trace = read(&text, Gaps::ByTheFile).expect("a trace");
    assert_eq!(trace.understood(), RowMeaning::IntervalsThatAreNotEmpty);
    assert!((trace.step_seconds() - 60.0).abs() < 1e-9, "{}", trace.step_seconds());
    assert!((trace.recorded() - all).abs() < 1e-6);
    assert!((jobs(&trace) - all).abs() < 1e-3 * all, "{} of {all}", jobs(&trace));
    assert!(trace.repairs().count(Repair::GapEmpty) > 500);
    // A straight line instead invents a part of them, and says how many.
    let filled = read(&text, Gaps::Fill).expect("a trace");
    assert!(jobs(&filled) > 1.1 * all, "{} of {all}", jobs(&filled));
    assert!((filled.recorded() - all).abs() < 1e-6);
}

/// A batch every quarter of an hour: no row says 1, and three quarters of the minutes have none.
#[test]
fn no_autoscaler_misses_most_of_the_minutes() {
    let mut text = String::new();
    for batch in 0..200_u32 {
        for minute in 0..4 {
            let _ = writeln!(text, "{},{}", batch * 900 + minute * 60, 300 + 10 * minute);
        }
    }
    let trace = read(&text, Gaps::ByTheFile).expect("a trace");
    assert_eq!(trace.understood(), RowMeaning::IntervalsThatAreNotEmpty);
    assert!((jobs(&trace) / 252_000.0 - 1.0).abs() < 0.01, "{}", jobs(&trace));
}

#[test]
fn one_row_for_each_job_is_counted_job_by_job() {
    let mut next = numbers();
    // 20,000 jobs at milliseconds, and at whole seconds, of which many are shared.
    for resolution in [1, 1_000] {
        let mut at = 1_700_000_000_000_u64;
        let mut text = String::new();
        for job in 0..20_000_u32 {
            at += u64::from(next() % if (job / 2_000).is_multiple_of(2) { 500 } else { 5_000 });
            let _ = writeln!(text, "{},1", at / resolution * resolution);
        }
        let trace = read(&text, Gaps::ByTheFile).expect("a trace");
        assert_eq!(trace.understood(), RowMeaning::Moments, "{resolution}");
        assert!((trace.recorded() - 20_000.0).abs() < 1e-6, "{resolution}: {}", trace.recorded());
        assert!((jobs(&trace) - 20_000.0).abs() < 1e-6, "{resolution}: {}", jobs(&trace));
        let load = Load::recorded(&trace, 7);
        assert!((load.jobs() - 20_000.0).abs() < 1e-6, "{resolution}: nothing is drawn: {}", load.jobs());
        let [slow, fast] = [f64::min, f64::max].map(|pick| load.rate().iter().copied().fold(1.0, pick));
        assert!(fast > 5.0 * slow, "what was fast stays fast: {slow} to {fast}");
        assert_eq!(trace.repairs().count(Repair::Duplicate), 0, "two jobs of one second are two jobs");
    }
}

#[test]
fn moments_with_sizes_are_added_up() {
    let mut next = numbers();
    let mut at = 0;
    let mut all = 0;
    let mut text = String::new();
    for _ in 0..500 {
        at += 200 + next() % 50_000;
        let size = 1 + next() % 9;
        all += size;
        let _ = writeln!(text, "{}.{:03},{size}", at / 1_000, at % 1_000);
    }
    let trace = read(&text, Gaps::ByTheFile).expect("a trace");
    assert_eq!(trace.understood(), RowMeaning::Moments);
    assert!((jobs(&trace) - f64::from(all)).abs() < 1e-6, "{} of {all}", jobs(&trace));
}

#[test]
fn what_is_missing_is_filled_where_zeros_or_fractions_are_recorded() {
    let rows = |rows: &[(u32, &str)]| {
        rows.iter().fold(String::new(), |text, (minute, value)| text + &format!("{},{value}\n", minute * 60))
    };
    let cases = [
        ("a zero is recorded", rows(&[(0, "4"), (1, "0"), (2, "3"), (4, "1"), (5, "6"), (6, "5")])),
        ("a fraction is recorded", rows(&[(0, "4.5"), (1, "1"), (2, "3"), (4, "1"), (5, "6"), (6, "5")])),
        ("a missing sample is recorded", rows(&[(0, "4"), (1, "1"), (2, "3"), (3, ""), (4, "1"), (5, "6")])),
    ];
    for (what, text) in cases {
        let trace = read(&text, Gaps::ByTheFile).expect("a trace");
        assert_eq!(trace.understood(), RowMeaning::IntervalsWithGaps, "{what}");
        assert_eq!(trace.repairs().count(Repair::GapFilled), 1, "{what}");
        let zero = read(&text, Gaps::Zero).expect("a trace");
        assert_eq!(zero.repairs().count(Repair::GapEmpty), 1, "{what}");
        assert!(zero.repaired() < trace.repaired(), "{what}");
        let error = read(&text, Gaps::Refuse).expect_err("a gap").to_string();
        assert!(error.starts_with("1 interval has no row, the first before line "), "{what}: {error}");
    }
    // Ten thousand busy minutes without one: it was missed.
    let mut busy = String::new();
    for minute in (0..10_000_u32).filter(|minute| *minute != 5_000) {
        let _ = writeln!(busy, "{},{}", minute * 60, 6_000 + minute % 100);
    }
    assert_eq!(read(&busy, Gaps::ByTheFile).expect("a trace").understood(), RowMeaning::IntervalsWithGaps);
    let whole = read("0,5\n60,0\n120,3\n", Gaps::Refuse).expect("no gap");
    assert_eq!(whole.understood(), RowMeaning::Intervals);
    let wild = read("0,5\n61,2\n99,3\n250,7\n", Gaps::Refuse).expect_err("no interval").to_string();
    assert_eq!(wild, "the rows have no regular interval");
}

/// More rows than are kept apart: one for each of four million jobs.
#[test]
fn a_file_of_millions_of_jobs_keeps_its_shape() {
    let mut text = "timestamp,value\n".to_owned();
    for job in 0..4_000_000_u64 {
        // Ten times as fast in the second half.
        let at = if job < 400_000 { job * 20 } else { 8_000_000 + (job - 400_000) * 2 };
        let _ = writeln!(text, "{},1", 1_700_000_000_000 + at);
    }
    let trace = trace::read_with(text.as_bytes(), &Options::default()).expect("a trace");
    assert_eq!(trace.understood(), RowMeaning::Moments);
    let load = Load::recorded(&trace, 7);
    assert!((load.jobs() - 4_000_000.0).abs() < 1.0, "{}", load.jobs());
    let at = |share: usize| load.rate()[load.steps() * share / 100];
    assert!((at(80) / at(20) - 10.0).abs() < 0.2, "{} and {}", at(20), at(80));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever its interval, a trace without gaps is replayed with as many jobs as it holds.
    #[test]
    fn no_job_is_made_of_a_trace_without_gaps(
        interval in prop_oneof![Just(1_u32), Just(7), Just(10), Just(15), Just(60), Just(100), Just(3_600)],
        values in proptest::collection::vec(0_u32..50, 2..60),
    ) {
        let rows = values.iter().zip(0_u32..).map(|(value, row)| format!("{},{value}", row * interval));
        let text = rows.collect::<Vec<_>>().join("\n");
        let trace = read(&text, Gaps::ByTheFile).expect("a trace");
        let all: u32 = values.iter().sum();
        prop_assert!((trace.recorded() - f64::from(all)).abs() < 1e-6);
        prop_assert!((trace.repaired() - f64::from(all)).abs() < 1e-6 * f64::from(all) + 1e-6, "{}", trace.repaired());
    }
}

/// What was added up is `expected`, and `mean` is what a reader who takes the mean would have found.
fn adds_up(text: &str, expected: f64) -> Trace {
    let trace = read(text, Gaps::ByTheFile).expect("a trace");
    assert!((trace.recorded() - expected).abs() < 1e-6, "{}", trace.recorded());
    assert!((jobs(&trace) - expected).abs() < 1e-6, "{} of {expected}", jobs(&trace));
    assert!(trace.repairs().count(Repair::Added) > 0);
    assert_eq!(trace.repairs().count(Repair::Duplicate), 0);
    trace
}

/// A row for each batch that is put into the queue, in whole seconds: several a second, or one and a half.
#[test]
fn several_counts_of_one_second_are_added_up() {
    for milliseconds_apart in [330, 1_300] {
        let mut next = numbers();
        let (mut at, mut all) = (0, 0.0);
        let mut text = String::new();
        for _ in 0..20_000 {
            at += u64::from(next() % milliseconds_apart);
            let size = [1, 2, 5][next() as usize % 3];
            all += f64::from(size);
            let _ = writeln!(text, "{},{size}", at / 1_000);
        }
        let _ = adds_up(&text, all);
    }
}

/// Two producers count their own jobs of each minute, often the same number.
#[test]
fn counts_of_two_producers_are_added_minute_by_minute() {
    let mut next = numbers();
    let mut all = 0.0;
    let mut text = String::new();
    for minute in 0..2_000 {
        for _ in 0..2 {
            let count = next() % 4;
            all += f64::from(count);
            let _ = writeln!(text, "{},{count}", minute * 60);
        }
    }
    let trace = adds_up(&text, all);
    assert_eq!(trace.understood(), RowMeaning::Intervals);
    assert_eq!(trace.rows(), 4_000);
}

/// A file that holds a day twice, the last minute of the first time still incomplete; and measured values, which differ.
#[test]
fn one_value_recorded_again_is_no_second_count() {
    let day = |last: u32| {
        (0..1_440).map(move |minute| (minute, if minute == 1_439 { last } else { 5 + minute % 7 }))
    };
    let rows = |text: String, (minute, value)| text + &format!("{},{value}\n", minute * 60);
    let twice = day(2).chain(day(6)).fold(String::new(), rows);
    let trace = read(&twice, Gaps::ByTheFile).expect("a trace");
    let once = day(4).map(|(_, value)| f64::from(value)).sum::<f64>();
    assert!((jobs(&trace) - once).abs() < 1e-6, "{} of {once}", jobs(&trace));
    let measured = "0,1.5\n0,2.5\n60,2.5\n60,3.5\n120,1.0\n";
    let trace = read(measured, Gaps::ByTheFile).expect("a trace");
    assert!((jobs(&trace) - 6.0).abs() < 1e-6, "{}", jobs(&trace));
    let options = Options { repeats: Repeats::Sum, ..Options::default() };
    let added = trace::read_with(measured.as_bytes(), &options).expect("a trace");
    assert!((jobs(&added) - 11.0).abs() < 1e-6, "what means what can be chosen: {}", jobs(&added));
    let options = Options { repeats: Repeats::Mean, ..Options::default() };
    let mean = trace::read_with(&b"0,1\n0,3\n60,2\n"[..], &options).expect("a trace");
    assert!((jobs(&mean) - 4.0).abs() < 1e-6, "{}", jobs(&mean));
}

/// One row for each job, two a second; one in two hundred is two jobs.
#[test]
fn a_row_that_is_two_jobs_loses_none_of_the_others() {
    let mut next = numbers();
    let (mut at, mut all, mut text) = (0, 0.0, String::new());
    for row in 0..20_000 {
        at += next() % 1_000;
        let size = if row % 200 == 0 { 2 } else { 1 };
        all += f64::from(size);
        let _ = writeln!(text, "{},{size}", at / 1_000);
    }
    let trace = read(&text, Gaps::ByTheFile).expect("a trace");
    assert_eq!(trace.understood(), RowMeaning::Moments);
    assert!((jobs(&trace) - all).abs() < 1e-6, "{} of {all}", jobs(&trace));
    let options = Options { repeats: Repeats::Mean, ..Options::default() };
    let once = trace::read_with(format!("timestamp,value\n{text}").as_bytes(), &options).expect("a trace");
    assert!(jobs(&once) < 0.7 * all, "what means what can be chosen: {}", jobs(&once));
}

/// Minutes with a job or two, all of them twice: a file that holds a day two times, or two producers.
#[test]
fn repeated_rows_that_may_be_jobs_or_one_value_again_are_refused() {
    let minutes = |twice: u32| {
        (0..100).fold(String::new(), |text, minute| {
            let row = format!("{},{}\n", minute * 60, if minute % 10 == 0 { 2 } else { 1 });
            text + &row.repeat(if minute < twice { 2 } else { 1 })
        })
    };
    let refused = read(&minutes(100), Gaps::ByTheFile).expect_err("it may be either");
    assert_eq!(
        refused.to_string(),
        "100 rows have the timestamp of an earlier one (the first: lines 3, 5, 7, 9, 11) and nearly all of them its value: \
         together 220 jobs if they are added, 110 if each timestamp counts once"
    );
    for (repeats, expected) in [(Repeats::Sum, 220.0), (Repeats::Mean, 110.0)] {
        let options = Options { repeats, ..Options::default() };
        let trace = trace::read_with(format!("timestamp,value\n{}", minutes(100)).as_bytes(), &options);
        assert!((jobs(&trace.expect("a trace")) - expected).abs() < 1e-6, "{repeats:?}");
    }
    // A few rows change little.
    assert!((jobs(&read(&minutes(3), Gaps::ByTheFile).expect("a trace")) - 110.0).abs() < 1e-6);
}

/// One minute in ten had no job and has no row, but a restart wrote a zero.
#[test]
fn a_single_zero_makes_no_jobs_of_minutes_that_are_left_out() {
    let mut next = numbers();
    let (mut all, mut text) = (0.0, "0,0\n".to_owned());
    for minute in (1..4_000_u32).filter(|minute| minute % 10 != 0) {
        let count = 1 + next() % 30;
        all += f64::from(count);
        let _ = writeln!(text, "{},{count}", minute * 60);
    }
    let trace = read(&text, Gaps::ByTheFile).expect("a trace");
    assert_eq!(trace.understood(), RowMeaning::IntervalsThatAreNotEmpty);
    assert!((jobs(&trace) - all).abs() < 1e-6, "{} of {all}", jobs(&trace));
}
