//! What holds for every text, and for every valid fleet.

use std::fmt::Write;

use proptest::prelude::*;

use crate::taken::{PLACE, WORK, fleet};

/// Pieces that fleet files are made of, right and wrong ones.
const PIECES: [&str; 46] = [
    "version: 1\n",
    "name: ",
    "mode: observe\n",
    "services:\n",
    "  - ",
    "    ",
    "ecs: ",
    "{ ",
    " }",
    "[",
    "]",
    ": ",
    ", ",
    "\n",
    "capacity: ",
    "min: 0",
    "queue: ",
    "celery: ",
    "url: redis://:p@h",
    "rules: ",
    "when: ",
    "waiting > 5",
    "cpu > 70% for 5m",
    "add: 10%",
    "notify: critical",
    "asg: ",
    "alarm(",
    ") for 5m",
    "metrics: ",
    "expression: ",
    "100 * e / (r",
    "limit: 9",
    "budgets: ",
    "use: ",
    "databases: ",
    "rds: ",
    "replicas: ",
    "lag: 100ms",
    "guard: ",
    "emergency: ",
    "profiles: ",
    "runbook: ",
    "&a ",
    "*a",
    "é\u{0}",
    "\"",
];

proptest! {
    #[test]
    fn no_text_panics_the_reader(text in any::<String>()) {
        let _ = tidegate_fleet::parse(&text);
    }

    #[test]
    fn no_bytes_panic_the_reader(bytes in any::<Vec<u8>>()) {
        let _ = tidegate_fleet::parse_bytes("f.yaml", &bytes);
    }

    #[test]
    fn no_mixture_of_pieces_panics_the_reader(pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        if let Err(problems) = tidegate_fleet::parse(&text) {
            prop_assert!(!problems.is_empty());
            for problem in &problems {
                let _ = problem.with_excerpt("f.yaml", &text);
            }
        }
    }

    #[test]
    fn no_change_of_one_character_panics_the_reader(at in 0_usize..400, c in any::<char>()) {
        let mut text: Vec<char> = fleet(&format!("{PLACE}{WORK}")).chars().collect();
        let at = at % text.len();
        text[at] = c;
        let text: String = text.into_iter().collect();
        if let Err(problems) = tidegate_fleet::parse(&text) {
            let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
            prop_assert!(problems.iter().all(|problem| problem.place().line <= lines));
        }
    }

    #[test]
    fn no_change_of_one_character_of_an_emergency_panics_the_reader(at in 0_usize..200, c in any::<char>()) {
        let emergency = "emergency: { hold: 2h, profiles: { shed: { worker: 5 } }, runbook: [call] }";
        let changed = emergency.chars().enumerate().map(|(index, old)| {
            if index == at % emergency.len() { c } else { old }
        });
        let text = fleet(&format!("{PLACE}{WORK}")) + &changed.collect::<String>();
        if let Err(problems) = tidegate_fleet::parse(&text) {
            for problem in &problems {
                let _ = problem.with_excerpt("f.yaml", &text);
            }
        }
    }

    #[test]
    fn a_condition_is_written_back_as_one_that_means_the_same(
        signal in prop::sample::select(vec!["waiting", "in_flight", "depth", "due", "delayed", "waiting_per_task", "requests", "connections",
            "requests_per_task"]),
        comparison in prop::sample::select(vec![">", ">=", "<", "<="]),
        threshold in 0_u32..1_000_000,
        minutes in 0_u32..10_080,
    ) {
        let hold = if minutes == 0 { String::new() } else { format!(" for {minutes}m") };
        let written = format!("{signal} {comparison} {threshold}{hold}");
        let read = rule_as_read(&written);
        prop_assert_eq!(rule_as_read(&read), read);
    }

    #[test]
    fn no_expression_panics_the_reader(expression in "[a-z0-9 ()+*/\\[\\],é\"]{0,40}") {
        let metric = format!("expression: '{expression}', metrics: {{ a: {{ namespace: N, metric: M }} }}");
        let rule = "{ when: share > 5, notify: warning }";
        let text = fleet(&format!("{PLACE}metrics: {{ share: {{ {metric} }} }}\nrules: [{rule}]"));
        if let Err(problems) = tidegate_fleet::parse(&text) {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn an_alarm_is_read_as_it_is_named(name in "[ -(*-~äß€]{1,60}") {
        let name = name.trim();
        prop_assume!(!name.is_empty() && !name.starts_with("arn:"));
        let quoted = name.replace('\'', "''");
        let text = fleet(&format!("{PLACE}rules: [{{ when: 'alarm({quoted}) for 5m', notify: warning }}]"));
        let fleet = tidegate_fleet::parse(&text).map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        prop_assert_eq!(fleet.services()[0].alarms()[0].as_str(), name);
    }

    #[test]
    fn settings_are_read_as_they_were_written(
        (min, span) in (0_u32..100, 0_u32..4_900),
        concurrency in 1_u32..=10_000,
        (cooldown_out, cooldown_in) in (0_i64..=86_400, 0_i64..=86_400),
        (stabilization, startup, idle) in (0_i64..=3_600, 30_i64..=3_600, 60_i64..=86_400),
        (step_out, step_in) in (1_u32..=5_000, 1_u32..=5_000),
        (out_over, in_under) in (500_u32..100_000, 1_u32..500),
    ) {
        let max = (min + span).max(1);
        let mut lines = String::from("ecs: { cluster: c, service: s }\n");
        let _ = writeln!(lines, "capacity: {{ min: {min}, max: {max} }}\nconcurrency: {concurrency}");
        let _ = writeln!(lines, "cooldown: {{ out: {cooldown_out}s, in: {cooldown_in}s }}");
        let _ = writeln!(lines, "stabilization: {stabilization}s\nstartup: {startup}s\nidle: {idle}s");
        let _ = writeln!(lines, "interruptible: true\nlargest_step: {{ out: {step_out}, in: {step_in} }}");
        let work = WORK.replace("> 500", &format!("> {out_over}"));
        lines.push_str(&work.replace("< 50", &format!("< {in_under}")));
        let fleet = tidegate_fleet::parse(&fleet(&lines))
            .map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        let policy = fleet.services()[0].policy();
        prop_assert_eq!((policy.capacity.min(), policy.capacity.max()), (min, max));
        prop_assert_eq!(policy.concurrency.get(), concurrency);
        prop_assert_eq!(policy.cooldown.scale_out.as_secs(), cooldown_out);
        prop_assert_eq!(policy.cooldown.scale_in.as_secs(), cooldown_in);
        prop_assert_eq!(policy.stabilization.as_secs(), stabilization);
        prop_assert_eq!(policy.startup.as_secs(), startup);
        prop_assert_eq!(policy.idle.as_secs(), idle);
        prop_assert_eq!(policy.largest_step.scale_out.get(), step_out);
        prop_assert_eq!(policy.largest_step.scale_in.get(), step_in);
        let thresholds: Vec<f64> = policy.rules.iter().map(|rule| rule.when.threshold).collect();
        prop_assert_eq!(thresholds, vec![f64::from(out_over), f64::from(in_under)]);
    }
}

/// The condition of a rule, as the policy writes it.
fn rule_as_read(condition: &str) -> String {
    let work = WORK.lines().next().expect("the queue comes first");
    let text = fleet(&format!("{PLACE}{work}\nrules: [{{ when: {condition}, set: 5 }}]"));
    let fleet = tidegate_fleet::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    fleet.services()[0].policy().rules[0].when.to_string()
}
