//! What a simulation found, for machines. Keys stay.

use serde_json::{Value, json};

use crate::outcome;
use crate::replay::{add, assumed};
use crate::simulate::found::{ScoreRow, Simulated};

/// The keys, for the long help.
pub(crate) const KEYS: &str = "\
Keys of --json, which stay within one format:
  format                                   1
  fleet, service, left_out[]               left_out: conditions that a trace does not contain
  trace                                    file, rows, first, seconds, interval_seconds, jobs (replayed), recorded (the sum
                                           of the file's values), repaired (the same after repairs), understood (intervals,
                                           intervals-that-are-not-empty, intervals-with-gaps, moments),
                                           repairs[] (kind, count, lines: the first of them, or datapoints of JSON),
                                           notes[] (CloudWatch's messages about its answer)
  overload                                 null, or tasks_needed (more than max) and from_seconds (when jobs are first
                                           late at max)
  setting                                  min, max, concurrency, throughput, scaled_to_tasks, startup_seconds,
                                           wait_seconds, interval_seconds, disruptions, jobs, counts_done, seed,
                                           queue (its kind, or null), queue_shows (taken-and-done, taken, reserved,
                                           nothing: of jobs that tasks took), prefetch
  worker_hours, cost_vs_oracle             task-hours paid, and divided by the oracle's
  billed_hours, billed_vs_oracle           the same as Fargate bills it: a minute of every started task at least
  late_percent, excess_late_percent        jobs that waited too long; without those late even at the maximum
  worst_hour_late_percent                  late_percent of the worst hour
  wait_p95_seconds, wait_p99_seconds       95 % and 99 % of the jobs waited no longer
  theta_u, theta_o, tau_u, tau_o           tasks missing and in excess, in percent of those needed; percent of the time
  instability                              percent of the minutes in which tasks and load change in different directions
  scaling_actions_per_day                  changes of the number of tasks
  direction_reversals_per_day              changes in the opposite direction of the previous change
  task_starts_per_day                      tasks started; each is paid for while it starts
  jobs_interrupted                         by scale-in; null unless --jobs is fixed or exponential
  oracle_worker_hours, oracle_billed_hours of the oracle, which knows the future
  least_worker_hours                       the fewest that any plan could pay for
  unavoidable_late_percent                 jobs late even at the maximum
  html                                     only with --html: the file that was written
  rivals[]                                 only with --rivals: name, title, about, and every score above";

/// The answer of `tidegate simulate --json`.
pub(super) fn json(found: &Simulated<'_>) -> String {
    let Simulated { options, replay, rows } = found;
    let mut answer = assumed(&options.replay, replay);
    let (ours, rivals) = rows.split_at(1);
    for ScoreRow { score, .. } in ours {
        add(&mut answer, json!(score));
    }
    add(&mut answer, json!(replay.baseline));
    if let Some(html) = &options.html {
        answer["html"] = json!(html.display().to_string());
    }
    if options.rivals {
        answer["rivals"] = rivals.iter().map(row).collect();
    }
    outcome::answer(answer)
}

/// One policy with its scores.
pub(super) fn row(ScoreRow { name, title, about, score }: &ScoreRow) -> Value {
    let mut value = json!({ "name": name, "title": title, "about": about });
    add(&mut value, json!(score));
    value
}
