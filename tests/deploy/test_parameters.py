"""The stack that each parameter makes, with it and without it."""

import json
import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ["QueueDepth", "ServiceLoad", "ReplicaLag", "RdsUpgrade", "EmergencyMax"]
# An emergency is declared by people, and a class is weighed over hours: no alarm triggers them.
TRIGGERED = ["QueueDepth", "ServiceLoad", "ReplicaLag"]
# Every function but the one by which operators take over.
RESERVED = [*TRIGGERED, "RdsUpgrade"]
VPC = {"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"}
# AWS names these in its guide to Lambda functions in a VPC, "Required IAM permissions".
VPC_ACTIONS = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
# The condition keys of ecs:UpdateService in AWS's Service Authorization Reference.
UPDATE_KEYS = {
    "ecs:task-definition",
    "ecs:capacity-provider",
    "ecs:enable-execute-command",
    "ecs:enable-service-connect",
    "ecs:enable-vpc-lattice",
    "ecs:enable-ebs-volumes",
}


def stack(**parameters: str) -> dict:
    return translated(json.dumps(parameters))


@cache
def translated(parameters: str) -> dict:
    python, script = ROOT / "target/sam-venv/bin/python", Path(__file__).with_name("translate.py")
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
    command = [python, script, ROOT / "template.yaml"]
    done = subprocess.run(command, input=parameters, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def properties(stack: dict, name: str) -> dict:
    return stack["resources"][name]["Properties"]


def statements(stack: dict, *names: str) -> list[dict]:
    documents = []
    for name in names:
        settings = properties(stack, name)
        documents += [policy["PolicyDocument"] for policy in settings.get("Policies", [])]
        documents += [settings["PolicyDocument"]] if "PolicyDocument" in settings else []
    return [statement for document in documents for statement in document["Statement"]]


def actions(statement: dict) -> set[str]:
    action = statement["Action"]
    return {action} if isinstance(action, str) else set(action)


def allowing(stack: dict, action: str) -> list[dict]:
    found = statements(stack, "EvaluationPolicy", "ServicePolicy", "SignalPolicy", *(f"{function}Role" for function in FUNCTIONS))
    return [statement for statement in found if action in actions(statement)]


def alarms(stack: dict) -> dict:
    found = stack["resources"].items()
    return {name: it["Properties"] for name, it in found if it["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.mark.parametrize(
    "parameter, value, action",
    [
        ("ServiceArns", "arn:aws:ecs:eu-central-1:111122223333:service/prod/*", "ecs:UpdateService"),
        ("ServiceArns", "arn:aws:ecs:eu-central-1:111122223333:service/api", "ecs:DescribeServices"),
        ("GroupArns", "arn:of:a:group", "autoscaling:SuspendProcesses"),
        ("QueueArns", "arn:of:a:queue", "sqs:GetQueueAttributes"),
        ("ParameterArns", "arn:of:a:parameter", "ssm:GetParameters"),
        ("SecretArns", "arn:of:a:secret", "secretsmanager:GetSecretValue"),
        ("KeyArns", "arn:of:a:key", "kms:Decrypt"),
        ("DatabaseArns", "arn:aws:rds:eu-central-1:111122223333:db:shop", "rds:CreateDBInstanceReadReplica"),
        ("ClusterArns", "arn:aws:rds:eu-central-1:111122223333:cluster:orders", "rds:CreateDBInstance"),
        ("ZoneArns", "arn:aws:route53:::hostedzone/Z1", "route53:ListResourceRecordSets"),
        ("UpgradeArns", "arn:aws:rds:eu-central-1:111122223333:db:shop", "rds:ModifyDBInstance"),
    ],
)
def test_what_may_be_read_and_scaled_is_what_the_parameter_names(parameter, value, action):
    named = lambda stack: [it["Resource"] for it in allowing(stack, action) if it["Resource"] == [value]]
    assert named(stack(**{parameter: value})) == [[value]]
    assert named(stack()) == []


def test_alarms_of_the_fleet_trigger_the_functions_that_decide_by_signals():
    made = stack(AlarmNames="one,two")
    rule = lambda function: properties(made, f"{function}FunctionAlarm")["EventPattern"]
    assert [rule(function)["detail"] for function in TRIGGERED] == [{"alarmName": ["one", "two"]}] * 3
    rules = [name for name, it in made["resources"].items() if it["Type"] == "AWS::Events::Rule"]
    of_rds = ["ReplicaLagFunctionDatabase", "RdsUpgradeFunctionDatabase"]
    assert rules == [*(f"{function}FunctionAlarm" for function in TRIGGERED), *of_rds]


def test_events_of_rds_trigger_the_functions_of_databases():
    pattern = properties(stack(), "ReplicaLagFunctionDatabase")["EventPattern"]
    assert pattern == {"source": ["aws.rds"], "detail-type": ["RDS DB Instance Event", "RDS DB Cluster Event"]}
    pattern = properties(stack(), "RdsUpgradeFunctionDatabase")["EventPattern"]
    assert pattern == {"source": ["aws.rds"], "detail-type": ["RDS DB Instance Event"]}


DATABASE = "arn:aws:rds:eu-central-1:111122223333:db:shop"


def test_without_a_database_nothing_of_rds_is_changed():
    of_rds = {action for it in statements(stack(), "ReplicaLagRole") for action in actions(it) if "rds:" in action}
    assert of_rds == {"rds:DescribeDBInstances", "rds:DescribeDBClusters"}
    made = stack(DatabaseArns=DATABASE)
    assert allowing(made, "rds:DeleteDBInstance") and not allowing(made, "rds:CreateDBInstance")


def test_without_upgrade_arns_no_instance_is_modified_and_with_them_nothing_else_is_allowed():
    of_rds = lambda made: {it for one in statements(made, "RdsUpgradeRole") for it in actions(one) if "rds:" in it}
    assert all(action.startswith("rds:Describe") for action in of_rds(stack()))
    gained = of_rds(stack(UpgradeArns=DATABASE)) - of_rds(stack())
    assert gained == {"rds:ModifyDBInstance", "rds:CreateDBSnapshot", "rds:AddTagsToResource"}
    # The other functions of databases do not gain it.
    assert [it["Resource"] for it in allowing(stack(UpgradeArns=DATABASE), "rds:ModifyDBInstance")] == [[DATABASE]]
    assert allowing(stack(DatabaseArns=DATABASE), "rds:ModifyDBInstance") == []


def test_records_are_changed_only_where_zone_and_name_are_both_named():
    zone, name = {"ZoneArns": "arn:aws:route53:::hostedzone/Z1"}, {"RecordNames": "read.db.internal"}
    (statement,) = allowing(stack(**zone, **name), "route53:ChangeResourceRecordSets")
    names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
    assert statement["Condition"]["ForAllValues:StringEquals"][names] == ["read.db.internal"]
    for made in [stack(), stack(**zone), stack(**name)]:
        assert allowing(made, "route53:ChangeResourceRecordSets") == []


def test_roles_are_passed_and_keys_used_only_where_replicas_are_created():
    both = {"MonitoringRoleArns": "arn:of:a:role", "DatabaseKeyArns": "arn:of:a:key"}
    made = stack(DatabaseArns=DATABASE, **both)
    for action, resource in [("iam:PassRole", "arn:of:a:role"), ("kms:CreateGrant", "arn:of:a:key")]:
        (statement,) = allowing(made, action)
        assert statement["Resource"] == [resource]
        assert allowing(stack(**both), action) == allowing(stack(DatabaseArns=DATABASE), action) == []


def test_both_functions_that_scale_groups_may_scale_those_that_the_parameter_names():
    scale = allowing(stack(GroupArns="arn:of:a:group"), "autoscaling:SetDesiredCapacity")
    assert [it["Resource"] for it in scale] == [["arn:of:a:group"]] * 2


def test_bounds_of_services_are_set_of_ecs_alone_and_of_none_without_services():
    (statement,) = allowing(stack(ServiceArns="arn:of:a:service"), "application-autoscaling:RegisterScalableTarget")
    assert statement["Resource"] == "arn:aws:application-autoscaling:eu-central-1:111122223333:scalable-target/*"
    assert statement["Condition"] == {"StringEquals": {"application-autoscaling:service-namespace": "ecs"}}
    assert allowing(stack(), "application-autoscaling:RegisterScalableTarget") == []


def test_an_operator_may_invoke_every_function():
    (statement,) = statements(stack(), "OperatorPolicy")
    assert (statement["Effect"], actions(statement)) == ("Allow", {"lambda:InvokeFunction"})
    assert sorted(statement["Resource"]) == sorted(f"{function}Function.Arn" for function in FUNCTIONS)


@pytest.mark.parametrize("output, action", [("", "engage"), ("Restore", "restore"), ("Status", "status")])
def test_the_commands_of_an_emergency_are_ready_to_paste(output, action):
    command = shlex.split(stack()["outputs"][f"Emergency{output}Command"])
    assert command[:3] == ["aws", "lambda", "invoke"] and command[-1] == "/dev/stdout"
    option = lambda name: command[command.index(name) + 1]
    assert option("--function-name") == "EmergencyMaxFunction"
    assert json.loads(option("--payload"))["action"] == action
    # The AWS CLI gives up after a minute otherwise, and invokes once more.
    timeout = properties(stack(), "EmergencyMaxFunction")["Timeout"]
    assert int(option("--cli-read-timeout")) > timeout == 900


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_functions_run_on_the_processor_that_is_asked_for(architecture):
    made = stack(Architecture=architecture)
    for function in FUNCTIONS:
        assert properties(made, f"{function}Function")["Architectures"] == [architecture]


def test_in_a_vpc_lambda_may_do_the_six_things_that_it_needs():
    made = stack(**VPC)
    assert properties(made, "QueueDepthFunction")["VpcConfig"] == {
        "SubnetIds": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }
    of_ec2 = {action for it in statements(made, "QueueDepthRole") for action in actions(it) if "ec2:" in action}
    assert of_ec2 == VPC_ACTIONS
    assert "VpcConfig" not in properties(made, "ServiceLoadFunction")


def test_outside_a_vpc_nothing_of_ec2_is_allowed():
    assert "VpcConfig" not in properties(stack(), "QueueDepthFunction")
    assert not any("ec2:" in action for it in statements(stack(), "QueueDepthRole") for action in actions(it))


def test_subnets_without_a_security_group_are_left_to_lambdas_own_refusal():
    made = stack(SubnetIds="subnet-1")
    assert properties(made, "QueueDepthFunction")["VpcConfig"] == {"SubnetIds": ["subnet-1"]}


def test_the_code_is_kept_from_the_vpc_actions_only_where_that_is_asked_for():
    made = stack(DenyVpcActionsToCode="true", **VPC)
    (denied,) = statements(made, "QueueDepthVpcDenial")
    assert (denied["Effect"], actions(denied)) == ("Deny", VPC_ACTIONS)
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": "QueueDepthFunction.Arn"}}
    assert properties(made, "QueueDepthVpcDenial")["Roles"] == ["QueueDepthRole"]
    for other in [stack(**VPC), stack(DenyVpcActionsToCode="true")]:
        assert "QueueDepthVpcDenial" not in other["resources"]


def test_a_service_keeps_all_but_its_count_only_where_that_is_asked_for():
    services = {"ServiceArns": "arn:aws:ecs:eu-central-1:111122223333:service/prod/*"}
    (strict,) = allowing(stack(DenyOtherServiceChanges="true", **services), "ecs:UpdateService")
    assert strict["Condition"] == {"Null": dict.fromkeys(UPDATE_KEYS, "true")}
    (plain,) = allowing(stack(**services), "ecs:UpdateService")
    assert "Condition" not in plain


def test_the_table_of_an_earlier_stack_is_adopted_and_none_is_made():
    adopted, plain = stack(LedgerTable="tidegate-ledger-1"), stack()
    arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/tidegate-ledger-1"
    for made, name, resource in [(adopted, "tidegate-ledger-1", arn), (plain, "Ledger", "Ledger.Arn")]:
        for function in FUNCTIONS:
            variables = properties(made, f"{function}Function")["Environment"]["Variables"]
            assert variables["TIDEGATE_LEDGER"] == name
        assert [it["Resource"] for it in allowing(made, "dynamodb:PutItem")] == [resource]
        assert made["outputs"]["LedgerName"] == name
        assert ("Ledger" in made["resources"]) == (made is plain)


def test_without_a_mailbox_nothing_is_subscribed_and_with_one_to_both_topics():
    topics = lambda made: {
        it["Properties"]["TopicArn"]: it["Properties"]["Endpoint"]
        for it in made["resources"].values()
        if it["Type"] == "AWS::SNS::Subscription"
    }
    assert topics(stack()) == {}
    assert topics(stack(Mailbox="you@example.com")) == dict.fromkeys(["ReportTopic", "AlarmTopic"], "you@example.com")


def test_alarms_about_tidegate_reach_operators_without_its_key():
    made = stack()
    assert properties(made, "ReportTopic")["KmsMasterKeyId"] == "ReportKey"
    assert "KmsMasterKeyId" not in properties(made, "AlarmTopic")
    assert len(alarms(made)) == 17
    for name, settings in alarms(made).items():
        assert settings["AlarmActions"] == settings["OKActions"] == ["AlarmTopic"], name


@pytest.mark.parametrize(
    "published, delivered, filtered, failed, alarm",
    [
        (0, 0, 0, 0, False),
        (3, 3, 0, 0, False),
        (3, 0, 0, 0, True),  # Nobody is subscribed.
        (3, 2, 0, 1, True),
        (0, 0, 0, 1, True),
        (3, 0, 3, 0, False),  # Every subscriber's filter policy leaves them out.
        (3, 6, 0, 0, False),  # Two subscribers.
    ],
)
def test_reports_that_sns_took_and_no_subscriber_got_are_reported(published, delivered, filtered, failed, alarm):
    settings = alarms(stack())["LostReportsAlarm"]
    (expression,) = [metric["Expression"] for metric in settings["Metrics"] if "Expression" in metric]
    values = {"published": published, "delivered": delivered, "filtered": filtered, "failed": failed}
    # CloudWatch's IF, AND, OR and FILL in Python's words.
    python = re.sub(r"FILL\((\w+), 0\)", r"\1", expression).replace(" AND ", " and ").replace(" OR ", " or ")
    lost = eval(python, {"IF": lambda condition, yes, no: yes if condition else no}, values)
    assert settings["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (lost >= settings["Threshold"]) == alarm


def test_further_actions_are_added_to_every_alarm():
    made = stack(AlarmActionArns="arn:of:a:pager,arn:of:another")
    for name, settings in alarms(made).items():
        expected = ["AlarmTopic", "arn:of:a:pager", "arn:of:another"]
        assert settings["AlarmActions"] == settings["OKActions"] == expected, name


def test_reserved_concurrency_is_set_and_the_stop_can_be_taken_back():
    made, plain, stopped = stack(ReservedConcurrency="2"), stack(), stack(ReservedConcurrency="0")
    reserved = lambda stack, function: properties(stack, f"{function}Function").get("ReservedConcurrentExecutions")
    for function in FUNCTIONS:
        # No number keeps a second operator out of an emergency.
        assert reserved(made, function) == ("2" if function in RESERVED else None)
        assert reserved(plain, function) is None and str(reserved(stopped, function)) == "0"
        for outputs in [made["outputs"], plain["outputs"]]:
            assert f"{function}Function" in outputs["StopCommand"] and f"{function}Function" in outputs["ResumeCommand"]
    assert "--reserved-concurrent-executions 0" in plain["outputs"]["StopCommand"]
    assert "delete-function-concurrency" in plain["outputs"]["ResumeCommand"]
    assert "--reserved-concurrent-executions 2" in made["outputs"]["ResumeCommand"]
    # Who resumes a stack that was deployed to stand still does not stop it again.
    assert "--reserved-concurrent-executions" not in stopped["outputs"]["ResumeCommand"]


def test_concurrency_is_kept_for_emergencies():
    made, stopped = stack(EmergencyConcurrency="5"), stack(EmergencyConcurrency="5", ReservedConcurrency="0")
    reserved = lambda stack: str(properties(stack, "EmergencyMaxFunction")["ReservedConcurrentExecutions"])
    assert (reserved(made), reserved(stopped)) == ("5", "0")
    for resume in [made["outputs"]["ResumeCommand"], stopped["outputs"]["ResumeCommand"]]:
        assert resume.count("--reserved-concurrent-executions 5") == 1 and resume.count("delete-function-concurrency") == 1


def test_a_disabled_schedule_is_made_disabled():
    for state in ["ENABLED", "DISABLED"]:
        made = stack(ScheduleState=state)
        for function in FUNCTIONS:
            assert properties(made, f"{function}FunctionSchedule")["State"] == state


def test_logs_are_kept_as_long_as_asked_for():
    for function in FUNCTIONS:
        assert str(properties(stack(LogRetentionInDays="30"), f"{function}Logs")["RetentionInDays"]) == "30"


def test_the_layers_of_two_stacks_have_names_of_their_own():
    names = [it["Properties"]["LayerName"] for it in stack()["resources"].values() if "LayerVersion" in it["Type"]]
    assert names == ["tidegate-fleet"]


def test_every_parameter_is_tried_here():
    text = Path(__file__).read_text()
    assert [name for name in template_parameters() if name not in text] == []


def template_parameters() -> list[str]:
    lines = (ROOT / "template.yaml").read_text().split("\nParameters:\n")[1].split("\nConditions:\n")[0].splitlines()
    return [line.strip(" :") for line in lines if line.startswith("  ") and line[2] not in " #"]
