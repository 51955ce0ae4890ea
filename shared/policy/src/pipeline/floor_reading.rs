//! What the floor table asks for in this evaluation.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::evidence::conditions::unread;
use crate::evidence::metric::{self, freshness};
use crate::floor::{FLOOR_KEPT, Floor};
use crate::memory::{LastPoint, Memory};
use crate::observation::Observation;
use crate::reason::Reason;
use crate::service::ServicePolicy;
use crate::signal::Signal;

/// The floor, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FloorReading {
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

impl FloorReading {
    /// What the floor says, when it decides.
    pub(crate) fn reason(&self) -> Option<Reason> {
        let (value, age) = self.known?;
        let Self { tasks, name, fresh, .. } = self;
        let age = (!fresh).then_some(age);
        Some(Reason::Floor { metric: name.clone(), value, age, tasks: *tasks })
    }
}

/// Reads the floor table. A value that is too old keeps its floor: missing data never lowers it, and neither does one
/// that may still change, which only raises it. `last` is the newest datapoint that has settled, however old, that of
/// this evaluation included.
pub(crate) fn of(
    floor: &Floor,
    seen: &Observation,
    policy: &ServicePolicy,
    memory: &Memory,
    last: Option<&LastPoint>,
    now: Timestamp,
) -> FloorReading {
    let signal = Signal::Metric(floor.by().clone());
    let signal_reading = metric::read_signal(floor.by(), seen, policy, memory, now);
    let (settled, fresh, kept) = match (signal_reading.settled(), last) {
        (Some(newest), _) => (Some((newest.value, since(newest.at, now))), true, true),
        (None, Some(last)) => {
            let age = since(last.at, now);
            let period = SignedDuration::from_secs(last.period);
            (Some((last.value, age)), false, age <= freshness(period).saturating_add(FLOOR_KEPT))
        }
        (None, None) => (None, false, false),
    };
    let young = signal_reading.early().iter().max_by(|one, other| one.value.total_cmp(&other.value));
    let raised = young.filter(|young| settled.is_none_or(|(value, _)| young.value > value));
    let known = raised.map(|young| (young.value, since(young.at, now))).or(settled);
    FloorReading {
        tasks: known.map_or(0, |(value, _)| floor.least(value)),
        known,
        name: floor.by().as_str().to_owned(),
        fresh: fresh || raised.is_some(),
        unread: if kept { None } else { unread(&signal, signal_reading.reading.as_ref()) },
    }
}
