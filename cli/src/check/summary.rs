//! What was understood of a fleet file, for operators.

use std::fmt::Write;

use tidegate_fleet::cost::{self, Saving, WORTH_A_HINT_DOLLARS};
use tidegate_fleet::{Budget, Emergency, Fleet, Metric, Mode, Profile, Service, TargetName};
use tidegate_policy::{Adjustment, Amount, CapacityUnit, Condition, Hours, Rule, ServicePolicy, rule::Span};

use crate::check::databases;
use crate::counts::jobs;

/// The fleet, its services and its budgets.
pub(crate) fn fleet(file: &str, fleet: &Fleet) -> String {
    let has = counted(fleet);
    let head = format!("{file} is valid: fleet `{}`, {has}\n", fleet.name());
    let services: String = fleet.services().iter().map(service).collect();
    let databases: String =
        fleet.databases().iter().map(|it| databases::shown(it, mode(it.mode()))).collect();
    let budgets: String = fleet.budgets().iter().map(budget).collect();
    let emergency = emergency(fleet.emergency());
    format!("{head}{services}{databases}{budgets}{emergency}{}{}", cost_line(fleet), alarms_hint(fleet))
}

/// `3 services, 1 database`, without what the fleet does not have.
fn counted(fleet: &Fleet) -> String {
    let counts =
        [(fleet.services().len(), "service", "services"), (fleet.databases().len(), "database", "databases")];
    let there = counts.into_iter().filter(|(count, ..)| *count > 0);
    let shown: Vec<String> =
        there.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect();
    shown.join(", ")
}

fn service(service: &Service) -> String {
    let policy = service.policy();
    let mut shown = format!("\n{} ({})\n", service.name(), mode(service.mode()));
    let mut line = |name: &str, value: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "  {name:<13}  {value}");
    };
    let (kind, name) = target(service.target());
    line(kind, name);
    line("capacity", capacity(service));
    for (index, row) in policy.hours.iter().enumerate() {
        line(if index == 0 { "hours" } else { "" }, format!("{row}: {}", bounds_of(row)));
    }
    if let Some(floor) = &policy.floor {
        line("floor", floor.to_string());
    }
    if let Some(guard) = service.guard() {
        line("guard", databases::guard_shown(guard));
    }
    line("queue", service.queue().map_or("none".to_owned(), ToString::to_string));
    for (index, rule) in rules(policy).into_iter().enumerate() {
        line(if index == 0 { "rules" } else { "" }, rule);
    }
    for (index, track) in policy.track.iter().enumerate() {
        let only_out = if track.scale_in { "" } else { ", never scales in" };
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
    let why = match (policy.interruptible, service.queue()) {
        (true, _) => "",
        (false, Some(_)) => " (`interruptible: false`: running jobs must not be stopped)",
        (false, None) => " (`interruptible: false`)",
    };
    line("largest step", format!("out {}, in {}{why}", step.scale_out, step.scale_in));
    if policy.capacity.min() == 0 && service.queue().is_some() {
        line("idle", format!("the last task is removed after the queue was empty for {}", Span(policy.idle)));
    }
    for (index, metric) in service.metrics().iter().enumerate() {
        let name = if index == 0 { "metrics" } else { "" };
        line(name, format!("{}: {}", metric.name.as_str(), source(metric)));
    }
    for (index, alarm) in service.alarms().iter().enumerate() {
        line(if index == 0 { "alarms" } else { "" }, alarm.as_str().to_owned());
    }
    shown
}

/// The kind of what is scaled, and its name.
fn target(target: &TargetName) -> (&'static str, String) {
    match target {
        TargetName::Ecs(ecs) => ("ecs", format!("{} / {}", ecs.cluster, ecs.service)),
        TargetName::Group(group) if group.detailed_monitoring => {
            ("asg", format!("{}, with detailed monitoring", group.name))
        }
        TargetName::Group(group) => ("asg", group.name.clone()),
    }
}

/// `ECS service `prod / worker``, `Auto Scaling group `web``.
pub(crate) fn target_in_words(target: &TargetName) -> String {
    match target {
        TargetName::Ecs(ecs) => format!("ECS service `{} / {}`", ecs.cluster, ecs.service),
        TargetName::Group(group) => format!("Auto Scaling group `{}`", group.name),
    }
}

/// `2 to 20 tasks, 4 jobs per task`; without a queue no jobs are counted.
fn capacity(service: &Service) -> String {
    let policy = service.policy();
    let counted = match policy.capacity_unit {
        CapacityUnit::Tasks => "tasks",
        CapacityUnit::Instances => "instances",
    };
    let bounds = format!("{} to {} {counted}", policy.capacity.min(), policy.capacity.max());
    match service.queue() {
        Some(_) => format!("{bounds}, {} per task", jobs(policy.concurrency.get())),
        None => bounds,
    }
}

/// What each condition does: the rules in the order of the file, then the conditions that only notify.
fn rules(policy: &ServicePolicy) -> Vec<String> {
    let notified = |when: &Condition| policy.notify.iter().find(|notify| notify.when == *when);
    let scaling = policy.rules.iter().map(|rule| match notified(&rule.when) {
        Some(notify) => format!("{}: {}, notify {}", rule.when, adjustment(rule), notify.severity.code()),
        None => format!("{}: {}", rule.when, adjustment(rule)),
    });
    let scales = |when: &Condition| policy.rules.iter().any(|rule| rule.when == *when);
    let notifying = policy.notify.iter().filter(|notify| !scales(&notify.when));
    scaling
        .chain(notifying.map(|notify| format!("{}: notify {}", notify.when, notify.severity.code())))
        .collect()
}

/// How a metric is found, and what it is a share of.
fn source(Metric { source, limit, .. }: &Metric) -> String {
    limit.map_or(source.to_string(), |limit| format!("{source}, in percent of {limit}"))
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

/// How long an emergency holds, its profiles, and what operators do beside it; the profile `max` is always there.
fn emergency(emergency: &Emergency) -> String {
    let mut shown = "\nemergency\n".to_owned();
    let mut line = |name: &str, value: &str| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(shown, "  {name:<13}  {value}");
    };
    line("hold", &Span(emergency.hold).to_string());
    line(Profile::MAX, "every service to its maximum, none is lowered (always there)");
    for Profile { name, sizes, replicas } in &emergency.profiles {
        let sizes = sizes.iter().map(|(service, size)| format!("{service} {size}"));
        let replicas =
            replicas.iter().map(|(database, count)| format!("{database} at least {count} replicas"));
        let parts: Vec<String> = sizes.chain(replicas).collect();
        line(if name == Profile::MAX { "" } else { name }, &parts.join(", "));
    }
    for (index, text) in emergency.runbook.iter().enumerate() {
        line(if index == 0 { "runbook" } else { "" }, text);
    }
    shown
}

/// What reading the fleet's metrics costs; nothing is said when there are none.
fn cost_line(fleet: &Fleet) -> String {
    let read =
        [(cost::metrics_of_fleet(fleet), "per minute"), (cost::metrics_of_classes(fleet), "every 5 minutes")];
    let mut shown = Vec::new();
    for (metrics, often) in read.into_iter().filter(|(metrics, _)| *metrics > 0) {
        let noun = if metrics == 1 { "metric" } else { "metrics" };
        let noun = if shown.is_empty() { format!("CloudWatch {noun} ") } else { String::new() };
        shown.push(format!("{metrics} {noun}{often}"));
    }
    if shown.is_empty() {
        return String::new();
    }
    let (read, dollars) = (shown.join(" and "), cost::dollars_per_month_of_fleet(fleet));
    format!("\nreads {read}: about ${dollars:.2} a month (GetMetricData)\n")
}

/// Whether alarms would be cheaper; nothing is said of small change. No alarm can stand for what is read of replicas.
fn alarms_hint(fleet: &Fleet) -> String {
    let spent = cost::dollars_per_month(fleet.services().iter().map(cost::metrics_of).sum());
    let Some(Saving { metrics, alarms, dollars }) =
        cost::saving_by_alarms(fleet).filter(|_| spent > WORTH_A_HINT_DOLLARS)
    else {
        return String::new();
    };
    format!(
        "hint: {metrics} of them are only compared with thresholds. {alarms} alarms, used as `alarm(NAME)`, would save \
         about ${dollars:.2} a month; but an alarm has no value, so Tidegate could not predict that a scale-in triggers the alarm\n"
    )
}
