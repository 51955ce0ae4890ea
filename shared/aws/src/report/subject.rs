//! The subject of a report: fewer than 100 ASCII characters, in which the names give way and what was done does not.

/// SNS takes subjects below 100 ASCII characters without line breaks (Amazon SNS API reference, `Publish`).
pub const SUBJECT_CHARACTERS_MAX: usize = 99;

/// What a name keeps however little room there is: enough to distinguish two services that begin or end differently.
const NAME_CHARACTERS_MIN: usize = 12;

/// What the fleet's name keeps where the text is about the whole fleet: such a text is an error's, and its end is only detail.
const FLEET_CHARACTERS_MIN: usize = 40;

/// What stands for the part of a text that is left out.
const CUT: &str = "..";

/// What the subject says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubjectLine {
    /// The service; none where it is about all of them.
    pub(super) target: Option<String>,
    /// What was done, or what begins or ends.
    pub(super) what: String,
    /// Why, as far as there is room.
    pub(super) cause: Option<String>,
}

/// Less of a cause than this says nothing.
const CAUSE_CHARACTERS_MIN: usize = 12;

/// `[prod] worker: scaled out from 5 to 10 tasks: waiting 612 > 500 (+3 more)`. Where it is too long, the cause loses its
/// end first, then the names lose their middles.
pub(super) fn subject(fleet: &str, line: &SubjectLine, more: usize) -> String {
    let target = line.target.as_deref().map(ascii);
    let (fleet, what) = (ascii(fleet), ascii(&line.what));
    let more = if more == 0 { String::new() } else { format!(" (+{more} more)") };
    let around = "[] ".len().saturating_add(if target.is_some() { ": ".len() } else { 0 });
    let room = SUBJECT_CHARACTERS_MAX.saturating_sub(around).saturating_sub(more.len());
    let names = [Some(fleet.as_str()), target.as_deref()];
    let least = if target.is_some() { NAME_CHARACTERS_MIN } else { FLEET_CHARACTERS_MIN };
    let kept = names.iter().flatten().map(|name| name.len().min(least)).sum();
    let what = without_end(&what, room.saturating_sub(kept));
    let room = room.saturating_sub(what.len());
    let of_target = target.as_deref().map_or(0, str::len);
    // The shorter name stays whole where it takes less than half.
    let for_fleet = room.saturating_sub(of_target).max(room / 2).min(fleet.len());
    let fleet = without_middle(&fleet, for_fleet);
    let subject = match target {
        Some(target) => {
            let target = without_middle(&target, room.saturating_sub(fleet.len()));
            format!("[{fleet}] {target}: {what}")
        }
        None => format!("[{fleet}] {what}"),
    };
    let cause = ascii(line.cause.as_deref().unwrap_or_default());
    let room = SUBJECT_CHARACTERS_MAX.saturating_sub(subject.len() + more.len() + ": ".len());
    if cause.is_empty() || room < cause.len().min(CAUSE_CHARACTERS_MIN) {
        format!("{subject}{more}")
    } else {
        format!("{subject}: {}{more}", without_last_words(&cause, room))
    }
}

/// The printable ASCII of a text; `?` stands for every other character.
fn ascii(text: &str) -> String {
    let text = text.replace('→', "->");
    let printable = text.chars().filter(|c| !c.is_control());
    printable.map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

fn without_end(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let head = text.get(..room.saturating_sub(CUT.len())).unwrap_or_default();
    format!("{head}{CUT}")
}

fn without_last_words(text: &str, room: usize) -> String {
    let cut = without_end(text, room);
    match cut.strip_suffix(CUT).and_then(|head| head.rsplit_once(' ')) {
        Some((whole, _)) if cut.len() < text.len() => format!("{whole} {CUT}"),
        Some(_) | None => cut,
    }
}

fn without_middle(name: &str, room: usize) -> String {
    if name.len() <= room {
        return name.to_owned();
    }
    let kept = room.saturating_sub(CUT.len());
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let head = name.get(..head).unwrap_or_default();
    let tail = name.get(name.len().saturating_sub(tail)..).unwrap_or_default();
    format!("{head}{CUT}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fleet: &str, target: &str, what: &str, more: usize) -> String {
        subject(
            fleet,
            &SubjectLine { target: Some(target.to_owned()), what: what.to_owned(), cause: None },
            more,
        )
    }

    #[test]
    fn what_was_done_stands_whole_however_long_the_names_are() {
        let long = "a-service-with-a-name-of-sixty-four-characters-that-ends-in-blue";
        let what = "RESOLVED: memory 61% (was above 85%)";
        for (fleet, target) in [("prod", long), (long, "worker"), (long, long)] {
            for more in [0, 3, 999] {
                let subject = of(fleet, target, what, more);
                assert!(subject.len() <= SUBJECT_CHARACTERS_MAX, "{} characters: {subject}", subject.len());
                assert!(subject.contains(&format!(": {what}")), "{subject}");
                assert!(fleet == long || subject.starts_with("[prod] "), "{subject}");
                assert!(target == long || subject.contains("] worker: "), "{subject}");
                assert!(
                    target != long || subject.contains("blue: "),
                    "the end distinguishes two services: {subject}"
                );
            }
        }
        assert_eq!(
            of("prod", long, "scaled out from 5 to 10 tasks", 0),
            "[prod] a-service-with-a-name-of-sixty..-characters-that-ends-in-blue: scaled out from 5 to 10 tasks"
        );
    }

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(of("prod", "worker", "hold at 4 tasks", 0), "[prod] worker: hold at 4 tasks");
        assert_eq!(of("prod", "worker", "hold at 4 tasks", 2), "[prod] worker: hold at 4 tasks (+2 more)");
        let all = SubjectLine { target: None, what: "scaling paused".to_owned(), cause: None };
        assert_eq!(subject("prod", &all, 0), "[prod] scaling paused");
    }

    #[test]
    fn what_is_longer_than_the_subject_keeps_its_beginning_and_the_names() {
        let what = format!("alarm({}) for 5m", "x".repeat(250));
        let subject = of("prod", "worker", &what, 1);
        assert_eq!(subject.len(), SUBJECT_CHARACTERS_MAX);
        assert!(
            subject.starts_with("[prod] worker: alarm(xxx") && subject.ends_with("xx.. (+1 more)"),
            "{subject}"
        );
    }

    #[test]
    fn an_error_gives_way_before_the_name_of_the_fleet() {
        let what = format!("nothing is scaled: read the ledger `tidegate`: {}", "denied ".repeat(20));
        let subject =
            subject("shop-production-eu-central-1", &SubjectLine { target: None, what, cause: None }, 0);
        assert!(subject.starts_with("[shop-production-eu-central-1] nothing is scaled: "), "{subject}");
    }

    #[test]
    fn the_cause_gives_way_before_anything_else_does() {
        let with = |target: &str, cause: &str, more| {
            let (what, cause) = ("scaled out from 5 to 10 tasks".to_owned(), Some(cause.to_owned()));
            subject("prod", &SubjectLine { target: Some(target.to_owned()), what, cause }, more)
        };
        assert_eq!(
            with("worker", "waiting 612 > 500", 3),
            "[prod] worker: scaled out from 5 to 10 tasks: waiting 612 > 500 (+3 more)"
        );
        assert_eq!(
            with("worker", &"x".repeat(300), 3),
            format!("[prod] worker: scaled out from 5 to 10 tasks: {}.. (+3 more)", "x".repeat(41))
        );
        let (long, more) = ("a-service-with-a-name-of-sixty-four-characters-that-ends-in-blue", 3);
        assert_eq!(
            with(long, "waiting 612 > 500", more),
            of("prod", long, "scaled out from 5 to 10 tasks", more)
        );
    }

    #[test]
    fn only_ascii_is_sent() {
        assert_eq!(of("prod", "worker", "alarm(K\u{e4}se \u{1f9c0}\n)", 0), "[prod] worker: alarm(K?se ?)");
    }
}
