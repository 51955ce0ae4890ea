//! What the settings of a database say together, and what services make of it.

use tidegate_policy::replicas::policy::ReplicaCount;
use tidegate_policy::{Comparison, Condition, Unit};

use crate::check::{rules, unique};
use crate::model::database::{Database, DatabaseName};
use crate::model::fleet::Service;
use crate::problem::{Code, Place, Problem, Problems, words};
use crate::yaml::object::Object;
use crate::yaml::tree::Node;

/// What adds a replica and what removes one never hold at the same value of one signal.
pub(crate) fn contradicting(
    (out, into): (&Condition, &Condition),
    replicas: &Object<'_>,
    problems: &mut Problems,
) {
    if out.signal == into.signal && rules::overlap(out, into) {
        let message = format!("`{into}` removes while `{out}` adds");
        let help = "leave a gap between the two thresholds, where nothing changes";
        problems.push(Problem::new(Code::ContradictingRules, replicas.place_of("in"), message).help(help));
    }
}

/// A threshold that the signal of an instance cannot reach.
pub(crate) fn never_matches(condition: &Condition, threshold_at: Place, problems: &mut Problems) {
    let Condition { signal, comparison, threshold, unit, hold_for: _ } = condition;
    let percent = *unit == Unit::Percent;
    let bound = match comparison {
        Comparison::Below if *threshold <= 0.0 => "below 0",
        Comparison::Above if percent && *threshold >= 100.0 => "above 100%",
        Comparison::AtLeast if percent && *threshold > 100.0 => "above 100%",
        Comparison::Above | Comparison::AtLeast | Comparison::Below | Comparison::AtMost => return,
    };
    let message = format!("`{signal}` of an instance is never {bound}: the condition never matches");
    problems.push(Problem::new(Code::NeverMatches, threshold_at, message));
}

/// What is said of the replicas, together.
pub(crate) fn replicas(database: &Database, replicas: &Object<'_>, problems: &mut Problems) {
    let policy = database.policy();
    if let Some(count) = &policy.count {
        moves(count, replicas, problems);
    }
    let is_rds = matches!(database.instance(), DatabaseName::Rds(_));
    if is_rds && policy.count.is_some() && policy.dns.is_none() {
        let message = "no reads would reach a replica that is added: RDS has no endpoint for all of them";
        let help = "name the record that reads go to, `dns: { zone: …, record: … }`; without it Tidegate adds no replica \
                    and tells operators instead";
        let place = replicas.place_of("max");
        problems.push(Problem::new(Code::ReadsDoNotReachReplicas, place, message).help(help));
    }
    if policy.dns.is_some() && policy.lag.is_none() {
        let message = "without `lag` a replica answers reads however far it lags";
        let help = "write how far it may lag, as in `lag: 15s`";
        problems.push(Problem::new(Code::DnsWithoutLag, replicas.place_of("dns"), message).help(help));
    }
}

/// Whether the count can go out and in between its bounds.
fn moves(count: &ReplicaCount, replicas: &Object<'_>, problems: &mut Problems) {
    let ReplicaCount { min, max, scale_out, scale_in, .. } = count;
    let (code, key, message) = match (scale_out, scale_in) {
        (None, None) if min == max => return,
        (Some(_), _) | (_, Some(_)) if min == max => {
            let key = if scale_out.is_some() { "out" } else { "in" };
            let message = format!("`min` and `max` are both {max}: `{key}` changes nothing");
            (Code::FixedSize, key, message)
        }
        (Some(_), Some(_)) => return,
        (None, None) => {
            let message = format!("without `out` and `in` the load never adds a replica beyond `min` {min}");
            (Code::FixedSize, "max", message)
        }
        (Some(_), None) => (
            Code::OneWayRules,
            "out",
            "replicas are only ever added: `in` says when one is removed".to_owned(),
        ),
        (None, Some(_)) => (
            Code::OneWayRules,
            "in",
            "replicas are only ever removed: `out` says when one is added".to_owned(),
        ),
    };
    problems.push(Problem::new(code, replicas.place_of(key), message));
}

/// A database that says nothing of its replicas, its class and its storage is there for guards.
pub(crate) fn used(databases: &[Node], services: &[Node], problems: &mut Problems) {
    let guarded = |name: &str| {
        let mut names = services.iter().filter_map(|it| it.entry("guard")?.entry("database")?.text());
        names.any(|guarded| guarded == name)
    };
    for node in databases {
        let Some(name) = unique::name_of(node) else { continue };
        let is_watched = ["replicas", "classes", "storage"].iter().any(|key| node.entry(key).is_some());
        if !is_watched && !guarded(name) {
            let message = format!(
                "`{name}` is used for nothing: it has no `replicas`, `classes` or `storage`, and no `guard` names it"
            );
            let help = "write what is to be done about its `replicas`, its `classes` or its `storage`, or name it in the \
                        `guard` of a service";
            problems.push(Problem::new(Code::UnusedDatabase, node.place, message).help(help));
        }
    }
}

/// A guard by declared numbers allows at least the minimum.
pub(crate) fn guards(
    nodes: &[Node],
    services: &[Option<Service>],
    databases: &[Option<Database>],
    problems: &mut Problems,
) {
    for (node, service) in nodes.iter().zip(services) {
        let Some((service, guard)) = service.as_ref().and_then(|it| Some((it, it.guard()?))) else {
            continue;
        };
        let database = databases.iter().flatten().find(|database| database.name() == guard.database);
        let most = database.and_then(Database::max_connections);
        let (Some(most), Some(per_task)) = (most, guard.per_task) else {
            continue;
        };
        let share = u64::from(most.get()).saturating_mul(u64::from(guard.percent)) / 100;
        let allowed = share / std::num::NonZeroU64::from(per_task);
        let (min, unit) = (service.policy().capacity.min(), service.policy().capacity_unit);
        if u64::from(min) > allowed {
            let tasks = words::count(usize::try_from(allowed).unwrap_or(usize::MAX), unit.one(), unit.many());
            let message =
                format!("the guard allows {tasks}, fewer than `min` {min}: it never allows a scale-out");
            let help = format!(
                "{}% of {most} connections are {share}, at {per_task} per task; lower `min`, or raise the share",
                guard.percent
            );
            let place = node.entry("guard").map_or(node.place, |guard| guard.place);
            problems.push(Problem::new(Code::GuardBelowMin, place, message).help(help));
        }
    }
}
