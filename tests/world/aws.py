"""moto as AWS, on a free loopback port, behind a front that counts requests and makes them fail.

The front also serializes the requests to one stateful service at a time: moto checks a condition
and writes in two steps, so that two PutItem calls at once could both pass the same condition.

    GET  /_world/requests   {"ecs:DescribeServices": 10, …}: requests per IAM action since the reset
    POST /_world/reset      forgets the counts, the faults, the buckets and the launch rates
    POST /_world/fault      {"action": "ecs:UpdateService", "fault": …, "calls": 1, "skip": 0, …}
    POST /_world/throttle   from now on ECS has its token buckets: see throttle
    GET  /_world/throttle   what they refused
    POST /_world/launches   {"vcpus": 20, "used": 8, …}: from now on tasks are launched at Fargate's pace: see launches
    GET  /_world/launches   what was launched, and when
    POST /_world/ecs        {"cluster": "test", "service": "service-1", "running": 3, …}: see ecs_tasks
    GET  /_world/ecs        {"test:service-1": {"desired": 1, "running": 1, "pending": 0}, …}

Requests signed with the world's own access key are neither counted nor made to fail.
"""

import io
import json
import logging
import re
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from . import cbor, cloudwatch, ecs_answers, rds_answers
from .ecs_tasks import EcsTasks
from .launches import Launches
from .throttle import Throttle

ACCOUNT = "123456789012"
REGION = "us-east-1"
WORLD_KEY = "world"
FUNCTION_KEY = "function"

# A request's signature names the signing name of its service, not always its IAM prefix.
IAM_PREFIXES = {"monitoring": "cloudwatch"}
# Services whose requests must not overlap. SQS is not one of them: its long polls would block it.
SERIALIZED = ("dynamodb", "ecs")

# moto does not know instance refreshes; here there never is one.
NO_REFRESHES = (
    '<DescribeInstanceRefreshesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">'
    "<DescribeInstanceRefreshesResult><InstanceRefreshes/></DescribeInstanceRefreshesResult>"
    "</DescribeInstanceRefreshesResponse>"
)

# Route 53 names its operations by method and path.
RECORDS = re.compile(r"^/[0-9-]+/hostedzone/[^/]+/rrset/?$")
OF_RECORDS = {"GET": "ListResourceRecordSets", "POST": "ChangeResourceRecordSets"}

CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/aws4_request")


@dataclass
class Fault:
    """What happens to the next `calls` requests for `action`, after `skip` of them went well.

    - `error`: answer `code` (default ThrottlingException) with HTTP `status` (default 400); not applied.
    - `hang`: wait `seconds`, then apply and answer; `apply-and-hang`: apply, wait, then answer.
    - `drop`: close the connection, not applied; `apply-and-drop`: apply, then close without an answer.
    """

    action: str
    fault: str
    calls: int = 1
    skip: int = 0
    code: str = "ThrottlingException"
    status: int = 400
    seconds: float = 0
    message: str = "the local world was asked to fail here"

    def __post_init__(self):
        known = ("error", "hang", "apply-and-hang", "drop", "apply-and-drop")
        if self.fault not in known:
            raise ValueError(f"fault is `{self.fault}`, must be one of {', '.join(known)}")


# What Amazon ECS answers when a bucket is empty.
THROTTLED = Fault("ecs:*", "error", message="Rate exceeded")


class Aws:
    """The server; `url` is what AWS_ENDPOINT_URL must say."""

    def __init__(self, **ecs_options):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.tasks = EcsTasks(ACCOUNT, REGION, **ecs_options)
        self.front = Front(self.tasks)
        self._server = make_server("127.0.0.1", 0, self.front, threaded=True, request_handler=MotoRequestHandler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="aws", daemon=True)
        self._thread.start()

    def env(self, key: str) -> dict:
        """The environment with which any AWS SDK talks to this server and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def stop(self) -> None:
        self.tasks.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Front:
    """A WSGI application in front of moto's."""

    def __init__(self, tasks: EcsTasks):
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._tasks = tasks
        self._counts: Counter = Counter()
        self._faults: list[Fault] = []
        self._throttle: Throttle | None = None
        self._lock = threading.Lock()
        self._turns = {service: threading.Lock() for service in SERIALIZED}

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path.startswith("/_world/"):
            return self._world(request)(environ, start_response)
        body = request.get_data()
        # Reading used the stream up; moto gets a fresh one.
        environ["wsgi.input"] = io.BytesIO(body)
        key, action = classify(request, body)
        fault = None if key == WORLD_KEY else self._count(action)
        return self._answer(environ, action, body, fault)(environ, start_response)

    def requests(self) -> dict:
        with self._lock:
            return dict(sorted(self._counts.items()))

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()
            self._faults.clear()
            self._throttle = self._tasks.launches = None

    def add_fault(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _count(self, action: str) -> Fault | None:
        with self._lock:
            self._counts[action] += 1
            for fault in self._faults:
                if fault.action in (action, action.partition(":")[2]) and fault.calls > 0:
                    if fault.skip > 0:
                        fault.skip -= 1
                        return None
                    fault.calls -= 1
                    return fault
            throttle = self._throttle
        return THROTTLED if throttle and throttle.refuses(action) else None

    def _answer(self, environ, action: str, body: bytes, fault: Fault | None) -> Response:
        if fault is None:
            return self._apply(environ, action, body)
        match fault.fault:
            case "error":
                return error_response(environ, fault)
            case "hang":
                time.sleep(fault.seconds)
                return self._apply(environ, action, body)
            case "apply-and-hang":
                response = self._apply(environ, action, body)
                time.sleep(fault.seconds)
                return response
            case "apply-and-drop":
                self._apply(environ, action, body)
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("the local world dropped this connection, as asked")

    def _apply(self, environ, action: str, body: bytes) -> Response:
        if action == "autoscaling:DescribeInstanceRefreshes":
            return Response(NO_REFRESHES, content_type="text/xml")
        of_rds = rds_answers.known(action, body)
        if of_rds is not None:
            return Response(of_rds, content_type="text/xml")
        # moto knows the quotas of VPC alone.
        if action == "servicequotas:GetServiceQuota" and self._tasks.launches:
            quota = self._tasks.launches.quota(json.loads(body))
            if quota:
                return json_response(quota)
        turn = self._turns.get(action.partition(":")[0])
        if cbor.is_cbor(environ["PATH_INFO"]):
            answer = Response.from_app(self._moto, cbor.to_json(environ, body), buffered=True)
            if action == "cloudwatch:GetMetricData" and answer.status_code == 200:
                answer.set_data(json.dumps(cloudwatch.grow(cbor.members(body), json.loads(answer.get_data()))))
            return cbor.to_cbor(answer)
        if turn is None:
            return Response.from_app(self._moto, environ, buffered=True)
        with turn:
            is_ecs = action.startswith("ecs:")
            if is_ecs:
                self._tasks.settle()
            response = Response.from_app(self._moto, environ, buffered=True)
            if is_ecs:
                self._tasks.settle()
        if action == "ecs:DescribeServices":
            self._describe_services(json.loads(body).get("cluster", "default"), response)
        return response

    def _describe_services(self, cluster: str, response: Response) -> None:
        answer = json.loads(response.get_data())
        services = []
        for service in answer.get("services", []):
            reason = self._tasks.failure(cluster.rpartition("/")[2], service["serviceName"])
            if reason is None:
                services.append(ecs_answers.in_full(service))
            else:
                answer["failures"].append({"arn": service["serviceArn"], "reason": reason})
        if response.status_code == 200:
            response.set_data(json.dumps({**answer, "services": services}))

    def _world(self, request: Request) -> Response:
        wanted = request.get_json(silent=True) or {}
        try:
            match request.method, request.path.removeprefix("/_world/"):
                case "GET", "requests":
                    return json_response(self.requests())
                case "POST", "reset":
                    self.reset()
                    return json_response({})
                case "POST", "fault":
                    self.add_fault(Fault(**wanted))
                    return json_response({})
                case "POST", "throttle":
                    self._throttle = Throttle()
                    return json_response({})
                case "GET", "throttle":
                    return json_response(self._throttle.told() if self._throttle else {})
                case "POST", "launches":
                    self._tasks.launches = Launches(**wanted)
                    return json_response({})
                case "GET", "launches":
                    return json_response(self._tasks.launches.told() if self._tasks.launches else {})
                case "GET", "ecs":
                    return json_response(self._tasks.all_counts())
                case "POST", "ecs":
                    return json_response(self._tasks.change(wanted.pop("cluster", "test"), wanted.pop("service"), wanted))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_response({"error": f"no such thing: {request.method} {request.path}"}, 404)


def classify(request: Request, body: bytes) -> tuple[str, str]:
    """The access key that signed a request, and its IAM action such as `ecs:DescribeServices`."""
    signed = CREDENTIAL.search(request.headers.get("authorization", ""))
    key, service = signed.groups() if signed else ("", "unsigned")
    operation = cbor.OPERATION.match(request.path)
    if operation:
        name = operation.group(2)
    elif "x-amz-target" in request.headers:
        name = request.headers["x-amz-target"].rpartition(".")[2]
    elif RECORDS.match(request.path):
        name = OF_RECORDS.get(request.method, request.method)
    else:
        form = parse_qs(body.decode("utf-8", "replace"))
        name = form.get("Action", [f"{request.method} {request.path}"])[0]
    return key, f"{IAM_PREFIXES.get(service, service)}:{name}"


def error_response(environ, fault: Fault) -> Response:
    """The error in the protocol of the request: query or REST (XML), CBOR or JSON."""
    content_type = environ.get("CONTENT_TYPE", "")
    if "form-urlencoded" in content_type or RECORDS.match(environ["PATH_INFO"]):
        kind = "Receiver" if fault.status >= 500 else "Sender"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{fault.code}</Code>"
            f"<Message>{fault.message}</Message></Error><RequestId>local-world</RequestId></ErrorResponse>"
        )
        return Response(body, fault.status, content_type="text/xml")
    if "cbor" in content_type:
        answer = json_response({"__type": fault.code, "message": fault.message}, fault.status)
        return cbor.to_cbor(answer)
    headers = {"x-amzn-errortype": fault.code}
    body = json.dumps({"__type": fault.code, "message": fault.message})
    return Response(body, fault.status, headers, content_type=content_type or "application/x-amz-json-1.1")


def json_response(value, status: int = 200) -> Response:
    return Response(json.dumps(value) + "\n", status, content_type="application/json")
