"""The APIs of AWS over HTTP on this machine: moto's server behind a proxy.

What moto has not, or has without the times a test needs, the proxy answers itself, from answers a test
gives it. Each of these is held against botocore's own description of the service before it is sent, and
botocore's own parser reads it: a field that AWS does not have, or a type it does not send, fails here.
"""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import botocore.session
from botocore.model import OperationModel, Shape
from company import Company
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

Params = dict[str, Any]
Answer = Callable[[Params], Mapping[str, Any]] | Mapping[str, Any]
_SERVICES = ("sagemaker", "glue", "batch", "emr", "emr-serverless", "ecs", "sts")
_SESSION = botocore.session.get_session()
MODELS = {name: _SESSION.get_service_model(name) for name in _SERVICES}
_TARGETS = {
    model.metadata["targetPrefix"]: name
    for name, model in MODELS.items()
    if "targetPrefix" in model.metadata
}


@dataclass
class Api:
    """What is asked of AWS, and what it says."""

    moto: str
    url: str = ""
    asked: list[tuple[str, Params]] = field(default_factory=list)  # operation, what with
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # operation to the code of an error
    slow: dict[str, int] = field(default_factory=dict)  # operation to how often it is throttled

    def client(self, service: str) -> Any:  # noqa: ANN401 -- boto3 has no types
        """Give a client of moto itself."""
        return boto3.client(service, endpoint_url=self.moto, region_name="us-east-1")

    def says(self, service: str, operation: str, answer: Answer) -> None:
        """Have an operation answer so: a mapping, or what makes one of what it is asked with."""
        self.answers[service, operation] = answer

    def operations(self) -> list[str]:
        """Name what was asked since the last time."""
        names = [operation for operation, _ in self.asked]
        self.asked.clear()
        return names

    def with_(self, operation: str, name: str) -> list[Any]:
        """Give one parameter of every request of an operation since the last time."""
        return [params.get(name) for asked, params in self.asked if asked == operation]


def fits(value: object, shape: Shape, at: str = "answer") -> None:
    """Insist that a value is one of a shape of botocore, whole."""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, Mapping), f"{at} is no structure"
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{at} has no {sorted(unknown)}"
        missing = set(shape.required_members) - set(value)
        assert not missing, f"{at} lacks {sorted(missing)}"
        for name, one in value.items():
            fits(one, shape.members[name], f"{at}.{name}")
    elif kind == "list":
        assert isinstance(value, list), f"{at} is no list"
        for one in value:
            fits(one, shape.member, f"{at}[]")
    elif kind == "map":
        assert isinstance(value, Mapping), f"{at} is no map"
        for name, one in value.items():
            fits(name, shape.key, f"{at} key")
            fits(one, shape.value, f"{at}.{name}")
    else:
        types = {
            "string": str,
            "timestamp": datetime,
            "boolean": bool,
            "integer": int,
            "long": int,
            "float": (int, float),
            "double": (int, float),
        }[kind]
        assert isinstance(value, types), f"{at} is no {kind}: {value!r}"
        words = getattr(shape, "enum", ())
        assert not words or value in words, f"{at} is none of {words}: {value!r}"


def whole(value: Mapping[str, Any], shape: Any) -> dict[str, Any]:  # noqa: ANN401 -- botocore
    """Fill in what AWS always sends and a test does not care for."""
    made = dict(value)
    for name in shape.required_members:
        if name not in made:
            made[name] = _anything(shape.members[name])
    return {
        name: whole(one, shape.members[name])
        if isinstance(one, Mapping) and shape.members[name].type_name == "structure"
        else [whole(each, shape.members[name].member) for each in one]
        if isinstance(one, list) and shape.members[name].member.type_name == "structure"
        else one
        for name, one in made.items()
    }


def _anything(shape: Any) -> Any:  # noqa: ANN401 -- botocore
    kind = shape.type_name
    if kind == "structure":
        return whole({}, shape)
    plain = {"list": [], "map": {}, "timestamp": datetime.fromisoformat("2026-01-01T00:00:00Z")}
    if kind in plain:
        return plain[kind]
    if kind == "string":
        return shape.enum[0] if getattr(shape, "enum", ()) else "x"
    return {"boolean": False}.get(kind, 1)


def made(service: str, operation: str, **value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make a whole answer of an operation, held against its shape."""
    shape = MODELS[service].operation_model(operation).output_shape
    answer = whole(value, shape)
    fits(answer, shape, operation)
    return answer


def read_sample(folder: Path) -> list[dict[str, Any]]:
    """Read every JSON document of a folder."""
    found = []
    decoder = json.JSONDecoder()
    for path in sorted(folder.iterdir()):
        text, at = path.read_text(), 0
        while at < len(text.rstrip()):
            one, at = decoder.raw_decode(text, at)
            at += len(text[at:]) - len(text[at:].lstrip())
            found.append(one)
    return found


def typed(value: Any, shape: Any) -> Any:  # noqa: ANN401 -- botocore
    """Turn a dump into what boto3 gives: its times are texts or seconds, and become times."""
    kind = shape.type_name
    if kind == "structure":
        return {name: typed(one, shape.members[name]) for name, one in value.items()}
    if kind == "list":
        return [typed(one, shape.member) for one in value]
    if kind == "map":
        return {name: typed(one, shape.value) for name, one in value.items()}
    if kind != "timestamp" or isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value, UTC)


def answer_of(service: str, operation: str, dump: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a dump into an answer of an operation, held against its shape."""
    shape = MODELS[service].operation_model(operation).output_shape
    answer: dict[str, Any] = typed(dump, shape)
    fits(answer, shape, operation)
    return answer


def summary(service: str, operation: str, under: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a list says of a thing that was described."""
    listed = MODELS[service].operation_model(operation).output_shape.members[under]
    return {name: answer[name] for name in listed.member.members if name in answer}


def _handler(api: Api, to: tuple[str, int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body: bytes) -> None:
            asked = _asked(self.command, self.path, self.headers.get("X-Amz-Target", ""), body)
            if asked is None:
                self._pass_on(body)
                return
            service, operation, params = asked
            api.asked.append((operation.name, params))
            code = api.errors.get(operation.name)
            if api.slow.get(operation.name, 0):
                api.slow[operation.name] -= 1
                code = "ThrottlingException"
            if code:
                self._send(400, {"__type": code, "message": "secret words of AWS"}, code)
            elif (service, operation.name) in api.answers:
                answer = api.answers[service, operation.name]
                said = answer(params) if callable(answer) else answer
                if "__type" in said:
                    self._send(400, said, said["__type"])
                    return
                fits(said, operation.output_shape, operation.name)
                self._send(200, _wire(said, operation.output_shape), "")
            else:
                self._pass_on(body)

        def _send(self, status: int, said: Mapping[str, Any], code: str) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            if code:
                self.send_header("x-amzn-errortype", code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _pass_on(self, body: bytes) -> None:
            there = http.client.HTTPConnection(*to)
            there.request(self.command, self.path, body=body, headers=dict(self.headers))
            got = there.getresponse()
            content = got.read()
            there.close()
            self.send_response(got.status)
            for name, value in got.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _asked(
    method: str, path: str, target: str, body: bytes
) -> tuple[str, OperationModel, Params] | None:
    """Know which operation of which service a request is for, by botocore's description."""
    prefix, _, name = target.partition(".")
    if prefix in _TARGETS:
        service = _TARGETS[prefix]
        return service, MODELS[service].operation_model(name), json.loads(body or b"{}")
    split = urlsplit(path)
    for service in ("batch", "emr-serverless"):
        for name in MODELS[service].operation_names:
            operation = MODELS[service].operation_model(name)
            pattern = re.sub(
                r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(operation.http["requestUri"])
            )
            found = re.fullmatch(pattern, split.path)
            if found and operation.http["method"] == method:
                query = {key: values[0] for key, values in parse_qs(split.query).items()}
                in_path = {key: unquote(value) for key, value in found.groupdict().items()}
                return service, operation, {**query, **in_path, **json.loads(body or b"{}")}
    return None


def _wire(value: Any, shape: Any) -> Any:  # noqa: ANN401 -- botocore
    """Write a value as it goes over the wire: times are seconds."""
    kind = shape.type_name
    if kind == "structure":
        return {
            shape.members[name].serialization.get("locationName", name): _wire(
                one, shape.members[name]
            )
            for name, one in value.items()
        }
    if kind == "list":
        return [_wire(one, shape.member) for one in value]
    if kind == "map":
        return {name: _wire(one, shape.value) for name, one in value.items()}
    return value.timestamp() if kind == "timestamp" else value


def on_aws(company: Company, api: Api, kind: str, *, name: str = "ml", **more: object) -> None:
    """Name an account as the last source of a company; a day stands in YAML without quotes."""
    aws = {"endpoint": api.url, "region": "us-east-1", "since": "2026-01-01", **more}
    company.source(name=name, type=kind, aws={key: one for key, one in aws.items() if one})
    settings = company.folder / "costlens.yaml"
    text = re.sub(r'"since": "([0-9-]+)"', r'"since": \1', settings.read_text())
    settings.write_text(text)


@contextmanager
def running() -> Iterator[Api]:
    """Start moto and the proxy before it; stop both after."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    api = Api(moto=f"http://{host}:{port}")
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api, (host, port)))
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{proxy.server_port}"
    _reset(host, port)
    try:
        yield api
    finally:
        _reset(host, port)
        proxy.shutdown()
        proxy.server_close()
        server.stop()


def _reset(host: str, port: int) -> None:
    """Empty moto: all servers of a process are one; Batch runs no container."""
    for action, body in (("reset", b""), ("config", b'{"batch": {"use_docker": false}}')):
        there = http.client.HTTPConnection(host, port)
        there.request(
            "POST", f"/moto-api/{action}", body=body, headers={"Content-Type": "application/json"}
        )
        there.getresponse().read()
        there.close()
