//! What operators may be notified of in one evaluation of one database.

use jiff::SignedDuration;

use crate::clock::since;
use crate::database::watch::Watch;
use crate::observation::MetricReading;
use crate::reading::Absence;
use crate::replicas::lag::Judged;
use crate::replicas::memory::{DatabaseMemory, ReplicaChange, ReplicaMemory, ReplicaStep};
use crate::replicas::needed;
use crate::replicas::observation::Status;
use crate::replicas::reason::ReplicaReason;
use crate::replicas::records::RecordsAre;
use crate::replicas::scene::DatabaseScene;
use crate::replicas::sentence::{LagShown, SlotDisk};
use crate::replicas::slots::{self, SlotsSeen};
use crate::severity::Severity;

/// One answer that fails is repeated by the next evaluation. After so long the state of the replicas is not known.
const UNREADABLE_FOR: SignedDuration = SignedDuration::from_mins(5);
/// CloudWatch shows no lag while an instance restarts.
const LAG_UNKNOWN_FOR: SignedDuration = SignedDuration::from_mins(15);
/// A large database is copied for hours. After this an operator should look.
const CREATION_LASTS: SignedDuration = SignedDuration::from_hours(2);
const REMOVAL_LASTS: SignedDuration = SignedDuration::from_hours(1);
/// A restart or a backup takes minutes. A status that lasts for so long (`storage-full`) may last until somebody acts.
const NOT_AVAILABLE_FOR: SignedDuration = SignedDuration::from_hours(1);

const UNREADABLE: &str = "rds unreadable";

/// What holds where RDS could not be read completely.
pub(crate) fn unreadable(absence: &Absence) -> Vec<Watch> {
    let watch = Watch::holds(UNREADABLE, Severity::Warning, "replicas not readable");
    vec![watch.because(absence.to_string()).after(UNREADABLE_FOR)]
}

/// Everything that lasts, or may be over.
pub(crate) fn all(
    scene: &DatabaseScene<'_>,
    memory: &DatabaseMemory,
    records: &RecordsAre,
    reasons: &[ReplicaReason],
) -> Vec<Watch> {
    let mut all = vec![Watch::over(UNREADABLE, "replicas readable again"), lag(scene, memory)];
    all.extend(scene.missed.iter().flat_map(|(id, _)| of_missed(id)));
    all.extend(scene.judged.iter().flat_map(|judged| {
        [broken(judged), failed(judged, memory), unavailable(judged, memory), unknown(judged)]
    }));
    all.extend([
        slot_disk(scene),
        blue_green(scene),
        creation(scene, memory),
        removal(scene, memory, reasons),
    ]);
    all.extend(of_records(records));
    all.extend(needed::all(scene, memory, reasons));
    all
}

/// One notice for all replicas: the worst is named.
fn lag(scene: &DatabaseScene<'_>, memory: &DatabaseMemory) -> Watch {
    let mut lagging: Vec<&Judged<'_>> =
        scene.judged.iter().filter(|judged| judged.memory.lags_since.is_some()).collect();
    // Those above the critical limit say more than one that may show more now and is not.
    let is_critical = lagging.iter().any(|judged| judged.memory.is_critical);
    lagging.retain(|judged| judged.memory.is_critical || !is_critical);
    let by_lag = |one: &&&Judged<'_>, other: &&&Judged<'_>| {
        one.lag.unwrap_or(0.0).total_cmp(&other.lag.unwrap_or(0.0))
    };
    let (Some(worst), Some(limits)) = (lagging.iter().max_by(by_lag), scene.policy.lag) else {
        let is_missed = |it: &ReplicaMemory| it.gone_since.is_some() && it.lags_since.is_some();
        if memory.replicas.values().any(is_missed) {
            return Watch::not_seen("lag");
        }
        return Watch::over("lag", "replicas lag no more");
    };
    let severity = if is_critical { Severity::Critical } else { Severity::Warning };
    let replica = &worst.replica.id;
    let verdict = match worst.lag {
        Some(lag) => format!("{replica} lags by {}", LagShown(lag)),
        None => format!("{replica} lags"),
    };
    let limit = LagShown(limits.of(is_critical).as_secs_f64());
    let cause = match lagging.len() {
        1 => format!("above {limit} in 3 of the last 5 minutes"),
        many => format!("above {limit} in 3 of the last 5 minutes, as {many} replicas are"),
    };
    Watch::holds("lag", severity, verdict)
        .because(cause)
        .advising("Look at the writes of the source and the CPU and I/O of the replica; another replica does not cure lag.")
}

/// An answer of RDS that leaves a replica out may be an old one.
fn of_missed(id: &str) -> [Watch; 4] {
    [about_broken(id), about_failed(id), about_unavailable(id), about_unknown(id)].map(Watch::not_seen)
}

fn about_broken(id: &str) -> String {
    format!("broken {id}")
}

fn about_failed(id: &str) -> String {
    format!("failed {id}")
}

fn about_unavailable(id: &str) -> String {
    format!("not available {id}")
}

fn about_unknown(id: &str) -> String {
    format!("lag unknown {id}")
}

fn broken(judged: &Judged<'_>) -> Watch {
    let (id, about) = (&judged.replica.id, about_broken(&judged.replica.id));
    if judged.memory.broken_since.is_none() {
        return Watch::over(about, format!("{id} replicates again"));
    }
    let cause = judged.broken.clone().unwrap_or_else(|| "it is not available now".to_owned());
    Watch::holds(about, Severity::Critical, format!("replication of {id} is broken"))
        .because(cause)
        .advising("Repair it or delete it (docs/runbook.md): until then a PostgreSQL source keeps its log on its own disk.")
}

fn failed(judged: &Judged<'_>, memory: &DatabaseMemory) -> Watch {
    let (id, about) = (&judged.replica.id, about_failed(&judged.replica.id));
    match &judged.replica.status {
        Status::Failed(status) => {
            let holds = Watch::holds(about, Severity::Warning, format!("{id} has failed"))
                .because(format!("its status is {status}"));
            if !judged.replica.is_ours {
                holds.advising("Delete it by hand: Tidegate removes only what it created.")
            } else if memory.has_never_served(id) {
                holds
            } else {
                holds.advising("Repair it or delete it by hand: Tidegate deletes no failed replica that may have answered reads.")
            }
        }
        Status::Available | Status::Creating | Status::Deleting | Status::Changing(_) => {
            Watch::over(about, format!("{id} is not failed any more"))
        }
    }
}

/// Neither failed nor available, for long: no replica is added or removed meanwhile. The creation of one is watched by itself.
fn unavailable(judged: &Judged<'_>, memory: &DatabaseMemory) -> Watch {
    let (id, about) = (&judged.replica.id, about_unavailable(&judged.replica.id));
    let is_added = memory.change.as_ref().is_some_and(|change| change.step.adds() && change.replica == *id);
    match &judged.replica.status {
        Status::Changing(_) if is_added => Watch::not_seen(about),
        Status::Changing(status) => {
            Watch::holds(about, Severity::Warning, format!("{id} has not been available for more than 1h"))
                .because(format!("its status is {status}, and no replica is added or removed meanwhile"))
                .advising("See docs/runbook.md; one that is `storage-full` needs more storage.")
                .after(NOT_AVAILABLE_FOR)
        }
        Status::Available => Watch::over(about, format!("{id} is available again")),
        Status::Failed(status) => Watch::over(about, format!("the status of {id} is {status} now")),
        Status::Creating => Watch::over(about, format!("{id} is created again")),
        Status::Deleting => Watch::over(about, format!("{id} is being deleted")),
    }
}

fn unknown(judged: &Judged<'_>) -> Watch {
    let (id, about) = (&judged.replica.id, about_unknown(&judged.replica.id));
    if judged.reasons.iter().any(|reason| matches!(reason, ReplicaReason::LagUnknown { .. })) {
        return Watch::holds(about, Severity::Warning, format!("the lag of {id} is not known"))
            .because("CloudWatch has no datapoints of it")
            .after(LAG_UNKNOWN_FOR);
    }
    if judged.replica.lag == MetricReading::NotRead || !judged.replica.status.serves() {
        return Watch::not_seen(about);
    }
    Watch::over(about, format!("the lag of {id} is known again"))
}

fn slot_disk(scene: &DatabaseScene<'_>) -> Watch {
    let source = &scene.instances.source;
    match slots::look(source, scene.now) {
        SlotsSeen::Full { severity, used, free } => {
            let slots = SlotDisk { used, free, allocated: source.allocated_storage };
            Watch::holds("slot disk", severity, "replication slots fill the disk of the source")
                .because(slots.to_string())
                .advising("Find the replica that is broken or slow, and repair or delete it; a full disk stops the source.")
        }
        SlotsSeen::Calm => Watch::over("slot disk", "replication slots keep little of the disk again"),
        SlotsSeen::Unclear => Watch::not_seen("slot disk"),
    }
}

fn blue_green(scene: &DatabaseScene<'_>) -> Watch {
    let (about, source) = ("blue/green", &scene.instances.source.id);
    match scene.blue_green() {
        Some(reason) => {
            Watch::holds(about, Severity::Warning, format!("a blue/green deployment of {source} exists"))
                .because(reason.to_string())
                .advising("Switch it over, or delete it with its green instances. Is there no deployment any more? Then rename or delete that instance.")
        }
        None => Watch::over(about, format!("no blue/green deployment of {source} exists any more")),
    }
}

fn creation(scene: &DatabaseScene<'_>, memory: &DatabaseMemory) -> Watch {
    let change = memory.change.as_ref().filter(|change| change.step.adds());
    match change.filter(|change| since(change.began, scene.now) >= CREATION_LASTS) {
        Some(change) => {
            let what = match change.step {
                ReplicaStep::CatchingUp => "it is available and has not caught up",
                ReplicaStep::Requested
                | ReplicaStep::Creating
                | ReplicaStep::Draining
                | ReplicaStep::Deleting => "it is not available yet",
            };
            let verdict = format!("creating {} takes more than 2h", change.replica);
            Watch::holds("creation", Severity::Warning, verdict).because(what)
        }
        None => Watch::over("creation", "no replica is being created for long any more"),
    }
}

fn removal(scene: &DatabaseScene<'_>, memory: &DatabaseMemory, reasons: &[ReplicaReason]) -> Watch {
    let drain = scene.policy.count.as_ref().map_or(SignedDuration::ZERO, |count| count.drain);
    let lasts = |change: &&ReplicaChange| {
        let lasts = match change.step {
            ReplicaStep::Draining => Some(drain.saturating_add(REMOVAL_LASTS)),
            ReplicaStep::Deleting => Some(REMOVAL_LASTS),
            ReplicaStep::Requested | ReplicaStep::Creating | ReplicaStep::CatchingUp => None,
        };
        lasts.is_some_and(|lasts| since(change.since, scene.now) >= lasts)
    };
    let Some(change) = memory.change.as_ref().filter(lasts) else {
        return Watch::over("removal", "no replica is being removed for long any more");
    };
    let verdict = format!("removing {} takes more than 1h", change.replica);
    let holds = Watch::holds("removal", Severity::Warning, verdict);
    if change.step == ReplicaStep::Deleting {
        return holds.because("RDS still shows it");
    }
    let is_why = |reason: &&ReplicaReason| {
        matches!(
            reason,
            ReplicaReason::Observed
                | ReplicaReason::NotAvailable { .. }
                | ReplicaReason::Pending { .. }
                | ReplicaReason::Missed { .. }
        )
    };
    let why = reasons.iter().find(is_why).map(|why| format!(" ({why})")).unwrap_or_default();
    holds.because(format!("it answers no reads, and is not deleted yet{why}"))
}

/// What holds the records back, and whether reads are on the source.
fn of_records(state: &RecordsAre) -> [Watch; 3] {
    let (unread, conflict, source) = ("records unreadable", "record conflict", "reads on source");
    let readable = || Watch::over(unread, "records readable again");
    let weighted = || Watch::over(conflict, "the name has only weighted records of one TTL");
    match state {
        RecordsAre::Kept => [readable(), weighted(), Watch::over(source, "replicas answer reads again")],
        RecordsAre::Unsure => [readable(), weighted(), Watch::not_seen(source)],
        RecordsAre::OnSource => {
            let holds = Watch::holds(source, Severity::Critical, "reads go to the source")
                .because("no replica is left to answer them");
            [readable(), weighted(), holds]
        }
        RecordsAre::Unreadable(absence) => {
            let holds = Watch::holds(unread, Severity::Warning, "records not readable")
                .because(absence.to_string())
                .after(UNREADABLE_FOR);
            [holds, Watch::not_seen(conflict), Watch::not_seen(source)]
        }
        RecordsAre::Conflict(reason) => {
            let advice = if matches!(reason, ReplicaReason::RecordTtl { .. }) {
                "Give that record the TTL of the fleet file, or write its TTL there (`ttl` under `dns`, 60 at most)."
            } else {
                "Remove that record, or name another record under `dns` in the fleet file."
            };
            let holds = Watch::holds(conflict, Severity::Warning, "records not kept");
            [readable(), holds.because(reason.to_string()).advising(advice), Watch::not_seen(source)]
        }
    }
}
