//! Everything that talks to AWS.
