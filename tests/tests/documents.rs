//! The documents: links lead somewhere, examples are fleet files, and the README shows what Tidegate prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::Timestamp;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{AccountAndRegion, EvaluationReport, Header};
use tidegate_aws::trigger::Trigger;
use tidegate_fleet::signals::{SIGNALS, SignalRow};
use tidegate_policy::observation::ServiceState;
use tidegate_policy::{
    Constraints, Evaluation, InFlight, Memory, NoticeKind, Observation, Queue, QueueLimits, decide,
};
use tidegate_scaling::{ActionTaken, QUEUE_DEPTH, TargetReport};
use tidegate_tests::markdown::{alternatives, anchors, code, fenced, links};
use tidegate_tests::repository::{self, exists, files, has_extension, read, root};

/// Two screens of a laptop, and a little more.
const README_LINES_MAX: usize = 120;

/// Every document of the repository.
fn documents() -> Vec<String> {
    files().into_iter().filter(|file| has_extension(file, "md")).collect()
}

/// The path from the root that a link of a document leads to, and its anchor; `None` for one that leaves the repository.
fn destination(document: &str, link: &str) -> Option<(String, Option<String>)> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let mut parts: Vec<&str> = document.split('/').collect();
    if !path.is_empty() {
        parts.pop();
    }
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    Some((parts.join("/"), anchor.map(str::to_owned)))
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut wrong = Vec::new();
    for document in documents() {
        for link in links(&read(&document)) {
            let Some((path, anchor)) = destination(&document, &link) else { continue };
            let leads = exists(&path) && anchor.is_none_or(|anchor| anchors(&read(&path)).contains(&anchor));
            if !leads {
                wrong.push(format!("{document}: ({link})"));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n  {}", wrong.join("\n  "));
}

/// The beginning of each command of the AWS CLI in a text that names no Region first. One without an argument is a mention;
/// Route 53 is in no Region, and `configure` asks none.
fn without_region(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", "");
    let words: Vec<&str> = joined.split_whitespace().collect();
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let commands = words.windows(4).filter_map(|four| {
        let [aws, service, operation, option] = four else { return None };
        let is_command = aws.trim_start_matches(|c: char| !c.is_alphanumeric()) == "aws"
            && is_name(service)
            && is_name(operation)
            && option.starts_with("--")
            && !["configure", "route53"].contains(service)
            && !option.contains('`');
        (is_command && *option != "--region").then(|| format!("aws {service} {operation} {option}"))
    });
    commands.collect()
}

/// The terminal that a command is pasted into may have another Region as its default, and there a service or an instance of the
/// same name.
#[test]
fn every_command_of_the_aws_cli_names_its_region() {
    let is_printed = |file: &String| {
        let is_source = has_extension(file, "rs") && file.contains("/src/") && !file.starts_with("tests/");
        let is_document = has_extension(file, "md");
        is_source || is_document || has_extension(file, "snap") || file == "template.yaml"
    };
    let of_file = |file: String| {
        let found = without_region(&read(&file));
        found.into_iter().map(move |command| format!("{file}: {command}"))
    };
    let wrong: Vec<String> = files().into_iter().filter(is_printed).flat_map(of_file).collect();
    assert!(wrong.is_empty(), "commands without `--region`:\n  {}", wrong.join("\n  "));
    assert_eq!(without_region("type `aws ecs \\\n  describe-services --cluster c`").len(), 1);
}

#[test]
fn every_page_is_linked_in_the_readme() {
    let linked: BTreeSet<String> = links(&read("README.md"))
        .iter()
        .filter_map(|link| destination("README.md", link))
        .map(|(path, _)| path)
        .collect();
    let is_page = |file: &String| !file.contains('/') || file.starts_with("docs/");
    let pages = documents().into_iter().filter(is_page).filter(|file| file != "README.md");
    let missing: Vec<String> = pages.filter(|page| !linked.contains(page)).collect();
    assert!(missing.is_empty(), "README.md has no link to {}", missing.join(", "));
}

#[test]
fn the_readme_fits_two_screens() {
    let lines = read("README.md").lines().count();
    assert!(lines <= README_LINES_MAX, "README.md has {lines} lines, at most {README_LINES_MAX} are allowed");
}

#[test]
fn every_fleet_file_of_the_documents_is_valid() {
    let mut wrong = Vec::new();
    let mut found = 0;
    for document in documents() {
        for example in fenced(&read(&document), "yaml") {
            found += 1;
            if let Err(problems) = tidegate_fleet::parse(&example) {
                wrong.push(format!("{document}: {problems:?}\n{example}"));
            }
        }
    }
    assert!(found >= 4, "only {found} examples were found");
    assert!(wrong.is_empty(), "examples that `tidegate check` refuses:\n{}", wrong.join("\n"));
}

/// The folders that a path from the root begins with.
const FOLDERS: [&str; 9] =
    ["cli/", "docs/", "events/", "fleets/", "functions/", "layer/", "shared/", "tests/", ".cargo/"];

/// The paths from the root that a document names in backticks. `NAME` stands for a file that a developer is to make, and
/// `node_modules` for what npm made.
fn named_paths(document: &str) -> Vec<String> {
    let is_path = |word: &String| {
        FOLDERS.iter().any(|folder| word.starts_with(folder))
            && ![" ", "NAME", "node_modules", "://"].iter().any(|other| word.contains(other))
    };
    code(&read(document)).into_iter().filter(is_path).flat_map(|word| alternatives(&word)).collect()
}

/// The paths of the first column of ARCHITECTURE.md's map. One that is no path from the root stands beside the row's first.
fn mapped_paths() -> Vec<String> {
    let architecture = read("ARCHITECTURE.md");
    let cells =
        architecture.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let paths = cells.flat_map(|cell| {
        let words = code(cell);
        let beside = words
            .first()
            .and_then(|first| first.rsplit_once('/'))
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let from_root =
            |word: &String| FOLDERS.iter().any(|folder| word.starts_with(folder)) || beside.is_empty();
        let whole = |word: String| if from_root(&word) { word } else { format!("{beside}/{word}") };
        words.into_iter().map(whole).collect::<Vec<_>>()
    });
    paths.flat_map(|path| alternatives(&path)).collect()
}

/// Whether a file, a folder, or something that begins like `path*` is there.
fn is_there(path: &str) -> bool {
    match path.strip_suffix('*') {
        Some(begin) => files().iter().any(|file| file.starts_with(begin)),
        None => exists(path),
    }
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut wrong = Vec::new();
    for document in documents() {
        let missing = named_paths(&document).into_iter().filter(|path| !is_there(path));
        wrong.extend(missing.map(|path| format!("{document}: `{path}`")));
    }
    let missing = mapped_paths().into_iter().filter(|path| !is_there(path));
    wrong.extend(missing.map(|path| format!("ARCHITECTURE.md, the map: `{path}`")));
    assert!(wrong.is_empty(), "paths that do not exist:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_map_has_a_row_for_every_package() {
    let rows = mapped_paths();
    let folder = |package: &serde_json::Value| {
        let manifest = package["manifest_path"].as_str().expect("a package has a manifest").to_owned();
        let root = root().canonicalize().expect("the repository is there");
        let inside = manifest.strip_prefix(&format!("{}/", root.display())).map(str::to_owned);
        inside.and_then(|path| path.strip_suffix("Cargo.toml").map(str::to_owned)).expect("a package of ours")
    };
    let missing: Vec<String> = repository::packages()
        .iter()
        .map(folder)
        .filter(|folder| !rows.iter().any(|row| row.starts_with(folder.as_str())))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md has no row for {}", missing.join(", "));
}

#[test]
fn the_specification_begins_with_every_kind_of_promise() {
    let specification = read("SPECIFICATION.md");
    let linked = links(&specification);
    let sections = specification.lines().filter(|line| line.starts_with("## "));
    let missing: Vec<&str> = sections
        .filter(|section| !anchors(section).iter().any(|anchor| linked.contains(&format!("#{anchor}"))))
        .collect();
    assert!(missing.is_empty(), "SPECIFICATION.md begins without a link to {}", missing.join(", "));
}

/// Compares a document with what it is when it shows what Tidegate prints; with `TIDEGATE_REFRESH`, writes that instead.
#[track_caller]
fn is_as_printed(document: &str, printed: &str) {
    if std::env::var_os("TIDEGATE_REFRESH").is_some() {
        fs::write(root().join(document), printed).expect("a document can be written");
    }
    let shown = read(document);
    let difference = shown.lines().zip(printed.lines()).find(|(shown, printed)| shown != printed);
    assert!(
        shown == printed,
        "{document} is not what is printed: {difference:?}; `TIDEGATE_REFRESH=1 cargo test --workspace --test documents` writes it"
    );
}

/// The report of an evaluation that finds 1,475 jobs waiting for the service of a fleet file, and makes its change.
fn report_of(fleet_file: &str) -> String {
    let fleet = tidegate_fleet::parse(fleet_file).expect("the README's fleet file is valid");
    let service = fleet.services().first().expect("the README's fleet file has a service");
    let at: Timestamp = "2026-11-21T08:34:09Z".parse().expect("a moment");
    let seen = Observation {
        service: Ok(ServiceState {
            desired_count: 2,
            running_count: 2,
            pending_count: 0,
            rollout: false,
            active: true,
            daemon: false,
            constraints: Constraints::default(),
        }),
        queue: Some(Ok(Queue {
            waiting: 1475,
            due: 0,
            delayed: 0,
            delayed_held: false,
            in_flight: InFlight::Exactly(4),
            done: None,
            paused: false,
            limits: QueueLimits::default(),
            head: None,
        })),
        metrics: BTreeMap::new(),
        alarms: BTreeMap::new(),
        database: None,
    };
    let evaluation = Evaluation {
        target: service.name(),
        id: "8fc06518",
        overrides: &[],
        emergency: None,
        observe: false,
        now: at,
    };
    let decision = decide(&seen, service.policy(), &Memory::default(), evaluation);
    let header = Header {
        fleet: fleet.name().to_owned(),
        place: AccountAndRegion::of_arn("arn:aws:sns:eu-central-1:111122223333:tidegate"),
        concern: QUEUE_DEPTH.name,
        function: "tidegate-QueueDepthFunction".to_owned(),
        evaluation: "8fc06518".to_owned(),
        at,
        trigger: Trigger::Schedule,
        request: None,
    };
    let target = TargetReport {
        target: service.name().to_owned(),
        name: service.target().clone(),
        observe: false,
        most: service.policy().most(),
        seen,
        decision,
        action: ActionTaken::Tried(Outcome::Applied),
        asked: Vec::new(),
        failed_before: false,
    };
    let sections = vec![target.section(&header)];
    let report = EvaluationReport { sections, ..EvaluationReport::empty(header) };
    format!("Subject: {}\n\n{}\n", report.subject(), report.text().trim_end())
}

#[test]
fn the_readme_shows_the_report_that_its_fleet_file_gives() {
    let readme = read("README.md");
    let [fleet_file] = &fenced(&readme, "yaml")[..] else { panic!("README.md shows one fleet file") };
    let [shown] = &fenced(&readme, "text")[..] else { panic!("README.md shows one report") };
    let block = |text: &str| format!("```text\n{text}```\n");
    is_as_printed("README.md", &readme.replace(&block(shown), &block(&report_of(fleet_file))));
}

#[test]
fn the_page_of_signals_is_the_table_that_the_reference_prints() {
    let page = read("docs/signals.md");
    let is_row = |line: &&str| line.starts_with("| `");
    let shown: String = page.lines().filter(is_row).flat_map(|row| [row, "\n"]).collect();
    let row = |SignalRow { name, unit, about, absent }: &SignalRow| {
        format!("| `{name}` | {unit} | {about} | {absent} |\n")
    };
    assert!(!shown.is_empty() && page.contains(&shown), "docs/signals.md has one table of signals");
    is_as_printed("docs/signals.md", &page.replace(&shown, &SIGNALS.iter().map(row).collect::<String>()));
}

/// The names of the kinds in JSON, as the source declares them.
fn notice_codes() -> Vec<String> {
    let source = syn::parse_file(&read("shared/policy/src/notice.rs")).expect("the source is Rust");
    let enums =
        source.items.iter().filter_map(|item| if let syn::Item::Enum(it) = item { Some(it) } else { None });
    let kinds = enums.into_iter().find(|it| it.ident == "NoticeKind");
    let variants = kinds.expect("the kinds of notice are an enum").variants.iter();
    variants.map(|variant| kebab_case(&variant.ident.to_string())).collect()
}

fn kebab_case(name: &str) -> String {
    let dash = |(place, c): (usize, char)| (place > 0 && c.is_uppercase()).then_some('-');
    let letters = name.chars().enumerate();
    letters.flat_map(|(place, c)| dash((place, c)).into_iter().chain(c.to_lowercase())).collect()
}

#[test]
fn the_runbook_says_what_to_do_about_every_notice_in_the_words_of_the_report() {
    let mut runbook = read("docs/runbook.md");
    let codes = notice_codes();
    assert!(codes.len() >= 20, "only {} kinds of notice were found", codes.len());
    for code in codes {
        let kind: NoticeKind = serde_json::from_value(code.clone().into()).expect("a kind's name in JSON");
        let column = format!(" | `{code}` | ");
        let row = runbook.lines().find(|line| line.contains(&column)).map(str::to_owned);
        let row = row.unwrap_or_else(|| panic!("docs/runbook.md has no row `| {kind}{column}`"));
        let (_, advice) = row.split_once(&column).expect("the row has the column");
        runbook = runbook.replace(&row, &format!("| {kind}{column}{advice}"));
    }
    is_as_printed("docs/runbook.md", &runbook);
}

#[test]
fn the_scanners_of_documents_see_what_they_are_for() {
    let text = "# One, two!\n\n[a](b.md#c) and `[x](y)` ![d](e.svg)\n\n```yaml\n# no heading\n[z](z)\n```\n\n- a\n\n  ```yaml\n  k: 1\n  ```\n\
                ## \"Fleet\" file\n## One, two!\n";
    assert_eq!(links(text), ["b.md#c", "e.svg"]);
    assert_eq!(anchors(text), ["one-two", "fleet-file", "one-two-1"]);
    assert_eq!(fenced(text, "yaml"), ["# no heading\n[z](z)\n", "k: 1\n"]);
    let to = |link| destination("docs/a.md", link).expect("a link within the repository");
    assert_eq!(to("../README.md#x"), ("README.md".to_owned(), Some("x".to_owned())));
    assert_eq!(to("#x"), ("docs/a.md".to_owned(), Some("x".to_owned())));
    assert_eq!(to("b.md"), ("docs/b.md".to_owned(), None));
    assert_eq!(kebab_case("AtMax"), "at-max");
    assert_eq!(code("`a` b `c/{d,e}.rs`\n```\n`f`\n```\n"), ["a", "c/{d,e}.rs"]);
    assert_eq!(alternatives("c/{d,e}.rs"), ["c/d.rs", "c/e.rs"]);
    assert!(is_there("tests/tests/docu*") && !is_there("tests/none*") && !is_there("tests/none.rs"));
}
