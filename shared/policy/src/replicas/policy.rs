//! What the fleet file says of a database's replicas.

use jiff::SignedDuration;

use crate::rule::Condition;

/// The least that is asked for: what an idle source takes, and the five minutes of log before its first datapoint.
const SHORTEST_HISTORY: SignedDuration = SignedDuration::from_mins(20);

/// The newest three minutes may still change, and one or two may be missing.
const BEYOND: SignedDuration = SignedDuration::from_mins(6);

/// RDS takes so many replicas of one source, Aurora so many readers.
pub const REPLICAS_MAX: u32 = 15;

/// Every identifier that Tidegate gives begins with this. The role may create and delete only such instances.
pub const PREFIX: &str = "tidegate-";

/// Every record of Tidegate has a `SetIdentifier` that begins so; the rest is the identifier of the replica, or `source`.
pub const OUR_RECORDS: &str = "tidegate:";

/// What the fleet file says of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabasePolicy {
    /// It is a cluster of Aurora: its readers, instead of replicas.
    pub is_aurora: bool,
    /// How far its replicas may lag; `None` where nobody asks.
    pub lag: Option<LagLimits>,
    /// How many replicas there are; `None` where they are only watched.
    pub count: Option<ReplicaCount>,
    /// Where reads go; `None` where no record is kept.
    pub dns: Option<ReadRecord>,
}

impl DatabasePolicy {
    /// How far back `decide` looks: an answer of CloudWatch that begins later leaves it waiting. The longest `for`, and no less
    /// than the time over which an idle source is watched; a few minutes more, since the newest ones do not count yet.
    #[must_use]
    pub fn history(&self) -> SignedDuration {
        let conditions = self.count.iter().flat_map(|count| [&count.scale_out, &count.scale_in]);
        let longest = conditions.flatten().map(|condition| condition.hold_for).max();
        longest.unwrap_or_default().max(SHORTEST_HISTORY).saturating_add(BEYOND)
    }
}

/// How far a replica may lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LagLimits {
    /// Above this operators are warned, and a replica answers no reads; above zero.
    pub warning: SignedDuration,
    /// Above this the notice is critical; above `warning`.
    pub critical: Option<SignedDuration>,
}

impl LagLimits {
    /// The limit that a lag is above.
    pub(crate) fn of(self, is_critical: bool) -> SignedDuration {
        self.critical.filter(|_| is_critical).unwrap_or(self.warning)
    }
}

/// How many replicas a database has.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaCount {
    /// At least so many; 1 or more.
    pub min: u32,
    /// At most so many; no fewer than `min`, and no more than the engine allows.
    pub max: u32,
    /// A replica is added while this holds for the busiest one: `cpu > 70% for 5m`, `connections > 400 for 5m`. Upward.
    pub scale_out: Option<Condition>,
    /// One is removed while this holds for every one: `cpu < 30% for 15m`. Downward.
    pub scale_in: Option<Condition>,
    /// `DBInstanceClass` of new ones; `None` for that of the source.
    pub class: Option<String>,
    /// After a change no other one begins for so long.
    pub cooldown: SignedDuration,
    /// A replica that is removed waits at most so long until its connections have ended.
    pub drain: SignedDuration,
}

/// The name that reads go to: one weighted record per replica that may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    /// `HostedZoneId`: `Z0123456789ABCDEFGHIJ`.
    pub zone: String,
    /// The name, without a dot at its end: `read.db.internal`.
    pub name: String,
    /// How long resolvers keep an answer, in seconds.
    pub ttl: u32,
}
