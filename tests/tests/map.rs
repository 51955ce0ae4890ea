//! What the documents say of the repository is so.

use std::collections::BTreeSet;

use tidegate_tests::repository::{exists, files, has_extension, read, rust_files};

/// Every place that breaks a rule, reported at once.
#[track_caller]
fn check(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

/// The paths of the map's first column, a list for each row.
fn map(text: &str) -> Vec<Vec<String>> {
    let (_, map) = text.split_once("\n## The map\n").expect("there is a map");
    let map = map.split("\n## ").next().unwrap_or_default();
    let rows = map.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| paths(row.split('|').nth(1).unwrap_or_default())).collect()
}

/// The paths of a cell. The first is whole; what does not begin with a folder of the root stands beside it.
fn paths(cell: &str) -> Vec<String> {
    let named: Vec<String> = cell.split('`').skip(1).step_by(2).flat_map(of_braces).collect();
    let first = named.first().map(String::as_str).unwrap_or_default().trim_end_matches('/');
    let beside = first.rsplit_once('/').map_or("", |(folder, _)| folder);
    let roots: BTreeSet<String> =
        files().iter().filter_map(|file| file.split('/').next().map(str::to_owned)).collect();
    let whole = |path: &String| {
        let is_whole = path.split('/').next().is_some_and(|root| roots.contains(root));
        if is_whole { path.clone() } else { format!("{beside}/{path}") }
    };
    named.iter().map(whole).collect()
}

/// `src/{a,b}.rs` is `src/a.rs` and `src/b.rs`.
fn of_braces(path: &str) -> Vec<String> {
    match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (names, after))) => {
            names.split(',').map(|name| format!("{before}{}{after}", name.trim())).collect()
        }
        None => vec![path.to_owned()],
    }
}

/// Whether a path of the map leads to a folder: it is the folder, one above it, its module's file, or a file in it.
fn leads_to(path: &str, folder: &str) -> bool {
    match path.strip_suffix('/') {
        Some(named) => folder == named || folder.starts_with(path),
        None => path == format!("{folder}.rs") || path.rsplit_once('/').is_some_and(|(of, _)| of == folder),
    }
}

#[test]
fn every_path_of_the_map_exists_and_every_folder_is_on_it() {
    let rows = map(&read("ARCHITECTURE.md"));
    assert!(rows.len() > 20, "the map has {} rows", rows.len());
    let named: Vec<&String> = rows.iter().flatten().collect();
    let gone = named.iter().filter(|path| !exists(path)).map(|path| format!("there is no `{path}`"));
    check("the map names what exists", &gone.collect::<Vec<_>>());

    let mut folders: BTreeSet<String> = BTreeSet::new();
    let rust = rust_files(&["shared/"]);
    for file in rust.iter().filter(|file| file.contains("/src/")) {
        folders.extend(file.rsplit_once('/').map(|(folder, _)| folder.to_owned()));
    }
    let files_in = |folder: &str| rust.iter().filter(|file| file.starts_with(&format!("{folder}/"))).count();
    let missing = folders
        .iter()
        .filter(|folder| files_in(folder) > 1 && !named.iter().any(|path| leads_to(path, folder)))
        .map(|folder| format!("no row leads to `{folder}/`"));
    check("the map leads to every folder", &missing.collect::<Vec<_>>());
}

/// The commands that `tidegate` has, from the list of its arguments.
fn commands() -> BTreeSet<String> {
    let text = read("cli/src/arguments.rs");
    let file = syn::parse_file(&text).expect("it is Rust");
    let enums =
        file.items.iter().filter_map(|item| if let syn::Item::Enum(it) = item { Some(it) } else { None });
    let list = enums.into_iter().find(|it| it.ident == "Command");
    let names = list.expect("there is a list of commands").variants.iter();
    names.map(|command| command.ident.to_string().to_lowercase()).collect()
}

/// The commands of `tidegate` that a text names: `tidegate`, a space, a word.
fn commands_in(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (place, name) in line.match_indices("tidegate ") {
        let is_part = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        let (before, after) = (&line[..place], &line[place + name.len()..]);
        let word = after.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
        if !word.is_empty() && !before.ends_with(is_part) {
            found.push(word);
        }
    }
    found
}

#[test]
fn every_command_that_is_named_exists() {
    let commands = commands();
    let written = |file: &String| {
        ["md", "rs", "yaml", "py"].iter().any(|kind| has_extension(file, kind)) && !file.ends_with(file!())
    };
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files().into_iter().filter(written) {
        let text = read(&file);
        for (number, line) in (1..).zip(text.lines()) {
            for name in commands_in(line) {
                seen.insert(name.to_owned());
                if !commands.contains(name) {
                    wrong.push(format!("{file}:{number}: `tidegate {name}`"));
                }
            }
        }
    }
    check("a command that is named exists", &wrong);
    check("a command is described", &commands.difference(&seen).cloned().collect::<Vec<_>>());
}

#[test]
fn the_scanners_see_what_they_are_for() {
    let text = "# A\n\n## The map\n\n| where | what |\n| --- | --- |\n| `shared/policy/src/{memory,rule}.rs`, `method/` | `x` |\n\n## B\n\n| `no` | row |\n";
    let policy = |path: &str| format!("shared/policy/src/{path}");
    assert_eq!(map(text), [["memory.rs", "rule.rs", "method/"].map(policy)]);
    assert!(leads_to("a/b/", "a/b") && leads_to("a/", "a/b") && leads_to("a/b.rs", "a/b"));
    assert!(leads_to("a/b/c.rs", "a/b") && !leads_to("a/c.rs", "a/b") && !leads_to("a/bc/", "a/b"));
    assert!(exists("shared/policy/src/") && !exists("shared/policy/src/none/"));

    assert_eq!(commands_in("run `tidegate pin` or tidegate fly, not --stack tidegate --x"), ["pin", "fly"]);
    assert_eq!(commands_in("of my-tidegate stack"), [""; 0]);
    assert!(commands().contains("release") && !commands().contains("fly"));
}

/// A change that changes nothing is named with its function: without it the name would leave out nothing.
#[test]
fn every_mutant_that_is_left_out_is_of_a_function_that_exists() {
    let policy: String = rust_files(&["shared/policy/src/"]).iter().map(|file| read(file)).collect();
    let is_gone = |name: &String| {
        let (of, function) = name.rsplit_once("::").unwrap_or(("", name));
        let is_of =
            of.is_empty() || ["impl ", "impl<'a> "].iter().any(|it| policy.contains(&format!("{it}{of} {{")));
        !(is_of && policy.contains(&format!("fn {function}(")))
    };
    let config = read(".cargo/mutants.toml");
    let names = config.lines().filter_map(|line| line.split_once(" in ")?.1.strip_suffix("$\","));
    check("left out by `.cargo/mutants.toml`", &names.map(str::to_owned).filter(is_gone).collect::<Vec<_>>());
}
