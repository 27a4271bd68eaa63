"""From a figure to the rows that add up to it, down to the bill: always the same money."""

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from asking_pages import Client, found
from company import Company

from costlens.questions.explaining import Why
from costlens.web.answers import flow_of, line_itself, lines, parts, traced
from costlens.web.data import Data
from costlens.web.rows import records
from costlens.web.view import View, read_view

LEVELS = ("product", "model", "feature")
_KEPT = ("of", "figure", "stage", "service", "class", "lines", "line")


def asked(data: Data, **query: str) -> View:
    return read_view(data, query, keep=_KEPT)


@pytest.mark.few(2)
@pytest.mark.parametrize("basis", ["effective", "billed"])
@pytest.mark.parametrize("level", LEVELS)
def test_stages_add_up_to_what_each_figure_of_a_list_says(
    data: Data, sample: Company, level: str, basis: str
) -> None:
    words = ("--by", level, "--month", "2026-08..2026-10", "--basis", basis)
    for row in sample.ask("cost", *words):
        of = f"{level}:{row['name']}"
        found = records(parts(data, asked(data, of=of, month="all", basis=basis)))
        assert sum(one["amount"] for one in found) == Decimal(row["allocated"])
        if not row["name"].startswith("("):
            assert sum(one["alone"] for one in found) == Decimal(row["avoidable"])
            assert sum(one["stage_cost"] for one in found) == Decimal(row["stand_alone"])


def test_lines_add_up_to_the_stage_and_a_line_to_its_bill(data: Data) -> None:
    of = "feature:fv_customer_sessions"
    for row in records(parts(data, asked(data, of=of)))[:2]:
        narrowed = {"stage": row["stage"], "service": row["service"], "class": row["class"]}
        of_stage = records(lines(data, asked(data, of=of, **narrowed)))
        assert sum(one["amount"] for one in of_stage) == row["amount"]
        line = next(one["line"] for one in of_stage if not one["line"].startswith("("))
        (itself,) = records(line_itself(data, asked(data, line=line)))
        went = records(traced(data, asked(data, line=line)))
        for level in LEVELS:
            borne = sum(one["amount"] for one in went if one["level"] == level)
            assert borne == itself["EffectiveCost"]


@pytest.mark.few(1)
@pytest.mark.parametrize("level", ["feature", "model", "product"])
def test_what_flows_in_and_on_is_what_it_costs(data: Data, sample: Company, level: str) -> None:
    for name, cost in sample.cost(level, "--month", "2026-10").items():
        if name.startswith("("):
            continue
        view = read_view(data, {})
        why = Why(level=level, target=name, basis=view.basis, window=view.window)
        sums: dict[str, Decimal] = {}
        for row in records(flow_of(data, why)):
            sums[row["step"]] = sums.get(row["step"], Decimal(0)) + row["amount"]
        want = {"in": cost, "to": cost}
        assert sums == want if level == "product" else sums == {**want, "on": cost}


def test_a_bill_line_is_four_clicks_from_the_overview(client: Client) -> None:
    """Follow the first link of a figure each time: card, target, stage, line."""
    link = "/"
    for click in range(4):
        shown = client.show(link)["page"]["children"]
        links = [
            one["href"]
            for one in found(shown, "Link")
            if "/rows" in one["href"] and one.get("className") == "to-rows"
        ]
        assert links, f"nothing leads on after {click} clicks, at {link}"
        link = links[0]
        if "line=" in link:
            break
    assert "line" in parse_qs(urlsplit(link).query)
    page = client.page(link)
    assert "What the bill says" in page
    assert "BilledCost" in page


def test_a_stage_whose_name_looks_like_a_pattern_is_meant_literally(data: Data) -> None:
    view = asked(data, of="feature:fv_customer_sessions", stage="stage:*")
    assert parts(data, view).rows == ()


def test_a_figure_that_is_none_is_refused(client: Client) -> None:
    page = client.page("/rows?of=nonsense")
    assert '"nonsense" is no figure' in page
    assert "$" not in page
