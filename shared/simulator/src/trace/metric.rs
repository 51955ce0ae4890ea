//! Which of several metrics of one file is read.

use super::refusal::TraceError;

/// A metric with its names, the shortest first: an id and a label, or a column's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate(pub(super) Vec<String>);

/// The place of the metric that is wanted, or of the only one.
pub(super) fn choose(candidates: &[Candidate], wanted: Option<&str>) -> Result<usize, TraceError> {
    let Some(wanted) = wanted else {
        return match candidates {
            [_] => Ok(0),
            [] | [_, _, ..] => Err(TraceError::SeveralMetrics { names: names(candidates) }),
        };
    };
    let is_wanted = |Candidate(names): &Candidate| names.iter().any(|name| name == wanted);
    let mut found = candidates.iter().enumerate().filter(|(_, candidate)| is_wanted(candidate));
    match (found.next(), found.next()) {
        (Some((place, _)), None) => Ok(place),
        (None, _) => Err(TraceError::NoSuchMetric { wanted: wanted.to_owned(), names: names(candidates) }),
        (Some(_), Some(_)) => Err(TraceError::SeveralMetrics { names: names(candidates) }),
    }
}

/// Nothing may be wanted of a file that names no metric.
pub(super) fn none(wanted: Option<&str>) -> Result<(), TraceError> {
    wanted.map_or(Ok(()), |wanted| choose(&[], Some(wanted)).map(|_| ()))
}

fn names(candidates: &[Candidate]) -> Vec<String> {
    let words = |Candidate(names): &Candidate| match &names[..] {
        [one, others @ ..] => match others.iter().find(|other| *other != one) {
            Some(other) => format!("`{one}` ({other})"),
            None => format!("`{one}`"),
        },
        [] => "one without a name".to_owned(),
    };
    candidates.iter().map(words).collect()
}
