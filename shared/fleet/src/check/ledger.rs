//! Whether the ledger has room for what is remembered of the fleet.

use jiff::SignedDuration;
use tidegate_policy::memory::size::{
    CLASS_BYTES_MAX, DATABASE_BYTES_MAX, DISTURBED_BYTES, ITEM_BYTES_MAX, PLAIN_BYTES, most_bytes,
};

use crate::model::fleet::Service;
use crate::problem::{Code, Problem, Problems};
use crate::settings::database::DATABASES_MAX;
use crate::settings::fleet::SERVICES_PER_CONCERN_MAX;
use crate::yaml::tree::Node;

/// What the services of one concern may remember in a rush, in bytes.
const ROOM: usize = SERVICES_PER_CONCERN_MAX * PLAIN_BYTES;

/// So many services may be disturbed while all of them are in a rush: the rest of the item holds what they remember beyond.
const DISTURBED: usize = 14;
const _: () = assert!(ROOM + DISTURBED * DISTURBED_BYTES <= ITEM_BYTES_MAX);

/// The item of the replicas has room for as many databases as a fleet may have, each with as many replicas as AWS takes: so no
/// file has to be counted.
const _: () = assert!(DATABASES_MAX * DATABASE_BYTES_MAX <= ITEM_BYTES_MAX);

/// So has the item of their classes.
const _: () = assert!(DATABASES_MAX * CLASS_BYTES_MAX <= ITEM_BYTES_MAX);

/// One item of the ledger holds the memory of all services of a concern, also in an hour when every condition holds.
pub(crate) fn room(nodes: &[Node], services: &[Option<Service>], problems: &mut Problems) {
    let (mut with_queue, mut without) = (ROOM, ROOM);
    for (node, service) in nodes.iter().zip(services) {
        let Some(service) = service else {
            continue;
        };
        let (room, kind) =
            if service.queue().is_some() { (&mut with_queue, "with") } else { (&mut without, "without") };
        let Some(left) = room.checked_sub(most_bytes(service.policy(), longest_period(service))) else {
            let message = format!(
                "is one service too many: one item of the ledger holds the memory of {SERVICES_PER_CONCERN_MAX} plain services {kind} \
                 a `queue`, and of fewer with `wait`, `for`, metrics and `notify`"
            );
            let problem = Problem::new(Code::WrongLength, node.place, message);
            problems.push(problem.help("split the fleet into two files, each with its own stack"));
            return;
        };
        *room = left;
    }
}

/// The longest period of the service's metrics.
fn longest_period(service: &Service) -> SignedDuration {
    service.metrics().iter().map(|metric| metric.source.period()).max().unwrap_or_default()
}
