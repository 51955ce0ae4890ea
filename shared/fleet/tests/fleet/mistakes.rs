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
