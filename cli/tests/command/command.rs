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
