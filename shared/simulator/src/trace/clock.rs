//! The clock of a zone: what time it was when its hands showed a timestamp that names no zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::refusal::{RefusalKind, excerpt};

/// A zone's clock, read row by row.
#[derive(Debug)]
pub(super) struct LocalClock {
    zone: TimeZone,
    before: Option<ClockReading>,
    /// The distance of the last two rows that differ, in milliseconds.
    step: Option<i64>,
    repeated: Option<Repeated>,
}

/// One reading of the clock, and the moment it was taken for.
#[derive(Debug, Clone, Copy)]
struct ClockReading {
    shown: DateTime,
    at: i64,
}

/// An hour that the clock shows twice, while its rows are read.
#[derive(Debug, Clone, Copy)]
struct Repeated {
    date: Date,
    /// The rows go forward in time.
    forward: bool,
    /// The clock has been put back, in the order of the rows.
    again: bool,
}

impl LocalClock {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, before: None, step: None, repeated: None }
    }

    /// The moment, in milliseconds. Of an hour that comes twice the order of the rows decides; one that does not exist is
    /// refused.
    pub(super) fn moment(&mut self, shown: DateTime, written: &str) -> Result<i64, RefusalKind> {
        let refused = || (excerpt(written), self.zone.iana_name().unwrap_or("this zone").to_owned());
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        let (at, repeated) = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => (moment(offset, shown, written)?, None),
            AmbiguousOffset::Gap { .. } => {
                let (found, zone) = refused();
                return Err(RefusalKind::Skipped { found, zone });
            }
            AmbiguousOffset::Fold { before, after } => {
                let (early, late) = (moment(before, shown, written)?, moment(after, shown, written)?);
                let Some(repeated) = self.follow(shown, early, late) else {
                    let (found, zone) = refused();
                    return Err(RefusalKind::Shuffled { found, zone });
                };
                // Going forward the second time is the later one, going backward the earlier one.
                (if repeated.forward == repeated.again { late } else { early }, Some(repeated))
            }
        };
        if let Some(before) = self.before.filter(|before| before.at != at) {
            self.step = Some((at - before.at).abs());
        }
        (self.before, self.repeated) = (Some(ClockReading { shown, at }), repeated);
        Ok(at)
    }

    /// Where in the repeated hour the next row stands; `None` if it goes back a second time.
    fn follow(&self, shown: DateTime, early: i64, late: i64) -> Option<Repeated> {
        let (Some(before), Some(repeated)) =
            (self.before, self.repeated.filter(|one| one.date == shown.date()))
        else {
            let forward = self.before.is_none_or(|before| before.at < early);
            return Some(Repeated { date: shown.date(), forward, again: false });
        };
        let against = if repeated.forward { shown < before.shown } else { shown > before.shown };
        // Of rows an hour apart the same reading is the same hour once more, not the same row.
        let hourly = shown == before.shown && self.step.is_none_or(|step| step >= late - early);
        let again = against || hourly;
        (!(again && repeated.again)).then_some(Repeated { again: again || repeated.again, ..repeated })
    }
}

/// The moment at which a clock with that offset shows this.
pub(super) fn moment(offset: Offset, shown: DateTime, written: &str) -> Result<i64, RefusalKind> {
    let moment = offset.to_timestamp(shown);
    moment.map(Timestamp::as_millisecond).map_err(|_| RefusalKind::Timestamp { found: excerpt(written) })
}
