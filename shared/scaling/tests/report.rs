//! The report as operators read it: golden texts, and the limits of SNS for every input.

#[path = "report/asked.rs"]
mod asked;

#[path = "report/headlines.rs"]
mod headlines;

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use tidegate_aws::CallError;
use tidegate_aws::error::{AwsError, ErrorClass, Step};
use tidegate_aws::ledger::{LedgerItem, LedgerRead};
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{
    AccountAndRegion, Alert, AlertState, EvaluationReport, Header, SUBJECT_CHARACTERS_MAX, Unreported,
};
use tidegate_aws::sns;
use tidegate_aws::trigger::Trigger;
use tidegate_fleet::{EcsService, TargetName};
use tidegate_policy::Severity;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{
    Absence, AbsenceKind, Capacity, Constraints, Decision, InFlight, Memory, Notice, NoticeKind, Observation,
    Queue, QueueLimits, Reason, ServiceState, Verdict,
};
use tidegate_scaling::{ActionTaken, AskingOverride, TargetReport};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_250_000 + second).expect("a moment")
}

fn service(desired: u32) -> ServiceState {
    ServiceState {
        desired_count: desired,
        running_count: desired,
        pending_count: 0,
        rollout: false,
        active: true,
        daemon: false,
        constraints: Constraints::default(),
    }
}

fn queue(waiting: u64) -> Queue {
    Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight: InFlight::Exactly(8),
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        head: None,
    }
}

fn target(name: &str, verdict: Verdict, reasons: Vec<Reason>, action: ActionTaken) -> TargetReport {
    let desired = match verdict {
        Verdict::ScaleOut { from, .. } | Verdict::ScaleIn { from, .. } => from,
        Verdict::Hold { at } => at.unwrap_or(0),
    };
    let decision = Decision {
        verdict,
        reasons,
        bounds: Capacity::new(2, 50).expect("bounds"),
        notices: Vec::new(),
        memory: Memory::default(),
        moving: true,
        capacity_unit: tidegate_policy::CapacityUnit::Tasks,
    };
    TargetReport {
        target: name.to_owned(),
        name: TargetName::Ecs(EcsService { cluster: "prod".to_owned(), service: name.to_owned() }),
        observe: matches!(action, ActionTaken::Observed { .. }),
        most: 5_000,
        seen: Observation {
            service: Ok(service(desired)),
            queue: Some(Ok(queue(612))),
            metrics: BTreeMap::new(),
            alarms: BTreeMap::new(),
            database: None,
        },
        asked: AskingOverride::of(&decision, decision.bounds, None),
        decision,
        action,
        failed_before: false,
    }
}

fn header() -> Header {
    Header {
        fleet: "shop-prod".to_owned(),
        concern: "queue-depth",
        function: "tidegate-QueueDepthFunction".to_owned(),
        place: AccountAndRegion::of_arn("arn:aws:sns:eu-central-1:111122223333:tidegate"),
        evaluation: "3f2a91c0".to_owned(),
        at: at(0),
        trigger: Trigger::Schedule,
        request: None,
    }
}

fn report(targets: &[TargetReport]) -> EvaluationReport {
    let header = header();
    let sections = targets.iter().map(|target| target.section(&header)).collect();
    EvaluationReport { sections, ..EvaluationReport::empty(header) }
}

fn notified(report: &EvaluationReport) -> String {
    format!("Subject: {}\n\n{}", report.subject(), report.text())
}

fn set_desired_count(service: &str) -> Step {
    let service = EcsService { cluster: "prod".to_owned(), service: service.to_owned() };
    Step::SetDesiredCount { service, tasks: 9 }
}

fn denied() -> CallError {
    let refused = AwsError::Answered {
        class: ErrorClass::Denied,
        code: "AccessDeniedException".to_owned(),
        message: "not authorized to perform ecs:UpdateService".to_owned(),
    };
    CallError::new(set_desired_count("emails"), refused)
}

#[test]
fn a_change_tells_what_was_seen_why_what_was_done_and_how_to_undo_it() {
    let wake = Reason::Wake { waiting_jobs: 612 };
    let action = ActionTaken::Tried(Outcome::Applied);
    insta::assert_snapshot!(notified(&report(&[target(
        "worker",
        Verdict::ScaleOut { from: 0, to: 1 },
        vec![wake],
        action
    )])));
}

#[test]
fn several_targets_are_one_digest_with_the_most_severe_first() {
    let applied = target(
        "worker",
        Verdict::ScaleIn { from: 12, to: 11 },
        vec![Reason::OneTaskAtATime { asked: 2 }],
        ActionTaken::Tried(Outcome::Applied),
    );
    let failed = target(
        "emails",
        Verdict::ScaleOut { from: 4, to: 9 },
        vec![Reason::Wake { waiting_jobs: 3 }],
        ActionTaken::Tried(Outcome::Failed(denied())),
    );
    let quiet =
        target("images", Verdict::Hold { at: Some(3) }, vec![Reason::NothingMatches], ActionTaken::Nothing);
    insta::assert_snapshot!(notified(&report(&[applied, quiet, failed])));
}

#[test]
fn a_condition_is_reported_when_it_begins_and_when_it_ends() {
    let absence = Absence::new(AbsenceKind::Unreachable, "redis:6379/0: connection refused");
    let mut begins =
        target("worker", Verdict::Hold { at: Some(5) }, vec![Reason::NothingMatches], ActionTaken::Nothing);
    begins.seen.queue = Some(Err(absence.clone()));
    let because = Some(Reason::ReadingMissing { signal: tidegate_policy::Signal::Waiting, absence });
    begins.decision.notices =
        vec![Notice { kind: NoticeKind::QueueUnreadable, begins: true, since: at(-60), because }];
    let mut ends =
        target("emails", Verdict::Hold { at: Some(50) }, vec![Reason::NothingMatches], ActionTaken::Nothing);
    ends.decision.notices =
        vec![Notice { kind: NoticeKind::AtMax, begins: false, since: at(-600), because: None }];
    insta::assert_snapshot!(notified(&report(&[ends, begins])));
}

#[test]
fn what_an_operator_pinned_is_undone_by_releasing_it() {
    let asked = Reason::Overridden {
        kind: OverrideKind::Pin(12),
        until: at(7200),
        who: "ana".to_owned(),
        why: "launch".to_owned(),
    };
    let verdict = Verdict::ScaleOut { from: 4, to: 12 };
    let pinned = target("worker", verdict, vec![asked], ActionTaken::Tried(Outcome::Applied));
    insta::assert_snapshot!(notified(&report(&[pinned])));
}

#[test]
fn a_change_whose_answer_did_not_arrive_is_not_called_undone() {
    let unanswered = CallError::new(set_desired_count("worker"), AwsError::TimedOut);
    let lost = ActionTaken::Tried(Outcome::Failed(unanswered));
    let verdict = Verdict::ScaleOut { from: 4, to: 9 };
    insta::assert_snapshot!(notified(&report(&[target(
        "worker",
        verdict,
        vec![Reason::NothingMatches],
        lost
    )])));
}

#[test]
fn a_change_that_an_earlier_evaluation_left_behind_is_reported() {
    let found = target(
        "worker",
        Verdict::Hold { at: Some(9) },
        vec![Reason::IntentFoundApplied { to: 9 }],
        ActionTaken::Nothing,
    );
    insta::assert_snapshot!(notified(&report(&[found])));
}

#[test]
fn a_change_that_fails_again_is_not_reported() {
    let mut again = target(
        "worker",
        Verdict::ScaleOut { from: 4, to: 9 },
        vec![Reason::NothingMatches],
        ActionTaken::Tried(Outcome::Failed(denied())),
    );
    assert!(again.is_worth_reporting());
    again.failed_before = true;
    assert!(!again.is_worth_reporting());
}

#[test]
fn chat_gets_the_custom_notification_and_machines_get_everything() {
    let wake = Reason::Wake { waiting_jobs: 612 };
    let verdict = Verdict::ScaleOut { from: 0, to: 1 };
    let evaluation = report(&[target("worker", verdict, vec![wake], ActionTaken::Tried(Outcome::Applied))]);
    let bodies: serde_json::Value = serde_json::from_str(&sns::message(&evaluation)).expect("JSON");
    let body = |protocol: &str| -> serde_json::Value {
        serde_json::from_str(bodies[protocol].as_str().expect("a text")).expect("JSON")
    };
    insta::assert_snapshot!(format!("{:#}", body("sqs")));
    let mut chat = body("sqs");
    chat.as_object_mut().expect("an object").remove("tidegate");
    assert_eq!(body("https"), chat);
    assert_eq!(body("lambda"), body("sqs"));
    assert_eq!(bodies["default"], evaluation.text());
}

#[test]
fn observe_mode_tells_what_it_would_have_done() {
    let reasons = vec![Reason::Wake { waiting_jobs: 612 }];
    let observed = target(
        "worker",
        Verdict::ScaleOut { from: 0, to: 1 },
        reasons,
        ActionTaken::Observed { worth_reporting: true },
    );
    insta::assert_snapshot!(notified(&report(&[observed])));
}

#[test]
fn what_could_not_be_reported_comes_with_the_next_report() {
    let mut late = report(&[]);
    late.unreported = vec![Unreported {
        severity: Severity::Critical,
        target: "worker".to_owned(),
        at: at(-3600),
        text: "worker: failed to scale out from 2 to 7 tasks".to_owned(),
    }];
    assert_eq!(late.severity(), Severity::Critical);
    assert_eq!(late.about(), ["worker"]);
    insta::assert_snapshot!(notified(&late));
}

#[test]
fn an_evaluation_that_failed_altogether_says_so() {
    let mut report_ledger_outage = report(&[]);
    let step = Step::ReadLedger { table: "ledger".to_owned() };
    let error = CallError::new(step, AwsError::TimedOut);
    let targets = vec!["worker".to_owned(), "emails".to_owned()];
    let text = "scaling paused".to_owned();
    let cause = "DynamoDB table `ledger` timed out; desired counts unchanged".to_owned();
    let because = Some(error.to_string());
    report_ledger_outage.alert = Some(Alert { severity: Severity::Critical, text, cause, because, targets });
    assert_eq!(report_ledger_outage.about(), ["emails", "worker"]);
    assert!(report_ledger_outage.is_worth_reporting());
    insta::assert_snapshot!(notified(&report_ledger_outage));
}

/// One condition of a service that begins or ends.
fn notice(name: &str, begins: bool) -> TargetReport {
    let mut one =
        target(name, Verdict::Hold { at: Some(5) }, vec![Reason::NothingMatches], ActionTaken::Nothing);
    let because = begins.then_some(Reason::Rollout);
    one.decision.notices = vec![Notice { kind: NoticeKind::RolloutLasts, begins, since: at(0), because }];
    one
}

#[test]
fn a_message_opens_what_begins_or_fails_and_closes_what_ends() {
    let action =
        |action| target("worker", Verdict::ScaleOut { from: 1, to: 2 }, vec![Reason::NothingMatches], action);
    let state = |targets: &[TargetReport]| report(targets).state().map(AlertState::code);
    assert_eq!(state(&[notice("a", true)]), Some("firing"));
    assert_eq!(state(&[notice("a", false), notice("b", false)]), Some("resolved"));
    assert_eq!(state(&[notice("a", false), notice("b", true)]), Some("firing"), "one of both begins");
    assert_eq!(state(&[action(ActionTaken::Tried(Outcome::Failed(denied())))]), Some("firing"));
    assert_eq!(state(&[action(ActionTaken::Tried(Outcome::Applied))]), None, "a change opens nothing");
    assert_eq!(state(&[action(ActionTaken::Tried(Outcome::Applied)), notice("a", false)]), Some("resolved"));
    let mut again = report(&[]);
    let text = "scaling resumed".to_owned();
    again.alert =
        Some(Alert { severity: Severity::Info, text, cause: String::new(), because: None, targets: vec![] });
    assert_eq!(again.state().map(AlertState::code), Some("resolved"));
}

#[test]
fn whatever_the_ledger_holds_a_report_is_one_that_sns_takes_and_a_line_stays_a_line() {
    let mut row = tidegate_policy::Override {
        target: "*".to_owned(),
        kind: OverrideKind::Pin(12),
        since: Some(at(0)),
        until: at(7_200),
        who: format!("{}\n  undo  rm -rf /", "x".repeat(300_000)),
        why: "y\n\n".repeat(100_000),
        request: Some("z\n".repeat(100_000)),
    };
    row.believe();
    assert!(row.who.len() <= 64 && row.why.len() <= 300 && !row.why.contains('\n'), "{row:?}");
    let late = Unreported {
        severity: Severity::Info,
        target: "t\n".to_owned(),
        at: at(1 << 30),
        text: "a\nb".repeat(200_000),
    };
    let item = LedgerItem { unreported: vec![late; 400], ..LedgerItem::default() };
    let mut found: LedgerRead<()> = LedgerRead { item, ..LedgerRead::default() };
    found.believe(at(0));
    let mut evaluation = report(&[]);
    evaluation.unreported = found.item.unreported;
    let notified = evaluation.text();
    assert_eq!(notified.lines().count(), 53, "a line for each of 50, and three more");
    assert!(notified.contains("2026-11-21 08:33:20 UTC  aba"), "not of the future");
    let huge = Absence::new(AbsenceKind::Unreachable, "words ".repeat(100_000));
    let reasons = vec![Reason::ServiceUnreadable { absence: huge }];
    let observed = ActionTaken::Observed { worth_reporting: true };
    let one = target("worker", Verdict::Hold { at: None }, reasons, observed);
    assert!(sns::message(&report(&[one])).len() < 200 * 1024);
}

#[test]
fn a_target_has_the_keys_of_format_1_and_no_others() {
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let failed = ActionTaken::Tried(Outcome::Failed(denied()));
    let mut one = notice("worker", true);
    one.action = failed;
    let json = report(&[one]).to_json()["targets"][0].clone();
    let common = ["cluster", "error", "from", "mode", "notices", "outcome", "reasons", "seen", "sentence"];
    assert_eq!(keys(&json), [&common[..], &["service", "target", "to", "verdict"]].concat());
    assert_eq!(keys(&json["reasons"][0]), ["code", "text"]);
    let notice = ["begins", "condition", "kind", "severity", "since", "text"];
    assert_eq!(keys(&json["notices"][0]), notice);
    let seen =
        ["at_limit", "delayed", "desired", "due", "in_flight", "max", "min", "paused", "pending", "rollout"];
    assert_eq!(keys(&json["seen"]), [&seen[..], &["running", "waiting"]].concat());
}

proptest! {
    // Each case writes up to 1,000 services several times; the boundaries lie where bodies are left out.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_message_is_one_that_sns_takes(services in 1_usize..1000, words in 0_usize..400) {
        let absence = Absence::new(AbsenceKind::Unreachable, "redis.example:6379/0 ".repeat(words / 10));
        let begins = (0..services).map(|index| {
            let hold = Verdict::Hold { at: Some(5) };
            let name = format!("a-service-with-a-rather-long-name-{index}");
            let mut one = target(&name, hold, vec![Reason::NothingMatches], ActionTaken::Nothing);
            let because = Some(Reason::ServiceUnreadable { absence: absence.clone() });
            one.decision.notices =
                vec![Notice { kind: NoticeKind::QueueUnreadable, begins: true, since: at(0), because }];
            one
        });
        let evaluation = report(&begins.collect::<Vec<_>>());
        let attributes: usize = evaluation.about().iter().map(|name| name.len() + 3).sum();
        prop_assert!(sns::message(&evaluation).len() + attributes + 1000 <= 262_144);
    }
}

proptest! {
    #[test]
    fn every_subject_is_one_line_below_100_characters(names in prop::collection::vec("\\PC{0,300}|a\nb\tc", 1..5)) {
        let changes = names.iter().map(|name| {
            target(name, Verdict::ScaleOut { from: 1, to: 2 }, vec![Reason::NothingMatches], ActionTaken::Tried(Outcome::Applied))
        });
        let subject = report(&changes.collect::<Vec<_>>()).subject();
        prop_assert!(subject.len() <= SUBJECT_CHARACTERS_MAX && subject.is_ascii(), "{}", subject);
        prop_assert!(subject.contains(": scaled out from 1 to 2 tasks"), "{}", subject);
        prop_assert!(!subject.chars().any(char::is_control), "{:?}", subject);
    }
}
