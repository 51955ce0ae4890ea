//! The scaling methods: observation in, absolute capacity out.

pub(crate) mod start;
pub(crate) mod rules;
pub(crate) mod track;
pub(crate) mod wait;
pub(crate) mod combine;
