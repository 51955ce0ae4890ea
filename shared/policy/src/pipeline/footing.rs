//! What the floor table asks for in this look.

use jiff::{SignedDuration, Timestamp};

use crate::floor::{FLOOR_KEPT, Floor};
use crate::memory::{LastPoint, Memory, since};
use crate::observation::Observation;
use crate::pipeline::evidence::unread;
use crate::pipeline::readings::{freshness, sight};
use crate::reading::Reading;
use crate::reason::Reason;
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// The floor, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Footing {
    /// The least capacity in tasks; 0 when it was never known.
    pub(crate) tasks: u32,
    /// The value that asks for it, and how old that is.
    known: Option<(f64, SignedDuration)>,
    /// The metric and whether it is fresh.
    name: String,
    fresh: bool,
    /// It was not read for too long: nothing scales in.
    pub(crate) unread: Option<Reason>,
}

impl Footing {
    /// What the floor says, when it decides.
    pub(crate) fn reason(&self) -> Option<Reason> {
        let (value, age) = self.known?;
        let Self { tasks, name, fresh, .. } = self;
        let age = (!fresh).then_some(age);
        Some(Reason::Floor { metric: name.clone(), value, age, tasks: *tasks })
    }
}

/// Reads the floor table. A value that is too old keeps its floor: missing data never lowers it. `last` is the metric's
/// newest datapoint, however old, that of this look included.
pub(crate) fn of(
    floor: &Floor,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    last: Option<&LastPoint>,
    now: Timestamp,
) -> Footing {
    let signal = Signal::Metric(floor.by().clone());
    let reading = sight(&signal, seen, policy, memory, now).reading;
    let (known, fresh, kept) = match (&reading, last) {
        (Some(Reading::Fresh { value, at }), _) => (Some((*value, since(*at, now))), true, true),
        (_, Some(last)) => {
            let age = since(last.at, now);
            let period = SignedDuration::from_secs(last.period);
            (Some((last.value, age)), false, age <= freshness(period).saturating_add(FLOOR_KEPT))
        }
        (_, None) => (None, false, false),
    };
    Footing {
        tasks: known.map_or(0, |(value, _)| floor.least(value)),
        known,
        name: floor.by().as_str().to_owned(),
        fresh,
        unread: unread(&signal, reading.as_ref()).filter(|_| !kept),
    }
}
