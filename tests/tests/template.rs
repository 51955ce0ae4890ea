//! `template.yaml` says what the code needs, no less and no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_tests::cloudformation::{actions, pascal_case, resources, statements, template};
use tidegate_tests::{repository, sdk};

/// Every AWS call that each function makes by itself: what all make, what those that scale services do, what those that decide
/// by signals do, and what only one or two do.
const ALL: [&str; 4] =
    ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:PutItem", "sns:Publish"];
const SERVICES: [&str; 3] =
    ["application-autoscaling:DescribeScalableTargets", "ecs:DescribeServices", "ecs:UpdateService"];
const SIGNALS: [&str; 5] = [
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "elasticloadbalancing:DescribeTargetGroups",
    "rds:DescribeDBInstances",
    "rds:DescribeDBParameters",
];
const QUEUE_DEPTH: [&str; 4] =
    ["secretsmanager:GetSecretValue", "sqs:GetQueueAttributes", "sqs:SendMessage", "ssm:GetParameters"];
const GROUPS: [&str; 5] = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "autoscaling:DescribePolicies",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:SetDesiredCapacity",
];
const EMERGENCY_MAX: [&str; 7] = [
    "application-autoscaling:DescribeScheduledActions",
    "application-autoscaling:RegisterScalableTarget",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
    "cloudwatch:GetMetricData",
    "ecs:DescribeTaskDefinition",
    "servicequotas:GetServiceQuota",
];
const REPLICA_LAG: [&str; 9] = [
    "cloudwatch:GetMetricData",
    "rds:CreateDBInstance",
    "rds:CreateDBInstanceReadReplica",
    "rds:DeleteDBInstance",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeOrderableDBInstanceOptions",
    "route53:ChangeResourceRecordSets",
    "route53:ListResourceRecordSets",
];
const RDS_UPGRADE: [&str; 10] = [
    "cloudwatch:GetMetricData",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeEvents",
    "rds:DescribeOrderableDBInstanceOptions",
    "rds:DescribePendingMaintenanceActions",
    "rds:DescribeReservedDBInstances",
    "rds:ModifyDBInstance",
    "rds:CreateDBSnapshot",
    "rds:DescribeDBSnapshots",
];
/// What RDS asks for where a snapshot is taken with tags.
const OF_SNAPSHOTS: [&str; 1] = ["rds:AddTagsToResource"];
/// What each function is called in the template.
const FUNCTIONS: [&str; 5] = ["QueueDepth", "ServiceLoad", "ReplicaLag", "RdsUpgrade", "EmergencyMax"];

/// What AWS does with a function's role, and the function never asks for: Lambda writes the log and keeps what failed in a
/// queue; SNS and Systems Manager use a key in the name of the caller.
const ON_BEHALF: [&str; 5] =
    ["kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"];
/// What RDS asks for in the name of who creates a replica: its tags, the role of Enhanced Monitoring, the key of its source.
const OF_REPLICAS: [&str; 4] =
    ["iam:PassRole", "kms:CreateGrant", "kms:DescribeKey", "rds:AddTagsToResource"];
/// Lambda polls the queue of evaluations, which only queue-depth has.
const POLLED: [&str; 2] = ["sqs:DeleteMessage", "sqs:ReceiveMessage"];
/// Lambda makes the network interfaces by which a function enters a VPC; only queue-depth does.
const INTERFACES: [&str; 6] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
];

/// The settings that the code reads from its environment.
const ENVIRONMENT: [&str; 4] =
    ["TIDEGATE_FLEET", "TIDEGATE_LEDGER", "TIDEGATE_EVALUATIONS", "TIDEGATE_TOPIC"];

/// What a function may do: by its own role, and by the policies that it shares with others.
fn allowed(template: &Value, function: &str) -> Vec<Value> {
    let resources = &template["Resources"];
    let role = &resources[format!("{function}Role")];
    let shared = role["Properties"]["ManagedPolicyArns"].as_array().cloned().unwrap_or_default();
    let shared = shared.iter().flat_map(|policy| {
        let name = policy["Ref"].as_str().expect("a policy of this template");
        statements(&resources[name])
    });
    shared.chain(statements(role)).collect()
}

/// The code of the functions, all rooms of it.
fn code() -> Vec<String> {
    repository::rust_files(&[
        "shared/aws/src",
        "shared/queues/src",
        "shared/evaluation/src",
        "shared/scaling/src",
        "shared/emergency/src",
        "shared/replicas/src",
        "shared/upgrades/src",
        "functions",
    ])
}

fn set<T: Into<String>>(items: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    items.into_iter().map(Into::into).collect()
}

#[test]
fn a_function_has_one_name_through_every_layer() {
    let template = template();
    let functions = repository::functions();
    assert!(!functions.is_empty());
    for name in &functions {
        let function = &template["Resources"][format!("{}Function", pascal_case(name))];
        assert_eq!(
            function["Type"], "AWS::Serverless::Function",
            "functions/{name} has no function in template.yaml"
        );
        assert_eq!(function["Properties"]["CodeUri"], format!("functions/{name}"));
        assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda");
        let manifest = repository::read(&format!("functions/{name}/Cargo.toml"));
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "the package in functions/{name} has another name"
        );
        let event = format!("events/{name}.");
        assert!(
            repository::files().iter().any(|file| file.starts_with(&event)),
            "functions/{name} has no {event}*.json"
        );
    }
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        let folder = function["Properties"]["CodeUri"].as_str().unwrap_or_default().to_owned();
        let known =
            folder.strip_prefix("functions/").is_some_and(|name| functions.contains(&name.to_owned()));
        assert!(known, "`{id}` is built from `{folder}`, which is no function");
    }
}

#[test]
fn every_event_is_json_and_belongs_to_a_function() {
    let functions = repository::functions();
    for file in repository::files().iter().filter_map(|file| file.strip_prefix("events/")) {
        let (function, situation) = file.split_once('.').expect("an event is named function.situation.json");
        assert!(functions.contains(&function.to_owned()), "events/{file} belongs to no function");
        assert!(repository::has_extension(situation, "json"), "events/{file} is no JSON");
        let event = serde_json::from_str::<Value>(&repository::read(&format!("events/{file}")));
        assert!(event.is_ok(), "events/{file}: {event:?}");
    }
}

#[test]
fn a_function_may_do_what_is_listed_and_nothing_else() {
    let template = template();
    let may = |function| set(allowed(&template, function).iter().flat_map(actions));
    let all = || ALL.into_iter().chain(ON_BEHALF);
    let services = || all().chain(SERVICES);
    let own = QUEUE_DEPTH.into_iter().chain(POLLED).chain(INTERFACES);
    assert_eq!(may("QueueDepth"), set(services().chain(SIGNALS).chain(own)));
    assert_eq!(may("ServiceLoad"), set(services().chain(SIGNALS).chain(GROUPS)));
    assert_eq!(may("ReplicaLag"), set(all().chain(REPLICA_LAG).chain(OF_REPLICAS)));
    assert_eq!(may("RdsUpgrade"), set(all().chain(RDS_UPGRADE).chain(OF_SNAPSHOTS)));
    assert_eq!(may("EmergencyMax"), set(services().chain(GROUPS).chain(EMERGENCY_MAX)));
}

#[test]
fn the_listed_calls_are_the_calls_in_the_code() {
    assert_eq!(sdk::unknown_services(), Vec::<String>::new(), "SDK crates that this test cannot read yet");
    let each =
        QUEUE_DEPTH.into_iter().chain(GROUPS).chain(REPLICA_LAG).chain(RDS_UPGRADE).chain(EMERGENCY_MAX);
    let listed = set(ALL.into_iter().chain(SERVICES).chain(SIGNALS).chain(each));
    assert_eq!(sdk::actions_called_by(&code()), listed);
}

#[test]
fn the_command_invokes_functions_and_calls_nothing_else() {
    let calls = sdk::actions_called_by(&repository::rust_files(&["cli/src"]));
    assert_eq!(calls, set(["lambda:InvokeFunction"]), "what an operator may do is this");
}

#[test]
fn an_operator_may_invoke_the_functions_and_nothing_else() {
    let template = template();
    let policy = &template["Resources"]["OperatorPolicy"];
    assert_eq!(policy["Type"], "AWS::IAM::ManagedPolicy");
    let statements = statements(policy);
    let [statement] = statements.as_slice() else { unreachable!("one statement, not {}", statements.len()) };
    assert_eq!(statement["Effect"], "Allow");
    assert_eq!(actions(statement), ["lambda:InvokeFunction"], "the command makes this call alone");
    let functions = ["QueueDepth", "ServiceLoad", "ReplicaLag", "RdsUpgrade", "EmergencyMax"];
    let arns = functions.map(|function| json!({"Fn::GetAtt": format!("{function}Function.Arn")}));
    assert_eq!(statement["Resource"], json!(arns));
    for function in ["EmergencyMaxFunction", "RdsUpgradeFunction"] {
        let output = &template["Outputs"][format!("{function}Name")];
        assert_eq!(output["Value"], json!({"Ref": function}), "the command is told its name");
    }
    let attached = ["Roles", "Users", "Groups"].map(|key| &policy["Properties"][key]);
    assert_eq!(attached, [&Value::Null; 3], "who is an operator is for the account to say");
    assert_eq!(template["Outputs"]["OperatorPolicyArn"]["Value"], json!({"Ref": "OperatorPolicy"}));
}

#[test]
fn an_operator_is_kept_out_by_no_other_run() {
    let template = template();
    let settings = |function: &str| template["Resources"][function]["Properties"].clone();
    let reserved = |function: &str| settings(function)["ReservedConcurrentExecutions"].clone();
    let of_its_own = json!({"Fn::If": [
        "ReservesEmergencyConcurrency", {"Ref": "EmergencyConcurrency"}, {"Ref": "AWS::NoValue"}
    ]});
    assert_eq!(reserved("EmergencyMaxFunction"), json!({"Fn::If": ["StopsAll", 0, of_its_own]}));
    assert_eq!(
        template["Conditions"]["StopsAll"],
        json!({"Fn::Equals": [{"Ref": "ReservedConcurrency"}, "0"]})
    );
    assert_eq!(settings("EmergencyMaxFunction")["Timeout"], 900, "a large fleet takes minutes");
}

#[test]
fn no_statement_has_a_wildcard_action_and_only_reading_has_a_wildcard_resource() {
    let template = template();
    for statement in FUNCTIONS.into_iter().flat_map(|name| allowed(&template, name)) {
        assert_eq!(statement["Effect"], "Allow");
        for action in actions(&statement) {
            assert!(!action.contains('*'), "wildcard in {action}");
            // Nothing of an interface is known before it is made.
            let reads = action.contains(":Describe") || action.contains(":Get");
            let unlimited = reads || INTERFACES.contains(&action.as_str());
            assert!(statement["Resource"] != "*" || unlimited, "{action} is allowed on everything");
        }
    }
}

#[test]
fn what_may_be_scaled_and_read_is_named_by_parameters() {
    let template = template();
    for (function, action, parameter) in [
        ("QueueDepth", "ecs:UpdateService", "ServiceArns"),
        ("ServiceLoad", "ecs:DescribeServices", "ServiceArns"),
        ("ServiceLoad", "autoscaling:SetDesiredCapacity", "GroupArns"),
        ("EmergencyMax", "ecs:UpdateService", "ServiceArns"),
        ("EmergencyMax", "autoscaling:SetDesiredCapacity", "GroupArns"),
        ("EmergencyMax", "autoscaling:SuspendProcesses", "GroupArns"),
        ("EmergencyMax", "autoscaling:ResumeProcesses", "GroupArns"),
        ("ReplicaLag", "route53:ListResourceRecordSets", "ZoneArns"),
        ("ReplicaLag", "route53:ChangeResourceRecordSets", "ZoneArns"),
        ("ReplicaLag", "iam:PassRole", "MonitoringRoleArns"),
        ("ReplicaLag", "kms:CreateGrant", "DatabaseKeyArns"),
        ("ReplicaLag", "kms:DescribeKey", "DatabaseKeyArns"),
        ("RdsUpgrade", "rds:ModifyDBInstance", "UpgradeArns"),
        ("QueueDepth", "ssm:GetParameters", "ParameterArns"),
        ("QueueDepth", "secretsmanager:GetSecretValue", "SecretArns"),
    ] {
        let statements = allowed(&template, function);
        let found: Vec<&Value> =
            statements.iter().filter(|it| actions(it).contains(&action.to_owned())).collect();
        // Of two statements that allow it a condition of the template takes one.
        let is_named = |statement: &&Value| statement["Resource"] == json!({"Ref": parameter});
        assert!(!found.is_empty() && found.iter().all(is_named), "{action} is not limited to {parameter}");
        assert_eq!(template["Parameters"][parameter]["Default"], "", "nothing is scaled by leaving it out");
    }
}

#[test]
fn only_queue_depth_enters_a_vpc() {
    let template = template();
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        assert_eq!(function["Properties"]["VpcConfig"].is_null(), id != "QueueDepthFunction", "{id}");
    }
}

#[test]
fn the_template_and_the_code_agree_on_the_environment() {
    let template = template();
    let variables = |function: &str| {
        let properties = &template["Resources"][function]["Properties"];
        let variables = properties["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        set(variables.into_iter().map(|(name, _)| name))
    };
    assert_eq!(variables("QueueDepthFunction"), set(ENVIRONMENT));
    // Without a queue of its own it sends itself no evaluations.
    for function in
        FUNCTIONS.iter().filter(|name| **name != "QueueDepth").map(|name| format!("{name}Function"))
    {
        assert_eq!(variables(&function), &set(ENVIRONMENT) - &set(["TIDEGATE_EVALUATIONS"]), "{function}");
    }
    let is_name = |letter: char| letter.is_ascii_uppercase() || letter == '_';
    let mut read = BTreeSet::new();
    for file in code() {
        let text = repository::read(&file);
        for (at, _) in text.match_indices("TIDEGATE_") {
            read.insert(text[at..].chars().take_while(|letter| is_name(*letter)).collect::<String>());
        }
    }
    assert_eq!(read, set(ENVIRONMENT));
}

#[test]
fn an_evaluation_is_never_seen_twice() {
    let template = template();
    let queue = &template["Resources"]["QueueDepthEvaluations"]["Properties"];
    let visibility = queue["VisibilityTimeout"].as_i64();
    assert_eq!(queue["MessageRetentionPeriod"], 60);
    assert!(visibility >= queue["MessageRetentionPeriod"].as_i64(), "a failed evaluation would come back");
    let function = &template["Resources"]["QueueDepthFunction"]["Properties"];
    assert!(visibility >= function["Timeout"].as_i64(), "Lambda refuses such an event source");
}

#[test]
fn functions_are_small_and_run_on_arm64_unless_told_otherwise() {
    let template = template();
    assert_eq!(template["Parameters"]["Architecture"]["Default"], "arm64");
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        let settings = &function["Properties"];
        assert_eq!(settings["MemorySize"], 256, "{id}");
        assert_eq!(settings["Runtime"], "provided.al2023", "{id}");
        assert_eq!(settings["Architectures"], json!([{"Ref": "Architecture"}]), "{id}");
        assert_eq!(settings["Layers"], json!([{"Ref": "FleetLayer"}]), "{id} does not see the fleet file");
        assert!(
            settings["LoggingConfig"]["LogGroup"]["Ref"].is_string(),
            "{id} writes to a log without retention"
        );
    }
    for reserved in ["ReservedConcurrency", "EmergencyConcurrency"] {
        assert_eq!(template["Parameters"][reserved]["Default"], "", "new accounts cannot set any");
    }
}

#[test]
fn the_fleet_that_is_deployed_is_valid_and_changes_nothing_yet() {
    let fleet =
        tidegate_fleet::parse(&repository::read("layer/fleet.yaml")).expect("layer/fleet.yaml is valid");
    for service in fleet.services() {
        assert_eq!(service.mode(), tidegate_fleet::Mode::Observe, "a first deployment acts on nothing");
    }
}

#[test]
fn every_log_expires() {
    let groups = resources(&template(), "AWS::Logs::LogGroup");
    assert!(!groups.is_empty());
    for (id, group) in groups {
        assert!(!group["Properties"]["RetentionInDays"].is_null(), "{id} is kept for ever");
    }
}

#[test]
fn the_ledger_cannot_be_lost_by_mistake() {
    let template = template();
    let ledger = &template["Resources"]["Ledger"];
    let settings = &ledger["Properties"];
    assert_eq!(
        (&ledger["DeletionPolicy"], &ledger["UpdateReplacePolicy"]),
        (&json!("Retain"), &json!("Retain"))
    );
    assert_eq!(settings["DeletionProtectionEnabled"], true);
    assert_eq!(settings["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(settings["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(settings["TimeToLiveSpecification"], json!({"AttributeName": "expires_at", "Enabled": true}));
    let keys =
        json!([{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]);
    assert_eq!(settings["KeySchema"], keys);
}

#[test]
fn what_rests_is_encrypted() {
    let template = template();
    for (id, queue) in resources(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{id}");
    }
    for (id, topic) in resources(&template, "AWS::SNS::Topic") {
        // With our own key disabled, the topic of alarms is what is left to say so. It carries the alarms' own texts.
        let key = if id == "AlarmTopic" { Value::Null } else { json!({"Ref": "ReportKey"}) };
        assert_eq!(topic["Properties"]["KmsMasterKeyId"], key, "{id}");
    }
}
