//! What undoes a change of the count while overrides are in force: the command for what asked for it.

use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::memory::ReplicaMemory;
use tidegate_policy::replicas::observation::Status;
use tidegate_replicas::database::DatabaseReport;

use crate::scene::{ReportScene, at, header, text};
use crate::taken;

fn made(scene: &ReportScene) -> DatabaseReport {
    taken(scene.report(&scene.calm_memory()))
}

fn undo(report: &DatabaseReport) -> Vec<String> {
    report.commands(&header()).into_iter().filter(|(word, _)| *word == "undo").map(|(_, line)| line).collect()
}

#[test]
fn a_hold_beside_a_replica_that_the_load_adds_is_not_released_to_undo_it() {
    let report = made(&ReportScene::with(1).cpu(83.0).asking(OverrideKind::Hold(Held::ScaleIn)));
    assert_eq!(undo(&report), ["tidegate pin main 1 --for 2h"]);
    assert_eq!(report.cause(at(0)).as_deref(), Some("cpu 83% (rule: cpu > 70% for 5m)"));
    let commands = report.commands(&header());
    assert_eq!(commands[0], ("keep", "tidegate pin main 2 --for 2h".to_owned()));
    assert!(commands[2].1.starts_with("aws rds delete-db-instance"), "{commands:?}");
}

#[test]
fn an_emergency_that_is_satisfied_is_not_ended_to_undo_what_the_load_added() {
    let report = made(&ReportScene::with(2).cpu(83.0).asking(OverrideKind::Raise(2)));
    assert_eq!(undo(&report), ["tidegate pin main 2 --for 2h  # none is removed before the emergency ends"]);
    assert_eq!(report.cause(at(0)).as_deref(), Some("cpu 83% (rule: cpu > 70% for 5m)"));
}

#[test]
fn what_was_asked_for_is_undone_by_ending_what_asked_for_it() {
    let hold = OverrideKind::Hold(Held::ScaleIn);
    let asking = |rows: &[OverrideKind], count: u32| {
        let scene = rows.iter().fold(ReportScene::with(count).cpu(40.0), |scene, row| scene.asking(*row));
        made(&scene)
    };
    let (release, restore) = ("tidegate release main", "tidegate emergency restore");
    assert_eq!(undo(&asking(&[hold, OverrideKind::Pin(3)], 1)), [release]);
    assert_eq!(undo(&asking(&[OverrideKind::Pin(1)], 3)), [release]);
    assert_eq!(undo(&asking(&[hold, OverrideKind::Min(2)], 1)), [release]);
    assert_eq!(undo(&asking(&[OverrideKind::Max(2)], 3)), [release]);
    assert_eq!(undo(&asking(&[hold, OverrideKind::Raise(3)], 1)), [restore]);
    assert_eq!(undo(&asking(&[OverrideKind::Pin(1), OverrideKind::Raise(3)], 1)), [restore]);
    assert_eq!(undo(&asking(&[OverrideKind::Pin(3), OverrideKind::Raise(3)], 1)), [release, restore]);
    let pinned = asking(&[hold, OverrideKind::Pin(3)], 1);
    assert_eq!(pinned.cause(at(0)).as_deref(), Some("pinned to 3 by ana (launch)"));
}

#[test]
fn what_the_fleet_file_asks_for_too_is_undone_by_neither() {
    let report = made(&ReportScene::with(0).cpu(40.0).asking(OverrideKind::Raise(1)));
    // Tidegate keeps one at least: there is nothing to go back to.
    assert_eq!(undo(&report), [""; 0]);
    assert_eq!(report.commands(&header())[0], ("keep", "tidegate pin main 1 --for 2h".to_owned()));
}

/// `tidegate pin` would refuse them: `max` is 5.
#[test]
fn no_pin_is_offered_above_max_and_the_report_says_what_to_change() {
    let over = made(&ReportScene::with(7).cpu(40.0));
    assert_eq!(over.cause(at(0)).as_deref(), Some("7 above max 5"));
    assert_eq!(over.commands(&header()), []);
    let note = "  note  the fleet file allows at most 5 replicas, so no pin keeps 6 or goes back to 7: raise `max` and \
                deploy, then pin";
    assert!(text(&over).contains(note), "{}", text(&over));
    let just = made(&ReportScene::with(6).cpu(40.0));
    assert_eq!(just.commands(&header()), [("keep", "tidegate pin main 5 --for 2h".to_owned())]);
    assert!(text(&just).contains("so no pin goes back to 6: "), "{}", text(&just));
}

#[test]
fn a_clean_up_is_nobodys_wish() {
    let mut scene = ReportScene::with(3).cpu(40.0).asking(OverrideKind::Pin(3));
    scene.replicas()[2].status = Status::Failed("incompatible-network".to_owned());
    let mut memory = scene.calm_memory();
    let remembered = ReplicaMemory { is_new: true, ..ReplicaMemory::default() };
    memory.replicas.insert("tidegate-shop-prod-3".to_owned(), remembered);
    let report = taken(scene.report(&memory));
    assert_eq!(report.cause(at(0)).as_deref(), Some("its status is incompatible-network"));
}
