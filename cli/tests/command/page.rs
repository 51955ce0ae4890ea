//! `tidegate simulate --html`: what is in the file, and what happens when there is no place for it. What a reader sees of
//! it is tested in a browser (`tests/browser`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::run;

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there when the test runs for the first time.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder of our own");
    folder
}

/// Two days by the minute: a hill each.
fn trace(folder: &Path) -> String {
    let row = |minute: i64| {
        let value = 10 + (600 - (minute % 1_440 - 720).abs()).max(0) / 6;
        format!("{},{value}\n", stamp(minute))
    };
    let rows: String = (0..2 * 1_440).map(row).collect();
    let path = folder.join("trace.csv");
    fs::write(&path, format!("timestamp,value\n{rows}")).expect("a file of our own");
    path.display().to_string()
}

fn stamp(minute: i64) -> String {
    format!("2024-03-{:02}T{:02}:{:02}:00Z", 1 + minute / 1_440, minute / 60 % 24, minute % 60)
}

fn simulate(trace: &str, html: &Path, more: &[&str]) -> (String, String, i32) {
    let html = html.display().to_string();
    let fleet = ["simulate", "--fleet", "fleets/hyperverge.yaml", "--service", "worker", "--trace", trace];
    run(&[&fleet[..], &["--html", &html], more].concat())
}

/// The record that a page holds.
fn record(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"record\">").expect("a record");
    let (record, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(record).expect("JSON")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_page_of_tune_shows_the_frontier_and_the_run_of_the_choice() {
    let folder = folder("page-tune");
    let html = folder.join("page.html");
    let (out, _, code) = run(&[
        "tune",
        "--fleet",
        "fleets/hyperverge.yaml",
        "--service",
        "worker",
        "--trace",
        &trace(&folder),
        "--throughput",
        "0.11",
        "--html",
        &html.display().to_string(),
        "--json",
    ]);
    assert_eq!(code, 0, "{out}");
    let answer: Value = serde_json::from_str(&out).expect("JSON");
    let record = record(&fs::read_to_string(&html).expect("a page"));
    let named = |points: &Value| -> Vec<String> {
        points.as_array().expect("points").iter().map(|point| point["name"].to_string()).collect()
    };
    assert_eq!(named(&record["frontier"]), named(&answer["frontier"]));
    let chosen = |points: &Value| -> Vec<bool> {
        points.as_array().expect("points").iter().map(|point| point["chosen"] == true).collect()
    };
    assert_eq!(chosen(&record["frontier"]), chosen(&answer["frontier"]));
    // The first column is marked: it is the choice, and today's stands beside it.
    assert_eq!(record["scores"][0]["name"], answer["chosen"]["name"]);
    assert_eq!(record["scores"][0]["worker_hours"], answer["chosen"]["worker_hours"]);
    assert_eq!(record["scores"][1]["worker_hours"], answer["own"]["worker_hours"]);
    let titled = |row: &Value, what: &str| {
        let name = row["name"].as_str().expect("a name");
        assert_eq!(row["title"], format!("{what}: {name}"));
    };
    titled(&record["scores"][0], "choice");
    titled(&record["scores"][1], "today");
    let choice = &record["choice"];
    assert_eq!(choice["lines"], answer["lines"]);
    assert_eq!(choice["figures"][0]["name"], "task-hours");
    assert_eq!(choice["figures"][0]["chosen"], answer["chosen"]["worker_hours"]);
    assert_eq!(choice["figures"][0]["today"], answer["own"]["worker_hours"]);
    let (pays, paid) = (&answer["chosen"]["worker_hours"], &answer["own"]["worker_hours"]);
    let percent = 100.0 * (pays.as_f64().expect("hours") / paid.as_f64().expect("hours") - 1.0);
    let saves = if percent < 0.0 {
        format!("saves {:.1} % of today's task-hours", -percent)
    } else {
        format!("pays {percent:.1} % more task-hours than today's")
    };
    assert!(choice["text"].as_str().is_some_and(|text| text.contains(&saves)), "{saves} is not in {choice}");
    assert!(!record["decisions"].as_array().expect("decisions").is_empty());
    assert_eq!(answer["html"], html.display().to_string());
}

#[test]
fn the_page_shows_what_the_answer_says() {
    let folder = folder("page-answer");
    let html = folder.join("page.html");
    let (stdout, stderr, code) = simulate(&trace(&folder), &html, &["--json", "--rivals"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let answer: Value = serde_json::from_str(&stdout).expect("the answer is JSON");
    assert_eq!(answer["html"], html.display().to_string());
    let page = fs::read_to_string(&html).expect("a page");
    assert!(!page.contains(&folder.display().to_string()), "a page that is sent to others names no folder");
    let record = record(&page);
    let scores = record["scores"].as_array().expect("scores");
    assert_eq!(scores[0]["cost_vs_oracle"], answer["cost_vs_oracle"]);
    assert_eq!(scores[1..], answer["rivals"].as_array().expect("rivals")[..]);
    // Its times are the trace's own: 1 March 2024.
    assert_eq!(
        (&record["time"]["first_seconds"], &record["time"]["is_date"]),
        (&1_709_251_200.0.into(), &true.into())
    );
    let decisions = record["decisions"].as_array().expect("decisions");
    assert!(decisions.iter().all(|it| it["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty())));
    let changes = decisions.iter().filter_map(|it| it["changes"].as_f64()).sum::<f64>();
    let per_day = answer["scaling_actions_per_day"].as_f64().expect("a number");
    assert!(
        (changes - 2.0 * per_day).abs() < 0.5,
        "{changes} changes on the page, {per_day} a day in the answer"
    );
    assert_eq!(names(&folder), ["page.html", "trace.csv"], "nothing unfinished is left");
}

#[test]
fn without_rivals_the_page_has_none() {
    let folder = folder("page-alone");
    let html = folder.join("page.html");
    let (stdout, _, code) = simulate(&trace(&folder), &html, &[]);
    assert_eq!(code, 0);
    assert!(stdout.ends_with(&format!("The page: {}\n", html.display())), "{stdout}");
    let record = record(&fs::read_to_string(&html).expect("a page"));
    assert_eq!(record["scores"].as_array().map(Vec::len), Some(1));
    let series = record["charts"][0]["series"].as_array().expect("series");
    let names: Vec<&str> = series.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["load", "bounds", "bounds", "running", "desired"]);
}

#[test]
fn the_same_command_gives_the_same_page() {
    let folder = folder("page-twice");
    let trace = trace(&folder);
    let once = |name: &str| {
        assert_eq!(simulate(&trace, &folder.join(name), &["--rivals"]).2, 0);
        fs::read(folder.join(name)).expect("a page")
    };
    assert!(once("one.html") == once("two.html"));
}

#[test]
fn a_page_that_has_no_place_is_reported_before_the_work() {
    let folder = folder("page-nowhere");
    let trace = trace(&folder);
    for (html, why) in [
        (folder.join("missing/page.html"), "No such file or directory"),
        (folder.join("trace.csv/page.html"), "Not a directory"),
        (folder.clone(), "is a directory"),
    ] {
        let (stdout, stderr, code) = simulate(&trace, &html, &["--json"]);
        assert_eq!((stdout.as_str(), code), ("", 3), "{stderr}");
        let shown = format!("error: cannot write the page `{}`: ", html.display());
        assert!(stderr.starts_with(&shown) && stderr.contains(why), "{stderr}");
    }
    assert_eq!(names(&folder), ["trace.csv"]);
}

#[test]
fn a_page_is_replaced_whole_or_not_at_all() {
    let folder = folder("page-replaced");
    let html = folder.join("page.html");
    fs::write(&html, "an earlier page").expect("a file of our own");
    assert_eq!(simulate("no-such.csv", &html, &[]).2, 3);
    assert_eq!(fs::read_to_string(&html).expect("a page"), "an earlier page");
    assert_eq!(simulate(&trace(&folder), &html, &[]).2, 0);
    assert!(fs::read_to_string(&html).expect("a page").ends_with("</html>\n"));
    assert_eq!(names(&folder), ["page.html", "trace.csv"]);
}

#[test]
fn the_page_of_a_year_stays_below_3_mb() {
    let folder = folder("page-year");
    // Every hour differs from the last, so that there is much to decide.
    let rows = (0..8_760_i64).fold(String::new(), |rows, hour| {
        rows + &format!(
            "{},{}
",
            hour * 3_600,
            hour * 7_919 % 1_000
        )
    });
    let trace = folder.join("year.csv");
    fs::write(&trace, format!("timestamp,value\n{rows}")).expect("a file of our own");
    let html = folder.join("page.html");
    let (_, stderr, code) = simulate(&trace.display().to_string(), &html, &["--rivals"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    let page = fs::read_to_string(&html).expect("a page");
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    let record = record(&page);
    assert_eq!(record["time"]["point_seconds"], 10_800);
    let decisions = record["decisions"].as_array().expect("decisions");
    assert!((1_000..=6_000).contains(&decisions.len()), "{} decisions", decisions.len());
    assert!(record["decisions_cell_seconds"].is_number(), "a year has too many to keep each");
}
