//! A queue at a limit of its own: BullMQ's rate limit, its workers' limit, and its global concurrency.
//!
//! A world of its own, since the simulator has no such queue: each job, each worker, and the counter of a period.

use tidegate_policy::Verdict::Hold;
use tidegate_policy::{InFlight, NoticeKind};

use crate::stage::{Stage, codes, seconds, size};

/// What limits the jobs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    /// So many in so many seconds, in the queue's own settings.
    OfTheQueue(u32, f64),
    /// The same as an option of the workers: it shows only while none of them works.
    OfWorkers(u32, f64),
    /// So many at a time.
    Concurrency(u64),
}

/// A load behind a queue with a limit.
#[derive(Debug, Clone, Copy)]
struct Load {
    limit: Limit,
    job_seconds: f64,
    per_second: f64,
    backlog: f64,
}

/// What came of some hours.
#[derive(Debug, Default)]
struct Outcome {
    least: u32,
    most: u32,
    changes: u32,
    done_per_second: f64,
}

struct World {
    stage: Stage,
    load: Load,
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

impl World {
    fn new(load: Load, stage: Stage) -> Self {
        let tasks = vec![0.0; 3];
        Self { stage, load, tasks, working: vec![], waiting: load.backlog, taken: 0, period_ends: 0.0 }
    }

    /// Whether a worker may take a job now.
    fn may_take(&mut self, now: f64) -> bool {
        match self.load.limit {
            Limit::Concurrency(jobs) => u64::try_from(self.working.len()).unwrap() < jobs,
            Limit::OfTheQueue(jobs, period) | Limit::OfWorkers(jobs, period) => {
                if now >= self.period_ends {
                    (self.taken, self.period_ends) = (0, now + period);
                }
                self.taken < jobs
            }
        }
    }

    /// A twentieth of a second; how many jobs end in it.
    fn pass(&mut self, now: f64) -> usize {
        self.waiting += self.load.per_second * STEP;
        let before = self.working.len();
        self.working.retain(|end| *end > now);
        let ended = before - self.working.len();
        let places = self.tasks.iter().filter(|start| **start <= now).count();
        while self.waiting >= 1.0 && self.working.len() < places && self.may_take(now) {
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
        let (met, concurrency) = match self.load.limit {
            Limit::OfTheQueue(jobs, _) => (lasts && self.taken >= jobs, None),
            Limit::OfWorkers(..) => (lasts && active == 0, None),
            Limit::Concurrency(jobs) => (active >= jobs, Some(jobs)),
        };
        let queue = self.stage.queue();
        queue.waiting = self.waiting.trunc().to_string().parse().unwrap();
        queue.in_flight = InFlight::Exactly(active);
        queue.limits.met = waits && met;
        queue.limits.taken = lasts.then_some(u64::from(self.taken));
        queue.limits.concurrency = concurrency;
        queue.head = waits.then(|| u64::from(self.taken) + 1);
        let desired = self.stage.service().desired_count;
        let running = self.tasks.iter().filter(|start| **start <= now).count();
        self.stage.service().running_count = u32::try_from(running).unwrap();
        self.stage.service().pending_count = desired - u32::try_from(running).unwrap();
    }

    /// Evaluates every 15 s for six hours; what counts are the last four.
    fn run(mut self) -> Outcome {
        let (mut outcome, mut done) = (Outcome { least: u32::MAX, ..Outcome::default() }, 0);
        for step in 0..6 * 3_600 * STEPS_A_SECOND {
            let (now, second) = (f64::from(step) * STEP, step / STEPS_A_SECOND);
            let counts = second >= 2 * 3_600;
            let ended = self.pass(now);
            done += if counts { ended } else { 0 };
            // Evaluations do not keep step with the periods: each comes at another part of its second.
            if second % 15 != 0 || step % STEPS_A_SECOND != (second / 15 * 7) % STEPS_A_SECOND {
                continue;
            }
            self.see(now);
            let decision = self.stage.at(i64::from(second)).evaluate();
            let desired = size(&decision);
            if counts {
                outcome.least = outcome.least.min(desired);
                outcome.most = outcome.most.max(desired);
                outcome.changes += u32::from(decision.verdict.as_change().is_some());
            }
            let wanted = usize::try_from(desired).unwrap();
            self.tasks.resize(wanted.max(self.tasks.len()), now + START_SECONDS);
            // Those that start last leave first.
            self.tasks.truncate(wanted);
        }
        outcome.done_per_second = f64::from(u32::try_from(done).unwrap()) / (4.0 * 3_600.0);
        outcome
    }
}

fn wait(interruptible: bool) -> Stage {
    Stage::new(1, 100, &[]).tasks(3).with(|stage| {
        stage.policy.wait = Some(seconds(60));
        stage.policy.interruptible = interruptible;
        stage.policy.stabilization = seconds(30);
        stage.policy.concurrency = 1.try_into().unwrap();
        stage.policy.cooldown.scale_out = seconds(0);
        stage.policy.cooldown.scale_in = seconds(0);
    })
}

/// More arrives than the limit allows, or a backlog of hours is worked off at the pace of the limit.
fn loads() -> Vec<(Load, f64)> {
    let load = |limit, job_seconds, per_second, backlog| Load { limit, job_seconds, per_second, backlog };
    let mut all = Vec::new();
    for of in [Limit::OfTheQueue as fn(u32, f64) -> Limit, Limit::OfWorkers] {
        all.push((load(of(10, 1.0), 0.5, 12.0, 5_000.0), 10.0));
        all.push((load(of(600, 60.0), 2.0, 12.0, 5_000.0), 10.0));
        all.push((load(of(600, 60.0), 2.0, 9.0, 90_000.0), 10.0));
    }
    for (jobs, seconds) in [(1_u32, 2.0), (20, 2.0), (20, 30.0)] {
        let allowed = f64::from(jobs) / seconds;
        all.push((load(Limit::Concurrency(u64::from(jobs)), seconds, allowed * 1.2, 5_000.0), allowed));
    }
    all
}

#[test]
fn wait_takes_all_that_a_limit_allows_with_few_tasks_too_many_and_does_not_cycle() {
    for (load, allowed) in loads() {
        for interruptible in [true, false] {
            let outcome = World::new(load, wait(interruptible)).run();
            let needed = allowed * load.job_seconds;
            assert!(outcome.done_per_second >= 0.97 * allowed, "{load:?}: {outcome:?}");
            assert!(f64::from(outcome.most) <= 1.6 * needed + 2.0, "{load:?}: {outcome:?}");
            assert!(outcome.changes <= 40, "{load:?}: {outcome:?}");
        }
    }
}

#[test]
fn rules_neither_order_nor_remove_for_what_waits_at_a_limit() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5", "waiting < 50: -1"]).tasks(10).waiting(5_000);
    stage.queue().limits.met = true;
    let first = stage.at(0).evaluate();
    assert_eq!(first.verdict, Hold { at: Some(10) }, "{first}");
    // An evaluation may fall between two moments at the limit: once is not enough to know.
    let mut between = stage.clone();
    between.queue().limits.met = false;
    assert_eq!(size(&between.at(15).peek()), 15);
    stage.at(15).evaluate();
    stage.queue().limits.met = false;
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
    stage.queue().limits.met = true;
    stage.policy.stabilization = seconds(0);
    stage.at(0).evaluate();
    assert_eq!(size(&stage.at(60).peek()), 9);
}

/// The limit of workers shows while none of them works. How many jobs it allows is then known, and so is a limit that is raised.
#[test]
fn a_limit_is_recognized_by_the_jobs_of_its_period_and_one_that_is_raised_is_forgotten() {
    let mut stage = Stage::new(1, 50, &["waiting > 500: +5"]).tasks(10).waiting(5_000).in_flight(0);
    (stage.queue().limits.met, stage.queue().limits.taken) = (true, Some(30));
    stage.at(0).evaluate();
    stage.queue().limits.met = false;
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
        stage.queue().limits.met = running == 4;
        stage.queue().in_flight = InFlight::Exactly(running);
        assert_eq!(size(&stage.at(at).evaluate()), 10, "{at}");
    }
}

/// A backlog of hours, and not more than four jobs may run at a time.
#[test]
fn wait_orders_no_more_than_may_run_at_a_time() {
    let mut stage = wait(true).tasks(1).waiting(5_000);
    stage.queue().limits.concurrency = Some(4);
    for at in (0..120).step_by(15) {
        assert!(size(&stage.at(at).evaluate()) <= 4);
    }
    assert_eq!(stage.service().desired_count, 4);
}
