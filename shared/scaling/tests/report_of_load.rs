//! Reports of services without a queue: what metrics and alarms said, of tasks and of instances.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tidegate_aws::error::{AwsError, ErrorClass, Step};
use tidegate_aws::report::section::Outcome;
use tidegate_aws::report::{AccountAndRegion, EvaluationReport, Header};
use tidegate_aws::trigger::Trigger;
use tidegate_aws::{CallError, sns};
use tidegate_fleet::{AutoScalingGroup, EcsService, TargetName};
use tidegate_policy::Severity;
use tidegate_policy::memory::LastPoint;
use tidegate_policy::{
    Absence, AbsenceKind, Alarm, AlarmEvaluation, AlarmName, AlarmState, Capacity, CapacityUnit, Comparison,
    Condition, Constraints, Datapoint, Decision, Memory, MetricName, MetricReading, Notice, NoticeKind,
    Observation, Reason, ServiceState, Signal, Unit, Verdict,
};
use tidegate_scaling::{ActionTaken, TargetReport};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_250_000 + second).expect("a moment")
}

fn name(metric: &str) -> MetricName {
    MetricName::new(metric).expect("a name")
}

fn alarm(name: &str) -> AlarmName {
    AlarmName::new(name).expect("a name")
}

fn points(value: f64) -> MetricReading {
    MetricReading::Points {
        period: SignedDuration::from_mins(1),
        points: vec![Datapoint { at: at(-60), value }],
    }
}

/// `memory > 85% for 3m`.
fn memory_is_high() -> Condition {
    Condition {
        signal: Signal::Metric(name("memory")),
        comparison: Comparison::Above,
        threshold: 85.0,
        unit: Unit::Percent,
        hold_for: SignedDuration::from_mins(3),
    }
}

/// A group or service that had 4 and gets 6.
fn grown(name: TargetName, capacity_unit: CapacityUnit) -> TargetReport {
    let matched =
        Reason::RuleMatched { condition: memory_is_high(), value: 91.2, since: Some(at(-180)), proposes: 6 };
    TargetReport {
        target: "api".to_owned(),
        name,
        observe: false,
        most: 10,
        seen: Observation {
            service: Ok(ServiceState {
                desired_count: 4,
                running_count: 3,
                pending_count: 1,
                rollout: false,
                active: true,
                daemon: false,
                constraints: Constraints { protected: 2, ..Constraints::default() },
            }),
            queue: None,
            metrics: BTreeMap::from([]),
            alarms: BTreeMap::new(),
            database: None,
        },
        decision: Decision {
            verdict: Verdict::ScaleOut { from: 4, to: 6 },
            reasons: vec![matched],
            bounds: Capacity::new(2, 10).expect("bounds"),
            notices: Vec::new(),
            memory: Memory::default(),
            moving: true,
            capacity_unit,
        },
        action: ActionTaken::Tried(Outcome::Applied),
        asked: Vec::new(),
        failed_before: false,
    }
}

fn web_group() -> AutoScalingGroup {
    AutoScalingGroup { name: "web".to_owned(), detailed_monitoring: true }
}

fn group() -> TargetReport {
    grown(TargetName::Group(web_group()), CapacityUnit::Instances)
}

fn service() -> TargetReport {
    let name = EcsService { cluster: "prod".to_owned(), service: "api".to_owned() };
    grown(TargetName::Ecs(name), CapacityUnit::Tasks)
}

fn header() -> Header {
    Header {
        fleet: "shop-prod".to_owned(),
        concern: "service-load",
        function: "tidegate-ServiceLoadFunction".to_owned(),
        place: AccountAndRegion::of_arn("arn:aws:sns:eu-central-1:111122223333:tidegate"),
        evaluation: "3f2a91c0".to_owned(),
        at: at(0),
        trigger: Trigger::Alarm { name: "api-5xx".to_owned() },
        request: None,
    }
}

fn report(target: &TargetReport) -> EvaluationReport {
    let header = header();
    EvaluationReport { sections: vec![target.section(&header)], ..EvaluationReport::empty(header) }
}

fn notified(report: &EvaluationReport) -> String {
    format!("Subject: {}\n\n{}", report.subject(), report.text())
}

#[test]
fn what_metrics_and_alarms_said_is_reported() {
    let mut api = service();
    let unread = MetricReading::Failed(Absence::new(AbsenceKind::Throttled, "Throttling: Rate exceeded"));
    api.seen.metrics = BTreeMap::from([
        (name("memory"), points(91.24)),
        (name("requests"), points(1532.0)),
        (
            name("response_time"),
            MetricReading::Points { period: SignedDuration::from_mins(1), points: vec![] },
        ),
        (name("sessions"), unread),
        (name("users"), MetricReading::NotRead),
    ]);
    let settled = LastPoint { at: at(-180), value: 90.86, period: 60 };
    api.decision.memory.metrics.insert(name("memory"), settled);
    let since = at(-3600 * 24);
    api.seen.alarms = BTreeMap::from([
        (
            alarm("api-5xx"),
            Ok(Alarm { state: AlarmState::Alarm, since, evaluation_state: AlarmEvaluation::PartialData }),
        ),
        (alarm("typo"), Err(Absence::new(AbsenceKind::NotFound, "DescribeAlarms: no alarm of this name"))),
    ]);
    insta::assert_snapshot!(notified(&report(&api)));
}

#[test]
fn a_group_is_reported_in_instances() {
    let report = report(&group());
    insta::assert_snapshot!(notified(&report));
    let json = &report.to_json()["targets"][0];
    assert_eq!((&json["group"], &json["service"]), (&"web".into(), &serde_json::Value::Null));
    assert_eq!(
        json["seen"].as_object().expect("an object").get("waiting"),
        None,
        "there is no queue to report"
    );
    let machine: serde_json::Value = serde_json::from_str(&sns::message(&report)).expect("JSON");
    assert!(machine["https"].as_str().expect("a text").contains("\"relatedResources\":[\"web\"]"));
}

#[test]
fn a_group_that_is_busy_is_reported_in_the_words_of_aws() {
    let mut web = group();
    let step = Step::SetDesiredCapacity { group: web_group(), instances: 6 };
    let busy = AwsError::Answered {
        class: ErrorClass::Busy,
        code: "ScalingActivityInProgress".to_owned(),
        message: "a scaling activity is in progress".to_owned(),
    };
    web.action = ActionTaken::Tried(Outcome::Failed(CallError::new(step, busy)));
    insta::assert_snapshot!(notified(&report(&web)));
}

/// One command suspends the other autoscaler, and one resumes it.
#[test]
fn what_another_autoscaler_scales_is_reported_with_the_commands_that_suspend_and_resume_it() {
    let processes = "--scaling-processes AlarmNotification ScheduledActions";
    let group_line = |verb: &str| {
        format!(
            "aws autoscaling {verb}-processes --region eu-central-1 --auto-scaling-group-name 'web' {processes}"
        )
    };
    let ecs_line = |is: bool| {
        format!(
            "aws application-autoscaling register-scalable-target --region eu-central-1 --service-namespace ecs --scalable-dimension \
             ecs:service:DesiredCount --resource-id service/prod/api --suspended-state DynamicScalingInSuspended={is},\
             DynamicScalingOutSuspended={is},ScheduledScalingSuspended={is}"
        )
    };
    for (mut report, suspend, resume) in
        [(group(), group_line("suspend"), group_line("resume")), (service(), ecs_line(true), ecs_line(false))]
    {
        report.action = ActionTaken::Nothing;
        report.decision.verdict = Verdict::Hold { at: Some(4) };
        report.decision.reasons = vec![Reason::OtherAutoscaler { who: "another".to_owned() }];
        let stop = ("stop", format!("{suspend}  # suspends the other autoscaler"));
        assert_eq!(report.commands(&header()), [stop, ("undo", format!("{resume}  # resumes all of it"))]);
        report.decision.reasons = vec![Reason::OtherAutoscalerMeanwhile { who: "another".to_owned() }];
        assert_eq!(report.commands(&header()), [], "what is only observed goes on being scaled");
    }
}

#[test]
fn alarms_stand_in_the_answer_with_their_state() {
    let mut api = service();
    let unknown = || Err(Absence::new(AbsenceKind::Denied, "AccessDenied: no"));
    let insufficient = Ok(Alarm {
        state: AlarmState::InsufficientData,
        since: at(-60),
        evaluation_state: AlarmEvaluation::Failure,
    });
    api.seen.alarms = BTreeMap::from([(alarm("latency"), insufficient), (alarm("other"), unknown())]);
    let json = report(&api).to_json()["targets"][0]["seen"]["alarms"].clone();
    assert_eq!(json["latency"]["state"], "INSUFFICIENT_DATA");
    assert_eq!(json["latency"]["evaluation_state"], "EVALUATION_FAILURE");
    assert_eq!(json["other"]["state"], serde_json::Value::Null);
    assert_eq!(json["other"]["error"], "access denied: AccessDenied: no");
}

/// A report in which a condition of `notify` begins, or ends, and nothing else happens.
fn noticed(because: Reason, begins: bool, memory: f64) -> EvaluationReport {
    let mut api = service();
    api.action = ActionTaken::Nothing;
    api.decision.verdict = Verdict::Hold { at: Some(4) };
    api.decision.reasons = vec![Reason::NothingMatches];
    api.seen.metrics = BTreeMap::from([(name("memory"), points(memory))]);
    let settled = LastPoint { at: at(-180), value: memory, period: 60 };
    api.decision.memory.metrics.insert(name("memory"), settled);
    let notice = Notice { kind: NoticeKind::Condition, begins, since: at(-180), because: Some(because) };
    api.decision.notices = vec![notice];
    report(&api)
}

#[test]
fn a_condition_of_notify_begins_with_the_severity_of_the_fleet_file_and_its_end_wakes_nobody() {
    let condition = memory_is_high();
    for severity in [Severity::Warning, Severity::Critical] {
        let holds =
            Reason::ConditionHolds { condition: condition.clone(), value: 91.2, since: at(-180), severity };
        let over = Reason::ConditionOver { condition: condition.clone(), value: 61.0, severity };
        let (begins, ends) = (noticed(holds, true, 91.2), noticed(over, false, 61.0));
        for (report, severity, state) in [(begins, severity, "firing"), (ends, Severity::Info, "resolved")] {
            assert_eq!(report.severity(), severity);
            assert_eq!(report.to_json()["state"], state);
            let notice = &report.to_json()["targets"][0]["notices"][0];
            assert_eq!(notice["severity"], serde_json::to_value(severity).expect("a word"));
            assert_eq!(notice["condition"], "memory > 85% for 3m");
        }
    }
}

#[test]
fn a_condition_of_notify_is_reported_in_its_own_words() {
    let (condition, severity) = (memory_is_high(), Severity::Critical);
    let holds =
        Reason::ConditionHolds { condition: condition.clone(), value: 91.2, since: at(-180), severity };
    let over = Reason::ConditionOver { condition, value: 61.0, severity };
    insta::assert_snapshot!(notified(&noticed(holds, true, 91.2)));
    insta::assert_snapshot!(notified(&noticed(over, false, 61.0)));
}
