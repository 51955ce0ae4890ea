"""The demo's stage: the local world, the function, what triggers it, and what watches it."""

import json
import os
import shlex
import subprocess
import threading
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path

import redis
from world import World
from world.aws import ACCOUNT, REGION
from world.lambda_emulator import InvocationFailed
from world.processes import StartFailed
from world.world import ROOT

# The function under test and its fleet.
FLEET = Path(__file__).with_name("fleet.yaml")
CLUSTER, SERVICE, API = "demo", "workers", "api"
ALARM = "api-slow"
OPERATOR_KEY = "operator"
# What operators type; a debug build does the same.
TIDEGATE = ROOT / "target" / "debug" / "tidegate"

# EventBridge triggers once a minute; here a "minute" has four seconds. The function's own evaluations come
# 15, 30 and 45 real seconds after a scheduled one, and then fall between the scheduled ones.
SCHEDULE_SECONDS = 4
SAMPLE_SECONDS = 0.25
# How long ECS takes to start a task here; on Fargate it is half a minute and more.
STARTUP_SECONDS = 1.5


class Stage:
    """Everything that runs during the demo, and the record of what happened."""

    def __init__(self, folder: Path, show):
        self.record = {"samples": [], "evaluations": [], "api": [], "reports": [], "moments": [], "commands": []}
        self.show = show
        self.failures: list[str] = []
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._looking = threading.Lock()
        self._folder = folder

    def __enter__(self):
        self.world = World(
            logs=self._folder,
            startup_seconds=STARTUP_SECONDS,
            on_start=lambda service, task: self._workers.start(service, task) if service == SERVICE else None,
            on_stop=lambda service, task: self._workers.stop(service, task) if service == SERVICE else None,
        )
        try:
            self._raise_the_curtain()
        except BaseException:
            self.world.__exit__()
            raise
        return self

    def _raise_the_curtain(self) -> None:
        self.redis = self.world.start_redis()
        os.environ["DEMO_REDIS_URL"] = self.redis.url
        # The app's module reads the address of its broker when it is imported, as Celery apps do.
        from .app import DONE, QUEUE, send
        from .workers import Workers

        self.app_task, self._done, self._queue = send, DONE, QUEUE
        self._workers = Workers(self._folder)
        self.world.ending(self._workers.stop_all)
        self.world.client("ssm").put_parameter(Name="/demo/redis-url", Value=self.redis.url, Type="SecureString")
        self.world.create_services(CLUSTER, {SERVICE: 2, API: 2})
        self.function = self.world.start_function("queue-depth", FLEET)
        self.load = self.world.start_function("service-load", FLEET)
        if not TIDEGATE.exists():
            raise StartFailed(f"{TIDEGATE} is not built: cargo build -p tidegate")
        self._emergency = self.world.start_function("emergency-max", FLEET)
        self._eyes = redis.Redis.from_url(self.redis.url, socket_timeout=0.2, decode_responses=True)
        self.world.ending(self._stop_threads)
        for work in (self._sample, self._deliver_evaluations, self._receive_reports):
            self._run(work)

    def __exit__(self, *_):
        self.world.__exit__()

    # What the story does.

    def now(self) -> float:
        """Seconds since the curtain rose."""
        return round(time.monotonic() - self._began, 2)

    def start_schedule(self) -> None:
        self._run(self._trigger_on_schedule)

    def trigger(self, event: dict, note: str = "") -> dict | None:
        """Invokes queue-depth with an event, and writes down its one decision."""
        with self._looking:
            return self._trigger(self.function, event, note, self.record["evaluations"])

    def between_looks(self):
        """While this is held, queue-depth is not looking. What happens then is seen by a whole evaluation or by none."""
        return self._looking

    def see_what_changed(self) -> None:
        """Waits until the samples show what was changed before: charts step down with the sample that is first to see it."""
        seen = len(self.record["samples"]) + 2
        self.wait_until(lambda: len(self.record["samples"]) >= seen, 10, "two samples were taken")

    def trigger_load(self, event: dict, note: str) -> dict | None:
        """Invokes service-load."""
        return self._trigger(self.load, event, note, self.record["api"])

    def tidegate(self, *words: str) -> None:
        """What an operator types: the command as it is shipped, which invokes emergency-max and nothing else."""
        place = {
            "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{self._emergency.port}",
            "TIDEGATE_EMERGENCY_FUNCTION": "function",
        }
        env = {**os.environ, **self.world.aws.env(OPERATOR_KEY), "USER": "ana", **place}
        began, published = self.now(), self.requests().get("sns:Publish", 0)
        done = subprocess.run([TIDEGATE, *words], env=env, capture_output=True, text=True, timeout=60, check=False)
        command = {
            "t": began,
            "command": shlex.join(["tidegate", *words]),
            "output": (done.stdout + done.stderr).strip(),
            "code": done.returncode,
            "desired": {name: self.counts(name)["desired"] for name in (SERVICE, API)},
        }
        self.record["commands"].append(command)
        self.record["reports_published"] = self.record.get("reports_published", 0) + self.requests().get("sns:Publish", 0) - published
        self.show(began, "command", command)

    def set_alarm(self, state: str) -> None:
        cloudwatch = self.world.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=ALARM,
            Namespace="AWS/ApplicationELB",
            MetricName="TargetResponseTime",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.5,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="the story says so")

    def _trigger(self, function, event: dict, note: str, evaluations: list) -> dict | None:
        # A decision belongs to the moment at which the function began to evaluate, not to that of its answer.
        began = self.now()
        try:
            answer = function.invoke(event)
        except InvocationFailed as failure:
            self.failures.append(f"an invocation failed: {failure}")
            return None
        for target in answer["targets"]:
            evaluation = {**target, "t": began, "trigger": answer["trigger"], "note": note}
            evaluations.append(evaluation)
            self.record["reports_published"] = self.record.get("reports_published", 0) + answer["reports_published"]
            self._show_evaluation(evaluation)
        return answer

    def enqueue(self, count: int, seconds: float, priorities=(0, 3, 6, 9)) -> list[str]:
        """Real Celery tasks, in turn of every priority."""
        return [
            self.app_task.apply_async((seconds, time.time()), priority=priorities[number % len(priorities)]).id
            for number in range(count)
        ]

    def moment(self, label: str, begin: float, end: float | None = None) -> None:
        self.record["moments"].append({"label": label, "t": begin, "end": end})

    def counts(self, service: str = SERVICE) -> dict:
        return self.world.aws.tasks.counts(CLUSTER, service)

    def requests(self) -> dict:
        """How often the function called AWS, by IAM action."""
        return self.world.aws.front.requests()

    def queue(self) -> dict | None:
        """What waits and what runs, read with our own eyes; None when Redis does not answer."""
        try:
            pipeline = self._eyes.pipeline(transaction=False)
            for suffix in ("", "\x06\x163", "\x06\x166", "\x06\x169"):
                pipeline.llen(self._queue + suffix)
            pipeline.hlen("unacked")
            *waiting, in_flight = pipeline.execute()
            return {"waiting": sum(waiting), "in_flight": in_flight}
        except redis.RedisError:
            return None

    def a_worker_listens(self) -> bool:
        """Whether a worker has declared the queue to Celery's broker."""
        return self._eyes.exists(f"_kombu.binding.{self._queue}") == 1

    def finished(self) -> list[list]:
        """[id, priority, queued at, started at, ended at] of every task that ran."""
        return [json.loads(line) for line in self._eyes.lrange(self._done, 0, -1)]

    def wait_until(self, ready, seconds: float, what: str) -> None:
        """Lets the story go on when `ready()`; the demo fails when that takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.failures += self._workers.crashed()
            if self.failures:
                raise DemoFailed("\n".join(self.failures))
            if time.monotonic() > deadline:
                raise DemoFailed(f"after {seconds:.0f} s it was still not so that {what}")
            time.sleep(0.1)

    # What goes on by itself.

    def _run(self, work) -> None:
        def guarded():
            try:
                work()
            except Exception as error:
                if not self._ended.is_set():
                    self.failures.append(f"{work.__name__}: {type(error).__name__}: {error}")

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _stop_threads(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(5)

    def _trigger_on_schedule(self) -> None:
        while not self._ended.is_set():
            self.trigger(schedule_event())
            self._ended.wait(SCHEDULE_SECONDS)

    def _deliver_evaluations(self) -> None:
        """Lambda's event source for SQS: takes a message, invokes the function, deletes the message."""
        sqs = self.world.client("sqs")
        while not self._ended.is_set():
            answer = sqs.receive_message(QueueUrl=self.world.evaluations, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                self.trigger(delayed_evaluation_event(message))
                sqs.delete_message(QueueUrl=self.world.evaluations, ReceiptHandle=message["ReceiptHandle"])

    def _receive_reports(self) -> None:
        """The subscriber: an SQS queue that the topic delivers to."""
        sqs = self.world.client("sqs")
        while not self._ended.is_set():
            answer = sqs.receive_message(QueueUrl=self.world.reports, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                envelope = json.loads(message["Body"])
                # A block of code in Markdown, so that chat keeps its lines.
                block = json.loads(envelope["Message"])["content"]["description"]
                text = block.removeprefix("```\n").removesuffix("\n```")
                report = {"t": self.now(), "subject": envelope["Subject"], "text": text}
                self.record["reports"].append(report)
                self.show(report["t"], "report", report)
                sqs.delete_message(QueueUrl=self.world.reports, ReceiptHandle=message["ReceiptHandle"])

    def _sample(self) -> None:
        notified_at = 0.0
        while not self._ended.wait(SAMPLE_SECONDS):
            queue = self.queue() or {"waiting": None, "in_flight": None}
            sample = {"t": self.now(), **queue, **self.counts(), "api": self.counts(API)}
            self.record["samples"].append(sample)
            if sample["t"] - notified_at >= 3:
                notified_at = sample["t"]
                self.show(sample["t"], "sample", sample)

    def _show_evaluation(self, evaluation: dict) -> None:
        changed = evaluation["verdict"] != "hold"
        self.show(evaluation["t"], evaluation["verdict"] if changed else "hold", evaluation)


class DemoFailed(Exception):
    """The story could not go on, or a claim does not hold."""


def schedule_event() -> dict:
    """What EventBridge Scheduler sends, as template.yaml words it."""
    arn = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/tidegate-QueueDepthFunctionSchedule"
    return {
        "version": "0",
        "id": uuid.uuid4().hex[:16],
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [arn],
        "detail": {},
    }


def alarm_event() -> dict:
    """What a CloudWatch alarm that goes to ALARM sends to a function that is its action."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{ALARM}",
        "accountId": ACCOUNT,
        "time": now,
        "region": REGION,
        "alarmData": {
            "alarmName": ALARM,
            "state": {"value": "ALARM", "reason": "", "timestamp": now},
            "previousState": {"value": "OK", "reason": "", "timestamp": now},
            "configuration": {"metrics": []},
        },
    }


def delayed_evaluation_event(message: dict) -> dict:
    """What Lambda's event source makes of a message in the function's own queue."""
    now = str(int(time.time() * 1000))
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": now,
                    "SenderId": "demo",
                    "ApproximateFirstReceiveTimestamp": now,
                },
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:evaluations",
                "awsRegion": REGION,
            }
        ]
    }
