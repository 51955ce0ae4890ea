//! What `tidegate simulate` makes of a trace: counts are counts.

use serde_json::Value;

use crate::command::run;
use crate::simulate::{FLEET, hill, simulate, trace};

/// Counts are counts: the totals before and after, what a gap means, and how to say something else.
#[test]
fn what_a_gap_means_is_said_and_can_be_chosen() {
    let rows = |minutes: &[u32]| {
        let row = |minute: &u32| format!("{},{}\n", minute * 60, 1 + minute % 3);
        minutes.iter().map(row).fold("timestamp,value\n".to_owned(), |text, row| text + &row)
    };
    let minutes: Vec<u32> = (0..600).filter(|minute| minute % 5 < 3).collect();
    let sparse = trace("sparse.csv", &rows(&minutes));
    let jobs = |more: &[&str]| {
        let (stdout, stderr, code) = simulate(&sparse, &[&["--throughput", "0.1", "--json"], more].concat());
        assert_eq!((stderr.as_str(), code), ("", 0));
        let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
        let trace = &answer["trace"];
        assert_eq!(trace["recorded"], 720.0);
        (
            trace["repaired"].as_f64().expect("a number").round(),
            trace["understood"].as_str().expect("a word").to_owned(),
        )
    };
    assert_eq!(jobs(&[]), (720.0, "intervals-that-are-not-empty".to_owned()));
    assert_eq!(jobs(&["--gaps", "zero"]), jobs(&[]));
    let (filled, understood) = jobs(&["--gaps", "fill"]);
    assert!(filled > 1_000.0 && understood == "intervals-with-gaps", "{filled}, {understood}");
    let shown = simulate(&sparse, &["--throughput", "0.1"]).0;
    assert!(shown.contains("720 in the trace, 720 after repairs;"), "{shown}");
    assert!(shown.contains("an interval without a row had no job"), "{shown}");
    let (stdout, stderr, code) = simulate(&sparse, &["--gaps", "refuse"]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert!(
        stderr.contains("238 intervals have no row, the first before line 5; use --gaps zero if"),
        "{stderr}"
    );
    assert_eq!(simulate(&sparse, &["--gaps", "maybe"]).2, 2);
}

/// Minutes with one job, or two in one of ten, each of them twice.
#[test]
fn repeated_timestamps_that_may_mean_either_are_refused_with_the_choices() {
    let row = |row: u32| format!("{},{}\n", row / 2 * 60, 1 + u32::from(row % 20 < 2));
    let rows = (0..1_200).map(row).fold("timestamp,value\n".to_owned(), |text, row| text + &row);
    let (stdout, stderr, code) = simulate(&trace("either.csv", &rows), &[]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    let expected = "600 rows have the timestamp of an earlier one (the first: lines 3, 5, 7, 9, 11) and nearly all of them its \
                    value: together 1320 jobs if they are added, 660 if each timestamp counts once; use --repeats sum if";
    assert!(stderr.contains(expected), "{stderr}");
}

/// Two producers' counts of each minute, a row each.
#[test]
fn what_a_repeated_timestamp_means_is_said_and_can_be_chosen() {
    let row = |row: u32| format!("{},{}\n", row / 2 * 60, if row.is_multiple_of(2) { 2 } else { 4 });
    let rows = (0..1_200).map(row).fold("timestamp,value\n".to_owned(), |text, row| text + &row);
    let trace = trace("producers.csv", &rows);
    let shown = |more: &[&str]| {
        let (stdout, stderr, code) = simulate(&trace, &[&["--throughput", "0.1"], more].concat());
        assert_eq!((stderr.as_str(), code), ("", 0));
        stdout
    };
    let added = shown(&[]);
    assert!(added.contains("3,600 in the trace;\n"), "{added}");
    assert!(added.contains("the rows of one timestamp are parts of one count and are added"), "{added}");
    let mean = shown(&["--repeats", "mean"]);
    assert!(mean.contains("3,600 in the trace, 1,800 after repairs;\n"), "{mean}");
    assert!(mean.contains("the rows of one timestamp are one value recorded again"), "{mean}");
}

#[test]
fn one_row_for_each_job_is_as_many_jobs() {
    let rows = (0..3_000_u32).fold("timestamp,value\n".to_owned(), |text, job| {
        text + &format!("{}.{:03},1\n", job * 7 % 3_600, job * 7_919 % 1_000)
    });
    let (stdout, stderr, code) = simulate(&trace("jobs.csv", &rows), &["--throughput", "0.1"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    assert!(stdout.contains("3,000 jobs\n"), "{stdout}");
    assert!(stdout.contains("3,000 in the trace, 3,000 after repairs;"), "{stdout}");
    assert!(stdout.contains("each row is one or more jobs at one time"), "{stdout}");
}

#[test]
fn a_trace_coarser_than_the_acceptable_wait_hides_bursts_and_says_so() {
    let hours = trace("hours.csv", "timestamp,value\n0,3600\n3600,7200\n7200,3600\n");
    let note = "the trace has one value every 3600 s, longer than the acceptable wait of 60 s: bursts within";
    assert!(simulate(&hours, &[]).0.contains(note));
    assert!(!simulate(&hill(), &[]).0.contains("bursts within"));
}

/// Overload has a name, and is no wait of a million seconds.
#[test]
fn a_load_that_the_maximum_cannot_serve_is_named() {
    let rows = (0..360_u32).fold("timestamp,value\n".to_owned(), |text, minute| {
        let jobs = if (120..300).contains(&minute) { 246 } else { 30 };
        text + &format!("2024-01-31T{:02}:{:02}:00Z,{jobs}\n", 12 + minute / 60, minute % 60)
    });
    let steep = trace("steep.csv", &rows);
    let (stdout, _, code) = simulate(&steep, &["--throughput", "0.1", "--rivals"]);
    assert_eq!(code, 0);
    let overload = "max 20 cannot serve this load, which needs 42 tasks; from 2024-01-31 14:0";
    assert!(stdout.contains(overload), "{stdout}");
    assert!(!stdout.lines().any(|line| line.contains("0000.") && line.contains(" s")), "{stdout}");
    let tuned = |late: &str| {
        let command =
            ["tune", "--fleet", FLEET, "--service", "worker", "--trace", &steep, "--throughput", "0.1"];
        run(&[&command[..], &["--late", late]].concat())
    };
    let (stdout, _, _) = tuned("1");
    assert!(stdout.contains(overload), "{stdout}");
}
