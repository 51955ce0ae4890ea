//! One story of a class: what is asked of a database, and everything that goes wrong.

use jiff::SignedDuration;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::memory::{ClassRequest, ClassStep, UpgradeMemory};
use tidegate_policy::upgrades::policy::UpgradePolicy;
use tidegate_policy::{Override, WeeklyWindow};
use tidegate_simulator::rds::{
    ClassDemand, ClassManualChange, ManualChange, RdsSettings, RdsTroubles, SimulatedRds,
};

use crate::act::{AskedFor, ClassAct, ClassMeddling, MeddlingMoment, meddle};
use crate::chance::Chance;
use crate::ground::{LADDER, OUTSIDE, by_hand, world};
use crate::interleaved::Interleaved;
use crate::ledger::{ProcessStep, VersionedMemory};
use crate::process::{DATABASE, Orders, UpgradeProcess};
use crate::rules::{ClassChecker, under_way, window_of};

/// How a story begins.
#[derive(Debug, Clone)]
pub(crate) struct ClassBeginning {
    pub(crate) settings: RdsSettings,
    pub(crate) policy: UpgradePolicy,
    /// Replicas of somebody else, which have the class of their source.
    pub(crate) replicas: Vec<String>,
    pub(crate) observe: bool,
}

/// A story under way.
#[derive(Debug, Clone)]
pub(crate) struct ClassStory {
    pub(crate) world: SimulatedRds,
    pub(crate) ledger: VersionedMemory<UpgradeMemory>,
    pub(crate) policy: UpgradePolicy,
    orders: Orders,
    chance: Chance,
    evaluations: u64,
    sns_takes: bool,
    /// Evaluations are killed now and then.
    kills: bool,
    meddling: Option<ClassMeddling>,
    while_changing: Option<ManualChange>,
    /// Writes, calls and looks that were made: after this many an evaluation is killed.
    pub(crate) killed_at: Option<u32>,
    pub(crate) steps: u32,
    pub(crate) checker: ClassChecker,
}

impl ClassStory {
    pub(crate) fn begin(beginning: &ClassBeginning) -> Self {
        let ClassBeginning { settings, policy, replicas, observe } = beginning.clone();
        let chance = Chance(settings.seed ^ 0xC1A5);
        let checker = ClassChecker::new(&policy, observe, &settings.source);
        let mut world = world(settings);
        for id in replicas {
            world.change_by_hand(&ManualChange::CreateReplica { id });
        }
        Self {
            world,
            ledger: VersionedMemory::new(),
            policy,
            orders: Orders { observe, ..Orders::default() },
            chance,
            evaluations: 0,
            sns_takes: true,
            kills: false,
            meddling: None,
            while_changing: None,
            killed_at: None,
            steps: 0,
            checker,
        }
    }

    pub(crate) fn act(&mut self, act: &ClassAct) {
        match act {
            ClassAct::Ticks(count) => self.ticks(u32::from(*count)),
            ClassAct::Hours(count) => self.hours(u32::from(*count)),
            ClassAct::ToWindow => self.until_window(),
            ClassAct::Window => {
                self.until_window();
                self.ticks(24);
            }
            ClassAct::AskedInWindow(first, second) => {
                self.until_window();
                self.ticks(4);
                self.ask(*first);
                self.ticks(5);
                self.ask(*second);
                self.ticks(12);
            }
            ClassAct::TwoAtOnce(order) => self.two_at_once(*order),
            ClassAct::Killed(after) => self.killed(*after),
            ClassAct::Frozen(steps) => self.frozen(*steps),
            ClassAct::Outage(minutes) => (0..*minutes).for_each(|_| self.minute()),
            ClassAct::ByHand(change) => self.world.change_by_hand(change),
            ClassAct::Demand(demand) => self.world.set_demand(*demand),
            ClassAct::Troubles(troubles) => {
                self.world.set_troubles(*troubles);
                self.kills = *troubles != RdsTroubles::NONE;
            }
            ClassAct::Meddles(meddling) => self.meddling = Some(*meddling),
            ClassAct::WhileChanging(what) => self.while_changing = Some(what.clone()),
            ClassAct::Asked(what) => self.ask(*what),
            ClassAct::Held(held, minutes) => self.hold(*held, *minutes),
            ClassAct::Emergency(is_in_force) => self.orders.emergency = *is_in_force,
            ClassAct::Sns(takes) => self.sns_takes = *takes,
        }
    }

    /// Time passes, and what became of the world is checked.
    pub(crate) fn minute(&mut self) {
        let known = self.world.happenings().len();
        self.world.advance_by(60);
        self.checker.time_passes(&self.world, known);
    }

    pub(crate) fn ticks(&mut self, count: u32) {
        for _ in 0..count {
            let at = self.chance.below(5);
            for minute in 0..5 {
                self.minute();
                if minute == at {
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

    pub(crate) fn hours(&mut self, count: u32) {
        for _ in 0..count {
            (0..60).for_each(|_| self.minute());
            let _ = self.world.take_events();
            self.evaluate();
        }
    }

    /// Until shortly before the window opens.
    pub(crate) fn until_window(&mut self) {
        let now = self.world.now();
        let Some(window) = self.window() else { return };
        let minutes = window.next(now).duration_since(now).as_mins() - 15;
        for minute in 1..=minutes {
            self.minute();
            if minute % 60 == 0 {
                self.evaluate();
            }
        }
        let _ = self.world.take_events();
    }

    /// The window as it is now.
    pub(crate) fn window(&self) -> Option<WeeklyWindow> {
        window_of(&self.policy, &self.world.classes().maintenance_window)
    }

    /// While RDS works on a change, what was to happen meanwhile happens.
    fn disturb_the_change(&mut self) {
        let is_under_way = self.ledger.memory().change.is_some_and(|it| it.step != ClassStep::Requested);
        if let Some(change) = self.while_changing.take_if(|_| is_under_way) {
            self.world.change_by_hand(&change);
        }
    }

    fn ask(&mut self, what: AskedFor) {
        let at = self.world.now();
        let request = |to: &str, now: bool| ClassRequest {
            to: to.to_owned(),
            now,
            snapshot: false,
            from: String::new(),
            at,
            who: "an operator".to_owned(),
            why: "a test".to_owned(),
            request: None,
        };
        let asked = match what {
            AskedFor::To(place, now) => {
                ClassAsked::To(request(LADDER.get(place).unwrap_or(&OUTSIDE[0]), now))
            }
            AskedFor::AfterSnapshot(place, now) => {
                ClassAsked::To(ClassRequest { snapshot: true, ..request(LADDER[place], now) })
            }
            AskedFor::Next(now) => ClassAsked::Next(request("", now)),
            AskedFor::Withdraw => ClassAsked::Withdraw { who: "ana".to_owned(), why: "not now".to_owned() },
        };
        self.checker.asked(&asked, at);
        self.orders.asked = Some(asked);
        // The operator waits for the answer, and asks again where another evaluation was first.
        for _ in 0..3 {
            if self.orders.asked.is_some() {
                self.evaluate();
            }
        }
        self.orders.asked = None;
    }

    fn hold(&mut self, held: Held, minutes: u16) {
        let now = self.world.now();
        let until = now.checked_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(now);
        self.orders.overrides.push(Override {
            target: DATABASE.to_owned(),
            kind: OverrideKind::Hold(held),
            since: Some(now),
            until,
            who: "an operator".to_owned(),
            why: "a test".to_owned(),
            request: None,
        });
    }

    /// Everything is repaired, nothing goes wrong any more, and a window passes.
    pub(crate) fn ends_well(&mut self, demand: ClassDemand) {
        self.act(&ClassAct::Troubles(RdsTroubles::NONE));
        self.act(&ClassAct::Sns(true));
        self.act(&ClassAct::Emergency(false));
        self.act(&ClassAct::Demand(demand));
        self.orders.overrides.clear();
        (self.meddling, self.while_changing) = (None, None);
        for (class, offers) in self.world.classes().offers.clone() {
            let storage = self.world.classes().storage_type.clone();
            if offers.iter().any(|offer| offer.storage_type != storage) {
                by_hand(&mut self.world, ClassManualChange::Offer(class));
            }
        }
        by_hand(&mut self.world, ClassManualChange::Backups(7));
        by_hand(&mut self.world, ClassManualChange::Withdraw);
        self.checker.is_well(self.world.now());
        self.ticks(4 * 12);
        self.hours(20);
        self.until_window();
        let class = self.world.instances().first().map(|it| it.class.clone()).unwrap_or_default();
        self.ticks(8 * 12);
        self.checker.is_not_stuck(&class, &self.world, &self.ledger.memory());
        self.checker.ended(&self.world, &self.ledger.memory());
    }
}

impl Interleaved for ClassStory {
    type Process = UpgradeProcess;

    fn evaluation(&mut self) -> UpgradeProcess {
        self.disturb_the_change();
        self.evaluations += 1;
        let id = format!("e{}", self.evaluations);
        let orders = self.orders.clone();
        let process = UpgradeProcess::begin(id, &mut self.world, &self.ledger, &self.policy, orders);
        self.checker.decided(&process);
        process
    }

    fn step(&mut self, process: &mut UpgradeProcess) {
        match process.progress {
            ProcessStep::Decided => {
                let before = self.ledger.memory();
                process.intend(&mut self.ledger);
                if process.progress == ProcessStep::Intended {
                    self.checker.answered(process, &self.ledger.memory());
                    self.orders.asked = None;
                    self.checker.written(&before, &self.ledger.memory(), &self.world);
                }
            }
            ProcessStep::Intended => {
                let meddling = self.meddling.take_if(|_| process.decision.call.is_some());
                meddle(meddling, MeddlingMoment::BeforeLook, &mut self.world);
                let known = self.world.happenings().len();
                let under_way = under_way(&self.world);
                process.act(&mut self.world, |world| meddle(meddling, MeddlingMoment::BeforeCall, world));
                self.checker.acted(process, &self.world, known, &under_way);
                meddle(meddling, MeddlingMoment::AfterCall, &mut self.world);
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
            self.steps += 1;
            if self.killed_at == Some(self.steps) {
                return;
            }
        }
    }

    fn pass(&mut self) {
        self.minute();
    }

    fn pass_a_quarter(&mut self) {
        let known = self.world.happenings().len();
        self.world.advance();
        self.checker.time_passes(&self.world, known);
    }
}
