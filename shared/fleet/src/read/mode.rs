//! The mode of a service or a database.

use crate::model::mode::Mode;
use crate::problem::{Code, Problem, Problems};
use crate::yaml::object::Object;

/// Reads the mode in force of a service or database (`what`); `None` only after reporting why, or when the fleet's own mode
/// is unknown.
pub(crate) fn read(
    object: &Object<'_>,
    what: &str,
    fleet_mode: Option<Mode>,
    problems: &mut Problems,
) -> Option<Mode> {
    let own = object.choice("mode", Mode::TABLE, problems);
    if own.is_none() && object.has("mode") {
        return None;
    }
    let narrowed = fleet_mode?.narrowed(own);
    if narrowed.is_none() {
        let message = "`mode` is `enforce` in a fleet that observes";
        let help = format!(
            "a {what} can only restrict its fleet's mode: write `mode: enforce` at the top, and `observe` on other {what}s"
        );
        let place = object.place_of("mode");
        problems.push(Problem::new(Code::WiderMode, place, message).help(help));
    }
    narrowed
}
