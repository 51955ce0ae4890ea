//! The page of upgrades explains each thing that stands against a change, in the words that reports use.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::upgrades::refusal::ClassRefusal;

/// One of every kind. The match below fails to compile when a kind is added: add it here, and explain it on the page.
fn every_refusal() -> Vec<ClassRefusal> {
    let text = || "x".to_owned();
    let (at, class, instance, status) = (Timestamp::UNIX_EPOCH, text, text, text);
    vec![
        ClassRefusal::AuroraWriter,
        ClassRefusal::NotAvailable { instance: instance(), status: status() },
        ClassRefusal::StorageBusy { instance: instance() },
        ClassRefusal::Pending { instance: instance(), what: vec![text()] },
        ClassRefusal::Parameters { group: text(), status: status() },
        ClassRefusal::SecurityGroup { group: text() },
        ClassRefusal::Maintenance { action: text(), at },
        ClassRefusal::RequiredUpgrade { resource: text(), at },
        ClassRefusal::NotOffered { class: class() },
        ClassRefusal::NotOfferedSo { class: class(), with: text() },
        ClassRefusal::NoBackups,
        ClassRefusal::NotRestorable { to: Some(at) },
        ClassRefusal::NotRestorable { to: None },
        ClassRefusal::ReplicaSmaller { replica: text(), class: class() },
        ClassRefusal::ReplicasElsewhere { count: 1 },
        ClassRefusal::SourceLarger { source: text(), class: class() },
        ClassRefusal::ReplicaChanges { replica: text(), status: status() },
        ClassRefusal::Stranded { reservation: text(), class: class() },
        ClassRefusal::TooManyToday { limit: 1 },
        ClassRefusal::TooManyToday { limit: 2 },
        ClassRefusal::Emergency { profile: text() },
        ClassRefusal::Held { who: text(), why: text(), until: at },
        ClassRefusal::WindowEnds { left: SignedDuration::from_mins(5), least: SignedDuration::from_mins(15) },
        ClassRefusal::TooFewConnections { peak: 1, limit: 1 },
        ClassRefusal::TooLittleMemory { used_mib: 1, has_mib: 1 },
        ClassRefusal::TooFewOperations { peak: 1, baseline: 1 },
        ClassRefusal::BurstCredits { lowest: 1 },
        ClassRefusal::SlowStorage { gib: 1, baseline: 1 },
        ClassRefusal::NotKnown { what: text(), why: None },
        ClassRefusal::BlueGreen { green: text() },
    ]
}

/// The place of a kind in the list above.
fn kind(refusal: &ClassRefusal) -> usize {
    match refusal {
        ClassRefusal::AuroraWriter => 0,
        ClassRefusal::NotAvailable { .. } => 1,
        ClassRefusal::StorageBusy { .. } => 2,
        ClassRefusal::Pending { .. } => 3,
        ClassRefusal::Parameters { .. } => 4,
        ClassRefusal::SecurityGroup { .. } => 5,
        ClassRefusal::Maintenance { .. } => 6,
        ClassRefusal::RequiredUpgrade { .. } => 7,
        ClassRefusal::NotOffered { .. } => 8,
        ClassRefusal::NotOfferedSo { .. } => 9,
        ClassRefusal::NoBackups => 10,
        ClassRefusal::NotRestorable { .. } => 11,
        ClassRefusal::ReplicaSmaller { .. } => 12,
        ClassRefusal::ReplicasElsewhere { .. } => 13,
        ClassRefusal::SourceLarger { .. } => 14,
        ClassRefusal::ReplicaChanges { .. } => 15,
        ClassRefusal::Stranded { .. } => 16,
        ClassRefusal::TooManyToday { .. } => 17,
        ClassRefusal::Emergency { .. } => 18,
        ClassRefusal::Held { .. } => 19,
        ClassRefusal::WindowEnds { .. } => 20,
        ClassRefusal::TooFewConnections { .. } => 21,
        ClassRefusal::TooLittleMemory { .. } => 22,
        ClassRefusal::TooFewOperations { .. } => 23,
        ClassRefusal::BurstCredits { .. } => 24,
        ClassRefusal::SlowStorage { .. } => 25,
        ClassRefusal::NotKnown { .. } => 26,
        ClassRefusal::BlueGreen { .. } => 27,
    }
}

/// What the page quotes, row by row: the first cells of the table.
fn quoted() -> Vec<String> {
    let page = include_str!("../../docs/upgrades.md");
    let (_, section) = page.split_once("## What stands against a change?").expect("the section is there");
    let (section, _) = section.split_once("\n## ").expect("another one follows");
    let cells = section.lines().filter_map(|line| line.strip_prefix("| \"")?.split(" | ").next());
    cells.flat_map(|cell| cell.trim_end_matches('"').split("\", \"").map(str::to_owned)).collect()
}

/// Whether a sentence reads as it is quoted: `…` stands for anything.
fn reads(sentence: &str, quoted: &str) -> bool {
    let mut rest = sentence;
    quoted.split('…').map(str::trim).all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[test]
fn the_page_of_upgrades_explains_every_refusal_in_its_words() {
    let refusals = every_refusal();
    let mut kinds: Vec<usize> = refusals.iter().map(kind).collect();
    kinds.dedup();
    assert_eq!(kinds, (0..28).collect::<Vec<_>>(), "one of every kind, in order");
    let (sentences, quoted) = (refusals.iter().map(ToString::to_string).collect::<Vec<_>>(), quoted());
    assert!(quoted.len() > 20, "{quoted:?}");
    for sentence in &sentences {
        assert!(quoted.iter().any(|words| reads(sentence, words)), "docs/upgrades.md explains: {sentence}");
    }
    for words in &quoted {
        assert!(sentences.iter().any(|sentence| reads(sentence, words)), "no report says: {words}");
    }
}
