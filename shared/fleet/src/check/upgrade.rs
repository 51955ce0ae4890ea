//! What the settings of a database's class and storage say together.

use tidegate_policy::Condition;
use tidegate_policy::database_class::memory_mib;
use tidegate_policy::rule::Span;
use tidegate_policy::upgrades::policy::{ClassLadder, between_datapoints};

use crate::check::{database, rules};
use crate::problem::{Code, Place, Problem, Problems};
use crate::yaml::object::Object;

/// A condition, and where it and its threshold stand.
pub(crate) struct PlacedCondition {
    pub(crate) condition: Condition,
    pub(crate) place: Place,
    pub(crate) threshold: Place,
}

/// A row of a floor, and where its class stands.
pub(crate) struct ClassFloorRow {
    pub(crate) level: u64,
    /// The place of the class in `classes`.
    pub(crate) class: usize,
    /// Its name.
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// What is said of a cluster and is for RDS only.
pub(crate) fn of_aurora(database: &Object<'_>, problems: &mut Problems) {
    let mut refuse = |keys: &[&str], code, help| {
        if let Some(key) = keys.iter().find(|key| database.has(key)) {
            let message = format!("`{key}` is for RDS only");
            problems.push(Problem::new(code, database.place_of(key), message).help(help));
        }
    };
    let help = "remove `classes` and `upgrade`: the class of the writer of an Aurora cluster is not changed by this version";
    refuse(&["classes", "upgrade"], Code::ClassesOfAurora, help);
    let help =
        "remove it: the storage of an Aurora cluster grows by itself, and has no `MaxAllocatedStorage`";
    refuse(&["storage"], Code::StorageOfAurora, help);
}

/// Each class once, and each larger than those before it, as far as their memory is known.
pub(crate) fn classes(classes: &[(String, Place)], problems: &mut Problems) {
    let mut largest: Option<(&str, u64)> = None;
    for (index, (class, place)) in classes.iter().enumerate() {
        let earlier = classes.get(..index).unwrap_or_default();
        if let Some((_, first)) = earlier.iter().find(|(known, _)| known == class) {
            let message = format!("`{class}` stands in `classes` twice, first in line {}", first.line);
            let problem = Problem::new(Code::DuplicateName, *place, message);
            problems.push(problem.help("each class once, the smallest first"));
            continue;
        }
        let Some(memory) = memory_mib(class) else {
            let message = format!("the memory of `{class}` is not known");
            let help = "while the database has this class, `memory` is not compared, nor are `connections` in percent without \
                        `max_connections`; and it never gets this class as a smaller one, since nothing shows that the load fits";
            problems.push(Problem::new(Code::UnknownClass, *place, message).help(help));
            continue;
        };
        if let Some((before, most)) = largest.filter(|(_, most)| memory <= *most) {
            let gib = |mib: u64| mib / 1_024;
            let message = format!(
                "`{class}` has {} GiB of memory, no more than `{before}` before it, {} GiB",
                gib(memory),
                gib(most)
            );
            let problem = Problem::new(Code::ClassesFall, *place, message);
            problems.push(problem.help("write the classes in the order of their memory, the smallest first"));
            continue;
        }
        largest = Some((class, memory));
    }
}

/// What the conditions say about each other and about their signals.
pub(crate) fn conditions(up: &[PlacedCondition], down: &[PlacedCondition], problems: &mut Problems) {
    for smaller in down {
        let (when_down, place) = (&smaller.condition, smaller.place);
        let same = |larger: &&PlacedCondition| {
            let when = &larger.condition;
            when.signal == when_down.signal && when.unit == when_down.unit && rules::overlap(when, when_down)
        };
        for larger in up.iter().filter(same) {
            let message = format!(
                "`{when_down}` asks for a smaller class while `{}` asks for a larger one",
                larger.condition
            );
            let help = "leave a gap between the two thresholds, where nothing changes";
            problems.push(Problem::new(Code::ContradictingRules, place, message).help(help));
        }
    }
    measured(up, problems);
    for PlacedCondition { condition, threshold, .. } in up.iter().chain(down) {
        database::never_matches(condition, *threshold, problems);
    }
}

/// No condition of `when` is shorter than the time between its datapoints, which the longest one of the same signal sets. (`down` asks for
/// a day at least, and is weighed by the peak of each hour.)
fn measured(up: &[PlacedCondition], problems: &mut Problems) {
    for PlacedCondition { condition, place, .. } in up {
        let same = up.iter().filter(|other| other.condition.signal == condition.signal);
        let Some(longest) = same.max_by_key(|other| other.condition.hold_for) else { continue };
        let shortest = between_datapoints(longest.condition.hold_for);
        if condition.hold_for < shortest {
            let message = format!(
                "`{condition}` is shorter than the hour between its datapoints, beside `{}`",
                longest.condition
            );
            let help = format!(
                "allowed: {} or more: CloudWatch is asked for the averages of `{}` once, for its longest `for`; of more than 6h they are \
                 hourly",
                Span(shortest),
                condition.signal
            );
            problems.push(Problem::new(Code::OutOfRange, *place, message).help(help));
        }
    }
}

/// Each row of a floor, in the order of their values, names a larger class than the one before.
pub(crate) fn floor_rises(rows: &[ClassFloorRow], problems: &mut Problems) {
    for (before, row) in rows.iter().zip(rows.iter().skip(1)) {
        if row.class <= before.class {
            let message = format!(
                "`{}: {}` is no larger class than that from {} on, `{}`",
                row.level, row.name, before.level, before.name
            );
            let problem = Problem::new(Code::FloorFalls, row.place, message);
            problems.push(problem.help("the classes of a table rise with its values"));
        }
    }
}

/// A class that becomes smaller by itself should become larger again by itself.
pub(crate) fn one_way(ladder: &ClassLadder, upgrade: &Object<'_>, problems: &mut Problems) {
    if !ladder.down.is_empty() && ladder.up.is_empty() && ladder.floor.is_none() {
        let message =
            "the class only ever becomes smaller by itself: `when` or `floor` says when it becomes larger";
        problems.push(Problem::new(Code::OneWayRules, upgrade.place_of("down"), message));
    }
}

/// A critical share that is not below the one that is worth a warning.
pub(crate) fn shares(storage: &Object<'_>, warning: u32, critical: u32, problems: &mut Problems) {
    let key = if storage.has("critical") { "critical" } else { "warning" };
    let message = format!("`critical` is {critical}%, not below `warning`, {warning}%");
    let help = "less free storage is worse: write a smaller share as `critical`; where they are not written, `warning` is 20% and \
                `critical` 10%";
    problems.push(Problem::new(Code::MinAboveMax, storage.place_of(key), message).help(help));
}
