//! What a setting can be. The tables in `settings` are written in these words; the reader, the JSON Schema and the
//! table for operators are all made from them.

/// A mapping of the fleet file: which keys it has.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What it is called in messages: `a service`.
    pub(crate) name: &'static str,
    /// One sentence for the schema.
    pub(crate) about: &'static str,
    /// Its keys, in the order in which operators read them.
    pub(crate) settings: &'static [Setting],
    /// What holds of several of its keys together.
    pub(crate) needs: &'static [Need],
}

/// What holds of several keys together.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// Exactly one of them must be there.
    ExactlyOne(&'static [&'static str]),
    /// At least one of them must be there.
    AtLeastOne(&'static [&'static str]),
    /// They exclude each other; none need be there.
    AtMostOne(&'static [&'static str]),
    /// Each of some keys needs all of some others.
    Together {
        /// The keys that need others.
        keys: &'static [&'static str],
        /// All of those that they need; one that is needed itself needs the rest.
        with: &'static [&'static str],
        /// What to do, for messages.
        help: &'static str,
    },
}

/// One key.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The key as written.
    pub(crate) key: &'static str,
    /// What its value can be.
    pub(crate) kind: ValueKind,
    /// Whether it must be there, and what holds when it is not.
    pub(crate) presence: Presence,
    /// One sentence: what it sets.
    pub(crate) about: &'static str,
}

/// Whether a key must be there.
#[derive(Debug)]
pub(crate) enum Presence {
    /// It must.
    Required,
    /// It need not; without it there is nothing.
    Optional,
    /// It need not; without it this value holds.
    Default {
        /// The value, as it would be written.
        value: &'static str,
        /// Why this one.
        reason: &'static str,
    },
}

/// The largest number of 15 digits; a float holds every smaller one exactly.
pub(crate) const WHOLE_MAX: u64 = 999_999_999_999_999;

/// What a value can be.
#[derive(Debug)]
pub(crate) enum ValueKind {
    /// A text, taken as written.
    Text(&'static Text),
    /// Plain digits.
    Count {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
        /// The unit, for operators: `tasks`.
        unit: &'static str,
    },
    /// Plain digits from 1 to [`WHOLE_MAX`].
    Whole,
    /// A duration such as `90s`, `5m`, `1h30m`.
    Duration {
        /// Smallest, in seconds.
        min_seconds: u32,
        /// Largest, in seconds.
        max_seconds: u32,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Tasks as `5`, or percent as `10%`.
    Amount {
        /// Fewest tasks.
        min: u32,
        /// Largest percentage.
        max_percent: u32,
    },
    /// A mapping with these keys.
    Map(&'static Shape),
    /// A mapping in one of two forms.
    Forms {
        /// The usual one.
        usual: &'static Shape,
        /// The other one.
        other: &'static Shape,
        /// It is the other one as soon as one of these keys is there.
        by: &'static [&'static str],
    },
    /// A text, or a mapping that says more.
    TextOrMap(&'static Text, &'static Shape),
    /// A mapping from names to values.
    Table {
        /// What the names can be.
        key: &'static Text,
        /// What each value can be.
        value: &'static ValueKind,
        /// Fewest entries.
        min: usize,
        /// Most entries.
        max: usize,
    },
    /// One value, or a list of them.
    OneOrMore {
        /// What each can be.
        of: &'static ValueKind,
        /// Most entries.
        max: usize,
    },
    /// A list.
    List {
        /// What each entry can be.
        of: &'static ValueKind,
        /// Fewest entries.
        min: usize,
        /// Most entries.
        max: usize,
    },
}

/// A text.
#[derive(Debug)]
pub(crate) struct Text {
    /// What is allowed, for operators.
    pub(crate) allowed: &'static str,
    /// What is allowed, as a regular expression for the schema.
    pub(crate) pattern: &'static str,
    /// Most characters.
    pub(crate) max: usize,
    /// What is allowed, as the reader checks it.
    pub(crate) accepts: fn(&str) -> bool,
}

/// The words of a table that says what each means.
pub(crate) const fn words<T, const N: usize>(table: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = table[at].0;
        at += 1;
    }
    words
}

impl Need {
    /// The keys it speaks of.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::ExactlyOne(keys)
            | Self::AtLeastOne(keys)
            | Self::AtMostOne(keys)
            | Self::Together { keys, .. } => keys,
        }
    }
}

impl Shape {
    /// The setting of a key.
    pub(crate) fn setting(&self, key: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// Its keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().map(|setting| setting.key)
    }
}

pub(crate) const fn required(key: &'static str, kind: ValueKind, about: &'static str) -> Setting {
    Setting { key, kind, presence: Presence::Required, about }
}

pub(crate) const fn optional(key: &'static str, kind: ValueKind, about: &'static str) -> Setting {
    Setting { key, kind, presence: Presence::Optional, about }
}

pub(crate) const fn default(
    key: &'static str,
    kind: ValueKind,
    about: &'static str,
    value: &'static str,
    reason: &'static str,
) -> Setting {
    Setting { key, kind, presence: Presence::Default { value, reason }, about }
}
