//! The exit codes, as the help lists them.

pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 invalid, refused, or a target failed, 2 wrong usage, 3 a file cannot be read or \
written, or an AWS call failed";
