//! What one evaluation knows of a database, before it decides.

use jiff::Timestamp;

use crate::replicas::in_force::BoundsInForce;
use crate::replicas::lag::Judged;
use crate::replicas::memory::{DatabaseMemory, ReplicaEnd};
use crate::replicas::observation::{DatabaseObservation, Instances, Replica, Replication, Status};
use crate::replicas::policy::{DatabasePolicy, OUR_RECORDS};
use crate::replicas::reason::ReplicaReason;

/// Everything that the steps look at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DatabaseScene<'a> {
    pub(crate) seen: &'a DatabaseObservation,
    pub(crate) instances: &'a Instances,
    pub(crate) policy: &'a DatabasePolicy,
    /// The replicas that RDS shows.
    pub(crate) judged: Vec<Judged<'a>>,
    /// Those that it does not show any more, and not for long enough to be believed: since when.
    pub(crate) missed: Vec<(String, Timestamp)>,
    /// What is allowed; none where replicas are only watched.
    pub(crate) in_force: Option<BoundsInForce>,
    pub(crate) evaluation: &'a str,
    /// No call is made.
    pub(crate) observe: bool,
    pub(crate) now: Timestamp,
}

impl DatabaseScene<'_> {
    pub(crate) fn find(&self, replica: &str) -> Option<&Judged<'_>> {
        self.judged.iter().find(|judged| judged.replica.id == replica)
    }

    /// How many there are: without those being deleted, and without those that have failed for good.
    pub(crate) fn count(&self) -> u32 {
        as_count(self.judged.iter().filter(|judged| is_there(judged.replica)).count())
    }

    /// Those that may answer reads, without one.
    pub(crate) fn answering<'b>(&'b self, without: Option<&'b str>) -> impl Iterator<Item = &'b Judged<'b>> {
        self.judged.iter().filter(move |it| it.answers() && Some(it.replica.id.as_str()) != without)
    }

    pub(crate) fn answering_count(&self, without: Option<&str>) -> u32 {
        as_count(self.answering(without).count())
    }

    /// What became of a replica that RDS shows among the replicas no more.
    pub(crate) fn became(&self, replica: &str) -> ReplicaEnd {
        if self.instances.source.id == replica {
            ReplicaEnd::Writer
        } else if self.is_instance(replica) {
            ReplicaEnd::Promoted
        } else {
            ReplicaEnd::Vanished
        }
    }

    /// The zones in which RDS offers a class, where that was asked and answered.
    pub(crate) fn offered(&self, class: &str) -> Option<&[String]> {
        let offers = self.seen.offers.as_ref().filter(|offers| offers.class == class)?;
        offers.zones.as_deref().ok()
    }

    /// The account has an instance of that name, whatever it is.
    pub(crate) fn is_instance(&self, id: &str) -> bool {
        self.instances.taken.iter().any(|taken| taken == id)
    }

    /// Tidegate created it, and nothing stands against removing it. That someone else reads from it through a record of
    /// their own does.
    pub(crate) fn is_removable(&self, replica: &Replica) -> bool {
        let is_free = !replica.is_protected && !replica.is_source && !replica.is_being_promoted;
        replica.is_ours && is_free && !self.is_named(replica)
    }

    /// Somebody may read from it before it has caught up: the reader endpoint of Aurora leads to each reader that serves, and a
    /// record of others to what it names.
    pub(crate) fn may_be_read(&self, replica: &Replica) -> bool {
        (self.policy.is_aurora && replica.status.serves()) || self.is_named(replica)
    }

    fn is_named(&self, replica: &Replica) -> bool {
        self.foreign_values().any(|value| is_same_host(value, replica.endpoint.as_deref()))
    }

    fn foreign_values(&self) -> impl Iterator<Item = &String> {
        let records = self.seen.records.iter().flatten().flatten();
        let ours = |id: &Option<String>| id.as_ref().is_some_and(|id| id.starts_with(OUR_RECORDS));
        records.filter(move |record| !ours(&record.set_identifier)).flat_map(|record| &record.values)
    }

    /// A blue/green deployment of the source: its green side is a copy of the replicas that there were. One that is added now
    /// is left behind at the switchover, as a replica of the old source, and one that is removed comes back with it.
    pub(crate) fn blue_green(&self) -> Option<ReplicaReason> {
        let green = self.instances.green.clone()?;
        Some(ReplicaReason::BlueGreen { source: self.instances.source.id.clone(), green })
    }

    /// Why nothing may be asked of the source.
    pub(crate) fn blocked_source(&self) -> Option<ReplicaReason> {
        if let Some(reason) = self.blue_green() {
            return Some(reason);
        }
        let source = &self.instances.source;
        let word = match &source.status {
            Status::Available => {
                return source.is_pending.then(|| ReplicaReason::Pending { source: source.id.clone() });
            }
            Status::Failed(word) | Status::Changing(word) => word.clone(),
            Status::Creating => "creating".to_owned(),
            Status::Deleting => "deleting".to_owned(),
        };
        Some(ReplicaReason::NotAvailable { instance: source.id.clone(), status: word })
    }

    /// Why no change may begin: one is under way already, of whoever began it.
    pub(crate) fn blocked(&self) -> Option<ReplicaReason> {
        let not_available = |judged: &Judged<'_>| {
            let word = match &judged.replica.status {
                // A failed one is a dead end: nothing is under way there.
                Status::Available | Status::Failed(_) => return None,
                Status::Changing(word) => word.clone(),
                Status::Creating => "creating".to_owned(),
                Status::Deleting => "deleting".to_owned(),
            };
            Some(ReplicaReason::NotAvailable { instance: judged.replica.id.clone(), status: word })
        };
        let missed = || {
            let (replica, since) = self.missed.first()?;
            Some(ReplicaReason::Missed { replica: replica.clone(), since: *since })
        };
        self.blocked_source().or_else(|| self.judged.iter().find_map(not_available)).or_else(missed)
    }
}

/// It exists, and is no dead end. One whose replication RDS has ended for good (after 30 days) is one.
pub(crate) fn is_there(replica: &Replica) -> bool {
    let is_terminated =
        matches!(&replica.replication, Replication::Broken { status, .. } if status == "terminated");
    match replica.status {
        Status::Available | Status::Creating | Status::Changing(_) => !is_terminated,
        Status::Deleting | Status::Failed(_) => false,
    }
}

/// Whether a value of a record is that endpoint: Route 53 may add a dot, and names have no case.
pub(crate) fn is_same_host(value: &str, endpoint: Option<&str>) -> bool {
    let bare = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    endpoint.is_some_and(|endpoint| bare(value) == bare(endpoint))
}

/// A database has few replicas.
pub(crate) fn as_count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The replicas that a complete answer no longer shows, and since when.
pub(crate) fn missed(memory: &DatabaseMemory) -> Vec<(String, Timestamp)> {
    let removing = memory.removing();
    let remembered = memory.replicas.iter().filter(|(id, _)| Some(id.as_str()) != removing);
    remembered.filter_map(|(id, it)| Some((id.clone(), it.gone_since?))).collect()
}
