//! What is sent again, and what is told again.

use jiff::SignedDuration;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::observation::DueMaintenance;
use tidegate_policy::{Absence, AbsenceKind};

use crate::upgrades::{ClassShop, codes, request, sunday};

const MODIFIES: &str = "modify shop db.t4g.large db.m6g.xlarge";

/// In its window, with a call whose answer is lost.
fn lost() -> ClassShop {
    let mut shop = ClassShop::busy();
    shop.outcome = CallOutcome::Unknown("no answer".to_owned());
    shop.until(sunday());
    assert_eq!(shop.news(), ["+plan", MODIFIES]);
    shop
}

/// Something that stands against a change from then on.
type ChangedShop = fn(&mut ClassShop);

#[test]
fn a_call_that_is_sent_again_is_rehearsed_like_the_first_one() {
    let against: [(&str, ChangedShop); 7] = [
        ("no-backups", |shop| shop.main().backup_retention_days = 0),
        ("not-offered", |shop| shop.rehearsal.offers = Ok(vec![])),
        ("not-known", |shop| {
            shop.rehearsal.reservations = Err(Absence::new(AbsenceKind::Throttled, "Throttling"));
        }),
        ("maintenance-due", |shop| {
            let at = Some(sunday() + SignedDuration::from_mins(30));
            shop.rehearsal.maintenance = Ok(vec![DueMaintenance {
                action: "system-update".to_owned(),
                at,
                required: None,
                resource: String::new(),
            }]);
        }),
        ("something-pending", |shop| shop.main().pending = vec!["EngineVersion".to_owned()]),
        ("emergency", |shop| shop.emergency = Some("max")),
        ("not-known", |shop| shop.ladder().classes.retain(|class| class != "db.m6g.xlarge")),
    ];
    for (code, change) in against {
        let mut shop = lost();
        change(&mut shop);
        let decision = shop.tick();
        assert_eq!((decision.call.as_ref(), codes(&decision)), (None, vec![code]));
    }
    let mut shop = lost();
    shop.tick();
    assert_eq!(shop.news(), [MODIFIES], "its own beginning is none of the changes of the day");
}

fn asks_for(shop: &mut ClassShop, class: &str) {
    shop.asked = Some(ClassAsked::To(request(class, true)));
}

#[test]
fn what_another_evaluation_tells_of_the_same_class_meanwhile_is_told_too() {
    let mut shop = ClassShop::new();
    asks_for(&mut shop, "db.x2g.large");
    let first = shop.peek();
    // Before its second write another evaluation is asked for the same.
    shop.memory = first.memory.clone();
    shop.now += SignedDuration::from_secs(1);
    asks_for(&mut shop, "db.x2g.large");
    let second = shop.peek();
    let mut memory = second.memory.clone();
    memory.settle_notices(&first, true);
    assert_eq!(memory.outcomes, second.memory.outcomes);
    memory.settle_notices(&second, false);
    assert_eq!(memory.outcomes, second.memory.outcomes);
    memory.settle_notices(&second, true);
    assert_eq!(memory.outcomes, []);
}

#[test]
fn of_what_nobody_was_told_the_newest_sixteen_are_kept() {
    let mut shop = ClassShop::new();
    shop.notified = false;
    for number in 0..20 {
        asks_for(&mut shop, &format!("db.x2g.{number}xlarge"));
        shop.tick();
    }
    let kept: Vec<&str> = shop.memory.outcomes.iter().map(|outcome| outcome.to.as_str()).collect();
    let expected: Vec<String> = (4..20).map(|number| format!("db.x2g.{number}xlarge")).collect();
    assert_eq!(kept, expected);
}
