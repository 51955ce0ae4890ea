//! What tuning found, for machines. Keys stay.

use serde_json::{Value, json};

use super::found::Tuned;
use super::lines::lines;
use super::search::Tried;
use super::variation::reads_the_queue;
use crate::outcome;
use crate::replay::{add, assumed};

/// The keys, for the long help.
pub(crate) const KEYS: &str = "\
Keys of --json, which stay within one format:
  format, fleet, service, left_out[], trace, setting
                                           as in `tidegate simulate --json`
  late_limit_percent                       the value of --late
  tried                                    how many settings were replayed
  own                                      the fleet file's own setting: a point
  frontier[]                               points that no other beats in worker_hours and late_percent, the cheapest first
  chosen                                   the cheapest of them within the limit: a point; null if there is none
  lines[]                                  the lines for the fleet file, without indentation
  replaces[]                               the keys of the service that these lines replace
  warnings[]                               what to know before using the chosen setting
  html                                     the page, if --html was given
Keys of a point: name, wait_seconds (null without `wait`), min, max, steps, thresholds (factors on the queue's rules; null
  without such rules), chosen, and every score of `tidegate simulate --json`. All points use the same acceptable wait and
  the oracle of the file's own bounds; with a larger max, excess_late_percent can be negative";

/// The keys of a service that the lines stand for.
const REPLACES: [&str; 5] = ["capacity", "wait", "rules", "cooldown", "stabilization"];

/// The answer of `tidegate tune --json`.
pub(super) fn json(found: &Tuned<'_>) -> String {
    let Tuned { options, replay, tried, own, frontier, chosen, warnings } = found;
    let mut answer = assumed(&options.replay, replay);
    let lines = chosen.map(|chosen| lines(&chosen.variation.policy)).unwrap_or_default();
    add(
        &mut answer,
        json!({
            "late_limit_percent": options.late,
            "tried": tried,
            "own": point(own, found),
            "frontier": frontier.iter().map(|tried| point(tried, found)).collect::<Value>(),
            "chosen": chosen.map(|chosen| point(chosen, found)),
            "lines": lines,
            "replaces": REPLACES,
            "warnings": warnings,
        }),
    );
    if let Some(html) = &options.html {
        answer["html"] = json!(html.display().to_string());
    }
    outcome::answer(answer)
}

fn point(tried: &Tried, found: &Tuned<'_>) -> Value {
    let Tried { variation, score } = tried;
    let policy = &variation.policy;
    let scale = policy.rules.iter().any(reads_the_queue).then_some(variation.scale);
    let mut point = json!({
        "name": variation.to_string(),
        "wait_seconds": policy.wait.map(|wait| wait.as_secs()),
        "min": policy.capacity.min(),
        "max": policy.capacity.max(),
        "steps": scale.map(|scale| scale.steps),
        "thresholds": scale.map(|scale| scale.thresholds),
        "chosen": found.is_chosen(tried),
    });
    add(&mut point, json!(score));
    point
}
