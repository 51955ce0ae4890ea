//! Traces as CloudWatch gives them: the JSON of the command line, the CSV of the console, and clocks that name no zone.

use jiff::tz::TimeZone;
use tidegate_simulator::trace::{self, Options, Trace, TraceError};

/// Five minutes, the newest first, as `aws cloudwatch get-metric-data` prints them.
const METRIC_DATA: &str = r#"{
    "MetricDataResults": [
        {
            "Id": "sent",
            "Label": "NumberOfMessagesSent",
            "Timestamps": [
                "2026-10-05T00:04:00+00:00",
                "2026-10-05T00:03:00+00:00",
                "2026-10-05T00:01:00+00:00",
                "2026-10-05T00:02:00+00:00",
                "2026-10-05T00:00:00+00:00"
            ],
            "Values": [5.0, 4.0, 2.0, 3.0, 1.0],
            "StatusCode": "Complete"
        }
    ],
    "Messages": []
}"#;

fn options(metric: Option<&str>, zone: Option<&str>) -> Options {
    let zone = zone.map(|name| TimeZone::get(name).expect("a zone"));
    Options { metric: metric.map(str::to_owned), zone, ..Options::default() }
}

#[track_caller]
fn read(text: &str, metric: Option<&str>) -> Trace {
    trace::read_with(text.as_bytes(), &options(metric, None)).expect("the trace can be read")
}

fn values(trace: &Trace) -> Vec<f64> {
    trace.points().iter().map(|point| point.value).collect()
}

#[track_caller]
fn refuse(text: &str, metric: Option<&str>, error: &str) {
    let refused = trace::read_with(text.as_bytes(), &options(metric, None)).expect_err("nothing to read");
    assert_eq!(refused.to_string(), error);
}

#[test]
fn the_json_of_get_metric_data_is_read_in_any_order() {
    let trace = read(METRIC_DATA, None);
    assert_eq!(values(&trace), [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(trace.first().map(|first| first.to_string()).as_deref(), Some("2026-10-05T00:00:00Z"));
    assert_eq!((trace.rows(), trace.repairs().to_string().as_str()), (5, ""));
    assert!((trace.step_seconds() - 60.0).abs() < 1e-9);
    for metric in ["sent", "NumberOfMessagesSent"] {
        assert_eq!(read(METRIC_DATA, Some(metric)), trace, "{metric}");
    }
    // `cli_timestamp_format = wire`, and a file of an editor that marks its encoding.
    let wire =
        r#"{"MetricDataResults": [{"Id": "m", "Timestamps": [1791158400, 1791158460], "Values": [1, 2]}]}"#;
    assert_eq!(values(&read(&format!("\u{feff}\n{wire}"), None)), [1.0, 2.0]);
}

#[test]
fn of_several_results_one_must_be_named() {
    let two = METRIC_DATA.replace(
        "\"MetricDataResults\": [",
        r#""MetricDataResults": [
        {"Id": "deleted", "Label": "deleted", "Timestamps": [], "Values": [], "StatusCode": "Complete"},"#,
    );
    refuse(&two, None, "the file has several metrics: `deleted`, `sent` (NumberOfMessagesSent)");
    refuse(&two, Some("m1"), "the file has no metric `m1`; it has `deleted`, `sent` (NumberOfMessagesSent)");
    assert_eq!(values(&read(&two, Some("sent"))), [1.0, 2.0, 3.0, 4.0, 5.0]);
    refuse(&two, Some("deleted"), "0 timestamps with a value; at least 2 are needed");
}

/// A search gives all of its series one id. Taken for pages of one, ten queues would look like a tenth of their load.
#[test]
fn the_series_of_a_search_are_told_apart_by_their_labels() {
    let search = r#"{"MetricDataResults": [
        {"Id": "s", "Label": "emails", "Timestamps": [1791158400, 1791158460], "Values": [1, 2]},
        {"Id": "s", "Label": "images", "Timestamps": [1791158400, 1791158460], "Values": [30, 40]}]}"#;
    refuse(search, None, "the file has several metrics: `s` (emails), `s` (images)");
    refuse(search, Some("s"), "the file has several metrics: `s` (emails), `s` (images)");
    assert_eq!(values(&read(search, Some("images"))), [30.0, 40.0]);
}

/// What CloudWatch left out would be replayed as no load.
#[test]
fn a_part_of_an_answer_is_refused() {
    refuse(
        &METRIC_DATA.replace("\"Complete\"", "\"PartialData\""),
        None,
        "`sent` is PartialData: CloudWatch did not return all of its datapoints; repeat the call, or request a shorter time range",
    );
    refuse(
        &METRIC_DATA.replace("\"Messages\": []", "\"NextToken\": \"eyJ2\""),
        None,
        "the file has only one page of the answer (`NextToken`); repeat the call without `--no-paginate` and `--max-items`",
    );
    refuse(
        &METRIC_DATA.replace("[5.0, 4.0, ", "[4.0, "),
        None,
        "`sent` has 5 `Timestamps` and 4 `Values`; the numbers must be equal",
    );
    // The command line joins pages: the earlier are partial, and together they are whole.
    let pages = r#"{"MetricDataResults": [
        {"Id": "m", "Timestamps": ["2026-10-05T00:01:00Z"], "Values": [2.0], "StatusCode": "PartialData"},
        {"Id": "m", "Timestamps": ["2026-10-05T00:00:00Z"], "Values": [1.0], "StatusCode": "Complete"}
    ]}"#;
    assert_eq!(values(&read(pages, None)), [1.0, 2.0]);
}

#[test]
fn what_cloudwatch_says_about_its_answer_is_reported() {
    let said =
        r#""Messages": [{"Code": "ArithmeticError", "Value": "One or more data-points have been dropped"}]"#;
    let trace = read(&METRIC_DATA.replace("\"Messages\": []", said), None);
    assert_eq!(
        trace.notes(),
        ["CloudWatch reports ArithmeticError: One or more data-points have been dropped"]
    );
}

#[test]
fn the_json_of_get_metric_statistics_is_read() {
    let point = |minute: u32, more: &str| {
        format!(
            r#"{{"Timestamp": "2026-10-05T00:0{minute}:00+00:00", "Sum": {minute}.5{more}, "Unit": "Count"}}"#
        )
    };
    let answer = |points: &[String]| {
        format!(r#"{{"Label": "NumberOfMessagesSent", "Datapoints": [{}]}}"#, points.join(", "))
    };
    let sums = answer(&[point(2, ""), point(0, ""), point(1, "")]);
    assert_eq!(values(&read(&sums, None)), [0.5, 1.5, 2.5]);
    let both = answer(&[0, 1].map(|minute| point(minute, r#", "Maximum": 7.0"#)));
    refuse(&both, None, "the file has several metrics: `Maximum`, `Sum`");
    assert_eq!(values(&read(&both, Some("Maximum"))), [7.0, 7.0]);
    let ninety = answer(&[0, 1].map(|minute| point(minute, r#", "ExtendedStatistics": {"p90": 3.0}"#)));
    assert_eq!(values(&read(&ninety, Some("p90"))), [3.0, 3.0]);
}

#[test]
fn json_that_is_no_answer_of_cloudwatch_is_refused() {
    refuse(
        r#"{"Metrics": []}"#,
        None,
        "the JSON has neither `MetricDataResults` (get-metric-data) nor `Datapoints` (get-metric-statistics)",
    );
    refuse(r#"{"MetricDataResults": []}"#, None, "0 timestamps with a value; at least 2 are needed");
    let error = trace::read(&b"{\"MetricDataResults\": [{]}"[..]).expect_err("no JSON").to_string();
    assert!(error.starts_with("the file is not the JSON of `aws cloudwatch get-metric-data`: "), "{error}");
    assert!(error.ends_with("at line 1 column 25"), "{error}");
    let odd = METRIC_DATA.replace("3.0, 1.0]", "-3.0, \"x\"]").replace("00:02:00+00:00", "24:02");
    refuse(
        &odd,
        None,
        "datapoint 4: the timestamp is `2026-10-05T24:02`, must be ISO-8601 (2024-01-31T10:00:00Z), 2024/01/31 10:00 \
         or a number of seconds\ndatapoint 5: the value is `x`, must be a number",
    );
}

/// As CloudWatch's console downloads it: lines about the metric, then rows with dates of its own.
const CONSOLE: &str = "Full label,\"Sent, of orders\",\"Deleted, of orders\"\n\
                       Label,Sent,Deleted\n\
                       Account ID,111122223333,111122223333\n\
                       Region,\"eu-central-1\",\"eu-central-1\"\n\
                       \n\
                       2026/10/05 00:00,1,10\n\
                       2026/10/05 00:01,\"2\",20\n\
                       2026/10/05 00:02:00,3,\n";

#[test]
fn the_csv_of_the_console_is_read() {
    refuse(
        CONSOLE,
        None,
        "the file has several metrics: `Sent, of orders` (Sent), `Deleted, of orders` (Deleted)",
    );
    let sent = read(CONSOLE, Some("Sent"));
    assert_eq!(values(&sent), [1.0, 2.0, 3.0]);
    assert_eq!(
        sent.repairs().to_string(),
        "4 lines above the rows: ignored (lines 1, 2, 3, 4)\n1 blank line: ignored (line 5)\n3 timestamps without a \
         zone: read as UTC (lines 6, 7, 8)"
    );
    assert_eq!(sent.first().map(|first| first.to_string()).as_deref(), Some("2026-10-05T00:00:00Z"));
    assert_eq!(values(&read(CONSOLE, Some("Deleted, of orders"))), [10.0, 20.0]);
    let named = "queue orders,\n\"Timestamps\",\"Values\"\n\"2026-10-05 00:00\",\"1\"\n2026-10-05 00:01,2\n";
    assert_eq!(values(&read(named, None)), [1.0, 2.0]);
    assert_eq!(values(&read("timestamp,host,jobs\n0,\"a, b\",1\n60,c,2\n", Some("jobs"))), [1.0, 2.0]);
    refuse("timestamp,host,jobs\n0,a,1\n", None, "the file has several metrics: `host`, `jobs`");
    refuse("0,1\n60,2\n", Some("jobs"), "the file has no metric `jobs`; it has none with a name");
}

#[test]
fn a_number_with_commas_and_a_quote_without_end_are_refused() {
    refuse(
        "timestamp,value\n0,\"1,234\"\n60,\"2\n120,3\n",
        None,
        "line 2: the value is `1,234`, must be a number without commas: 1234 or 1.234\n\
         line 3: the line is `60,\"2`, with a quote that is not closed",
    );
}

/// Below a header that names other columns no row is wrong by itself.
#[test]
fn what_is_wrong_is_counted_once() {
    let rows = "web-1,2026-10-05T00:00:00Z,7\n".repeat(1_000);
    refuse(
        &format!("host,time,jobs\n{rows}"),
        None,
        "line 1: the header is `host,time,jobs`, must name the columns `timestamp` and `value`",
    );
    let rows = (0..100)
        .fold(String::new(), |rows, minute| rows + &format!("{},{}\n", minute * 60, ["x", "1"][minute % 2]));
    let error =
        trace::read(format!("time,value\n{rows}").as_bytes()).expect_err("50 rows are wrong").to_string();
    assert!(error.starts_with("line 1: the header is `time,value`"), "{error}");
    assert_eq!(error.lines().count(), TraceError::LISTED_MAX + 1);
    assert!(error.ends_with("and 31 more lines"), "{error}");
}

/// A row every so many minutes of Berlin's clock, from midnight on, as a console set to local time shows them.
fn berlin(date: &str, every_minutes: u32, hours: &[u32]) -> Vec<String> {
    let minutes = |hour: u32| (0..60 / every_minutes).map(move |row| (hour, row * every_minutes));
    let row = |(hour, minute)| format!("{date} {hour:02}:{minute:02}");
    hours.iter().copied().flat_map(minutes).map(row).collect()
}

/// Reads rows that count themselves.
fn in_berlin(stamps: impl Iterator<Item = String>) -> Result<Trace, TraceError> {
    let rows =
        stamps.enumerate().fold(String::new(), |rows, (row, stamp)| rows + &format!("{stamp},{}\n", row + 1));
    let text = format!("timestamp,value\n{rows}");
    trace::read_with(text.as_bytes(), &options(None, Some("Europe/Berlin")))
}

/// On 25 October 2026 Berlin's clocks show the hour from 02:00 on twice.
#[test]
fn the_repeated_hour_of_autumn_is_two_hours_in_the_order_of_the_rows() {
    for every_minutes in [1, 15, 60] {
        let stamps = berlin("2026/10/25", every_minutes, &[0, 1, 2, 2, 3]);
        let count = stamps.len();
        let up = in_berlin(stamps.iter().cloned()).expect("a trace");
        assert_eq!(up.first().map(|first| first.to_string()).as_deref(), Some("2026-10-24T22:00:00Z"));
        assert_eq!(up.repairs().to_string(), "", "every {every_minutes} minutes");
        assert!((up.end_seconds() - 5.0 * 3_600.0).abs() < 1e-6);
        let expected: Vec<f64> = (1..=u32::try_from(count).expect("few")).map(f64::from).collect();
        assert_eq!(values(&up), expected);
        let down = in_berlin(stamps.into_iter().rev()).expect("a trace");
        let backward: Vec<f64> = expected.into_iter().rev().collect();
        assert_eq!(values(&down), backward, "every {every_minutes} minutes, the newest first");
    }
}

/// Two rows of one moment are two rows of one moment, in that hour as in any other.
#[test]
fn rows_that_repeat_a_minute_do_not_put_the_clock_back() {
    let twice = berlin("2026-10-25", 1, &[1, 2, 2, 3]).into_iter().flat_map(|stamp| [stamp.clone(), stamp]);
    let trace = in_berlin(twice).expect("a trace");
    assert_eq!(trace.repairs().count(trace::Repair::Added), 240);
    assert_eq!(trace.repairs().count(trace::Repair::GapFilled), 0);
    assert!((trace.end_seconds() - 4.0 * 3_600.0).abs() < 1e-6);
}

#[test]
fn a_time_that_did_not_exist_is_refused_with_its_line() {
    let error = in_berlin(berlin("2026-03-29", 30, &[1, 2, 3]).into_iter()).expect_err("no such hour");
    assert_eq!(
        error.to_string(),
        "line 4: the timestamp is `2026-03-29 02:00`, a time that did not exist in Europe/Berlin, because clocks went forward\n\
         line 5: the timestamp is `2026-03-29 02:30`, a time that did not exist in Europe/Berlin, because clocks went forward"
    );
    let right = in_berlin(berlin("2026-03-29", 30, &[1, 3]).into_iter()).expect("a trace");
    assert_eq!((right.end_seconds(), right.repairs().to_string().as_str()), (7_200.0, ""));
}

#[test]
fn a_repeated_hour_without_an_order_and_a_zone_without_a_use_are_refused() {
    let shuffled =
        ["01:59", "02:00", "02:30", "02:10", "02:40", "02:20"].map(|time| format!("2026-10-25 {time}"));
    let error = in_berlin(shuffled.into_iter()).expect_err("no order").to_string();
    assert_eq!(
        error,
        "line 7: the timestamp is `2026-10-25 02:20`, a time that occurred twice in Europe/Berlin, and the rows go back in time \
         more than once; sort the rows, or write the UTC offset"
    );
    let named = in_berlin(["2026-10-25T00:00:00Z", "2026-10-25T00:01:00Z"].map(str::to_owned).into_iter());
    assert_eq!(named.expect_err("UTC").to_string(), "the timestamps have a zone, or are numbers");
}
