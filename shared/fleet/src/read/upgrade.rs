//! The instance class and the storage of a database: `classes`, `upgrade`, `metrics` and `storage`.

use std::num::NonZeroU32;

use tidegate_policy::WeeklyWindow;
use tidegate_policy::upgrades::policy::{
    ChangeWindow, ClassFloor, ClassLadder, StorageLimits, UpgradePolicy,
};
use tidegate_policy::weekly_window::WeeklyWindowError;

use crate::check::upgrade::{self as check, ClassFloorRow, PlacedCondition};
use crate::model::database::DatabaseKind;
use crate::model::metric::Source;
use crate::problem::{Code, Place, Problem, Problems, words};
use crate::read::floor::{self, FloorWords};
use crate::read::instance_condition::{directed, parse_of_class};
use crate::read::metrics::{self, Declared};
use crate::read::percent;
use crate::settings::texts;
use crate::settings::upgrade::{MAINTENANCE, RESERVATIONS};
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar::{self, Fault};

/// What a database says of its class and its storage.
pub(crate) struct ClassAndStorage {
    /// `None` where it says nothing of either.
    pub(crate) policy: Option<UpgradePolicy>,
    /// Where the metric of the floor comes from.
    pub(crate) floor: Option<Source>,
}

/// Reads them; `None` only after reporting why.
pub(crate) fn read(
    database: &Object<'_>,
    kind: Option<DatabaseKind>,
    max_connections: Option<NonZeroU32>,
    problems: &mut Problems,
) -> Option<ClassAndStorage> {
    let is_aurora = kind == Some(DatabaseKind::Aurora);
    if is_aurora {
        check::of_aurora(database, problems);
    }
    let declared = metrics::declared(database, None, problems);
    let ladder = ladder(database, &declared, problems);
    let by = database.node("upgrade").and_then(|upgrade| upgrade.entry("floor")?.entry("by")?.text());
    let users = ("no `floor`", "name it in the `floor` of `upgrade`");
    metrics::report_unused(&declared, by.as_slice(), users, problems);
    let storage = storage(database, problems);
    // What is there and could not be read is reported, and nothing more is said of it.
    let is_cut =
        [("classes", ladder.is_none()), ("upgrade", ladder.is_none()), ("storage", storage.is_none())]
            .iter()
            .any(|(key, missing)| *missing && database.has(key));
    if is_cut {
        return None;
    }
    let (ladder, floor) = ladder.unzip();
    let policy = (ladder.is_some() || storage.is_some()).then_some(UpgradePolicy {
        is_aurora,
        ladder,
        storage,
        max_connections,
    });
    Some(ClassAndStorage { policy, floor: floor.flatten() })
}

/// The classes and when they change, and where the metric of the floor comes from; `None` when there are no `classes`, or after
/// reporting why.
fn ladder(
    database: &Object<'_>,
    declared: &[Declared],
    problems: &mut Problems,
) -> Option<(ClassLadder, Option<Source>)> {
    let classes = classes(database, problems);
    let upgrade = database.map("upgrade", problems)?;
    let up = conditions(&upgrade, "when", problems);
    let down = conditions(&upgrade, "down", problems);
    let floor = floor(&upgrade, classes.as_deref(), declared, problems);
    let window = upgrade.parsed("window", problems, window);
    let per_day = upgrade.count("per_day", problems);
    let keeps_reservations = upgrade.choice("reservations", &RESERVATIONS, problems);
    let (up, down) = (up?, down?);
    check::conditions(&up, &down, problems);
    let (floor, source) = floor?.unzip();
    let only = |placed: Vec<PlacedCondition>| placed.into_iter().map(|it| it.condition).collect();
    let ladder = ClassLadder {
        classes: classes?,
        up: only(up),
        down: only(down),
        floor,
        window: window?,
        per_day: per_day?,
        keeps_reservations: keeps_reservations?,
    };
    check::one_way(&ladder, &upgrade, problems);
    Some((ladder, source))
}

/// The classes, the smallest first; `None` when there are none, or after reporting why.
fn classes(database: &Object<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    database.node("classes")?;
    let nodes = database.list("classes", problems);
    let classes: Vec<(String, Place)> = nodes
        .iter()
        .map(|node| {
            let class = read_scalar(node, "classes", problems, |written| {
                Some(scalar::text(written, &texts::DATABASE_CLASS))
            });
            Some((class?, node.place))
        })
        .collect::<Option<_>>()?;
    check::classes(&classes, problems);
    Some(classes.into_iter().map(|(class, _)| class).collect())
}

/// The conditions of `when` or of `down`; `None` only after reporting why.
fn conditions(upgrade: &Object<'_>, key: &str, problems: &mut Problems) -> Option<Vec<PlacedCondition>> {
    let upward = key == "when";
    let text = if upward { &texts::CLASS_UP } else { &texts::CLASS_DOWN };
    let read = |text: &str| directed(parse_of_class(text, upward)?, key, upward);
    let nodes = upgrade.one_or_more(key, problems);
    let conditions: Vec<Option<PlacedCondition>> = nodes
        .iter()
        .map(|node| {
            let parsed = read_scalar(node, key, problems, |written| {
                Some(scalar::text(written, text).and_then(|text| read(&text)))
            })?;
            let (offset, width) = parsed.threshold;
            Some(PlacedCondition {
                condition: parsed.condition,
                place: node.place,
                threshold: node.place_of(offset, width),
            })
        })
        .collect();
    conditions.into_iter().collect()
}

/// The smallest class by a metric of the business, if there is one; the outer `None` comes only after reporting why.
#[expect(clippy::option_option, reason = "a floor that is not there differs from one that is wrong")]
fn floor(
    upgrade: &Object<'_>,
    classes: Option<&[String]>,
    declared: &[Declared],
    problems: &mut Problems,
) -> Option<Option<(ClassFloor, Source)>> {
    const WORDS: FloorWords = FloorWords {
        declared_by: "the database",
        without_zero: "without datapoints the metric then asks for no class, and allows no smaller one",
    };
    if !upgrade.has("floor") {
        return Some(None);
    }
    let object = upgrade.map("floor", problems)?;
    let rows = floor_rows(&object, classes, problems);
    let metric = floor::metric(&object, declared, &WORDS, problems);
    let (mut rows, metric) = (rows?, metric?);
    rows.sort_by_key(|row| row.level);
    check::floor_rises(&rows, problems);
    let rows = rows.iter().map(|row| (row.level, row.class)).collect();
    Some(Some((ClassFloor { by: metric.name.clone(), rows }, metric.source.clone()?)))
}

/// The rows of a floor; `None` when `classes` is not known, or after reporting why.
fn floor_rows(
    object: &Object<'_>,
    classes: Option<&[String]>,
    problems: &mut Problems,
) -> Option<Vec<ClassFloorRow>> {
    let written = object.node("table")?;
    let before = problems.len();
    let mut rows = Vec::new();
    for (key, node) in object.table("table", problems) {
        let class = read_scalar(node, &key.text, problems, |written| {
            Some(scalar::text(written, &texts::DATABASE_CLASS))
        });
        let (Some(name), Ok(level), Some(classes)) = (class, key.text.parse(), classes) else { continue };
        let Some(class) = classes.iter().position(|known| *known == name) else {
            let message = format!("`{}: {name}` names none of the database's `classes`", key.text);
            let help = words::meant(&name, classes);
            problems.push(Problem::new(Code::UnknownValue, node.place, message).help(help));
            continue;
        };
        rows.push(ClassFloorRow { level, class, name, place: node.place });
    }
    let is_map = matches!(written.value, crate::yaml::tree::Value::Map(_));
    (problems.len() == before && is_map && classes.is_some()).then_some(rows)
}

/// When a change may begin.
fn window(text: &str) -> Result<ChangeWindow, Fault> {
    if text == MAINTENANCE {
        return Ok(ChangeWindow::Maintenance);
    }
    text.parse::<WeeklyWindow>().map(ChangeWindow::Weekly).map_err(|error| {
        let shown = words::shortened(text);
        let (message, help) = match error {
            WeeklyWindowError::Unreadable => {
                let hint = words::nearest(text, [MAINTENANCE].into_iter());
                let hint = hint.map(|word| format!("did you mean `{word}`? ")).unwrap_or_default();
                let or = "; or `maintenance`, the instance's own window";
                (format!("is `{shown}`, not a window"), format!("{hint}{error}{or}"))
            }
            WeeklyWindowError::TooShort { .. } | WeeklyWindowError::TooLong { .. } => {
                (format!("is `{shown}`"), error.to_string())
            }
        };
        Fault::new(Code::BadWindow, message, help)
    })
}

/// What is asked of the storage; `None` when there is nothing, or after reporting why.
fn storage(database: &Object<'_>, problems: &mut Problems) -> Option<StorageLimits> {
    database.node("storage")?;
    let storage = database.map("storage", problems)?;
    let max_gib = storage.count("max", problems);
    let mut share =
        |key| storage.parsed(key, problems, |text| percent::parse(text, "write a share as `20%`"));
    let (warning, critical) = (share("warning"), share("critical"));
    let (warning, critical) = (warning?, critical?);
    if critical >= warning {
        check::shares(&storage, warning, critical, problems);
        return None;
    }
    if max_gib.is_none() && storage.has("max") {
        return None;
    }
    Some(StorageLimits { max_gib, warning, critical })
}
