"""All of the local world together."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import boto3
from botocore.config import Config

from .aws import ACCOUNT, FUNCTION_KEY, REGION, WORLD_KEY, Aws
from .lambda_emulator import LambdaFunction
from .processes import end_on_signals
from .redis_server import RedisServer

ROOT = Path(__file__).resolve().parents[2]
LEDGER = "tidegate-ledger"


class World:
    """AWS with a ledger table, a topic with a subscriber, and the queue for evaluations.

    A context manager: leaving it, by whatever way, stops all that was started. One per process,
    because moto keeps its state in the modules it has loaded.
    """

    def __init__(self, logs: Path | None = None, **ecs_options):
        end_on_signals()
        self._ending = ExitStack()
        try:
            if logs is None:
                logs = Path(tempfile.mkdtemp(prefix="tidegate-world-"))
                self._ending.callback(shutil.rmtree, logs, ignore_errors=True)
            self.logs = logs
            self.redis: RedisServer | None = None
            self.aws = Aws(**ecs_options)
            self._ending.callback(self.aws.stop)
            self._create_tidegate_resources()
        except BaseException:
            self._ending.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ending.close()

    def client(self, service: str):
        """A boto3 client of the world itself: its requests are not counted."""
        retries = Config(retries={"max_attempts": 1})
        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=REGION,
            aws_access_key_id=WORLD_KEY,
            aws_secret_access_key="not-a-secret",
            config=retries,
        )

    def create_services(self, cluster: str, desired: dict[str, int], vcpus: float = 0.25) -> None:
        """ECS services on Fargate by name with their desired counts; their first tasks run at once."""
        ecs = self.client("ecs")
        ecs.create_cluster(clusterName=cluster)
        container = {"name": "worker", "image": "worker", "memory": 128}
        size = {"cpu": str(round(1024 * vcpus)), "memory": str(round(2048 * vcpus)), "networkMode": "awsvpc"}
        ecs.register_task_definition(
            family="worker", containerDefinitions=[container], requiresCompatibilities=["FARGATE"], **size
        )
        for name, count in desired.items():
            ecs.create_service(cluster=cluster, serviceName=name, taskDefinition="worker", desiredCount=count)
        self.aws.tasks.settle()

    def start_redis(self) -> RedisServer:
        self.redis = RedisServer(self.logs / "redis.log")
        self._ending.callback(self.redis.stop)
        return self.redis

    def start_function(self, name: str, fleet: Path, bootstrap: Path | None = None, **env: str) -> LambdaFunction:
        """A function's release binary under the emulator, with the environment of template.yaml."""
        bootstrap = bootstrap or ROOT / "target" / "lambda" / name / "bootstrap"
        env = {**self.function_env(name), "TIDEGATE_FLEET": str(fleet.resolve()), **env}
        function = LambdaFunction(name, bootstrap, env, self.logs / f"{name}.log", ROOT)
        self._ending.callback(function.stop)
        return function

    def function_env(self, name: str = "queue-depth") -> dict:
        """As template.yaml has it: only queue-depth sends itself evaluations."""
        evaluations = {"TIDEGATE_EVALUATIONS": self.evaluations} if name == "queue-depth" else {}
        return {**self.aws.env(FUNCTION_KEY), "TIDEGATE_LEDGER": LEDGER, "TIDEGATE_TOPIC": self.topic, **evaluations}

    def ending(self, callback, *arguments) -> None:
        """Also runs `callback` at the end, before what was started earlier is stopped."""
        self._ending.callback(callback, *arguments)

    def description(self) -> dict:
        """What a test in another language needs to know, as plain data."""
        return {
            "endpoint": self.aws.url,
            "region": REGION,
            "account": ACCOUNT,
            "ledger": LEDGER,
            "topic": self.topic,
            "evaluations": self.evaluations,
            "reports": self.reports,
            "redis": self.redis.url if self.redis else None,
            "env": self.function_env(),
        }

    def _create_tidegate_resources(self) -> None:
        self.client("dynamodb").create_table(
            TableName=LEDGER,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        sqs, sns = self.client("sqs"), self.client("sns")
        # As in template.yaml: an evaluation that was not received within a minute is worth nothing.
        self.evaluations = sqs.create_queue(QueueName="evaluations", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
        self.reports = sqs.create_queue(QueueName="reports")["QueueUrl"]
        self.topic = sns.create_topic(Name="tidegate-reports")["TopicArn"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:reports"
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
