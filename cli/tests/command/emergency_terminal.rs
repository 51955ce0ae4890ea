//! `tidegate emergency` at a terminal: what an operator sees, types and waits for.

use serde_json::json;

use crate::emergency::{engaged, lambda, plan};
use crate::fake_lambda::{FakeLambda, LambdaReply, answered, target, whole};
use crate::terminal::Terminal;

#[test]
fn the_fleets_name_engages_and_the_progress_is_seen() {
    let half = answered(&json!([
        whole("max engaging", "engaging", [1, 1, 1]),
        target("api", [4, 10, 4], "pending", None),
    ]));
    let lambda = FakeLambda::start(move |event, _| match event["action"].as_str() {
        Some("plan") => LambdaReply::Answer(plan()),
        Some("status") => LambdaReply::Answer(half.clone()),
        _ => LambdaReply::Late(5_000, engaged()),
    });
    let mut terminal = Terminal::start(lambda.command(&["emergency", "engage"]));
    terminal.until("full capacity: about 3 min 20 s");
    terminal.until("Type the fleet's name, shop, to engage `max`: ");
    assert_eq!(lambda.events().len(), 1, "nothing is changed before it is typed");
    terminal.types("shpo");
    terminal.until("`shpo` is not `shop`. Type it again, or Ctrl-C: ");
    terminal.types("shop");
    terminal.until("Ctrl-C ends the watching and not the change: the function goes on");
    terminal.until("engaging `max`: 1 of 3 done, 1 pending, 1 failed …");
    let (shown, code) = terminal.ends();
    assert!(shown.ends_with("  undo  tidegate emergency restore\n"), "{shown}");
    assert_eq!(code, 0);
    let actions: Vec<_> = lambda.events().iter().map(|event| event["action"].clone()).collect();
    assert_eq!(actions[..3], ["plan", "engage", "status"]);
}

#[test]
fn another_word_changes_nothing() {
    let lambda = lambda(engaged());
    for action in ["engage", "restore"] {
        let mut terminal = Terminal::start(lambda.command(&["emergency", action]));
        terminal.until("Type the fleet's name, shop, to ");
        for _ in 0..3 {
            terminal.types("yes");
        }
        let (shown, code) = terminal.ends();
        assert!(
            shown.contains("error: the fleet's name `shop` was not typed: nothing was changed\n"),
            "{shown}"
        );
        assert_eq!(code, 1);
    }
    let asked = lambda.events();
    assert!(asked.iter().all(|event| event["action"] == "plan" || event["action"] == "status"), "{asked:?}");
}

#[test]
fn restore_shows_what_is_in_force_and_asks() {
    let lambda = lambda(engaged());
    let mut terminal = Terminal::start(lambda.command(&["emergency", "restore"]));
    terminal.until("max engaged until 05:04 UTC");
    terminal.until("Type the fleet's name, shop, to restore: ");
    terminal.types("shop");
    assert_eq!(terminal.ends().1, 0);
    assert_eq!(lambda.events()[1], json!({ "action": "restore", "who": "ana" }));
}

#[test]
fn without_a_plan_nothing_is_asked_and_yes_goes_on_without_it() {
    let lambda = FakeLambda::always(LambdaReply::Failed("Retryable", "read the quotas: timed out"));
    let (shown, code) = Terminal::start(lambda.command(&["emergency", "engage"])).ends();
    assert!(
        shown.contains("read the quotas: timed out\n--yes does it without showing this first\n"),
        "{shown}"
    );
    assert_eq!((code, lambda.events().len()), (3, 1));
}

#[test]
fn a_watch_draws_until_nothing_is_pending() {
    let pending = answered(&json!([
        whole("max engaging", "engaging", [0, 1, 0]),
        target("api", [4, 10, 4], "pending", None),
    ]));
    let lambda = FakeLambda::start(move |_, before| {
        LambdaReply::Answer(if before == 0 { pending.clone() } else { engaged() })
    });
    let (shown, code) = Terminal::start(lambda.command(&["emergency", "status", "--watch"])).ends();
    assert!(shown.starts_with("\x1b[H\x1b[2Jmax engaging\n"), "{shown:?}");
    assert!(shown.contains("\x1b[H\x1b[2Jmax engaged until"), "{shown:?}");
    assert_eq!((lambda.events().len(), code), (2, 0));
}
