//! Queue workers on ECS follow the work that waits in Redis or SQS.
//!
//! One look: parse the event → observe → decide → remember the intent → act → report → remember the outcome.

pub mod function;
pub mod settings;
pub mod failure;
mod budget;
mod decide;
mod observe;
mod remember;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use futures_util::join;
use jiff::Timestamp;
use serde_json::Value;
use tidegate_aws::ledger::{Ledger, Written};
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::report::LookReport;
use tidegate_aws::ring::Ring;
use tidegate_aws::secrets::Secrets;
use tidegate_aws::{Clients, log, looks, sns, update};
use tidegate_fleet::Fleet;
use tidegate_queues::Redis;

use crate::decide::Decided;
pub use crate::failure::Failure;
pub use crate::function::Function;
use crate::remember::{Blindness, Ends};
pub use crate::settings::Settings;

/// The function's name through every layer.
pub const CONCERN: &str = "queue-depth";

/// Where the time comes from; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The function, ready to look.
pub struct QueueDepth {
    settings: Settings,
    fleet: Fleet,
    clients: Clients,
    ledger: Ledger,
    redis: Redis,
    secrets: Secrets,
    load_balancers: LoadBalancers,
    clock: Clock,
    blindness: Mutex<Blindness>,
}

impl QueueDepth {
    /// A function for a fleet that has at least one service with a queue.
    ///
    /// # Errors
    /// The fleet has none: an empty fleet is never a success.
    pub fn new(settings: Settings, fleet: Fleet, clients: Clients, clock: Clock) -> Result<Self, Failure> {
        if !fleet.services().iter().any(|service| service.queue().is_some()) {
            return Err(Failure::non_retryable(format!(
                "fleet `{}` has no service with a `queue`",
                fleet.name()
            )));
        }
        let ledger = Ledger::new(clients.dynamodb.clone(), &settings.ledger, fleet.name(), CONCERN);
        let (redis, secrets, load_balancers) = (Redis::new(), Secrets::default(), LoadBalancers::default());
        Ok(Self {
            settings,
            fleet,
            clients,
            ledger,
            redis,
            secrets,
            load_balancers,
            clock,
            blindness: Mutex::default(),
        })
    }

    /// Answers one event with what was seen, decided and done.
    ///
    /// # Errors
    /// The event is unknown, the ledger cannot be reached, or every change failed.
    pub async fn handle(&self, event: Value) -> Result<Value, Failure> {
        let now = self.now();
        let look = format!("{:08x}", RandomState::new().hash_one(now) >> 32);
        let ring = Ring::parse(&event)?;
        let targets = self.select(&ring)?;

        let seen = match self.observe(&targets, &ring, now).await {
            Ok(seen) => seen,
            Err(error) => return Err(self.blind(&look, &ring, error, now).await),
        };
        let mut decided = Decided::new(self, seen, &look, &ring, now);
        if ring.is_plan() {
            return Ok(decided.plan());
        }
        match self.ledger.write(&decided.page, &look, now).await {
            Ok(Written::Won) => {}
            Ok(Written::Lost) => return Ok(self.dropped(&decided, &ring).await),
            Err(error) => return Err(self.blind(&look, &ring, error, now).await),
        }
        decided.report.alert = self.sees_again();

        let changes = decided.changes(now.saturating_add(budget::ACT_WITHIN).unwrap_or(now));
        let (outcomes, looks_sent) =
            join!(update::apply(&self.clients, &changes, &*self.clock), self.send_looks(&ring, &decided));
        decided.done(outcomes);

        let (published, recorded) = join!(self.publish(&decided), self.record(&decided, now));
        let remembered = self.remember_outcome(&decided, published.is_ok(), now).await;
        Ends { looks_sent, published, recorded, remembered }.answer(&decided)
    }

    /// The time, in the whole milliseconds that the ledger keeps.
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Sends the next short looks: only a scheduled look that sees work moving does.
    async fn send_looks(&self, ring: &Ring, decided: &Decided) -> Result<usize, tidegate_aws::CallError> {
        match &self.settings.looks {
            Some(queue) if *ring == Ring::Schedule && decided.is_moving() => {
                looks::send(&self.clients.sqs, queue).await
            }
            Some(_) | None => Ok(0),
        }
    }

    /// Publishes the news, if there are any.
    async fn publish(&self, decided: &Decided) -> Result<usize, tidegate_aws::CallError> {
        if !decided.report.is_news() {
            return Ok(0);
        }
        sns::publish(&self.clients.sns, &self.settings.topic, &decided.report).await?;
        self.told_of_seeing();
        Ok(1)
    }

    /// Another look wrote first. What it saw is at most moments older; this one only keeps the short looks going.
    async fn dropped(&self, decided: &Decided, ring: &Ring) -> Value {
        let looks_sent = self.send_looks(ring, decided).await;
        let report = LookReport { targets: Vec::new(), unreported: Vec::new(), ..decided.report.clone() };
        let mut answer = report.to_json();
        answer["dropped"] = true.into();
        answer["looks_sent"] = looks_sent.as_ref().copied().unwrap_or(0).into();
        answer["troubles"] = looks_sent.err().iter().map(ToString::to_string).collect();
        log::lines(&report, &answer, false).iter().for_each(log::write);
        answer
    }
}

impl std::fmt::Debug for QueueDepth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueDepth").field("settings", &self.settings).finish_non_exhaustive()
    }
}
