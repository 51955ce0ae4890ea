//! The report of a database as operators read it: golden texts of the policy's own decisions.

#[path = "report/asked.rs"]
mod asked;

#[path = "report/scene.rs"]
mod scene;

use jiff::SignedDuration;
use tidegate_aws::CallError;
use tidegate_aws::error::{AwsError, ErrorClass, Failure, Step};
use tidegate_aws::rds::CallResult;
use tidegate_aws::report::AlertState;
use tidegate_aws::report::section::Outcome;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::memory::{DatabaseMemory, ReplicaMemory};
use tidegate_policy::replicas::observation::{Replication, Status};
use tidegate_policy::replicas::standing::ReplicaStanding;
use tidegate_policy::{Absence, AbsenceKind, Severity};
use tidegate_replicas::ReplicasMemory;
use tidegate_replicas::database::DatabaseReport;
use tidegate_replicas::known::{FailingRecords, Said};

use crate::scene::{ReportScene, at, text};

fn refused(code: &str, message: &str) -> CallError {
    let step = Step::CreateReplica {
        replica: "tidegate-shop-prod-2".to_owned(),
        source_instance: "shop-prod".to_owned(),
    };
    let error =
        AwsError::Answered { class: ErrorClass::Refused, code: code.to_owned(), message: message.to_owned() };
    CallError::new(step, error)
}

fn records_refused() -> CallError {
    let step = Step::ChangeRecords { name: "read.db.internal".to_owned(), zone: "Z1".to_owned() };
    let (code, message) = ("AccessDenied".to_owned(), "not authorized".to_owned());
    CallError::new(step, AwsError::Answered { class: ErrorClass::Denied, code, message })
}

/// As it stands after RDS took the call, and Route 53 the records.
fn taken(report: DatabaseReport) -> DatabaseReport {
    let called =
        report.decision.call.as_ref().map(|_| CallResult { outcome: CallOutcome::Taken, error: None });
    let records = (!report.decision.records.is_empty()).then_some(Outcome::Applied);
    DatabaseReport { is_enforced: true, called, records, ..report }
}

#[test]
fn a_replica_that_is_added_says_why_and_how_to_undo_it() {
    let scene = ReportScene::with(1).cpu(83.0);
    insta::assert_snapshot!(text(&taken(scene.report(&DatabaseMemory::default()))));
}

#[test]
fn a_replica_that_is_removed_is_first_taken_out_of_the_records() {
    let scene = ReportScene::with(3).cpu(11.0);
    insta::assert_snapshot!(text(&taken(scene.report(&scene.calm_memory()))));
}

#[test]
fn a_clean_up_of_what_never_served_changes_no_count_and_is_undone_by_nothing() {
    let mut scene = ReportScene::with(3).cpu(40.0);
    scene.replicas()[2].status = Status::Failed("incompatible-network".to_owned());
    let mut memory = scene.calm_memory();
    let remembered = ReplicaMemory { is_new: true, ..ReplicaMemory::default() };
    memory.replicas.insert("tidegate-shop-prod-3".to_owned(), remembered);
    let report = taken(scene.report(&memory));
    assert_eq!(report.verdict(at(0)), "deleting failed replica tidegate-shop-prod-3");
    assert_eq!(report.cause(at(0)).as_deref(), Some("its status is incompatible-network"));
    assert_eq!(report.commands(&scene::header()), []);
}

#[test]
fn a_plan_says_what_would_be_done() {
    let report = ReportScene::with(1).cpu(83.0).report(&DatabaseMemory::default());
    let verdict = report.verdict(at(0));
    assert_eq!(verdict, "add replica tidegate-shop-prod-2 (1 to 2)");
}

#[test]
fn lag_is_reported_when_it_begins_and_when_it_ends() {
    let late = ReportScene::with(2).cpu(40.0).lag(42.0);
    let report = late.report(&late.calm_memory());
    let section = report.section(&scene::header());
    assert_eq!((section.severity, section.state), (Severity::Warning, Some(AlertState::Firing)));
    insta::assert_snapshot!(text(&report));

    let mut memory = report.decision.memory.clone();
    memory.settle_notices(&report.decision, true);
    let again = late.report(&memory);
    assert!(!again.is_worth_reporting(at(0)), "it is reported once");

    let over = ReportScene::with(2).cpu(40.0).lag(0.5).report(&again.decision.memory);
    let section = over.section(&scene::header());
    assert_eq!((section.severity, section.state), (Severity::Info, Some(AlertState::Resolved)));
    insta::assert_snapshot!(text(&over));
}

#[test]
fn broken_replication_is_critical_and_stands_in_the_headline() {
    let mut scene = ReportScene::with(2).cpu(40.0);
    scene.replicas()[0].replication =
        Replication::Broken { status: "error".to_owned(), message: "Last_Errno 1062".to_owned() };
    let report = scene.report(&scene.calm_memory());
    assert_eq!(report.section(&scene::header()).severity, Severity::Critical);
    insta::assert_snapshot!(text(&taken(report)));
}

#[test]
fn a_refused_creation_is_reported_once_by_the_next_evaluation() {
    let scene = ReportScene::with(1).cpu(83.0);
    let report = scene.report(&DatabaseMemory::default());
    let error = refused("InstanceQuotaExceeded", "no more than 40 instances");
    let outcome = CallOutcome::Refused(error.failure.to_string());
    let report = DatabaseReport {
        is_enforced: true,
        called: Some(CallResult { outcome: outcome.clone(), error: Some(error) }),
        ..report
    };
    let section = report.section(&scene::header());
    assert!(!section.is_worth_reporting, "the next evaluation reports it");
    assert!(matches!(section.outcome, Some(Outcome::Failed(_))), "it is an activity all the same");
    assert_eq!(section.verdict, "failed to add replica tidegate-shop-prod-2");

    let mut memory = report.decision.memory.clone();
    memory.settle_call(&outcome, scene::EVALUATION, at(0));
    let next = scene.report(&memory);
    insta::assert_snapshot!(text(&next));
}

#[test]
fn what_the_last_look_stops_is_said_and_is_no_failure_of_aws() {
    let mut scene = ReportScene::with(2).cpu(40.0);
    scene.replicas()[1].status = Status::Failed("failed".to_owned());
    let mut memory = scene.calm_memory();
    memory.replicas.insert(
        "tidegate-shop-prod-2".to_owned(),
        ReplicaMemory { is_new: true, ..ReplicaMemory::default() },
    );
    let report = scene.report(&memory);
    assert!(report.decision.call.is_some(), "{:?}", report.decision.reasons);
    let step = Step::DeleteReplica { replica: "tidegate-shop-prod-2".to_owned() };
    let words = "just before the call tidegate-shop-prod-2 was available";
    let withheld = CallError::new(step, Failure::Withheld(words.to_owned()));
    let called = CallResult { outcome: CallOutcome::NotSent, error: Some(withheld) };
    let report = DatabaseReport { is_enforced: true, called: Some(called), ..report };
    let section = report.section(&scene::header());
    assert_eq!(section.json["outcome"], "withheld");
    assert!(section.outcome.as_ref().is_some_and(|outcome| !outcome.counts_as_failed()));
    let said = text(&report);
    assert!(said.contains(words) && said.contains("the next evaluation decides again"), "{said}");
}

#[test]
fn a_call_without_an_answer_is_not_called_undone() {
    let report = ReportScene::with(1).cpu(83.0).report(&DatabaseMemory::default());
    let error = CallError::new(
        Step::CreateReplica {
            replica: "tidegate-shop-prod-2".to_owned(),
            source_instance: "shop-prod".to_owned(),
        },
        AwsError::Answered {
            class: ErrorClass::CannotServe,
            code: "InternalFailure".to_owned(),
            message: String::new(),
        },
    );
    let called =
        Some(CallResult { outcome: CallOutcome::Unknown(error.failure.to_string()), error: Some(error) });
    let report = DatabaseReport { is_enforced: true, called, ..report };
    insta::assert_snapshot!(text(&report));
}

#[test]
fn observe_mode_says_once_what_it_would_do() {
    let scene = ReportScene::with(1).cpu(83.0).observed();
    let report = scene.report(&DatabaseMemory::default());
    let said = Said { what: "add to 1".to_owned(), at: at(0) };
    let first = DatabaseReport { would: Some(said.clone()), ..report.clone() };
    assert!(first.is_worth_reporting(at(0)));
    insta::assert_snapshot!(text(&first));
    let again = DatabaseReport { would: Some(said), said_before: true, ..report };
    assert!(!again.is_worth_reporting(at(0)));
}

#[test]
fn records_that_cannot_be_changed_are_reported_once_and_when_they_are() {
    let scene = ReportScene::with(2).cpu(40.0).without_records();
    let failed = DatabaseReport {
        is_enforced: true,
        records: Some(Outcome::Failed(records_refused())),
        ..scene.report(&scene.calm_memory())
    };
    let section = failed.section(&scene::header());
    assert_eq!((section.severity, section.state), (Severity::Critical, Some(AlertState::Firing)));
    insta::assert_snapshot!(text(&failed));
    let known = |notified| Some(FailingRecords { since: at(-60), failures: 1, notified });
    let again = DatabaseReport { failing_records: known(true), ..failed.clone() };
    assert!(!again.is_worth_reporting(at(0)));
    let recovered =
        DatabaseReport { records: Some(Outcome::Applied), failing_records: known(true), ..failed };
    let section = recovered.section(&scene::header());
    assert_eq!(section.state, Some(AlertState::Resolved));
    assert_eq!(section.verdict, "RESOLVED: records of read.db.internal changed");
    assert_eq!(section.cause.as_deref(), Some("1 attempt had failed within 1m"));
    let often = Some(FailingRecords { since: at(-840), failures: 12, notified: true });
    let section = DatabaseReport { failing_records: often, ..recovered.clone() }.section(&scene::header());
    assert_eq!(section.cause.as_deref(), Some("12 attempts had failed within 14m"));
    let untold = DatabaseReport { failing_records: known(false), ..recovered };
    assert!(!untold.is_worth_reporting(at(0)), "nobody knows of it");
}

#[test]
fn what_cannot_be_read_changes_nothing_and_is_no_evaluation() {
    let mut scene = ReportScene::with(2);
    scene.seen.instances = Err(Absence::new(AbsenceKind::Throttled, "Rate exceeded"));
    let report = scene.report(&scene.calm_memory());
    let section = report.section(&scene::header());
    assert!(section.is_unread && !section.is_worth_reporting);
    assert_eq!(section.headline(), "main: no change: RDS could not be read (throttled: Rate exceeded)");
    assert_eq!(report.decision.call, None);
    assert_eq!(report.decision.records, []);
}

#[test]
fn what_an_operator_pinned_is_undone_by_releasing_it() {
    let scene = ReportScene::with(1).cpu(40.0).pinned(3);
    let report = taken(scene.report(&scene.calm_memory()));
    let commands = report.commands(&scene::header());
    assert_eq!(commands, [("undo", "tidegate release main".to_owned())]);
    insta::assert_snapshot!(text(&report));
}

#[test]
fn machines_get_everything() {
    let scene = ReportScene::with(1).cpu(83.0);
    let report = taken(scene.report(&DatabaseMemory::default()));
    let json = serde_json::to_string_pretty(&report.to_json(at(0))).expect("it is JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn a_lag_is_shown_with_the_newest_datapoint_that_has_settled() {
    let mut scene = ReportScene::with(1);
    scene::push(&mut scene.replicas()[0].lag, SignedDuration::from_secs(60), 900.0);
    let report = scene.report(&scene.calm_memory());
    let shown = report.to_json(at(0))["seen"]["replicas"][0]["lag_seconds"].clone();
    assert_eq!(shown, 0.5, "the youngest minute still changes");
}

#[test]
fn a_value_that_is_not_current_says_how_old_it_is() {
    let mut scene = ReportScene::with(2).cpu(83.0);
    scene::stop(&mut scene.replicas()[0].cpu, SignedDuration::from_mins(14));
    let report = taken(scene.report(&DatabaseMemory::default()));
    let text = text(&report);
    assert!(text.contains("cpu 83% (14m ago)"), "{text}");
    assert_eq!(text.matches(" ago)").count(), 1, "{text}");
    let replicas = &report.to_json(at(0))["seen"]["replicas"];
    assert_eq!(replicas[0]["cpu_percent"], serde_json::Value::Null);
    assert_eq!(replicas[1]["cpu_percent"], 83.0);
}

/// The keys belong to the ledger's format: one that goes or changes its meaning raises it.
#[test]
fn the_keys_of_the_memory_are_these() {
    let standing =
        ReplicaStanding { serving: Some(1), existing: Some(2), moves: true, why: "RDS is busy".to_owned() };
    let memory = ReplicasMemory {
        enforce: [("main".to_owned(), DatabaseMemory::default())].into(),
        observe: [("stage".to_owned(), DatabaseMemory::default())].into(),
        records: [("main".to_owned(), FailingRecords { since: at(0), failures: 2, notified: true })].into(),
        said: [("stage".to_owned(), Said { what: "add to 1".to_owned(), at: at(0) })].into(),
        standing: [("main".to_owned(), standing)].into(),
        read_at: Some(at(0)),
    };
    let written = serde_json::to_value(&memory).expect("it is JSON");
    let expected = serde_json::json!({
        "enforce": {"main": {}},
        "observe": {"stage": {}},
        "records": {"main": {"since": "2026-11-21T08:34:00Z", "failures": 2, "notified": true}},
        "said": {"stage": {"what": "add to 1", "at": "2026-11-21T08:34:00Z"}},
        "standing": {"main": {"serving": 1, "existing": 2, "moves": true, "why": "RDS is busy"}},
        "read_at": "2026-11-21T08:34:00Z",
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<ReplicasMemory>(expected).expect("it is read"), memory);
    assert_eq!(serde_json::to_string(&ReplicasMemory::default()).expect("it is JSON"), "{}");
}
