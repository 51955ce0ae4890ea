//! The snapshots in a saved answer of engage: what there was before, when no ledger could keep it.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::CommandError;

/// What a file holds.
#[derive(Debug, PartialEq)]
pub(super) struct Saved {
    /// The fleet that it is of.
    pub(super) fleet: String,
    /// As they came.
    pub(super) snapshots: Vec<Value>,
}

pub(super) fn read(path: &Path) -> Result<Saved, CommandError> {
    let file = path.display().to_string();
    let text =
        std::fs::read(path).map_err(|source| CommandError::FileUnreadable { file: file.clone(), source })?;
    saved(&text).map_err(|problem| CommandError::NoSnapshots { file, problem })
}

/// The snapshots of an answer, or the place of what is wrong with it.
fn saved(text: &[u8]) -> Result<Saved, String> {
    let answer: Value = serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}"))?;
    let fleet = answer["fleet"].as_str().ok_or("`fleet` is no text")?.to_owned();
    let targets = answer["targets"].as_array().ok_or("`targets` is no list")?;
    let mut snapshots = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let snapshot = &target["snapshot"];
        if !snapshot.is_null() {
            let place = format!("targets[{index}].snapshot");
            check(snapshot.as_object(), &place)?;
            snapshots.push(snapshot.clone());
        }
    }
    if snapshots.is_empty() {
        Err("no target has a `snapshot`".to_owned())
    } else {
        Ok(Saved { fleet, snapshots })
    }
}

/// A snapshot names its target and has sizes; what else it has is the function's own.
fn check(snapshot: Option<&Map<String, Value>>, place: &str) -> Result<(), String> {
    let snapshot = snapshot.ok_or_else(|| format!("`{place}` is no mapping"))?;
    if !snapshot.get("target").is_some_and(Value::is_string) {
        return Err(format!("`{place}.target` is no text"));
    }
    let is_size = |size: &Value| size.as_u64().is_some_and(|size| u32::try_from(size).is_ok());
    if !snapshot.get("desired").is_some_and(is_size) {
        return Err(format!("`{place}.desired` is no size"));
    }
    match ["min", "max"]
        .into_iter()
        .find(|key| snapshot.get(*key).is_some_and(|it| !it.is_null() && !is_size(it)))
    {
        Some(key) => Err(format!("`{place}.{key}` is no size")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_snapshots_of_an_answer_are_taken_as_they_came() {
        let api = json!({ "target": "api", "desired": 4, "min": 2, "max": null, "suspended": ["out"] });
        let answer = json!({ "fleet": "shop", "targets": [
            { "target": "*", "emergency": {} },
            { "target": "api", "snapshot": api },
            { "target": "gone", "snapshot": null },
        ]});
        let expected = Saved { fleet: "shop".to_owned(), snapshots: vec![api] };
        assert_eq!(saved(answer.to_string().as_bytes()), Ok(expected));
    }

    #[test]
    fn what_is_no_answer_of_engage_is_refused_with_its_place() {
        let refused = |text: &str| saved(text.as_bytes()).expect_err("it is refused");
        let of = |snapshot: &str| {
            refused(&format!(r#"{{"fleet":"shop","targets":[{{}},{{"snapshot":{snapshot}}}]}}"#))
        };
        assert_eq!(refused("{\n  \"fleet\": shop}"), "not JSON: expected value at line 2 column 12");
        assert_eq!(refused("[]"), "`fleet` is no text");
        assert_eq!(refused(r#"{"fleet":"shop"}"#), "`targets` is no list");
        assert_eq!(refused(r#"{"fleet":"shop","targets":[{}]}"#), "no target has a `snapshot`");
        assert_eq!(of("4"), "`targets[1].snapshot` is no mapping");
        assert_eq!(of(r#"{"desired":4}"#), "`targets[1].snapshot.target` is no text");
        assert_eq!(of(r#"{"target":"api"}"#), "`targets[1].snapshot.desired` is no size");
        assert_eq!(of(r#"{"target":"api","desired":-1}"#), "`targets[1].snapshot.desired` is no size");
        assert_eq!(of(r#"{"target":"api","desired":1,"max":"9"}"#), "`targets[1].snapshot.max` is no size");
    }
}
