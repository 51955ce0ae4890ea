//! The first line of a report and its last.

use tidegate_aws::CallError;
use tidegate_aws::error::{AwsError, ErrorClass};
use tidegate_aws::report::AccountAndRegion;
use tidegate_aws::report::section::Outcome;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{Reason, Verdict};
use tidegate_scaling::ActionTaken;

use super::{at, report, set_desired_count, target};

#[test]
fn a_headline_says_what_became_of_a_change_and_the_one_cause() {
    let failed = |error: AwsError| {
        ActionTaken::Tried(Outcome::Failed(CallError::new(set_desired_count("worker"), error)))
    };
    let answered = |class| AwsError::Answered {
        class,
        code: "Code".to_owned(),
        message: "in the words of AWS".to_owned(),
    };
    let pinned = Reason::Overridden {
        kind: OverrideKind::Pin(1_200),
        until: at(60),
        who: "ana".to_owned(),
        why: "launch".to_owned(),
    };
    for (action, headline) in [
        (ActionTaken::Tried(Outcome::Applied), "scaled out from 4 to 1,200 tasks: ana set pin 1200"),
        (
            ActionTaken::Tried(Outcome::TooLate),
            "scale-out from 4 to 1,200 tasks not requested: this evaluation ran out of time; the next one decides again",
        ),
        (
            failed(AwsError::TimedOut),
            "scale-out from 4 to 1,200 tasks unconfirmed: ECS timed out; the next evaluation checks",
        ),
        (
            failed(answered(ErrorClass::NotFound)),
            "failed to scale out from 4 to 1,200 tasks: ECS service does not exist",
        ),
        (
            failed(answered(ErrorClass::Throttled)),
            "failed to scale out from 4 to 1,200 tasks: ECS throttled the request",
        ),
        (
            ActionTaken::Observed { worth_reporting: true },
            "would scale out from 4 to 1,200 tasks: ana set pin 1200",
        ),
        (ActionTaken::Deferred, "scale-out from 4 to 1,200 tasks deferred: ana set pin 1200"),
    ] {
        let verdict = Verdict::ScaleOut { from: 4, to: 1_200 };
        let evaluation = report(&[target("worker", verdict, vec![pinned.clone(), Reason::Rollout], action)]);
        assert_eq!(evaluation.sections[0].headline(), format!("worker: {headline}"));
    }
}

#[test]
fn account_and_region_are_those_of_the_topic_and_left_out_where_it_names_none() {
    assert!(report(&[]).signature().contains(", account 111122223333, eu-central-1, "));
    for arn in ["", "tidegate", "arn:aws:sns:::tidegate", "arn:aws:sns:eu-central-1:111122223333"] {
        assert_eq!(AccountAndRegion::of_arn(arn), None, "{arn}");
    }
}

#[test]
fn a_quiet_evaluation_is_not_reported() {
    let hold =
        target("worker", Verdict::Hold { at: Some(5) }, vec![Reason::NothingMatches], ActionTaken::Nothing);
    let reported_before = target(
        "emails",
        Verdict::ScaleOut { from: 1, to: 2 },
        vec![Reason::NothingMatches],
        ActionTaken::Observed { worth_reporting: false },
    );
    let carried = target(
        "images",
        Verdict::ScaleOut { from: 1, to: 2 },
        vec![Reason::NothingMatches],
        ActionTaken::Deferred,
    );
    assert!(!report(&[hold, reported_before, carried]).is_worth_reporting());
}
