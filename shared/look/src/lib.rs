//! One look over services: the handler that `queue-depth` and `service-load` share.
//!
//! Parse the event → observe → decide → remember the intent → act → report → remember the outcome.

pub mod concern;
pub mod function;
pub mod settings;
pub mod failure;
mod budget;
mod decide;
mod observe;
mod readings;
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
use tidegate_aws::{Clients, log, looks, sns, update};
use tidegate_fleet::{Fleet, Service};

pub use crate::concern::{Concern, NoQueues, QueuesSeen, ReadQueues};
use crate::decide::Decided;
pub use crate::failure::Failure;
pub use crate::function::Function;
use crate::remember::{Blindness, Ends};
pub use crate::settings::Settings;

/// Where the time comes from; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A function, ready to look.
pub struct Scaler {
    concern: Concern,
    settings: Settings,
    fleet: Fleet,
    clients: Clients,
    queues: Box<dyn ReadQueues>,
    ledger: Ledger,
    load_balancers: LoadBalancers,
    clock: Clock,
    blindness: Mutex<Blindness>,
}

impl Scaler {
    /// A function for its concern's part of a fleet.
    #[must_use]
    pub fn new(
        concern: Concern,
        settings: Settings,
        fleet: Fleet,
        clients: Clients,
        queues: Box<dyn ReadQueues>,
        clock: Clock,
    ) -> Self {
        let ledger = Ledger::new(clients.dynamodb.clone(), &settings.ledger, fleet.name(), concern.name);
        let (load_balancers, blindness) = (LoadBalancers::default(), Mutex::default());
        Self { concern, settings, fleet, clients, queues, ledger, load_balancers, clock, blindness }
    }

    /// Its services, in the order of the fleet file.
    fn services(&self) -> impl Iterator<Item = &Service> {
        self.fleet.services().iter().filter(|service| (self.concern.takes)(service))
    }

    /// Answers one event with what was seen, decided and done.
    ///
    /// # Errors
    /// The event is unknown, the ledger cannot be reached, or every change failed.
    pub async fn handle(&self, event: Value) -> Result<Value, Failure> {
        let now = self.now();
        let look = format!("{:08x}", RandomState::new().hash_one(now) >> 32);
        let ring = Ring::parse(&event)?;
        let services = self.select(&ring)?;
        if services.is_empty() {
            return Ok(self.nothing_to_look_at(&look, &ring, now));
        }

        let seen = match self.observe(&services, &ring, now).await {
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

    /// The fleet has no service of this concern; the other function has them all.
    fn nothing_to_look_at(&self, look: &str, ring: &Ring, now: Timestamp) -> Value {
        let report = self.empty_report(look, ring, now);
        let mut answer = report.to_json();
        if ring.is_plan() {
            answer["plan"] = Value::Array(Vec::new());
            answer["zone_rules"] = tidegate_fleet::zone_rules().into();
        } else {
            log::lines(&report, &answer, false).iter().for_each(log::write);
        }
        answer
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

impl std::fmt::Debug for Scaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scaler")
            .field("concern", &self.concern.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
