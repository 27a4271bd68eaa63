"""Ask the pages without a browser, and start a server for those that need one."""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from company import Company
from dash import Dash
from werkzeug.test import TestResponse


def lake_of(company: Company) -> Path:
    return company.folder / "lake"


@dataclass(kw_only=True)
class Client:
    """An app asked without a browser."""

    app: Dash
    build: int | None = None
    outputs: str = field(init=False)

    def __post_init__(self) -> None:
        known = [one["output"] for one in self.get("/_dash-dependencies").json]
        self.outputs = next(one for one in known if "page.children" in one)

    def get(self, path: str) -> TestResponse:
        return self.app.server.test_client().get(path)

    def show(self, link: str, *, by: str = "link.data") -> dict[str, Any]:
        """Post what the browser posts when its link or build changes."""
        outputs = [
            {"id": id, "property": kind}
            for id, kind in (one.rsplit(".", 1) for one in self.outputs.strip(".").split("..."))
        ]
        answer = self.app.server.test_client().post(
            "/_dash-update-component",
            json={
                "output": self.outputs,
                "outputs": outputs,
                "inputs": [
                    {"id": "link", "property": "data", "value": link},
                    {"id": "build", "property": "data", "value": self.build},
                    [],
                ],
                "changedPropIds": [by],
            },
        )
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json["response"]
        return shown

    def page(self, link: str) -> str:
        """Give the texts of a page, and of the parts that come after it, one a line."""
        shown = self.show(link)["page"]["children"]
        return "\n".join(texts([shown, *self.later(link, shown)]))

    def later(self, link: str, shown: object) -> list[object]:
        """Ask for the parts that come after a page, as the browser does when it stands."""
        return [
            self.press(one["id"], "data", one["id"].replace("-later", "-place"), link)
            for one in found(shown, "Store")
        ]

    def press(self, part: str, kind: str, place: str, link: str) -> object:
        """Post what the browser posts when a part of a page is asked for."""
        answer = self.app.server.test_client().post(
            "/_dash-update-component",
            json={
                "output": f"{place}.children",
                "outputs": {"id": place, "property": "children"},
                "inputs": [{"id": part, "property": kind, "value": 1}],
                "state": [{"id": "link", "property": "data", "value": link}],
                "changedPropIds": [f"{part}.{kind}"],
            },
        )
        assert answer.status_code == 200, answer.text
        made: object = answer.json["response"][place]["children"]
        return made


def texts(part: object) -> list[str]:
    """List the texts of a layout, in order."""
    if isinstance(part, str):
        return [part]
    if isinstance(part, list | tuple):
        return [text for one in part for text in texts(one)]
    if isinstance(part, dict):
        return texts(part.get("props", {}).get("children"))
    return []


def charts(part: object) -> list[dict[str, object]]:
    """List the figures of a layout that was sent as JSON."""
    return [one["figure"] for one in found(part, "Graph")]


def found(part: object, kind: str) -> list[dict[str, Any]]:
    """List the properties of every part of a kind in a layout that was sent as JSON."""
    if isinstance(part, list):
        return [one for each in part for one in found(each, kind)]
    if not isinstance(part, dict):
        return []
    inside = found(part.get("props", {}).get("children"), kind)
    return [part["props"], *inside] if part.get("type") == kind else inside


def start_server(folder: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """Start `costlens serve` in a process of its own, on a free port."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            # A run in the background may have passed on that SIGINT is to be ignored.
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "from costlens.cli import main; main()",
            *("serve", "--config", str(folder), "--port", "0", *words),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    found = re.match(r"(http://(?:127\.0\.0\.1|0\.0\.0\.0):\d+) ", said)
    if not found:
        process.kill()
        raise AssertionError(f"{said}{process.communicate()[1]}")
    return process, found[1]
