//! The recommendations of the stabilization window: what was needed lately, and how much of it is remembered.

use jiff::{SignedDuration, Timestamp};

use crate::clock::{LONGEST_GAP, since};
use crate::memory::PastRecommendation;
use crate::memory::size::RECOMMENDATIONS_MAX;
use crate::service::ServicePolicy;

/// Of more recommendations than [`RECOMMENDATIONS_MAX`] not each is remembered: of those within one of the window's parts
/// the largest stays, with the time of the newest, so that none is kept longer than one part too long, and none too short.
/// Parts of an eighth would keep twice as long; parts of a thirty-second would take 400 bytes of the ledger's item. A
/// window touches one part more, and the newest recommendation stands beside them.
const PARTS: i64 = 16;

/// The largest recommendation remembered.
pub(crate) fn largest(recommendations: &[PastRecommendation]) -> Option<u32> {
    recommendations.iter().map(|recommendation| recommendation.tasks).max()
}

/// Remembers a recommendation. A recommendation counts until the next one replaces it, so two evaluations further apart
/// than the window still have to agree. Only the largest of what follows matters: smaller earlier ones are dropped.
/// Without recommendations, or after a pause, the present size is taken as recommended: the first evaluation never
/// scales in.
pub(crate) fn remember(
    recommendations: Vec<PastRecommendation>,
    tasks: u32,
    desired: u32,
    policy: &ServicePolicy,
    now: Timestamp,
) -> Vec<PastRecommendation> {
    let window = policy.stabilization;
    let mut next = if paused(&recommendations, policy, now) {
        vec![PastRecommendation { at: now, tasks: desired }]
    } else {
        recommendations
    };
    if let Some(last) = next.last_mut() {
        last.at = now;
    }
    next.retain(|recommendation| since(recommendation.at, now) < window && recommendation.tasks > tasks);
    if next.len() >= RECOMMENDATIONS_MAX {
        let part = in_millis(window).checked_div(PARTS).unwrap_or(0).max(1);
        let part_of = |recommendation: &PastRecommendation| {
            recommendation.at.min(now).as_millisecond().checked_div_euclid(part)
        };
        next.dedup_by(|later, larger| {
            let combine = part_of(later) == part_of(larger);
            if combine {
                larger.at = later.at;
            }
            combine
        });
    }
    next.push(PastRecommendation { at: now, tasks });
    next
}

/// Whether the last recommendation is too old to count, or there is none.
pub(crate) fn paused(recommendations: &[PastRecommendation], policy: &ServicePolicy, now: Timestamp) -> bool {
    let last = recommendations.last().map(|recommendation| recommendation.at);
    last.is_none_or(|last| since(last, now) > policy.stabilization.saturating_add(LONGEST_GAP))
}

fn in_millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
