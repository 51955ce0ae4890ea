//! How far apart evaluations come.

/// While work moves evaluations come this often.
pub(crate) const USUAL_INTERVAL_SECONDS: f64 = 15.0;

/// Evaluations are promised at least once a minute.
pub(crate) const LONGEST_INTERVAL_SECONDS: f64 = 60.0;

/// After a longer time without an evaluation the load is not known any more but for its mean, which may order and
/// removes no task. Half as long would forget with two readings missing in a row.
pub(crate) const FORGOTTEN_AFTER_SECONDS: f64 = 150.0;
