//! Which queues a message reaches: kombu's bindings, as Redis keeps them in one set per exchange.
//!
//! A member is routing key, pattern and queue. A topic exchange keeps the regular expression that the producers match
//! with, so what is read here is what every version of kombu does: up to 5.6 its `*` matches dots too.

use std::collections::BTreeSet;

/// One way by which messages of an exchange reach a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// The queue's name.
    pub(crate) queue: String,
    /// The routing key as it was declared.
    pub(crate) routing_key: String,
    /// Whether the exchange is a topic exchange.
    pub(crate) topic: bool,
    /// The routing keys that it takes.
    takes: Pattern,
}

impl Binding {
    /// Reads a member of `_kombu.binding.EXCHANGE`; `None` for one that is not kombu's.
    pub(crate) fn parse(member: &[u8], separator: &str) -> Option<Self> {
        let member = str::from_utf8(member).ok()?;
        let (rest, queue) = member.rsplit_once(separator)?;
        let (routing_key, pattern) = rest.split_once(separator)?;
        let topic = !pattern.is_empty();
        let takes = if topic { Pattern::parse(pattern) } else { Pattern::literal(routing_key) };
        Some(Self { queue: queue.to_owned(), routing_key: routing_key.to_owned(), topic, takes })
    }

    /// Whether a message with this routing key takes this way.
    pub(crate) fn takes(&self, routing_key: &str) -> bool {
        self.takes.matches(routing_key)
    }

    /// Whether some routing key takes both ways.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.takes.overlaps(&other.takes)
    }
}

/// A regular expression of kombu's, or a routing key that is taken as it is: pieces that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<Piece>);

/// One character, or any number of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    One(Class),
    Many(Class),
}

/// Which characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Only(char),
    /// Every one but the dot.
    InWord,
    Any,
}

impl Class {
    fn has(self, character: char) -> bool {
        match self {
            Self::Only(only) => only == character,
            Self::InWord => character != '.',
            Self::Any => true,
        }
    }

    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Only(one), class) | (class, Self::Only(one)) => class.has(one),
            (Self::InWord | Self::Any, Self::InWord | Self::Any) => true,
        }
    }
}

impl Pattern {
    fn literal(text: &str) -> Self {
        Self(text.chars().map(|one| Piece::One(Class::Only(one))).collect())
    }

    /// Reads what kombu makes of `*`, `#` and words. What it does not make is taken for anything: a message too many keeps
    /// a task for a while, one too few stops it.
    fn parse(regex: &str) -> Self {
        let inner = regex.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
        inner.and_then(Self::pieces).unwrap_or_else(|| Self(vec![Piece::Many(Class::Any)]))
    }

    fn pieces(mut rest: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix(".*?") {
                pieces.push(Piece::Many(Class::Any));
                rest = after;
            } else if let Some(after) = rest.strip_prefix(r"[^\.]") {
                pieces.push(Piece::One(Class::InWord));
                let more = after.strip_prefix('+');
                pieces.extend(more.map(|_| Piece::Many(Class::InWord)));
                rest = more.unwrap_or(after);
            } else {
                let escaped = rest.strip_prefix('\\');
                if escaped.is_none() && "^$.*+?()[]{}|".contains(first) {
                    return None;
                }
                let mut characters = escaped.unwrap_or(rest).chars();
                pieces.push(Piece::One(Class::Only(characters.next()?)));
                rest = characters.as_str();
            }
        }
        Some(Self(pieces))
    }

    fn matches(&self, text: &str) -> bool {
        let mut at = self.beyond_nothing(BTreeSet::from([0]));
        for character in text.chars() {
            let next = at.iter().filter_map(|place| self.step(*place, |class| class.has(character)));
            at = self.beyond_nothing(next.collect());
        }
        at.contains(&self.0.len())
    }

    /// Walks through both at once: every pair of places that one text can lead to.
    fn overlaps(&self, other: &Self) -> bool {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![(0, 0)];
        while let Some((one, two)) = ahead.pop() {
            if !seen.insert((one, two)) {
                continue;
            }
            let (mine, theirs) = (self.0.get(one), other.0.get(two));
            if let Some(Piece::Many(_)) = mine {
                ahead.push((one.saturating_add(1), two));
            }
            if let Some(Piece::Many(_)) = theirs {
                ahead.push((one, two.saturating_add(1)));
            }
            if let (Some(Piece::One(a) | Piece::Many(a)), Some(Piece::One(b) | Piece::Many(b))) =
                (mine, theirs)
                && a.meets(*b)
            {
                ahead.extend(self.step(one, |_| true).zip(other.step(two, |_| true)));
            }
        }
        seen.contains(&(self.0.len(), other.0.len()))
    }

    /// Where a character leads from a place.
    fn step(&self, place: usize, has: impl Fn(Class) -> bool) -> Option<usize> {
        match self.0.get(place)? {
            Piece::One(class) if has(*class) => Some(place.saturating_add(1)),
            Piece::Many(class) if has(*class) => Some(place),
            Piece::One(_) | Piece::Many(_) => None,
        }
    }

    /// The same places and those that no character at all leads to.
    fn beyond_nothing(&self, mut places: BTreeSet<usize>) -> BTreeSet<usize> {
        for place in 0..self.0.len() {
            if places.contains(&place) && matches!(self.0.get(place), Some(Piece::Many(_))) {
                places.insert(place.saturating_add(1));
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(pattern: &str) -> Binding {
        Binding::parse(format!("rk:{pattern}:emails").as_bytes(), ":").unwrap()
    }

    /// The expressions are those that kombu wrote, the verdicts those of Python's `re`.
    #[test]
    fn a_topic_takes_what_the_producers_expression_takes() {
        #[track_caller]
        fn check(pattern: &str, routing_key: &str, takes: bool) {
            assert_eq!(binding(pattern).takes(routing_key), takes, "{pattern} {routing_key}");
        }
        // kombu 5.7
        check(r"^mail\.[^\.]+$", "mail.send", true);
        check(r"^mail\.[^\.]+$", "mail.*", true);
        check(r"^mail\.[^\.]+$", "mail.send.now", false);
        check(r"^mail\.[^\.]+$", "mail.", false);
        // kombu 5.5
        check(r"^mail\..*?[^\.]$", "mail.send", true);
        check(r"^mail\..*?[^\.]$", "mail.send.now", true);
        check(r"^mail\..*?[^\.]$", "mail.send.", false);
        // both
        check(r"^mail\..*?$", "mail", false);
        check(r"^mail\..*?$", "mail.", true);
        check(r"^mail\..*?$", "mail.send.now", true);
        check(r"^.*?\.now$", "mail.send.now", true);
        check(r"^.*?$", "", true);
        check(r"^a\-b\..*?\.now$", "a-b.x.y.now", true);
        check(r"^a\-b\..*?\.now$", "a-b.now", false);
        check(r"^mail$", "mails", false);
    }

    #[test]
    fn an_expression_that_kombu_does_not_write_takes_everything() {
        for odd in [r"^mail*$", "(a|b)", r"^a{2}$", r"^a\$", "^"] {
            assert!(binding(odd).takes("anything.at.all"), "{odd}");
        }
    }

    #[test]
    fn two_ways_overlap_if_some_routing_key_takes_both() {
        #[track_caller]
        fn check(one: &str, other: &str, overlap: bool) {
            assert_eq!(binding(one).overlaps(&binding(other)), overlap, "{one} {other}");
            assert_eq!(binding(other).overlaps(&binding(one)), overlap, "{other} {one}");
        }
        check(r"^mail\..*?$", r"^log\..*?$", false);
        check(r"^mail\..*?$", r"^.*?$", true);
        check(r"^mail\.[^\.]+$", r"^[^\.]+\.send$", true);
        check(r"^[^\.]+\.now$", r"^[^\.]+\.later$", false);
        check(r"^[^\.]+$", r"^[^\.]+\.[^\.]+$", false);
        check("", "", true);
    }

    #[test]
    fn a_member_that_is_not_kombus_is_none() {
        assert_eq!(Binding::parse(b"odd", ":"), None);
        assert_eq!(Binding::parse(b"a:b", ":"), None);
        assert_eq!(Binding::parse(b"\xff::b", ":"), None);
        let direct = Binding::parse(b"key::emails", ":").unwrap();
        assert!(!direct.topic && direct.takes("key") && !direct.takes("keys"));
    }
}
