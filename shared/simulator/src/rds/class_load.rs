//! What CloudWatch measures of the load that a class has to carry: five-minute datapoints, or hourly ones.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use rand_pcg::Pcg64;
use tidegate_policy::database_class::memory_mib;
use tidegate_policy::upgrades::observation::{ClassLoad, SeenLoad};
use tidegate_policy::{Absence, Datapoint, MetricReading};

use crate::number::{real, real_jobs};
use crate::random::share;
use crate::rds::class_setting::ClassDemand;

/// The shortest period that is asked for.
const PERIOD: SignedDuration = SignedDuration::from_mins(5);

/// For a history up to this, 5-minute datapoints are asked for; for a longer one hourly ones.
const FINE: SignedDuration = SignedDuration::from_hours(6);

/// Periods that are kept: two days, longer than any history that the tests ask for.
const KEPT: usize = 576;

/// A datapoint that ended so long ago stays as it is.
const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(3);

const MIB: f64 = 1_048_576.0;

/// The four quantities at one moment: percent of CPU, connections, bytes of free memory, operations a second.
type Sample = [f64; 4];

/// One period.
#[derive(Debug, Clone, Copy)]
struct LoadPeriod {
    ends: Timestamp,
    count: usize,
    sum: Sample,
    highest: Sample,
    lowest: Sample,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(super) struct ClassMeasures {
    periods: VecDeque<LoadPeriod>,
}

/// What is asked of CloudWatch.
#[derive(Debug)]
pub(super) struct LoadQuestion<'a> {
    pub(super) now: Timestamp,
    /// How far back the ladder looks.
    pub(super) history: SignedDuration,
    /// The share of the newest datapoints that are missing or in part.
    pub(super) young: f64,
    /// Not asked for, or failed.
    pub(super) without: Option<MetricReading>,
    pub(super) free_storage: f64,
    pub(super) dice: &'a mut Pcg64,
}

/// The quantities of a class under a demand.
fn sample(class: &str, demand: ClassDemand) -> Sample {
    let memory = memory_mib(class).map_or(8_192.0, real_jobs);
    let cpu = (demand.work * 8_192.0 / memory).min(100.0);
    let free = (memory - demand.used_mib).max(0.0) * MIB;
    [cpu, demand.connections, free, demand.iops]
}

/// The end of the period of a moment.
fn end_of(period: SignedDuration, at: Timestamp) -> Timestamp {
    let seconds = period.as_secs().max(1);
    let into = at.as_second().saturating_sub(1).rem_euclid(seconds).saturating_add(1);
    at.checked_add(SignedDuration::from_secs(seconds.saturating_sub(into))).unwrap_or(at)
}

impl ClassMeasures {
    /// A step ends, in which the instance served.
    pub(super) fn measure(&mut self, class: &str, demand: ClassDemand, now: Timestamp) {
        let ends = end_of(PERIOD, now);
        let seen = sample(class, demand);
        if self.periods.back().is_none_or(|period| period.ends != ends) {
            let lowest = [f64::INFINITY; 4];
            self.periods.push_back(LoadPeriod { ends, count: 0, sum: [0.0; 4], highest: [0.0; 4], lowest });
        }
        if self.periods.len() > KEPT {
            self.periods.pop_front();
        }
        if let Some(period) = self.periods.back_mut() {
            period.count = period.count.saturating_add(1);
            period.add(seen, seen, seen);
        }
    }

    /// What CloudWatch answers.
    pub(super) fn shown(&self, question: &mut LoadQuestion<'_>) -> ClassLoad {
        let storage = vec![Datapoint { at: end_of(PERIOD, question.now), value: question.free_storage }];
        let storage =
            question.without.clone().unwrap_or(MetricReading::Points { period: PERIOD, points: storage });
        if let Some(without) = &question.without {
            let all = || SeenLoad { usual: without.clone(), peak: without.clone() };
            return ClassLoad {
                cpu: all(),
                connections: all(),
                free_memory: all(),
                iops: all(),
                burst_balance: MetricReading::NotRead,
                free_storage: storage,
            };
        }
        let period = if question.history <= FINE { PERIOD } else { SignedDuration::from_hours(1) };
        let periods = self.in_periods_of(period, question);
        let mut seen = |quantity: usize, peak: fn(&LoadPeriod) -> Sample| {
            let of = |value: fn(&LoadPeriod) -> Sample| -> Vec<Datapoint> {
                let points = periods.iter().map(|it| (it.ends, value(it).get(quantity).copied()));
                points.filter_map(|(at, value)| value.map(|value| Datapoint { at, value })).collect()
            };
            let (usual, peak) = (of(LoadPeriod::average), of(peak));
            SeenLoad { usual: young(usual, period, question), peak: young(peak, period, question) }
        };
        ClassLoad {
            cpu: seen(0, |it| it.highest),
            connections: seen(1, |it| it.highest),
            free_memory: seen(2, |it| it.lowest),
            iops: seen(3, |it| it.highest),
            burst_balance: MetricReading::NotRead,
            free_storage: storage,
        }
    }

    /// The periods of the history that are over, as long as it is asked for; one without a sample is missing.
    fn in_periods_of(&self, length: SignedDuration, question: &LoadQuestion<'_>) -> Vec<LoadPeriod> {
        let mut all: Vec<LoadPeriod> = Vec::new();
        // One period more than the history, which does not begin with one.
        let reach = question.history.saturating_add(length);
        let recent = self.periods.iter().filter(|it| question.now.duration_since(it.ends) <= reach);
        for part in recent {
            let ends = end_of(length, part.ends);
            match all.last_mut().filter(|whole| whole.ends == ends) {
                Some(whole) => {
                    whole.count = whole.count.saturating_add(part.count);
                    whole.add(part.sum, part.highest, part.lowest);
                }
                None => all.push(LoadPeriod { ends, ..*part }),
            }
        }
        all.retain(|whole| whole.ends <= question.now);
        all
    }
}

impl LoadPeriod {
    fn add(&mut self, sum: Sample, highest: Sample, lowest: Sample) {
        for (mine, more) in self.sum.iter_mut().zip(sum) {
            *mine += more;
        }
        for (mine, more) in self.highest.iter_mut().zip(highest) {
            *mine = mine.max(more);
        }
        for (mine, more) in self.lowest.iter_mut().zip(lowest) {
            *mine = mine.min(more);
        }
    }

    fn average(&self) -> Sample {
        self.sum.map(|sum| sum / real(self.count.max(1)))
    }
}

/// The newest datapoint may be missing, or in part.
fn young(
    mut points: Vec<Datapoint>,
    period: SignedDuration,
    question: &mut LoadQuestion<'_>,
) -> MetricReading {
    if let Some(newest) = points.last().copied()
        && question.now.duration_since(newest.at) < SETTLES_WITHIN
        && share(question.dice) < question.young
    {
        points.pop();
        if share(question.dice) < 0.5 {
            points.push(Datapoint { value: newest.value * share(question.dice), ..newest });
        }
    }
    MetricReading::Points { period, points }
}

/// A metric that was asked for and not answered.
pub(super) fn failed(absence: &Absence) -> MetricReading {
    MetricReading::Failed(absence.clone())
}
