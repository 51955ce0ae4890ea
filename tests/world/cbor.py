"""CloudWatch's newer protocol, in front of moto, which speaks only the older ones.

The AWS SDK for Rust sends CloudWatch requests as CBOR (Smithy RPC v2). Here they become the JSON that moto understands, and
its answers become CBOR. Both carry the same members; only times differ: seconds in JSON, tagged ones in CBOR.
"""

import io
import json
import re
from datetime import datetime

import cbor2
from werkzeug.wrappers import Response

OPERATION = re.compile(r"/service/([^/]+)/operation/([^/]+)")
CONTENT_TYPE = "application/cbor"
# RFC 8949: tag 1 says that a number is a time.
TIME = 1


def is_cbor(path: str) -> bool:
    return OPERATION.match(path) is not None


def to_json(environ: dict, body: bytes) -> dict:
    """The same request in AWS's JSON protocol."""
    service, operation = OPERATION.match(environ["PATH_INFO"]).groups()
    data = json.dumps(members(body)).encode()
    headers = {"HTTP_X_AMZ_TARGET": f"{service}.{operation}", "CONTENT_TYPE": "application/x-amz-json-1.0"}
    place = {"PATH_INFO": "/", "RAW_URI": "/", "REQUEST_URI": "/"}
    return {**environ, **headers, **place, "CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)}


def members(body: bytes) -> dict:
    """What a request says, times in seconds."""
    return json.loads(json.dumps(cbor2.loads(body), default=seconds))


def to_cbor(answer: Response) -> Response:
    """The same answer in CBOR."""
    data = cbor2.dumps(tagged(json.loads(answer.get_data() or "{}")))
    return Response(data, answer.status_code, {"smithy-protocol": "rpc-v2-cbor"}, content_type=CONTENT_TYPE)


def tagged(value, name: str = ""):
    match value:
        case dict():
            return {key: tagged(inner, key) for key, inner in value.items()}
        case list():
            return [tagged(inner, name) for inner in value]
        case int() | float() if name.endswith(("Timestamp", "Timestamps")):
            return cbor2.CBORTag(TIME, value)
    return value


def seconds(value) -> float:
    assert isinstance(value, datetime), f"{value!r} is no time"
    return value.timestamp()
