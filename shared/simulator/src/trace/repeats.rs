//! What several rows of one timestamp mean: parts of one count, or one value several times.

/// What several rows of one timestamp mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repeats {
    /// What the file looks like: whole numbers that differ are parts of one count, from several queues or producers, and are
    /// added. Other rows are one value that was recorded several times.
    #[default]
    ByTheFile,
    /// Parts of one count: their sum.
    Sum,
    /// One value, recorded several times: its mean.
    Mean,
}

/// Rows whose timestamp another row has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RepeatedRows {
    rows: u64,
    /// Those of another value.
    differ: u64,
}

/// If one in so many has another value, rows of one timestamp are parts of a count: of two small counts many are equal by chance. Of a
/// file that holds a part of itself twice, at most the last value differs.
const MANY_DIFFER: u64 = 10;

impl RepeatedRows {
    pub(super) fn add(&mut self, same_value: bool) {
        self.rows += 1;
        self.differ += u64::from(!same_value);
    }

    /// Whether the values of one timestamp are added.
    pub(super) fn are_added(self, wanted: Repeats, whole: bool) -> bool {
        match wanted {
            Repeats::Sum => self.rows > 0,
            Repeats::Mean => false,
            Repeats::ByTheFile => whole && self.differ > 0 && self.differ * MANY_DIFFER >= self.rows,
        }
    }
}
