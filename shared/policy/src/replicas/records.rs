//! The records of the name that reads go to: one weighted CNAME for each replica that may answer.

use crate::reading::Absence;
use crate::replicas::decision::RecordChange;
use crate::replicas::lag::Judged;
use crate::replicas::observation::DnsRecord;
use crate::replicas::policy::{OUR_RECORDS, ReadRecord};
use crate::replicas::reason::ReplicaReason;
use crate::replicas::scene::{DatabaseScene, is_same_host};

/// Every record has this weight, so that each replica gets its share. It is never 0: where all weights of a name are 0, Route
/// 53 takes them as equal, and a record that was meant to be out would answer.
const WEIGHT: u8 = 10;

/// The `SetIdentifier`, after [`OUR_RECORDS`], of the record that leads to the source. It is no identifier of a replica that
/// RDS would take beside its source.
const SOURCE: &str = "source";

/// What is to be done about the records.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RecordsDecision {
    pub(crate) changes: Vec<RecordChange>,
    pub(crate) reasons: Vec<ReplicaReason>,
    pub(crate) state: RecordsAre,
}

/// How the records are, for operators.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RecordsAre {
    /// They lead to replicas, or the fleet file names none.
    Kept,
    /// They lead to the source, since no replica is left.
    OnSource,
    /// Where they should lead is not known now.
    Unsure,
    /// Route 53 could not be read.
    Unreadable(Absence),
    /// A record of others stands in the way.
    Conflict(ReplicaReason),
}

/// The records as they must be become puts and deletes, puts first; nothing is deleted where nothing would be left.
pub(crate) fn records(scene: &DatabaseScene<'_>, removing: Option<&str>) -> RecordsDecision {
    let (Some(dns), Some(read)) = (&scene.policy.dns, &scene.seen.records) else {
        return RecordsDecision::unchanged(RecordsAre::Kept, None);
    };
    let found = match read {
        Ok(found) => found,
        Err(absence) => {
            let reason = ReplicaReason::RecordsUnreadable { absence: absence.clone() };
            return RecordsDecision::unchanged(RecordsAre::Unreadable(absence.clone()), Some(reason));
        }
    };
    if let Some(reason) = found.iter().find_map(|record| conflict(record, dns)) {
        return RecordsDecision::unchanged(RecordsAre::Conflict(reason.clone()), Some(reason));
    }
    let WantedHosts { hosts, reason } = wanted(scene, found, removing);
    if hosts.is_empty() {
        return RecordsDecision::unchanged(RecordsAre::Unsure, reason);
    }
    // Where nothing is changed, no record leads to the source.
    let reason = reason.filter(|reason| !scene.observe || *reason != ReplicaReason::ReadsOnSource);
    let is_on_source = reason == Some(ReplicaReason::ReadsOnSource);
    let state = if is_on_source { RecordsAre::OnSource } else { RecordsAre::Kept };
    let wanted: Vec<DnsRecord> = hosts.iter().map(|(id, host)| record(dns, id, host, found)).collect();
    let differs = |wanted: &&DnsRecord| !found.iter().any(|found| is_same(found, wanted));
    let puts = wanted.iter().filter(differs).cloned().map(RecordChange::Put);
    let is_left_over = |found: &&DnsRecord| {
        let is_wanted = wanted.iter().any(|wanted| wanted.set_identifier == found.set_identifier);
        ours(found).is_some() && !is_wanted
    };
    let deletes = found.iter().filter(is_left_over).cloned().map(RecordChange::Delete);
    let changes: Vec<RecordChange> = if scene.observe { vec![] } else { puts.chain(deletes).collect() };
    let mut reasons: Vec<ReplicaReason> = changes.iter().filter_map(told).collect();
    reasons.extend(reason);
    RecordsDecision { changes, reasons, state }
}

impl RecordsDecision {
    fn unchanged(state: RecordsAre, reason: Option<ReplicaReason>) -> Self {
        Self { changes: Vec::new(), reasons: reason.into_iter().collect(), state }
    }
}

/// Where reads are to go: names and endpoints.
struct WantedHosts {
    hosts: Vec<(String, String)>,
    /// Why not to the replicas that may answer.
    reason: Option<ReplicaReason>,
}

/// Every replica that may answer; else the best of those that could; else the source.
fn wanted(scene: &DatabaseScene<'_>, found: &[DnsRecord], removing: Option<&str>) -> WantedHosts {
    let host = |judged: &Judged<'_>| Some((judged.replica.id.clone(), judged.replica.endpoint.clone()?));
    let stays =
        |judged: &&Judged<'_>| Some(judged.replica.id.as_str()) != removing && judged.replica.status.serves();
    let has_record = |judged: &Judged<'_>| found.iter().filter_map(ours).any(|id| id == judged.replica.id);
    // Whether one has caught up may not be known, after the ledger was lost: what is not known takes no record away.
    let is_fit = |judged: &&Judged<'_>| {
        let is_suspect = judged.memory.lags_since.is_some() || judged.memory.broken_since.is_some();
        judged.answers() || (has_record(judged) && !is_suspect && judged.replica.status.is_steady())
    };
    let hosts: Vec<_> = scene.judged.iter().filter(stays).filter(is_fit).filter_map(host).collect();
    if !hosts.is_empty() {
        return WantedHosts { hosts, reason: None };
    }
    let could = |judged: &&Judged<'_>| stays(judged) && (judged.is_serving() || has_record(judged));
    // One that is in the records already comes first, so that reads do not move from one to the other every minute.
    let order = |judged: &&Judged<'_>| {
        let is_broken = judged.memory.broken_since.is_some();
        let lag_millis = judged.lag.and_then(|lag| jiff::SignedDuration::try_from_secs_f64(lag).ok());
        let lag_millis = lag_millis.map_or(i128::MAX, |lag| lag.as_millis());
        (is_broken, !has_record(judged), lag_millis, judged.replica.id.clone())
    };
    if let Some(best) =
        scene.judged.iter().filter(could).filter(|it| it.replica.endpoint.is_some()).min_by_key(order)
    {
        let reason = ReplicaReason::OneStays { replica: best.replica.id.clone() };
        return WantedHosts { hosts: host(best).into_iter().collect(), reason: Some(reason) };
    }
    // An answer that does not show a replica any more may be an old one.
    if let Some((replica, since)) = scene.missed.first() {
        let reason = ReplicaReason::Missed { replica: replica.clone(), since: *since };
        return WantedHosts { hosts: vec![], reason: Some(reason) };
    }
    match &scene.instances.source.endpoint {
        Some(endpoint) => WantedHosts {
            hosts: vec![(SOURCE.to_owned(), endpoint.clone())],
            reason: Some(ReplicaReason::ReadsOnSource),
        },
        None => WantedHosts { hosts: vec![], reason: Some(ReplicaReason::NoEndpoint) },
    }
}

/// A record as it is to be. The health check that somebody gave it stays: a put without it would take it away.
fn record(dns: &ReadRecord, id: &str, host: &str, found: &[DnsRecord]) -> DnsRecord {
    let set = format!("{OUR_RECORDS}{id}");
    let before = found.iter().find(|found| found.set_identifier.as_ref() == Some(&set));
    DnsRecord {
        health_check: before.and_then(|before| before.health_check.clone()),
        set_identifier: Some(set),
        kind: "CNAME".to_owned(),
        weight: Some(WEIGHT),
        ttl: Some(dns.ttl),
        values: vec![host.to_owned()],
        alias: None,
    }
}

/// Route 53 takes weighted CNAMEs beside weighted CNAMEs only, and only those with the same TTL. An alias has none.
fn conflict(record: &DnsRecord, dns: &ReadRecord) -> Option<ReplicaReason> {
    let is_weighted = record.set_identifier.is_some() && record.weight.is_some();
    if !is_weighted || !record.kind.eq_ignore_ascii_case("CNAME") {
        return Some(ReplicaReason::RecordConflict { kind: record.kind.clone() });
    }
    let found = record.ttl.filter(|ttl| *ttl != dns.ttl && ours(record).is_none())?;
    let set = record.set_identifier.clone().unwrap_or_default();
    Some(ReplicaReason::RecordTtl { set, found, wanted: dns.ttl })
}

/// What a record of Tidegate leads to: the identifier of a replica, or `source`.
fn ours(record: &DnsRecord) -> Option<&str> {
    record.set_identifier.as_deref()?.strip_prefix(OUR_RECORDS)
}

fn is_same(found: &DnsRecord, wanted: &DnsRecord) -> bool {
    // What is wanted has the health check that is found. An alias has no value.
    let DnsRecord { set_identifier, kind: _, weight, ttl, values, alias: _, health_check: _ } = found;
    let leads = |to: &[String]| match (values.as_slice(), to) {
        ([value], [to]) => is_same_host(value, Some(to)),
        _ => false,
    };
    (set_identifier, weight, ttl) == (&wanted.set_identifier, &wanted.weight, &wanted.ttl)
        && leads(&wanted.values)
}

/// What a change means for a replica; that of the source is told by itself.
fn told(change: &RecordChange) -> Option<ReplicaReason> {
    let (RecordChange::Put(record) | RecordChange::Delete(record)) = change;
    let replica = ours(record).filter(|id| *id != SOURCE)?.to_owned();
    Some(match change {
        RecordChange::Put(_) => ReplicaReason::RecordPut { replica },
        RecordChange::Delete(_) => ReplicaReason::RecordDeleted { replica },
    })
}
