//! Changes: the one call of each kind, and what a refusal means.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::update::{self, TargetChanges};
use tidegate_fleet::TargetName;
use tidegate_policy::emergency::target::{Change, Process, ScalableTarget, Suspended};

use crate::fake::{Aws, HttpAnswer};
use crate::{ecs, group};

fn now() -> Timestamp {
    Timestamp::from_second(1_795_250_000).expect("a moment")
}

fn change(target: TargetName, capacity: u32) -> TargetChanges {
    TargetChanges { target, changes: vec![Change::SetCapacity(capacity)] }
}

/// So long after the beginning.
pub(crate) fn end(left: SignedDuration) -> Timestamp {
    now().checked_add(left).expect("a moment")
}

/// A clock that goes with virtual time, from now on.
pub(crate) fn clock() -> impl Fn() -> Timestamp + Send + Sync {
    let began = tokio::time::Instant::now();
    move || {
        let passed = SignedDuration::try_from(began.elapsed()).expect("short");
        now().checked_add(passed).expect("a moment")
    }
}

/// A service under Application Auto Scaling, which gets its bounds before its size.
fn raised(number: usize) -> TargetChanges {
    let scalable = ScalableTarget { min: 8, max: 8, suspended: Suspended::ALL };
    let changes = vec![Change::Register(scalable), Change::SetCapacity(8)];
    TargetChanges { target: ecs::name("prod", &format!("s{number}")), changes }
}

async fn refused(target: TargetName, answer: HttpAnswer) -> (String, bool) {
    let aws = Aws::new(move |_, _| answer.clone());
    let outcomes = update::apply(&aws.clients(), &[change(target, 7)], now(), &now).await;
    match outcomes.as_slice() {
        [Outcome::Failed(error)] => (error.to_string(), error.is_retryable()),
        other => unreachable!("not refused but {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_gets_its_desired_count_and_a_group_its_desired_capacity_and_nothing_else() {
    let aws = Aws::new(|action, _| match action {
        "UpdateService" => Ok(json!({"service": {}})),
        _ => Ok(json!({})),
    });
    let changes = [change(ecs::name("prod", "api"), 7), change(group::name("web"), 9)];
    let outcomes = update::apply(&aws.clients(), &changes, now(), &now).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied]);
    let body = |action: &str| aws.calls(action)[0].body.clone();
    assert_eq!(body("UpdateService"), json!({"cluster": "prod", "service": "api", "desiredCount": 7}));
    assert_eq!(
        body("SetDesiredCapacity"),
        json!({"Action": "SetDesiredCapacity", "Version": "2011-01-01", "AutoScalingGroupName": "web",
            "DesiredCapacity": "9", "HonorCooldown": "false"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_reported_in_the_words_of_aws_and_a_group_that_is_busy_may_be_asked_again() {
    let (text, retryable) =
        refused(ecs::name("prod", "api"), Err(("InvalidParameterException", "Desired count is too large.")))
            .await;
    assert_eq!(
        text,
        "update service `api` in cluster `prod` to 7 tasks: refused: InvalidParameterException: Desired count is too large."
    );
    assert!(!retryable);

    let busy = Err(("ScalingActivityInProgress", "a scaling activity is in progress"));
    let (text, retryable) = refused(group::name("web"), busy).await;
    assert_eq!(
        text,
        "set the desired capacity of the Auto Scaling group `web` to 7: busy: ScalingActivityInProgress: a scaling \
         activity is in progress"
    );
    assert!(retryable);

    let above = Err((
        "ValidationError",
        "New SetDesiredCapacity value 7 is above max value 5 for the AutoScalingGroup.",
    ));
    let (text, retryable) = refused(group::name("web"), above).await;
    assert!(
        text.contains("refused: ValidationError: New SetDesiredCapacity value 7 is above max value 5"),
        "{text}"
    );
    assert!(!retryable);
    assert!(refused(group::name("web"), Err(("ResourceContention", "later"))).await.1);
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_turn_comes_too_late_is_not_sent() {
    let aws = Aws::new(|_, _| Ok(json!({"service": {}})));
    let changes: Vec<TargetChanges> =
        (0..80).map(|number| change(ecs::name("prod", &format!("s{number}")), 2)).collect();
    let outcomes = update::apply(&aws.clients(), &changes, end(SignedDuration::from_secs(1)), &clock()).await;
    let applied = outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count();
    assert_eq!(applied, aws.calls("UpdateService").len());
    assert!((45..55).contains(&applied), "the bucket holds 45 and earns 5 a second, but {applied} were sent");
    assert!(outcomes[70..].iter().all(|outcome| *outcome == Outcome::TooLate));
}

#[tokio::test(start_paused = true)]
async fn of_many_registrations_none_is_sent_after_the_end_and_several_evaluations_send_all() {
    let aws = Aws::new(|_, _| Ok(json!({})));
    let (clients, clock) = (aws.clients(), clock());
    let began = tokio::time::Instant::now();
    let mut left: Vec<TargetChanges> = (0..300).map(raised).collect();
    let mut evaluations = 0;
    while !left.is_empty() {
        let not_after = clock().checked_add(SignedDuration::from_secs(17)).expect("a moment");
        let outcomes = update::apply(&clients, &left, not_after, &clock).await;
        let late = aws.calls("RegisterScalableTarget").into_iter().chain(aws.calls("UpdateService"));
        let latest = late.map(|call| call.at.duration_since(began)).max().expect("calls");
        let end = SignedDuration::try_from(latest).expect("short");
        assert!(
            now().checked_add(end).expect("a moment") <= not_after,
            "a call {latest:?} after the beginning"
        );
        left = left
            .into_iter()
            .zip(outcomes)
            .filter_map(|(changes, outcome)| (outcome == Outcome::TooLate).then_some(changes))
            .collect();
        evaluations += 1;
        assert!(evaluations < 10, "{} are never sent", left.len());
    }
    assert!(
        evaluations > 2,
        "300 registrations at 20 and 5 a second take 56 s, not {evaluations} evaluations"
    );
    let mut set: Vec<String> =
        aws.calls("UpdateService").iter().map(|call| call.body["service"].to_string()).collect();
    set.sort_unstable();
    set.dedup();
    assert_eq!(set.len(), 300);
    assert!(began.elapsed().as_secs_f64() < 1.05 * 56.0 + 3.0, "took {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn processes_of_a_group_wait_for_their_turn_and_not_past_the_end() {
    let aws = Aws::new(|_, _| Ok(json!({})));
    let suspend = |number| TargetChanges {
        target: group::name(&format!("g{number}")),
        changes: vec![Change::Suspend(Process::ALL.to_vec()), Change::SetCapacity(9)],
    };
    let changes: Vec<TargetChanges> = (0..60).map(suspend).collect();
    let outcomes = update::apply(&aws.clients(), &changes, end(SignedDuration::from_secs(2)), &clock()).await;
    let applied = outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count();
    assert!(
        (20..=31).contains(&applied),
        "the bucket holds 20 and earns 5 a second, but {applied} were sent"
    );
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::TooLate).count(), 60 - applied);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_while_it_waited_sends_nothing() {
    let aws = Aws::new(|_, _| Ok(json!({})));
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let clock = || {
        let first = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        if first { now() } else { end(SignedDuration::from_secs(60)) }
    };
    let outcomes = update::apply(
        &aws.clients(),
        &[change(ecs::name("prod", "api"), 7)],
        end(SignedDuration::from_secs(17)),
        &clock,
    )
    .await;
    assert_eq!((outcomes.as_slice(), aws.count()), ([Outcome::TooLate].as_slice(), 0));
}
