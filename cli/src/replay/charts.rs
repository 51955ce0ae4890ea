//! The charts of a run, and its decisions.

use tidegate_policy::{Capacity, Verdict};
use tidegate_simulator::autoscaler::{Log, LoggedDecision};
use tidegate_simulator::{Load, Run, WorldSettings};

use crate::page::{Chart, ChartSeries, DecisionRow, Grid, LineStyle, Record, Time};
use crate::replay::options::ReplayOptions;
use crate::replay::prepare::Replay;

/// So many decisions are shown one by one: 600 changes a day for ten days.
pub(crate) const DECISIONS_MAX: usize = 6_000;

/// Numbers from here on are dates: seconds since 1970 count more than this since 2001.
const DATES_FROM_SECONDS: f64 = 1e9;

/// The lines of a page, gathered run by run, so that no run is kept.
pub(crate) struct ChartLines {
    grid: Grid,
    tasks: Vec<ChartSeries>,
    rivals: Vec<ChartSeries>,
    waiting: Vec<ChartSeries>,
    waits: Vec<ChartSeries>,
}

fn series(name: &str, about: &str, color: &str, style: LineStyle) -> ChartSeries {
    ChartSeries {
        name: name.to_owned(),
        about: about.to_owned(),
        color: color.to_owned(),
        style,
        ..ChartSeries::default()
    }
}

impl ChartLines {
    /// What is known before a run: the load and the bounds.
    pub(crate) fn new(load: &Load, setting: &WorldSettings, capacity: Capacity) -> Self {
        let grid = Grid::of(load.steps());
        let constant = |name, about, style, value: f64| {
            grid.put(series(name, about, "bounds", style), std::iter::repeat_n(value, load.steps()))
        };
        let arriving = load.rate().iter().map(|rate| rate / setting.throughput);
        let needed =
            series("load", "the work that arrives, in tasks that it keeps busy", "load", LineStyle::Area);
        let (min, max) = (capacity.min(), capacity.max());
        let late = setting.acceptable_wait_seconds;
        Self {
            grid,
            tasks: vec![
                grid.put(needed, arriving),
                constant(
                    "bounds",
                    "the lowest and the highest number of tasks",
                    LineStyle::Dashed,
                    min.into(),
                ),
                constant("bounds", "", LineStyle::Dashed, max.into()),
            ],
            rivals: Vec::new(),
            waiting: Vec::new(),
            waits: vec![constant("acceptable", "a job that waits longer is late", LineStyle::Dashed, late)],
        }
    }

    /// The run of the fleet file's policy.
    pub(crate) fn ours(&mut self, run: &Run) {
        let running = series("running", "tasks that serve", "running", LineStyle::Wide);
        let desired = series("desired", "tasks that were asked for", "desired", LineStyle::Steps);
        self.tasks.push(self.grid.put(running, run.ready.iter().copied().map(f64::from)));
        self.tasks.push(self.grid.put(desired, desired_counts(run)));
        let waiting = series("waiting", "jobs that no task has taken", "waiting", LineStyle::Area);
        self.waiting.push(self.grid.put(waiting, run.waiting.iter().copied()));
        let wait = series("wait", "of the jobs that arrived then", "wait", LineStyle::Area);
        // After the last step in which a job came, no job waits.
        let waits = run.waits.of_arrivals_seconds().iter().copied().chain(std::iter::repeat(0.0));
        self.waits.insert(0, self.grid.put(wait, waits.take(run.ready.len())));
    }

    /// A rival's run: the tasks it pays. Only the oracle is drawn without being asked for.
    pub(crate) fn rival(&mut self, name: &str, title: &str, about: &str, run: &Run) {
        let (hidden, color) = if name == "oracle" {
            (false, name.to_owned())
        } else {
            (true, format!("rival-{}", self.rivals.len() + 1))
        };
        let rival = ChartSeries { hidden, ..series(title, about, &color, LineStyle::Steps) };
        self.rivals.push(self.grid.put(rival, run.billed.iter().copied()));
    }

    /// The page of a run: what was replayed, the charts, the decisions.
    pub(crate) fn record(self, options: &ReplayOptions, replay: &Replay, log: Option<&Log>) -> Record {
        let Replay { fleet, trace, load, setting, .. } = replay;
        let [load_series, bounds @ ..] = &self.tasks[..] else { return Record::default() };
        // What lies behind comes first: the load, the rivals, the bounds, and ours in front.
        let tasks = [std::slice::from_ref(load_series), &self.rivals, bounds].concat();
        let chart = |title: &str, unit, series| Chart { title: title.to_owned(), unit, series };
        let acceptable = format!("Wait ({} s is acceptable)", setting.acceptable_wait_seconds);
        Record {
            title: format!("{} of fleet {}", options.service, fleet.name()),
            time: Time {
                first_seconds: trace.first_seconds(),
                is_date: trace.first().is_some() || trace.first_seconds() >= DATES_FROM_SECONDS,
                point_seconds: self.grid.point_seconds(),
                seconds: load.seconds(),
            },
            times: self.grid.times(),
            charts: vec![
                chart("Tasks", "tasks", tasks),
                chart("Jobs waiting", "jobs", self.waiting),
                chart(&acceptable, "s", self.waits),
            ],
            decisions: log.map(|log| log.decisions().iter().map(decision).collect()).unwrap_or_default(),
            decisions_cell_seconds: log.and_then(Log::cell_seconds),
            ..Record::default()
        }
    }
}

/// The number of tasks asked for in each step.
fn desired_counts(run: &Run) -> Vec<f64> {
    let first = run.changes.first().map(|change| change.from).or(run.ready.first().copied());
    let mut desired = f64::from(first.unwrap_or(0));
    let mut changes = run.changes.iter().peekable();
    (0..run.ready.len())
        .map(|step| {
            while let Some(change) = changes.next_if(|change| change.step <= step) {
                desired = change.to.into();
            }
            desired
        })
        .collect()
}

fn decision(decided: &LoggedDecision) -> DecisionRow {
    let LoggedDecision { seconds, until_seconds, evaluations, changes, verdict, reasons, waiting, in_flight } =
        decided;
    let (from, to) = match verdict {
        Verdict::Hold { at } => (*at, *at),
        Verdict::ScaleOut { from, to } | Verdict::ScaleIn { from, to } => (Some(*from), Some(*to)),
    };
    DecisionRow {
        t: *seconds,
        until: *until_seconds,
        evaluations: *evaluations,
        changes: *changes,
        verdict: verdict.code(),
        from,
        to,
        reasons: reasons.iter().map(ToString::to_string).collect(),
        waiting: *waiting,
        in_flight: *in_flight,
    }
}
