//! How many replicas databases have, as `replica-lag` wrote it into the ledger: `emergency-max` asks RDS nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tidegate_policy::replicas::standing::ReplicaStanding;

use crate::words::moment;

/// `replica-lag` reads RDS once a minute. What is older than this says that it does not run.
const CURRENT_FOR: SignedDuration = SignedDuration::from_mins(5);

/// What `replica-lag` remembers, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WrittenReplicas {
    standing: BTreeMap<String, ReplicaStanding>,
    read_at: Option<Timestamp>,
}

/// What is known of a database by what `replica-lag` wrote.
///
/// # Errors
/// It is not known: why, as a clause.
pub(crate) fn of(written: Option<&str>, database: &str, now: Timestamp) -> Result<ReplicaStanding, String> {
    let written = written.ok_or(
        "the DynamoDB table has nothing of `replica-lag`: without that function no replica is added",
    )?;
    let read: Result<WrittenReplicas, _> = serde_json::from_str(written);
    let WrittenReplicas { mut standing, read_at } =
        read.map_err(|_| "what `replica-lag` wrote to the DynamoDB table cannot be understood")?;
    if let Some(at) = read_at.filter(|at| now.duration_since(*at) > CURRENT_FOR) {
        return Err(format!("`replica-lag` last read RDS at {}", moment(at)));
    }
    let mut found = standing
        .remove(database)
        .ok_or_else(|| format!("`replica-lag` has not written how many replicas `{database}` has"))?;
    found.believe();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_not_understood_or_old_is_not_known_and_says_so() {
        let now = Timestamp::from_second(1_795_000_000).expect("a time");
        let text = |minutes: i64| {
            let at = now - SignedDuration::from_mins(minutes);
            format!(
                r#"{{"enforce":{{}},"read_at":"{at}","standing":{{"main":{{"serving":1,"existing":2}}}}}}"#
            )
        };
        let known = of(Some(&text(5)), "main", now).expect("it is young enough");
        assert_eq!((known.serving, known.existing, known.moves), (Some(1), Some(2), false));
        let says = |written: Option<&str>, database: &str, words: &str| {
            let why = of(written, database, now).expect_err("it is not known");
            assert!(why.contains(words), "{why}");
        };
        says(None, "main", "without that function no replica is added");
        says(Some("[]x"), "main", "cannot be understood");
        says(Some(&text(6)), "main", "last read RDS at 2026-11-18");
        says(Some(&text(1)), "other", "how many replicas `other` has");
    }
}
