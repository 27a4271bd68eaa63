"""A real store of objects over HTTP on this machine, seen through a proxy that counts and cuts."""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest
from company import Company

SECRET = "wJalrXUtnFEMI/never/in/any/output"
KEY = "AKIANEVERINANYOUTPUT"


@dataclass
class Store:
    """A bucket `acme`, what was asked of the store, and where it breaks off."""

    direct: str  # the store itself
    url: str = ""  # the same, through the proxy
    asked: list[str] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)  # the bodies, which are JSON
    refusals: list[tuple[int, str]] = field(default_factory=list)  # of the next posts
    ranges: list[str] = field(default_factory=list)
    cuts: dict[str, int] = field(default_factory=dict)  # key to how often half an answer comes
    before: dict[str, Callable[[], None]] = field(default_factory=dict)  # a key's next answer
    stuck: str = ""  # a key of which the first half comes, and then nothing
    is_stuck: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def client(self, service: str = "s3") -> Any:  # noqa: ANN401 -- boto3 has no types
        return boto3.client(service, endpoint_url=self.direct, region_name="us-east-1")

    def put(self, key: str, content: bytes | Path) -> None:
        body = content.read_bytes() if isinstance(content, Path) else content
        self.client().put_object(Bucket="acme", Key=key, Body=body)

    def put_folder(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path)

    def remove(self, key: str) -> None:
        self.client().delete_object(Bucket="acme", Key=key)

    def answer(self, *pages: dict[str, Any]) -> None:
        """Let Cost Explorer answer the next questions with these pages."""
        body = json.dumps({"results": pages}).encode()
        _post(self, "static/ce/cost-and-usage-results", body)

    def role(self, allow: list[str]) -> str:
        """Make a role that may do this, and name it."""
        iam = self.client("iam")
        made = iam.create_role(
            RoleName="reader", AssumeRolePolicyDocument=policy(["sts:AssumeRole"])
        )
        iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=policy(allow))
        return str(made["Role"]["Arn"])

    def fetched(self) -> list[str]:
        """Name the keys asked for since the last time."""
        keys = [path.removeprefix("/acme/") for path in self.asked if "?" not in path]
        self.asked.clear()
        return sorted(keys)


def handler(store: Store, to: tuple[str, int]) -> type[BaseHTTPRequestHandler]:
    """Make the proxy's handler: pass on what comes, note it, and break off where told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            store.asked.append(self.path)
            if self.headers.get("Range"):
                store.ranges.append(self.headers["Range"])
            store.before.pop(self.path.removeprefix("/acme/"), lambda: None)()
            there = http.client.HTTPConnection(*to)
            there.request("GET", self.path, headers=dict(self.headers))
            got = there.getresponse()
            body = got.read()
            there.close()
            self.send_response(got.status)
            for name, value in got.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            key = self.path.removeprefix("/acme/")
            cut = store.cuts.get(key, 0)
            if cut or key == store.stuck:
                store.cuts[key] = max(0, cut - 1)
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                if key == store.stuck:
                    store.is_stuck.set()
                    store.go_on.wait(30)
                self.close_connection = True
            else:
                self.wfile.write(body)

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            store.posted.append(json.loads(asked))
            if store.refusals:  # in AWS's own words, which hold the key
                status, code = store.refusals.pop(0)
                body = json.dumps({"__type": code, "Message": f"{code}: {KEY} may not"}).encode()
            else:
                there = http.client.HTTPConnection(*to)
                there.request("POST", self.path, body=asked, headers=dict(self.headers))
                got = there.getresponse()
                status, body = got.status, got.read()
                there.close()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


HEADER = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,BillingPeriodStart,"
    "BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ProviderName,ServiceName\n"
)


def month(number: int, cost: str) -> bytes:
    start, stop = f"2026-{number:02}-01T00:00:00Z", f"2026-{number + 1:02}-01T00:00:00Z"
    after = start.replace("-01T", "-02T")
    return f"{HEADER}{cost},{cost},USD,1,{start},{stop},{start},{after},Usage,AWS,EC2\n".encode()


def on_s3(company: Company, store: Store, path: str = "s3://acme/bills", **more: object) -> None:
    more = {"name": "bill", "type": "focus", **more}
    company.source(**more, path=path, s3={"endpoint": store.url})


def policy(allow: list[str]) -> str:
    said = {"Effect": "Allow", "Action": allow or ["ec2:DescribeTags"], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def require_rights(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, allow: list[str]
) -> tuple[str, str]:
    """Go on as a user who may do this and nothing else; give the user's keys."""
    iam = store.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy(allow))
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    key, secret = str(made["AccessKeyId"]), str(made["SecretAccessKey"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    _post(store, "reset-auth", b"0")
    return key, secret


def _post(store: Store, action: str, body: bytes = b"") -> None:
    there = http.client.HTTPConnection(store.direct.removeprefix("http://"))
    kind = {"Content-Type": "application/json"}
    there.request("POST", f"/moto-api/{action}", body=body, headers=kind)
    there.getresponse().read()
    there.close()


def reset(store: Store) -> None:
    """Empty the store: all stores of a process are one."""
    _post(store, "reset-auth", b"1000000")
    _post(store, "reset")
