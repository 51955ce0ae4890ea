//! Where something stands in the file.

/// Where something stands in the file; line and column start at 1, counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// How many characters it is wide, at least 1.
    pub width: usize,
}

impl Place {
    /// The very beginning of the file.
    pub(crate) const START: Self = Self { line: 1, column: 1, width: 1 };

    /// A part of this place on the same line.
    pub(crate) fn part(self, offset: usize, width: usize) -> Self {
        let column = self.column.saturating_add(offset);
        Self { column, width: width.max(1), ..self }
    }
}
