//! A file with ten mistakes gives ten messages.

/// Ten mistakes, each marked.
const TEN_MISTAKES: &str = include_str!("ten-mistakes.yaml");

#[test]
fn ten_mistakes_give_ten_messages() {
    let problems = tidegate_fleet::parse(TEN_MISTAKES).expect_err("the file is wrong");
    assert_eq!(problems.len(), TEN_MISTAKES.matches("# mistake").count(), "{problems}");
    assert_eq!(problems.len(), 10);
    insta::assert_snapshot!(problems.in_file("ten-mistakes.yaml"));
}

#[test]
fn excerpts_show_the_line_and_the_place() {
    let problems = tidegate_fleet::parse(TEN_MISTAKES).expect_err("the file is wrong");
    let excerpts: Vec<String> =
        problems.iter().map(|problem| problem.with_excerpt("ten-mistakes.yaml", TEN_MISTAKES)).collect();
    insta::assert_snapshot!(excerpts.join("\n"));
}

#[test]
fn each_message_points_at_its_mistake() {
    let problems = tidegate_fleet::parse(TEN_MISTAKES).expect_err("the file is wrong");
    let lines: Vec<&str> = TEN_MISTAKES.lines().collect();
    for problem in &problems {
        let line = lines[problem.place().line - 1];
        assert!(line.contains("# mistake"), "{problem}: {line}");
    }
}

/// Messages and excerpts end in build logs: wherever a password was put by mistake, it travels no further.
#[test]
fn a_password_is_in_no_message_and_no_excerpt() {
    let url = "redis://user:hunter2@redis:6379/0";
    let long_url = format!("redis://user:{}hunter2@redis:6379/0", "x".repeat(80));
    for place in [
        "name: URL",
        "name: [URL]",
        "mode: URL",
        "URL: 1",
        "services: URL",
        "services: [{ name: URL, concurrency: URL, idle: URL, interruptible: URL, ecs: URL, rules: [URL] }]",
        "services: [{ queue: { celery: { url: \"URL\", queeu: x } } }]",
        "services: [{ queue: { celery: { url_from: \"URL\" } } }]",
        "services: [{ queue: { sqs: { url: 'URL' } } }]",
        "services: [{ rules: [{ when: URL, add: URL }, { when: \"waiting > URL\" }, { when: \"cpu URL\" }] }]",
        "budgets: [{ use: { \"URL\": 1 } }]",
        "name: URL\n  broken: [",
    ] {
        for url in [url, &long_url] {
            let text = place.replace("URL", url);
            let problems = tidegate_fleet::parse(&text).expect_err("the file is wrong");
            let mut said = format!("{problems}\n{}\n", problems.to_json());
            for problem in &problems {
                said.push_str(&problem.with_excerpt("fleet.yaml", &text));
            }
            assert!(!said.contains("hunter2"), "{place}: {said}");
        }
    }
}

/// Compares what is wrong with a file: by code, the part of the file that is pointed at, and some of what is said.
#[track_caller]
pub(crate) fn check_problems(text: &str, expected: &[(&str, &str, &str)]) {
    let problems = tidegate_fleet::parse(text).expect_err("the file is wrong");
    let reported: Vec<(&str, String)> = problems
        .iter()
        .map(|problem| {
            let place = problem.place();
            let line = text.lines().nth(place.line - 1).unwrap_or_default();
            (problem.code().as_str(), line.chars().skip(place.column - 1).take(place.width).collect())
        })
        .collect();
    let wanted: Vec<(&str, String)> =
        expected.iter().map(|(code, part, _)| (*code, (*part).to_owned())).collect();
    assert_eq!(reported, wanted, "{text}\n{problems}");
    for (_, _, words) in expected {
        assert!(problems.to_string().contains(words), "{problems}");
    }
}
