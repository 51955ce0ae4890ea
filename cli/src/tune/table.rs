//! What tuning found, for operators.

use std::fmt::Write;

use super::found::Tuned;
use super::lines::{KEYS, lines};
use super::search::Tried;
use crate::replay::{COLUMNS, columns, head};

/// A head, the frontier, the lines for the fleet file, what they rest on.
pub(super) fn table(found: &Tuned<'_>) -> String {
    let Tuned { options, replay, tried, own, frontier, chosen, warnings } = found;
    let mut shown = head(&options.replay, replay);
    let mut line = |text: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "{text}");
    };
    line(format!(
        "{tried} settings were replayed; these are the best trade-offs between cost and late jobs:\n"
    ));
    let name = |tried: &Tried| tried.variation.to_string();
    let names = frontier.iter().map(|tried| name(tried)).chain([name(own)]);
    let width = names.map(|name| name.len()).max().unwrap_or(0);
    line(format!("  {:<width$}  {COLUMNS}", ""));
    for tried in frontier {
        let mark = if found.is_chosen(tried) { ">" } else { " " };
        line(format!("{mark} {:<width$}  {}", name(tried), columns(&tried.score)));
    }
    line("\n  the fleet file's own:".to_owned());
    line(format!("  {:<width$}  {}", name(own), columns(&own.score)));
    if let Some(chosen) = chosen {
        line(format!(
            "\n> The cheapest with at most {} % late jobs. Write these lines in the fleet file, instead of the service's\n  \
             {KEYS}:\n",
            options.late
        ));
        for text in lines(&chosen.variation.policy) {
            line(format!("    {text}"));
        }
    }
    line(String::new());
    for warning in warnings {
        line(format!("note: {warning}"));
    }
    if let Some(html) = &options.html {
        line(format!("The page: {}", html.display()));
    }
    shown
}
