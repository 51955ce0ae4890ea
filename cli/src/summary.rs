//! What was understood of a fleet file, for people.

use std::fmt::Write;

use tidegate_fleet::{Budget, Fleet, Mode, Service};
use tidegate_policy::{Adjustment, Amount, Hours, Rule, rule::Span};

/// Looks in a month of 30 days, one a minute: metrics are read at most once a minute.
const READINGS_PER_MONTH: u32 = 43_200;

/// `GetMetricData` costs $0.01 per 1,000 metrics requested.
const DOLLARS_PER_READING: f64 = 0.01 / 1_000.0;

/// The fleet, its services and its budgets.
pub(crate) fn fleet(file: &str, fleet: &Fleet) -> String {
    let services = fleet.services();
    let noun = if services.len() == 1 { "service" } else { "services" };
    let head = format!("{file} is valid: fleet `{}`, {} {noun}\n", fleet.name(), services.len());
    let services: String = services.iter().map(service).collect();
    let budgets: String = fleet.budgets().iter().map(budget).collect();
    format!("{head}{services}{budgets}{}", cost_line(fleet))
}

fn service(service: &Service) -> String {
    let policy = service.policy();
    let mut shown = format!("\n{} ({})\n", service.name(), mode(service.mode()));
    let mut line = |name: &str, value: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "  {name:<13}  {value}");
    };
    let bounds = format!("{} to {} tasks", policy.capacity.min(), policy.capacity.max());
    line("ecs", format!("{} / {}", service.cluster(), service.service()));
    line("capacity", format!("{bounds}, {} per task", jobs(policy.concurrency.get())));
    for (index, row) in policy.hours.iter().enumerate() {
        line(if index == 0 { "hours" } else { "" }, format!("{row}: {}", bounds_of(row)));
    }
    if let Some(floor) = &policy.floor {
        line("floor", floor.to_string());
    }
    line("queue", service.queue().map_or("none".to_owned(), ToString::to_string));
    for (index, rule) in policy.rules.iter().enumerate() {
        line(if index == 0 { "rules" } else { "" }, format!("{}: {}", rule.when, adjustment(rule)));
    }
    for (index, track) in policy.track.iter().enumerate() {
        let only_out = if track.scale_in { "" } else { ", never asks to scale in" };
        line(if index == 0 { "track" } else { "" }, format!("{track}{only_out}"));
    }
    if let Some(wait) = policy.wait {
        line("wait", format!("no job longer than {}", Span(wait)));
    }
    let cooldown = policy.cooldown;
    line("cooldown", format!("out {}, in {}", Span(cooldown.scale_out), Span(cooldown.scale_in)));
    line("stabilization", Span(policy.stabilization).to_string());
    line("startup", Span(policy.startup).to_string());
    let step = policy.largest_step;
    let why = if policy.interruptible { "" } else { " (running jobs may not be interrupted)" };
    line("largest step", format!("out {}, in {}{why}", step.scale_out, step.scale_in));
    if policy.capacity.min() == 0 {
        line("idle", format!("{} empty before the last task goes", Span(policy.idle)));
    }
    for (index, metric) in service.metrics().iter().enumerate() {
        let name = if index == 0 { "metrics" } else { "" };
        line(name, format!("{}: {}", metric.name.as_str(), metric.source));
    }
    shown
}

/// `min 4, max 8`, as far as a row of `hours` sets them.
fn bounds_of(row: &Hours) -> String {
    let bounds = [("min", row.min), ("max", row.max)];
    let set = bounds.into_iter().filter_map(|(name, tasks)| Some(format!("{name} {}", tasks?)));
    set.collect::<Vec<_>>().join(", ")
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe: decides and reports, changes nothing",
        Mode::Enforce => "enforce",
    }
}

pub(crate) fn jobs(concurrency: u32) -> String {
    if concurrency == 1 { "1 job".to_owned() } else { format!("{concurrency} jobs") }
}

/// What a rule does, as the fleet file writes it.
pub(crate) fn adjustment(rule: &Rule) -> String {
    let (does, amount) = match rule.adjust {
        Adjustment::Add(amount) => ("add", amount),
        Adjustment::Remove(amount) => ("remove", amount),
        Adjustment::Set(amount) => ("set", amount),
    };
    match amount {
        Amount::Tasks(tasks) => format!("{does} {tasks}"),
        Amount::Percent { percent, at_least: 0 } => format!("{does} {percent}%"),
        Amount::Percent { percent, at_least } => format!("{does} {percent}%, at least {at_least}"),
    }
}

fn budget(budget: &Budget) -> String {
    let (name, used, limit) = (budget.name(), budget.use_at_max(), budget.limit());
    format!("\nbudget {name}: {used} of {limit} at maximum capacity\n")
}

/// What reading the fleet's metrics costs; nothing is said when there are none.
fn cost_line(fleet: &Fleet) -> String {
    let metrics: usize = fleet.services().iter().map(metrics_of).sum();
    if metrics == 0 {
        return String::new();
    }
    let noun = if metrics == 1 { "metric" } else { "metrics" };
    let dollars = dollars_per_month(metrics);
    format!("\nreads {metrics} CloudWatch {noun} a minute: about ${dollars:.2} a month (GetMetricData)\n")
}

/// CloudWatch metrics read for a service.
pub(crate) fn metrics_of(service: &Service) -> usize {
    service.metrics().len() + service.queue().map_or(0, tidegate_fleet::QueueSource::metrics)
}

/// What reading this many metrics once a minute costs.
pub(crate) fn dollars_per_month(metrics: usize) -> f64 {
    let metrics = u32::try_from(metrics).unwrap_or(u32::MAX);
    f64::from(metrics) * f64::from(READINGS_PER_MONTH) * DOLLARS_PER_READING
}
