//! What tuning found, as a page: the frontier, and the run of the choice.

use serde_json::{Value, json};
use tidegate_simulator::{Score, simulate};

use super::found::Tuned;
use super::lines::{KEYS, lines};
use super::search::Tried;
use crate::page::record::FrontierPoint;
use crate::page::{Choice, Fact, Figure, Record};
use crate::replay::{ChartLines, DECISIONS_MAX, add, facts, title};

/// The page. Where nothing keeps the limit, the run of what comes nearest is shown.
pub(super) fn record(found: &Tuned<'_>) -> Record {
    let Tuned { options, replay, own, frontier, chosen, warnings, .. } = found;
    let shown = chosen.or(frontier.last().copied()).unwrap_or(own);
    let mut production = replay.production(&shown.variation.policy).logged(DECISIONS_MAX);
    let run = simulate(&replay.load, &replay.setting, &mut production);
    let mut drawn = ChartLines::new(&replay.load, &replay.setting, shown.variation.policy.capacity);
    drawn.ours(&run);
    // The page is sent to others: they need no path of this machine.
    let file = options.replay.trace.file_name().unwrap_or_default().to_string_lossy();
    let mut facts = facts(&options.replay, replay);
    facts.extend(warnings.iter().map(|text| Fact { name: "note", text: text.clone() }));
    let about = match chosen {
        Some(_) => "The charts show the run of the chosen setting.".to_owned(),
        None => format!(
            "No setting keeps late jobs at or below {} %; the charts show the run of `{}`, which comes closest.",
            options.late, shown.variation
        ),
    };
    let how = if chosen.is_some() { "the chosen setting" } else { "the closest setting" };
    let today =
        (own.variation != shown.variation).then(|| score(own, found, "the fleet file's current setting"));
    let scores =
        std::iter::once(score(shown, found, &format!("{how}; the charts show its run"))).chain(today);
    Record {
        brand: "Tidegate tune".to_owned(),
        about: vec![title(&options.replay, replay, file), about],
        facts,
        choice: chosen.map(|chosen| choice(chosen, found)),
        scores: scores.collect(),
        frontier: frontier.iter().map(|tried| point(tried, found)).collect(),
        ..drawn.record(&options.replay, replay, production.log())
    }
}

/// What is recommended, and what it saves or costs.
fn choice(chosen: &Tried, found: &Tuned<'_>) -> Choice {
    let Tuned { options, own, .. } = found;
    let is_own = chosen.variation == own.variation;
    let saves = if is_own {
        "This is the current setting: change nothing.".to_owned()
    } else {
        let percent = 100.0 * (chosen.score.worker_hours / own.score.worker_hours - 1.0);
        let pays = match percent {
            percent if percent <= -0.05 => format!("saves {:.1} % of today's task-hours", -percent),
            percent if percent >= 0.05 => format!("costs {percent:.1} % more task-hours than today"),
            _ => "costs as many task-hours as today".to_owned(),
        };
        let late = (chosen.score.late_percent, own.score.late_percent);
        format!("It {pays}, with {:.2} % of the jobs late instead of {:.2} %.", late.0, late.1)
    };
    let figure = |name, unit, decimals, of: fn(&Score) -> f64| {
        let (chosen, today) = (of(&chosen.score), of(&own.score));
        Figure { name, unit, decimals, chosen, today }
    };
    Choice {
        text: format!(
            "`{}` is the cheapest setting with at most {} % of the jobs late. {saves}",
            chosen.variation, options.late
        ),
        figures: vec![
            figure("task-hours", "", 1, |score| score.worker_hours),
            figure("late jobs", " %", 2, |score| score.late_percent),
            figure("95 % of the jobs wait at most", " s", 0, |score| score.wait_p95_seconds),
            figure("changes a day", "", 0, |score| score.scaling_actions_per_day),
        ],
        replaces: KEYS,
        lines: if is_own { Vec::new() } else { lines(&chosen.variation.policy) },
    }
}

fn score(tried: &Tried, found: &Tuned<'_>, about: &str) -> Value {
    let (name, title) = (tried.variation.to_string(), title_of(tried, found));
    let mut value = json!({ "name": name, "title": title, "about": about });
    add(&mut value, json!(tried.score));
    value
}

/// A setting's name, with what it is beside the others.
fn title_of(tried: &Tried, found: &Tuned<'_>) -> String {
    let name = &tried.variation;
    match (found.is_chosen(tried), tried.variation == found.own.variation) {
        (true, true) => format!("choice, as today: {name}"),
        (true, false) => format!("choice: {name}"),
        (false, true) => format!("today: {name}"),
        (false, false) => name.to_string(),
    }
}

fn point(tried: &Tried, found: &Tuned<'_>) -> FrontierPoint {
    FrontierPoint {
        name: tried.variation.to_string(),
        title: title_of(tried, found),
        cost_vs_oracle: tried.score.cost_vs_oracle,
        late_percent: tried.score.late_percent,
        chosen: found.is_chosen(tried),
    }
}
