//! What AWS can run of it, and when.

use tidegate_policy::emergency::delivery::{
    Addition, Delivered, Fargate, FargateCapacity, Pace, Paces, Quota, Quotas, forecast, in_use,
};
use tidegate_policy::{Absence, AbsenceKind, Datapoint, MetricReading};

use crate::stage::seconds;

const PACES: Paces = Paces {
    calls: Pace { burst: 45.0, refill: 5.0 },
    registrations: Pace { burst: 20.0, refill: 5.0 },
    launches: Pace { burst: 100.0, refill: 20.0 },
    launches_of_one: 500.0,
};

fn on_fargate(tasks: u32, vcpus: Option<f64>) -> Addition {
    on(FargateCapacity::OnDemand, tasks, vcpus)
}

fn on(capacity: FargateCapacity, tasks: u32, vcpus: Option<f64>) -> Addition {
    Addition { tasks, is_call: true, is_registered: false, fargate: Some(Fargate { vcpus, capacity }) }
}

/// Of on-demand capacity; of Spot nothing is known.
fn quota(vcpus: f64, used: f64) -> Quotas {
    Quotas { on_demand: Some(Quota { vcpus, used }), spot: None }
}

const UNKNOWN: Quotas = Quotas { on_demand: None, spot: None };

fn all(tasks: u32, after: i64) -> Delivered {
    Delivered { tasks, is_beyond_quota: false, is_known: true, after: seconds(after) }
}

/// As if it were within the quota.
fn perhaps(tasks: u32, after: i64) -> Delivered {
    Delivered { is_known: false, ..all(tasks, after) }
}

#[test]
fn of_40_tasks_of_half_a_cpu_24_fit_where_8_of_20_cpus_are_in_use() {
    let some = forecast(&[on_fargate(40, Some(0.5))], PACES, quota(20.0, 8.0));
    assert_eq!(some, [Delivered { tasks: 24, is_beyond_quota: true, is_known: true, after: seconds(0) }]);
}

#[test]
fn what_one_target_takes_of_the_quota_the_next_ones_do_not_have() {
    let three = [on_fargate(16, Some(0.5)), on_fargate(16, Some(0.25)), on_fargate(3, Some(1.0))];
    let delivered = forecast(&three, PACES, quota(20.0, 8.0));
    let tasks: Vec<u32> = delivered.iter().map(|it| it.tasks).collect();
    assert_eq!(tasks, [16, 16, 0]);
    assert!(delivered[2].is_beyond_quota && !delivered[1].is_beyond_quota);
    let over = forecast(&three, PACES, quota(20.0, 25.0));
    assert!(over.iter().all(|it| it.tasks == 0), "more is in use than the quota says");
}

#[test]
fn five_hundred_calls_leave_a_bucket_of_45_and_5_a_second_within_91_seconds() {
    let calls = vec![Addition { tasks: 0, is_call: true, is_registered: false, fargate: None }; 500];
    let delivered = forecast(&calls, PACES, UNKNOWN);
    assert_eq!(delivered[44], all(0, 0));
    assert_eq!(delivered[49], all(0, 1));
    assert_eq!(delivered[499], all(0, 91));
}

#[test]
fn five_hundred_services_with_eight_more_tasks_each_wait_for_their_launches() {
    let delivered = forecast(&vec![on_fargate(8, Some(0.5)); 500], PACES, quota(4_000.0, 0.0));
    assert_eq!(delivered[499], all(8, 195));
}

#[test]
fn what_is_not_known_counts_as_within_the_quota() {
    assert_eq!(forecast(&[on_fargate(40, None)], PACES, quota(20.0, 20.0)), [perhaps(40, 0)]);
    assert_eq!(forecast(&[on_fargate(40, Some(0.5))], PACES, UNKNOWN), [perhaps(40, 0)]);
    assert_eq!(forecast(&[on_fargate(40, Some(0.0))], PACES, quota(20.0, 20.0)), [perhaps(40, 0)]);
    let on_instances = Addition { tasks: 40, is_call: true, is_registered: false, fargate: None };
    assert_eq!(forecast(&[on_instances], PACES, quota(1.0, 1.0)), [all(40, 0)]);
}

#[test]
fn one_service_alone_starts_so_many_tasks_a_minute() {
    assert_eq!(forecast(&[on_fargate(90, None)], PACES, UNKNOWN), [perhaps(90, 0)]);
    let large = forecast(&[on_fargate(2_000, None)], PACES, UNKNOWN);
    assert_eq!(large, [perhaps(2_000, 180)], "500 at once, and 500 in each minute after");
}

#[test]
fn a_target_that_gets_no_more_tasks_waits_for_no_launches() {
    let delivered = forecast(&[on_fargate(2_000, None), on_fargate(0, None)], PACES, UNKNOWN);
    assert_eq!(delivered[1], perhaps(0, 0));
}

#[test]
fn no_numbers_make_it_panic() {
    for vcpus in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        for free in [0.0, f64::NAN, f64::INFINITY, 1e300] {
            let delivered = forecast(&[on_fargate(u32::MAX, Some(vcpus))], PACES, quota(free, 0.0));
            assert!(!delivered[0].after.is_negative());
        }
    }
}

#[test]
fn spot_has_a_quota_of_its_own_and_of_a_mixture_nothing_is_foretold() {
    use FargateCapacity::{Mixed, OnDemand, Spot};
    let quotas = Quotas {
        on_demand: Some(Quota { vcpus: 4.0, used: 0.0 }),
        spot: Some(Quota { vcpus: 2.0, used: 1.0 }),
    };
    let all = [on(OnDemand, 5, Some(1.0)), on(Spot, 5, Some(1.0)), on(Mixed, 5, Some(1.0))];
    let tasks: Vec<u32> = forecast(&all, PACES, quotas).iter().map(|it| it.tasks).collect();
    assert_eq!(tasks, [4, 1, 5]);
    assert_eq!(OnDemand.quota(), Some(("L-3032A538", "Standard/OnDemand")));
    assert_eq!((Spot.quota(), Mixed.quota()), (Some(("L-36FBB829", "Standard/Spot")), None));
}

#[test]
fn registrations_come_before_the_calls_at_their_own_pace() {
    let one = Addition { tasks: 0, is_call: true, is_registered: true, fargate: None };
    let delivered = forecast(&[one; 500], PACES, UNKNOWN);
    assert_eq!((delivered[19], delivered[499]), (all(0, 0), all(0, 96)));
}

#[test]
fn in_use_is_what_has_settled_or_more_and_never_what_is_missing() {
    let now = crate::stage::noon();
    let used = |points: &[(i64, f64)]| {
        let point = |(ago, value): &(i64, f64)| Datapoint { at: now - seconds(*ago), value: *value };
        let points = points.iter().map(point).collect();
        in_use(&MetricReading::Points { period: seconds(60), points }, now).map_err(|absence| absence.kind)
    };
    assert_eq!(used(&[(600, 2.0), (180, 8.0)]), Ok(8.0));
    assert_eq!(used(&[(180, 8.0), (60, 3.0)]), Ok(8.0), "a young datapoint may still grow");
    assert_eq!(used(&[(180, 8.0), (60, 12.0)]), Ok(12.0));
    assert_eq!(used(&[(60, 12.0)]), Err(AbsenceKind::NoDatapoints));
    assert_eq!(used(&[]), Err(AbsenceKind::NoDatapoints));
    let denied = Absence::new(AbsenceKind::Denied, "AccessDenied");
    assert_eq!(in_use(&MetricReading::Failed(denied.clone()), now), Err(denied));
}
