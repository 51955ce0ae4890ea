//! What one evaluation remembers of a database's class for the next. Any writer of the table can put anything there, so it is
//! believed only as far as it can be true.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::database::call::DatabaseCall;
use crate::database::watch::ActiveDatabaseNotice;
use crate::ledger_time::{millis, millis_optional};

/// The memory of one database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpgradeMemory {
    /// What an operator asked for, until it is done, refused or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ClassRequest>,
    /// The change that waits for its window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<PlannedChange>,
    /// The snapshot before the change that an operator asked for with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<ClassSnapshot>,
    /// The change under way; there is one at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ClassChange>,
    /// Replicas that got the larger class before their source: what undoes the change of the source undoes theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<WentFirst>,
    /// The changes of the database's own instance that began within the last days, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub began: Vec<ClassChangeBegan>,
    /// The class of the database's own instance that was seen last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// The class of the database's own instance was seen to change, whoever changed it: what was measured before speaks of another one.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional")]
    pub changed_at: Option<Timestamp>,
    /// `MaxAllocatedStorage` was asked for, and RDS does not show it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageChange>,
    /// What operators were notified of and is not over, by what it is about.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub active: BTreeMap<String, ActiveDatabaseNotice>,
    /// What came of changes that are over, and operators were not notified of yet; oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<UpgradeOutcome>,
}

/// What an operator asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRequest {
    /// The class.
    pub to: String,
    /// At once, and not in the window.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub now: bool,
    /// A manual snapshot comes before the change.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub snapshot: bool,
    /// The class that the instance had then; where it gets another one than these two, nobody asked for the change from that.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub from: String,
    /// When it was asked for; where replicas go first, when the last one of them was done.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// Who asked for it, in their own words.
    pub who: String,
    /// Why.
    pub why: String,
    /// The request id of the invocation: `CloudTrail` names its principal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
}

/// A change that waits for its window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// The class that is wanted.
    pub to: String,
    /// Why, in one sentence.
    pub why: String,
    /// Since when it is wanted without a break.
    #[serde(with = "millis")]
    pub since: Timestamp,
    /// When the window opens, or opened, in which it is to begin.
    #[serde(with = "millis")]
    pub window: Timestamp,
    /// When operators were told of that window: when it was said last, which counts once SNS has taken it.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional", default)]
    pub told: Option<Timestamp>,
    /// What stood against it in that window at last; empty where nothing did.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub refused: String,
}

/// One change, from the intent to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassChange {
    /// `DBInstanceIdentifier`: the database's instance, or a replica that has to go first.
    pub instance: String,
    /// The class it had.
    pub from: String,
    /// The class it is to have.
    pub to: String,
    /// Why, in one sentence.
    pub why: String,
    /// Where it stands.
    pub step: ClassStep,
    /// Since when it stands there.
    #[serde(with = "millis")]
    pub since: Timestamp,
    /// When it began.
    #[serde(with = "millis")]
    pub began: Timestamp,
    /// The end of the window in which it began; none where an operator asked for it at once. After it nothing is sent again.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional", default)]
    pub window_end: Option<Timestamp>,
    /// The evaluation that last meant to send the call, and when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub call: Option<DatabaseCall>,
    /// The snapshot that was taken before it, by its identifier; empty where none was asked for.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub snapshot: String,
    /// Where RDS offers the class, for who has to choose another one.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub offered: String,
    /// AWS took the call, or was seen to work on it: operators were told that it began.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_started: bool,
    /// Its call was sent again and refused, in the words of AWS: an earlier one may have been taken, which shows later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub refused: String,
    /// RDS was seen to work on it: its status changed, or the class was pending.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub was_seen: bool,
    /// Since when RDS shows the old class, `available`, with nothing pending, after it was seen to work on it; or shows the instance
    /// no more.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional", default)]
    pub back_since: Option<Timestamp>,
}

/// Replicas that got the larger class before their source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WentFirst {
    /// The class that all of them had.
    pub from: String,
    /// The class that the replicas have, and their source is to have.
    pub to: String,
    /// `DBInstanceIdentifier`, in the order in which they were changed.
    pub replicas: Vec<String>,
}

/// A manual snapshot before a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSnapshot {
    /// `DBSnapshotIdentifier`. It is made up before it is asked for: a call that is sent again finds its own.
    pub id: String,
    /// `DBInstanceIdentifier`.
    pub instance: String,
    /// The class that the instance had.
    pub from: String,
    /// The class that it was to have.
    pub to: String,
    /// When it was first asked for.
    #[serde(with = "millis")]
    pub began: Timestamp,
    /// The evaluation that last meant to send the call, and when.
    pub call: DatabaseCall,
    /// Its call was sent again and refused, in the words of AWS: an earlier one may have been taken, which shows later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub refused: String,
    /// AWS took the call, or was seen to work on it: operators were told that it began.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_started: bool,
    /// RDS shows it `available`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub is_ready: bool,
}

/// The steps of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassStep {
    /// It is asked for, and RDS does not show that yet.
    Requested,
    /// RDS works on it.
    Modifying,
    /// RDS shows the new class, and something is left to be done.
    Verifying,
}

/// A change began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassChangeBegan {
    /// When.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// When the window opened in which it began; none where an operator asked for it at once.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis_optional", default)]
    pub window: Option<Timestamp>,
    /// It was only said that it would begin.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub observed: bool,
}

/// `MaxAllocatedStorage` was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageChange {
    /// In GiB.
    pub to_gib: u32,
    /// What RDS showed before, in GiB; 0 where it did not raise the storage by itself. An earlier version wrote nothing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from_gib: Option<u32>,
    /// The evaluation that last meant to send the call, and when.
    pub call: DatabaseCall,
    /// AWS refused it: its own words. It is asked for again a day later.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub refused: String,
}

/// How a change ended, or that it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpgradeOutcome {
    /// `DBInstanceIdentifier`.
    pub instance: String,
    /// The class it had.
    pub from: String,
    /// The class that was asked for.
    pub to: String,
    /// A snapshot was asked for with it: to ask again says so again.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub snapshot: bool,
    /// How.
    pub end: UpgradeEnd,
    /// When.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// Since when the change was under way, or waited.
    #[serde(with = "millis")]
    pub began: Timestamp,
    /// Why; of a finished change the downtime as far as it was seen, and by what.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpgradeEnd {
    /// It began.
    Started,
    /// RDS shows the new class, and nothing is left to be done.
    Done,
    /// RDS refused it, or gave it up.
    Failed,
    /// What an operator asked for is not allowed, or not possible now.
    Refused,
    /// A window passed, and nothing has happened.
    WindowPassed,
    /// An operator withdrew it.
    Withdrawn,
    /// There was nothing to withdraw.
    NothingToWithdraw,
    /// It is under way, and goes on whatever is asked for.
    GoesOn,
    /// Somebody else gave the instance another class.
    ChangedByOthers,
    /// RDS shows the instance no more.
    Vanished,
    /// It would have begun, in enforce mode.
    Observed,
    /// `MaxAllocatedStorage` is what the fleet file says; the classes are sizes here.
    StorageRaised,
    /// The snapshot before it began.
    SnapshotBegan,
    /// The snapshot before it failed: the class stays.
    SnapshotFailed,
    /// The snapshot was taken, and the change does not come.
    SnapshotKept,
}
