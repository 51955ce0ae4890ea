//! Where RDS offers the class of a new replica. It is asked once a zone had no capacity for that class.

use std::collections::BTreeSet;

use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::clients::Clients;
use crate::rds::account::AllInstances;
use crate::rds::rehearsal::offers;
use crate::targets::calls::{in_time, late};

/// The zones of the Region in which RDS offers a class for a replica of that instance, or for a reader beside that writer: for its
/// engine, its version and its storage.
///
/// # Errors
/// A page failed or was late. A part of the answer is no answer.
pub async fn offered_zones(
    clients: &Clients,
    all: &AllInstances,
    source: &str,
    class: &str,
    deadline: Instant,
) -> Result<Vec<String>, Absence> {
    let missing = || Absence::new(AbsenceKind::NotFound, format!("RDS has no instance `{source}`"));
    let instance = all.instances.get(source).ok_or_else(missing)?;
    let offers =
        Box::pin(in_time(deadline, offers(clients, all, source, class))).await.ok_or_else(late)??;
    let is_aurora = instance.db_cluster_identifier().is_some();
    let mine = offers.iter().filter(|offer| {
        let is_of_storage = instance.storage_type().is_none_or(|storage| storage == offer.storage_type);
        is_of_storage && (is_aurora || offer.takes_replicas)
    });
    let zones: BTreeSet<&String> = mine.flat_map(|offer| &offer.zones).collect();
    Ok(zones.into_iter().cloned().collect())
}
