//! Where RDS had no capacity for a class: another zone is tried before a creation is given up for a while.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::replicas::create;
use crate::replicas::memory::{DatabaseMemory, ReplicaPlace, ZoneWithoutCapacity};
use crate::replicas::observation::Instances;
use crate::replicas::policy::DatabasePolicy;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::DatabaseScene;

/// A zone that had no capacity is passed over for so long. Capacity of a class comes back within hours, and another zone serves
/// reads as well.
pub(crate) const PASSED_OVER_FOR: SignedDuration = SignedDuration::from_hours(1);

/// After a refusal the next evaluation tries another zone. Where none does for so long, none is wanted, and offers are read no more.
const LOOKED_UP_FOR: SignedDuration = SignedDuration::from_mins(10);

/// So many are remembered: a Region has at most six zones, and one class is asked for.
pub(crate) const MOST_ZONES: usize = 6;

/// The status of an instance for which RDS found no capacity after it had taken the call.
pub(crate) const STATUS: &str = "insufficient-capacity";

/// The class whose offers matter to the next decision: that of a replica which may be created now, where a zone had no capacity
/// for it. `None` as long as nothing was refused: then nothing is to be read.
#[must_use]
pub fn class_to_look_up(
    memory: &DatabaseMemory,
    policy: &DatabasePolicy,
    instances: &Instances,
    now: Timestamp,
) -> Option<String> {
    let class = create::class(policy, instances);
    let may_begin = memory.change.is_none() && memory.failure.as_ref().is_none_or(|it| now >= it.retry_at());
    let is_news = |it: &ZoneWithoutCapacity| {
        since(it.at, now) < LOOKED_UP_FOR && memory.changed_at.is_none_or(|changed| changed < it.at)
    };
    (may_begin && memory.without_capacity(&class, now).any(is_news)).then_some(class)
}

/// No zone is left: the creation waits as after any other that failed, and then begins with all zones again.
pub(crate) fn none_left(
    scene: &DatabaseScene<'_>,
    memory: &mut DatabaseMemory,
    class: &str,
) -> ReplicaReason {
    let zones = scene.instances.source.zones.clone();
    let offered = scene.offered(class).map(<[String]>::to_vec);
    let reason = ReplicaReason::NoCapacity { class: class.to_owned(), zones, offered };
    memory.no_capacity.retain(|it| it.class != class);
    memory.count_failure(&reason.to_string(), scene.now);
    if let Some(failure) = &mut memory.failure {
        failure.no_capacity = true;
    }
    reason
}

impl DatabaseMemory {
    /// The zones that had none for a class, as far as that still counts.
    pub(crate) fn without_capacity<'a>(
        &'a self,
        class: &'a str,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a ZoneWithoutCapacity> {
        let counts =
            move |it: &&ZoneWithoutCapacity| it.class == class && since(it.at, now) < PASSED_OVER_FOR;
        self.no_capacity.iter().filter(counts)
    }

    /// Whether a zone had none. Where RDS chose the zone and had none, that is so of all.
    pub(crate) fn lacks_capacity(&self, class: &str, zone: Option<&str>, now: Timestamp) -> bool {
        self.without_capacity(class, now).any(|it| it.zone.is_none() || it.zone.as_deref() == zone)
    }

    /// A zone has none, as RDS said now.
    pub(crate) fn note_no_capacity(&mut self, place: ReplicaPlace, now: Timestamp) {
        let ReplicaPlace { class, zone } = place;
        let is_old = |it: &ZoneWithoutCapacity| since(it.at, now) >= PASSED_OVER_FOR;
        self.no_capacity.retain(|it| !is_old(it) && (&it.class, &it.zone) != (&class, &zone));
        self.no_capacity.push(ZoneWithoutCapacity { class, zone, at: now });
        self.no_capacity.drain(..self.no_capacity.len().saturating_sub(MOST_ZONES));
    }
}
