//! The fleet file: text in, validated policies out, or every problem at once.

pub mod source;
