"""Every figure leads to the rows behind it, and those add up to it; what leads nowhere says why."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from asking_pages import Client, found, texts
from company import Company

from costlens.web.answers import changed, declared, lines, parts, rank, statement
from costlens.web.data import Data
from costlens.web.rows import records
from costlens.web.view import View, read_view

MONEY = re.compile(r"[$€£]\s?\d")
NOTHING = re.compile(r"[$€£]0\.00")  # of which there are no rows
# What leads on, or has its figures from what does: a table that is shown beside its chart.
LEADS = ("Link", "A", "Details", "Select", "SegmentedControl")
PAGES = (
    "/",
    "/?by=feature&month=all",
    "/products",
    "/products?month=2026-10&owner=risk",
    "/models?basis=billed",
    "/features",
    "/feature?level=product&name=shop_search",
    "/feature?level=model&name=fraud",
    "/feature?level=feature",
    "/pipelines",
    "/portfolio",
    "/benefits",
    "/trust",
    "/rows?of=bill",
    "/rows?of=bill&figure=change",
    "/rows?of=worth&by=model",
    "/rows?of=product:shop_search",
    "/rows?of=product:shop_search&figure=net",
    "/rows?of=product:shop_search&figure=change",
    "/rows?of=part:idle",
    "/rows?of=outcome:allocated&source=aws&billed_in=USD",
    "/rows?of=product:shop_search&lines=yes",
    "/rows?of=product:shop_search&line=aws:2026-10:8999",
)
ITSELF = "it is a row, or the sum under the rows, of the table that figures lead to"
OTHERS = "what is not named, together: without the filter, or in the CSV, each has its own row"
SENTENCE = "a sentence; each of its figures stands beside it on a card or in a table, with its link"
WHOLE = "the stage while this needs it, at whoever else's cost: its own part leads to its lines"
DECLARED = ("Low", "Likely", "High", "Evidenced")
# (page, where on it): why it leads nowhere.
ALONE = {
    **{
        (page, "sentence"): SENTENCE
        for page in ("overview", "products", "models", "features", "feature", "pipelines")
    },
    ("portfolio", "sentence"): SENTENCE,
    ("trust", "sentence"): SENTENCE,
    ("overview", "decisions figure"): "of one day against its neighbours: the row says which",
    ("products", "grid cost"): OTHERS,
    ("products", "grid change"): OTHERS,
    ("feature", "table Whole stage"): WHOLE,
    ("feature", "table Cost of 1,000"): "the cost beside it, which leads on, over the count",
    ("feature", "table Its amount, foot"): ITSELF,
    ("pipelines", "table Cost"): OTHERS,
    ("pipelines", "table Idle beside it"): "its part of all idle, whose card leads on",
    ("portfolio", "table Margin"): "how far the advice is from turning: worked out over all sets",
    ("benefits", "table Declared"): "what the claim says; the CSV names its file and line",
    ("trust", "table Money"): "what a finding is about; it names the place",
    ("trust", "key"): "added up over all of the chart, whose table has them one by one",
    ("rows", "card Net"): "the benefit less the cost beside it, which both lead on",
    **{
        ("rows", f"table {head}"): ITSELF
        for head in (*DECLARED, "Amount", "For it alone", "Whole stage", "Sep 2026", "Now")
    },
    ("rows", "table Change"): ITSELF,
    **{
        ("rows", f"table {head}, foot"): ITSELF
        for head in (*DECLARED, "Amount", "For it alone", "Whole stage", "Cost", "Benefit", "Net")
    },
    **{("rows", f"table {head}, foot"): ITSELF for head in ("Sep 2026", "Now", "Change")},
}


def unled(part: object, page: str, where: str = "sentence") -> Iterator[tuple[str, str]]:
    """Name the places of a layout where money stands and leads nowhere."""
    if isinstance(part, list):
        for one in part:
            yield from unled(one, page, where)
    elif isinstance(part, str):
        if MONEY.search(part) and not NOTHING.fullmatch(part):
            yield page, where
    elif isinstance(part, dict):
        props, kind = part.get("props", {}), part.get("type")
        looks = str(props.get("className", "")).split()
        if kind in LEADS or {"why", "hint"} & {*looks}:
            return
        if kind == "Table":
            yield from table(props["children"], page)
        elif kind == "AgGrid":
            yield from grid(props, page)
        else:
            yield from unled(props.get("children"), page, place(props, looks, where))


def place(props: dict[str, Any], looks: list[str], where: str) -> str:
    """Name where on a page what is inside of a part stands."""
    if "card" in looks:
        return f"card {texts(props['children'])[0]}"
    if "figure" in looks and where == "decisions":
        return "decisions figure"
    return next((one for one in ("key", "decisions", "choices") if one in looks), where)


def table(sections: list[Any], page: str) -> Iterator[tuple[str, str]]:
    heads = [" ".join(texts(one)) for one in row_of(sections[0]["props"]["children"])]
    for section in sections[1:]:
        foot = ", foot" if section["type"] == "Tfoot" else ""
        rows = section["props"]["children"]
        for row in rows if isinstance(rows, list) else [rows]:
            for head, cell in zip(heads, row_of(row), strict=False):
                yield from unled(cell, page, f"table {head}{foot}")


def row_of(row: object) -> list[object]:
    one = row[0] if isinstance(row, list) else row
    assert isinstance(one, dict)
    cells = one["props"]["children"]
    assert isinstance(cells, list)
    return cells


def grid(props: dict[str, Any], page: str) -> Iterator[tuple[str, str]]:
    rows = [*props["rowData"], *props["dashGridOptions"].get("pinnedBottomRowData", [])]
    for row in rows:
        for column in props["columnDefs"]:
            field = column["field"]
            said = row.get(f"{field}_said") or ""
            is_money = MONEY.search(said) and not NOTHING.fullmatch(said)
            is_figure = is_money or (field == "roi" and "%" in said)
            if is_figure and not row.get(f"{field}_link"):
                yield page, f"grid {field}"


def test_every_figure_of_every_page_leads_to_its_rows(client: Client) -> None:
    alone: set[tuple[str, str]] = set()
    for link in PAGES:
        shown = client.show(link)["page"]["children"]
        stem = shown["props"]["className"].removeprefix("page page-")
        for part in [shown, *client.later(link, shown)]:
            alone |= set(unled(part, stem))
    assert alone - ALONE.keys() == set(), "these lead nowhere, and nobody says why"
    assert ALONE.keys() - alone == set(), "these lead somewhere by now"


def test_what_is_so_now_leads_from_a_what_if_too(client: Client) -> None:
    link = "/whatif?what=product:home_page_picks"
    shown = client.press("whatif-then-ask", "n_clicks", "whatif-then-result", link)
    alone = set(unled(shown, "whatif"))
    then = {"table Cost then", "table Change", "table Net then"}
    then |= {"table Cost now, foot", "table Cost then, foot"}
    assert {where for _, where in alone} == then
    ids = {one.get("id") for one in found(shown, "Div")}
    leads = {one["href"] for one in found(shown, "A") if one["href"].startswith("#")}
    assert {one[1:] for one in leads} <= ids


KEYS = ("of", "figure", "stage", "service", "class", "lines", "source", "billed_in")


def asked(data: Data, **query: str) -> View:
    return read_view(data, query, keep=KEYS)


@pytest.mark.parametrize("basis", ["effective", "billed"])
def test_rows_behind_the_statement_add_up_to_each_of_its_cells(data: Data, basis: str) -> None:
    cells = 0
    for row in records(statement(data, asked(data, month="all"))):
        if row["basis"] != basis:
            continue
        narrowed = {"source": row["source"], "billed_in": row["currency"], "basis": basis}
        whole = asked(data, of=f"source:{row['source']}", month=row["period"], **narrowed)
        amounts = [one["amount"] for one in records(parts(data, whole))]
        assert sum(amounts) == row["source_total"] - row["residual"]
        for outcome in ("allocated", "idle", "unmatched", "unneeded", "stranded", "excluded"):
            one_of = asked(data, of=f"outcome:{outcome}", month=row["period"], **narrowed)
            amounts = [one["amount"] for one in records(parts(data, one_of))]
            assert sum(amounts) == row[outcome], outcome
            cells += bool(amounts)
    assert cells > 5


def test_lines_behind_a_cell_of_the_statement_add_up_to_it(data: Data) -> None:
    row = next(
        one
        for one in records(statement(data, asked(data)))
        if one["idle"] and one["basis"] == data.basis
    )
    more = {"of": "outcome:idle", "source": row["source"], "billed_in": row["currency"]}
    found = records(lines(data, asked(data, month=row["period"], lines="yes", **more)))
    assert sum(one["amount"] for one in found) == row["idle"]
    assert {one["line"].split(":")[0] for one in found if ":" in one["line"]} == {row["source"]}


@pytest.mark.parametrize("level", ["product", "model"])
def test_claims_add_up_to_the_benefit_that_they_stand_behind(data: Data, level: str) -> None:
    view = read_view(data, {"by": level, "month": "all"})
    known = [row for row in records(rank(data, view)) if row["benefit"] is not None]
    for row in known:
        of = asked(data, of=f"{level}:{row['name']}", month="all", figure="net")
        claims = records(declared(data, of))
        for figure, column in (
            ("benefit_low", "low"),
            ("benefit", "likely"),
            ("benefit_high", "high"),
        ):
            assert sum(one[column] or 0 for one in claims) == row[figure]
        cost = sum(one["amount"] for one in records(parts(data, of)))
        assert row["net"] == row["benefit"] - cost
    assert known


def test_changes_of_stages_add_up_to_the_change(data: Data) -> None:
    for row in records(rank(data, read_view(data, {}))):
        if row["change"] is None or row["name"] == "(rounding)":
            continue
        of = asked(data, of=f"product:{row['name']}", figure="change")
        assert sum(one["change"] for one in records(changed(data, of))) == row["change"]


@pytest.mark.parametrize("basis", ["effective", "billed"])
def test_parts_of_the_bill_are_what_the_summary_says(
    data: Data, sample: Company, basis: str
) -> None:
    view = asked(data, basis=basis)
    summary = {
        row["figure"]: row["amount"] for row in records(data.ask("bill_summary", **view.given))
    }
    of_parts = {name: one for name, one in summary.items() if name not in ("bill", "reached")}
    assert sum(of_parts.values(), Decimal(0)) == summary["bill"]
    for name, amount in of_parts.items():
        rows = records(parts(data, asked(data, of=f"part:{name}", basis=basis)))
        assert sum(one["amount"] for one in rows) == amount, name


def test_parts_of_a_pipeline_lead_to_what_they_cost_and_to_what_failed(data: Data) -> None:
    view = read_view(data, {})
    rows = records(data.ask("pipeline_costs", by="part", **view.scoped))
    for row in [row for row in rows if row["stage"]][:12]:
        for of, amount in (("outcome:allocated", row["cost"]), ("part:waste", row["waste"])):
            found = records(parts(data, asked(data, of=of, stage=row["stage"])))
            assert sum(one["amount"] for one in found) == amount
