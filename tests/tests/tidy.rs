//! The rules of the house that a reader can rely on.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_tests::directions::DIRECTIONS;
use tidegate_tests::repository::{self, exists, files, has_extension, read, rust_files};
use tidegate_tests::{modules, types};

/// Everything written in Rust.
const OURS: [&str; 4] = ["shared/", "functions/", "cli/", "tests/"];

/// What the policy may be built from: time, derived serialization of its memory, derived errors.
const POLICY_USES: [&str; 3] = ["jiff", "serde", "thiserror"];

/// Every place that breaks a rule, reported at once.
#[track_caller]
fn check(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

/// The places, as `file:line`, of lines that hold one of the texts.
fn places(files: &[String], texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in (1..).zip(read(file).lines()) {
            if texts.iter().any(|text| line.contains(text)) {
                found.push(format!("{file}:{number}: {}", line.trim()));
            }
        }
    }
    found
}

fn longer_than(limit: usize, files: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines = |file: &String| read(file).lines().count();
    files
        .into_iter()
        .filter(|file| lines(file) > limit)
        .map(|file| format!("{file} has {}", lines(&file)))
        .collect()
}

#[test]
fn a_file_has_at_most_400_lines() {
    check("a file has at most 400 lines", &longer_than(400, rust_files(&OURS)));
}

#[test]
fn a_function_is_wired_in_20_lines_and_written_in_150() {
    let named =
        |name: &'static str| rust_files(&["functions/"]).into_iter().filter(move |file| file.ends_with(name));
    check("main.rs has at most 20 lines", &longer_than(20, named("/src/main.rs")));
    check("a function's lib.rs has at most 150 lines", &longer_than(150, named("/src/lib.rs")));
}

#[test]
fn a_fn_has_at_most_70_lines() {
    let mut long = Vec::new();
    for file in rust_files(&OURS) {
        let text = read(&file);
        let lines: Vec<&str> = text.lines().collect();
        for (start, length) in fns(&lines) {
            // A table with one line per variant reads best whole; it says so in its `#[expect]`.
            let is_table = start > 0 && lines[start - 1].contains("#[expect(clippy::too_many_lines, reason");
            if length > 70 && !is_table {
                long.push(format!("{file}:{}: {length} lines", start + 1));
            }
        }
    }
    check("a fn has at most 70 lines", &long);
}

/// The first line and the number of lines of each `fn` with a body, in a file that rustfmt has laid out: a body ends with
/// the first brace that stands as deep as the `fn` does.
fn fns(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async "];
        let bare = words.iter().fold(code, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        if !bare.starts_with("fn ") || line.ends_with(['}', ';']) {
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let end = lines[start..].iter().position(|line| *line == format!("{indent}}}"));
        found.extend(end.map(|end| (start, end + 1)));
    }
    found
}

#[test]
fn no_file_is_a_drawer_for_the_rest() {
    let drawer = |file: &String| {
        let stem = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        ["util", "utils", "helper", "helpers", "common", "manager", "misc"].contains(&stem)
    };
    check("a file is named for what it holds", &files().into_iter().filter(drawer).collect::<Vec<_>>());
}

/// The command reads what a function answers: its types have the words of what they show.
const REPEATED: [&str; 2] = ["Emergency", "Function"];

#[test]
fn a_name_of_a_type_stands_for_one_thing() {
    let named = types::declared(rust_files(&OURS).into_iter().map(|file| (file.clone(), read(&file))));
    let several = named.iter().filter(|(name, files)| files.len() > 1 && !REPEATED.contains(&name.as_str()));
    let offenders: Vec<_> = several.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    check("a type has a name of its own", &offenders);
}

#[test]
fn no_test_is_left_out() {
    check("a test runs or does not exist", &places(&rust_files(&OURS), &[concat!("#[", "ignore")]));
}

#[test]
fn the_policy_is_given_the_time_and_never_waits() {
    let policy = rust_files(&["shared/policy/src"]);
    let now = ["Timestamp::now(", "Zoned::now(", "SystemTime::now(", "Instant::now("];
    let world = ["std::env", "std::fs", "TimeZone::get(", "TimeZone::system(", "TimeZoneDatabase", "tz::db("];
    let texts = ["async ", ".await"].into_iter().chain(now).chain(world).collect::<Vec<_>>();
    check("the policy neither asks nor waits", &places(&policy, &texts));
}

/// The names that a package depends on, other than for its own tests.
fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().cloned().unwrap_or_default();
    let linked = all.into_iter().filter(|dependency| dependency["kind"] != "dev");
    linked.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect()
}

#[test]
fn the_policy_uses_no_sdk_no_runtime_and_no_log() {
    let packages = repository::packages();
    let policy =
        packages.iter().find(|package| package["name"] == "tidegate-policy").expect("there is a policy");
    let allowed = POLICY_USES.map(str::to_owned).into();
    let others: Vec<String> = dependencies(policy).difference(&allowed).cloned().collect();
    check("the policy decides and does nothing else", &others);
}

#[test]
fn dependencies_point_one_way() {
    let packages = repository::packages();
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} has no place in the map"));
            continue;
        };
        for used in dependencies(package) {
            if ours.contains(used.as_str()) && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    check(
        "functions → {{scaling, emergency} → evaluation → aws, queues} → fleet → policy; simulator → policy; cli and tests listen to all",
        &wrong,
    );
}

#[test]
fn no_files_use_each_other_in_a_circle_and_none_uses_a_module_above_it() {
    let crate_roots = rust_files(&OURS).into_iter().filter_map(|file| {
        let src = file.strip_suffix("/lib.rs").or_else(|| file.strip_suffix("/main.rs"))?;
        src.ends_with("/src").then(|| src.to_owned())
    });
    let crates: BTreeSet<String> = crate_roots.collect();
    for expected in ["cli/src", "functions/queue-depth/src", "shared/policy/src"] {
        assert!(crates.contains(expected), "{expected} is not looked at");
    }
    let mut wrong = Vec::new();
    for src in crates {
        let uses = modules::uses(&src);
        let rooms = modules::between_rooms(&src, &uses);
        let circles = modules::circles(&uses).into_iter().chain(modules::circles(&rooms));
        wrong.extend(circles.map(|circle| format!("{src}: a circle of {}", circle.join(", "))));
        wrong.extend(modules::upward(&src, &uses));
    }
    check("files are read from the bottom up", &wrong);
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    check("an invariant names the test that holds it", &items_without_a_test("ARCHITECTURE.md", "invariant"));
}

#[test]
fn every_promise_names_a_test_that_exists() {
    check("a promise names the test that holds it", &items_without_a_test("SPECIFICATION.md", "promise"));
}

/// The items of the sections whose heading has that word, and what is wrong with the tests that they name.
///
/// An item is a numbered or dashed paragraph, or a row of a table. It names a test in backticks, as `file.rs::name` or
/// `file.py::name`, or a file by its path from the root.
fn items_without_a_test(document: &str, section: &str) -> Vec<String> {
    let items = items(&read(document), section);
    assert!(!items.is_empty(), "{document} has no section of {section}s");
    let mut wrong = Vec::new();
    for item in items {
        let names: Vec<&str> = item.split('`').skip(1).step_by(2).filter(|name| is_reference(name)).collect();
        let start: String = item.chars().take(60).collect();
        if names.is_empty() {
            wrong.push(format!("{document}: no test is named in: {start}"));
        }
        let missing = names.into_iter().filter(|name| !reference_exists(name));
        wrong.extend(missing.map(|name| format!("{document}: there is no `{name}`, named in: {start}")));
    }
    wrong
}

fn items(text: &str, section: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut inside, mut open) = (false, false);
    for line in text.lines() {
        let numbered = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        if line.starts_with('#') {
            inside = line.to_lowercase().contains(section);
        }
        if line.starts_with('#') || line.trim().is_empty() || !inside {
            open = false;
        } else if ["|-", "|:", "| -", "| :"].iter().any(|rule| line.starts_with(rule)) {
            found.pop(); // What stood above the rule was the table's head.
        } else if numbered || line.starts_with("- ") || line.starts_with('|') {
            found.push(line.to_owned());
            open = true;
        } else if let (true, Some(last)) = (open, found.last_mut()) {
            *last = format!("{last} {}", line.trim());
        }
    }
    found
}

fn is_reference(name: &str) -> bool {
    name.contains(".rs::")
        || name.contains(".py::")
        || (name.contains('/') && name.contains('.') && !name.contains(' '))
}

fn reference_exists(name: &str) -> bool {
    let Some((file, test)) = name.split_once("::") else { return exists(name) };
    let is_it = |path: &String| path == file || path.ends_with(&format!("/{file}"));
    let keyword = if has_extension(file, "py") { "def" } else { "fn" };
    files().iter().filter(|path| is_it(path)).any(|path| read(path).contains(&format!("{keyword} {test}(")))
}

/// The tracked files that are text of our own: lock files repeat what package managers write.
fn written_files() -> Vec<String> {
    let written = |file: &String| {
        !has_extension(file, "lock") && !file.ends_with("package-lock.json") && !file.starts_with("LICENSE")
    };
    files()
        .into_iter()
        .filter(written)
        .filter(|file| std::fs::read_to_string(repository::root().join(file)).is_ok())
        .collect()
}

#[test]
fn no_package_registry_and_no_path_of_one_machine_is_written_down() {
    let names = [
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("npmjs", ".org"),
        concat!("npmjs", ".com"),
        concat!("static.crates", ".io"),
        concat!("index.crates", ".io"),
        concat!("deb.debian", ".org"),
        concat!("\"", "/root", "/"),
        concat!(" ", "/root", "/"),
        concat!("/home", "/"),
        concat!(" ", "/work", "/"),
        concat!("\"", "/work", "/"),
    ];
    check("a file names no registry and no machine", &places(&written_files(), &names));
    let resolved: Vec<String> =
        files().into_iter().filter(|file| file.ends_with("package-lock.json")).collect();
    check("a lock file of npm names no registry", &places(&resolved, &[concat!("npmjs", ".org")]));
}

#[test]
fn nothing_listens_beyond_loopback() {
    let everywhere = [concat!("0.0.", "0.0"), concat!("INADDR", "_ANY")];
    check("a server listens on loopback", &places(&written_files(), &everywhere));
}

#[test]
fn ci_runs_what_a_developer_runs() {
    let script = read(".ci/run");
    assert!(script.contains("make test"), ".ci/run does not call make test");
    let makefile = read("Makefile");
    for target in ["setup", "demo", "test", "bench", "build", "deploy"] {
        assert!(
            makefile.lines().any(|line| line.starts_with(&format!("{target}:"))),
            "the Makefile has no {target}"
        );
    }
}

#[test]
fn the_scanners_see_what_they_are_for() {
    let code =
        ["impl X {", "    pub async fn long(", "    ) {", "        { }", "    }", "    fn short() {}", "}"];
    assert_eq!(fns(&code), [(1, 4)]);

    let page = "# Page\n\n1. not here\n\n## Invariants\n\nWords.\n\n1. one,\n   held by `a.rs::b`\n2. two\n\n\
                | promise | test |\n| --- | --- |\n| three | `tests/tests/tidy.rs` |\n\n## Next\n\n- not here\n";
    let found = items(page, "invariant");
    assert_eq!(found, ["1. one, held by `a.rs::b`", "2. two", "| three | `tests/tests/tidy.rs` |"]);
    assert!(
        reference_exists("tidy.rs::the_scanners_see_what_they_are_for")
            && reference_exists("tests/tests/tidy.rs")
    );
    assert!(!reference_exists("tidy.rs::there_is_no_such_test") && !reference_exists("tests/none.rs"));

    let graph = |files: &[(&str, &str)]| {
        let texts: Vec<_> =
            files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        modules::of_texts("src", &texts)
    };
    let uses = graph(&[
        ("src/lib.rs", "mod a; mod b; pub use a::A;"),
        ("src/a.rs", "mod c; use c::C; pub struct A(crate::b::B);"),
        (
            "src/a/c.rs",
            "#[cfg(test)] mod tests { use super::*; fn t() { let _ = super::super::A; } } json!(crate::b::B { });",
        ),
        ("src/b.rs", "use {self::d::{D as E}, crate::{x}}; mod d { fn f() -> u8 { a::b() } }"),
    ]);
    let from = |file: &str| uses[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(from("src/lib.rs"), ["src/a.rs"]);
    assert_eq!(from("src/a.rs"), ["src/a/c.rs", "src/b.rs"]);
    assert_eq!(from("src/a/c.rs"), ["src/a.rs", "src/b.rs"]);
    assert_eq!(from("src/b.rs"), ["src/lib.rs"]);
    let circle = ["src/a.rs", "src/a/c.rs", "src/b.rs", "src/lib.rs"].map(str::to_owned);
    assert_eq!(modules::circles(&uses), [circle.to_vec()].into());
    assert_eq!(modules::upward("src", &uses), ["src/a/c.rs uses src/a.rs", "src/b.rs uses src/lib.rs"]);
    assert!(modules::circles(&modules::between_rooms("src", &uses)).is_empty());
}
