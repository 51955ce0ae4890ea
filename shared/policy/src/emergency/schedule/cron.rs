//! The cron expressions of Application Auto Scaling: `cron(minutes hours day-of-month month day-of-week year)`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The search ends with the day on which it may: an emergency lasts 31 days at most.
const DAYS_MAX: usize = 40;

/// Months and days of the week as AWS writes them, from 1.
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// When something is due, on a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CalendarSchedule {
    minutes: Vec<u16>,
    hours: Vec<u16>,
    days: Vec<MonthDay>,
    months: Vec<u16>,
    weekdays: Vec<WeekDay>,
    years: Vec<u16>,
}

/// A day of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MonthDay {
    On(u16),
    /// `L`.
    Last,
    /// `LW`: the last from Monday to Friday.
    LastWorkday,
    /// `15W`: from Monday to Friday, nearest to the day, in the same month.
    Workday(u16),
}

/// A day of the week, Sunday is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WeekDay {
    On(u16),
    /// `6L`: the last Friday of the month.
    Last(u16),
    /// `6#3`: the third Friday of the month.
    Nth(u16, u16),
}

impl CalendarSchedule {
    pub(super) fn parse(fields: &str) -> Option<Self> {
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else { return None };
        Some(Self {
            minutes: values(minutes, 0, 59, &[])?,
            hours: values(hours, 0, 23, &[])?,
            days: days_of_month(days)?,
            months: values(months, 1, 12, &MONTHS)?,
            weekdays: days_of_week(weekdays)?,
            years: values(years, 1970, 2199, &[])?,
        })
    }

    /// The last moment not after `until`; the search ends with the day of `after`.
    pub(super) fn last_due(&self, zone: &TimeZone, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let first = zone.to_datetime(after).date();
        let mut day = Some(zone.to_datetime(until).date());
        for _ in 0..DAYS_MAX {
            let date = day.filter(|day| *day >= first)?;
            if self.has(date)
                && let Some(due) = self.last_of_day(zone, date, until)
            {
                return Some(due);
            }
            day = date.yesterday().ok();
        }
        None
    }

    fn last_of_day(&self, zone: &TimeZone, date: Date, until: Timestamp) -> Option<Timestamp> {
        let at = |hour: u16, minute: u16| {
            let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
            zone.to_ambiguous_timestamp(DateTime::from_parts(date, time)).compatible().ok()
        };
        let hours = self.hours.iter().rev();
        let mut moments =
            hours.flat_map(|hour| self.minutes.iter().rev().map(move |minute| at(*hour, *minute)));
        moments.find_map(|moment| moment.filter(|moment| *moment <= until))
    }

    fn has(&self, date: Date) -> bool {
        let (month, year) = (number(date.month()), number(date.year()));
        self.months.contains(&month)
            && self.years.contains(&year)
            && self.days.iter().any(|day| day.is(date))
            && self.weekdays.iter().any(|day| day.is(date))
    }
}

impl MonthDay {
    fn is(self, date: Date) -> bool {
        let (day, last) = (number(date.day()), number(date.days_in_month()));
        match self {
            Self::On(on) => day == on,
            Self::Last => day == last,
            Self::LastWorkday => workday(date, last) == Some(day),
            Self::Workday(near) => near <= last && workday(date, near) == Some(day),
        }
    }
}

/// The day from Monday to Friday that is nearest to a day of the date's month, within the month.
fn workday(date: Date, near: u16) -> Option<u16> {
    let around = Date::new(date.year(), date.month(), i8::try_from(near).ok()?).ok()?;
    let moved = match weekday(around) {
        1 => {
            around.tomorrow().ok().filter(|next| next.month() == date.month()).or_else(|| earlier(around, 2))
        }
        7 => earlier(around, 1).filter(|before| before.month() == date.month()).or_else(|| later(around, 2)),
        _ => Some(around),
    };
    moved.map(|day| number(day.day()))
}

fn earlier(date: Date, days: i64) -> Option<Date> {
    date.checked_sub(days.days()).ok()
}

fn later(date: Date, days: i64) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

impl WeekDay {
    fn is(self, date: Date) -> bool {
        let (day, last) = (number(date.day()), number(date.days_in_month()));
        match self {
            Self::On(on) => weekday(date) == on,
            Self::Last(on) => weekday(date) == on && day.saturating_add(7) > last,
            Self::Nth(on, nth) => weekday(date) == on && day.div_ceil(7) == nth,
        }
    }
}

/// Sunday is 1.
fn weekday(date: Date) -> u16 {
    number(date.weekday().to_sunday_one_offset())
}

fn number(of: impl TryInto<u16>) -> u16 {
    of.try_into().unwrap_or_default()
}

fn days_of_month(field: &str) -> Option<Vec<MonthDay>> {
    let mut days = Vec::new();
    for part in field.split(',') {
        let workday = part.strip_suffix('W').and_then(|day| value(day, 1, 31, &[]));
        match (part, workday) {
            ("L", _) => days.push(MonthDay::Last),
            ("LW", _) => days.push(MonthDay::LastWorkday),
            (_, Some(day)) => days.push(MonthDay::Workday(day)),
            (part, None) => days.extend(values(part, 1, 31, &[])?.into_iter().map(MonthDay::On)),
        }
    }
    Some(days)
}

fn days_of_week(field: &str) -> Option<Vec<WeekDay>> {
    let mut days = Vec::new();
    for part in field.split(',') {
        let day = |text: &str| value(text, 1, 7, &WEEKDAYS);
        if part == "L" {
            days.push(WeekDay::On(7));
        } else if let Some(last) = part.strip_suffix('L').and_then(day) {
            days.push(WeekDay::Last(last));
        } else if let Some((on, nth)) = part.split_once('#') {
            days.push(WeekDay::Nth(day(on)?, value(nth, 1, 5, &[])?));
        } else {
            days.extend(values(part, 1, 7, &WEEKDAYS)?.into_iter().map(WeekDay::On));
        }
    }
    Some(days)
}

/// The values of a field, in order: `*`, `?`, `8`, `8-18`, `0/15`, and lists of them.
fn values(field: &str, least: u16, most: u16, names: &[&str]) -> Option<Vec<u16>> {
    let mut values = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step = step.map_or(Some(1), |step| step.parse::<usize>().ok().filter(|step| *step > 0))?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (least, most),
            Some((from, to)) => (value(from, least, most, names)?, value(to, least, most, names)?),
            // `5/15` goes on to the end, `5` does not.
            None if part.contains('/') => (value(range, least, most, names)?, most),
            None => {
                let only = value(range, least, most, names)?;
                (only, only)
            }
        };
        // `FRI-MON` goes over the end.
        let wrapped = (from..=most).chain(least..=to);
        let all: Vec<u16> = if from <= to { (from..=to).collect() } else { wrapped.collect() };
        values.extend(all.into_iter().step_by(step));
    }
    values.sort_unstable();
    values.dedup();
    Some(values)
}

fn value(text: &str, least: u16, most: u16, names: &[&str]) -> Option<u16> {
    let value = match names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        Some(index) => u16::try_from(index).ok()?.checked_add(1)?,
        None => text.parse().ok()?,
    };
    (least..=most).contains(&value).then_some(value)
}
