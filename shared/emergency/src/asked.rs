//! What an event asks for, checked against the fleet file: nothing is put in force that the file does not allow.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tidegate_aws::trigger::{EVALUATE, PLAN, STATUS, Trigger, TriggerError};
use tidegate_evaluation::InvocationError;
use tidegate_fleet::{Fleet, Profile, Service, duration};
use tidegate_policy::emergency::engage::Size;
use tidegate_policy::emergency::request::{Asker, Engage, Request};
use tidegate_policy::one_line;
use tidegate_policy::overrides::{Held, Override, OverrideKind};

use crate::arguments::{
    self, EngageArguments, HoldArguments, PinArguments, PlanArguments, ReleaseArguments, RestoreArguments,
};
use crate::named::{allowed, enforced, known, known_or_all, unknown, whole_size};

/// The actions of this function, beside those that every function has.
pub const ACTIONS: [&str; 8] = ["engage", "restore", STATUS, "hold", "pin", "release", PLAN, EVALUATE];

/// How long a hold or a pin lasts when nothing else is said: an incident is over by then, or it is asked for again.
const LASTING: SignedDuration = SignedDuration::from_hours(2);
/// An override lasts a minute at least, and 30 days at most.
const SECONDS: (u32, u32) = (60, 30 * 86_400);

/// What an event asks for, within the fleet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What the decision is asked for.
    pub(crate) request: Request,
    /// The sizes that a budget of the fleet file cuts, by their target.
    pub(crate) cuts: BTreeMap<String, Cut>,
}

/// A size that a budget cuts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The budget.
    pub(crate) budget: String,
    /// The size in the profile.
    pub(crate) from: u32,
}

impl Asked {
    /// The same, with the request id of the invocation.
    pub(crate) fn by(mut self, id: Option<&str>) -> Self {
        let id = id.map(str::to_owned);
        match &mut self.request {
            Request::Tick | Request::Resume => {}
            Request::Row(row) => row.request = id,
            Request::Engage(Engage { asker, .. }) | Request::Restore { asker, .. } => asker.request = id,
        }
        self
    }
}

impl From<Request> for Asked {
    fn from(request: Request) -> Self {
        Self { request, cuts: BTreeMap::new() }
    }
}

/// What an event asks for.
///
/// # Errors
/// The action is unknown, an argument is wrong, or the fleet file does not allow it: what was found, and what is allowed.
pub fn asked(fleet: &Fleet, trigger: &Trigger, now: Timestamp) -> Result<Asked, InvocationError> {
    let Trigger::Manual { action, arguments } = trigger else {
        let request = if *trigger == Trigger::Resume { Request::Resume } else { Request::Tick };
        return Ok(request.into());
    };
    match action.as_str() {
        "hold" => {
            let HoldArguments { target, lasting, both, reason, who } = arguments::read(action, arguments)?;
            let held = if both { Held::Both } else { Held::ScaleIn };
            known_or_all(fleet, &target)?;
            enforced(fleet, &target)?;
            row(&target, OverrideKind::Hold(held), lasting.as_deref(), asker(who, reason), now)
        }
        "pin" => {
            whole_size(fleet, action, arguments)?;
            let PinArguments { target, size, lasting, reason, who } = arguments::read(action, arguments)?;
            let named = known(fleet, &target)?;
            enforced(fleet, &target)?;
            allowed(&named, size)?;
            row(&target, OverrideKind::Pin(size), lasting.as_deref(), asker(who, reason), now)
        }
        "release" => {
            let ReleaseArguments { target, reason, who } = arguments::read(action, arguments)?;
            known_or_all(fleet, &target)?;
            row(&target, OverrideKind::Release, None, asker(who, reason), now)
        }
        "engage" => {
            let EngageArguments { profile, hold, services, ignore_budgets, reason, who } =
                arguments::read(action, arguments)?;
            let until = until("hold", hold.as_deref(), fleet.emergency().hold, now)?;
            engaged(fleet, profile, &services, ignore_budgets, until, asker(who, reason))
        }
        PLAN => planned(fleet, arguments, now),
        "restore" => {
            let RestoreArguments { reason, who, from } = arguments::read(action, arguments)?;
            Ok(Request::Restore { asker: asker(who, reason), from: arguments::by_target(from) }.into())
        }
        STATUS | EVALUATE => {
            let PlanArguments { services, .. } = arguments::read(action, arguments)?;
            known_names(fleet, &services)?;
            Ok(Request::Tick.into())
        }
        other => {
            let known = ACTIONS.join("`, `");
            Err(TriggerError::manual(&format!("unknown action `{other}`; known are `{known}`")).into())
        }
    }
}

/// A question is about all that is in force, whichever names it has; one that is not known is a slip.
fn known_names(fleet: &Fleet, names: &[String]) -> Result<(), InvocationError> {
    names.iter().try_for_each(|name| known(fleet, name).map(|_| ()))
}

/// What engage would be asked for; without a profile what the next evaluation would do.
fn planned(fleet: &Fleet, arguments: &Map<String, Value>, now: Timestamp) -> Result<Asked, InvocationError> {
    let PlanArguments { profile, services, ignore_budgets } = arguments::read(PLAN, arguments)?;
    let Some(profile) = profile else {
        known_names(fleet, &services)?;
        return Ok(Request::Tick.into());
    };
    let until = now.saturating_add(fleet.emergency().hold).unwrap_or(now);
    engaged(fleet, profile, &services, ignore_budgets, until, asker(None, None))
}

/// An emergency, with the sizes that the budgets leave.
fn engaged(
    fleet: &Fleet,
    profile: String,
    services: &[String],
    ignore_budgets: bool,
    until: Timestamp,
    asker: Asker,
) -> Result<Asked, InvocationError> {
    let ProfileAsked { mut sizes, replicas } = of_profile(fleet, &profile, services)?;
    let cuts = if ignore_budgets { BTreeMap::new() } else { within_budgets(fleet, &mut sizes) };
    let named = services.to_vec();
    let request = Request::Engage(Engage { profile, named, ignore_budgets, sizes, replicas, until, asker });
    Ok(Asked { request, cuts })
}

/// Who asks, in one line each: reports carry it.
fn asker(who: Option<String>, why: Option<String>) -> Asker {
    let mut who = who.filter(|who| !who.trim().is_empty()).unwrap_or_else(|| "operator".to_owned());
    let mut why = why.filter(|why| !why.trim().is_empty()).unwrap_or_else(|| "no reason given".to_owned());
    one_line(&mut who, 64);
    one_line(&mut why, 300);
    Asker { who, why, request: None }
}

/// One row. A release lasts as long as any row that it may end.
fn row(
    target: &str,
    kind: OverrideKind,
    lasting: Option<&str>,
    asker: Asker,
    now: Timestamp,
) -> Result<Asked, InvocationError> {
    let until = until("for", lasting, LASTING, now)?;
    let Asker { who, why, request } = asker;
    let target = target.to_owned();
    Ok(Request::Row(Override { target, kind, since: Some(now), until, who, why, request }).into())
}

/// When something ends.
fn until(
    key: &str,
    text: Option<&str>,
    default: SignedDuration,
    now: Timestamp,
) -> Result<Timestamp, InvocationError> {
    let lasting = match text {
        None => default,
        Some(text) => duration(text, SECONDS.0, SECONDS.1)
            .map_err(|help| TriggerError::manual(&format!("`{key}` is `{text}`: {help}")))?,
    };
    Ok(now.saturating_add(lasting).unwrap_or(now))
}

/// What a profile asks for.
struct ProfileAsked {
    /// Of services.
    sizes: Vec<(String, Size)>,
    /// Of databases, at least.
    replicas: Vec<(String, u32)>,
}

/// The services and databases of a profile; nothing if the fleet file has no such profile.
pub(crate) fn names_of(fleet: &Fleet, profile: &str) -> BTreeSet<String> {
    let asked = of_profile(fleet, profile, &[]).ok();
    let names = asked.into_iter().flat_map(|ProfileAsked { sizes, replicas }| {
        let services = sizes.into_iter().map(|(name, _)| name);
        services.chain(replicas.into_iter().map(|(name, _)| name))
    });
    names.collect()
}

/// What a profile asks for, of the named services and databases or of all that it has.
fn of_profile(fleet: &Fleet, profile: &str, named: &[String]) -> Result<ProfileAsked, InvocationError> {
    let written = fleet.emergency().profile(profile);
    let mut sizes: Vec<(String, Size)> = if profile == Profile::MAX {
        let to_max = |service: &Service| {
            let size = Size { asked: service.policy().capacity.max(), raise: true };
            (service.name().to_owned(), size)
        };
        fleet.services().iter().map(to_max).collect()
    } else {
        let found = written.ok_or_else(|| {
            let profiles = fleet.emergency().profiles.iter().map(|known| known.name.as_str());
            let others = profiles.filter(|name| *name != Profile::MAX);
            let known: Vec<&str> = std::iter::once(Profile::MAX).chain(others).collect();
            unknown("profile", profile, fleet.name(), &known)
        })?;
        let exactly = |(name, asked): &(String, u32)| (name.clone(), Size { asked: *asked, raise: false });
        found.sizes.iter().map(exactly).collect()
    };
    let mut replicas = written.map(|found| found.replicas.clone()).unwrap_or_default();
    let databases = replicas.iter().map(|(name, _)| name.as_str());
    let known: BTreeSet<&str> = sizes.iter().map(|(name, _)| name.as_str()).chain(databases).collect();
    if let Some(other) = named.iter().find(|name| !known.contains(name.as_str())) {
        let known: Vec<&str> = known.into_iter().collect();
        let kinds = if replicas.is_empty() { "service" } else { "service or database" };
        return Err(unknown(&format!("{kinds} of the profile `{profile}`"), other, fleet.name(), &known));
    }
    let is_named = |name: &String| named.is_empty() || named.contains(name);
    sizes.retain(|(name, _)| is_named(name));
    replicas.retain(|(name, _)| is_named(name));
    Ok(ProfileAsked { sizes, replicas })
}

/// Where the sizes exceed a budget, with every other service at its maximum, those above their maximum are cut to it: that
/// fits, as the fleet file was checked. What was cut.
fn within_budgets(fleet: &Fleet, sizes: &mut [(String, Size)]) -> BTreeMap<String, Cut> {
    let mut cuts = BTreeMap::new();
    let maxima: BTreeMap<&str, u32> =
        fleet.services().iter().map(|service| (service.name(), service.policy().capacity.max())).collect();
    for budget in fleet.budgets() {
        let asked: BTreeMap<&str, u32> =
            sizes.iter().map(|(name, size)| (name.as_str(), size.asked)).collect();
        let size = |name: &str| asked.get(name).or_else(|| maxima.get(name)).copied().unwrap_or(0);
        let needed: u64 =
            budget.uses().iter().map(|(name, each)| u64::from(size(name)) * u64::from(*each)).sum();
        if needed <= u64::from(budget.limit()) {
            continue;
        }
        for (name, size) in
            sizes.iter_mut().filter(|(name, _)| budget.uses().iter().any(|(it, _)| it == name))
        {
            let most = maxima.get(name.as_str()).copied().unwrap_or(size.asked);
            if size.asked > most {
                cuts.insert(name.clone(), Cut { budget: budget.name().to_owned(), from: size.asked });
                size.asked = most;
            }
        }
    }
    cuts
}
