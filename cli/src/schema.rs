//! `tidegate schema`: the JSON Schema of the fleet file.

use tidegate_fleet::schema::schema;

use crate::outcome::CommandOutput;

/// The schema, as it is published.
pub(crate) fn run() -> CommandOutput {
    CommandOutput::done(format!("{:#}\n", schema()))
}
