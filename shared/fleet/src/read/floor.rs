//! A service's `floor`: the least capacity by a metric of the business.

use tidegate_policy::floor::FloorError;
use tidegate_policy::{Capacity, Floor, OnAbsence};

use crate::problem::{Code, Place, Problem, Problems, words};
use crate::read::metrics::Declared;
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar;

/// A row, and where its tasks stand.
struct FloorRow {
    level: u64,
    tasks: u32,
    place: Place,
}

/// Reads a service's `floor`, if there is one; the outer `None` comes only after reporting why.
#[expect(clippy::option_option, reason = "a floor that is not there differs from one that is wrong")]
pub(crate) fn read(
    service: &Object<'_>,
    capacity: Option<Capacity>,
    declared: &[Declared],
    problems: &mut Problems,
) -> Option<Option<Floor>> {
    const WORDS: FloorWords = FloorWords {
        declared_by: "the service",
        without_zero: "without datapoints the floor then stays at its last known value",
    };
    if !service.has("floor") {
        return Some(None);
    }
    let object = service.map("floor", problems)?;
    let rows = rows(&object, capacity, problems);
    let metric = metric(&object, declared, &WORDS, problems)?;
    let rows = rows?;
    match Floor::new(metric.name.clone(), rows.iter().map(|row| (row.level, row.tasks)).collect()) {
        Ok(floor) => Some(Some(floor)),
        Err(error) => {
            problems.push(not_a_table(error, &rows, &object));
            None
        }
    }
}

/// What problems of a floor's metric say, which services and databases have in common.
pub(crate) struct FloorWords {
    /// Who declares it: `the service`.
    pub(crate) declared_by: &'static str,
    /// What holds without datapoints, and without `absent: zero`.
    pub(crate) without_zero: &'static str,
}

/// The metric that a floor follows, as `by` names it; `None` only after reporting why.
pub(crate) fn metric<'a>(
    object: &Object<'_>,
    declared: &'a [Declared],
    said: &FloorWords,
    problems: &mut Problems,
) -> Option<&'a Declared> {
    let FloorWords { declared_by, without_zero } = said;
    let by = object.text("by", problems)?;
    let Some(metric) = declared.iter().find(|metric| metric.name.as_str() == by) else {
        let known = declared.iter().map(|metric| metric.name.as_str());
        let hint =
            words::nearest(&by, known).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
        let message = format!("`by` names the unknown metric `{}`", words::shortened(&by));
        let help = format!("{hint}a floor follows a metric that {declared_by} declares under `metrics`");
        problems.push(Problem::new(Code::UnknownSignal, object.place_of("by"), message).help(help));
        return None;
    };
    if metric.source.as_ref().is_some_and(|source| source.on_absence() == OnAbsence::Zero) {
        let message = format!("`{by}` has `absent: zero`, so missing data would remove the floor");
        let help = format!("remove `absent: zero`: {without_zero}");
        problems.push(Problem::new(Code::FloorAbsentZero, object.place_of("by"), message).help(help));
    }
    if metric.limit.is_some() {
        let message = format!("`{by}` is in percent of its `limit`, but the floor table needs a count");
        let help = "remove the metric's `limit`, or declare the metric a second time without one";
        problems.push(Problem::new(Code::LimitWithoutTotal, object.place_of("by"), message).help(help));
    }
    Some(metric)
}

fn not_a_table(error: FloorError, rows: &[FloorRow], object: &Object<'_>) -> Problem {
    match error {
        FloorError::Empty => Problem::new(Code::EmptyValue, object.place_of("table"), error.to_string())
            .help("write rows of `VALUE: TASKS`, as in `{ 100: 2, 1000: 5 }`: at least 2 tasks from 100, 5 from 1000"),
        FloorError::Falls { level, .. } => {
            let row = rows.iter().find(|row| row.level == level);
            let place = row.map_or(object.place_of("table"), |row| row.place);
            Problem::new(Code::FloorFalls, place, error.to_string())
                .help("a higher value must not mean fewer tasks")
        }
    }
}

fn rows(object: &Object<'_>, capacity: Option<Capacity>, problems: &mut Problems) -> Option<Vec<FloorRow>> {
    let written = object.node("table")?;
    let before = problems.len();
    let mut rows = Vec::new();
    for (key, node) in object.table("table", problems) {
        let tasks = read_scalar(node, &key.text, problems, |written| {
            Some(scalar::count(written, 0, Capacity::LIMIT, "tasks"))
        });
        let (Some(tasks), Ok(level)) = (tasks, key.text.parse()) else { continue };
        if let Some(capacity) = capacity.filter(|capacity| tasks > capacity.max()) {
            let message =
                format!("`{}: {tasks}` is above the maximum of `capacity`, {}", key.text, capacity.max());
            let help = "raise `capacity.max`: it limits `floor` too, and budgets are checked against it";
            problems.push(Problem::new(Code::FloorAboveCapacity, node.place, message).help(help));
        }
        rows.push(FloorRow { level, tasks, place: node.place });
    }
    let readable = problems.len() == before && matches!(written.value, crate::yaml::tree::Value::Map(_));
    readable.then_some(rows)
}
