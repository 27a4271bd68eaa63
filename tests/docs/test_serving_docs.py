"""What the pages about serving and about pages of one's own show, as a user would do it."""

import json
import re
from pathlib import Path

import pytest
from company import Company
from flask.testing import FlaskClient

from costlens.config import find_settings
from costlens.web.app import create_app
from costlens.web.door import open_door

ROOT = Path(__file__).parents[2]
SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
PAGES = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
TOKENS = {"ada": "ada" * 10, "bo": "bo" * 16}


def show(client: FlaskClient, link: str, who: str) -> str:
    headers = {"Authorization": f"Bearer {TOKENS[who]}"}
    known = client.get("/_dash-dependencies", headers=headers).json
    output = next(one["output"] for one in known if "page.children" in one["output"])
    parts = [one.rsplit(".", 1) for one in output.strip(".").split("...")]
    body = {
        "output": output,
        "outputs": [{"id": id, "property": kind} for id, kind in parts],
        "inputs": [
            {"id": "link", "property": "data", "value": link},
            {"id": "build", "property": "data"},
            [],
        ],
        "changedPropIds": ["link.data"],
    }
    return client.post("/_dash-update-component", json=body, headers=headers).text


def test_the_page_that_is_shown_becomes_a_page(company: Company) -> None:
    company.settings["access"] = {
        "by": "token",
        "users": [
            {"name": "ada", "role": "admin", "token": {"file": "ada"}},
            {"name": "bo", "teams": ["a"], "token": {"file": "bo"}},
        ],
    }
    company.bill({"cost": "40", "Tags": {"for": "p"}}, {"cost": "2"})
    company.catalogue(
        "teams: [{name: a}]\nproducts: [{name: p, owner: a, billed_by: [{tags: {for: p}}]}]"
    )
    for name, token in TOKENS.items():
        (company.folder / name).write_text(token)
    company.refresh()
    code = re.search(r"```python\n(.*?)```", PAGES, re.DOTALL)
    assert code
    own = company.folder / "dashboards"
    own.mkdir()
    (own / "teams.py").write_text(code[1])
    folder, settings = find_settings(company.folder)
    assert settings.access
    app = create_app(folder / "lake", folders=[own], door=open_door(settings.access, folder))
    client = app.server.test_client()
    page = show(client, "/teams?month=all", "ada")
    assert "Who pays what?" in page
    assert "a: $40.00" in page
    assert 'teams?month=all","className":"here"' in page  # in the navigation, with the filters
    headers = {"Authorization": f"Bearer {TOKENS['ada']}"}
    assert client.get("/csv/teams/paid.csv", headers=headers).text.startswith("team,")
    refused = show(client, "/teams?month=all", "bo")
    assert "Not for your role" in refused
    assert "40.00" not in refused


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(access:.*?)```", SERVING, re.DOTALL))
def test_the_access_that_is_shown_is_access(tmp_path: Path, text: str) -> None:
    (tmp_path / "costlens.yaml").write_text(
        f"version: 1\nsources: [{{name: a, type: focus, path: a.csv}}]\n{text}"
    )
    _, settings = find_settings(tmp_path)
    assert settings.access
    assert {user.role for user in settings.access.users} == {"admin", "viewer"}


def test_every_metric_is_listed(company: Company) -> None:
    company.bill({"cost": "1"})
    company.refresh()
    client = create_app(company.folder / "lake").server.test_client()
    client.get("/_dash-layout")
    told = set(re.findall(r"^# TYPE (costlens_\w+)", client.get("/metrics").text, re.MULTILINE))
    listed = set(re.findall(r"^\| `(costlens_\w+)`", SERVING, re.MULTILINE))
    assert {name for name in told if not name.endswith("_created")} == listed
    assert json.loads(client.get("/healthz").text)["ready"] is True
