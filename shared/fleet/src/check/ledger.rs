//! Whether the ledger has room for what is remembered of the fleet.

use crate::model::fleet::Service;
use crate::problem::{Code, Problem, Problems};
use crate::settings::fleet::SERVICES_PER_CONCERN_MAX;
use crate::yaml::tree::Node;

/// One item of the ledger holds the memory of all services of a concern, also in an hour when every condition holds.
pub(crate) fn room(nodes: &[Node], services: &[Option<Service>], problems: &mut Problems) {
    let (mut with_queue, mut without) = (LEDGER_BYTES, LEDGER_BYTES);
    for (node, service) in nodes.iter().zip(services) {
        let Some(service) = service else {
            continue;
        };
        let (room, kind) =
            if service.queue().is_some() { (&mut with_queue, "with") } else { (&mut without, "without") };
        let Some(left) = room.checked_sub(remembered_bytes(service)) else {
            let message = format!(
                "is one service too many: one item of the ledger remembers {SERVICES_PER_CONCERN_MAX} plain ones {kind} a \
                 `queue`, and fewer with `wait`, `for`, metrics and `notify`"
            );
            let problem = Problem::new(Code::WrongLength, node.place, message);
            problems.push(problem.help("make two fleet files of it, each with its own stack"));
            return;
        };
        *room = left;
    }
}

/// What one item of the ledger holds, in bytes.
const LEDGER_BYTES: usize = SERVICES_PER_CONCERN_MAX * PLAIN_BYTES;
/// A service with a rule or two, or a tracker.
const PLAIN_BYTES: usize = 399;
/// What `wait` remembers beside that: measured with a full memory of bursts, behind a queue that counts nothing.
const WAIT_BYTES: usize = 487;
/// The newest datapoint of a metric that has settled and the largest of those after it, beyond the one metric of a plain
/// service.
const METRIC_BYTES: usize = 120;
const METRICS_OF_A_PLAIN_SERVICE: usize = 1;
/// Since when a condition with `for` holds, beside its words.
const RUN_BYTES: usize = 50;
/// A condition that people were told of, beside its words.
const TOLD_BYTES: usize = 100;
/// How often the running tasks changed over the three periods that a datapoint may count for. A plain service has room for
/// those of one-minute metrics; longer ones fill the history.
const RAN_BYTES: usize = 130;
/// A wish of the stabilization window: one for each evaluation, 15 seconds apart, and no more than 18. A plain service has room
/// for those of one minute.
const WISH_BYTES: usize = 14;
const WISHES_MAX: usize = 18;
const WISHES_OF_A_PLAIN_SERVICE: usize = 6;

/// The most that is remembered of a service (`remembering.rs`, `restarts.rs`, `stabilization.rs` and `watching.rs` of the policy
/// measure it).
fn remembered_bytes(service: &Service) -> usize {
    let policy = service.policy();
    let conditions = policy.rules.iter().map(|rule| &rule.when);
    let watched = policy.notify.iter().map(|notify| &notify.when);
    let held = conditions.chain(watched.clone()).filter(|when| !when.hold_for.is_zero());
    let runs: usize = held.map(|when| when.to_string().len() + RUN_BYTES).sum();
    let told: usize = watched.map(|when| when.to_string().len() + TOLD_BYTES).sum();
    let tracked = policy.track.len().saturating_sub(1) * (RUN_BYTES + METRIC_BYTES);
    let metrics = service.metrics().len().saturating_sub(METRICS_OF_A_PLAIN_SERVICE) * METRIC_BYTES;
    let wait = if policy.wait.is_some() { WAIT_BYTES } else { 0 };
    let is_long = service.metrics().iter().any(|metric| metric.source.period().as_secs() > 60);
    let ran = if is_long { RAN_BYTES } else { 0 };
    let evaluations = usize::try_from(policy.stabilization.as_secs() / 15).unwrap_or(WISHES_MAX);
    let wishes =
        evaluations.saturating_add(2).min(WISHES_MAX).saturating_sub(WISHES_OF_A_PLAIN_SERVICE) * WISH_BYTES;
    PLAIN_BYTES + wait + runs + told + tracked + metrics + ran + wishes
}
