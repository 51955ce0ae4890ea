//! The report of a database as operators read it: golden texts of the policy's own decisions.

#[path = "report/undo.rs"]
mod undo;

#[path = "report/scene.rs"]
mod scene;

use tidegate_aws::error::{AwsError, ErrorClass, Failure, Step};
use tidegate_aws::rds::CallResult;
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{AlertState, EvaluationReport, Section};
use tidegate_aws::{CallError, log};
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::decision::UpgradeState;
use tidegate_policy::upgrades::memory::{ClassRequest, PlannedChange, UpgradeEnd, UpgradeMemory};
use tidegate_policy::upgrades::observation::{RdsMessage, Reservation};
use tidegate_policy::{Absence, AbsenceKind, MetricReading, Severity};
use tidegate_upgrades::UpgradesMemory;
use tidegate_upgrades::database::UpgradeReport;

use crate::scene::{ClassScene, EVALUATION, asked_now, at, header, text};

/// A window that is open since four minutes.
const OPEN: &str = "sat:08:30-sat:09:30";

/// The ladder asks for more, and the window is open.
fn busy_in_the_window() -> ClassScene {
    ClassScene::new().cpu(91.0).offering("db.m6g.xlarge").window(OPEN)
}

fn first(scene: &ClassScene) -> UpgradeReport {
    // Told a day before that window, to which 20 hours and 26 minutes are left: what is told later waits for the next one.
    let (since, window, told) = (at(-3 * 86_400), at(73_560), Some(at(-13_000)));
    let planned = planned().planned.map(|it| PlannedChange { since, window, told, ..it });
    scene.report(&UpgradeMemory { planned, ..UpgradeMemory::default() }, None)
}

/// The change was planned before the window opened, and operators were told.
fn planned() -> UpgradeMemory {
    let planned = PlannedChange {
        to: "db.m6g.xlarge".to_owned(),
        why: "cpu > 80% for 1d".to_owned(),
        since: at(-90_000),
        window: at(-240),
        told: Some(at(-90_000)),
        refused: String::new(),
    };
    UpgradeMemory { planned: Some(planned), ..UpgradeMemory::default() }
}

/// It begins in the open window.
fn beginning() -> UpgradeReport {
    busy_in_the_window().report(&planned(), None)
}

fn error(class: ErrorClass, code: &str, message: &str) -> CallError {
    let step = Step::ChangeClass { instance: "shop-prod".to_owned(), class: "db.m6g.xlarge".to_owned() };
    CallError::new(step, AwsError::Answered { class, code: code.to_owned(), message: message.to_owned() })
}

/// As it stands after the call.
fn called(report: UpgradeReport, outcome: CallOutcome, error: Option<CallError>) -> UpgradeReport {
    assert!(report.decision.call.is_some());
    UpgradeReport { called: Some(CallResult { outcome, error }), ..report }
}

fn taken(report: UpgradeReport) -> UpgradeReport {
    called(report, CallOutcome::Taken, None)
}

/// The memory of the next evaluation, after what came of the call.
fn settled(report: &UpgradeReport) -> UpgradeMemory {
    let mut memory = report.decision.memory.clone();
    memory.settle_notices(&report.decision, true);
    let outcome = &report.called.as_ref().expect("a call").outcome;
    memory.settle_call(outcome, EVALUATION, at(0));
    memory
}

#[test]
fn a_change_that_begins_says_why_how_long_it_is_down_and_how_to_undo_it() {
    let report = taken(beginning());
    let section = report.section(&header());
    assert_eq!((section.severity, section.outcome), (Severity::Warning, Some(Outcome::Applied)));
    insta::assert_snapshot!(text(&report));
}

/// `per_day` and the load of the smaller class, which is not known yet, would refuse it of the function.
#[test]
fn a_change_is_undone_without_the_function() {
    let begun = taken(beginning());
    let mut memory = settled(&begun);
    memory.outcomes.clear();
    let mut done = busy_in_the_window();
    "db.m6g.xlarge".clone_into(&mut done.main().class);
    let modify = "aws rds modify-db-instance --region eu-central-1 --db-instance-identifier shop-prod --db-instance-class db.t4g.large \
                  --apply-immediately";
    for report in [begun, done.report(&memory, None)] {
        let commands = report.commands(&header());
        let [(name, undo)] = commands.as_slice() else { unreachable!("one command: {commands:?}") };
        assert_eq!(*name, "undo");
        assert!(undo.starts_with(modify) && undo.contains("  # ") && undo.contains("restarts"), "{undo}");
    }
}

#[test]
fn a_plan_is_told_a_day_ahead_with_what_prevents_it() {
    let report = first(&ClassScene::new().cpu(91.0).offering("db.m6g.xlarge"));
    assert_eq!(report.decision.state, UpgradeState::Waiting);
    assert_eq!(report.section(&header()).state, Some(AlertState::Firing));
    insta::assert_snapshot!(text(&report));

    let mut memory = report.decision.memory.clone();
    memory.settle_notices(&report.decision, true);
    let again = ClassScene::new().cpu(91.0).offering("db.m6g.xlarge").report(&memory, None);
    assert!(!again.is_worth_reporting(), "it is told once");
    assert_eq!(again.commands(&header()), [], "without a report nothing is offered");
}

#[test]
fn what_stands_against_a_plan_is_named_one_by_one() {
    let mut scene = ClassScene::new().cpu(91.0).offering("db.m6g.xlarge");
    scene.main().pending = vec!["AllocatedStorage".to_owned()];
    scene.main().backup_retention_days = 0;
    let rehearsal = scene.seen.rehearsal.as_mut().expect("a rehearsal");
    rehearsal.maintenance = Err(Absence::new(AbsenceKind::Denied, "AccessDenied: no"));
    rehearsal.reservations = Ok(vec![Reservation {
        id: "ri-2026".to_owned(),
        class: "db.t4g.large".to_owned(),
        count: 1,
        is_multi_az: false,
    }]);
    let report = first(&scene);
    assert_eq!(report.decision.state, UpgradeState::Refused);
    insta::assert_snapshot!(text(&report));
}

#[test]
fn a_change_that_rds_refuses_is_told_by_the_next_evaluation_with_how_to_try_it_again() {
    let scene = busy_in_the_window();
    let error = error(ErrorClass::Refused, "InsufficientDBInstanceCapacity", "no db.m6g.xlarge here");
    let outcome = CallOutcome::Refused(error.failure.to_string());
    let report = called(beginning(), outcome, Some(error));
    let section = report.section(&header());
    assert!(!section.is_worth_reporting);
    assert!(matches!(section.outcome, Some(Outcome::Failed(_))), "it is an activity all the same");
    assert_eq!(section.verdict, "failed to change shop-prod from db.t4g.large to db.m6g.xlarge");
    assert_eq!(section.commands[0].0, "try");

    let next = scene.report(&settled(&report), None);
    let section = next.section(&header());
    assert_eq!(section.severity, Severity::Critical);
    insta::assert_snapshot!(text(&next));
}

/// The metric of an evaluation with this section.
fn failed_changes(section: Section) -> u64 {
    let report = EvaluationReport { sections: vec![section], ..EvaluationReport::empty(header()) };
    let lines = log::lines(&report, &report.to_json(), false);
    lines[0]["FailedChanges"].as_u64().expect("a number")
}

#[test]
fn what_the_last_look_refuses_is_no_failure_of_aws() {
    let words = "just before the call AllocatedStorage was pending for shop-prod".to_owned();
    let step = Step::ChangeClass { instance: "shop-prod".to_owned(), class: "db.m6g.xlarge".to_owned() };
    let withheld = CallError::new(step, Failure::Withheld(words.clone()));
    let report = called(beginning(), CallOutcome::NotSent, Some(withheld));
    let section = report.section(&header());
    assert!(section.outcome.is_some(), "without an outcome the evaluation would not remember it");
    assert_eq!(section.cause.as_deref(), Some(words.as_str()));
    assert_eq!(section.json["outcome"], "withheld");
    assert_eq!(failed_changes(section), 0, "it is decided anew");
    assert_eq!(settled(&report).change, None, "the next evaluation decides anew");
    // A look without an answer is one of AWS; nothing was sent, and nothing refused.
    let error = error(ErrorClass::Throttled, "Throttling", "Rate exceeded");
    let section = called(beginning(), CallOutcome::NotSent, Some(error)).section(&header());
    assert_eq!(section.json["outcome"], "withheld");
}

#[test]
fn a_call_without_an_answer_is_not_called_undone() {
    let error = error(ErrorClass::CannotServe, "InternalFailure", "no answer");
    let outcome = CallOutcome::Unknown(error.failure.to_string());
    let report = called(beginning(), outcome, Some(error));
    let section = report.section(&header());
    assert_eq!(section.verdict, "changing shop-prod from db.t4g.large to db.m6g.xlarge unconfirmed");
    assert_eq!((section.severity, section.json["outcome"].as_str()), (Severity::Warning, Some("unknown")));
    assert_eq!(section.commands, []);
    assert_eq!(failed_changes(section), 1);
}

#[test]
fn a_change_that_is_done_says_how_long_it_was_down_and_by_what_that_is_known() {
    let mut memory = settled(&taken(beginning()));
    // Operators know that it began.
    memory.outcomes.clear();
    memory.change.as_mut().expect("a change").began = at(-600);
    let mut done = busy_in_the_window();
    "db.m6g.xlarge".clone_into(&mut done.main().class);
    let message = |second: i64, text: &str| RdsMessage { at: at(second), text: text.to_owned() };
    done.seen.messages =
        Some(Ok(vec![message(-500, "DB instance shutdown"), message(-310, "DB instance restarted")]));
    let report = done.report(&memory, None);
    let ends: Vec<UpgradeEnd> = report.decision.memory.outcomes.iter().map(|outcome| outcome.end).collect();
    assert_eq!(ends, [UpgradeEnd::Done]);
    insta::assert_snapshot!(text(&report));
}

#[test]
fn what_is_asked_for_at_once_and_is_not_possible_is_answered_with_each_refusal() {
    let mut scene = ClassScene::new().offering("db.t4g.medium");
    scene.seen.load.connections.peak = MetricReading::NotRead;
    let report = scene.report(&UpgradeMemory::default(), Some(&asked_now("db.t4g.medium")));
    assert_eq!(report.decision.state, UpgradeState::Refused);
    insta::assert_snapshot!(text(&report));
}

#[test]
fn what_was_asked_for_can_be_withdrawn_and_a_plan_of_an_operator_says_how() {
    let ClassAsked::To(request) = asked_now("db.m6g.xlarge") else { unreachable!("a class is asked for") };
    let asked = ClassAsked::To(ClassRequest { now: false, ..request });
    let scene = ClassScene::new().offering("db.m6g.xlarge");
    let report = scene.report(&UpgradeMemory::default(), Some(&asked));
    let stop = &report.commands(&header())[0];
    assert_eq!(stop.0, "stop");
    assert_eq!(stop.1, "tidegate upgrade main --withdraw");
    assert_eq!(report.commands(&header())[1].1, "tidegate upgrade main --to db.m6g.xlarge --now");
    let withdraw = ClassAsked::Withdraw { who: "ana".to_owned(), why: "not now".to_owned() };
    let withdrawn = scene.report(&report.decision.memory, Some(&withdraw));
    assert_eq!(withdrawn.verdict(), "shop-prod: db.t4g.large → db.m6g.xlarge withdrawn");
    assert_eq!(withdrawn.cause().as_deref(), Some("ana took it back (not now)"));
}

#[test]
fn what_was_asked_for_with_a_snapshot_is_offered_again_with_one() {
    let ClassAsked::To(request) = asked_now("db.m6g.xlarge") else { unreachable!("a class is asked for") };
    let request = ClassRequest { snapshot: true, ..request };
    let lines = |report: &UpgradeReport| {
        report.commands(&header()).into_iter().map(|(_, line)| line).collect::<Vec<_>>()
    };
    // In its window, from one that is told.
    let asked = ClassAsked::To(ClassRequest { now: false, ..request.clone() });
    let scene = ClassScene::new().offering("db.m6g.xlarge");
    let planned = scene.report(&UpgradeMemory::default(), Some(&asked));
    assert_eq!(lines(&planned)[1], "tidegate upgrade main --to db.m6g.xlarge --now --snapshot");
    // Refused, and over.
    let mut scene = ClassScene::new().offering("db.m6g.xlarge");
    scene.main().backup_retention_days = 0;
    let refused = scene.report(&UpgradeMemory::default(), Some(&ClassAsked::To(request.clone())));
    assert_eq!(lines(&refused), ["tidegate upgrade main --to db.m6g.xlarge --snapshot"]);
    // RDS refuses the snapshot: told by the next evaluation.
    let scene = ClassScene::new().offering("db.m6g.xlarge");
    let taking = scene.report(&UpgradeMemory::default(), Some(&ClassAsked::To(request)));
    let error = error(ErrorClass::Refused, "SnapshotQuotaExceeded", "100");
    let failed = called(taking, CallOutcome::Refused(error.failure.to_string()), Some(error));
    let next = scene.report(&settled(&failed), None);
    assert_eq!(lines(&next), ["tidegate upgrade main --to db.m6g.xlarge --snapshot"]);
}

#[test]
fn observe_mode_says_once_what_would_begin() {
    let scene = busy_in_the_window().observed();
    let report = scene.report(&planned(), None);
    assert_eq!((&report.decision.call, report.commands(&header())), (&None, vec![]));
    insta::assert_snapshot!(text(&report));
    let mut memory = report.decision.memory.clone();
    memory.settle_notices(&report.decision, true);
    assert!(!scene.report(&memory, None).is_worth_reporting());
}

#[test]
fn little_free_storage_is_critical() {
    let mut scene = ClassScene::new();
    if let MetricReading::Points { points, .. } = &mut scene.seen.load.free_storage {
        for point in points {
            point.value /= 10.0;
        }
    }
    let report = first(&scene);
    let section = report.section(&header());
    assert_eq!((section.severity, section.state), (Severity::Critical, Some(AlertState::Firing)));
    insta::assert_snapshot!(text(&report));
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let mut scene = busy_in_the_window();
    scene.seen.instances = Err(Absence::new(AbsenceKind::Throttled, "Rate exceeded"));
    let report = first(&scene);
    let section = report.section(&header());
    assert!(section.is_unread && !section.is_worth_reporting);
    assert_eq!(section.headline(), "main: no change: RDS could not be read (throttled: Rate exceeded)");
    assert_eq!(report.decision.call, None);
}

#[test]
fn a_plan_shows_the_whole_rehearsal() {
    let mut scene = ClassScene::new().cpu(91.0).offering("db.m6g.xlarge");
    scene.main().pending = vec!["AllocatedStorage".to_owned()];
    let json = first(&scene).to_json(at(0));
    let pretty = serde_json::to_string_pretty(&json).expect("it is JSON");
    insta::assert_snapshot!(pretty);
    let sentence = json["sentence"].as_str().expect("a text");
    insta::assert_snapshot!(sentence);
}

/// The keys belong to the ledger's format: one that goes or changes its meaning raises it.
#[test]
fn the_keys_of_the_memory_are_these() {
    let memory = UpgradesMemory {
        enforce: [("main".to_owned(), UpgradeMemory::default())].into(),
        observe: [("stage".to_owned(), UpgradeMemory::default())].into(),
        read_at: Some(at(0)),
    };
    let written = serde_json::to_value(&memory).expect("it is JSON");
    let expected = serde_json::json!({
        "enforce": {"main": {}},
        "observe": {"stage": {}},
        "read_at": "2026-11-21T08:34:00Z",
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<UpgradesMemory>(expected).expect("it is read"), memory);
    assert_eq!(serde_json::to_string(&UpgradesMemory::default()).expect("it is JSON"), "{}");
}
