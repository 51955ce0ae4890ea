//! A queue at a limit of its own: BullMQ's rate limit, its workers' limit, and its global concurrency.
//!
//! A world of its own, since the simulator has no such queue: each job, each worker, and the counter of a period.

use tidegate_policy::Verdict::Hold;
use tidegate_policy::{InFlight, NoticeKind, QueueLimits, Severity};

use crate::arbitrary::Case;
use crate::stage::{Stage, codes, seconds, size};

/// The same without a global concurrency: jobs that wait beside as many as may run order nothing.
pub(crate) fn unlimited(mut case: Case) -> Case {
    if let Some(Ok(queue)) = &mut case.seen.queue {
        queue.limits.concurrency = None;
    }
    case
}

/// What limits the jobs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LimitedBy {
    /// So many in so many seconds, in the queue's own settings.
    Settings(u32, f64),
    /// The same as an option of the workers: it shows only while none of them works.
    Workers(u32, f64),
    /// So many at a time.
    Concurrency(u64),
}

/// A load behind a queue with a limit.
#[derive(Debug, Clone, Copy)]
struct LimitedLoad {
    limit: LimitedBy,
    job_seconds: f64,
    per_second: f64,
    backlog: f64,
}

/// What came of some hours.
#[derive(Debug, Default)]
struct LimitedHours {
    mean: f64,
    most: u32,
    changes: u32,
    done_per_second: f64,
}

struct LimitedWorld {
    stage: Stage,
    load: LimitedLoad,
    /// Seconds between two evaluations.
    every: u32,
    /// When each started task runs.
    tasks: Vec<f64>,
    /// When each job in work ends.
    working: Vec<f64>,
    waiting: f64,
    taken: u32,
    period_ends: f64,
}

const STEPS_A_SECOND: u32 = 20;
const STEP: f64 = 0.05;
const START_SECONDS: f64 = 75.0;

impl LimitedWorld {
    fn new(load: LimitedLoad, stage: Stage, every: u32) -> Self {
        let (tasks, waiting) = (vec![0.0; 3], load.backlog);
        Self { stage, load, every, tasks, working: vec![], waiting, taken: 0, period_ends: 0.0 }
    }

    /// Whether a worker may take a job now.
    fn may_take(&mut self, now: f64) -> bool {
        match self.load.limit {
            LimitedBy::Concurrency(jobs) => u64::try_from(self.working.len()).unwrap() < jobs,
            LimitedBy::Settings(jobs, period) | LimitedBy::Workers(jobs, period) => {
                if now >= self.period_ends {
                    (self.taken, self.period_ends) = (0, now + period);
                }
                self.taken < jobs
            }
        }
    }

    fn running(&self, now: f64) -> u32 {
        u32::try_from(self.tasks.iter().filter(|start| **start <= now).count()).unwrap()
    }

    /// A twentieth of a second; how many jobs end in it.
    fn pass(&mut self, now: f64) -> usize {
        self.waiting += self.load.per_second * STEP;
        let before = self.working.len();
        self.working.retain(|end| *end > now);
        let ended = before - self.working.len();
        let places = self.running(now) * self.stage.policy.concurrency.get();
        let free = |world: &Self| world.working.len() < usize::try_from(places).unwrap();
        while self.waiting >= 1.0 && free(self) && self.may_take(now) {
            self.waiting -= 1.0;
            self.taken += 1;
            self.working.push(now + self.load.job_seconds);
        }
        ended
    }

    /// What a reader of the queue sees, as `shared/queues` reads it.
    fn see(&mut self, now: f64) {
        let active = u64::try_from(self.working.len()).unwrap();
        let waits = self.waiting >= 1.0;
        let lasts = now < self.period_ends && self.taken > 0;
        let taken = lasts.then_some(u64::from(self.taken));
        let running = self.running(now);
        let queue = self.stage.queue();
        queue.waiting = self.waiting.trunc().to_string().parse().unwrap();
        queue.in_flight = InFlight::Exactly(active);
        queue.head = waits.then(|| u64::from(self.taken) + 1);
        queue.limits = match self.load.limit {
            LimitedBy::Settings(jobs, _) => {
                let rate_met = waits && lasts && self.taken >= jobs;
                QueueLimits { rate_met, taken, max: Some(jobs.into()), concurrency: None }
            }
            LimitedBy::Workers(..) => {
                QueueLimits { rate_met: waits && lasts && active == 0, taken, ..QueueLimits::default() }
            }
            LimitedBy::Concurrency(jobs) => QueueLimits { concurrency: Some(jobs), ..QueueLimits::default() },
        };
        let service = self.stage.service();
        (service.running_count, service.pending_count) = (running, service.desired_count - running);
    }

    /// Evaluates for six hours; what counts are the last four.
    fn run(mut self) -> LimitedHours {
        let (mut hours, mut done, mut evaluations) = (LimitedHours::default(), 0, 0);
        for step in 0..6 * 3_600 * STEPS_A_SECOND {
            let (now, second) = (f64::from(step) * STEP, step / STEPS_A_SECOND);
            let counts = second >= 2 * 3_600;
            let ended = self.pass(now);
            done += if counts { ended } else { 0 };
            // Evaluations do not keep step with the periods: each comes at another part of its second.
            let part = (second / self.every * 7) % STEPS_A_SECOND;
            if second % self.every != 0 || step % STEPS_A_SECOND != part {
                continue;
            }
            self.see(now);
            let decision = self.stage.at(i64::from(second)).evaluate();
            let desired = size(&decision);
            if counts {
                evaluations += 1;
                hours.mean += f64::from(desired);
                hours.most = hours.most.max(desired);
                hours.changes += u32::from(decision.verdict.as_change().is_some());
            }
            let wanted = usize::try_from(desired).unwrap();
            self.tasks.resize(wanted.max(self.tasks.len()), now + START_SECONDS);
            // Those that start last leave first.
            self.tasks.truncate(wanted);
        }
        hours.mean /= f64::from(evaluations);
        hours.done_per_second = f64::from(u32::try_from(done).unwrap()) / (4.0 * 3_600.0);
        hours
    }
}

fn wait(interruptible: bool, per_task: u32) -> Stage {
    Stage::new(1, 100, &[]).tasks(3).with(|stage| {
        stage.policy.wait = Some(seconds(60));
        stage.policy.interruptible = interruptible;
        stage.policy.stabilization = seconds(30);
        stage.policy.concurrency = per_task.try_into().unwrap();
        stage.policy.cooldown.scale_out = seconds(0);
        stage.policy.cooldown.scale_in = seconds(0);
    })
}

/// More arrives than the limit allows, or a backlog of hours is worked off at the pace of the limit.
fn loads() -> Vec<(LimitedLoad, f64)> {
    let load =
        |limit, job_seconds, per_second, backlog| LimitedLoad { limit, job_seconds, per_second, backlog };
    let mut all = Vec::new();
    for of in [LimitedBy::Settings as fn(u32, f64) -> LimitedBy, LimitedBy::Workers] {
        all.push((load(of(10, 1.0), 0.5, 12.0, 5_000.0), 10.0));
        all.push((load(of(600, 60.0), 2.0, 12.0, 5_000.0), 10.0));
        all.push((load(of(600, 60.0), 2.0, 9.0, 90_000.0), 10.0));
    }
    for (jobs, seconds) in [(1_u32, 2.0), (20, 2.0), (20, 30.0)] {
        let allowed = f64::from(jobs) / seconds;
        all.push((load(LimitedBy::Concurrency(u64::from(jobs)), seconds, allowed * 1.2, 5_000.0), allowed));
    }
    all
}

#[test]
fn wait_takes_all_that_a_limit_allows_with_few_tasks_too_many_and_does_not_cycle() {
    for (load, allowed) in loads() {
        for (interruptible, per_task, every) in [(true, 1, 15), (false, 1, 15), (true, 4, 15), (true, 1, 60)]
        {
            let hours = LimitedWorld::new(load, wait(interruptible, per_task), every).run();
            let needed = allowed * load.job_seconds / f64::from(per_task);
            let what = format!("{load:?} {per_task} a task, every {every} s: {hours:?}");
            assert!(hours.done_per_second >= 0.97 * allowed, "{what}");
            assert!(hours.changes <= 40, "{what}");
            // One evaluation a minute may see each minute of a limit at its beginning only, where every task works.
            let is_seen =
                every < 60 || !matches!(load.limit, LimitedBy::Settings(600, _) | LimitedBy::Workers(600, _));
            assert!(!is_seen || f64::from(hours.most) <= 1.6 * needed + 2.0, "{what}");
            assert!(!is_seen || hours.mean <= 1.5 * needed + 2.0, "{what}");
        }
    }
}

#[test]
fn rules_neither_order_nor_remove_for_what_waits_at_a_limit() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -1"]).tasks(10).waiting(5_000);
    stage.queue().limits =
        QueueLimits { rate_met: true, max: Some(100), taken: Some(100), concurrency: None };
    let first = stage.at(0).evaluate();
    assert_eq!(first.verdict, Hold { at: Some(10) }, "{first}");
    // An evaluation may fall between two moments at the limit: once is not enough to know.
    let mut between = stage.clone();
    between.queue().limits.rate_met = false;
    assert_eq!(size(&between.at(15).peek()), 15);
    stage.at(15).evaluate();
    (stage.queue().limits.rate_met, stage.queue().limits.taken) = (false, Some(40));
    for at in [30, 300, 615] {
        let decision = stage.at(at).evaluate();
        assert_eq!(size(&decision), 10, "{decision}");
        assert!(codes(&decision).contains(&"queue-at-limit"), "{decision}");
    }
    assert!(stage.memory.active_notices.iter().any(|active| active.kind == NoticeKind::QueuePaused));
    assert_eq!(size(&stage.at(616).evaluate()), 15, "ten minutes without a limit");
}

#[test]
fn few_jobs_at_a_limit_are_few_jobs() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -1"]).tasks(10).waiting(20);
    stage.queue().limits.rate_met = true;
    stage.policy.stabilization = seconds(0);
    stage.at(0).evaluate();
    assert_eq!(size(&stage.at(60).peek()), 9);
}

/// The limit of workers shows while none of them works. How many jobs it allows is then known, and so is a limit that is raised.
#[test]
fn a_limit_is_recognized_by_the_jobs_of_its_period_and_one_that_is_raised_is_forgotten() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(0);
    (stage.queue().limits.rate_met, stage.queue().limits.taken) = (true, Some(30));
    stage.at(0).evaluate();
    stage.at(15).evaluate();
    stage.queue().limits.rate_met = false;
    stage.queue().in_flight = InFlight::Exactly(3);
    for at in [300, 900, 1_500] {
        assert_eq!(size(&stage.at(at).evaluate()), 10, "{at}");
    }
    stage.queue().limits.taken = Some(12);
    assert_eq!(size(&stage.at(1_800).evaluate()), 10, "the period has just begun");
    stage.queue().limits.taken = Some(31);
    assert_eq!(size(&stage.at(1_815).evaluate()), 15);
}

/// At its concurrency limit a queue has taken some jobs of its rate limit's period; more later are no sign of another limit.
#[test]
fn a_rate_limit_beside_a_global_concurrency_is_not_taken_for_one_that_was_raised() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(4);
    stage.queue().limits.concurrency = Some(4);
    for (at, running, taken) in [(0, 4, 30), (15, 4, 31), (30, 3, 32), (45, 3, 33)] {
        stage.queue().limits.taken = Some(taken);
        stage.queue().in_flight = InFlight::Exactly(running);
        assert_eq!(size(&stage.at(at).evaluate()), 10, "{at}");
    }
}

/// A backlog of hours, and not more than four jobs may run at a time.
#[test]
fn wait_orders_no_more_than_may_run_at_a_time() {
    let mut stage = wait(true, 1).tasks(1).waiting(5_000);
    stage.queue().limits.concurrency = Some(4);
    for at in (0..120).step_by(15) {
        assert!(size(&stage.at(at).evaluate()) <= 4);
    }
    assert_eq!(stage.service().desired_count, 4);
}

/// A worker that what it calls told to wait stops all of them (`worker.rateLimit`), and no count shows it.
#[test]
fn workers_that_were_told_to_wait_order_nothing_and_remember_no_limit() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(0);
    stage.queue().limits.rate_met = true;
    for at in [0, 15, 30, 45] {
        assert_eq!(size(&stage.at(at).evaluate()), 10);
    }
    stage.queue().limits.rate_met = false;
    assert_eq!(size(&stage.at(60).evaluate()), 15);
}

#[test]
fn a_limit_that_an_operator_raises_or_removes_is_forgotten_at_once() {
    let at_concurrency = QueueLimits { concurrency: Some(10), ..QueueLimits::default() };
    let at_rate = QueueLimits { rate_met: true, taken: Some(30), max: Some(30), concurrency: None };
    for (limits, raised) in [
        (at_concurrency, QueueLimits { concurrency: Some(100), ..at_concurrency }),
        (at_concurrency, QueueLimits::default()),
        (at_rate, QueueLimits { rate_met: false, max: Some(60), ..at_rate }),
        (at_rate, QueueLimits { rate_met: false, max: None, ..at_rate }),
    ] {
        let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(10);
        stage.queue().limits = limits;
        for at in [0, 15, 30] {
            assert_eq!(size(&stage.at(at).evaluate()), 10, "{limits:?}");
        }
        stage.queue().limits = raised;
        assert_eq!(size(&stage.at(45).evaluate()), 15, "{raised:?}");
    }
}

/// While every task works the tasks are what is missing: a limit that was seen then is another one now.
#[test]
fn a_limit_is_forgotten_within_two_minutes_while_every_task_works() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(0);
    stage.queue().limits = QueueLimits { rate_met: true, taken: Some(3), ..QueueLimits::default() };
    stage.at(0).evaluate();
    stage.at(15).evaluate();
    stage.queue().limits.rate_met = false;
    let places = 10 * u64::from(stage.policy.concurrency.get());
    let after = |running: u64, waiting: u64, at: i64| {
        let mut stage = stage.clone();
        stage.queue().in_flight = InFlight::Exactly(running);
        stage.queue().waiting = waiting;
        stage.at(at).evaluate();
        stage.queue().waiting = 5_000;
        stage.queue().in_flight = InFlight::Exactly(0);
        size(&stage.at(at + 1).evaluate())
    };
    assert_eq!([after(places, 5_000, 135), after(places, 5_000, 136)], [10, 15]);
    assert_eq!(after(places - 1, 5_000, 136), 10, "a place is free beside jobs that wait");
    assert_eq!(after(places, 0, 136), 10, "nothing waits, so nothing is missing");
}

/// Workers with another limit were deployed.
#[test]
fn a_limit_that_changed_is_recognized_by_the_jobs_of_its_last_period() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(0);
    for (at, taken) in [(0, 30), (15, 30), (30, 60)] {
        stage.queue().limits = QueueLimits { rate_met: true, taken: Some(taken), ..QueueLimits::default() };
        stage.at(at).evaluate();
    }
    stage.queue().limits.rate_met = false;
    for at in [600, 1_200] {
        assert_eq!(size(&stage.at(at).evaluate()), 10, "{at}");
    }
}

#[test]
fn where_nothing_waits_no_limit_keeps_anything() {
    let mut stage = wait(true, 1).tasks(10).waiting(5_000).in_flight(4);
    stage.queue().limits = QueueLimits { rate_met: true, taken: Some(30), max: Some(30), concurrency: None };
    for at in [0, 15, 30] {
        assert!(codes(&stage.at(at).evaluate()).contains(&"limit-keeps"));
    }
    stage.queue().limits.rate_met = false;
    for (at, waiting, expected) in [(45, 1, true), (60, 0, false)] {
        stage.queue().waiting = waiting;
        let decision = stage.at(at).evaluate();
        let said = ["limit-keeps", "queue-at-limit"].map(|code| codes(&decision).contains(&code));
        assert_eq!(said, [expected; 2], "{decision}");
    }
}

/// What dead tasks do not do is no sign of a small limit.
#[test]
fn tasks_that_die_at_a_limit_are_not_taken_for_tasks_that_it_does_not_need() {
    let mut stage = wait(true, 1).tasks(20).waiting(5_000).in_flight(16);
    stage.queue().limits =
        QueueLimits { rate_met: true, taken: Some(600), max: Some(600), concurrency: None };
    for at in (0..600).step_by(15) {
        stage.at(at).evaluate();
    }
    assert_eq!(stage.service().desired_count, 20);
    stage.service().running_count = 0;
    stage.queue().in_flight = InFlight::Exactly(0);
    for at in (600..1_080).step_by(15) {
        let decision = stage.at(at).evaluate();
        assert_eq!(size(&decision), 20, "{decision}");
    }
}

/// Of what only notifies, jobs that wait at a limit wait all the same.
#[test]
fn notifications_count_what_waits_at_a_limit() {
    let stage = Stage::new(1, 50, &[]).tasks(10).waiting(5_000).in_flight(4);
    let mut stage = stage.notify("waiting > 1000", Severity::Critical);
    stage.queue().limits.concurrency = Some(4);
    let decision = stage.at(0).evaluate();
    assert!(decision.notices.iter().any(|notice| notice.kind == NoticeKind::Condition), "{decision}");
}
