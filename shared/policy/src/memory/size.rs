//! How large a memory becomes: what one service takes of the ledger's item, which all services of a concern share.
//!
//! `size.rs` of the policy's tests holds these numbers against memories that `decide` made, day by day; `remembering.rs`,
//! `restarts.rs`, `stabilization.rs`, `wait.rs` and `watching.rs` measure the parts.

use jiff::SignedDuration;

use crate::service::ServicePolicy;

/// The JSON of all memories of one item, in bytes: DynamoDB takes items of at most 400 KB, and the rest is for the keys
/// and the other attributes.
pub const ITEM_BYTES_MAX: usize = 399 * 1024;

/// What a service remembers at most beyond [`most_bytes`] while it is disturbed: while changes fail, notices are active, or
/// its running tasks change at every evaluation. The largest of some 36,000 random days was 534; of nearly all it is below 400.
pub const DISTURBED_BYTES: usize = 680;

/// What is remembered of one database at most, in bytes of JSON, with all the replicas that AWS takes.
pub const DATABASE_BYTES_MAX: usize = 20_200;

/// What is remembered of the class and the storage of one database at most, in bytes of JSON. Its longest part are the notices, one
/// for each thing that can last, and the ends that SNS did not take.
pub const CLASS_BYTES_MAX: usize = 20_428;

/// A service with a rule or two, or a tracker.
pub const PLAIN_BYTES: usize = 399;
/// What `wait` remembers beside that: measured with a full memory of bursts, behind a queue that counts nothing.
const WAIT_BYTES: usize = 536;
/// The newest datapoint of a metric that has settled and the largest of those after it, beyond the one metric of a plain
/// service.
const METRIC_BYTES: usize = 120;
const METRICS_OF_A_PLAIN_SERVICE: usize = 1;
/// Since when a condition with `for` holds, beside its words.
const RUN_BYTES: usize = 50;
/// A condition that operators were notified of, beside its words.
const NOTICE_BYTES: usize = 100;
/// How often the running tasks changed over the three periods that a datapoint may count for, or over the ten minutes in which a
/// total that is divided by them may be corrected. A plain service has room for the three of one-minute metrics; more fill the
/// history.
const RAN_BYTES: usize = 130;
/// A recommendation of the stabilization window: one for each evaluation, 15 seconds apart, and no more than
/// [`RECOMMENDATIONS_MAX`]. A plain service has room for those of one minute.
const RECOMMENDATION_BYTES: usize = 14;
/// So many recommendations are remembered at most, however long the window.
pub(crate) const RECOMMENDATIONS_MAX: usize = 18;
const RECOMMENDATIONS_OF_A_PLAIN_SERVICE: usize = 6;

/// The most that is remembered of a service in a rush when every condition holds, in bytes of JSON; `longest_period` is
/// that of its metrics. While it is disturbed it may be [`DISTURBED_BYTES`] more.
#[must_use]
pub fn most_bytes(policy: &ServicePolicy, longest_period: SignedDuration) -> usize {
    let conditions = policy.rules.iter().map(|rule| &rule.when);
    let watched = policy.notify.iter().map(|notify| &notify.when);
    let held = conditions.chain(watched.clone()).filter(|when| !when.hold_for.is_zero());
    let runs = held.map(|when| when.to_string().len().saturating_add(RUN_BYTES));
    let notified = watched.map(|when| when.to_string().len().saturating_add(NOTICE_BYTES));
    let beyond = |count: usize, plain: usize, bytes: usize| count.saturating_sub(plain).saturating_mul(bytes);
    let evaluations = policy.stabilization.as_secs().checked_div(15).unwrap_or_default();
    let recommendations =
        usize::try_from(evaluations).unwrap_or(0).saturating_add(2).min(RECOMMENDATIONS_MAX);
    let parts = [
        PLAIN_BYTES,
        if policy.wait.is_some() { WAIT_BYTES } else { 0 },
        beyond(policy.track.len(), 1, RUN_BYTES + METRIC_BYTES),
        beyond(policy.metrics.len(), METRICS_OF_A_PLAIN_SERVICE, METRIC_BYTES),
        if longest_period.as_secs() > 60 || policy.divides_a_total() { RAN_BYTES } else { 0 },
        beyond(recommendations, RECOMMENDATIONS_OF_A_PLAIN_SERVICE, RECOMMENDATION_BYTES),
    ];
    runs.chain(notified).chain(parts).fold(0, usize::saturating_add)
}
