"""A viewer of one team gets no figure of another's: by no page, callback or CSV, and not by asking directly."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest
from asking_pages import lake_of
from company import Company
from dash import Dash
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from costlens.config import find_settings
from costlens.paths import bundled
from costlens.questions.explaining import Why
from costlens.questions.ranked import ranked
from costlens.questions.stating import state
from costlens.questions.window import ALWAYS
from costlens.web.app import create_app
from costlens.web.data import Builds
from costlens.web.door import open_door
from costlens.web.formats import exact, whole
from costlens.web.own import Own
from costlens.web.pages import Page, find_pages
from costlens.web.rows import Row, records
from costlens.web.view import read_view
from costlens.web.who import NotForRoleError, Who

LEVELS = ("feature", "model", "product")
PAGES = find_pages([bundled("dashboards")])
RETENTION = Who(name="bo", teams=frozenset({"retention"}))
MONTH = "2026-10"


@dataclass(frozen=True, kw_only=True)
class Client:
    """One who has logged in by a token."""

    client: FlaskClient
    token: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self._who)

    def post(self, body: object) -> TestResponse:
        return self.client.post("/_dash-update-component", json=body, headers=self._who)

    @property
    def _who(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def show(self, link: str) -> str:
        """Post what the browser posts when its link changes; give the whole answer."""
        known = self.get("/_dash-dependencies").json
        assert known
        output = next(one["output"] for one in known if "page.children" in one["output"])
        outputs = [
            {"id": id, "property": kind}
            for id, kind in (one.rsplit(".", 1) for one in output.strip(".").split("..."))
        ]
        inputs = [
            {"id": "link", "property": "data", "value": link},
            {"id": "build", "property": "data", "value": None},
            [],
        ]
        asked = {"output": output, "outputs": outputs, "inputs": inputs}
        answer = self.post({**asked, "changedPropIds": ["link.data"]})
        assert answer.status_code == 200, answer.text
        return str(answer.text)


@pytest.fixture(scope="module")
def home(sample: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, with a viewer of retention and an admin."""
    folder = tmp_path_factory.mktemp("readers")
    text = (sample.folder / "costlens.yaml").read_text()
    access = {
        "by": "token",
        "users": [
            {"name": "ada", "role": "admin", "token": {"file": "ada"}},
            {"name": "bo", "teams": ["retention"], "token": {"file": "bo"}},
        ],
    }
    (folder / "costlens.yaml").write_text(f"{text}\naccess: {json.dumps(access)}\n")
    for name in ("ada", "bo"):
        (folder / name).write_text(name * 16)
    return folder


@pytest.fixture(scope="module")
def app(home: Path, sample: Company) -> Dash:
    folder, settings = find_settings(home)
    assert settings.access is not None
    return create_app(lake_of(sample), door=open_door(settings.access, folder))


@pytest.fixture(scope="module")
def bo(app: Dash) -> Client:
    return Client(client=app.server.test_client(), token="bo" * 16)


@pytest.fixture(scope="module")
def ada(app: Dash) -> Client:
    return Client(client=app.server.test_client(), token="ada" * 16)


@pytest.fixture(scope="module")
def own(sample: Company) -> dict[str, set[str]]:
    builds = Builds(lake_of(sample), who=lambda: RETENTION)
    data = builds.at(builds.latest() or 0)
    found = {level: {row[0] for row in data.ask("targets", level=level).rows} for level in LEVELS}
    assert all(found.values())
    return found


def _said(amount: Decimal) -> Iterator[str]:
    """Write a figure as pages and files do, where it has digits enough to be no other."""
    if abs(amount) >= 100:
        yield f"{amount:.4f}"
        yield exact(amount, "USD")
    if abs(amount) >= 10_000:
        yield whole(amount, "USD")


def _amounts(rows: list[Row]) -> set[Decimal]:
    return {cell for row in rows for cell in row.values() if isinstance(cell, Decimal)}


@pytest.fixture(scope="module")
def secret(sample: Company, own: dict[str, set[str]]) -> set[str]:
    """Every figure of the company that is not retention's, as it might be written."""
    mine: set[Decimal] = set()
    others: set[Decimal] = set()
    data = Builds(lake_of(sample)).at(1)
    for month in (MONTH, "all"):
        for basis in ("effective", "billed"):
            view = read_view(data, {"month": month, "basis": basis})
            for level in LEVELS:
                given = {**view.given, "level": level}
                roi = {"level": level, "basis": basis, "window": view.window}
                costs = records(data.ask("cost_by_target", **given))
                for row in (
                    *costs,
                    *records(data.roi(**roi)),
                    *records(data.ask("coverage", **given)),
                ):
                    is_own = row["name"] in own[level]
                    if row.get("stand_alone") != row.get("avoidable"):
                        others |= _amounts([{"": row.get("stand_alone")}])
                    row.pop("stand_alone", None)
                    (mine if is_own else others).update(_amounts([row]))
                others.add(sum((row["allocated"] for row in costs), Decimal(0)))
                for name in own[level]:  # its own part of a stage, which may be all of that
                    why = Why(level=level, target=name, basis=basis, window=view.window)
                    mine |= {row["amount"] for row in records(data.explain(why))}
            for by in ("stage", "pipeline", "service"):
                others |= _amounts(records(data.ask("cost_by_stage", by=by, **view.given)))
        others |= _amounts(records(data.work_out("statement", state, window=view.window)))
    assert len(others - mine) > 100
    known = {text for amount in mine for text in _said(amount)}
    return {text for amount in others - mine for text in _said(amount)} - known


def _queries(own: dict[str, set[str]]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [
        {},
        {"month": "all", "by": "feature"},
        {"by": "model", "basis": "billed"},
    ]
    for level in LEVELS:
        found.append({"level": level, "name": sorted(own[level])[0], "month": MONTH})
    found += [
        {"level": "feature", "name": "fv_payment_risk", "month": MONTH},
        {"level": "model", "name": "fraud", "month": "all"},
        {"level": "product", "name": "(idle)", "month": MONTH},
        {"level": "stage", "name": "warehouse"},
        {"level": "service", "name": "Snowflake"},
    ]
    found += [
        {"of": of, "month": MONTH} for of in ("bill", "reached", "stage:warehouse", "model:fraud")
    ]
    found += [
        {"of": "model:fraud", "figure": "stand_alone", "month": MONTH},
        {"of": "model:churn", "figure": "stand_alone", "month": MONTH},
        {"of": "feature:fv_payment_risk", "lines": "1", "month": MONTH},
    ]
    return found


def _found(text: str, secret: set[str]) -> set[str]:
    plain = text.encode().decode("unicode_escape", "ignore") if "\\u" in text else text
    return {one for one in secret if one in plain}


@pytest.mark.few(24)
@pytest.mark.parametrize("at", range(18))
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_and_no_csv_tells_a_viewer_a_figure_of_another_team(
    page: Page, at: int, bo: Client, secret: set[str], own: dict[str, set[str]]
) -> None:
    query = _queries(own)[at]
    link = f"{page.path}?{urlencode(query)}"
    assert _found(bo.show(link), secret) == set(), link
    for name in page.tables:
        path = f"/csv/{page.stem}/{name}.csv?{urlencode(query)}"
        answer = bo.get(path)
        assert answer.status_code in (200, 403, 404), path
        assert _found(answer.text, secret) == set(), path


def test_every_query_is_tried_and_an_admin_sees_what_a_viewer_does_not(
    ada: Client, secret: set[str], own: dict[str, set[str]]
) -> None:
    assert len(_queries(own)) == 18
    for path in (
        "/csv/overview/worth.csv",
        "/csv/overview/summary.csv",
        "/csv/rows/rows.csv?of=model:fraud",
    ):
        assert _found(ada.get(path).text, secret), path
    assert _found(ada.show("/?by=model"), secret)


def test_a_viewer_sees_what_its_teams_own(
    bo: Client, sample: Company, own: dict[str, set[str]]
) -> None:
    for level in LEVELS:
        costs = sample.ask("cost", "--by", level, "--month", MONTH)
        text = bo.get(f"/csv/overview/worth.csv?by={level}&month={MONTH}").text
        rows = {row["name"]: row["cost"] for row in csv.DictReader(text.splitlines())}
        assert rows == {row["name"]: row["allocated"] for row in costs if row["name"] in own[level]}
        name = next(iter(rows))
        page = bo.show(f"/feature?{urlencode({'level': level, 'name': name, 'month': MONTH})}")
        assert exact(Decimal(rows[name]), "USD") in page


@pytest.mark.parametrize("what", ["kind=drop&what=model:fraud", "kind=drop&what=model:churn"])
def test_a_viewer_has_nothing_allocated_again(app: Dash, bo: Client, what: str) -> None:
    link = f"month={MONTH}&by=model&{what}"
    answer = bo.get(f"/csv/whatif/then.csv?{link}")
    assert answer.status_code == 403
    assert answer.text.startswith("not for your role")
    posted = 0
    for one in bo.get("/_dash-dependencies").json or []:
        if not one["output"].startswith("whatif-"):
            continue
        id, kind = one["output"].rsplit(".", 1)
        values = {"link": f"/whatif?{link}"}
        body = {
            "output": one["output"],
            "outputs": {"id": id, "property": kind},
            "inputs": [{**part, "value": values.get(part["id"], 1)} for part in one["inputs"]],
            "state": [{**part, "value": values.get(part["id"], 1)} for part in one["state"]],
            "changedPropIds": [f"{part['id']}.{part['property']}" for part in one["inputs"]],
        }
        answer = bo.post(body)
        assert answer.status_code == 200, answer.text
        assert "Not for your role" in answer.text
        posted += 1
    assert posted == 1


def test_a_viewer_gets_a_ranking_of_its_own(
    bo: Client, sample: Company, own: dict[str, set[str]]
) -> None:
    for level in LEVELS:
        stem = f"{level}s"
        tables = next(page.tables for page in PAGES if page.stem == stem)
        text = bo.get(f"/csv/{stem}/{next(iter(tables))}.csv?month={MONTH}").text
        rows = list(csv.DictReader(text.splitlines()))
        assert {row["name"] for row in rows} == own[level]
        assert {row["stand_alone"] for row in rows} == {""}
        costs = sample.cost(level, "--month", MONTH)
        assert {row["name"]: Decimal(row["cost"]) for row in rows} == {
            name: costs[name] for name in own[level]
        }


def test_what_is_refused_says_so_and_offers_no_second_try(bo: Client) -> None:
    page = bo.show("/?by=model")
    assert "Not for your role" in page
    assert "What your teams own" in page
    assert "Try again" not in page
    answer = bo.get("/csv/overview/summary.csv")
    assert answer.status_code == 403
    assert answer.text.startswith("not for your role")


def test_it_is_not_told_whether_there_is_something_of_another_team(bo: Client) -> None:
    texts = [
        bo.get(f"/csv/feature/explained.csv?level=model&name={name}").text.replace(name, "?")
        for name in ("fraud", "frauds", "nothing")
    ]
    assert len(set(texts)) == 1


def test_direct_posts_of_every_callback_tell_a_viewer_nothing(
    app: Dash, bo: Client, secret: set[str]
) -> None:
    known = bo.get("/_dash-dependencies").json
    assert known
    asked = 0
    for one in known:
        if one.get("clientside_function"):
            continue
        for value in (
            "/?by=model",
            "/feature?level=model&name=fraud",
            1,
            None,
            ["fraud"],
            {"name": "fraud"},
        ):
            names = [part.rsplit(".", 1) for part in one["output"].strip(".").split("...")]
            outputs = [{"id": id, "property": kind} for id, kind in names]
            given = [{**part, "value": value} for part in (*one["inputs"], *one["state"])]
            some = [[part] if "ALL" in part["id"] else part for part in given]
            body = {
                "output": one["output"],
                "outputs": outputs if one["output"].startswith("..") else outputs[0],
                "inputs": some[: len(one["inputs"])],
                "state": some[len(one["inputs"]) :],
                "changedPropIds": [f"{part['id']}.{part['property']}" for part in one["inputs"]],
            }
            answer = bo.post(body)
            assert _found(answer.text, secret) == set()
            asked += answer.status_code in (200, 204)
    assert asked


def test_a_question_nobody_has_thought_about_is_refused(sample: Company) -> None:
    builds = Builds(lake_of(sample), who=lambda: RETENTION)
    data = builds.at(1)
    assert isinstance(data, Own)
    window = read_view(data, {}).given
    for question in (
        "bill_summary",
        "bill_by_month",
        "statement",
        "findings",
        "bill_to_target",
        "chargeback_by_team",
        "runs",
        "portfolio",
        "no_such_question",
    ):
        with pytest.raises(NotForRoleError):
            data.ask(question, **window)
    for name in ("build", "con", "asked", "whole", "_root", "_asking", "lake"):
        with pytest.raises(NotForRoleError):
            getattr(data, name)
    given = {"level": "model", "basis": "billed", "window": ALWAYS}
    for name in ("portfolio", "statement", "whatif", "ranked_summary", "lines", "flow", "new"):
        with pytest.raises(NotForRoleError):
            data.work_out(name, ranked, **given)
    for level in ("stage", "bill", None):
        with pytest.raises(NotForRoleError):
            data.work_out("ranked", ranked, **{**given, "level": level})
    for level in ("bill", "stage", "pipeline", "service", "team"):
        with pytest.raises(NotForRoleError):
            data.ask("coverage", **{**window, "level": level})
        with pytest.raises(NotForRoleError):
            data.explain(Why(level=level, target="warehouse", basis="billed", window=ALWAYS))
    with pytest.raises(NotForRoleError):
        data.explain(Why(level="model", target="(idle)", basis="billed", window=ALWAYS))


def test_a_stage_that_others_need_too_is_explained_without_what_they_pay(sample: Company) -> None:
    builds = Builds(lake_of(sample), who=lambda: RETENTION)
    why = Why(level="model", target="churn", basis="effective", window=ALWAYS)
    answer = builds.at(1).explain(why)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert {row["weights"] for row in rows} == {None}
    shared = [row for row in rows if not (row["need"] or "").startswith("only")]
    alone = [row for row in rows if row not in shared]
    assert shared
    assert {row["stage_cost"] for row in shared} == {None}
    assert not any("/" in (row["need"] or "") for row in shared)
    assert all(row["stage_cost"] == row["amount"] for row in alone)


def test_ownership_counts_in_the_build_and_today(company: Company) -> None:
    day = {"Tags": {"for": "x"}}
    company.bill({"cost": "7", **day})
    owned = "teams: [{{name: a}}, {{name: b}}]\nfeatures: [{{name: x, owner: {0}, billed_by: [{{tags: {{for: x}}}}]}}]"
    company.catalogue(owned.format("a"))
    company.refresh()
    company.catalogue(owned.format("b"))
    company.refresh()
    seen = {}
    for team in ("a", "b"):
        who = Who(name=team, teams=frozenset({team}))
        builds = Builds(lake_of(company), who=lambda who=who: who)  # type: ignore[misc]
        seen[team] = [len(builds.at(n).ask("targets", level="feature").rows) for n in (1, 2)]
    assert seen == {"a": [0, 0], "b": [0, 1]}


def test_an_owner_of_later_does_not_own_yet(company: Company) -> None:
    company.bill({"cost": "7", "Tags": {"for": "x"}})
    company.catalogue(
        "teams: [{name: a}, {name: b}]\nfeatures:\n"
        "  - {name: x, owner: [{team: a, until: 2030-12-31}, {team: b, from: 2031-01-01}], billed_by: [{tags: {for: x}}]}"
    )
    company.refresh()
    seen = []
    for team in ("a", "b"):
        who = Who(name=team, teams=frozenset({team}))
        builds = Builds(lake_of(company), who=lambda who=who: who)  # type: ignore[misc]
        seen.append(len(builds.at(1).ask("targets", level="feature").rows))
    assert seen == [1, 0]


def test_downloads_are_noted_with_who_took_what(home: Path, bo: Client, ada: Client) -> None:
    before = len((home / "audit.csv").read_text().splitlines())
    ada.get("/csv/overview/summary.csv?by=model&=cmd|x")
    bo.get("/csv/overview/summary.csv")
    rows = list(csv.DictReader((home / "audit.csv").read_text().splitlines()))[before - 1 :]
    took = [(row["who"], row["role"], row["table"], row["query"], row["outcome"]) for row in rows]
    assert took == [
        ("ada", "admin", "summary", "?by=model&=cmd|x", "given"),
        ("bo", "viewer", "summary", "?", "refused"),
    ]
    assert int(rows[0]["rows"]) > 0


def test_a_download_that_cannot_be_noted_is_not_given(home: Path, ada: Client) -> None:
    log = home / "audit.csv"
    aside = home / "aside.csv"
    log.rename(aside)
    log.mkdir()
    try:
        answer = ada.get("/csv/overview/summary.csv")
    finally:
        shutil.rmtree(log)
        aside.rename(log)
    assert answer.status_code == 500
    assert "," not in answer.text


def test_outside_of_a_request_nobody_sees_anything(app: Dash, sample: Company) -> None:
    from costlens.web.access import who_asks

    with pytest.raises(NotForRoleError):
        Builds(lake_of(sample), who=who_asks).at(1)


def test_a_viewer_sees_how_the_server_does_but_not_the_company(bo: Client, ada: Client) -> None:
    for client, sees in ((bo, False), (ada, True)):
        text = client.get("/metrics").text
        assert "costlens_build_age_seconds" in text
        assert ("costlens_unmatched_share" in text) is sees
        assert ("costlens_findings" in text) is sees


def test_who_uses_a_feature_is_named_without_what_it_costs(company: Company) -> None:
    company.bill({"cost": "7", "Tags": {"for": "x"}}, {"cost": "5", "Tags": {"for": "m"}})
    company.catalogue(
        "teams: [{name: a}, {name: b}]\n"
        "features: [{name: x, owner: a, billed_by: [{tags: {for: x}}]}]\n"
        "models: [{name: m, owner: b, uses: [{feature: x}], billed_by: [{tags: {for: m}}]},"
        " {name: mine, owner: a, uses: [{feature: x}]}]"
    )
    company.refresh()
    data = Builds(lake_of(company), who=lambda: Who(name="a", teams=frozenset({"a"}))).at(1)
    given = {"level": "feature", "target": "x", **read_view(data, {"month": "all"}).window.given}
    answer = data.ask("used_by", basis="billed", **given)
    at = answer.columns.index("cost")
    costs = {row[answer.columns.index("name")]: row[at] for row in answer.rows}
    assert costs["m"] is None
    assert costs["mine"] == Decimal("3.5")


def test_a_page_that_an_admin_had_is_not_sent_to_a_viewer_nor_the_other_way(
    ada: Client, bo: Client, sample: Company
) -> None:
    """Pages are sent again to whoever may see the same, and to nobody else."""
    for link in ("/products", "/trust", "/rows?of=bill", "/?by=feature"):
        everything, own = ada.show(link), bo.show(link)
        assert (ada.show(link), bo.show(link)) == (everything, own)
        assert own != everything
    rows = sample.ask("cost", "--by", "product", "--month", MONTH)
    cost = {row["name"]: exact(Decimal(row["allocated"]), "USD") for row in rows}
    assert cost["shop_search"] in ada.show("/products")
    assert cost["shop_search"] not in bo.show("/products")
    assert cost["retention_campaign"] in bo.show("/products")
