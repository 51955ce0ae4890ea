//! What RDS tells of an instance. Its events are best effort: late, missing or twice. They are evidence, and never the state.

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types::SourceType;
use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Absence;
use tidegate_policy::upgrades::observation::RdsMessage;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::error::absence;
use crate::rds::pages::{self, PER_PAGE};
use crate::rds::understand::moment;
use crate::targets::calls::{in_time, late};

/// RDS keeps events for 14 days (Amazon RDS API reference, `DescribeEvents`), and refuses a `StartTime` before that.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(14 * 24 - 1);
/// The clock of RDS may differ from that of the function.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// What RDS tells of an instance since a moment, oldest first, each once.
///
/// # Errors
/// A page failed or was late.
pub async fn messages(
    clients: &Clients,
    instance: &str,
    since: Timestamp,
    now: Timestamp,
    deadline: Instant,
) -> Result<Vec<RdsMessage>, Absence> {
    let earliest = now.saturating_sub(KEPT_FOR).unwrap_or(now);
    let start = since.saturating_sub(MARGIN).unwrap_or(since).max(earliest);
    let events = pages::all("DescribeEvents", &clients.buckets.read_rds, |marker| async move {
        let call = clients
            .rds()
            .describe_events()
            .source_type(SourceType::DbInstance)
            .source_identifier(instance)
            .start_time(DateTime::from_secs(start.as_second()))
            .max_records(PER_PAGE)
            .set_marker(marker);
        let page = call.send().await.map_err(|error| absence(&error))?;
        Ok((page.events.unwrap_or_default(), page.marker))
    });
    let events = Box::pin(in_time(deadline, events)).await.ok_or_else(late)??;
    let mut messages: Vec<RdsMessage> = events
        .iter()
        .filter_map(|event| {
            let text = event.message()?.split_whitespace().collect::<Vec<_>>().join(" ");
            Some(RdsMessage { at: event.date().and_then(moment)?, text })
        })
        .collect();
    messages.sort_by(|one, other| (one.at, &one.text).cmp(&(other.at, &other.text)));
    messages.dedup();
    Ok(messages)
}
