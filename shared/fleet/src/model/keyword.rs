//! Closed sets of words that the fleet file is written with.

/// Declares an enum whose variants are each written as one word: the enum, the table that the reader finds a word in, and
/// the words themselves for the settings. None of them can forget a variant.
macro_rules! keywords {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// Each word, and what it means.
            pub(crate) const TABLE: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)*];

            /// The words.
            pub(crate) const WORDS: &'static [&'static str] = &[$($word,)*];

            /// As the fleet file writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        /// As the fleet file writes it.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use keywords;
