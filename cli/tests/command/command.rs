//! Running the command, and what holds for all of it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The command at the root of the project, so that paths in its output are the same everywhere.
pub(crate) fn tidegate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")).args(arguments);
    command
}

/// What it said and how it ended.
pub(crate) fn run(arguments: &[&str]) -> (String, String, i32) {
    let output = tidegate(arguments).output().expect("the command starts");
    let Output { status, stdout, stderr } = output;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command writes UTF-8");
    (text(stdout), text(stderr), status.code().expect("the command was not killed"))
}

#[track_caller]
fn check_code(arguments: &[&str], expected: i32) {
    assert_eq!(run(arguments).2, expected, "{arguments:?}");
}

#[test]
fn exit_codes_tell_the_kinds_of_endings_apart() {
    check_code(&["--help"], 0);
    check_code(&["schema"], 0);
    check_code(&["check", "fleets/roleferry.yaml"], 0);
    check_code(&["check", "--json", "fleets/roleferry.yaml"], 0);
    check_code(&["check", "Cargo.toml"], 1);
    check_code(&["check", "--json", "Cargo.toml"], 1);
    check_code(&[], 2);
    check_code(&["check"], 2);
    check_code(&["chekc"], 2);
    check_code(&["check", "fleets/roleferry.yaml", "--jsn"], 2);
    check_code(&["check", "no-such-file.yaml"], 3);
    check_code(&["check", "--json", "no-such-file.yaml"], 3);
    check_code(&["check", "fleets"], 3);
}

/// `2d` is a duration in the fleet file, so it is one here; what is wrong is reported with what is allowed.
#[test]
fn a_duration_is_written_as_in_the_fleet_file() {
    let pin = |lasting: &str| {
        // Whatever is refused is refused before a function is named.
        run(&["pin", "worker", "5", "--for", lasting])
    };
    for (lasting, help) in [
        ("60", "a unit is missing: write `60s` for seconds; allowed: 1m to 30d"),
        ("2", "a unit is missing: write `2m` for minutes; allowed: 1m to 30d"),
        ("31d", "allowed: 1m to 30d"),
        ("1 day", "write it like `90s`, `5m` or `1h30m`; allowed: 1m to 30d"),
    ] {
        let (_, stderr, code) = pin(lasting);
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains(&format!("for '--for <DURATION>': {help}\n")), "{stderr}");
    }
    let simulate = |option: &str, lasting: &str| {
        let fleet = ["simulate", "--fleet", "fleets/hyperverge.yaml", "--service", "worker"];
        run(&[&fleet[..], &["--trace", "no-such.csv", option, lasting]].concat())
    };
    for (option, lasting) in
        [("--wait", "1d"), ("--wait", "0d1h30m"), ("--startup", "1m30s"), ("--interval", "1m")]
    {
        let (_, stderr, code) = simulate(option, lasting);
        assert_eq!(code, 3, "{option} {lasting}: {stderr}");
    }
    let (_, stderr, _) = simulate("--wait", "2d");
    assert!(stderr.contains("for '--wait <DURATION>': allowed: 1s to 1d\n"), "{stderr}");
}

#[test]
fn the_schema_is_the_published_one() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fleet/fleet.schema.json");
    let published = std::fs::read_to_string(published).expect("the schema is published");
    assert_eq!(run(&["schema"]), (published, String::new(), 0));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut command = tidegate(&["schema"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
