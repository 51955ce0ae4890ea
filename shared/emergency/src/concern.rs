//! What `emergency-max` brings to the evaluation that all functions share.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use tidegate_aws::ledger::{EMERGENCY_MAX, LedgerItem, LedgerRead, OVERRIDES_MAX, REPLICA_LAG};
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{Header, Section};
use tidegate_aws::targets;
use tidegate_aws::trigger::{PLAN, Trigger};
use tidegate_aws::update::{self, TargetChanges};
use tidegate_aws::{CallError, Clients};
use tidegate_evaluation::{Clock, Concern, InvocationError, budget};
use tidegate_fleet::{Database, Fleet, Mode, Service, TargetName};
use tidegate_policy::Absence;
use tidegate_policy::emergency::decide::decide;
use tidegate_policy::emergency::decision::{EmergencyDecision, Work};
use tidegate_policy::emergency::incident::{Incident, Overrides, Phase, Progress, Targeted};
use tidegate_policy::emergency::request::{Member, Request, Turn};
use tidegate_policy::emergency::target::Seen;
use tokio::time::Instant;

use crate::afterwards::owner;
use crate::asked;
use crate::capacity::{self, KnownCapacity};
use crate::seen::{FleetSeen, sight};
use crate::subject::{self, Subject};

/// The function's name.
pub const NAME: &str = EMERGENCY_MAX;

/// 1 in the log line of each evaluation while there is an emergency, else 0: an alarm fires when one lasts.
const EMERGENCY_IN_FORCE: &str = "EmergencyInForce";

/// One evaluation sets at most so many: its 17 s give 45 calls at once and 5 a second after them.
const TARGETS_MAX: usize = 130;

/// Everything of a fleet that an operator may ask for.
pub struct Emergencies {
    pub(crate) fleet: Fleet,
    clients: Clients,
    /// What is remembered while the ledger cannot be reached, from one evaluation of an invocation to the next.
    carried: Mutex<Option<Overrides>>,
    /// What this process knows of when all of it runs.
    known: KnownCapacity,
}

impl Emergencies {
    /// Everything of a fleet.
    #[must_use]
    pub fn new(fleet: Fleet, clients: &Clients) -> Self {
        Self { fleet, clients: clients.clone(), carried: Mutex::default(), known: KnownCapacity::default() }
    }

    fn carried(&self) -> MutexGuard<'_, Option<Overrides>> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the ledger holds. Raising goes on without it: capacity that is asked for in an emergency is set, and the answer has
    /// what was found.
    async fn found(
        &self,
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<Overrides>, CallError>>,
    ) -> Result<LedgerRead<Overrides>, CallError> {
        match ledger.await {
            Ok(mut found) => {
                let carried = self.carried().take().and_then(|carried| carried.incident);
                // The ledger answers again in the middle of an invocation: what was found until now goes into it.
                if let Some(carried) = carried.filter(|_| *trigger == Trigger::Resume) {
                    match &mut found.item.memory.incident {
                        Some(incident) => incident.adopt(carried),
                        none => *none = Some(carried),
                    }
                }
                Ok(found)
            }
            Err(error) if self.goes_on_without(trigger) => {
                // What an earlier evaluation found is what was there before its changes.
                let memory = self.carried().take().unwrap_or_default();
                *self.carried() = Some(memory.clone());
                let item = LedgerItem { memory, ..LedgerItem::default() };
                Ok(LedgerRead { item, unreachable: Some(error), ..LedgerRead::default() })
            }
            Err(error) => Err(error),
        }
    }

    /// What is done also where the ledger cannot be reached.
    fn goes_on_without(&self, trigger: &Trigger) -> bool {
        match trigger {
            Trigger::Manual { action, arguments } => {
                action == "engage" || (action == "restore" && arguments.contains_key("from"))
            }
            Trigger::Resume => self.carried().is_some(),
            Trigger::Schedule | Trigger::DelayedEvaluation | Trigger::Alarm { .. } | Trigger::Rds { .. } => {
                false
            }
        }
    }

    /// The targets that an evaluation has to see, the most important first.
    fn to_see(&self, request: &Request, ends: bool, question: bool, memory: &Overrides) -> Vec<&Service> {
        let incident = memory.incident.as_ref();
        let progress = |name: &str| incident.and_then(|it| it.targets.get(name)).map(|it| it.progress);
        let asked = |name: &str| match request {
            Request::Engage(engage) => engage.sizes.iter().any(|(it, _)| it == name),
            Request::Restore { from, .. } => from.contains_key(name),
            Request::Tick | Request::Resume | Request::Row(_) => false,
        };
        let restoring = ends || incident.is_some_and(|it| it.phase == Phase::Restoring);
        let of_incident = |name: &str| match progress(name) {
            None | Some(Progress::Skipped | Progress::Restored) => false,
            Some(Progress::Pending | Progress::Ending) => true,
            Some(Progress::Set | Progress::Starting) => restoring || *request != Request::Resume,
            Some(Progress::Seen) => restoring,
        };
        let is_row = matches!(request, Request::Row(_));
        // What a pin does to the size is said before it is set.
        let pinned = |name: &str| matches!(request, Request::Row(row) if row.target == name && row.is_pin());
        let wanted = |service: &&Service| {
            let name = service.name();
            asked(name)
                || pinned(name)
                || (!is_row && (of_incident(name) || (question && progress(name).is_some())))
        };
        let most = if question { usize::MAX } else { TARGETS_MAX };
        let mut services = self.fleet.services_by_priority();
        services.retain(wanted);
        // What is still to be done comes before what was done, and what fails all the time last.
        let failures = |name: &str| incident.and_then(|it| it.targets.get(name)).map_or(0, |it| it.failures);
        services.sort_by_key(|service| {
            let name = service.name();
            let is_left = matches!(progress(name), Some(Progress::Pending | Progress::Ending));
            (!(asked(name) || is_left), failures(name))
        });
        services.truncate(most);
        services
    }

    /// What the fleet file says of each target, the most important first.
    fn members(&self) -> Vec<Member<'_>> {
        self.fleet.services_by_priority().into_iter().map(member).collect()
    }
}

/// What the fleet file says of one target.
fn member(service: &Service) -> Member<'_> {
    let observe = service.mode() == Mode::Observe;
    Member { name: service.name(), observe, most: service.policy().most(), owner: owner(service) }
}

impl Concern for Emergencies {
    type Memory = Overrides;
    type Subject = Service;
    type FleetObservation = FleetSeen;
    type Target = Subject;

    fn name(&self) -> &'static str {
        NAME
    }

    fn reads_beside(&self) -> Option<&'static str> {
        let names = |database: &Database| self.fleet.emergency().names_database(database.name());
        self.fleet.databases().iter().any(names).then_some(REPLICA_LAG)
    }

    fn actions(&self) -> &'static [&'static str] {
        &asked::ACTIONS
    }

    fn names(&self) -> Vec<String> {
        self.fleet.services().iter().map(|service| service.name().to_owned()).collect()
    }

    fn select(&self, trigger: &Trigger) -> Result<Vec<&Service>, InvocationError> {
        asked::asked(&self.fleet, trigger, Timestamp::UNIX_EPOCH)?;
        Ok(self.fleet.services().iter().collect())
    }

    async fn observe(
        &self,
        _services: &[&Service],
        trigger: &Trigger,
        ledger: impl Future<Output = Result<LedgerRead<Overrides>, CallError>>,
        now: Timestamp,
    ) -> Result<(LedgerRead<Overrides>, FleetSeen), CallError> {
        let mut found = self.found(trigger, ledger).await?;
        let replicas = found.beside.take();
        let asked = asked::asked(&self.fleet, trigger, now).unwrap_or_else(|_| Request::Tick.into());
        let (request, memory) = (&asked.request, &found.item.memory);
        let incident = memory.incident.as_ref();
        let ends = incident.is_some_and(|it| now >= it.until) || matches!(request, Request::Restore { .. });
        let services = self.to_see(request, ends, trigger.is_question(), memory);
        if services.is_empty() {
            return Ok((found, FleetSeen::nothing(asked, replicas)));
        }
        let names: Vec<&TargetName> = services.iter().map(|service| service.target()).collect();
        let moved = bounds_to_put_back(&services, request, ends, memory);
        let deadline = Instant::now().checked_add(budget::AWS).unwrap_or_else(Instant::now);
        let (mut seen, mut actions) = join!(
            targets::describe(&self.clients, &names, deadline),
            targets::scheduled_actions(&self.clients, &moved, deadline)
        );
        let (mut states, mut scheduled) = (BTreeMap::new(), BTreeMap::new());
        for service in services {
            let state = seen.remove(service.target()).unwrap_or_else(|| Err(targets::late()));
            states.insert(service.name().to_owned(), state);
            let actions = actions.remove(service.target());
            scheduled.extend(actions.map(|actions| (service.name().to_owned(), actions)));
        }
        let fargate = if trigger.action() == PLAN {
            let added = capacity::added(request, &states);
            Some(self.known.read(&self.clients, added, now).await)
        } else {
            None
        };
        Ok((found, FleetSeen { asked, states, scheduled, replicas, fargate }))
    }

    fn believe(&self, memory: &mut Overrides, now: Timestamp) {
        memory.believe(OVERRIDES_MAX, now);
    }

    fn decide(
        &self,
        seen: FleetSeen,
        item: &mut LedgerItem<Overrides>,
        _overrides: &Overrides,
        header: &Header,
    ) -> Option<Vec<Subject>> {
        let (id, now) = (header.evaluation.as_str(), header.at);
        let FleetSeen { asked, states, scheduled, replicas, fargate } = seen;
        let asked = asked.by(header.request.as_deref());
        let (members, lasting) =
            (self.members(), budget::ACT_WITHIN.saturating_add(SignedDuration::from_secs(5)));
        // A row changes no target of an emergency, and what is seen for its answer is nothing to act on.
        let is_row = matches!(asked.request, Request::Row(_));
        let sights: BTreeMap<String, Result<Seen, Absence>> = states
            .iter()
            .filter(|_| !is_row)
            .map(|(name, state)| {
                let sight = state.as_ref().map(|state| sight(state, scheduled.get(name).cloned()));
                (name.clone(), sight.map_err(Clone::clone))
            })
            .collect();
        let invocation = invocation(header);
        let turn = Turn { id, invocation, now, lasting, members: &members, seen: &sights };
        let decision = decide(&item.memory, &asked.request, turn);
        let (before, described) = (&item.memory.rows, (states, replicas.as_deref()));
        let mut subjects = subject::of(&self.fleet, &asked, &decision, before, described, header);
        match fargate {
            Some(readings) => drop(subject::deliver(&mut subjects, &readings, BTreeMap::new())),
            None => self.known.recall(&mut subjects, &header.trigger),
        }
        let EmergencyDecision { overrides, .. } = decision;
        if let Some(carried) = self.carried().as_mut() {
            carried.clone_from(&overrides);
        }
        let is_idle = subjects.is_empty() && item.memory == overrides;
        item.memory = overrides;
        (!is_idle).then_some(subjects)
    }

    fn is_moving(&self, _targets: &[Subject]) -> bool {
        false
    }

    fn is_unfinished(&self, memory: &Overrides, subjects: &[Subject], header: &Header) -> bool {
        let mut settled = memory.clone();
        self.settle(&mut settled, subjects, header, true);
        settled.incident.as_ref().is_some_and(Incident::is_unfinished)
    }

    fn metric(&self, memory: &Overrides) -> Option<(&'static str, u32)> {
        Some((EMERGENCY_IN_FORCE, u32::from(memory.incident.is_some())))
    }

    fn is_asked_once(&self, trigger: &Trigger) -> bool {
        matches!(trigger, Trigger::Manual { .. })
    }

    fn carries(&self, memory: &Overrides, trigger: &Trigger) -> bool {
        let carries = self.goes_on_without(trigger);
        if carries {
            *self.carried() = Some(memory.clone());
        }
        carries
    }

    fn paused(&self) -> &'static str {
        "emergency and overrides"
    }

    fn unchanged(&self) -> &'static str {
        "what is in force stays as it is and does not end"
    }

    fn fails_with_its_changes(&self) -> bool {
        false
    }

    async fn apply(&self, subjects: &mut [Subject], not_after: Timestamp, clock: &Clock) {
        let raised = subject::raised(subjects);
        let (tried, changes): (Vec<_>, Vec<TargetChanges>) =
            subjects.iter_mut().filter_map(Subject::as_change).unzip();
        // When all of it runs is read beside the changes: it delays none.
        let readings = async {
            match raised {
                Some(raised) => Some(self.known.read_beside(&self.clients, raised, not_after, clock).await),
                None => None,
            }
        };
        let (outcomes, readings) =
            join!(update::apply(&self.clients, &changes, not_after, &**clock), readings);
        let mut carried = self.carried();
        for (target, outcome) in tried.into_iter().zip(outcomes) {
            let incident = carried.as_mut().and_then(|carried| carried.incident.as_mut());
            if let (Some(incident), Some(work)) = (incident, &target.work) {
                settle(incident, work, &outcome);
            }
            target.outcome = Some(outcome);
        }
        if let Some(incident) = carried.as_mut().and_then(|carried| carried.incident.as_mut()) {
            // Where nothing is written no other invocation can wait for it.
            incident.at_work = None;
        }
        let is_lost = carried.is_some();
        drop(carried);
        subjects.iter_mut().filter(|_| is_lost).for_each(Subject::lose);
        if let Some((readings, described)) = readings {
            self.known.keep(subject::deliver(subjects, &readings, described), clock());
        }
        subject::count(subjects);
    }

    fn section(&self, subject: &Subject, _header: &Header) -> Section {
        subject.section()
    }

    fn settle(&self, memory: &mut Overrides, subjects: &[Subject], header: &Header, _notified: bool) {
        let Some(incident) = &mut memory.incident else { return };
        for (work, outcome) in subjects.iter().filter_map(Subject::outcome) {
            settle(incident, work, outcome);
        }
        incident.release_lease(invocation(header));
    }
}

/// What came of one target's changes. What was not sent is sent by the next evaluation.
fn settle(incident: &mut Incident, work: &Work, outcome: &Outcome) {
    match outcome {
        Outcome::Applied => incident.settle(work, true),
        Outcome::Failed(_) => incident.settle(work, false),
        Outcome::TooLate => {}
    }
}

/// The invocation that an evaluation is a part of; by itself it is one.
fn invocation(header: &Header) -> &str {
    header.request.as_deref().unwrap_or(&header.evaluation)
}

/// The targets whose bounds are to be put back, and have a schedule of their own that was suspended: its actions are asked for.
fn bounds_to_put_back<'a>(
    services: &[&'a Service],
    request: &Request,
    ends: bool,
    memory: &Overrides,
) -> Vec<&'a TargetName> {
    let incident = memory.incident.as_ref();
    let restoring = ends || incident.is_some_and(|it| it.phase == Phase::Restoring);
    let saved = |name: &str| match request {
        Request::Restore { from, .. } => from.get(name),
        Request::Tick | Request::Resume | Request::Row(_) | Request::Engage(_) => None,
    };
    let is_moved = |it: &Targeted| {
        let before = it.snapshot.as_ref().and_then(|snapshot| snapshot.scalable);
        !it.registered.is_empty() && before.is_some_and(|before| !before.suspended.scheduled)
    };
    let is_wanted = |service: &&&Service| {
        let name = service.name();
        let known = incident.and_then(|it| it.targets.get(name));
        let known = known.filter(|it| restoring || it.progress == Progress::Ending);
        known.into_iter().chain(saved(name)).any(is_moved)
    };
    services.iter().filter(is_wanted).map(|service| service.target()).collect()
}

impl std::fmt::Debug for Emergencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emergencies").field("fleet", &self.fleet.name()).finish_non_exhaustive()
    }
}
