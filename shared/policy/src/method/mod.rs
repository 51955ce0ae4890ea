//! The scaling methods: observation in, absolute capacity out.

pub(crate) mod rules;
