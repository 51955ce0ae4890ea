//! What fails between an operator and the function: each has an error of its own, which says what to do.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::emergency::engaged;
use crate::fake_lambda::{FakeLambda, LambdaReply, said};

/// What a command that changes something ends with when it is answered like this, and how often it was sent.
#[track_caller]
fn check(reply: LambdaReply, expected: &str, code: i32, sent: usize) {
    let lambda = FakeLambda::always(reply);
    let (stdout, stderr, ended) = lambda.run(&["pin", "worker", "12"]);
    assert_eq!((stdout.as_str(), ended), ("", code), "{stderr}");
    assert_eq!(stderr, format!("error: {expected}\n"));
    assert_eq!(lambda.events().len(), sent, "{expected}");
    let (answer, ended) = lambda.again().json(&["pin", "worker", "12"]);
    assert_eq!((answer, ended), (json!({ "format": 1, "error": expected }), code));
}

/// What is added to an error after which it is not known whether the change was made.
const PERHAPS: &str =
    "it may be in force all the same: see `tidegate emergency status`; the same command again does no harm";

#[test]
fn a_function_that_says_no_is_an_answer() {
    let no = "no service `wroker` in fleet `shop`; did you mean `worker`?";
    check(LambdaReply::Failed("NonRetryable", no), no, 1, 1);
}

#[test]
fn a_function_that_fails_may_have_changed_something() {
    let expected =
        format!("`shop-emergency` failed: Sandbox.Timedout: Task timed out after 900.00 seconds\n{PERHAPS}");
    check(LambdaReply::Failed("Sandbox.Timedout", "Task timed out after 900.00 seconds"), &expected, 3, 1);
    let expected = format!("`shop-emergency` failed: Retryable: write the ledger: timed out\n{PERHAPS}");
    check(LambdaReply::Failed("Retryable", "write the ledger: timed out"), &expected, 3, 1);
}

#[test]
fn a_function_that_is_not_there_is_looked_for_in_the_stack() {
    check(
        LambdaReply::Refused(404, "ResourceNotFoundException", "Function not found: arn"),
        "no Lambda function `shop-emergency` in eu-central-1: the stack's output `EmergencyMaxFunctionName` names it",
        3,
        1,
    );
}

#[test]
fn a_missing_permission_is_named() {
    check(
        LambdaReply::Refused(403, "AccessDeniedException", "User: ana is not authorized"),
        "not allowed to invoke `shop-emergency`: the IAM permission `lambda:InvokeFunction` on that function is missing; \
         AWS says: User: ana is not authorized",
        3,
        1,
    );
}

#[test]
fn credentials_that_are_over_are_no_missing_permission() {
    check(
        LambdaReply::Refused(
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        "AWS does not accept the credentials: ExpiredTokenException: The security token included in the request is expired",
        3,
        1,
    );
}

/// Lambda did not take it, so it may be sent again; a stack that was stopped takes none.
#[test]
fn a_throttled_invocation_is_sent_three_times() {
    check(
        LambdaReply::Refused(429, "TooManyRequestsException", "Rate Exceeded."),
        "Lambda throttled `shop-emergency`: Rate Exceeded.; if `StopCommand` of the stack was run, run its `ResumeCommand` \
         first",
        3,
        3,
    );
    let lambda = FakeLambda::start(|_, before| match before {
        0 => LambdaReply::Refused(429, "TooManyRequestsException", "Rate Exceeded."),
        _ => LambdaReply::Answer(engaged()),
    });
    assert_eq!(lambda.run(&["pin", "worker", "12"]).2, 0);
}

/// In an incident the other functions of the account run too: an operator is not sent away after a second.
#[test]
fn while_the_account_has_no_concurrency_left_it_is_sent_more_often() {
    let lambda = FakeLambda::start(|_, before| match before {
        0..4 => LambdaReply::NoConcurrency("Rate Exceeded."),
        4 => LambdaReply::Refused(403, "AccessDeniedException", "no"),
        _ => LambdaReply::Answer(engaged()),
    });
    let (_, stderr, code) = lambda.run(&["pin", "worker", "12"]);
    assert_eq!((lambda.events().len(), code), (5, 3), "{stderr}");
    let throttled = FakeLambda::start(|_, before| match before {
        0 => LambdaReply::NoConcurrency("Rate Exceeded."),
        _ => LambdaReply::Refused(429, "TooManyRequestsException", "Rate Exceeded."),
    });
    throttled.run(&["pin", "worker", "12"]);
    assert_eq!(throttled.events().len(), 3, "a stack that was stopped takes none");
}

#[test]
fn an_event_that_is_too_large_is_told_with_its_size() {
    check(
        LambdaReply::Refused(413, "RequestTooLargeException", "Request must be smaller than 6291456 bytes"),
        "the event is too large: 67 bytes, and Lambda takes 6 MB",
        3,
        1,
    );
}

#[test]
fn what_lambda_refuses_otherwise_is_told_as_it_is() {
    check(
        LambdaReply::Refused(400, "InvalidRequestContentException", "Could not parse"),
        "Lambda refused the invocation of `shop-emergency`: InvalidRequestContentException: Could not parse",
        3,
        1,
    );
    let expected = format!("no answer from `shop-emergency`: ServiceException: broken\n{PERHAPS}");
    check(LambdaReply::Refused(500, "ServiceException", "broken"), &expected, 3, 1);
}

#[test]
fn an_answer_that_is_not_understood_is_no_success() {
    let expected = format!("the answer of `shop-emergency` cannot be read: missing field `fleet`\n{PERHAPS}");
    check(LambdaReply::Answer(json!({ "statusCode": 200 })), &expected, 3, 1);
}

/// A lost answer of engage is not asked for again: it may be in force, and `status` shows it.
#[test]
fn a_change_whose_answer_is_lost_is_sent_once_and_says_so() {
    for arguments in [
        &["emergency", "engage", "--yes", "--json"][..],
        &["emergency", "restore", "--yes", "--json"],
        &["pin", "worker", "12"],
        &["hold", "*"],
        &["release", "worker"],
    ] {
        let lambda = FakeLambda::always(LambdaReply::Lost);
        let (_, stderr, code) = lambda.run(arguments);
        assert!(stderr.starts_with("error: no answer from `shop-emergency`: "), "{stderr}");
        assert!(stderr.ends_with(&format!("\n{PERHAPS}\n")), "{stderr}");
        assert_eq!((lambda.events().len(), code), (1, 3), "{arguments:?}");
    }
}

#[test]
fn a_lost_status_changed_nothing_and_does_not_say_that_it_may_have() {
    let (_, stderr, code) = FakeLambda::always(LambdaReply::Lost).run(&["emergency", "status"]);
    assert!(!stderr.contains("it may be in force"), "{stderr}");
    assert_eq!(code, 3);
}

/// A port where nothing listens: it was never sent, so it is tried again, and nothing is in force.
fn unreachable(command: &mut Command) -> (String, String, i32) {
    said(command.env("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1"))
}

#[test]
fn what_was_never_sent_is_not_in_force() {
    let lambda = FakeLambda::always(LambdaReply::Lost);
    let (_, stderr, code) = unreachable(&mut lambda.command(&["emergency", "engage", "--yes", "--json"]));
    assert!(stderr.starts_with("error: Lambda in eu-central-1 cannot be reached: "), "{stderr}");
    assert!(stderr.contains("refused") && !stderr.contains("it may be in force"), "{stderr}");
    assert_eq!(code, 3);
}

#[test]
fn without_a_region_or_credentials_it_says_what_to_set() {
    let lambda = FakeLambda::always(LambdaReply::Lost);
    let without = |names: &[&str]| {
        let mut command = lambda.command(&["pin", "worker", "12"]);
        for name in names {
            command.env_remove(name);
        }
        let (_, stderr, code) = said(&mut command);
        assert_eq!(code, 3, "{stderr}");
        stderr
    };
    let none = "error: no Region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one\n";
    assert_eq!(without(&["AWS_REGION"]), none);
    let shown = without(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    assert!(shown.starts_with("error: no AWS credentials: "), "{shown}");
    assert!(shown.contains("aws configure export-credentials") && !shown.contains("in force"), "{shown}");
    assert!(lambda.events().is_empty());
}

/// Nothing of these was sent, and each says what to type.
#[test]
fn what_is_wrong_with_the_region_or_the_profile_is_named() {
    let lambda = FakeLambda::always(LambdaReply::Lost);
    let config = Path::new(env!("CARGO_TARGET_TMPDIR")).join("profiles-of-operators");
    let written = "[profile sso]\nregion = eu-central-1\nsso_start_url = https://x.awsapps.com/start\n\
                   sso_region = eu-central-1\nsso_account_id = 111122223333\nsso_role_name = op\n\
                   [profile process]\nregion = eu-central-1\ncredential_process = /bin/false\n";
    std::fs::write(&config, written).expect("it is written");
    let export =
        "Type first, in the same terminal:\neval \"$(aws configure export-credentials --format env)\"";
    let elsewhere = |from| format!("this build of `tidegate` reads no credentials from {from}. {export}");
    let of_region = "no Region is set: set AWS_REGION, or AWS_PROFILE to a profile that has one";
    let typo = "set AWS_PROFILE to one that `aws configure list-profiles` shows";
    for (set, expected) in [
        (&[("AWS_REGION", "")][..], of_region.to_owned()),
        (&[("AWS_REGION", " "), ("AWS_PROFILE", "")], of_region.to_owned()),
        (
            &[("AWS_REGION", ""), ("AWS_PROFILE", "nope")],
            format!("{of_region} (the profile `nope` has none, or does not exist)"),
        ),
        (
            &[("AWS_REGION", "EU Central")],
            "`EU Central` is no Region: set AWS_REGION to one like eu-central-1".to_owned(),
        ),
        (&[("AWS_PROFILE", "nope")], format!("the AWS profile `nope` does not exist: {typo}")),
        (&[("AWS_PROFILE", "sso"), ("AWS_REGION", "")], elsewhere("an SSO login")),
        (&[("AWS_PROFILE", "process")], elsewhere("a `credential_process`")),
    ] {
        let mut command = lambda.command(&["pin", "worker", "12"]);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            command.env_remove(name);
        }
        let (_, stderr, code) = said(command.env("AWS_CONFIG_FILE", &config).envs(set.iter().copied()));
        assert_eq!((stderr, code), (format!("error: {expected}\n"), 3), "{set:?}");
    }
    // With an endpoint that is none, the SDK does not come as far as to send it.
    let mut command = lambda.command(&["pin", "worker", "12"]);
    let (_, stderr, code) = said(command.env("AWS_ENDPOINT_URL_LAMBDA", "not a url"));
    assert!(
        stderr.starts_with("error: `shop-emergency` was not invoked, and nothing was sent: "),
        "{stderr}"
    );
    assert!(!stderr.contains("in force") && code == 3, "{stderr}");
    assert!(lambda.events().is_empty());
}
