//! Whether decisions are acted on.

use crate::model::keyword::keywords;

keywords! {
    /// Whether decisions are acted on.
    Mode {
        /// Decide and report, change nothing.
        Observe = "observe",
        /// Act.
        Enforce = "enforce",
    }
}

impl Mode {
    /// The mode of a service or database in a fleet of this mode; none ever does more than its fleet.
    pub(crate) fn narrowed(self, own: Option<Self>) -> Option<Self> {
        let own = own.unwrap_or(self);
        (own <= self).then_some(own)
    }
}
