//! The weighted records of a name that reads go to, in a hosted zone of Route 53.

use aws_sdk_route53::operation::change_resource_record_sets::ChangeResourceRecordSetsError;
use aws_sdk_route53::operation::list_resource_record_sets::ListResourceRecordSetsOutput;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use jiff::Timestamp;
use tidegate_policy::replicas::decision::RecordChange;
use tidegate_policy::replicas::observation::{DnsAlias, DnsRecord};
use tidegate_policy::{Absence, AbsenceKind};
use tokio::time::Instant;

use crate::bucket::in_turn;
use crate::clients::Clients;
use crate::error::{AwsError, CallError, Failure, Step, absence};
use crate::targets::calls::{in_time, late};

/// `maxitems`: at most 300 (Amazon Route 53 API reference, `ListResourceRecordSets`).
const PER_PAGE: i32 = 300;
/// A name has at most 100 weighted records of a type (Route 53 quotas): they end within the first page or two.
const PAGES_MAX: usize = 10;

/// Reads every record of a name, of every type.
///
/// # Errors
/// A page failed or was late: a part of the records is none.
pub async fn records(
    clients: &Clients,
    zone: &str,
    name: &str,
    deadline: Instant,
) -> Result<Vec<DnsRecord>, Absence> {
    in_time(deadline, list(clients, zone, name)).await.unwrap_or_else(|| Err(late()))
}

/// Pages from the name on: records come in the order of their names, so the first one of another name ends them.
async fn list(clients: &Clients, zone: &str, name: &str) -> Result<Vec<DnsRecord>, Absence> {
    let wanted = plain(name);
    let mut found = Vec::new();
    let (mut from, mut kind, mut set) = (name.to_owned(), None, None);
    for _ in 0..PAGES_MAX {
        clients.buckets.route53.take().await;
        let call = clients
            .route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .start_record_name(&from)
            .set_start_record_type(kind)
            .set_start_record_identifier(set)
            .max_items(PER_PAGE);
        let page: ListResourceRecordSetsOutput = call.send().await.map_err(|error| absence(&error))?;
        let count = page.resource_record_sets().len();
        let mine = page.resource_record_sets().iter().take_while(|record| plain(record.name()) == wanted);
        let before = found.len();
        for record in mine {
            found.push(understand(record)?);
        }
        let all_mine = found.len().saturating_sub(before) == count;
        if !page.is_truncated() || !all_mine {
            return Ok(found);
        }
        let Some(next) = page.next_record_name else {
            return Err(unreadable("a page without the name of the next one"));
        };
        if plain(&next) != wanted {
            return Ok(found);
        }
        (from, kind, set) = (next, page.next_record_type, page.next_record_identifier);
    }
    Err(unreadable("more records of one name than Route 53 allows"))
}

fn unreadable(what: &str) -> Absence {
    Absence::new(AbsenceKind::Unreadable, format!("ListResourceRecordSets: {what}"))
}

/// One record as it stands: to delete it, Route 53 wants to see it again exactly so. What is left out here only records have that are
/// routed otherwise than by weight (`Region`, `GeoLocation`, `Failover`, `CidrRoutingConfig` …), and those are never deleted.
fn understand(record: &ResourceRecordSet) -> Result<DnsRecord, Absence> {
    let weight = record.weight().map(u8::try_from).transpose();
    let ttl = record.ttl().map(u32::try_from).transpose();
    Ok(DnsRecord {
        set_identifier: record.set_identifier().map(str::to_owned),
        kind: record.r#type().as_str().to_owned(),
        weight: weight.map_err(|_| unreadable("a weight outside of 0 to 255"))?,
        ttl: ttl.map_err(|_| unreadable("a TTL that is none"))?,
        values: record.resource_records().iter().map(|value| value.value().to_owned()).collect(),
        alias: record.alias_target().map(|target| DnsAlias {
            zone: target.hosted_zone_id().to_owned(),
            name: target.dns_name().to_owned(),
            evaluates_health: target.evaluate_target_health(),
        }),
        health_check: record.health_check_id().map(str::to_owned),
    })
}

/// A name to compare: without the dot at its end, in small letters, and with the characters that Route 53 writes as `\052`.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let octal = rest.strip_prefix('\\').and_then(|after| after.get(..3));
        if let Some(byte) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            plain.push(char::from(byte));
            rest = rest.get(4..).unwrap_or_default();
        } else {
            plain.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    plain.make_ascii_lowercase();
    plain.strip_suffix('.').map(str::to_owned).unwrap_or(plain)
}

/// Changes records of a name in one batch, in the order given, if its turn comes before `not_after`; `None` where it does not.
/// Route 53 makes all of the changes, or none. Without changes nothing is asked.
///
/// # Errors
/// Route 53 refused the batch or did not answer. While an earlier request for the zone is under way it answers
/// `PriorRequestNotComplete`: the SDK waits and asks again, and then the next evaluation.
pub async fn change(
    clients: &Clients,
    zone: &str,
    name: &str,
    changes: &[RecordChange],
    not_after: Timestamp,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Option<Result<(), CallError>> {
    if changes.is_empty() {
        return Some(Ok(()));
    }
    let batch = batch(zone, name, changes);
    if batch.is_ok() && !in_turn(&clients.buckets.route53, not_after, clock).await {
        return None;
    }
    Some(match batch {
        Ok(batch) => send(clients, zone, name, batch).await,
        Err(error) => Err(error),
    })
}

/// The batch as Route 53 takes it.
fn batch(zone: &str, name: &str, changes: &[RecordChange]) -> Result<ChangeBatch, CallError> {
    let step = || Step::ChangeRecords { name: name.to_owned(), zone: zone.to_owned() };
    let unbuilt = |error| CallError::unbuilt(step(), error);
    let changes = changes.iter().map(|change| to_aws(name, change)).collect::<Result<Vec<_>, _>>();
    ChangeBatch::builder()
        .comment(format!("Tidegate: where reads of {} go", plain(name)))
        .set_changes(Some(changes.map_err(unbuilt)?))
        .build()
        .map_err(unbuilt)
}

async fn send(clients: &Clients, zone: &str, name: &str, batch: ChangeBatch) -> Result<(), CallError> {
    let step = || Step::ChangeRecords { name: name.to_owned(), zone: zone.to_owned() };
    let call = clients.route53().change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    call.send().await.map(|_| ()).map_err(|error| {
        // What is wrong with a batch stands in a list of its own, not in the message of the error.
        let words = match error.as_service_error() {
            Some(ChangeResourceRecordSetsError::InvalidChangeBatch(refused)) => refused.messages().join("; "),
            Some(_) | None => String::new(),
        };
        if words.is_empty() {
            return CallError::aws(step(), &error);
        }
        CallError::new(step(), Failure::Aws(AwsError::answered(Some("InvalidChangeBatch"), Some(&words))))
    })
}

/// One change as Route 53 takes it.
fn to_aws(name: &str, change: &RecordChange) -> Result<Change, aws_sdk_route53::error::BuildError> {
    let (action, record) = match change {
        RecordChange::Put(record) => (ChangeAction::Upsert, record),
        RecordChange::Delete(record) => (ChangeAction::Delete, record),
    };
    let value = |value: &String| ResourceRecord::builder().value(value).build();
    let values = record.values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let alias = record.alias.as_ref().map(|alias| {
        AliasTarget::builder()
            .hosted_zone_id(&alias.zone)
            .dns_name(&alias.name)
            .evaluate_target_health(alias.evaluates_health)
            .build()
    });
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::from(record.kind.as_str()))
        .set_set_identifier(record.set_identifier.clone())
        .set_weight(record.weight.map(i64::from))
        .set_ttl(record.ttl.map(i64::from))
        .set_resource_records(Some(values).filter(|values| !values.is_empty()))
        .set_alias_target(alias.transpose()?)
        .set_health_check_id(record.health_check.clone())
        .build()?;
    Change::builder().action(action).resource_record_set(set).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_escapes_capitals_and_the_last_dot() {
        for (written, expected) in [
            ("read.db.internal.", "read.db.internal"),
            ("Read.DB.internal", "read.db.internal"),
            ("\\052.db.internal.", "*.db.internal"),
            ("read\\137\\055.db.", "read_-.db"),
            ("a\\1.", "a\\1"),
            ("a\\999.", "a\\999"),
            ("ä.db.", "ä.db"),
            (".", ""),
            ("", ""),
        ] {
            assert_eq!(plain(written), expected, "{written}");
        }
    }
}
