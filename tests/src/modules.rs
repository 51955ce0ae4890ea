//! Which files of a crate use which others of it: the graph that must be free of circles.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use crate::repository;

/// For each file or room, by its path from the root, the others that it uses.
pub type Uses = BTreeMap<String, BTreeSet<String>>;

/// The path of a module from the crate's root; of the root itself it is empty.
type Path = Vec<String>;

/// What each file below a crate's `src` uses of that crate: by `use` or by a path, in its inline modules too.
///
/// # Panics
/// If a file is not Rust.
#[must_use]
pub fn uses(src: &str) -> Uses {
    let files = repository::rust_files(&[&format!("{src}/")]);
    let texts: Vec<(String, String)> =
        files.into_iter().map(|file| (file.clone(), repository::read(&file))).collect();
    of_texts(src, &texts)
}

/// The same, of files and their texts.
///
/// # Panics
/// If a text is not Rust.
#[must_use]
pub fn of_texts(src: &str, texts: &[(String, String)]) -> Uses {
    let known: BTreeMap<Path, String> =
        texts.iter().map(|(file, _)| (module(src, file), file.clone())).collect();
    let of = |(file, text): &(String, String)| {
        let parsed = syn::parse_file(text);
        assert!(parsed.is_ok(), "{file} is not Rust: {:?}", parsed.err());
        let here = module(src, file);
        let mut found = FoundModule { known: &known, here, used: BTreeSet::new() };
        if let Ok(parsed) = &parsed {
            found.visit_file(parsed);
        }
        found.used.remove(file);
        (file.clone(), found.used)
    };
    texts.iter().map(of).collect()
}

/// The same between rooms: the file or folder that stands for a module of the crate's root. The root itself, which
/// only opens them, is none.
#[must_use]
pub fn between_rooms(src: &str, uses: &Uses) -> Uses {
    let room = |file: &String| module(src, file).into_iter().next();
    let mut rooms = Uses::new();
    for (file, used) in uses {
        let Some(from) = room(file) else { continue };
        let others = used.iter().filter_map(room).filter(|to| *to != from);
        rooms.entry(from.clone()).or_default().extend(others);
    }
    rooms
}

/// The files that use each other, directly or by way of others: each circle once, its files in order.
#[must_use]
pub fn circles(uses: &Uses) -> BTreeSet<Vec<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> =
        uses.keys().map(|file| (file, reachable(uses, file))).collect();
    let both = |one: &String, other: &String| {
        let reaches = |from, to| reach.get(from).is_some_and(|all| all.contains(to));
        reaches(one, other) && reaches(other, one)
    };
    let circle = |file: &String| uses.keys().filter(|other| both(file, other)).cloned().collect();
    uses.keys().map(circle).filter(|circle: &Vec<String>| !circle.is_empty()).collect()
}

/// The files that use a module above their own. A `tests.rs` stands beside what it tests, and may.
#[must_use]
pub fn upward(src: &str, uses: &Uses) -> Vec<String> {
    let is_above = |above: &String, file: &String| {
        let (above, file) = (module(src, above), module(src, file));
        above.len() < file.len() && file.starts_with(&above)
    };
    let pairs = uses.iter().flat_map(|(file, used)| used.iter().map(move |other| (file, other)));
    pairs
        .filter(|(file, other)| !file.ends_with("/tests.rs") && is_above(other, file))
        .map(|(file, other)| format!("{file} uses {other}"))
        .collect()
}

fn reachable<'a>(uses: &'a Uses, file: &String) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&String> = uses.get(file).into_iter().flatten().collect();
    while let Some(other) = next.pop() {
        if found.insert(other) {
            next.extend(uses.get(other).into_iter().flatten());
        }
    }
    found
}

/// The module that a file holds: `src/read/rule.rs` is `read::rule`, and so is `src/read/rule/mod.rs`.
fn module(src: &str, file: &str) -> Path {
    let inside = file.strip_prefix(src).unwrap_or(file).trim_matches('/');
    let mut path: Path = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        path.pop();
    }
    path
}

/// What one file uses.
struct FoundModule<'a> {
    known: &'a BTreeMap<Path, String>,
    /// The module that is visited: the file's own, or an inline one within it.
    here: Path,
    used: BTreeSet<String>,
}

impl FoundModule<'_> {
    /// Adds the file that holds what a path names: of the modules that it passes, the last one with a file.
    fn add(&mut self, path: &[String]) {
        let Some(mut full) = self.resolve(path) else { return };
        while !self.known.contains_key(&full) {
            if full.pop().is_none() {
                return;
            }
        }
        self.used.extend(self.known.get(&full).cloned());
    }

    /// The path from the crate's root; `None` when it begins with the name of something else.
    fn resolve(&self, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let mut full = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.here.clone(),
            "super" => self.here[..self.here.len().checked_sub(1)?].to_vec(),
            child => {
                let child = [self.here.clone(), vec![child.to_owned()]].concat();
                self.known.contains_key(&child).then_some(child)?
            }
        };
        for segment in rest {
            if segment == "super" {
                full.pop()?;
            } else {
                full.push(segment.clone());
            }
        }
        Some(full)
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.add(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
        }
    }
}

impl Visit<'_> for FoundModule<'_> {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        self.here.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments: Path = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        // A single word is a local name, or was named by a `use`.
        if segments.len() > 1 {
            self.add(&segments);
        }
        visit::visit_path(self, path);
    }

    /// The tokens of a macro are no syntax tree: their paths from the crate's root are found by the words.
    fn visit_macro(&mut self, it: &syn::Macro) {
        let tokens = it.tokens.to_string();
        for path in tokens.split("crate :: ").skip(1) {
            let end = path.find(|c: char| !c.is_alphanumeric() && !"_: ".contains(c)).unwrap_or(path.len());
            let names = path.split_at(end).0.split(" :: ").map(|name| name.trim().to_owned());
            let segments: Path = ["crate".to_owned()].into_iter().chain(names).collect();
            self.add(&segments);
        }
        visit::visit_macro(self, it);
    }
}
