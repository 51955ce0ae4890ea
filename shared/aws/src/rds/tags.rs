//! By what a replica of Tidegate's is known: its identifier and its tags, both. Nothing else is ever deleted. Snapshots have the same.

use aws_sdk_rds::types::{DbInstance, Tag};
use tidegate_policy::replicas::policy::PREFIX;

/// The tag with the name of the fleet.
pub const TAG_FLEET: &str = "tidegate:fleet";
/// The tag with the name of the database in the fleet file.
pub const TAG_DATABASE: &str = "tidegate:database";

/// The tags of the replicas and snapshots of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaTags<'a> {
    /// The fleet's name.
    pub fleet: &'a str,
    /// The name of the database in the fleet file.
    pub database: &'a str,
}

impl ReplicaTags<'_> {
    /// As a new replica or snapshot gets them.
    pub(super) fn to_aws(self) -> Vec<Tag> {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        vec![tag(TAG_FLEET, self.fleet), tag(TAG_DATABASE, self.database)]
    }

    /// Whether Tidegate created an instance for this database.
    pub(super) fn are_on(self, instance: &DbInstance) -> bool {
        let named = instance.db_instance_identifier().is_some_and(|id| id.starts_with(PREFIX));
        named && self.are_among(instance.tag_list())
    }

    /// Whether both are among these.
    pub(super) fn are_among(self, tags: &[Tag]) -> bool {
        let has = |key: &str, value: &str| {
            tags.iter().any(|tag| tag.key() == Some(key) && tag.value() == Some(value))
        };
        has(TAG_FLEET, self.fleet) && has(TAG_DATABASE, self.database)
    }
}
