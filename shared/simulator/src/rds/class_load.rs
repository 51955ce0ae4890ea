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

/// Periods that are kept: eight days, longer than any history that the tests ask for.
const KEPT: usize = 2_304;

/// A datapoint that ended so long ago stays as it is.
const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(3);

const MIB: f64 = 1_048_576.0;

/// The four quantities at one moment: percent of CPU, connections, bytes of free memory, operations a second.
type LoadSample = [f64; 4];

/// One period.
#[derive(Debug, Clone, Copy)]
struct LoadPeriod {
    ends: Timestamp,
    count: usize,
    sum: LoadSample,
    highest: LoadSample,
    lowest: LoadSample,
}

/// Everything that was measured.
#[derive(Debug, Clone, Default)]
pub(super) struct ClassMeasures {
    periods: VecDeque<LoadPeriod>,
}

/// What is asked of CloudWatch.
#[derive(Debug)]
pub(super) struct LoadQuestion<'a> {
    pub(super) now: Timestamp,
    /// How far back the averages are asked for.
    pub(super) usual_over: SignedDuration,
    /// How far back the heaviest moments are.
    pub(super) peak_over: SignedDuration,
    /// The share of the newest datapoints that are missing or in part.
    pub(super) young: f64,
    /// Not asked for, or failed.
    pub(super) without: Option<MetricReading>,
    pub(super) free_storage: f64,
    pub(super) dice: &'a mut Pcg64,
}

/// The quantities of a class under a demand.
fn sample(class: &str, demand: ClassDemand) -> LoadSample {
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
    /// The same was asked of the same class for as long as anything is kept.
    pub(super) fn until(begins: Timestamp, class: &str, demand: ClassDemand) -> Self {
        let mut all = Self::default();
        let mut at = begins;
        for _ in 1..KEPT {
            all.measure(class, demand, at);
            at = at.checked_sub(PERIOD).unwrap_or(at);
        }
        all.periods.make_contiguous().reverse();
        all
    }

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
        let (usual_period, usual) = self.periods(question.usual_over, question);
        let (peak_period, peaks) = self.periods(question.peak_over, question);
        let mut seen = |quantity: usize, peak: fn(&LoadPeriod) -> LoadSample| {
            let usual = points(&usual, quantity, LoadPeriod::average);
            let peak = points(&peaks, quantity, peak);
            SeenLoad { usual: young(usual, usual_period, question), peak: young(peak, peak_period, question) }
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

    /// How long a period is, and those of a history that are over; one without a sample is missing.
    fn periods(
        &self,
        history: SignedDuration,
        question: &LoadQuestion<'_>,
    ) -> (SignedDuration, Vec<LoadPeriod>) {
        let length = if history <= FINE { PERIOD } else { SignedDuration::from_hours(1) };
        let mut all: Vec<LoadPeriod> = Vec::new();
        // One period more than the history, which does not begin with one.
        let reach = history.saturating_add(length);
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
        (length, all)
    }
}

impl LoadPeriod {
    fn add(&mut self, sum: LoadSample, highest: LoadSample, lowest: LoadSample) {
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

    fn average(&self) -> LoadSample {
        self.sum.map(|sum| sum / real(self.count.max(1)))
    }
}

/// One quantity of all periods.
fn points(periods: &[LoadPeriod], quantity: usize, of: fn(&LoadPeriod) -> LoadSample) -> Vec<Datapoint> {
    let points = periods.iter().map(|it| (it.ends, of(it).get(quantity).copied()));
    points.filter_map(|(at, value)| value.map(|value| Datapoint { at, value })).collect()
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
