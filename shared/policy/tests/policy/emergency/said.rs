//! What is said of the changes of an emergency, and what is about one.

use tidegate_policy::emergency::decision::{Correction, Event, Skip};
use tidegate_policy::emergency::missed::{DueAction, MissedActions};
use tidegate_policy::emergency::target::Change::{self, Register, Resume, SetCapacity, Suspend};
use tidegate_policy::emergency::target::{Process, Suspended};
use tidegate_policy::overrides::Override;
use tidegate_policy::overrides::OverrideKind::Pin;

use crate::emergency::{World, flags, raise, scalable};
use crate::stage::{noon, refused};

#[test]
fn a_change_is_said_in_the_words_of_aws() {
    let say = |change: Change| change.to_string();
    let aas = "set Application Auto Scaling to 2 to 50";
    assert_eq!(say(Register(scalable(2, 50, Suspended::ALL))), format!("{aas}, all scaling suspended"));
    assert_eq!(say(Register(scalable(2, 50, Suspended::default()))), format!("{aas}, nothing suspended"));
    assert_eq!(say(Register(scalable(2, 50, flags(true, false, true)))), format!("{aas}, a part suspended"));
    let (alarms, schedule) = ("AlarmNotification", "ScheduledActions");
    assert_eq!(say(Suspend(Process::ALL.to_vec())), format!("suspend {alarms} and {schedule}"));
    assert_eq!(say(Resume(vec![Process::ScheduledActions])), format!("resume {schedule}"));
    assert_eq!(say(SetCapacity(10)), "set desired to 10");
}

#[test]
fn missed_actions_are_nothing_to_say_only_where_none_is_of_any_kind() {
    let some = |change: fn(&mut MissedActions)| {
        let mut missed = MissedActions::default();
        change(&mut missed);
        missed.is_empty()
    };
    assert!(some(|_| {}));
    assert!(!some(|it| it.due.push(DueAction { name: "noon".to_owned(), at: noon() })));
    assert!(!some(|it| it.not_understood.push("odd".to_owned())));
    assert!(!some(|it| it.unread = Some(refused())));
}

#[test]
fn rows_and_corrections_are_not_about_the_emergency_and_everything_else_is() {
    let mut world = World::shop();
    let request = world.engage("max", &[("api", raise(10))], "alice");
    world.evaluate(&request);
    let row = Override {
        target: "api".to_owned(),
        kind: Pin(7),
        since: Some(noon()),
        until: noon(),
        who: "alice".to_owned(),
        why: "launch day".to_owned(),
        request: None,
    };
    let what = Correction::Size { found: 70, most: 50 };
    let others =
        [Event::Row(row.clone()), Event::RowEnded(row), Event::Corrected { target: "*".to_owned(), what }];
    assert!(others.iter().all(|event| !event.is_of_emergency()));
    let of_emergency = [
        Event::Engaged,
        Event::AllSet,
        Event::Complete,
        Event::EndsSoon,
        Event::Restoring { expired: true },
        Event::Restored(Box::new(world.incident().clone())),
        Event::TakenIn { added: 1, known: 0 },
        Event::Skipped { target: "api".to_owned(), why: Skip::Observed },
    ];
    assert!(of_emergency.iter().all(Event::is_of_emergency));
}
