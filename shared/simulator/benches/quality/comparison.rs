//! Several policies on several loads, on two threads.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use jiff::Timestamp;
use tidegate_policy::ServicePolicy;
use tidegate_simulator::autoscaler::{Production, rivals};
use tidegate_simulator::{Baseline, Load, Run, Score, WorldSettings, oracle, simulate};

use crate::loads::{Named, policy};

/// The machine that quality is measured on has two cores; with more the figures stay the same.
const THREADS: usize = 2;

/// Somebody who is measured.
pub(crate) enum Who {
    /// Production with `wait`.
    Wait(String, Box<ServicePolicy>),
    /// One of the rivals, by its name.
    Rival(&'static str),
    /// Who knows the future.
    Oracle,
}

/// Everybody's scores, by load.
pub(crate) struct LoadComparison {
    names: Vec<String>,
    scores: Vec<(String, Vec<Score>)>,
}

impl Who {
    pub(crate) fn wait(name: &str, setting: &WorldSettings, more: &str) -> Self {
        Self::Wait(name.to_owned(), Box::new(policy(setting, more)))
    }

    pub(crate) fn rivals(setting: &WorldSettings) -> impl Iterator<Item = Self> {
        rivals(setting).into_iter().map(|rival| Self::Rival(rival.name))
    }

    fn name(&self) -> &str {
        match self {
            Self::Wait(name, _) => name,
            Self::Rival(name) => name,
            Self::Oracle => "oracle",
        }
    }

    fn run(&self, load: &Load, setting: &WorldSettings) -> Run {
        match self {
            Self::Wait(_, policy) => {
                simulate(load, setting, &mut Production::new(policy, Timestamp::UNIX_EPOCH))
            }
            Self::Rival(name) => {
                let mut rivals = rivals(setting).into_iter().filter(|rival| rival.name == *name);
                let mut rival = rivals.next().expect("a rival by its own name");
                simulate(load, setting, rival.autoscaler.as_mut())
            }
            Self::Oracle => oracle(load, setting),
        }
    }
}

impl LoadComparison {
    /// Replays every load with everybody.
    pub(crate) fn replay(what: &str, loads: &[&Named], setting: &WorldSettings, everybody: &[Who]) -> Self {
        let next = AtomicUsize::new(0);
        let (done, measured) = mpsc::channel();
        let mut found: Vec<Vec<Score>> = vec![Vec::new(); loads.len()];
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let (done, next) = (done.clone(), &next);
                scope.spawn(move || {
                    while let place = next.fetch_add(1, Ordering::Relaxed)
                        && let Some((_, load)) = loads.get(place)
                    {
                        let baseline = Baseline::of(load, setting);
                        let score = |who: &Who| Score::of(&who.run(load, setting), load, setting, &baseline);
                        // Whoever listens outlives the threads.
                        let _ = done.send((place, everybody.iter().map(score).collect()));
                    }
                });
            }
            drop(done);
            for (finished, (place, scores)) in (1_usize..).zip(measured) {
                report(&format!("{what}: {finished} of {} loads", loads.len()));
                found[place] = scores;
            }
        });
        report("");
        Self {
            names: everybody.iter().map(|who| who.name().to_owned()).collect(),
            scores: loads.iter().zip(found).map(|((name, _), scores)| (name.clone(), scores)).collect(),
        }
    }

    /// Everybody's name and scores on these loads.
    pub(crate) fn on(&self, loads: &[&str]) -> impl Iterator<Item = (&str, Vec<Score>)> {
        self.names.iter().enumerate().map(move |(index, name)| {
            let wanted = self.scores.iter().filter(|(load, _)| loads.contains(&load.as_str()));
            (name.as_str(), wanted.map(|(_, scores)| scores[index]).collect())
        })
    }
}

/// A line on a terminal that the next one takes the place of; nothing in a pipe.
pub(crate) fn report(doing: &str) {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // A terminal that cannot be written to is no reason to stop.
        let _ = write!(stderr, "\r\x1b[K{doing}").and_then(|()| stderr.flush());
    }
}
