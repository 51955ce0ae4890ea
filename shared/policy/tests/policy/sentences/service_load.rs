//! Scenarios of services without a queue: alarms, conditions that operators are notified of, and what AWS sets around a
//! group.

use jiff::SignedDuration;
use tidegate_policy::Severity;
use tidegate_policy::overrides::OverrideKind;
use tidegate_policy::{AlarmState, CapacityUnit, Decision, OnAbsence, OtherAutoscaler};

use crate::stage::{Stage, refused, seconds};

/// An API of 3 to 20 tasks that follows an alarm and its CPU.
fn api() -> Stage {
    let rules = ["alarm(api-5xx): +2", "cpu < 30%: -1"];
    let mut stage = Stage::new(3, 20, &rules).no_queue();
    stage.points("cpu", &[(0, 50.0)]).alarm("api-5xx", AlarmState::Ok, -600);
    stage
}

/// A group of 2 to 10 instances, from 5.
fn group(rules: &[&str]) -> Stage {
    let mut stage = Stage::new(2, 10, rules).no_queue();
    stage.policy.capacity_unit = CapacityUnit::Instances;
    stage.points("cpu", &[(0, 20.0)]);
    stage
}

type Titled = (&'static str, Decision);

pub(super) fn scenarios(all: &mut Vec<Titled>) {
    alarms(all);
    notified(all);
    groups(all);
    others(all);
}

fn alarms(all: &mut Vec<Titled>) {
    let mut stage = api();
    all.push(("an alarm is OK", stage.peek()));
    stage.alarm("api-5xx", AlarmState::Alarm, -90);
    all.push(("an alarm is in ALARM", stage.peek()));
    stage.points("cpu", &[(0, 20.0)]);
    all.push(("an alarm is in ALARM while the CPU is low", stage.peek()));
    stage.alarm("api-5xx", AlarmState::InsufficientData, -90);
    all.push(("an alarm has no data", stage.peek()));
    let mut slow = Stage::new(3, 20, &["alarm(slow) for 5m: +2", "alarm(idle): -1"]).no_queue();
    slow.alarm("slow", AlarmState::Alarm, -120).alarm("idle", AlarmState::Ok, -9_000);
    all.push(("an alarm has not been in ALARM for long enough", slow.peek()));
    slow.alarm("slow", AlarmState::Ok, -120).alarm("idle", AlarmState::Alarm, -90_000);
    all.push(("an alarm asks for fewer", slow.peek()));
    let mut both = Stage::new(3, 20, &["cpu < 30%: -1", "alarm(idle): -1"]).no_queue();
    both.points("cpu", &[(0, 20.0)]).alarm("idle", AlarmState::Ok, -9_000);
    all.push(("an alarm that would have to be in ALARM first", both.peek()));
}

fn notified(all: &mut Vec<Titled>) {
    let mut stage = api().notify("memory > 85% for 3m", Severity::Critical);
    stage.points("memory", &[(-120, 91.0), (-60, 90.5), (0, 91.234)]);
    all.push(("operators are notified that memory is high", stage.evaluate()));
    stage.points("memory", &[(60, 92.0)]).points("cpu", &[(60, 50.0)]);
    all.push(("memory is still high", stage.wait(60).evaluate()));
    let mut gone = stage.clone();
    gone.policy.notify.clear();
    all.push(("its rule was taken out of the file", gone.wait(60).peek()));
    let mut quiet = stage.clone().on_absence("memory", OnAbsence::NoVote);
    quiet.points("memory", &[]);
    all.push(("there is nothing to measure it by any more", quiet.wait(600).peek()));
    let mut down = Stage::new(3, 20, &["cpu < 30%: -1"]).no_queue().tasks(10);
    down.service().running_count = 0;
    all.push(("nothing runs", down.points("cpu", &[(0, 1.0)]).peek()));
    stage.points("memory", &[(120, 61.0)]);
    all.push(("memory is no longer high", stage.wait(60).evaluate()));
    let mut stage = api().notify("alarm(db-down)", Severity::Critical);
    stage.alarm("db-down", AlarmState::Alarm, -60);
    all.push(("operators are notified of an alarm", stage.evaluate()));
    stage.alarm("db-down", AlarmState::Ok, 30);
    all.push(("the alarm is OK again", stage.wait(60).evaluate()));
}

fn groups(all: &mut Vec<Titled>) {
    let both = ["cpu > 70%: +2", "cpu < 30%: -2"];
    all.push(("a group with little to do", group(&both).peek()));
    let mut busy = group(&both);
    busy.points("cpu", &[(0, 90.0)]);
    all.push(("a group with much to do", busy.clone().peek()));
    busy.service().constraints.no_scale_out = Some("the Launch process is suspended".to_owned());
    all.push(("a group that cannot launch", busy.peek()));
    let mut stage = group(&both);
    stage.service().constraints.no_scale_in = Some("the Terminate process is suspended".to_owned());
    all.push(("a group that cannot terminate", stage.peek()));
    let mut stage = group(&both);
    stage.service().constraints.protected = 5;
    all.push(("a group whose instances are protected", stage.peek()));
    let mut stage = group(&both);
    stage.service().constraints.warmup = SignedDuration::from_mins(5);
    stage.evaluate();
    stage.service().desired_count = 7;
    stage.points("cpu", &[(60, 20.0)]).arrive().wait(60).evaluate();
    all.push(("a group that warms up", stage.points("cpu", &[(300, 20.0)]).wait(240).peek()));
    let mut stage = group(&both).with(|stage| stage.policy.interruptible = true);
    (stage.service().constraints.min, stage.service().constraints.max) = (Some(4), Some(8));
    all.push(("a group with narrower bounds of its own", stage.peek()));
    all.push(("a pin beyond the group's bounds", stage.overridden(OverrideKind::Pin(9), 7_200).peek()));
    let mut stage = group(&both);
    stage.service().rollout = true;
    all.push(("a group that is refreshed", stage.peek()));
    stage.service().active = false;
    all.push(("a group that is being deleted", stage.peek()));
    stage.seen.service = Err(refused());
    all.push(("a group that cannot be read", stage.peek()));
    let mut stage = group(&both).with(|stage| stage.policy.cooldown.scale_out = seconds(0));
    stage.points("cpu", &[(0, 50.0)]).service().running_count = 3;
    stage.evaluate();
    stage.points("cpu", &[(200, 90.0)]);
    all.push(("a group whose instances do not start", stage.wait(240).peek()));
}

fn others(all: &mut Vec<Titled>) {
    let mut stage = api().overridden(OverrideKind::Pin(9), 7_200);
    let words = "Application Auto Scaling (min 2, max 10; dynamic scale-in is not suspended)".to_owned();
    stage.service().constraints.other_autoscaler = OtherAutoscaler::Active(words);
    all.push(("another autoscaler scales it", stage.peek()));
    let observed = stage.clone().with(|stage| stage.observe = true);
    all.push(("another autoscaler scales it while it is only observed", observed.peek()));
    stage.service().constraints.express = true;
    all.push(("a service of ECS Express Mode", stage.peek()));
    let mut stage = api();
    stage.points("cpu", &[(0, 20.0)]).service().constraints.other_autoscaler =
        OtherAutoscaler::Unknown(refused());
    all.push(("whether another autoscaler scales it is not known", stage.peek()));
}
