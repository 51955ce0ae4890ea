//! What was replayed, for machines. Keys stay.

use serde_json::{Value, json};
use tidegate_fleet::QueueKind;
use tidegate_simulator::trace::{Repair, RepairCount};

use crate::replay::options::ReplayOptions;
use crate::replay::prepare::Replay;

/// What was replayed, and in which world.
pub(crate) fn assumed(options: &ReplayOptions, replay: &Replay) -> Value {
    let Replay { fleet, queue, trace, load, setting, scaled_to, left_out, overload, .. } = replay;
    let repair = |(repair, found): (Repair, &RepairCount)| json!({ "kind": repair, "count": found.count, "lines": found.lines });
    json!({
        "fleet": fleet.name(),
        "service": options.service,
        "left_out": left_out,
        "overload": overload,
        "trace": {
            "file": options.trace.display().to_string(),
            "rows": trace.rows(),
            "first": trace.first().map(|first| first.to_string()),
            "seconds": load.seconds(),
            "interval_seconds": trace.step_seconds(),
            "jobs": load.jobs(),
            "recorded": trace.recorded(),
            "repaired": trace.repaired(),
            "understood": trace.understood(),
            "repairs": trace.repairs().iter().map(repair).collect::<Value>(),
            "notes": trace.notes(),
        },
        "setting": {
            "min": setting.capacity.min(),
            "max": setting.capacity.max(),
            "concurrency": setting.concurrency,
            "throughput": setting.throughput,
            "scaled_to_tasks": scaled_to,
            "startup_seconds": setting.starts.seconds,
            "wait_seconds": setting.acceptable_wait_seconds,
            "interval_seconds": setting.evaluations.every_seconds,
            "disruptions": options.disruptions,
            "jobs": options.jobs.name(),
            "counts_done": options.counts_done,
            "seed": setting.seed,
            "queue": queue.kind.map(QueueKind::as_str),
            "queue_shows": queue.code(),
            "prefetch": setting.prefetch,
        },
    })
}

/// Puts the keys of one object into another.
pub(crate) fn add(to: &mut Value, more: Value) {
    if let (Value::Object(to), Value::Object(more)) = (to, more) {
        to.extend(more);
    }
}
