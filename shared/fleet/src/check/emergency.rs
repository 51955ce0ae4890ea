//! What the profiles of `emergency` say about the services: their bounds, their budgets and their modes.

use crate::model::database::Database;
use crate::model::fleet::{Budget, Service};
use crate::model::mode::Mode;
use crate::problem::{Code, Place, Problem, Problems, words};

/// A profile, and where its parts stand.
pub(crate) struct PlacedProfile {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) sizes: Vec<PlacedSize>,
    pub(crate) replicas: Vec<PlacedReplicas>,
}

/// The least number of replicas of a database under a profile, and where it stands.
pub(crate) struct PlacedReplicas {
    pub(crate) database: String,
    pub(crate) count: u32,
    pub(crate) place: Place,
}

/// The size of a service under a profile, and where both stand.
pub(crate) struct PlacedSize {
    pub(crate) service: String,
    pub(crate) service_place: Place,
    pub(crate) size: u32,
    pub(crate) size_place: Place,
}

/// The services and databases of a fleet and what they share, as far as they could be read.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) services: &'a [Option<Service>],
    pub(crate) databases: &'a [Option<Database>],
    pub(crate) budgets: &'a [Option<Budget>],
}

impl<'a> Known<'a> {
    fn service(self, name: &str) -> Option<&'a Service> {
        self.services.iter().flatten().find(|service| service.name() == name)
    }
}

/// A profile can be engaged as it is written, and changes something.
pub(crate) fn profile(profile: &PlacedProfile, known: Known<'_>, problems: &mut Problems) {
    for size in &profile.sizes {
        within_bounds(size, known, problems);
    }
    for asked in &profile.replicas {
        within_replicas(asked, known, problems);
    }
    // A budget that is exceeded without any profile is reported as that.
    let kept = |budget: &&Budget| budget.use_at_max <= u64::from(budget.limit);
    for budget in known.budgets.iter().flatten().filter(kept) {
        room(profile, budget, known, problems);
    }
    observed(profile, known, problems);
}

/// An override sets no more than that, and a profile is made of overrides.
fn within_bounds(size: &PlacedSize, known: Known<'_>, problems: &mut Problems) {
    let Some(service) = known.service(&size.service) else { return };
    let most = service.policy().override_max;
    if size.size <= most {
        return;
    }
    let (name, tasks) = (service.name(), service.policy().capacity_unit.many());
    let message = format!("`{name}: {}` lies above the most that an override may set, {most}", size.size);
    let help = format!("allowed: 0 to {most} {tasks}; raise `override_max` in the `capacity` of `{name}`");
    problems.push(Problem::new(Code::ProfileAboveCapacity, size.size_place, message).help(help));
}

/// An emergency adds replicas within the bounds of the file, and removes none.
fn within_replicas(asked: &PlacedReplicas, known: Known<'_>, problems: &mut Problems) {
    let PlacedReplicas { database: name, count, place } = asked;
    let Some(database) = known.databases.iter().flatten().find(|it| it.name() == name) else { return };
    let Some(bounds) = &database.policy().count else {
        let message =
            format!("`{name}: {count}`: the number of replicas of `{name}` is not Tidegate's to change");
        let help = format!("write `min` and `max` in the `replicas` of `{name}`, or leave `{name}` out");
        problems.push(Problem::new(Code::ProfileAboveCapacity, *place, message).help(help));
        return;
    };
    let (min, max) = (bounds.min, bounds.max);
    let problem = if *count > max {
        format!("`{name}: {count}` lies above `max` {max} of the replicas of `{name}`")
    } else if *count < min {
        format!("`{name}: {count}` lies below `min` {min}: an emergency never removes a replica")
    } else {
        return;
    };
    let help = format!("allowed: {min} to {max} replicas, as the `replicas` of `{name}` say");
    problems.push(Problem::new(Code::ProfileAboveCapacity, *place, problem).help(help));
}

/// With every other service at its maximum the sizes fit into the budget.
fn room(profile: &PlacedProfile, budget: &Budget, known: Known<'_>, problems: &mut Problems) {
    let mut parts = Vec::new();
    let mut used = 0_u64;
    for (name, per_task) in &budget.uses {
        let Some(service) = known.service(name) else { continue };
        let written = profile.sizes.iter().find(|size| size.service == *name);
        // A size above that is a mistake of its own.
        let (size, at_max) = match written {
            Some(written) => (written.size.min(service.policy().override_max), ""),
            None => (service.policy().capacity.max(), " (its maximum)"),
        };
        let total = u64::from(size).saturating_mul(u64::from(*per_task));
        used = used.saturating_add(total);
        parts.push(format!("{name} {size}{at_max} x {per_task} = {total}"));
    }
    if used <= u64::from(budget.limit) {
        return;
    }
    let message = format!(
        "under the profile `{}` the budget `{}` would take {used}, above its limit {}",
        profile.name, budget.name, budget.limit
    );
    let help = format!("{}; lower a size, or raise the limit", parts.join(", "));
    problems.push(Problem::new(Code::BudgetExceeded, profile.place, message).help(help));
}

/// Of what is observed nothing is ever changed, an emergency included.
fn observed(profile: &PlacedProfile, known: Known<'_>, problems: &mut Problems) {
    let observes = |size: &&PlacedSize| {
        known.service(&size.service).is_some_and(|service| service.mode() == Mode::Observe)
    };
    let database = |name: &str| known.databases.iter().flatten().find(|it| it.name() == name);
    let is_observed =
        |it: &&PlacedReplicas| database(&it.database).is_some_and(|it| it.mode() == Mode::Observe);
    let services = profile.sizes.iter().filter(observes).map(|it| (&it.service, it.service_place));
    let databases = profile.replicas.iter().filter(is_observed).map(|it| (&it.database, it.place));
    let mut watched = services.chain(databases);
    let Some((first, place)) = watched.next() else { return };
    let (more, are) = match watched.count() {
        0 => (String::new(), "is"),
        more => (format!(" and {}", words::count(more, "other target", "other targets")), "are"),
    };
    let message = format!(
        "the profile `{}` sizes `{first}`{more}, which {are} in mode `observe`: nothing is changed there",
        profile.name
    );
    let help = "leave out what is only observed, or set `mode: enforce` once the profile is meant to act";
    problems.push(Problem::new(Code::ProfileObserves, place, message).help(help));
}
