//! One mapping of the file, read by its shape: keys are checked once, values are taken one by one.

use jiff::SignedDuration;
use tidegate_policy::Amount;

use crate::problem::{Code, Place, Problem, Problems, other_tools, words};
use crate::settings::shape::{Need, Presence, Setting, Shape, ValueKind};
use crate::yaml::entries::{self, found, report_length};
use crate::yaml::scalar::{self, Fault};
use crate::yaml::tree::{self, Key, Node, Value};

/// A mapping whose keys are known to be right; its values are not read yet.
pub(crate) struct Object<'a> {
    shape: &'static Shape,
    entries: &'a [(Key, Node)],
    pub(crate) place: Place,
}

impl<'a> Object<'a> {
    /// Reports every unknown, missing or surplus key; `None` when this is no mapping at all.
    pub(crate) fn open(node: &'a Node, shape: &'static Shape, problems: &mut Problems) -> Option<Self> {
        let entries = match &node.value {
            Value::Map(entries) => entries,
            Value::Refused => return None,
            Value::Scalar(_) | Value::List(_) => {
                let message = format!("{} must be a mapping, found {}", shape.name, found(node));
                let keys = words::list(shape.keys());
                let problem = Problem::new(Code::WrongShape, node.place, message);
                problems.push(problem.help(format!("allowed keys: {keys}")));
                return None;
            }
        };
        let object = Self { shape, entries, place: node.place };
        object.report_unknown_keys(problems);
        object.report_missing_keys(problems);
        object.report_needs(problems);
        Some(object)
    }

    fn report_unknown_keys(&self, problems: &mut Problems) {
        for (Key { text, place }, _) in self.entries {
            if self.shape.setting(text).is_some() {
                continue;
            }
            let message = format!("unknown key `{text}` in {}", self.shape.name);
            let help = match other_tools::here(text) {
                Some(here) => format!("in Tidegate, write {here}"),
                None => words::meant(text, self.shape.keys()),
            };
            problems.push(Problem::new(Code::UnknownKey, *place, message).help(help));
        }
    }

    fn report_missing_keys(&self, problems: &mut Problems) {
        for Setting { key, presence, about, .. } in self.shape.settings {
            let missing = matches!(presence, Presence::Required) && self.node(key).is_none();
            if missing && !self.is_misspelled(&[*key]) {
                let message = format!("`{key}` is missing in {}", self.shape.name);
                problems.push(Problem::new(Code::MissingKey, self.place, message).help(*about));
            }
        }
    }

    /// Whether an unknown key was probably meant as one of these: one mistake is reported once.
    fn is_misspelled(&self, keys: &[&str]) -> bool {
        let unknown = self.entries.iter().filter(|(key, _)| self.shape.setting(&key.text).is_none());
        let slips = unknown.filter(|(key, _)| other_tools::here(&key.text).is_none());
        slips
            .filter_map(|(key, _)| words::nearest(&key.text, self.shape.keys()))
            .any(|meant| keys.contains(&meant))
    }

    fn report_needs(&self, problems: &mut Problems) {
        for need in self.shape.needs {
            let keys = need.keys();
            let written: Vec<&Key> = self
                .entries
                .iter()
                .map(|(key, _)| key)
                .filter(|key| keys.contains(&key.text.as_str()))
                .collect();
            let (code, message, help) = match (need, written.as_slice()) {
                (Need::Together { with, help, .. }, _) => {
                    self.report_together(&written, with, help, problems);
                    continue;
                }
                (Need::AtLeastOne(_), [_, ..])
                | (Need::ExactlyOne(_), [_])
                | (Need::AtMostOne(_), [] | [_]) => continue,
                (_, []) if self.is_misspelled(keys) => continue,
                (Need::AtLeastOne(_), []) => {
                    let help = "write at least one of them".to_owned();
                    (Code::MissingKey, format!("needs {}", words::either(keys)), help)
                }
                (Need::ExactlyOne(_) | Need::AtMostOne(_), given) => {
                    let how =
                        if matches!(need, Need::ExactlyOne(_)) { "needs exactly" } else { "takes at most" };
                    let found = words::list(given.iter().map(|key| &key.text));
                    (
                        Code::NotExactlyOne,
                        format!("{how} one of {}", words::list(keys)),
                        format!("found {found}"),
                    )
                }
            };
            let place = written.get(1).map_or(self.place, |second| second.place);
            problems.push(Problem::new(code, place, format!("{} {message}", self.shape.name)).help(help));
        }
    }

    /// Keys that need others: one mistake, said at the first of them.
    fn report_together(&self, written: &[&Key], with: &[&str], help: &str, problems: &mut Problems) {
        let missing: Vec<&str> = with.iter().copied().filter(|key| !self.has(key)).collect();
        let Some(first) = written.first().filter(|_| !missing.is_empty() && !self.is_misspelled(&missing))
        else {
            return;
        };
        let (keys, missing) = (words::list(written.iter().map(|key| &key.text)), words::list(&missing));
        let message = format!("{} has {keys} without {missing}", self.shape.name);
        problems.push(Problem::new(Code::MissingKey, first.place, message).help(help));
    }

    /// The mapping of a key. When it need not be there and is not, every one of its settings has its default.
    pub(crate) fn map(&self, key: &str, problems: &mut Problems) -> Option<Object<'a>> {
        let Setting { kind: ValueKind::Map(shape), presence, .. } = self.shape.setting(key)? else {
            return None;
        };
        match self.node(key) {
            Some(node) => Object::open(node, shape, problems),
            None if matches!(presence, Presence::Required) => None,
            None => Some(Self { shape, entries: &[], place: self.place }),
        }
    }

    /// The value of a key that is a text or a mapping: the text, and the mapping. Beside a text every setting of the
    /// mapping has its default.
    pub(crate) fn text_or_map(
        &self,
        key: &str,
        problems: &mut Problems,
    ) -> Option<(Option<String>, Object<'a>)> {
        let Setting { kind: ValueKind::TextOrMap(text, shape), .. } = self.shape.setting(key)? else {
            return None;
        };
        let node = self.node(key)?;
        if !matches!(node.value, Value::Scalar(_)) {
            return Some((None, Object::open(node, shape, problems)?));
        }
        let text = read_scalar(node, key, problems, |written| Some(scalar::text(written, text)))?;
        Some((Some(text), Self { shape, entries: &[], place: node.place }))
    }

    /// The value of a key, untouched.
    pub(crate) fn node(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }

    /// The value of a key, with its place, for what a table cannot say.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.node(key).map_or(self.place, |node| node.place)
    }

    /// The first key of a group that is there, and what it means; more than one is reported already.
    pub(crate) fn chosen<T: Copy>(&self, group: &[(&'static str, T)]) -> Option<(&'static str, T)> {
        group.iter().copied().find(|(key, _)| self.has(key))
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    /// A text as written, or its default.
    pub(crate) fn text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        self.scalar(key, problems, |kind, scalar| {
            let ValueKind::Text(text) = kind else { return None };
            Some(scalar::text(scalar, text))
        })
    }

    /// A number, or its default.
    pub(crate) fn count(&self, key: &str, problems: &mut Problems) -> Option<u32> {
        self.scalar(key, problems, |kind, scalar| {
            let ValueKind::Count { min, max, unit } = kind else { return None };
            Some(scalar::count(scalar, *min, *max, unit))
        })
    }

    /// A duration, or its default.
    pub(crate) fn duration(&self, key: &str, problems: &mut Problems) -> Option<SignedDuration> {
        self.scalar(key, problems, |kind, scalar| {
            let ValueKind::Duration { min_seconds, max_seconds } = kind else { return None };
            Some(scalar::duration(scalar, *min_seconds, *max_seconds))
        })
    }

    /// A truth value, or its default.
    pub(crate) fn boolean(&self, key: &str, problems: &mut Problems) -> Option<bool> {
        self.scalar(key, problems, |kind, scalar| {
            matches!(kind, ValueKind::Boolean).then(|| scalar::boolean(scalar))
        })
    }

    /// A whole number above zero, exact in a float.
    pub(crate) fn whole(&self, key: &str, problems: &mut Problems) -> Option<f64> {
        self.scalar(key, problems, |kind, scalar| {
            matches!(kind, ValueKind::Whole).then(|| scalar::whole(scalar))
        })
    }

    /// What one of the allowed words means, or its default.
    pub(crate) fn choice<T: Copy>(
        &self,
        key: &str,
        table: &[(&'static str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let chosen = self.scalar(key, problems, |kind, scalar| {
            let ValueKind::Choice(words) = kind else { return None };
            Some(scalar::choice(scalar, words))
        })?;
        table.iter().find(|(word, _)| *word == chosen).map(|(_, meaning)| *meaning)
    }

    /// A text as written, or its default, and what it says.
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        self.scalar(key, problems, |kind, scalar| {
            let ValueKind::Text(text) = kind else { return None };
            Some(scalar::text(scalar, text).and_then(|text| parse(&text)))
        })
    }

    /// An amount of capacity.
    pub(crate) fn amount(&self, key: &str, problems: &mut Problems) -> Option<Amount> {
        self.scalar(key, problems, |kind, scalar| {
            let ValueKind::Amount { min, max_percent } = kind else { return None };
            Some(scalar::amount(scalar, *min, *max_percent))
        })
    }

    /// Reads a value by its kind, or its default by the same reader; `None` after reporting, or when nothing is there.
    fn scalar<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl Fn(&'static ValueKind, &scalar::WrittenScalar<'_>) -> Option<Result<T, Fault>>,
    ) -> Option<T> {
        let setting = self.shape.setting(key)?;
        let Some(node) = self.node(key) else {
            let Presence::Default { value, .. } = setting.presence else {
                return None;
            };
            return read(&setting.kind, &scalar::WrittenScalar::plain(value))?.ok();
        };
        read_scalar(node, key, problems, |written| read(&setting.kind, written))
    }

    /// A list of numbers, or its default.
    pub(crate) fn counts(&self, key: &str, problems: &mut Problems) -> Option<Vec<u32>> {
        let Setting { kind: ValueKind::List { of, .. }, presence, .. } = self.shape.setting(key)? else {
            return None;
        };
        let ValueKind::Count { min, max, unit } = of else {
            return None;
        };
        let default = match presence {
            Presence::Default { value, .. } => tree::read(value, problems),
            Presence::Required | Presence::Optional => None,
        };
        let items = match (self.node(key), &default) {
            (None, Some(Node { value: Value::List(items), .. })) => items,
            (_, _) => self.list(key, problems),
        };
        let numbers: Vec<Option<u32>> = items
            .iter()
            .map(|node| {
                read_scalar(node, key, problems, |written| Some(scalar::count(written, *min, *max, unit)))
            })
            .collect();
        numbers.into_iter().collect()
    }

    /// The entries of a list, or none when the key is not there.
    pub(crate) fn list(&self, key: &str, problems: &mut Problems) -> &'a [Node] {
        let Some(ValueKind::List { min, max, .. }) = self.shape.setting(key).map(|s| &s.kind) else {
            return &[];
        };
        let Some(node) = self.node(key) else {
            return &[];
        };
        match &node.value {
            Value::List(items) => {
                report_length(key, node.place, items.len(), (*min, *max), problems);
                items
            }
            Value::Refused => &[],
            Value::Scalar(_) | Value::Map(_) => {
                let message = format!("`{key}` must be a list, found {}", found(node));
                let problem = Problem::new(Code::WrongShape, node.place, message);
                problems.push(problem.help("begin each entry with `- `"));
                &[]
            }
        }
    }

    /// The entries of a list, the one value that stands in its place, or none when the key is not there.
    pub(crate) fn one_or_more(&self, key: &str, problems: &mut Problems) -> &'a [Node] {
        let Some(ValueKind::OneOrMore { max, .. }) = self.shape.setting(key).map(|s| &s.kind) else {
            return &[];
        };
        match self.node(key) {
            None => &[],
            Some(Node { value: Value::List(items), place, .. }) => {
                report_length(key, *place, items.len(), (1, *max), problems);
                items
            }
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// The entries of a table from names to values, each name checked.
    pub(crate) fn table(&self, key: &str, problems: &mut Problems) -> Vec<(&'a Key, &'a Node)> {
        match (self.shape.setting(key), self.node(key)) {
            (Some(setting), Some(node)) => entries::table(node, key, &setting.kind, problems),
            (_, _) => Vec::new(),
        }
    }
}

/// Reads a scalar that is there; reports what keeps it from being one.
pub(crate) fn read_scalar<T>(
    node: &Node,
    key: &str,
    problems: &mut Problems,
    read: impl FnOnce(&scalar::WrittenScalar<'_>) -> Option<Result<T, Fault>>,
) -> Option<T> {
    let scalar = match &node.value {
        Value::Scalar(scalar) => scalar,
        Value::Refused => return None,
        Value::List(_) | Value::Map(_) => {
            let message = format!("`{key}` must be a single value, found {}", found(node));
            problems.push(Problem::new(Code::WrongShape, node.place, message));
            return None;
        }
    };
    if scalar.plain && scalar.text.is_empty() {
        let message = format!("`{key}` has no value");
        problems.push(Problem::new(Code::EmptyValue, node.place, message));
        return None;
    }
    match read(&scalar::WrittenScalar { text: &scalar.text, plain: scalar.plain })? {
        Ok(value) => Some(value),
        Err(fault) => {
            let (offset, width) = fault.span.unwrap_or((0, scalar.text.chars().count()));
            let place = if fault.span.is_some() { node.place_of(offset, width) } else { node.place };
            problems.push(fault.at(place, &format!("`{key}`")));
            None
        }
    }
}
