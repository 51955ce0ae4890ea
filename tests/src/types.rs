//! The types that the code declares: a newcomer who searches for a name should find one thing.

use std::collections::BTreeMap;

/// The types that these files declare, each with the files that do. An associated type repeats the name that its trait
/// gives it, so a `type` counts only where it begins its line.
#[must_use]
pub fn declared(texts: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in texts {
        for name in text.lines().filter_map(declares) {
            types.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    types
}

fn declares(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let code = ["pub ", "pub(crate) ", "pub(super) "]
        .iter()
        .fold(code, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let (kind, rest) = code.split_once(' ')?;
    let counts = ["struct", "enum", "trait"].contains(&kind) || (kind == "type" && !line.starts_with(' '));
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (counts && name.starts_with(char::is_uppercase)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_type_is_seen_and_an_associated_type_is_not() {
        let text = "pub(crate) struct A<T>(T);\n    enum B {\n/// struct C\npub trait D: E {\n    type F;\ntype G = u8;";
        let types = declared([("a.rs".to_owned(), text.to_owned())]);
        assert_eq!(types.into_keys().collect::<Vec<_>>(), ["A", "B", "D", "G"]);
    }
}
