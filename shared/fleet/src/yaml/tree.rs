//! YAML text -> a tree in which every scalar keeps its text as written, its style and its place.
//!
//! Deriving would type the scalars (`no`, `012`, `1e3`) before the type of the key is known, stop at the first
//! error and forget the places. Here nothing is typed: the reader of each setting decides.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::problem::{Code, Place, Problem, Problems};
use crate::settings::service::SERVICES_MAX;

/// A fleet file nests 8 deep at most; twice that leaves room, and bounds what a hostile file can cost.
const DEPTH_MAX: usize = 16;

/// Entries of one list or mapping: as many as a fleet may have services. More would only cost time.
const ENTRIES_MAX: usize = SERVICES_MAX;

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// Something this file format does not have; its problem is reported already.
    Refused,
}

/// A scalar, untyped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Without quotes.
    pub(crate) plain: bool,
    /// Where the text begins within its place, when it stands there character by character.
    pub(crate) offset: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) place: Place,
}

impl Node {
    /// The value under a key, of a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(known, _)| known.text == key).map(|(_, value)| value)
    }

    /// The text of a scalar, right or wrong.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            Value::List(_) | Value::Map(_) | Value::Refused => None,
        }
    }

    /// The place of a part of the scalar's text, as exactly as its way of writing allows.
    pub(crate) fn place_of(&self, offset: usize, width: usize) -> Place {
        match &self.value {
            Value::Scalar(Scalar { offset: Some(start), .. }) => {
                self.place.part(start.saturating_add(offset), width)
            }
            Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Refused => self.place,
        }
    }
}

/// Reads the one document of a file; `None` when there is nothing to go on with.
pub(crate) fn read(text: &str, problems: &mut Problems) -> Option<Node> {
    if report_tabs(text, problems) {
        return None;
    }
    let mut builder = Builder { open: Vec::new(), root: None };
    let mut documents = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let mark = error.marker();
                let place = Place { line: mark.line(), column: mark.col().saturating_add(1), width: 1 };
                if let Some(tab) = tab_beside(text, mark.line(), mark.col()) {
                    let problem = Problem::new(Code::Tab, tab, "a tab between words");
                    problems.push(problem.help("separate them with spaces"));
                    return None;
                }
                let message = format!("this is not YAML: {}", error.info());
                let help = "problems in the rest of the file show once this one is fixed";
                problems.push(Problem::new(Code::Yaml, place, message).help(help));
                return None;
            }
        };
        let place = place(span);
        if matches!(event, Event::DocumentStart(_)) {
            documents = documents.saturating_add(1);
        }
        if documents > 1 {
            let message = "a second document begins, a fleet file is one";
            problems.push(Problem::new(Code::SeveralDocuments, place, message));
            break;
        }
        if !builder.take(event, place, span, problems) {
            return None;
        }
    }
    let empty = |node: &Node| matches!(&node.value, Value::Scalar(s) if s.plain && s.text.is_empty());
    if builder.root.as_ref().is_none_or(empty) {
        let problem = Problem::new(Code::EmptyFile, Place::START, "the file is empty");
        problems.push(problem.help("begin with `version: 1`, `name`, `mode` and `services`"));
        return None;
    }
    builder.root
}

/// YAML's own message about tabs names neither the tab nor the place well, so they are found first.
fn report_tabs(text: &str, problems: &mut Problems) -> bool {
    let mut found = false;
    for (index, line) in text.lines().enumerate() {
        let indent = line.chars().take_while(|c| c.is_whitespace());
        if let Some(column) = indent.clone().position(|c| c == '\t') {
            if line.trim().is_empty() {
                continue;
            }
            let place = Place { line: index.saturating_add(1), column: column.saturating_add(1), width: 1 };
            let problem = Problem::new(Code::Tab, place, "a tab in the indentation");
            problems.push(problem.help("YAML indents with spaces"));
            found = true;
        }
    }
    found
}

/// A tab where the parser stopped, or beside it.
fn tab_beside(text: &str, line: usize, column: usize) -> Option<Place> {
    let from = column.saturating_sub(1);
    let mut beside = text.lines().nth(line.checked_sub(1)?)?.chars().skip(from).take(3);
    let at = beside.position(|c| c == '\t')?;
    Some(Place { line, column: from.saturating_add(at).saturating_add(1), width: 1 })
}

fn place(span: Span) -> Place {
    let same_line = span.start.line() == span.end.line();
    Place {
        line: span.start.line().max(1),
        column: span.start.col().saturating_add(1),
        width: if same_line { span.len().max(1) } else { 1 },
    }
}

/// Builds the tree from events, without recursion.
struct Builder {
    open: Vec<Frame>,
    root: Option<Node>,
}

struct Frame {
    place: Place,
    value: Open,
}

enum Open {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        key: Option<PendingKey>,
        /// Refused ones included.
        keys: usize,
        /// It has a merge key, which may bring any other: nothing can be said of those that are not there.
        merges: bool,
    },
}

/// A key that waits for its value; `None` when it is refused, and its value with it.
struct PendingKey(Option<Key>);

impl Builder {
    /// Takes one event; false when there is no point in going on.
    fn take(&mut self, event: Event<'_>, place: Place, span: Span, problems: &mut Problems) -> bool {
        let refuse = |what: &str, problems: &mut Problems| {
            let message = format!("{what}, which fleet files do not have");
            problems.push(Problem::new(Code::YamlFeature, place, message).help("write the value out"));
        };
        match event {
            Event::Alias(_) => {
                refuse("a YAML alias (`*`)", problems);
                self.close(Node { place, value: Value::Refused }, problems)
            }
            Event::Scalar(text, style, anchor, tag) => {
                if anchor > 0 {
                    refuse("a YAML anchor (`&`)", problems);
                }
                if tag.is_some() {
                    refuse("a YAML tag (`!`)", problems);
                }
                let scalar = Scalar {
                    plain: style == ScalarStyle::Plain,
                    offset: offset_of_text(&text, style, span),
                    text: text.into_owned(),
                };
                self.close(Node { place, value: Value::Scalar(scalar) }, problems)
            }
            Event::SequenceStart(anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    refuse("a YAML anchor (`&`) or tag (`!`)", problems);
                }
                self.descend(place, Open::List(Vec::new()), problems)
            }
            Event::MappingStart(anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    refuse("a YAML anchor (`&`) or tag (`!`)", problems);
                }
                let map = Open::Map { entries: Vec::new(), key: None, keys: 0, merges: false };
                self.descend(place, map, problems)
            }
            Event::SequenceEnd | Event::MappingEnd => self.ascend(problems),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => true,
        }
    }

    fn descend(&mut self, place: Place, value: Open, problems: &mut Problems) -> bool {
        if self.open.len() >= DEPTH_MAX {
            let message = format!("nested more than {DEPTH_MAX} deep");
            problems.push(Problem::new(Code::TooDeep, place, message));
            return false;
        }
        self.open.push(Frame { place, value });
        true
    }

    fn ascend(&mut self, problems: &mut Problems) -> bool {
        let Some(Frame { place, value }) = self.open.pop() else {
            return true;
        };
        let value = match value {
            Open::List(items) => Value::List(items),
            Open::Map { merges: true, .. } => Value::Refused,
            Open::Map { entries, .. } => Value::Map(entries),
        };
        self.close(Node { place, value }, problems)
    }

    /// Hands a finished value to the list or mapping it stands in; false when that is too long.
    fn close(&mut self, node: Node, problems: &mut Problems) -> bool {
        let place = node.place;
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return true;
        };
        let length = match &mut frame.value {
            Open::List(items) => {
                items.push(node);
                items.len()
            }
            Open::Map { entries, key, keys, merges } => {
                match key.take() {
                    None => {
                        *merges |= is_merge_key(&node);
                        *key = Some(pending_key(node, entries, problems));
                        *keys = keys.saturating_add(1);
                    }
                    Some(PendingKey(Some(key))) => entries.push((key, node)),
                    Some(PendingKey(None)) => {}
                }
                *keys
            }
        };
        if length > ENTRIES_MAX {
            let message = format!("more than {ENTRIES_MAX} entries");
            let problem = Problem::new(Code::WrongLength, place, message);
            problems.push(problem.help("split the fleet into several files"));
        }
        length <= ENTRIES_MAX
    }
}

const MERGE_KEY: &str = "<<";

fn is_merge_key(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if scalar.plain && scalar.text == MERGE_KEY)
}

fn pending_key(node: Node, entries: &[(Key, Node)], problems: &mut Problems) -> PendingKey {
    let place = node.place;
    let Value::Scalar(Scalar { text, plain, .. }) = node.value else {
        let message = "a key that is a list or a mapping";
        problems.push(Problem::new(Code::WrongShape, place, message).help("a key is a word"));
        return PendingKey(None);
    };
    if plain && text == MERGE_KEY {
        let message = "a YAML merge key (`<<`), which fleet files do not have";
        problems.push(Problem::new(Code::YamlFeature, place, message).help("write the keys out"));
        return PendingKey(None);
    }
    if let Some((first, _)) = entries.iter().find(|(key, _)| key.text == text) {
        let message = format!("`{text}` is here a second time, first in line {}", first.place.line);
        problems.push(Problem::new(Code::DuplicateKey, place, message));
        return PendingKey(None);
    }
    PendingKey(Some(Key { text, place }))
}

/// Where the text begins within its place; `None` when escapes or line breaks shift its characters.
fn offset_of_text(text: &str, style: ScalarStyle, span: Span) -> Option<usize> {
    let characters = text.chars().count();
    match style {
        ScalarStyle::Plain if span.len() == characters => Some(0),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
            if span.len() == characters.saturating_add(2) =>
        {
            Some(1)
        }
        ScalarStyle::Plain
        | ScalarStyle::SingleQuoted
        | ScalarStyle::DoubleQuoted
        | ScalarStyle::Literal
        | ScalarStyle::Folded => None,
    }
}
