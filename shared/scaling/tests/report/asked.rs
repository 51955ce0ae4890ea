//! What undoes a change while overrides are in force: the command for what asked for it.

use tidegate_aws::report::section::Outcome;
use tidegate_policy::emergency::incident::{Incident, Overrides, Phase, Progress, Targeted};
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::{Evaluation, Memory, Override, decide};
use tidegate_scaling::{ActionTaken, AskingOverride, TargetReport};

use super::{Verdict, at, header, queue, service, target};

const FLEET: &str = r#"version: 1
name: shop
mode: enforce
services:
  - name: worker
    ecs: { cluster: prod, service: worker }
    capacity: { min: 2, max: 20, override_max: 30 }
    concurrency: 1
    stabilization: 0s
    queue: { celery: { url_from: "ssm:/shop/redis", queue: jobs } }
    rules: [{ when: waiting > 500, add: 2 }, { when: waiting < 5, remove: 1 }]
"#;

fn row(kind: OverrideKind) -> Override {
    Override {
        target: "worker".to_owned(),
        kind,
        since: Some(at(-60)),
        until: at(7_140),
        who: "ana".to_owned(),
        why: "launch".to_owned(),
        request: Some("r".to_owned()),
    }
}

/// An emergency that has set `worker`.
fn emergency(asked: u32, raise: bool) -> Incident {
    let written = serde_json::json!({"id": "e1", "profile": "max", "phase": "engaged", "since": at(-60),
        "until": at(7_140), "who": "bob", "why": "sale",
        "targets": {"worker": {"to": asked, "raise": raise, "is": "seen"}}});
    let incident: Incident = serde_json::from_value(written).expect("it is one");
    assert_eq!((incident.phase, incident.targets["worker"].progress), (Phase::Engaged, Progress::Seen));
    assert!(matches!(incident.targets["worker"], Targeted { snapshot: None, .. }));
    incident
}

/// The change of an evaluation that sees so many jobs and tasks, made.
fn made(rows: &[OverrideKind], incident: Option<Incident>, desired: u32, waiting: u64) -> TargetReport {
    let fleet = tidegate_fleet::parse(FLEET).expect("a fleet");
    let of = &fleet.services()[0];
    let overrides =
        Overrides { rows: rows.iter().map(|kind| row(*kind)).collect(), incident, ..Overrides::default() };
    let mut report = target("worker", Verdict::Hold { at: Some(desired) }, vec![], ActionTaken::Nothing);
    report.seen.service = Ok(service(desired));
    report.seen.queue = Some(Ok(queue(waiting)));
    let rows = overrides.of("worker");
    let evaluation = Evaluation {
        target: "worker",
        id: "e",
        overrides: &rows,
        emergency: None,
        observe: false,
        now: at(0),
    };
    let decision = decide(&report.seen, of.policy(), &Memory::default(), evaluation);
    assert!(decision.verdict.as_change().is_some(), "{decision:?}");
    let asked =
        AskingOverride::of(&decision, of.policy().capacity, overrides.of_emergency("worker").as_ref());
    let (action, most) = (ActionTaken::Tried(Outcome::Applied), of.policy().most());
    TargetReport { decision, asked, action, most, ..report }
}

fn undo(report: &TargetReport) -> Vec<String> {
    report.commands(&header()).into_iter().filter(|(word, _)| *word == "undo").map(|(_, line)| line).collect()
}

#[test]
fn a_hold_beside_a_scale_out_is_not_its_cause_and_its_release_undoes_nothing() {
    let report = made(&[OverrideKind::Hold(Held::ScaleIn)], None, 4, 612);
    assert_eq!(undo(&report), ["tidegate pin worker 4 --for 2h  # stops 2 tasks at once"]);
    assert_eq!(report.verdict(at(0)), "scaled out from 4 to 6 tasks");
    assert_eq!(report.cause().as_deref(), Some("waiting 612 > 500"));
}

#[test]
fn an_emergency_that_is_satisfied_is_not_ended_to_undo_what_the_load_added() {
    let report = made(&[], Some(emergency(4, true)), 4, 612);
    let when = "  # nothing scales in before the emergency ends";
    assert_eq!(undo(&report), [format!("tidegate pin worker 4 --for 2h{when}")]);
    assert_eq!(report.cause().as_deref(), Some("waiting 612 > 500"));
}

#[test]
fn what_a_row_asked_for_is_undone_by_its_release() {
    let release = ["tidegate release worker"];
    assert_eq!(undo(&made(&[OverrideKind::Pin(12)], None, 4, 612)), release);
    assert_eq!(undo(&made(&[OverrideKind::Pin(3)], None, 4, 612)), release);
    let raised = made(&[OverrideKind::Hold(Held::ScaleIn), OverrideKind::Min(8)], None, 4, 100);
    assert_eq!(undo(&raised), release);
    assert_eq!(raised.cause().as_deref(), Some("ana set min 8"));
    assert_eq!(undo(&made(&[OverrideKind::Max(11)], None, 12, 100)), release);
    let beyond = made(&[OverrideKind::Pin(4_000)], None, 4, 100);
    assert_eq!(
        (beyond.decision.verdict, undo(&beyond)),
        (Verdict::ScaleOut { from: 4, to: 30 }, release.map(str::to_owned).to_vec())
    );
}

#[test]
fn what_the_emergency_asked_for_is_undone_by_its_restore() {
    let restore = ["tidegate emergency restore"];
    assert_eq!(undo(&made(&[], Some(emergency(9, true)), 4, 100)), restore);
    assert_eq!(undo(&made(&[], Some(emergency(3, false)), 4, 612)), restore, "a pin of the emergency");
    assert_eq!(undo(&made(&[OverrideKind::Hold(Held::ScaleIn)], Some(emergency(9, true)), 4, 100)), restore);
    assert_eq!(undo(&made(&[OverrideKind::Pin(5)], Some(emergency(9, true)), 4, 100)), restore);
    let both = made(&[OverrideKind::Pin(9)], Some(emergency(9, true)), 4, 100);
    assert_eq!(undo(&both), ["tidegate release worker", "tidegate emergency restore"]);
}

/// `tidegate pin` would refuse them: `override_max` is 30.
#[test]
fn no_pin_is_offered_above_what_the_fleet_file_allows_and_the_report_says_what_to_change() {
    let words = |report: &TargetReport| report.commands(&header()).iter().map(|it| it.0).collect::<Vec<_>>();
    let over = made(&[], None, 60, 100);
    assert_eq!(over.decision.verdict, Verdict::ScaleIn { from: 60, to: 59 });
    assert_eq!(words(&over), ["or"]);
    let note = "  note  the fleet file allows at most 30 tasks, so no pin keeps 59 or goes back to 60: raise `max` or \
                `override_max` and deploy, then pin";
    assert!(over.paragraph(&header()).contains(note), "{}", over.paragraph(&header()));
    let just = made(&[], None, 31, 100);
    assert_eq!(
        (just.decision.verdict, words(&just)),
        (Verdict::ScaleIn { from: 31, to: 30 }, vec!["keep", "or"])
    );
    assert!(just.paragraph(&header()).contains("so no pin goes back to 31: "));
    let within = made(&[], None, 30, 100);
    assert_eq!(words(&within), ["keep", "undo", "or"]);
    assert!(!within.paragraph(&header()).contains("  note  "));
}

#[test]
fn what_the_fleet_file_asks_for_too_is_undone_by_neither() {
    let report = made(&[OverrideKind::Hold(Held::ScaleIn)], Some(emergency(2, true)), 1, 100);
    assert_eq!(undo(&report).len(), 1);
    assert!(undo(&report)[0].starts_with("tidegate pin worker 1 --for 2h"), "{:?}", undo(&report));
}
