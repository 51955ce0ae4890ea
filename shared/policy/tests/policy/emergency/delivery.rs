//! What AWS can run of it, and when.

use tidegate_policy::emergency::delivery::{Addition, Delivered, Fargate, Pace, Paces, Quota, forecast};

use crate::stage::seconds;

const PACES: Paces = Paces {
    calls: Pace { burst: 45.0, refill: 5.0 },
    launches: Pace { burst: 100.0, refill: 20.0 },
    launches_of_one: 500.0,
};

fn on_fargate(tasks: u32, vcpus: Option<f64>) -> Addition {
    Addition { tasks, is_call: true, fargate: Some(Fargate { vcpus }) }
}

fn quota(vcpus: f64, used: f64) -> Quota {
    Quota { vcpus, used }
}

fn all(tasks: u32, after: i64) -> Delivered {
    Delivered { tasks, is_beyond_quota: false, after: seconds(after) }
}

#[test]
fn of_40_tasks_of_half_a_cpu_24_fit_where_8_of_20_cpus_are_in_use() {
    let some = forecast(&[on_fargate(40, Some(0.5))], PACES, Some(quota(20.0, 8.0)));
    assert_eq!(some, [Delivered { tasks: 24, is_beyond_quota: true, after: seconds(0) }]);
}

#[test]
fn what_one_target_takes_of_the_quota_the_next_ones_do_not_have() {
    let three = [on_fargate(16, Some(0.5)), on_fargate(16, Some(0.25)), on_fargate(3, Some(1.0))];
    let delivered = forecast(&three, PACES, Some(quota(20.0, 8.0)));
    let tasks: Vec<u32> = delivered.iter().map(|it| it.tasks).collect();
    assert_eq!(tasks, [16, 16, 0]);
    assert!(delivered[2].is_beyond_quota && !delivered[1].is_beyond_quota);
    let over = forecast(&three, PACES, Some(quota(20.0, 25.0)));
    assert!(over.iter().all(|it| it.tasks == 0), "more is in use than the quota says");
}

#[test]
fn five_hundred_calls_leave_a_bucket_of_45_and_5_a_second_within_91_seconds() {
    let calls = vec![Addition { tasks: 0, is_call: true, fargate: None }; 500];
    let delivered = forecast(&calls, PACES, None);
    assert_eq!(delivered[44], all(0, 0));
    assert_eq!(delivered[49], all(0, 1));
    assert_eq!(delivered[499], all(0, 91));
}

#[test]
fn five_hundred_services_with_eight_more_tasks_each_wait_for_their_launches() {
    let delivered = forecast(&vec![on_fargate(8, Some(0.5)); 500], PACES, Some(quota(4_000.0, 0.0)));
    assert_eq!(delivered[499], all(8, 195));
}

#[test]
fn what_is_not_known_counts_as_within_the_quota() {
    assert_eq!(forecast(&[on_fargate(40, None)], PACES, Some(quota(20.0, 20.0))), [all(40, 0)]);
    assert_eq!(forecast(&[on_fargate(40, Some(0.5))], PACES, None), [all(40, 0)]);
    let on_instances = Addition { tasks: 40, is_call: true, fargate: None };
    assert_eq!(forecast(&[on_instances], PACES, Some(quota(1.0, 1.0))), [all(40, 0)]);
}

#[test]
fn one_service_alone_starts_so_many_tasks_a_minute() {
    assert_eq!(forecast(&[on_fargate(90, None)], PACES, None), [all(90, 0)]);
    let large = forecast(&[on_fargate(2_000, None)], PACES, None);
    assert_eq!(large, [all(2_000, 180)], "500 at once, and 500 in each minute after");
}

#[test]
fn no_numbers_make_it_panic() {
    for vcpus in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        for free in [0.0, f64::NAN, f64::INFINITY, 1e300] {
            let delivered = forecast(&[on_fargate(u32::MAX, Some(vcpus))], PACES, Some(quota(free, 0.0)));
            assert!(!delivered[0].after.is_negative());
        }
    }
}
