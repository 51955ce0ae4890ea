//! Readings, put together datapoint by datapoint.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::{Absence, Datapoint, MetricReading};

/// Values by the end of their period.
pub(crate) type Series = BTreeMap<Timestamp, f64>;

/// The datapoints of several readings as one: where several have one at the same time, `join` says what it is. Of the newest
/// minutes a part may be missing, as the whole may be: the policy knows that they still change.
///
/// # Errors
/// One of the readings failed: a part is not the whole. `Ok(None)`: one was not read.
pub(crate) fn join(
    readings: Vec<MetricReading>,
    join: fn(f64, f64) -> f64,
) -> Result<Option<Series>, Absence> {
    let mut joint = Series::new();
    for reading in readings {
        match reading {
            MetricReading::Points { points, .. } => {
                for Datapoint { at, value } in points {
                    joint.entry(at).and_modify(|known| *known = join(*known, value)).or_insert(value);
                }
            }
            MetricReading::NotRead => return Ok(None),
            MetricReading::Failed(absence) => return Err(absence),
        }
    }
    Ok(Some(joint))
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
