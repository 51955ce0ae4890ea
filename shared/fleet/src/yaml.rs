//! YAML text into a tree with places; its mappings by their settings, and its single values.

pub(crate) mod duration;
pub(crate) mod entries;
pub(crate) mod object;
pub(crate) mod scalar;
pub(crate) mod tree;
