//! Hours: other bounds at certain hours of the week, on the clock of a time zone.
//!
//! A window is an interval, not two events: whether it is open follows from `now` alone, so an evaluation that was missed
//! misses nothing. A window belongs to the day on which it opens, and may close on the next one.
//!
//! When clocks change, a time that does not exist is the moment of the jump, and of a time that comes twice a window
//! opens with the first and closes with the second: it opens once, and closes once.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The end of a window is searched this far. A window that stays open longer, or for ever, has no end worth reporting.
const LOOKAHEAD_DAYS: usize = 35;

/// One row of `hours`: bounds that hold while a window is open, or while it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The window.
    pub window: Window,
    /// The row holds while the window is closed.
    pub outside: bool,
    /// The minimum capacity meanwhile, in tasks.
    pub min: Option<u32>,
    /// The maximum capacity meanwhile, in tasks; 0 lets the service sleep.
    pub max: Option<u32>,
}

/// A window of the week: `mon-fri 07:00-20:00 Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The days on which it opens.
    pub days: Days,
    /// When it opens.
    pub from: Time,
    /// When it closes: on the next day unless this is later than `from`. Midnight is 24:00.
    pub until: Time,
    /// The clock it follows. It was resolved when the fleet file was read: no decision reads a zone file.
    pub zone: TimeZone,
    /// The fleet's holidays, in order.
    pub holidays: Arc<[Date]>,
}

/// Days of the week, and holidays. A day that is a holiday counts as a holiday and not as its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// Monday to Sunday.
    pub week: [bool; 7],
    /// The fleet's holidays.
    pub holidays: bool,
}

/// Whether a row of `hours` is in force at a moment, and until when that stays so; `None` when no end is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowState {
    /// Its bounds hold.
    pub in_force: bool,
    /// When that changes.
    pub until: Option<Timestamp>,
}

impl Days {
    /// Monday to Sunday as the fleet file writes them.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// All days, holidays among them.
    pub const EVERY: Self = Self { week: [true; 7], holidays: true };

    /// None yet.
    pub const NONE: Self = Self { week: [false; 7], holidays: false };

    fn has(self, weekday: Weekday) -> bool {
        let index = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        self.week.get(index).copied().unwrap_or(false)
    }
}

impl Hours {
    /// Whether its bounds hold at a moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> WindowState {
        let (open, until) = self.window.state(now);
        WindowState { in_force: open != self.outside, until }
    }
}

impl Window {
    /// Whether it is open, and when that changes. Windows that follow each other without a gap are one.
    fn state(&self, now: Timestamp) -> (bool, Option<Timestamp>) {
        let today = self.zone.to_datetime(now).date();
        let days = today.yesterday().unwrap_or(today).series(jiff::Span::new().days(1)).take(LOOKAHEAD_DAYS);
        let mut end: Option<Timestamp> = None;
        let mut last = today;
        for day in days {
            last = day;
            let Some((opens, closes)) = self.interval(day) else { continue };
            match end {
                None if now < opens => return (false, Some(opens)),
                None if now < closes => end = Some(closes),
                None => {}
                Some(sofar) if opens <= sofar => end = Some(sofar.max(closes)),
                Some(sofar) => return (true, Some(sofar)),
            }
        }
        let in_sight = |end: &Timestamp| self.zone.to_datetime(*end).date() < last;
        (end.is_some(), end.filter(in_sight))
    }

    /// The interval that begins on a day. One that lies within an hour that does not exist is none.
    fn interval(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.opens_on(day) {
            return None;
        }
        let last = if self.from < self.until { day } else { day.tomorrow().ok()? };
        let opens = self.moment(day.to_datetime(self.from), Boundary::Opens)?;
        let closes = self.moment(last.to_datetime(self.until), Boundary::Closes)?;
        (opens < closes).then_some((opens, closes))
    }

    fn opens_on(&self, day: Date) -> bool {
        let holiday = self.holidays.binary_search(&day).is_ok();
        if holiday { self.days.holidays } else { self.days.has(day.weekday()) }
    }

    /// The moment of a time of day.
    fn moment(&self, at: DateTime, boundary: Boundary) -> Option<Timestamp> {
        match (self.zone.to_ambiguous_timestamp(at).offset(), boundary) {
            (AmbiguousOffset::Unambiguous { offset }, _)
            | (AmbiguousOffset::Fold { before: offset, .. }, Boundary::Opens)
            | (AmbiguousOffset::Fold { after: offset, .. }, Boundary::Closes) => offset.to_timestamp(at).ok(),
            (AmbiguousOffset::Gap { after, .. }, _) => {
                // The later offset, too early: the jump is the next change from there.
                let before_the_jump = after.to_timestamp(at).ok()?;
                self.zone.following(before_the_jump).next().map(|change| change.timestamp())
            }
        }
    }
}

/// Which end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boundary {
    Opens,
    Closes,
}

/// `sat-sun and holidays`, in the order of the week.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::EVERY {
            return f.write_str("every day");
        }
        let mut parts: Vec<String> = Vec::new();
        let mut run: Vec<&str> = Vec::new();
        let days = Self::NAMES.into_iter().zip(self.week).map(|(name, on)| on.then_some(name));
        for day in days.chain([None]) {
            match (day, run.as_slice()) {
                (Some(name), _) => run.push(name),
                (None, []) => {}
                (None, [first, .., last]) => parts.push(format!("{first}-{last}")),
                (None, [only]) => parts.push((*only).to_owned()),
            }
            if day.is_none() {
                run.clear();
            }
        }
        parts.extend(self.holidays.then(|| "holidays".to_owned()));
        f.write_str(&parts.join(" and "))
    }
}

/// `mon-fri 07:00-20:00 Europe/Berlin`, as the fleet file writes it.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { days, from, until, zone, holidays: _ } = self;
        let until =
            if *until == Time::midnight() { "24:00".to_owned() } else { until.strftime("%H:%M").to_string() };
        let zone = zone.iana_name().unwrap_or("UTC");
        write!(f, "{days} {}-{until} {zone}", from.strftime("%H:%M"))
    }
}

/// `mon-fri 07:00-20:00 Europe/Berlin`, or `outside mon-fri …`.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outside = if self.outside { "outside " } else { "" };
        write!(f, "{outside}{}", self.window)
    }
}
