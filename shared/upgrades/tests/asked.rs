//! What an event asks for, and what is said of one that the fleet file does not allow.

#[path = "report/scene.rs"]
#[expect(dead_code, reason = "only the fleet and the time are needed here")]
mod scene;

use serde_json::{Value, json};
use tidegate_aws::trigger::Trigger;
use tidegate_policy::upgrades::decide::ClassAsked;
use tidegate_policy::upgrades::memory::ClassRequest;
use tidegate_upgrades::asked::{AskedClass, asked, select};

use crate::scene::{at, fleet};

fn ask(event: &Value) -> Result<Option<AskedClass>, String> {
    let trigger = Trigger::parse(event).expect("an event by hand");
    asked(&fleet(), &trigger, Some("req-1"), at(0)).map_err(|error| error.to_string())
}

/// The databases that an event is about.
fn selected(event: &Value) -> Result<Vec<String>, String> {
    let (fleet, trigger) = (fleet(), Trigger::parse(event).expect("an event"));
    let databases = select(&fleet, &trigger).map_err(|error| error.to_string())?;
    Ok(databases.into_iter().map(|database| database.name().to_owned()).collect())
}

fn request(to: &str, now: bool, who: &str, why: &str) -> ClassRequest {
    let [to, who, why] = [to, who, why].map(str::to_owned);
    ClassRequest {
        to,
        now,
        snapshot: false,
        from: String::new(),
        at: at(0),
        who,
        why,
        request: Some("req-1".to_owned()),
    }
}

#[test]
fn a_class_is_asked_for_by_name_or_as_the_next_one() {
    let to = |request| Ok(Some(AskedClass { database: "main".to_owned(), asked: ClassAsked::To(request) }));
    let next =
        |request| Ok(Some(AskedClass { database: "main".to_owned(), asked: ClassAsked::Next(request) }));
    let whole = json!({"action": "upgrade", "database": "main", "to": "db.m6g.xlarge", "now": true,
        "reason": "launch\nat noon", "who": "ana"});
    assert_eq!(ask(&whole), to(request("db.m6g.xlarge", true, "ana", "launch at noon")));
    let after = json!({"database": "main", "to": "db.m6g.xlarge", "snapshot": true});
    let expected = request("db.m6g.xlarge", false, "operator", "no reason given");
    assert_eq!(ask(&after), to(ClassRequest { snapshot: true, ..expected }));
    for event in [
        json!({"action": "upgrade", "database": "main", "to": "next"}),
        json!({"database": "main", "to": "next"}),
        json!({"action": "plan", "database": "main", "to": "next"}),
        json!({"action": "plan", "database": "main", "to": "next", "who": "  "}),
    ] {
        assert_eq!(ask(&event), next(request("", false, "operator", "no reason given")), "{event}");
    }
    let withdraw = |who: &str, why: &str| {
        let asked = ClassAsked::Withdraw { who: who.to_owned(), why: why.to_owned() };
        Ok(Some(AskedClass { database: "main".to_owned(), asked }))
    };
    let event = json!({"action": "withdraw", "database": "main"});
    assert_eq!(ask(&event), withdraw("operator", "no reason given"));
    let event = json!({"action": "withdraw", "database": "main", "who": "ana", "reason": "not\nnow"});
    assert_eq!(ask(&event), withdraw("ana", "not now"));
}

#[test]
fn what_only_triggers_asks_for_no_class() {
    for event in [
        json!({}),
        json!({"databases": ["main"]}),
        json!({"action": "plan"}),
        json!({"action": "plan", "databases": ["main"]}),
        json!({"detail-type": "Scheduled Event"}),
        json!({"detail-type": "RDS DB Instance Event", "detail": {"SourceIdentifier": "shop-prod"}}),
    ] {
        assert_eq!(ask(&event), Ok(None), "{event}");
    }
}

#[test]
fn an_event_names_its_databases_or_means_all_with_classes_or_storage() {
    let names = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
    let all = names(&["main", "stage", "files"]);
    assert_eq!(selected(&json!({})), all);
    assert_eq!(selected(&json!({"detail-type": "Scheduled Event"})), all);
    assert_eq!(selected(&json!({"action": "plan", "databases": ["files"]})), names(&["files"]));
    assert_eq!(selected(&json!({"database": "main", "to": "next"})), names(&["main"]));
}

#[test]
fn what_the_fleet_file_does_not_allow_is_refused_with_what_it_allows() {
    for (event, problem) in [
        (
            json!({"database": "main", "to": "db.m6g.4xlarge"}),
            "`to` is `db.m6g.4xlarge`; allowed for `main`: `next`, `db.t4g.medium`, `db.t4g.large`, `db.m6g.xlarge`",
        ),
        (
            json!({"database": "maim", "to": "next"}),
            "no database `maim` with `classes` in fleet `shop`; known: `main`, `stage`",
        ),
        (
            json!({"database": "files", "to": "next"}),
            "no database `files` with `classes` in fleet `shop`; known: `main`, `stage`",
        ),
        (json!({"database": "stage", "to": "next"}), "`stage` is in observe mode: nothing of it is changed"),
        (json!({"action": "withdraw", "database": "stage"}), "`stage` is in observe mode"),
        (json!({"database": "main"}), "`upgrade`: missing field `to`"),
        (json!({"action": "upgrade", "to": "next"}), "`upgrade`: missing field `database`"),
        (json!({"action": "plan", "to": "next"}), "`plan`: missing field `database`"),
        (json!({"action": "withdraw"}), "`withdraw`: missing field `database`"),
        (
            json!({"database": "main", "to": "next", "when": "now"}),
            "`upgrade`: unknown field `when`, expected one of `database`, `to`, `now`, `snapshot`, `reason`, `who`",
        ),
        (json!({"database": "main", "to": "next", "now": "yes"}), "`upgrade`: invalid type: string \"yes\""),
        (
            json!({"action": "downgrade", "database": "main"}),
            "unknown action `downgrade`; known are `upgrade`, `withdraw`, `plan`, `evaluate`",
        ),
    ] {
        let said = ask(&event).expect_err("it is refused");
        assert!(said.contains(problem), "{said}");
        assert_eq!(selected(&event), Err(said), "{event}");
    }
    let unknown = selected(&json!({"databases": ["api"]})).expect_err("it is refused");
    let problem =
        "no database `api` with `classes` or `storage` in fleet `shop`; known: `main`, `stage`, `files`";
    assert_eq!(unknown, problem);
}

#[test]
fn a_plan_of_a_class_is_answered_in_observe_mode_too() {
    let asked = ask(&json!({"action": "plan", "database": "stage", "to": "db.t4g.large"}));
    assert!(asked.is_ok_and(|asked| asked.is_some()));
}

#[test]
fn every_event_of_the_documentation_is_understood() {
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");
    let mut seen = 0;
    for entry in std::fs::read_dir(events).expect("there are events").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        let Some(situation) = name.strip_prefix("rds-upgrade.") else { continue };
        let text = std::fs::read_to_string(entry.path()).expect("it is read");
        let event: Value = serde_json::from_str(&text).expect("it is JSON");
        let asks = [
            "next.json",
            "upgrade.json",
            "upgrade-now.json",
            "upgrade-snapshot.json",
            "withdraw.json",
            "plan-next.json",
        ];
        let asked = ask(&event).unwrap_or_else(|error| unreachable!("{name}: {error}"));
        assert_eq!(asked.is_some(), asks.contains(&situation), "{name}");
        assert!(selected(&event).is_ok_and(|databases| databases.contains(&"main".to_owned())), "{name}");
        seen += 1;
    }
    assert!(seen >= 11, "{seen} events");
}
