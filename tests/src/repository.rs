//! The files of the repository, and what Cargo says of the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether a path ends with that extension.
#[must_use]
pub fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// A file's text, by its path from the root.
///
/// # Panics
/// If there is no such text.
#[must_use]
pub fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    assert!(text.is_ok(), "cannot read {path}: {text:?}");
    text.unwrap_or_default()
}

/// Whether there is a file or folder at that path from the root.
#[must_use]
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// The paths, from the root, of all files that are tracked or about to be: neither ignored nor removed.
///
/// # Panics
/// Outside a clone made by git.
#[must_use]
pub fn files() -> Vec<String> {
    let listed = stdout(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]));
    let files: Vec<String> = listed.lines().map(str::to_owned).filter(|path| exists(path)).collect();
    assert!(files.len() > 20, "git lists only {} files of the repository", files.len());
    files
}

/// The tracked Rust files whose path starts with one of `folders`.
#[must_use]
pub fn rust_files(folders: &[&str]) -> Vec<String> {
    let inside =
        |path: &String| has_extension(path, "rs") && folders.iter().any(|folder| path.starts_with(folder));
    files().into_iter().filter(inside).collect()
}

/// The names of the folders of `functions/`, one for each Lambda function.
#[must_use]
pub fn functions() -> Vec<String> {
    let is_manifest = |path: &String| path.starts_with("functions/") && path.ends_with("/Cargo.toml");
    files()
        .into_iter()
        .filter(is_manifest)
        .filter_map(|path| Some(path.split('/').nth(1)?.to_owned()))
        .collect()
}

/// What `cargo metadata` says of our own packages.
#[must_use]
pub fn packages() -> Vec<Value> {
    array(&metadata(&["--no-deps"])["packages"])
}

/// What `cargo metadata` says of every package that is linked on Linux.
#[must_use]
pub fn linked_packages() -> Vec<Value> {
    array(&metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"])["packages"])
}

fn metadata(arguments: &[&str]) -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--offline"]).args(arguments);
    serde_json::from_str(&stdout(&mut cargo)).expect("cargo metadata answers in JSON")
}

fn stdout(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().expect("cargo and git are installed");
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("paths and metadata are UTF-8")
}

fn array(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
