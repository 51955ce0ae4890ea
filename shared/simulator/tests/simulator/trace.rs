//! Traces as users have them.

use proptest::prelude::*;
use tidegate_simulator::trace::{self, Repair, Trace, TraceError};

#[track_caller]
fn read(text: &str) -> Trace {
    trace::read(text.as_bytes()).expect("the trace can be read")
}

/// The values every 15 s, of rows a minute apart.
#[track_caller]
fn check(text: &str, values: &[f64], repairs: &str) {
    let trace = read(text);
    let points: Vec<f64> = trace.points().iter().map(|point| point.value).collect();
    assert_eq!(points, values);
    assert_eq!(trace.repairs().to_string(), repairs);
}

#[track_caller]
fn refuse(text: &str, error: &str) {
    assert_eq!(trace::read(text.as_bytes()).expect_err("nothing to read").to_string(), error);
}

#[test]
fn a_clean_trace_is_taken_as_it_is() {
    check("timestamp,value\n0,1\n60,2\n120,0\n", &[1.0, 2.0, 0.0], "");
    check("timestamp,value\r\n2024-01-31T10:00:00Z,1\r\n2024-01-31T10:01:00+00:00,2.5\r\n", &[1.0, 2.5], "");
    check("\u{feff}Value, host ,TIMESTAMP\n\"7\",x,0\n8,y,60\n", &[7.0, 8.0], "");
}

#[test]
fn the_first_timestamp_is_known_as_a_number() {
    for (rows, first) in [
        ("120,1\n180,2", 120.0),
        ("1700000000000,1\n1700000060000,2", 1_700_000_000.0),
        ("1970-01-01T01:00:00Z,1\n1970-01-01T01:01:00Z,2", 3_600.0),
    ] {
        let trace = read(&format!("timestamp,value\n{rows}\n"));
        assert!((trace.first_seconds() - first).abs() < 1e-6, "{rows}");
    }
}

#[test]
fn every_repair_is_reported_with_its_lines() {
    check(
        "0,1\n60,2",
        &[1.0, 2.0],
        "1 line without a header above it: the timestamp is assumed first, the value second (line 1)",
    );
    check("timestamp,value\n60,2\n0,1\n120,3\n", &[1.0, 2.0, 3.0], "1 row out of order: sorted (line 3)");
    check(
        "timestamp,value\n0,1\n60,2\n60,4\n\n120,5\n",
        &[1.0, 3.0, 5.0],
        "1 blank line: ignored (line 5)\n1 repeated timestamp: replaced by the mean of the values (line 4)",
    );
    check(
        "timestamp,value\n2024-01-31 10:00:00,1\n2024-01-31 10:01:00,2\n",
        &[1.0, 2.0],
        "2 timestamps without a zone: read as UTC (lines 2, 3)",
    );
    check(
        "timestamp,value\n1700000000000,1\n1700000060000,2\n",
        &[1.0, 2.0],
        "2 timestamps too large for seconds: read as milliseconds (lines 2, 3)",
    );
}

#[test]
fn a_gap_is_no_zero() {
    let short = "timestamp,value\n0,10\n60,10\n120,\n180,nan\n240,40\n300,0\n";
    check(
        short,
        &[10.0, 10.0, 40.0, 0.0],
        "2 rows without a value: a gap, not a zero (lines 4, 5)\n1 gap: filled by a straight line (line 6)",
    );
    let trace = read(short);
    // The middles of the intervals are at 90 s (10) and 270 s (40); halfway between lies 25.
    assert!((trace.sampled(15.0)[12] - 25.0).abs() < 1e-9);

    let long = read("timestamp,value\n0,10\n60,10\n9000,10\n9060,10\n");
    assert_eq!(long.repairs().count(Repair::GapClosed), 1);
    assert!(long.sampled(15.0)[300].abs() < 1e-9, "closed in between");
}

#[test]
fn what_cannot_be_repaired_is_refused_with_its_line() {
    refuse("", "0 timestamps with a value; at least 2 are needed");
    refuse("timestamp,value\n", "0 timestamps with a value; at least 2 are needed");
    refuse("timestamp,value\n0,1\n", "1 timestamp with a value; at least 2 are needed");
    refuse("timestamp,value\n0,1\n0,2\n", "1 timestamp with a value; at least 2 are needed");
    refuse(
        "time,jobs\n0,1\n",
        "line 1: the header is `time,jobs`, must name the columns `timestamp` and `value`",
    );
    refuse("timestamp,value\n0,1\n60,-3\n", "line 3: the value is `-3`, must not be negative");
    refuse(
        "timestamp,value\n0,1\n60,12k\nsoon,2\n120\n180,many\n240,1e99\n",
        "line 3: the value is `12k`, must be a plain number without a unit\n\
         line 4: the timestamp is `soon`, must be ISO-8601 (2024-01-31T10:00:00Z), 2024/01/31 10:00 or a number of seconds\n\
         line 5: the row is `120`, must have a timestamp and a value with a comma between them\n\
         line 6: the value is `many`, must be a number\n\
         line 7: the value is `1e99`, must be at most 1e15",
    );
    refuse(
        "timestamp,value\n2024-01-31T10:00:00Z,1\n60,1\n",
        "line 3: the timestamp is a number of seconds, but the rows above have ISO-8601 with a zone; all timestamps must be of one kind",
    );
    refuse(
        "timestamp,value\n1700000000,1\n1700000060000,1\n",
        "line 3: the timestamp is a number of milliseconds, but the rows above have a number of seconds; all \
         timestamps must be of one kind",
    );
    let many = format!("timestamp,value\n{}", "0,x\n".repeat(1_000));
    let error = trace::read(many.as_bytes()).expect_err("no row is one").to_string();
    assert_eq!(error.lines().count(), TraceError::LISTED_MAX + 1);
    assert!(error.ends_with("and 980 more lines"));
}

#[test]
fn what_is_no_text_is_refused_with_its_line() {
    let error = trace::read(&b"timestamp,value\n0,\xff1\n60,2\n"[..]).expect_err("no UTF-8");
    assert_eq!(error.to_string(), "line 2: the line is not UTF-8");
    let endless = format!("timestamp,value\n0,{}\n60,1\n", "1".repeat(10_000));
    refuse(&endless, "line 2: the line is longer than 4096 bytes");
}

#[test]
fn more_than_two_years_are_cut_at_the_front() {
    let trace =
        read("timestamp,value\n1970-01-01T00:00:00Z,1\n2024-01-01T00:00:00Z,1\n2024-01-01T00:01:00Z,1\n");
    assert_eq!(trace.repairs().count(Repair::TooOld), 1);
    assert!(trace.end_seconds() < 200.0);
}

/// Rows as a program writes them, without ever holding their text.
struct CsvRows {
    next: u64,
    last: u64,
    line: Vec<u8>,
    at: usize,
}

impl std::io::Read for CsvRows {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.line.len() && self.next < self.last {
            let (second, value) = (self.next, self.next % 7);
            self.line = format!("{second},{value}\n").into_bytes();
            self.at = 0;
            self.next += 1;
        }
        let rest = &self.line[self.at..];
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        self.at += taken;
        Ok(taken)
    }
}

#[test]
fn ten_million_rows_become_a_bounded_number_of_windows() {
    let rows = CsvRows { next: 0, last: 10_000_000, line: b"timestamp,value\n".to_vec(), at: 0 };
    let trace = trace::read(std::io::BufReader::new(rows)).expect("rows are rows");
    assert_eq!(trace.rows(), 10_000_000);
    assert!(trace.points().len() <= trace::TIMESTAMPS_MAX);
    assert_eq!(trace.repairs().count(Repair::Gathered), 2);
    assert!((trace.step_seconds() - 1.0).abs() < 0.01, "{}", trace.step_seconds());
    let jobs: f64 = trace.sampled(15.0).iter().sum::<f64>() * 15.0 / trace.step_seconds();
    assert!((jobs / 30_000_000.0 - 1.0).abs() < 0.01, "{jobs}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "[0-9tT:,./{}\\[\\]\\-Zenaul\\n \"]{0,200}") {
        let _ = trace::read(text.as_bytes());
        let _ = trace::read(format!("timestamp,value\n{text}").as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = trace::read(bytes.as_slice());
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (rows, shuffled) in proptest::collection::vec((0_u32..200, 0_u32..1_000), 2..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let text = |rows: &[(u32, u32)]| {
            let rows = rows.iter().map(|(at, value)| format!("{},{}", at * 60, f64::from(*value) / 7.0));
            let lines: Vec<String> = std::iter::once("timestamp,value".to_owned()).chain(rows).collect();
            lines.join("\n")
        };
        let (one, other) = (trace::read(text(&rows).as_bytes()), trace::read(text(&shuffled).as_bytes()));
        match (one, other) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.points(), other.points());
                prop_assert_eq!(one.sampled(15.0), other.sampled(15.0));
            }
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
        }
    }
}
