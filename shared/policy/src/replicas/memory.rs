//! What one evaluation remembers of one database for the next. Any writer of the table can put anything there, so it is
//! believed only as far as it can be true.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger_time::{millis, millis_optional};

/// The memory of one database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseMemory {
    /// The change under way; there is one at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ReplicaChange>,
    /// What is known of each replica, by identifier.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replicas: BTreeMap<String, ReplicaMemory>,
    /// When the last change was over.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub changed_at: Option<Timestamp>,
    /// Changes that failed, in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailedReplicaChanges>,
    /// What operators were notified of, and what is not over.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub active: BTreeMap<String, ActiveReplicaNotice>,
}

/// One change, from the intent to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaChange {
    /// The identifier of the replica.
    pub replica: String,
    /// Where it stands.
    pub step: ReplicaStep,
    /// Since when it stands there.
    #[serde(with = "millis")]
    pub since: Timestamp,
    /// When it began.
    #[serde(with = "millis")]
    pub began: Timestamp,
    /// The evaluation that last meant to send a call for it, and when: for [`INTENT_LEASE`](crate::INTENT_LEASE) no other
    /// one does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub call: Option<ReplicaCall>,
}

/// A call that an evaluation meant to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaCall {
    /// The evaluation.
    pub evaluation: String,
    /// When.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// How often it was sent in vain before.
    #[serde(default)]
    pub failures: u32,
}

/// The steps of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaStep {
    /// A replica is asked for, and AWS does not show it yet.
    Requested,
    /// AWS shows it, and it is not available yet.
    Creating,
    /// It is available, and has not caught up yet, or its storage is not complete.
    CatchingUp,
    /// It answers no reads any more, and waits for its connections to end.
    Draining,
    /// Its removal is asked for, and AWS still shows it.
    Deleting,
}

/// What is known of one replica.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicaMemory {
    /// When it was first seen caught up, with its storage complete: it counts from then on.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub caught_up_at: Option<Timestamp>,
    /// Tidegate created it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ours: bool,
    /// Since when a complete answer no longer shows it.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub gone_since: Option<Timestamp>,
}

/// Changes that failed, in a row; the next one waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedReplicaChanges {
    /// How many.
    pub count: u32,
    /// When the last one failed.
    #[serde(with = "millis")]
    pub at: Timestamp,
}

/// A notice whose cause lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveReplicaNotice {
    /// Since when.
    #[serde(with = "millis")]
    pub since: Timestamp,
    /// SNS took it.
    #[serde(default)]
    pub notified: bool,
    /// What it was about, for the notice of its end.
    #[serde(default)]
    pub detail: String,
}
