//! Long runs in a bounded number of points: each keeps the lowest and the highest value of its time.

use tidegate_simulator::load::STEP_SECONDS;

use super::record::{ChartSeries, Number};

/// So many points show every pixel of a wide screen, and a zoom of three.
const POINTS_MAX: usize = 4_000;

/// What one point may stand for, in steps: 15 s, 30 s, minutes, hours, days; people reckon in these.
const STEPS: [usize; 15] = [1, 2, 4, 8, 20, 40, 60, 120, 240, 480, 720, 1_440, 2_880, 5_760, 40_320];

/// Equal stretches of time, one a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    steps: usize,
    steps_per_point: usize,
}

impl Grid {
    /// The finest grid for a run of that many steps.
    pub(crate) fn of(steps: usize) -> Self {
        let needed = steps.div_ceil(POINTS_MAX).max(1);
        let steps_per_point = STEPS.into_iter().find(|per_point| *per_point >= needed).unwrap_or(needed);
        Self { steps, steps_per_point }
    }

    /// What one point stands for, in seconds; `None` if it is one step of the simulation.
    pub(crate) fn point_seconds(self) -> Option<u64> {
        (self.steps_per_point > 1).then(|| seconds(self.steps_per_point))
    }

    /// The beginning of each point, in seconds since the run began.
    pub(crate) fn times(self) -> Vec<u64> {
        (0..self.steps).step_by(self.steps_per_point).map(seconds).collect()
    }

    /// A series on this grid; one value a step. What is missing at the end has no point.
    pub(crate) fn put(self, series: ChartSeries, values: impl IntoIterator<Item = f64>) -> ChartSeries {
        let values: Vec<f64> = values.into_iter().take(self.steps).collect();
        let of = |fold: fn(f64, f64) -> f64| -> Vec<Option<Number>> {
            let points = values.chunks(self.steps_per_point);
            points.map(|point| point.iter().copied().reduce(fold).map(Number)).collect()
        };
        let high = (self.steps_per_point > 1).then(|| of(f64::max));
        ChartSeries { low: of(f64::min), high, ..series }
    }
}

fn seconds(steps: usize) -> u64 {
    u64::try_from(steps).unwrap_or(u64::MAX).saturating_mul(u64::from(STEP_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[Option<Number>]) -> Vec<f64> {
        values.iter().flatten().map(|number| number.0).collect()
    }

    #[test]
    fn a_short_run_is_shown_as_it_was() {
        let grid = Grid::of(4_000);
        let drawn = grid.put(ChartSeries::default(), (0..4_000).map(f64::from));
        assert_eq!((grid.point_seconds(), drawn.low.len(), drawn.high), (None, 4_000, None));
        assert_eq!(grid.times()[..3], [0, 15, 30]);
    }

    #[test]
    fn peaks_and_valleys_of_a_year_survive() {
        let steps: u32 = 2_102_400;
        let grid = Grid::of(2_102_400);
        assert_eq!(grid.point_seconds(), Some(3 * 3_600));
        let peak = |step: u32| match step {
            1_000_001 => 77.0,
            1_500_002 => 0.0,
            _ => 5.0,
        };
        let drawn = grid.put(ChartSeries::default(), (0..steps).map(peak));
        let (low, high) = (numbers(&drawn.low), numbers(&drawn.high.expect("thinned")));
        assert!(low.len() <= POINTS_MAX && low.len() == high.len() && low.len() == grid.times().len());
        assert_eq!(high.iter().filter(|value| **value > 5.0).collect::<Vec<_>>(), [&77.0]);
        assert_eq!(low.iter().filter(|value| **value < 5.0).collect::<Vec<_>>(), [&0.0]);
    }
}
