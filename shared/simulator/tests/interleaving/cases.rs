//! How many stories are told, and which.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// 200 stories, always the same. `PROPTEST_CASES` asks for more, `PROPTEST_RNG_SEED` for others.
pub(crate) fn stories(seed: u64) -> ProptestConfig {
    ProptestConfig {
        cases: asked("PROPTEST_CASES").unwrap_or(200),
        rng_seed: RngSeed::Fixed(asked("PROPTEST_RNG_SEED").unwrap_or(seed)),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    }
}

fn asked<T: std::str::FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}
