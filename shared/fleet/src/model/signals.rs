//! What the signals that need no declaration count, for operators: `tidegate reference` and the documentation.

use serde_json::{Value, json};

/// A signal as the documentation shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalRow {
    /// As rules write it.
    pub name: &'static str,
    /// The unit that a rule compares it in.
    pub unit: &'static str,
    /// What it counts, and where that is read.
    pub about: &'static str,
    /// What it means when there is nothing to read.
    pub absent: &'static str,
}

const A_QUEUE_UNREAD: &str = "not known: nothing scales in";
const NO_DATAPOINTS: &str = "not known: nothing scales in";
const ZERO: &str = "zero: the load balancer publishes nothing while there is nothing to count";
const NO_VOTE: &str = "no vote: without requests there is nothing to measure";

/// Every signal that needs no declaration, in the order in which operators read them.
pub const SIGNALS: [SignalRow; 20] = [
    row("waiting", "jobs", "Runnable jobs not yet taken, due delayed ones included.", A_QUEUE_UNREAD),
    row("in_flight", "jobs", "Jobs taken and not finished, as far as the queue knows.", A_QUEUE_UNREAD),
    row("depth", "jobs", "`waiting + in_flight`.", A_QUEUE_UNREAD),
    row("due", "jobs", "Delayed jobs whose time has come; part of `waiting`.", A_QUEUE_UNREAD),
    row("delayed", "jobs", "Delayed jobs whose time has not come.", A_QUEUE_UNREAD),
    row("waiting_per_task", "jobs", "`waiting` divided by the running tasks.", A_QUEUE_UNREAD),
    row(
        "stalled_for",
        "time",
        "Since when the head of the queue stands still while jobs wait.",
        A_QUEUE_UNREAD,
    ),
    row(
        "cpu",
        "percent",
        "The average over the tasks: AWS/ECS CPUUtilization by ClusterName and ServiceName, once a minute. Of a group: \
         AWS/EC2 CPUUtilization by AutoScalingGroupName, once in five minutes, or in one with `detailed_monitoring`.",
        NO_DATAPOINTS,
    ),
    row(
        "memory",
        "percent",
        "The average over the tasks: AWS/ECS MemoryUtilization by ClusterName and ServiceName. EC2 publishes none of a \
         group: declare the CloudWatch agent's under this name.",
        NO_DATAPOINTS,
    ),
    row(
        "requests",
        "requests a minute",
        "AWS/ApplicationELB RequestCount (Sum) by TargetGroup and LoadBalancer, of all target groups of the service.",
        ZERO,
    ),
    row(
        "errors",
        "percent",
        "HTTPCode_Target_5XX_Count in percent of RequestCount: 5xx answers of the tasks, not of the load balancer.",
        NO_VOTE,
    ),
    row("response_time", "time", "TargetResponseTime (Average), of the slowest target group.", NO_VOTE),
    row("response_time_p50", "time", "TargetResponseTime (p50), of the slowest target group.", NO_VOTE),
    row("response_time_p90", "time", "TargetResponseTime (p90), of the slowest target group.", NO_VOTE),
    row("response_time_p95", "time", "TargetResponseTime (p95), of the slowest target group.", NO_VOTE),
    row("response_time_p99", "time", "TargetResponseTime (p99), of the slowest target group.", NO_VOTE),
    row(
        "connections",
        "connections",
        "Half of ActiveConnectionCount (Sum) by LoadBalancer, which counts the side of the client and that of the task. It \
         is published for the load balancer as a whole: services that share one see each other's.",
        ZERO,
    ),
    row("requests_per_task", "requests a minute", "`requests` divided by the running tasks.", ZERO),
    row("connections_per_task", "connections", "`connections` divided by the running tasks.", ZERO),
    row(
        "alarm(NAME)",
        "none",
        "Holds while the CloudWatch alarm of that name is in ALARM; written without a comparison.",
        "INSUFFICIENT_DATA is not known, and never OK: nothing scales in",
    ),
];

const fn row(name: &'static str, unit: &'static str, about: &'static str, absent: &'static str) -> SignalRow {
    SignalRow { name, unit, about, absent }
}

/// The signals as lines for a terminal.
#[must_use]
pub fn plain() -> String {
    let lines = |SignalRow { name, unit, about, absent }: &SignalRow| {
        format!("{name}\n  {about}\n  unit     {unit}\n  absent   {absent}\n\n")
    };
    SIGNALS.iter().map(lines).collect()
}

/// The signals for machines: a list of `signal`, `unit`, `about`, `absent`.
#[must_use]
pub fn to_json() -> Value {
    let row = |SignalRow { name, unit, about, absent }: &SignalRow| json!({ "signal": name, "unit": unit, "about": about, "absent": absent });
    SIGNALS.iter().map(row).collect()
}
