//! The lines of the fleet file that make a service scale in a certain way.

use tidegate_policy::rule::Span;
use tidegate_policy::{Adjustment, Amount, Rule, ServicePolicy};

/// The keys of a service that [`lines`] stand for: all of them leave the file, and the lines come in.
pub(super) const KEYS: &str = "`capacity`, `wait`, `rules`, `cooldown` and `stabilization`";

/// The lines, without indentation. Whatever these keys can say is in them, and nothing else of the service changes.
pub(super) fn lines(policy: &ServicePolicy) -> Vec<String> {
    let ServicePolicy { capacity, wait, rules, cooldown, stabilization, .. } = policy;
    let mut lines = vec![format!("capacity: {{ min: {}, max: {} }}", capacity.min(), capacity.max())];
    lines.extend(wait.map(|wait| format!("wait: {}", Span(wait))));
    if !rules.is_empty() {
        lines.push("rules:".to_owned());
        lines.extend(rules.iter().map(|rule| format!("  - {}", entry(rule))));
    }
    let (out, back) = (Span(cooldown.scale_out), Span(cooldown.scale_in));
    lines.push(format!("cooldown: {{ out: {out}, in: {back} }}"));
    // Its default depends on the rules, which may leave the file.
    lines.push(format!("stabilization: {}", Span(*stabilization)));
    lines
}

fn entry(rule: &Rule) -> String {
    let (does, amount) = match rule.adjust {
        Adjustment::Add(amount) => ("add", amount),
        Adjustment::Remove(amount) => ("remove", amount),
        Adjustment::Set(amount) => ("set", amount),
    };
    let when = &rule.when;
    match amount {
        Amount::Tasks(tasks) => format!("{{ when: {when}, {does}: {tasks} }}"),
        Amount::Percent { percent, at_least: 0 } => format!("{{ when: {when}, {does}: {percent}% }}"),
        Amount::Percent { percent, at_least } => {
            format!("{{ when: {when}, {does}: {percent}%, at_least: {at_least} }}")
        }
    }
}
