//! Two scalers of one service, and what looks like two and is none.

use tidegate_policy::{Notice, NoticeKind};

use crate::stage::{Stage, codes};

/// Two stacks evaluate one service minute by minute: ours keeps at least 8 tasks, the other one allows 4.
struct TwoStacks {
    ours: Stage,
    theirs: Stage,
}

impl TwoStacks {
    fn new() -> Self {
        Self { ours: Stage::new(8, 20, &[]), theirs: Stage::new(1, 4, &[]) }
    }

    /// What each of them tells of the other in this minute.
    fn minute(&mut self) -> [Option<Notice>; 2] {
        let notified = |stage: &mut Stage| {
            let decision = stage.evaluate();
            decision.notices.into_iter().find(|notice| notice.kind == NoticeKind::Overwritten)
        };
        let ours = notified(&mut self.ours);
        self.theirs.seen.service = self.ours.arrive().seen.service.clone();
        let theirs = notified(&mut self.theirs);
        self.ours.seen.service = self.theirs.arrive().seen.service.clone();
        self.ours.wait(60);
        self.theirs.wait(60);
        [ours, theirs]
    }
}

/// Our stack, once it has notified of the other one.
pub(crate) fn by_a_second_stack() -> Stage {
    let mut stacks = TwoStacks::new();
    assert!((0..30).any(|_| stacks.minute()[0].is_some()), "it is reported within half an hour");
    stacks.ours
}

#[test]
fn two_stacks_with_one_service_are_reported_by_both_within_half_an_hour_and_once() {
    let mut stacks = TwoStacks::new();
    let mut notified = [vec![], vec![]];
    for minute in 0..120 {
        for (notified, notice) in notified.iter_mut().zip(stacks.minute()) {
            notified.extend(notice.map(|notice| (minute, notice.begins)));
        }
    }
    for notified in notified {
        assert!(matches!(notified.as_slice(), [(..30, true)]), "{notified:?}");
    }
}

#[test]
fn it_is_over_an_hour_after_the_last_time() {
    let mut ours = by_a_second_stack();
    ours.evaluate();
    ours.arrive();
    assert!(ours.wait(50 * 60).evaluate().notices.is_empty());
    let over = ours.wait(11 * 60).evaluate();
    assert!(matches!(over.notices.as_slice(), [Notice { kind: NoticeKind::Overwritten, begins: false, .. }]));
    assert!(!codes(&ours.peek()).contains(&"overwritten"));
}

#[test]
fn an_operator_who_corrects_a_size_twice_is_no_other_autoscaler() {
    let mut stage = Stage::new(8, 20, &[]);
    for _ in 0..2 {
        stage.evaluate();
        stage.arrive().wait(60).service().desired_count = 4;
    }
    assert_eq!(codes(&stage.evaluate()), ["below-min", "manual-change"]);
}

#[test]
fn changes_elsewhere_where_nothing_was_set_here_are_no_fight() {
    let mut stage = Stage::new(1, 20, &[]);
    for tasks in [5, 9, 3, 7, 12, 4] {
        stage.service().desired_count = tasks;
        let decision = stage.arrive().wait(60).evaluate();
        assert!(!codes(&decision).contains(&"overwritten"), "{decision}");
    }
}

#[test]
fn changes_elsewhere_after_a_single_one_of_ours_are_no_fight() {
    let mut stage = Stage::new(8, 20, &[]);
    assert_eq!(codes(&stage.evaluate()), ["below-min"]);
    for tasks in [9, 12, 10, 15, 11] {
        stage.service().desired_count = tasks;
        let decision = stage.arrive().wait(60).evaluate();
        assert!(!codes(&decision).contains(&"overwritten"), "{decision}");
    }
}

#[test]
fn three_deployments_a_day_that_set_the_count_are_no_fight() {
    let mut stage = Stage::new(8, 20, &[]);
    for _ in 0..3 {
        stage.evaluate();
        stage.arrive().wait(8 * 3_600).service().desired_count = 2;
    }
    assert!(!codes(&stage.evaluate()).contains(&"overwritten"));
}
