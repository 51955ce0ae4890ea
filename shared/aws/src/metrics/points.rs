//! Readings, put together datapoint by datapoint.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, Datapoint, MetricReading};

/// Values by the end of their period.
pub(crate) type Series = BTreeMap<Timestamp, f64>;

/// How late CloudWatch may publish a datapoint: what is missing may still come until then. The policy allows for the same
/// delay and two periods more before it calls a metric stale, so one that waits here stays fresh.
const MAY_COME_WITHIN: SignedDuration = SignedDuration::from_mins(3);

/// Whether datapoints of this moment may still come.
pub(crate) fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < MAY_COME_WITHIN
}

/// The datapoints of several readings as one: where several have one at the same time, `join` says what it is; where one
/// alone has one, it counts once the others can have none any more.
///
/// The policy takes datapoints in their order and corrects none, so the result ends before the first moment at which
/// something may still come: a newer datapoint would leave that moment out for good.
///
/// # Errors
/// One of the readings failed: a part is not the whole. `Ok(None)`: one was not read.
pub(crate) fn join(
    readings: Vec<MetricReading>,
    now: Timestamp,
    join: fn(f64, f64) -> f64,
) -> Result<Option<Series>, Absence> {
    let whole = readings.len();
    let mut joint: BTreeMap<Timestamp, (f64, usize)> = BTreeMap::new();
    for reading in readings {
        match reading {
            MetricReading::Points { points, .. } => {
                for Datapoint { at, value } in points {
                    let more = |(known, count): &mut (f64, usize)| {
                        *known = join(*known, value);
                        *count = count.saturating_add(1);
                    };
                    joint.entry(at).and_modify(more).or_insert((value, 1));
                }
            }
            MetricReading::NotRead => return Ok(None),
            MetricReading::Failed(absence) => return Err(absence),
        }
    }
    let is_settled = |(at, (_, count)): &(Timestamp, (f64, usize))| *count >= whole || !is_young(*at, now);
    let settled = joint.into_iter().take_while(is_settled);
    Ok(Some(settled.map(|(at, (value, _))| (at, value)).collect()))
}

/// A reading from values.
pub(crate) fn reading(series: Series, period: SignedDuration) -> MetricReading {
    let points = series.into_iter().map(|(at, value)| Datapoint { at, value }).collect();
    MetricReading::Points { period, points }
}

/// Half of every value.
pub(crate) fn half(reading: MetricReading) -> MetricReading {
    share(reading, Some(200.0))
}

/// The reading in percent of a limit, where there is one.
pub(crate) fn share(reading: MetricReading, limit: Option<f64>) -> MetricReading {
    match (reading, limit) {
        (MetricReading::Points { period, points }, Some(limit)) => {
            let percent = |point: Datapoint| Datapoint { value: point.value * 100.0 / limit, ..point };
            let points = points.into_iter().map(percent).filter(|point| point.value.is_finite()).collect();
            MetricReading::Points { period, points }
        }
        (reading, _) => reading,
    }
}
