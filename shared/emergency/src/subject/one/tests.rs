//! One target in a report.

use tidegate_fleet::AutoScalingGroup;
use tidegate_policy::emergency::decision::Aim;
use tidegate_policy::emergency::missed::MissedActions;
use tidegate_policy::emergency::restore::Kept;
use tidegate_policy::{Constraints, ServiceState};

use super::*;

/// `api` was seen at its size, and is put back; one thing stays as it was set by hand, and a schedule is odd.
fn put_back(outcome: Outcome) -> One {
    let targeted = Targeted {
        asked: 10,
        raise: true,
        progress: Progress::Seen,
        snapshot: None,
        sizes: vec![10],
        registered: Vec::new(),
        suspended: Vec::new(),
        failures: 0,
    };
    let work = Work {
        target: "api".to_owned(),
        changes: vec![Change::SetCapacity(2)],
        from: 10,
        to: 2,
        limit: None,
        kept: vec![Kept::Processes],
        missed: MissedActions { not_understood: vec!["odd".to_owned()], ..MissedActions::default() },
        aim: Aim::Restore,
    };
    One {
        name: "api".to_owned(),
        resource: None,
        targeted,
        seen: None,
        work: Some(work),
        skip: None,
        cut: None,
        is_restore: true,
        afterwards: None,
        outcome: Some(outcome),
        foreseen: None,
        told: None,
    }
}

/// A group of at most 4 instances, of which 10 are asked for.
fn group(running: u32, work: Option<Work>, progress: Progress) -> One {
    let constraints = Constraints { max: Some(4), ..Constraints::default() };
    let service = ServiceState {
        desired_count: 4,
        running_count: running,
        pending_count: 0,
        rollout: false,
        active: true,
        daemon: false,
        constraints,
    };
    let mut one = put_back(Outcome::Applied);
    one.targeted.progress = progress;
    (one.is_restore, one.outcome, one.work) = (false, None, work);
    let group = AutoScalingGroup { name: "api".to_owned(), detailed_monitoring: false };
    one.resource = Some(TargetName::Group(group));
    one.seen = Some(Ok(TargetState::new(service, Vec::new())));
    one
}

#[test]
fn a_group_that_its_own_bounds_cut_short_is_never_said_to_run_all() {
    let limited = group(4, None, Progress::Seen);
    assert_eq!(limited.progress(), "limited");
    assert_eq!(limited.line(), "api: 4 running, 10 asked (the group's MaxSize is 4)");
    assert_eq!(limited.to_json()["blocked_by"], "the group's MaxSize is 4");
    let starts = group(3, None, Progress::Starting);
    assert_eq!((starts.progress(), starts.blocked_by()), ("asked", None), "a watch goes on");
    let limit = Some(Limit::MaxSize(4));
    let work = put_back(Outcome::Applied).work.map(|work| Work { from: 3, to: 4, limit, ..work });
    let asked = group(3, work, Progress::Pending);
    assert_eq!(asked.line(), "api: 3 to 4, 10 asked (the group's MaxSize is 4)");
    let mut unlimited = limited;
    unlimited.targeted.asked = 4;
    assert_eq!((unlimited.progress(), unlimited.is_limited()), ("done", false));
}

#[test]
fn what_was_not_sent_is_neither_put_back_nor_worth_a_notice() {
    let sent = put_back(Outcome::Applied);
    assert_eq!((sent.progress(), sent.has_notes()), ("done", true));
    assert!(sent.line().contains("`odd`"), "{}", sent.line());
    let late = put_back(Outcome::TooLate);
    assert_eq!((late.progress(), late.has_notes()), ("pending", false));
    assert!(!late.line().contains("`odd`"), "{}", late.line());
}
