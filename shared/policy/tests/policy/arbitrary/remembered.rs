//! Parts of any memory.

use proptest::option;
use proptest::prelude::*;
use tidegate_policy::memory::{AtLimit, Intent, Startup};

use super::{Range, count, jobs, time};

/// A change that another evaluation is about to make.
pub(super) fn intent(range: Range) -> impl Strategy<Value = Intent> {
    (count(range), count(range), time(range)).prop_map(|(from, to, at)| Intent {
        from,
        to,
        at,
        evaluation: "another-evaluation".to_owned(),
    })
}

pub(super) fn startup(range: Range) -> impl Strategy<Value = Startup> {
    (time(range), count(range), option::of(count(range))).prop_map(|(since, running, many_after)| Startup {
        since,
        running,
        many_after,
    })
}

pub(super) fn at_limit(range: Range) -> impl Strategy<Value = AtLimit> {
    let limits = (option::of(jobs(range)), option::of(jobs(range)), option::of(jobs(range)));
    (time(range), any::<bool>(), limits, -1.0..1e12, count(range)).prop_map(
        |(last, again, (taken, max, concurrency), busy, evaluations)| AtLimit {
            last,
            again,
            taken,
            max,
            concurrency,
            busy,
            evaluations,
        },
    )
}
