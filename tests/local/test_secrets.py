"""Redis URLs and certificate authorities from SSM and Secrets Manager are used, and passwords appear nowhere."""

import json
import subprocess

import pytest
from redis import Redis
from world.lambda_emulator import InvocationFailed
from world.processes import free_port

from .stage import BUSY, event, target

PASSWORD = "hunter2-correct-horse"


@pytest.fixture
def locked(stage):
    """A Redis with a password, and one service whose queue in it is full."""
    server = stage.own_redis()
    client = Redis.from_url(server.url)
    client.config_set("requirepass", PASSWORD)
    stage.secret_url = f"redis://:{PASSWORD}@127.0.0.1:{server.port}/0"
    stage.fill("worker", BUSY, to=Redis.from_url(stage.secret_url))
    stage.services(worker=5)
    stage.locked_server = server
    return stage


def from_ssm(stage, value: str) -> str:
    name = f"/{stage.name}/redis-url"
    stage.world.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    return f"ssm:{name}"


def from_secret(stage, value: str) -> str:
    name = f"{stage.name}/redis"
    stage.world.client("secretsmanager").create_secret(Name=name, SecretString=value)
    return f"secretsmanager:{name}"


def from_key(stage, value: str) -> str:
    return from_secret(stage, json.dumps({"url": value, "user": "x"})) + "#url"


def use(stage, url_from: str, **more: str):
    stage.fleet(stage.worker("worker", queue=stage.celery("worker", url_from=url_from, **more)))
    return stage.function()


def certificate(folder, name: str) -> str:
    """A certificate that vouches for itself, as a Redis of one's own often has: its path; the key lies beside it."""
    files = ["-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}"]
    extensions = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *extensions]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return str(folder / f"{name}.crt")


def check_the_password_is_nowhere(stage, *answers) -> None:
    logs = "".join(path.read_text() for path in stage.folder.glob("*.log") if "function" in path.name)
    said = {
        "the log": logs,
        "an answer": json.dumps(answers),
        "a report": json.dumps(stage.reports()),
        "the ledger": json.dumps(stage.items()),
    }
    assert logs, "there is a log to search"
    assert not [place for place, text in said.items() if PASSWORD in text or "correct-horse" in text]


@pytest.mark.parametrize("source", [from_ssm, from_secret, from_key])
def test_a_secret_is_used_kept_for_five_minutes_and_told_nowhere(locked, source):
    function = use(locked, source(locked, locked.secret_url))
    answers = [function.invoke(event("schedule")) for _ in range(3)]
    assert locked.desired("worker") == 10
    calls = [action for action in locked.requests() if action.startswith(("ssm:", "secretsmanager:"))]
    assert len(calls) == 1 and locked.requests()[calls[0]] == 1
    locked.clock.forward(300)
    answers.append(function.invoke(event("schedule")))
    assert locked.requests()[calls[0]] == 2
    check_the_password_is_nowhere(locked, *answers)


def test_ten_parameters_cost_one_request(stage):
    names = [f"worker-{number}" for number in range(10)]
    stage.services(**dict.fromkeys(names, 5))
    for name in names:
        stage.fill(name, 200)
        url = stage.server.url
        stage.world.client("ssm").put_parameter(Name=f"/{stage.name}/{name}", Value=url, Type="SecureString")
    queues = {name: stage.celery(name, url_from=f"ssm:/{stage.name}/{name}") for name in names}
    stage.fleet(*(stage.worker(name, queue=queue) for name, queue in queues.items()))
    answer = stage.function().invoke(event("schedule"))
    assert {found["seen"]["waiting"] for found in answer["targets"]} == {200}
    assert stage.requests()["ssm:GetParameters"] == 1


BROKEN_URLS = {
    "a wrong password": lambda url: url.replace(PASSWORD, f"{PASSWORD}-old"),
    "a wrong port": lambda url: url.replace("127.0.0.1:", "127.0.0.1:1"),
    "no URL at all": lambda url: f"password={PASSWORD}",
    "another scheme": lambda url: url.replace("redis://", "http://"),
    "a bad port": lambda url: url.replace("/0", "x/0"),
    "a bad database": lambda url: url.replace("/0", f"/{PASSWORD}"),
    "an unknown host": lambda url: url.replace("127.0.0.1", "redis.invalid"),
}


@pytest.mark.parametrize("what", BROKEN_URLS)
def test_a_secret_that_does_not_work_scales_nothing_and_is_reported_nowhere(locked, what):
    function = use(locked, from_ssm(locked, BROKEN_URLS[what](locked.secret_url)))
    answers = [function.invoke(event("schedule")) for _ in range(2)]
    assert target(answers[0], "worker")["seen"]["waiting"] is None and locked.desired("worker") == 5
    reports = locked.reports()
    assert "worker: queue cannot be read" in reports[0]["text"]
    check_the_password_is_nowhere(locked, *answers, reports)


@pytest.mark.parametrize(
    "url_from, words",
    [
        ("ssm:/no/such/parameter", "no SSM parameter `/no/such/parameter`"),
        ("secretsmanager:no-such-secret", "secret `no-such-secret`"),
        ("secretsmanager:no-such-secret#url", "secret `no-such-secret`"),
    ],
)
def test_a_secret_that_does_not_exist_is_named(locked, url_from, words):
    function = use(locked, url_from)
    answers = [function.invoke(event("schedule")) for _ in range(2)]
    assert locked.desired("worker") == 5
    text = locked.report()["text"]
    assert "queue cannot be read" in text and "not found" in text and words in text
    check_the_password_is_nowhere(locked, *answers)


@pytest.mark.parametrize("key, words", [("#nope", "has no text under the key `nope`"), ("#url", "is not JSON")])
def test_a_secret_of_the_wrong_shape_is_named_without_its_content(locked, key, words):
    value = json.dumps({"url": locked.secret_url}) if key == "#nope" else locked.secret_url
    function = use(locked, from_secret(locked, value) + key)
    answers = [function.invoke(event("schedule")) for _ in range(2)]
    reports = locked.reports()
    assert locked.desired("worker") == 5 and words in reports[0]["text"]
    check_the_password_is_nowhere(locked, *answers, reports)


def encrypt(locked, path: str) -> str:
    """The URL at which the locked Redis speaks TLS from now on, with this certificate."""
    port = free_port()
    settings = {"tls-cert-file": path, "tls-key-file": path.replace(".crt", ".key"), "tls-ca-cert-file": path}
    pairs = {**settings, "tls-auth-clients": "no", "tls-port": port}
    Redis.from_url(locked.secret_url).config_set(*[word for pair in pairs.items() for word in pair])
    return locked.secret_url.replace("redis://", "rediss://").replace(f":{locked.locked_server.port}", f":{port}")


@pytest.mark.parametrize("named, desired", [("redis", 10), ("another", 5)])
def test_a_redis_with_a_certificate_of_ones_own_is_trusted_where_ca_from_names_it(locked, tmp_path, named, desired):
    paths = {name: certificate(tmp_path, name) for name in ("redis", "another")}
    url = from_secret(locked, encrypt(locked, paths["redis"]))
    with open(paths[named]) as pem:
        function = use(locked, url, ca_from=from_ssm(locked, pem.read()))
    answers = [function.invoke(event("schedule")) for _ in range(2)]
    assert locked.desired("worker") == desired, target(answers[0], "worker")["sentence"]
    text = locked.reports()[0]["text"]
    refused = "does not come from an authority in `ca_from`"
    assert (refused in text) == (named == "another"), text
    check_the_password_is_nowhere(locked, *answers)


def test_a_fleet_file_with_a_password_in_it_is_refused_without_repeating_it(locked):
    locked.fleet(locked.worker("worker", queue=locked.celery("worker", url=locked.secret_url)))
    function = locked.function()
    with pytest.raises(InvocationFailed) as failed:
        function.invoke(event("schedule"))
    assert failed.value.kind == "NonRetryable" and "url_from" in failed.value.message
    check_the_password_is_nowhere(locked, failed.value.message)
