//! Token buckets: no burst above what is allowed, none refused, none later than it must be.

use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use tidegate_aws::bucket::{Bucket, RateLimit};
use tokio::time::{Instant, sleep};

/// When each of the callers that come at these moments may go, in virtual time.
fn goes(rate: RateLimit, comes: &[Duration]) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (bucket, began) = (Bucket::new(rate), Instant::now());
        let callers = comes.iter().map(|come| {
            let bucket = &bucket;
            async move {
                sleep(*come).await;
                bucket.take().await;
                began.elapsed()
            }
        });
        join_all(callers).await
    })
}

#[test]
fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
    let rate = RateLimit { burst: 10, refill_per_second: 5.0 };
    let mut gone = goes(rate, &[Duration::ZERO; 30]);
    gone.sort_unstable();
    assert_eq!(gone[9], Duration::ZERO);
    // Timers have whole milliseconds.
    let near = |gone: Duration, expected: u64| {
        gone.abs_diff(Duration::from_millis(expected)) <= Duration::from_millis(2)
    };
    assert!(near(gone[10], 200) && near(gone[11], 400) && near(gone[29], 4000), "{gone:?}");
}

#[test]
fn a_bucket_fills_again_and_never_above_its_burst() {
    let rate = RateLimit { burst: 3, refill_per_second: 1.0 };
    let hour = Duration::from_hours(1);
    let gone = goes(rate, &[Duration::ZERO, Duration::ZERO, Duration::ZERO, hour, hour, hour, hour]);
    assert_eq!(gone.iter().filter(|gone| **gone == hour).count(), 3);
    assert!(gone.iter().any(|gone| *gone > hour + Duration::from_millis(990)));
}

proptest! {
    #[test]
    fn in_no_time_pass_more_than_the_burst_and_what_is_earned(
        burst in 1_u32..20,
        refill_per_second in 0.5_f64..50.0,
        comes in prop::collection::vec(0_u64..3_000, 1..60),
    ) {
        let comes: Vec<Duration> = comes.into_iter().map(Duration::from_millis).collect();
        let mut gone = goes(RateLimit { burst, refill_per_second }, &comes);
        for (gone, come) in gone.iter().zip(&comes) {
            prop_assert!(gone >= come);
        }
        gone.sort_unstable();
        for (first, from) in gone.iter().enumerate() {
            for (last, to) in gone.iter().enumerate().skip(first) {
                let passed = f64::from(u32::try_from(last - first + 1).expect("few"));
                let allowed = f64::from(burst) + to.abs_diff(*from).as_secs_f64() * refill_per_second;
                // A timer of whole milliseconds may round each of two moments.
                prop_assert!(passed <= allowed + 0.002 * refill_per_second + 1e-6, "{passed} of {allowed}");
            }
        }
        // The last caller waits no longer than all the work takes.
        let latest = comes.iter().max().expect("callers").as_secs_f64();
        let work = f64::from(u32::try_from(comes.len()).expect("few")) / refill_per_second;
        prop_assert!(gone.last().expect("callers").as_secs_f64() <= latest + work + 0.002);
    }
}
