//! How much work waits, runs and is due, read with single-key, read-only commands.
