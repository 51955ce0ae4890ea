//! Changes: the one call of each kind, and what a refusal means.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::update::{self, CapacityChange};
use tidegate_fleet::TargetName;

use crate::fake::{Aws, HttpAnswer};
use crate::{ecs, group};

fn now() -> Timestamp {
    Timestamp::from_second(1_795_250_000).expect("a moment")
}

fn change(target: TargetName, capacity: u32) -> CapacityChange {
    CapacityChange { target, capacity, not_after: now() }
}

async fn refused(target: TargetName, answer: HttpAnswer) -> (String, bool) {
    let aws = Aws::new(move |_, _| answer.clone());
    let outcomes = update::apply(&aws.clients(), &[change(target, 7)], &now).await;
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
    let outcomes = update::apply(&aws.clients(), &changes, &now).await;
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
    let began = tokio::time::Instant::now();
    let clock = move || {
        let passed = SignedDuration::try_from(began.elapsed()).expect("short");
        now().checked_add(passed).expect("a moment")
    };
    let not_after = now().checked_add(SignedDuration::from_secs(1)).expect("a moment");
    let changes: Vec<CapacityChange> = (0..80)
        .map(|number| CapacityChange {
            target: ecs::name("prod", &format!("s{number}")),
            capacity: 2,
            not_after,
        })
        .collect();
    let outcomes = update::apply(&aws.clients(), &changes, &clock).await;
    let applied = outcomes.iter().filter(|outcome| **outcome == Outcome::Applied).count();
    assert_eq!(applied, aws.calls("UpdateService").len());
    assert!((50..60).contains(&applied), "the bucket holds 50 and earns 5 a second, but {applied} were sent");
    assert!(outcomes[70..].iter().all(|outcome| *outcome == Outcome::TooLate));
}
