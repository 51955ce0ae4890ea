//! A queue that CloudWatch metrics are all that is known of.

use jiff::Timestamp;
use tidegate_fleet::{CloudwatchQueue, MetricSource};
use tidegate_policy::{Absence, InFlight, MetricReading, Queue, QueueLimits};

/// A queue that is known by metrics only, from the readings of its metrics.
///
/// # Errors
/// The number of waiting jobs is not known: no datapoint, or only old ones.
pub(crate) fn of_metrics(
    source: &CloudwatchQueue,
    waiting: &MetricReading,
    in_flight: Option<&MetricReading>,
    now: Timestamp,
) -> Result<Queue, Absence> {
    let waiting = jobs(&source.waiting, waiting, now)?;
    let in_flight = match &source.in_flight {
        Some(metric) => InFlight::Exactly(jobs(metric, in_flight.unwrap_or(&MetricReading::NotRead), now)?),
        None => InFlight::Unknown,
    };
    Ok(Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight,
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        head: None,
    })
}

/// The jobs that a metric counts, as the policy judges its datapoints.
fn jobs(source: &MetricSource, reading: &MetricReading, now: Timestamp) -> Result<u64, Absence> {
    tidegate_policy::jobs(reading, source.on_absence, now)
        .map_err(|absence| Absence { detail: format!("{}: {}", source.metric, absence.detail), ..absence })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;
    use tidegate_policy::{AbsenceKind, Datapoint, OnAbsence};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_250_040).expect("a moment")
    }

    fn metric(name: &str) -> MetricSource {
        MetricSource {
            namespace: "App".to_owned(),
            metric: name.to_owned(),
            dimensions: BTreeMap::new(),
            statistic: "Average".to_owned(),
            period: SignedDuration::from_mins(1),
            on_absence: OnAbsence::Missing,
        }
    }
    #[test]
    fn a_queue_of_metrics_is_what_has_settled_and_no_less_than_what_is_young() {
        let reading = |points: &[(i64, f64)]| {
            let at = |minutes| now().checked_sub(SignedDuration::from_mins(minutes)).expect("a moment");
            let points = points.iter().map(|(minutes, value)| Datapoint { at: at(*minutes), value: *value });
            MetricReading::Points { period: SignedDuration::from_mins(1), points: points.collect() }
        };
        let source = |on_absence| CloudwatchQueue {
            waiting: MetricSource { on_absence, ..metric("Waiting") },
            in_flight: Some(metric("Running")),
        };
        let (missing, zero, running) =
            (source(OnAbsence::Missing), source(OnAbsence::Zero), reading(&[(3, 3.0)]));
        let waiting = |source: &CloudwatchQueue, points: &[(i64, f64)]| {
            of_metrics(source, &reading(points), Some(&running), now()).map(|queue| queue.waiting)
        };
        assert_eq!(waiting(&missing, &[(5, 11.2)]), Ok(12), "a part of a job is work");
        assert_eq!(
            waiting(&missing, &[(3, 40.0), (2, 30.0), (1, 0.0), (0, 0.0)]),
            Ok(40),
            "a part of a minute is less"
        );
        assert_eq!(
            waiting(&missing, &[(3, 40.0), (2, 30.0), (1, 90.0), (0, 5.0)]),
            Ok(90),
            "more is more at once"
        );
        assert_eq!(waiting(&zero, &[(9, 11.2)]), Ok(0), "silence, declared to be zero");
        assert_eq!(waiting(&zero, &[(9, 11.2), (0, 7.0)]), Ok(7), "the first job after silence");
        for (source, points, kind, detail) in [
            (&missing, vec![(6, 11.2)], AbsenceKind::NoDatapoints, "Waiting: no recent datapoint"),
            (
                &missing,
                vec![(9, 11.2), (0, 7.0)],
                AbsenceKind::Provisional,
                "Waiting: no datapoint is older than 3m",
            ),
        ] {
            let absence = waiting(source, &points).expect_err("not known");
            assert_eq!((absence.kind, absence.detail.as_str()), (kind, detail));
        }
        let queue = of_metrics(&missing, &reading(&[(3, 1.0)]), Some(&running), now()).expect("read");
        assert_eq!(queue.in_flight, InFlight::Exactly(3));
        let unread =
            of_metrics(&zero, &MetricReading::NotRead, None, now()).expect_err("not read is never zero");
        assert_eq!(unread.detail, "Waiting: not read");
        assert!(of_metrics(&zero, &reading(&[(3, 1.0)]), None, now()).is_err(), "what runs is not known");
        let alone = CloudwatchQueue { in_flight: None, ..zero };
        let queue = of_metrics(&alone, &reading(&[(3, 1.0)]), None, now()).expect("read");
        assert_eq!(queue.in_flight, InFlight::Unknown);
    }
}
