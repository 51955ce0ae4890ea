//! Any history of running tasks.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_policy::memory::ran::{Ran, RunningSpan};

use super::{Range, count, time};

pub(super) fn ran(range: Range) -> impl Strategy<Value = Ran> {
    let lasted = match range {
        Range::Everyday => (0..600_i64).boxed(),
        Range::Extreme => prop_oneof![0..600_i64, Just(i64::MAX), Just(i64::MIN)].boxed(),
    };
    let span = (lasted, count(range), count(range)).prop_map(|(lasted, one, other)| RunningSpan {
        lasted,
        least: one.min(other),
        most: one.max(other),
    });
    (time(range), vec(span, 0..20)).prop_map(|(at, spans)| Ran { at: at.as_second(), spans })
}
