//! A new replica: what it is called, where it stands, and what stands against it.

use std::collections::BTreeSet;

use crate::replicas::decision::NewReplica;
use crate::replicas::memory::{DatabaseMemory, ReplicaPlace};
use crate::replicas::observation::Instances;
use crate::replicas::policy::{DatabasePolicy, PREFIX, REPLICAS_MAX};
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::{DatabaseScene, as_count};

/// `DBInstanceIdentifier` has at most 63 characters.
const LONGEST_ID: usize = 63;

/// What AWS would not take.
pub(crate) fn refused(scene: &DatabaseScene<'_>) -> Option<ReplicaReason> {
    let source = &scene.instances.source;
    let shown = as_count(scene.judged.len()).saturating_add(source.replicas_elsewhere);
    if !scene.policy.is_aurora && source.backup_retention_days == 0 {
        return Some(ReplicaReason::NoBackups { source: source.id.clone() });
    }
    (shown >= REPLICAS_MAX).then_some(ReplicaReason::EngineLimit { limit: REPLICAS_MAX })
}

/// A replica of that name in that place.
pub(crate) fn replica(scene: &DatabaseScene<'_>, id: String, place: ReplicaPlace) -> NewReplica {
    let ReplicaPlace { class, zone } = place;
    NewReplica { id, source: scene.instances.source.id.clone(), class, zone }
}

/// The class that the fleet file names, or the source has.
pub(crate) fn class(policy: &DatabasePolicy, instances: &Instances) -> String {
    let named = policy.count.as_ref().and_then(|count| count.class.clone());
    named.unwrap_or_else(|| instances.source.class.clone())
}

/// That class in the emptiest zone that RDS offers it in and that had capacity, as far as that is known; `Err` holds the class
/// where no zone is left.
pub(crate) fn place(scene: &DatabaseScene<'_>, memory: &DatabaseMemory) -> Result<ReplicaPlace, String> {
    let class = class(scene.policy, scene.instances);
    let zones = &scene.instances.source.zones;
    if zones.is_empty() {
        let lacks = memory.lacks_capacity(&class, None, scene.now);
        return if lacks { Err(class) } else { Ok(ReplicaPlace { class, zone: None }) };
    }
    let offered = scene.offered(&class);
    let is_offered = |zone: &&String| offered.is_none_or(|offered| offered.contains(zone));
    let is_left =
        |zone: &&String| is_offered(zone) && !memory.lacks_capacity(&class, Some(zone.as_str()), scene.now);
    match emptiest_zone(scene, zones.iter().filter(is_left)) {
        Some(zone) => Ok(ReplicaPlace { class, zone: Some(zone) }),
        None => Err(class),
    }
}

/// The zone with the fewest replicas; of several one where the source is not, then the first by name.
fn emptiest_zone<'a>(scene: &DatabaseScene<'_>, zones: impl Iterator<Item = &'a String>) -> Option<String> {
    let source = &scene.instances.source;
    let replicas = |zone: &String| {
        scene.judged.iter().filter(|judged| judged.replica.zone.as_ref() == Some(zone)).count()
    };
    let order = |zone: &&String| (replicas(zone), source.zone.as_ref() == Some(*zone), (*zone).clone());
    zones.min_by_key(order).cloned()
}

/// `tidegate-<source>-<n>`, with the smallest number that is free: no instance of the account has it, and none that is
/// remembered had it a moment ago.
pub(crate) fn name(scene: &DatabaseScene<'_>, memory: &DatabaseMemory) -> String {
    let shown = scene.judged.iter().map(|judged| &judged.replica.id);
    let all = scene.instances.taken.iter().chain(memory.replicas.keys()).chain(shown);
    let taken: BTreeSet<String> = all.map(|id| id.to_ascii_lowercase()).collect();
    let most = as_count(taken.len()).saturating_add(1);
    let numbered = |number| self::numbered(&scene.instances.source.id, number);
    // Of so many names one is free.
    (1..most).map(numbered).find(|id| !taken.contains(id)).unwrap_or_else(|| numbered(most))
}

/// The source's identifier is cut where the whole would be too long. What RDS does not take in an identifier is left out.
fn numbered(source: &str, number: u32) -> String {
    let end = format!("-{number}");
    let room = LONGEST_ID.saturating_sub(PREFIX.len()).saturating_sub(end.len());
    let lower = source.to_ascii_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let mut middle = parts.collect::<Vec<_>>().join("-");
    middle.truncate(room);
    let middle = middle.trim_end_matches('-');
    if middle.is_empty() { format!("{PREFIX}replica{end}") } else { format!("{PREFIX}{middle}{end}") }
}
