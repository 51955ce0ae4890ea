//! The ledger as evaluations meet it, and how far an evaluation has come when it ends.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One item of the ledger. What is remembered is what could be written as text, and read again.
#[derive(Debug, Clone)]
pub(crate) struct VersionedMemory<Memory> {
    version: u64,
    memory: Memory,
}

impl<Memory: Clone + Default + Serialize + DeserializeOwned> VersionedMemory<Memory> {
    pub(crate) fn new() -> Self {
        Self { version: 0, memory: Memory::default() }
    }

    pub(crate) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// The version that a reader of now reads.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The conditional write: exactly one of two evaluations that read the same version wins.
    pub(crate) fn write(&mut self, read: u64, memory: &Memory) -> bool {
        if read != self.version {
            return false;
        }
        self.version += 1;
        let text = serde_json::to_string(memory).expect("a memory can be written");
        self.memory = serde_json::from_str(&text).expect("what was written can be read");
        true
    }
}

/// How far an evaluation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProcessStep {
    /// It has read the ledger, seen and decided.
    Decided,
    /// Its intent is written.
    Intended,
    /// What it meant to do is done.
    Acted,
    /// It is over.
    Over,
}
