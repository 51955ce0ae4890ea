//! What tuning found, as a page: the frontier, and the run of the choice.

use serde_json::{Value, json};
use tidegate_simulator::simulate;

use super::lines::lines;
use super::search::Tried;
use super::{Tuned, pages};
use crate::simulate::{DECISIONS_MAX, Lines, add, facts, title};
use pages::record::FrontierPoint;
use pages::{Fact, Record};

/// The page. Where nothing keeps the limit, the run of what comes nearest is shown.
pub(super) fn record(found: &Tuned<'_>) -> Record {
    let Tuned { options, ground, own, frontier, chosen, warnings, .. } = found;
    let shown = chosen.or(frontier.last().copied()).unwrap_or(own);
    let mut production = ground.production(&shown.variation.policy).logged(DECISIONS_MAX);
    let run = simulate(&ground.load, &ground.setting, &mut production);
    let mut drawn = Lines::new(&ground.load, &ground.setting, shown.variation.policy.capacity);
    drawn.ours(&run);
    // The page is sent to others: they need no path of this machine.
    let file = options.replay.trace.file_name().unwrap_or_default().to_string_lossy();
    let mut facts = facts(&options.replay, ground);
    facts.extend(warnings.iter().map(|text| Fact { name: "note", text: text.clone() }));
    if chosen.is_some() {
        facts.push(Fact { name: "lines", text: lines(&shown.variation.policy).join("\n") });
    }
    let about = match chosen {
        Some(_) => format!("`{}` is the cheapest with at most {} % late.", shown.variation, options.late),
        None => format!("No setting keeps {} %; `{}` comes nearest.", options.late, shown.variation),
    };
    let ours = (own.variation != shown.variation).then(|| score(shown, "what the charts show"));
    let scores = std::iter::once(score(own, "the fleet file's own")).chain(ours).collect();
    Record {
        brand: "Tidegate tune".to_owned(),
        about: vec![title(&options.replay, ground, file), format!("{about} The charts show its run.")],
        facts,
        scores,
        frontier: frontier.iter().map(|tried| point(tried, found)).collect(),
        ..drawn.record(&options.replay, ground, production.log())
    }
}

fn score(tried: &Tried, about: &str) -> Value {
    let mut value = json!({ "name": tried.variation.to_string(), "about": about });
    add(&mut value, json!(tried.score));
    value
}

fn point(tried: &Tried, found: &Tuned<'_>) -> FrontierPoint {
    FrontierPoint {
        name: tried.variation.to_string(),
        cost_vs_oracle: tried.score.cost_vs_oracle,
        late_percent: tried.score.late_percent,
        chosen: found.is_chosen(tried),
    }
}
