//! Any hours, any floor table, any trackers, any overrides, any notices.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidegate_policy::notice::ActiveNotice;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::{Days, Floor, Hours, MetricName, NoticeKind, Override, Track, Window};

use super::{Range, count, time};
use crate::stage::{noon, seconds};
use crate::track::track;

/// Rows of a week and of a zone, or none.
pub(super) fn hours(range: Range) -> impl Strategy<Value = Vec<Hours>> {
    let time = || (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| Time::new(hour, minute, 0, 0).unwrap());
    let zone = prop::sample::select(&["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"][..])
        .prop_map(|name| TimeZone::get(name).unwrap());
    let days = (any::<[bool; 7]>(), any::<bool>()).prop_map(|(week, holidays)| Days { week, holidays });
    let holidays = vec(Just(noon()), 0..2)
        .prop_map(|all| all.into_iter().map(|at| TimeZone::UTC.to_datetime(at).date()).collect());
    let window = (days, time(), time(), zone, holidays)
        .prop_map(|(days, from, until, zone, holidays)| Window { days, from, until, zone, holidays });
    let row = (window, any::<bool>(), option::of(count(range)), option::of(count(range)))
        .prop_map(|(window, outside, min, max)| Hours { window, outside, min, max });
    prop_oneof![2 => Just(vec![]), 1 => vec(row, 1..4)]
}

pub(super) fn trackers() -> impl Strategy<Value = Vec<Track>> {
    let name = prop::sample::select(&["cpu", "requests", "waiting_per_task", "requests_per_task"][..]);
    let one = (name, 1.0..100.0_f64, any::<bool>())
        .prop_map(|(name, target, scale_in)| Track { scale_in, ..track(name, target) });
    prop_oneof![2 => Just(vec![]), 1 => vec(one, 1..3)]
}

pub(super) fn floor() -> impl Strategy<Value = Option<Floor>> {
    let by = MetricName::new("requests").unwrap();
    let rows = vec((0..200_u64, 0..40_u32), 1..4);
    option::weighted(
        0.3,
        rows.prop_filter_map("more never needs fewer", move |rows| Floor::new(by.clone(), rows).ok()),
    )
}

/// What operators ask for, of now or of a minute ago.
pub(super) fn overrides(range: Range) -> impl Strategy<Value = Vec<Override>> {
    let kind = prop_oneof![
        count(range).prop_map(OverrideKind::Min),
        count(range).prop_map(OverrideKind::Max),
        count(range).prop_map(OverrideKind::Pin),
        count(range).prop_map(OverrideKind::Raise),
        Just(OverrideKind::Hold(Held::ScaleIn)),
        Just(OverrideKind::Hold(Held::Both)),
        Just(OverrideKind::Release),
    ];
    let row = (kind, -60..60_i64).prop_map(|(kind, until)| Override {
        target: "*".to_owned(),
        kind,
        since: Some(noon() - seconds(60)),
        until: noon() + seconds(until),
        who: "alice".to_owned(),
        why: "launch day".to_owned(),
        request: None,
    });
    prop_oneof![3 => Just(vec![]), 1 => vec(row, 1..3)]
}

/// What operators were notified of, or are about to be.
pub(super) fn active_notices(range: Range) -> impl Strategy<Value = Vec<ActiveNotice>> {
    let kinds = [NoticeKind::Blocked, NoticeKind::AtMax, NoticeKind::ReadingMissing];
    (prop::sample::subsequence(kinds.to_vec(), 0..=3), time(range), count(range), any::<(bool, bool)>())
        .prop_map(|(kinds, since, evaluations, (notified, ended))| {
            let active = |kind| ActiveNotice {
                kind,
                condition: None,
                since,
                evaluations,
                notified,
                ended: ended && notified,
            };
            kinds.into_iter().map(active).collect()
        })
}
