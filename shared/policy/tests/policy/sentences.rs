//! What operators read at three in the morning: at least one sentence for every reason, as one golden text.

use std::fmt::Write as _;

use tidegate_policy::emergency::lately::SizeSet;
use tidegate_policy::memory::Settled;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::{
    CapacityUnit, Decision, Hours, InFlight, MetricReading, NoticeKind, OnMissing, Reason,
};

use crate::connections::{self, METRIC};
use crate::floor::monitors;
use crate::hours::{WORKING_DAYS, window};
use crate::overwritten;
use crate::stage::{Stage, codes, refused, seconds, signal};
use crate::track::track;
use crate::wait_world::WaitWorld;

mod service_load;

macro_rules! reasons {
    ($($variant:ident => $code:literal,)*) => {
        /// Every code. A new variant does not compile until it stands here, and then needs a scenario below.
        const CODES: &[&str] = &[$($code),*];

        fn code(reason: &Reason) -> &'static str {
            match reason { $(Reason::$variant { .. } => $code,)* }
        }
    };
}

reasons! {
    ServiceUnreadable => "service-unreadable",
    ServiceInactive => "service-inactive",
    ServiceIsDaemon => "service-is-daemon",
    ServiceIsExpress => "service-is-express",
    SwitchedOff => "switched-off",
    IntentPending => "intent-pending",
    IntentFoundApplied => "intent-found-applied",
    IntentFoundLost => "intent-found-lost",
    ChangeNotShown => "change-not-shown",
    BackingOff => "backing-off",
    ManualChange => "manual-change",
    SetByEmergency => "set-by-emergency",
    Overridden => "overridden",
    OverrideAbove => "override-above",
    OverrideTooLong => "override-too-long",
    OverrideUndated => "override-undated",
    Overwritten => "overwritten",
    RuleMatched => "rule-matched",
    RuleNotLongEnough => "rule-not-long-enough",
    Credit => "credit",
    StillStarting => "still-starting",
    Tracked => "tracked",
    OnTarget => "on-target",
    LowNotLongEnough => "low-not-long-enough",
    WouldWait => "would-wait",
    PaceUnknown => "pace-unknown",
    JobsWait => "jobs-wait",
    StillLate => "still-late",
    QueueStays => "queue-stays",
    LoadKeeps => "load-keeps",
    StandsBy => "stands-by",
    Watching => "watching",
    NothingMatches => "nothing-matches",
    Wake => "wake",
    BelowMin => "below-min",
    AboveMax => "above-max",
    AtMax => "at-max",
    ConnectionsLimit => "connections-limit",
    GuardLimitUnknown => "guard-limit-unknown",
    AtMin => "at-min",
    Hours => "hours",
    Floor => "floor",
    ReadingMissing => "reading-missing",
    ReadingStale => "reading-stale",
    NotAgreed => "not-agreed",
    QueuePaused => "queue-paused",
    QueueAtLimit => "queue-at-limit",
    LimitKeeps => "limit-keeps",
    WorkInFlight => "work-in-flight",
    WorkInFlightHidden => "work-in-flight-hidden",
    WorkInFlightShared => "work-in-flight-shared",
    WorkInFlightPartlyRead => "work-in-flight-partly-read",
    HeldByWorkers => "held-by-workers",
    OneTaskAtATime => "one-task-at-a-time",
    Rollout => "rollout",
    DeploymentFailed => "deployment-failed",
    StartsFailing => "starts-failing",
    Stabilizing => "stabilizing",
    FewSurplus => "few-surplus",
    AnticipatedFlapping => "anticipated-flapping",
    CooldownIn => "cooldown-in",
    LargestStep => "largest-step",
    NotIdleLongEnough => "not-idle-long-enough",
    NotIdle => "not-idle",
    OtherAutoscaler => "other-autoscaler",
    OtherAutoscalerMeanwhile => "other-autoscaler-meanwhile",
    OtherAutoscalerUnknown => "other-autoscaler-unknown",
    OutsideBounds => "outside-bounds",
    NoScaleOut => "no-scale-out",
    NoScaleIn => "no-scale-in",
    Protected => "protected",
    WarmingUp => "warming-up",
    ConditionHolds => "condition-holds",
    ConditionOver => "condition-over",
    ConditionGone => "condition-gone",
    ConditionQuiet => "condition-quiet",
    FewServe => "few-serve",
}

/// The RoleFerry guide's worker: more than 500 waiting: +5 up to 50; fewer than 50: -2 down to 5.
fn worker() -> Stage {
    Stage::new(5, 50, &["waiting > 500: +5", "waiting < 50: -2"]).tasks(10)
}

/// The same with a CPU rule.
fn with_cpu() -> Stage {
    Stage::new(5, 50, &["waiting > 500: +5", "waiting < 50: -2", "cpu > 70% for 5m: +2"]).tasks(10)
}

/// A service that may sleep.
fn sleepy() -> Stage {
    Stage::new(0, 50, &["waiting < 50: -2"]).tasks(1)
}

fn sleep_at_night() -> Hours {
    let window = window(WORKING_DAYS, "07:00", "20:00", "Europe/Berlin", &[]);
    Hours { window, outside: true, min: None, max: Some(0) }
}

fn scenarios() -> Vec<(&'static str, Decision)> {
    let mut all = vec![];
    services(&mut all);
    changes(&mut all);
    operators(&mut all);
    floors(&mut all);
    trackers(&mut all);
    rules(&mut all);
    readings(&mut all);
    guards(&mut all);
    sleep(&mut all);
    connections(&mut all);
    waits(&mut all);
    service_load::scenarios(&mut all);
    all
}

fn connections(all: &mut Vec<(&'static str, Decision)>) {
    let mut stage = connections::stage();
    all.push(("the connections of a database limit a scale-out", stage.points(METRIC, &[(0, 50.0)]).peek()));
    connections::guard(&mut stage).on_missing = OnMissing::Hold;
    stage.metric(METRIC, MetricReading::Failed(refused()));
    all.push(("the connections are unknown, and nothing is added", stage.peek()));
    connections::guard(&mut stage).max_connections = None;
    all.push(("how many connections it takes is unknown", stage.points(METRIC, &[(0, 50.0)]).peek()));
}

fn services(all: &mut Vec<(&'static str, Decision)>) {
    let unreadable = worker().with(|stage| stage.seen.service = Err(refused()));
    all.push(("ECS cannot be read", unreadable.peek()));
    all.push(("the service is draining", worker().with(|stage| stage.service().active = false).peek()));
    all.push(("the service is a daemon", worker().with(|stage| stage.service().daemon = true).peek()));
    all.push(("switched off by hand", worker().tasks(0).waiting(900).peek()));
}

fn changes(all: &mut Vec<(&'static str, Decision)>) {
    let mut stage = worker().waiting(612);
    stage.evaluate_and_crash();
    all.push(("another evaluation is acting", stage.wait(15).peek()));
    all.push(("another evaluation died before it acted", stage.wait(75).peek()));
    stage.service().desired_count = 15;
    all.push(("another evaluation died after it acted", stage.peek()));
    stage.service().desired_count = 10;
    stage.settle(Settled::Failed);
    all.push(("AWS refused once", stage.wait(15).peek()));
    stage.wait(600).evaluate_and_crash();
    stage.memory.settle("evaluation-2", Settled::Failed, stage.now);
    all.push(("AWS refused again", stage.wait(15).peek()));
    let mut stage = worker().waiting(100);
    stage.evaluate();
    stage.service().desired_count = 12;
    all.push(("it was changed by hand", stage.arrive().wait(60).peek()));
}

fn trackers(all: &mut Vec<(&'static str, Decision)>) {
    let mut stage =
        Stage::new(2, 50, &[]).tasks(10).with(|stage| stage.policy.track.push(track("cpu", 70.0)));
    all.push(("CPU above its target", stage.points("cpu", &[(60, 93.333)]).at(60).peek()));
    all.push(("CPU near its target", stage.points("cpu", &[(60, 66.0)]).peek()));
    all.push(("CPU low for two minutes", stage.points("cpu", &[(60, 30.0), (120, 31.0)]).at(120).peek()));
    let five: Vec<(i64, f64)> = (1..=5).map(|minute| (minute * 60, 31.0)).collect();
    all.push(("CPU low for five minutes", stage.points("cpu", &five).at(300).peek()));
}

fn floors(all: &mut Vec<(&'static str, Decision)>) {
    let mut stage = worker().with(|stage| stage.policy.floor = Some(monitors()));
    stage.points("monitors", &[(0, 12_345.0)]);
    all.push(("a floor by monitors", stage.evaluate()));
    stage.metric("monitors", MetricReading::NotRead);
    stage.queue().waiting = 0;
    all.push(("a floor whose metric was last seen half an hour ago", stage.arrive().wait(1_800).evaluate()));
}

fn operators(all: &mut Vec<(&'static str, Decision)>) {
    all.push(("a minimum", worker().waiting(100).overridden(OverrideKind::Min(20), 7_200).peek()));
    all.push(("a pin", worker().waiting(900).overridden(OverrideKind::Pin(10), 172_800).peek()));
    all.push(("a maximum", worker().waiting(900).overridden(OverrideKind::Max(6), 7_200).peek()));
    all.push((
        "more than the file allows",
        worker().waiting(100).overridden(OverrideKind::Pin(60), 7_200).peek(),
    ));
    let years = worker().waiting(100).overridden(OverrideKind::Pin(10), 400 * 86_400);
    all.push(("a pin for ever", years.peek()));
    let mut undated = worker().waiting(100).overridden(OverrideKind::Pin(10), 7_200);
    undated.overrides[0].since = None;
    all.push(("a pin that does not state since when", undated.peek()));
    let held = OverrideKind::Hold(Held::ScaleIn);
    all.push(("a hold", worker().waiting(100).overridden(held, 7_200).peek()));
    let still = OverrideKind::Hold(Held::Both);
    all.push(("a hold of both directions", worker().waiting(900).overridden(still, 7_200).peek()));
    all.push(("an emergency", worker().waiting(100).overridden(OverrideKind::Raise(20), 7_200).peek()));
    let mut set = worker().tasks(12).waiting(200);
    set.evaluate();
    set.wait(45).emergency = Some(SizeSet { to: 20, at: crate::stage::noon() + seconds(40) });
    set.service().desired_count = 20;
    all.push(("an emergency has set it a moment ago", set.arrive().peek()));
    all.push(("another process sets the count too", overwritten::by_a_second_stack().peek()));
    let mut night = worker().with(|stage| stage.policy.hours.push(sleep_at_night()));
    all.push(("asleep outside the working hours", night.at(8 * 3_600).peek()));
    all.push(("below the minimum", worker().tasks(3).waiting(100).peek()));
    all.push(("above the maximum", worker().tasks(60).waiting(100).peek()));
}

fn rules(all: &mut Vec<(&'static str, Decision)>) {
    all.push(("a full queue", worker().waiting(612).peek()));
    all.push(("neither full nor empty", worker().waiting(200).peek()));
    all.push(("full at the maximum", worker().tasks(50).waiting(612).peek()));
    all.push(("empty at the minimum", worker().tasks(5).peek()));
    let mut stage = worker().waiting(612);
    stage.evaluate();
    all.push(("within the scale-out cooldown", stage.arrive().wait(60).peek()));
    let mut stage = worker().tasks(20).waiting(612);
    stage.evaluate();
    stage.service().desired_count = 20;
    stage.queue().waiting = 200;
    stage.policy.capacity = tidegate_policy::Capacity::new(22, 50).unwrap();
    all.push(("ECS shows the desired count of before", stage.wait(15).peek()));
    let mut stage = worker().tasks(20).waiting(612);
    stage.service().running_count = 6;
    stage.service().pending_count = 4;
    all.push(("tasks on their way", stage.peek()));
    stage.evaluate_for(0);
    stage.service().running_count = 6;
    stage.evaluate();
    all.push(("tasks that do not start", stage.wait(240).peek()));
    let stage =
        worker().waiting(612).with(|stage| stage.policy.largest_step.scale_out = 2.try_into().unwrap());
    all.push(("a largest step", stage.peek()));
    let mut stage = with_cpu();
    stage.points("cpu", &[(60, 81.456), (120, 80.0)]).at(130);
    all.push(("CPU high for two minutes, queue empty", stage.peek()));
    stage.queue().waiting = 200;
    all.push(("CPU high for two minutes", stage.peek()));
}

fn readings(all: &mut Vec<(&'static str, Decision)>) {
    all.push(("Redis down", worker().with(|stage| stage.seen.queue = Some(Err(refused()))).peek()));
    let mut stage = with_cpu();
    stage.points("cpu", &[]);
    all.push(("CPU without datapoints", stage.peek()));
    stage.points("cpu", &[(0, 20.0)]).at(0).evaluate();
    stage.metric("cpu", MetricReading::NotRead);
    all.push(("CPU too old", stage.at(400).peek()));
    all.push(("paused", worker().waiting(1).with(|stage| stage.queue().paused = true).peek()));
    let mut limited = worker().waiting(900).with(|stage| stage.queue().limits.rate_met = true);
    all.push(("at a limit", limited.peek()));
    limited.policy.wait = Some(seconds(60));
    all.push(("at a limit, with `wait`", limited.peek()));
    let mut hidden = worker();
    hidden.queue().in_flight = InFlight::Reserved(1);
    all.push(("a queue that hides running jobs", hidden.peek()));
    let mut shared = worker();
    shared.queue().in_flight = InFlight::AtLeast(1);
    all.push(("messages that may be in other queues too", shared.peek()));
    let mut partly = worker();
    partly.queue().in_flight = InFlight::Partly { jobs: 2, read: 12_000, held: 110_000 };
    all.push(("more is held than can be read", partly.peek()));
    all.push(("prefetched jobs", worker().waiting(100).in_flight(52).peek()));
}

fn guards(all: &mut Vec<(&'static str, Decision)>) {
    all.push(("an empty queue", worker().peek()));
    all.push(("jobs in flight", worker().in_flight(38).peek()));
    all.push(("a rollout", worker().with(|stage| stage.service().rollout = true).peek()));
    let failed = |stage: &mut Stage| stage.service().constraints.deployment_failed = true;
    all.push(("a deployment that failed and runs everything", worker().with(failed).peek()));
    let half = worker().with(failed).with(|stage| stage.service().rollout = true);
    all.push(("a deployment that failed half way", half.peek()));
    let stage = worker().with(|stage| stage.policy.stabilization = seconds(60));
    all.push(("a recommendation a moment ago", stage.peek()));
    let mut stage = with_cpu();
    stage.points("cpu", &[(0, 66.0)]);
    all.push(("one task fewer would trip the CPU rule", stage.peek()));
    let mut stage = worker();
    stage.evaluate();
    all.push(("within the scale-in cooldown", stage.arrive().wait(60).peek()));
}

fn sleep(all: &mut Vec<(&'static str, Decision)>) {
    all.push(("jobs arrive while it sleeps", sleepy().tasks(0).waiting(1).peek()));
    let mut stage = sleepy();
    stage.evaluate();
    all.push(("empty for a minute", stage.wait(60).peek()));
    all.push(("the last task and its jobs", sleepy().in_flight(2).peek()));
}

fn waits(all: &mut Vec<(&'static str, Decision)>) {
    let mut world = WaitWorld::new(2, 50, 6);
    all.push(("`wait`, the first evaluation", world.evaluate(3.0)));
    let mut new = world.clone().with(|world| world.counts = false);
    new.evaluate(40.0);
    all.push(("`wait`, a first backlog", new.evaluate(40.0)));
    world.evaluate_for(600, |_| 3.0);
    all.push(("`wait`, work for six tasks", world.evaluate(3.0)));
    world.evaluate_for(15, |_| 6.0);
    all.push(("`wait`, the load has doubled", world.evaluate(6.0)));
    world.evaluate_for(45, |_| 6.0);
    all.push(("`wait`, a minute later", world.evaluate(3.0)));
    let mut world = WaitWorld::new(2, 50, 20);
    world.evaluate_for(1_800, |_| 10.0);
    let fewer = world.evaluate_for(180, |_| 9.2);
    let few = fewer.into_iter().find(|it| codes(it).contains(&"few-surplus"));
    all.extend(few.map(|few| ("`wait`, the load is a little less", few)));
    let mut world = WaitWorld::new(2, 50, 2);
    world.evaluate_for(3 * 1_800 - 30, |elapsed| if elapsed % 1_800 < 180 { 15.0 } else { 0.0 });
    all.push(("`wait`, three bursts came half an hour apart", world.evaluate(0.0)));
    let mut world = WaitWorld::new(2, 50, 12);
    world.evaluate_for(3_600, |_| 3.0);
    world.per_second /= 4.0;
    let decisions = world.evaluate_for(1_800, |_| 3.0);
    let late = decisions.into_iter().find(|it| codes(it).contains(&"still-late"));
    all.extend(late.map(|late| ("`wait`, jobs became four times slower", late)));
    let mut world = WaitWorld::new(2, 50, 6).with(|world| world.counts = false);
    world.evaluate_for(600, |_| 3.0);
    world.stage.memory.wait.as_mut().unwrap().pace.fastest = 50.0;
    world.evaluate_for(900, |_| 3.0);
    let growing = world.evaluate_for(300, |_| 6.0).into_iter().find(|it| codes(it).contains(&"queue-stays"));
    all.extend(growing.map(|growing| ("`wait`, jobs are believed to be done too fast", growing)));
}

#[test]
fn every_reason_has_a_sentence() {
    let mut text = String::new();
    for (title, decision) in scenarios() {
        writeln!(text, "{title} [{}]\n    {decision}", codes(&decision).join(", ")).unwrap();
        for notice in decision.notices.iter().filter(|notice| notice.kind == NoticeKind::Condition) {
            let because = decision.capacity_unit.describe(notice.because.as_ref().unwrap());
            writeln!(
                text,
                "    {:?}: {}: {because}",
                notice.severity(),
                decision.capacity_unit.describe(notice)
            )
            .unwrap();
        }
        text.push('\n');
    }
    insta::assert_snapshot!("sentences", text);
}

#[test]
fn every_reason_has_a_scenario() {
    let of = |decision: Decision| {
        decision.reasons.into_iter().chain(decision.notices.into_iter().filter_map(|notice| notice.because))
    };
    let seen: Vec<_> = scenarios().into_iter().flat_map(|(_, decision)| of(decision)).collect();
    let missing: Vec<_> = CODES.iter().filter(|code| !seen.iter().any(|it| it.code() == **code)).collect();
    assert!(missing.is_empty(), "no scenario for {missing:?}");
    assert!(seen.iter().all(|reason| reason.code() == code(reason)));
}

#[test]
fn no_sentence_breaks_the_line_or_is_long() {
    for (title, decision) in scenarios() {
        let text = decision.to_string();
        assert!(!text.contains('\n') && text.len() <= 400, "{title}: {text}");
    }
}

#[test]
fn in_short_a_missing_metric_is_named_and_of_a_queue_only_the_cause_is_told() {
    for (name, expected) in
        [("waiting", "unreachable: connection refused"), ("cpu", "cpu (unreachable: connection refused)")]
    {
        let missing = Reason::ReadingMissing { signal: signal(name), absence: refused() };
        assert_eq!(CapacityUnit::Tasks.describe(&missing).in_short(), expected);
    }
}
