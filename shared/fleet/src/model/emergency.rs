//! What an emergency does: how long it holds, to which sizes, and what operators do beside it.

use jiff::SignedDuration;

/// What an emergency does; it has every default where the file says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// How long an emergency lasts unless its operator says otherwise.
    pub hold: SignedDuration,
    /// The profiles that the file writes, in its order; [`Profile::MAX`] is one of them only where it names databases.
    pub profiles: Vec<Profile>,
    /// What operators do beside it, line by line.
    pub runbook: Vec<String>,
}

/// Sizes under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name that an operator gives.
    pub name: String,
    /// Services and their sizes in the order of the file, each service once; none of [`Profile::MAX`]. A size is between 0
    /// and the most that an override of its service may set.
    pub sizes: Vec<(String, u32)>,
    /// Databases and the least number of replicas of each while it lasts, in the order of the file, each database once; between
    /// `min` and `max` of its `replicas`.
    pub replicas: Vec<(String, u32)>,
}

impl Emergency {
    /// A profile that the file writes.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// A profile says how many replicas that database has.
    #[must_use]
    pub fn names_database(&self, database: &str) -> bool {
        self.profiles.iter().flat_map(|profile| &profile.replicas).any(|(name, _)| name == database)
    }
}

impl Profile {
    /// The profile that is there without being written: every service at the maximum of its capacity, and none lowered. The
    /// file may add databases to it.
    pub const MAX: &'static str = "max";

    /// The size of a service; `None` where the profile leaves it alone.
    #[must_use]
    pub fn size(&self, service: &str) -> Option<u32> {
        self.sizes.iter().find(|(name, _)| name == service).map(|(_, size)| *size)
    }
}
