//! Databases: their names in AWS, and what the fleet file says of their replicas and connections.

use std::fmt;
use std::num::NonZeroU32;

use tidegate_policy::replicas::policy::DatabasePolicy;
use tidegate_policy::upgrades::policy::UpgradePolicy;

use crate::model::keyword::keywords;
use crate::model::metric::Source;
use crate::model::mode::Mode;

keywords! {
    /// The kinds of databases.
    DatabaseKind {
        /// An instance of Amazon RDS.
        Rds = "rds",
        /// A cluster of Amazon Aurora.
        Aurora = "aurora",
    }
}

/// A database by its name in AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatabaseName {
    /// `DBInstanceIdentifier` of the source of the replicas.
    Rds(String),
    /// `DBClusterIdentifier`.
    Aurora(String),
}

/// One database of the fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    pub(crate) name: String,
    pub(crate) instance: DatabaseName,
    pub(crate) mode: Mode,
    pub(crate) policy: DatabasePolicy,
    pub(crate) max_connections: Option<NonZeroU32>,
    pub(crate) upgrade: Option<UpgradePolicy>,
    pub(crate) floor: Option<Source>,
}

impl Database {
    /// Its name in reports and on the command line, unique among the fleet's databases and services.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name in AWS; no other database of the fleet has the same.
    #[must_use]
    pub fn instance(&self) -> &DatabaseName {
        &self.instance
    }

    /// The mode in force: the fleet's, or narrowed here.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What is to be done about its replicas.
    #[must_use]
    pub fn policy(&self) -> &DatabasePolicy {
        &self.policy
    }

    /// How many connections it takes, where the file says so.
    #[must_use]
    pub fn max_connections(&self) -> Option<NonZeroU32> {
        self.max_connections
    }

    /// What is to be done about its instance class and its storage; `None` where the file says nothing of either.
    #[must_use]
    pub fn upgrade_policy(&self) -> Option<&UpgradePolicy> {
        self.upgrade.as_ref()
    }

    /// Where the metric comes from that its smallest class follows; `None` where `upgrade` has no `floor`.
    #[must_use]
    pub fn floor_source(&self) -> Option<&Source> {
        self.floor.as_ref()
    }

    /// Anything is said of its replicas; of others only the connections matter, for guards.
    #[must_use]
    pub fn watches_replicas(&self) -> bool {
        let DatabasePolicy { is_aurora: _, lag, count, dns } = &self.policy;
        lag.is_some() || count.is_some() || dns.is_some()
    }
}

impl DatabaseKind {
    /// The database of this name.
    pub(crate) fn named(self, id: String) -> DatabaseName {
        match self {
            Self::Rds => DatabaseName::Rds(id),
            Self::Aurora => DatabaseName::Aurora(id),
        }
    }
}

impl DatabaseName {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        match self {
            Self::Rds(_) => DatabaseKind::Rds,
            Self::Aurora(_) => DatabaseKind::Aurora,
        }
    }

    /// The identifier of the instance or the cluster.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Rds(id) | Self::Aurora(id) => id,
        }
    }
}

/// `rds shop-prod`, `aurora shop-cluster`.
impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.id())
    }
}
