//! One story: a database, what is asked of it, and everything that goes wrong.

use jiff::{SignedDuration, Timestamp};
use tidegate_policy::Override;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::decision::{InstanceCall, RecordChange};
use tidegate_policy::replicas::memory::{DatabaseMemory, ReplicaChange, ReplicaStep};
use tidegate_policy::replicas::policy::DatabasePolicy;
use tidegate_simulator::rds::{DatabaseLoad, ManualChange, RdsSettings, RdsTroubles, SimulatedRds};

use crate::chance::Chance;
use crate::interleaved::Interleaved;
use crate::ledger::{ProcessStep, VersionedMemory};
use crate::process::{DATABASE, EvaluationProcess};
use crate::rules::Checker;
use crate::stage::GIB;

/// One thing that happens in a story.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// So many minutes pass, with an evaluation in each, and one for each event.
    Minutes(u8),
    /// Two evaluations at once, whose steps fall as the bits say.
    TwoAtOnce(u8),
    /// An evaluation is killed after so much.
    Killed(ProcessStep),
    /// An evaluation stops for so many steps after its intent, while others go on.
    Frozen(u8),
    /// No evaluation for so many minutes.
    Outage(u8),
    /// Somebody else changes something.
    ByHand(ManualChange),
    /// From now on this is asked of the database.
    Load(DatabaseLoad),
    /// From now on so much goes wrong.
    Troubles(RdsTroubles),
    /// Between the next decision that has a call and that call, somebody else does this.
    Meddles(Meddling),
    /// While the next replica drains, this happens.
    WhileDraining(Draining),
    /// An operator asks for something, for so many minutes.
    Asked(OverrideKind, u16),
    /// SNS takes reports, or does not.
    Sns(bool),
}

/// What somebody else does between a decision and its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// Creates an instance with the name that is about to be created, or deletes the one that is about to be deleted.
    Same,
    /// Restarts the source, and what is about to be deleted.
    Reboot,
    /// Protects what is about to be deleted, and all others.
    Protect,
}

/// What happens while a replica drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Draining {
    /// It loses our tags.
    Retag,
    /// It is protected.
    Protect,
    /// Somebody else deletes another one.
    DeleteOther,
    /// The load rises.
    Load,
    /// An operator holds everything.
    Hold,
}

/// How a story begins.
#[derive(Debug, Clone)]
pub(crate) struct StoryBeginning {
    pub(crate) settings: RdsSettings,
    pub(crate) load: DatabaseLoad,
    pub(crate) policy: DatabasePolicy,
    /// Replicas of somebody else.
    pub(crate) replicas: Vec<String>,
    pub(crate) observe: bool,
}

/// A story under way.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) world: SimulatedRds,
    pub(crate) ledger: VersionedMemory<DatabaseMemory>,
    policy: DatabasePolicy,
    overrides: Vec<Override>,
    observe: bool,
    chance: Chance,
    evaluations: u64,
    sns_takes: bool,
    /// Evaluations are killed now and then.
    kills: bool,
    meddling: Option<Meddling>,
    draining: Option<Draining>,
    pub(crate) checker: Checker,
}

impl Story {
    pub(crate) fn begin(beginning: &StoryBeginning) -> Self {
        let StoryBeginning { settings, load, policy, replicas, observe } = beginning.clone();
        let chance = Chance(settings.seed ^ 0x5EED);
        let checker = Checker::new(&policy, observe);
        let mut world = SimulatedRds::new(settings, load);
        for id in replicas {
            world.change_by_hand(&ManualChange::CreateReplica { id });
        }
        Self {
            world,
            ledger: VersionedMemory::new(),
            policy,
            overrides: Vec::new(),
            observe,
            chance,
            evaluations: 0,
            sns_takes: true,
            kills: false,
            meddling: None,
            draining: None,
            checker,
        }
    }

    pub(crate) fn act(&mut self, act: &Act) {
        match act {
            Act::Minutes(count) => self.minutes(u32::from(*count)),
            Act::TwoAtOnce(order) => self.two_at_once(*order),
            Act::Killed(after) => self.killed(*after),
            Act::Frozen(steps) => self.frozen(*steps),
            Act::Outage(minutes) => (0..u32::from(*minutes) * 4).for_each(|_| self.advance()),
            Act::ByHand(change) => self.world.change_by_hand(change),
            Act::Load(load) => self.world.set_load(*load),
            Act::Troubles(troubles) => {
                self.world.set_troubles(*troubles);
                self.kills = *troubles != RdsTroubles::NONE;
            }
            Act::Meddles(meddling) => self.meddling = Some(*meddling),
            Act::WhileDraining(what) => self.draining = Some(*what),
            Act::Asked(kind, minutes) => self.ask(*kind, *minutes),
            Act::Sns(takes) => self.sns_takes = *takes,
        }
    }

    /// Time passes, and what became of the world is checked.
    fn advance(&mut self) {
        self.world.advance();
        self.checker.time_passes(&self.world);
    }

    pub(crate) fn minutes(&mut self, count: u32) {
        for _ in 0..count {
            let at = self.chance.below(4);
            for step in 0..4 {
                self.advance();
                if step == at {
                    self.evaluate();
                }
                // An event rings at once, and may ring twice.
                for _ in self.world.take_events() {
                    self.evaluate();
                    if self.chance.happens(30) {
                        self.evaluate();
                    }
                }
            }
        }
    }

    /// Once a replica has drained for four minutes, what was to happen meanwhile happens.
    fn disturb_draining(&mut self) {
        let memory = self.ledger.memory();
        let Some(change) = memory.change.filter(|change| change.step == ReplicaStep::Draining) else {
            return;
        };
        if self.world.now().duration_since(change.began) < SignedDuration::from_mins(4) {
            return;
        }
        let Some(what) = self.draining.take() else { return };
        let ids: Vec<String> = self.world.instances().iter().skip(1).map(|it| it.id.clone()).collect();
        let Some(nth) = ids.iter().position(|id| *id == change.replica) else { return };
        match what {
            Draining::Retag => self.world.change_by_hand(&ManualChange::Retag { nth }),
            Draining::Protect => self.world.change_by_hand(&ManualChange::Protect { nth }),
            Draining::DeleteOther => {
                self.world.change_by_hand(&ManualChange::DeleteReplica { nth: nth + 1 });
            }
            Draining::Load => {
                self.world.set_load(DatabaseLoad { reads: 600.0, connections: 300.0, writes: 1e6 });
            }
            Draining::Hold => self.ask(OverrideKind::Hold(Held::Both), 60),
        }
    }

    fn meddle(&mut self, process: &EvaluationProcess) {
        let Some(call) = &process.decision.call else { return };
        let Some(meddling) = self.meddling.take() else { return };
        let id = replica_of(call).to_owned();
        let nth = self.world.instances().iter().skip(1).position(|it| it.id == id);
        let changes = match (meddling, nth) {
            (Meddling::Same, None) => vec![ManualChange::CreateReplica { id }],
            (Meddling::Same, Some(nth)) => vec![ManualChange::DeleteReplica { nth }],
            (Meddling::Reboot, nth) => {
                let replica = nth.map(|nth| ManualChange::Reboot { nth });
                [ManualChange::RebootSource].into_iter().chain(replica).collect()
            }
            (Meddling::Protect, nth) => nth.map(|nth| ManualChange::Protect { nth }).into_iter().collect(),
        };
        for change in &changes {
            self.world.change_by_hand(change);
        }
    }

    fn ask(&mut self, kind: OverrideKind, minutes: u16) {
        let now = self.world.now();
        let until = now.checked_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(now);
        self.checker.asked(until);
        self.overrides.push(Override {
            target: DATABASE.to_owned(),
            kind,
            since: Some(now),
            until,
            who: "an operator".to_owned(),
            why: "a test".to_owned(),
            request: None,
        });
    }

    /// Everything is repaired, nothing goes wrong any more, and long enough passes for every change to end.
    pub(crate) fn ends_well(&mut self, load: DatabaseLoad) {
        self.act(&Act::Troubles(RdsTroubles::NONE));
        self.act(&Act::Sns(true));
        self.act(&Act::Load(load));
        self.overrides.clear();
        for nth in 0..20 {
            self.world.change_by_hand(&ManualChange::RepairReplication { nth });
        }
        self.world.change_by_hand(&ManualChange::GrowStorage { bytes: 1_000 * GIB });
        // What was broken for a day takes about as long to catch up.
        for _ in 0..100 {
            if self.world.instances().iter().all(|it| it.behind_seconds() < 1.0) {
                break;
            }
            self.minutes(30);
        }
        self.checker.is_well(self.world.now());
        self.minutes(6 * 60);
        // What RDS refused in the last minute is told by the next evaluation.
        if !self.ledger.memory().outcomes.is_empty() {
            self.minutes(2);
        }
        self.checker.ended(&self.world, &self.ledger.memory());
    }
}

impl Interleaved for Story {
    type Process = EvaluationProcess;

    fn evaluation(&mut self) -> EvaluationProcess {
        self.disturb_draining();
        self.evaluations += 1;
        let id = format!("e{}", self.evaluations);
        let overrides = self.overrides.clone();
        let process = EvaluationProcess::begin(
            id,
            &mut self.world,
            &self.ledger,
            &self.policy,
            &overrides,
            self.observe,
        );
        self.checker.decided(&process, &self.world, &self.overrides);
        process
    }

    fn step(&mut self, process: &mut EvaluationProcess) {
        match process.progress {
            ProcessStep::Decided => {
                let before = self.ledger.memory();
                process.intend(&mut self.ledger);
                if process.progress == ProcessStep::Intended {
                    self.checker.written(&before, &self.ledger.memory(), &self.world);
                }
            }
            ProcessStep::Intended => {
                self.meddle(process);
                let known = self.world.happenings().len();
                process.act(&mut self.world);
                self.checker.acted(process, &self.world, known);
            }
            ProcessStep::Acted => {
                let before = self.ledger.memory();
                if process.settle(&mut self.ledger, self.sns_takes) {
                    self.checker.written(&before, &self.ledger.memory(), &self.world);
                }
                if self.sns_takes {
                    self.checker.told(process);
                }
            }
            ProcessStep::Over => {}
        }
    }

    /// One evaluation from its beginning to its end, unless it is killed.
    fn evaluate(&mut self) {
        let mut process = self.evaluation();
        while process.progress != ProcessStep::Over {
            if self.kills && self.chance.happens(4) {
                return;
            }
            self.step(&mut process);
        }
    }

    fn pass(&mut self) {
        self.advance();
    }

    fn pass_a_quarter(&mut self) {
        self.advance();
    }
}

/// What a call is about.
pub(crate) fn replica_of(call: &InstanceCall) -> &str {
    match call {
        InstanceCall::Create(new) => &new.id,
        InstanceCall::Delete { replica } => replica,
    }
}

/// What one record change is about.
pub(crate) fn set_identifier(change: &RecordChange) -> &str {
    let (RecordChange::Put(record) | RecordChange::Delete(record)) = change;
    record.set_identifier.as_deref().unwrap_or_default()
}

/// The same change, at whichever step it stands.
pub(crate) fn is_same_change(one: &ReplicaChange, other: Option<&ReplicaChange>) -> bool {
    other.is_some_and(|other| (&one.replica, one.began) == (&other.replica, other.began))
}

/// The newest row in force holds: both directions, or at least removals.
pub(crate) fn holds(overrides: &[Override], now: Timestamp) -> Option<Held> {
    match overrides.iter().rev().find(|it| now < it.until)?.kind {
        OverrideKind::Hold(held) => Some(held),
        OverrideKind::Min(_)
        | OverrideKind::Max(_)
        | OverrideKind::Pin(_)
        | OverrideKind::Raise(_)
        | OverrideKind::Release => None,
    }
}
