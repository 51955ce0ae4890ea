//! What was understood of a database's instance class and its storage, in words and in JSON.

use serde_json::{Value, json};
use tidegate_fleet::{Database, Source, cost};
use tidegate_policy::Condition;
use tidegate_policy::database_class::memory_mib;
use tidegate_policy::rule::thousands;
use tidegate_policy::upgrades::policy::{ChangeWindow, ClassFloor, ClassLadder, StorageLimits};

/// Lines for operators, each with its name; none where the file says nothing of either.
pub(crate) fn lines(database: &Database) -> Vec<(&'static str, String)> {
    let Some(policy) = database.upgrade_policy() else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(ladder) = &policy.ladder {
        lines.extend(of_ladder(ladder, database.floor_source()));
    }
    if let Some(StorageLimits { max_gib, warning, critical }) = policy.storage {
        let max = max_gib.map_or_else(
            || "RDS's own limit is left alone".to_owned(),
            |max| format!("RDS may raise it by itself up to {} GiB", thousands(max)),
        );
        lines.push(("storage", max));
        lines.push(("free storage", format!("warning below {warning}%, critical below {critical}%")));
    }
    lines
}

fn of_ladder(ladder: &ClassLadder, source: Option<&Source>) -> Vec<(&'static str, String)> {
    let ClassLadder { classes, up, down, floor, window, per_day, keeps_reservations } = ladder;
    let mut lines = Vec::new();
    let mut under = |name: &'static str, values: Vec<String>| {
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        lines.extend(names.zip(values));
    };
    under("classes", classes.iter().map(|class| with_memory(class)).collect());
    let when = match (up.as_slice(), floor) {
        ([], None) => vec!["never larger by itself, only on request".to_owned()],
        (up, _) => up.iter().map(|condition| format!("{condition}: the next larger class")).collect(),
    };
    under("when", when);
    let fits = "the next smaller class, if the load fits it";
    under(
        "down",
        vec![match down.as_slice() {
            [] => "never smaller by itself".to_owned(),
            [one] => format!("{one}: {fits}"),
            several => format!(
                "{}: {fits}",
                several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
            ),
        }],
    );
    if let Some(ClassFloor { by, rows }) = floor {
        let row = |(least, place): &(u64, usize)| {
            let class = classes.get(*place).map_or("", String::as_str);
            format!("{} >= {}: {class} or larger", by.as_str(), thousands(least))
        };
        let metric = source.map(|source| format!("{}: {source}", by.as_str()));
        under("floor", rows.iter().map(row).chain(metric).collect());
    }
    under("window", vec![window_shown(*window)]);
    let changes = if *per_day == 1 { "1 change".to_owned() } else { format!("{per_day} changes") };
    under("per_day", vec![format!("at most {changes} within 24 hours, in each window 1")]);
    let reservations = if *keeps_reservations {
        "kept: a change that leaves a reserved instance without use is refused"
    } else {
        "ignored"
    };
    under("reservations", vec![reservations.to_owned()]);
    lines
}

/// `db.t4g.large, 8 GiB`.
fn with_memory(class: &str) -> String {
    match memory_mib(class) {
        Some(memory) => format!("{class}, {} GiB", thousands(memory / 1_024)),
        None => format!("{class}, memory not known"),
    }
}

fn window_shown(window: ChangeWindow) -> String {
    match window {
        ChangeWindow::Maintenance => "the instance's own maintenance window".to_owned(),
        ChangeWindow::Weekly(window) => format!("{window} UTC"),
    }
}

/// What is read of the class and the storage; `None` where nothing is.
pub(crate) fn metrics_read(database: &Database) -> Option<String> {
    let metrics = Some(cost::metrics_of_class(database)).filter(|metrics| *metrics > 0)?;
    let noun = if metrics == 1 { "metric" } else { "metrics" };
    let has_ladder = database.upgrade_policy().is_some_and(|policy| policy.ladder.is_some());
    let gp2 = if has_ladder { " (`BurstBalance` of gp2 only)" } else { "" };
    Some(format!("at most {metrics} {noun} of its class and storage every 5 minutes{gp2}"))
}

/// The classes, smallest first; null where the class is left alone.
pub(crate) fn classes_to_json(database: &Database) -> Value {
    ladder(database).map_or(Value::Null, |ladder| json!(ladder.classes))
}

/// When the class changes; null where it is left alone.
pub(crate) fn upgrade_to_json(database: &Database) -> Value {
    let Some(ladder) = ladder(database) else { return Value::Null };
    let ClassLadder { classes, up, down, floor, window, per_day, keeps_reservations } = ladder;
    let written = |conditions: &[Condition]| conditions.iter().map(ToString::to_string).collect::<Value>();
    let row = |(least, place): &(u64, usize)| json!({ "at_least": least, "class": classes.get(*place) });
    let floor = floor.as_ref().map(|ClassFloor { by, rows }| {
        json!({
            "by": by.as_str(),
            "metric": database.floor_source().map(ToString::to_string),
            "table": rows.iter().map(row).collect::<Value>(),
        })
    });
    let window = match window {
        ChangeWindow::Maintenance => "maintenance".to_owned(),
        ChangeWindow::Weekly(window) => window.to_string(),
    };
    json!({
        "when": written(up),
        "down": written(down),
        "floor": floor,
        "window": window,
        "per_day": per_day,
        "reservations": if *keeps_reservations { "keep" } else { "ignore" },
    })
}

/// What is asked of the storage; null where it is left alone.
pub(crate) fn storage_to_json(database: &Database) -> Value {
    let limits = database.upgrade_policy().and_then(|policy| policy.storage);
    limits.map_or(Value::Null, |StorageLimits { max_gib, warning, critical }| {
        json!({ "max_gib": max_gib, "warning_percent": warning, "critical_percent": critical })
    })
}

fn ladder(database: &Database) -> Option<&ClassLadder> {
    database.upgrade_policy().and_then(|policy| policy.ladder.as_ref())
}
