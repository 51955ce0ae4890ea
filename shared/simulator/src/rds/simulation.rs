//! A simulated RDS in motion.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rand_pcg::Pcg64;
use tidegate_policy::Absence;
use tidegate_policy::replicas::decision::{InstanceCall, RecordChange};
use tidegate_policy::replicas::observation::{DatabaseObservation, Engine};

use crate::number::{place, real};
use crate::random::{Purpose, dice, share};
use crate::rds::account::Account;
use crate::rds::actor::Actor;
use crate::rds::class_load::ClassMeasures;
use crate::rds::happening::{Deed, Happening, RdsEvent};
use crate::rds::instance::SimulatedInstance;
use crate::rds::manual::{ManualChange, apply};
use crate::rds::metrics::{DatabaseLoad, free_storage, measure};
use crate::rds::minutes::RdsMinutes;
use crate::rds::readers::Readers;
use crate::rds::refusal::CallAnswer;
use crate::rds::setting::{RdsSettings, RdsTroubles};
use crate::rds::shown::{View, failure};
use crate::rds::status::InstanceStatus;
use crate::rds::zone::HostedZone;
use crate::step::{STEP_SECONDS, after};

/// What Route 53 answers to a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordsAnswer {
    /// It is made.
    Taken,
    /// It is refused, in Route 53's words; nothing is made.
    Refused(String),
    /// `PriorRequestNotComplete`, or no answer, though it may have been made.
    Unknown,
}

/// A simulated RDS.
#[derive(Debug, Clone)]
pub struct SimulatedRds {
    pub(super) account: Account,
    zone: HostedZone,
    readers: Readers,
    minutes: RdsMinutes,
    pub(super) load: DatabaseLoad,
    pub(super) now: Timestamp,
    /// The instances as they were, the newest last.
    past: VecDeque<(Timestamp, Vec<SimulatedInstance>)>,
    pub(super) readings: Pcg64,
    told: Pcg64,
    metrics_read_at: Option<Timestamp>,
    pub(super) measures: ClassMeasures,
}

impl SimulatedRds {
    /// One source without replicas and without records.
    #[must_use]
    pub fn new(settings: RdsSettings, load: DatabaseLoad) -> Self {
        let (seed, now) = (settings.seed, settings.begins);
        let measures = ClassMeasures::until(now, &settings.class, settings.classes.demand);
        let account = Account::new(settings);
        let past = VecDeque::from([(now, account.instances.clone())]);
        Self {
            account,
            zone: HostedZone::default(),
            readers: Readers::default(),
            minutes: RdsMinutes::default(),
            load,
            now,
            past,
            readings: dice(seed, Purpose::RdsReadings),
            told: dice(seed, Purpose::RdsEvents),
            metrics_read_at: None,
            measures,
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A step of 15 seconds passes.
    pub fn advance(&mut self) {
        self.advance_by(STEP_SECONDS);
    }

    /// So many seconds pass at once: up to a minute, of which the time is a multiple. What happens within them is seen at
    /// their end.
    pub fn advance_by(&mut self, seconds: u32) {
        self.now = after(self.now, i64::from(seconds));
        self.account.pass(self.now);
        self.account.maintain(self.now);
        let source_serves = self.account.source().is_some_and(|source| source.status.serves());
        let writes = if source_serves { self.load.writes } else { 0.0 };
        for replica in self.account.instances.iter_mut().skip(1) {
            // A new one begins to replay when it is available for the first time; its slot is there before.
            let runs = replica.status.serves() && source_serves && replica.metrics_from.is_some();
            if replica.created_at.is_some() {
                replica.replication.pass(f64::from(seconds), runs, writes, self.now);
            }
        }
        self.fill_the_disk();
        self.follow_the_records(f64::from(seconds));
        measure(&self.account, &self.readers, self.load, self.now, &mut self.minutes);
        if let Some(source) = self.account.source().filter(|source| source.status.serves()) {
            self.measures.measure(&source.class, self.account.settings.classes.demand, self.now);
        }
        if self.now.duration_since(self.account.settings.begins).as_secs().rem_euclid(60) == 0 {
            self.minutes.close(self.now);
        }
        self.past.push_back((self.now, self.account.instances.clone()));
        let stale = SignedDuration::from_secs(i64::from(self.account.settings.times.stale_max));
        while self.past.front().is_some_and(|(at, _)| self.now.duration_since(*at) > stale) {
            self.past.pop_front();
        }
    }

    /// A disk that is full stops the source, and one that is not lets it go on.
    fn fill_the_disk(&mut self) {
        let is_full = free_storage(&self.account, self.load) <= 0.0;
        if let Some(source) = self.account.instances.first_mut() {
            if is_full && source.status == InstanceStatus::Available {
                source.status = InstanceStatus::StorageFull;
            } else if !is_full && source.status == InstanceStatus::StorageFull {
                source.status = InstanceStatus::Available;
            }
        }
    }

    fn follow_the_records(&mut self, seconds: f64) {
        let serves = |endpoint: &str| {
            let mut all = self.account.instances.iter();
            all.any(|it| it.status.serves() && it.endpoint().as_deref() == Some(endpoint))
        };
        let is_aurora = self.account.settings.engine == Engine::Aurora;
        let answer = if self.account.settings.has_zone {
            self.zone.answer()
        } else if is_aurora {
            self.reader_endpoint()
        } else {
            let known = self.account.replicas().filter(|replica| replica.created_by == Actor::SomeoneElse);
            let endpoints: Vec<String> = known.filter_map(SimulatedInstance::endpoint).collect();
            let share = 1.0 / real(endpoints.len().max(1));
            endpoints.into_iter().map(|endpoint| (endpoint, share)).collect()
        };
        self.readers.pass(self.now, seconds, self.account.settings.ttl_seconds, answer, serves);
    }

    /// The reader endpoint of a cluster of Aurora: every reader that serves, and without any the writer.
    fn reader_endpoint(&self) -> BTreeMap<String, f64> {
        let serving = |it: &&SimulatedInstance| it.status.serves();
        let readers: Vec<String> =
            self.account.replicas().filter(serving).filter_map(SimulatedInstance::endpoint).collect();
        let writer =
            self.account.source().filter(|_| readers.is_empty()).and_then(SimulatedInstance::endpoint);
        let all: Vec<String> = readers.into_iter().chain(writer).collect();
        let share = 1.0 / real(all.len().max(1));
        all.into_iter().map(|endpoint| (endpoint, share)).collect()
    }

    /// What an evaluation sees that begins now. Metrics are read at most once a minute.
    pub fn observe(&mut self) -> DatabaseObservation {
        let reads_metrics = self.asks_for_metrics();
        let instances = self.instances_shown();
        let view = View {
            settings: &self.account.settings,
            instances: &instances,
            zone: self.account.settings.has_zone.then_some(&self.zone),
            minutes: &self.minutes,
            now: self.now,
            reads_metrics,
        };
        view.observation(&mut self.readings)
    }

    /// Metrics are asked for, at most once a minute.
    pub(super) fn asks_for_metrics(&mut self) -> bool {
        let since = self.metrics_read_at.map(|at| self.now.duration_since(at));
        let asks = since.is_none_or(|since| since >= SignedDuration::from_mins(1));
        if asks {
            self.metrics_read_at = Some(self.now);
        }
        asks
    }

    /// The instances of one answer, which may be old.
    fn instances_shown(&mut self) -> Vec<SimulatedInstance> {
        let is_stale = share(&mut self.readings) < self.account.settings.troubles.reads_stale;
        let drawn = place(share(&mut self.readings) * real(self.past.len()));
        let newest = &self.account.instances;
        let old = self.past.get(drawn).filter(|_| is_stale);
        old.map_or(newest, |(_, instances)| instances).clone()
    }

    /// One `DescribeDBInstances`.
    pub(super) fn describe(&mut self) -> Result<Vec<SimulatedInstance>, Absence> {
        let RdsTroubles { reads_throttled, reads_failed, .. } = self.account.settings.troubles;
        match failure(&mut self.readings, reads_throttled, reads_failed) {
            Some(absence) => Err(absence),
            None => Ok(self.instances_shown()),
        }
    }

    /// A call of Tidegate.
    pub fn call(&mut self, call: &InstanceCall) -> CallAnswer {
        self.account.call(call, self.now)
    }

    /// A batch of Tidegate.
    pub fn change_records(&mut self, batch: &[RecordChange]) -> RecordsAnswer {
        let RdsTroubles { records_failed, answers_lost, .. } = self.account.settings.troubles;
        if share(&mut self.readings) < records_failed {
            return RecordsAnswer::Unknown;
        }
        if let Err(refusal) = self.zone.change(batch) {
            return RecordsAnswer::Refused(refusal);
        }
        self.account.note(self.now, Actor::Tidegate, Deed::Records(batch.to_vec()));
        if share(&mut self.readings) < answers_lost { RecordsAnswer::Unknown } else { RecordsAnswer::Taken }
    }

    /// Somebody else changes something.
    pub fn change_by_hand(&mut self, change: &ManualChange) {
        apply(change, &mut self.account, &mut self.zone, self.now);
    }

    /// From now on this is asked of the database.
    pub fn set_load(&mut self, load: DatabaseLoad) {
        self.load = load;
    }

    /// From now on so much goes wrong.
    pub fn set_troubles(&mut self, troubles: RdsTroubles) {
        self.account.settings.troubles = troubles;
    }

    /// The events that have arrived since they were last asked for. Some never do.
    pub fn take_events(&mut self) -> Vec<RdsEvent> {
        let missing = self.account.settings.troubles.events_missing;
        let all: Vec<RdsEvent> = self.account.events.drain(..).collect();
        all.into_iter().filter(|_| share(&mut self.told) >= missing).collect()
    }

    /// The source and its replicas, as they really are.
    #[must_use]
    pub fn instances(&self) -> &[SimulatedInstance] {
        &self.account.instances
    }

    /// The records, as they really are.
    #[must_use]
    pub fn zone(&self) -> &HostedZone {
        &self.zone
    }

    /// Everything that was changed, as it really happened, the oldest first.
    #[must_use]
    pub fn happenings(&self) -> &[Happening] {
        &self.account.happenings
    }
}
