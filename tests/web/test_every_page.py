"""What holds of every page, so that a new one is covered by being there."""

import csv
import io
from urllib.parse import urlencode

import plotly.graph_objects as go
import pytest
from asking_pages import Client, charts, texts
from company import Company

from costlens.paths import bundled
from costlens.web.pages import Page, find_pages
from costlens.web.view import View

PAGES = find_pages([bundled("dashboards")])
# What a page is about where it does not stand by itself.
ABOUT = {
    "/feature": {"level": "product", "name": "shop_search"},
    "/rows": {"of": "product:shop_search"},
}
FILTERED = {
    "by": "feature",
    "month": "all",
    "basis": "billed",
    "owner": "risk",
    "product": "checkout_protection",
    "compare": "none",
    "what": "ever",
}
# Answers that need more of the link than the page itself.
ASKED = {
    ("trust", "compared"): None,  # the sample has one build; test_trust_page.py has two
    ("whatif", "then"): {"what": "product:home_page_picks"},
    ("rows", "line"): {"line": "aws:2026-10:8999"},
}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def link(page: Page, **query: str) -> str:
    return f"{page.path}?{urlencode({**ABOUT.get(page.path, {}), **query})}"


@every_page
def test_no_part_of_a_page_fails(client: Client, page: Page) -> None:
    insist_whole(client, link(page))


@every_page
@pytest.mark.few(4)
@pytest.mark.parametrize("by", ["product", "model", "feature"])
def test_no_part_of_a_page_fails_whatever_is_asked_for(client: Client, page: Page, by: str) -> None:
    insist_whole(client, link(page, **{**FILTERED, "by": by}))


def insist_whole(client: Client, link: str) -> None:
    shown = client.show(link)["page"]["children"]
    shown = [shown, *client.later(link, shown)]
    said = "\n".join(texts(shown))
    assert "could not be computed" not in said
    assert len(said) > 200
    for figure in charts(shown):
        go.Figure(figure)  # raises on an attribute that does not exist


@every_page
@pytest.mark.few(4)
def test_months_without_a_bill_break_no_page(client: Client, page: Page) -> None:
    assert "could not be computed" not in client.page(link(page, month="2001-01"))


@every_page
def test_every_table_of_a_page_is_a_csv_of_its_link(client: Client, page: Page) -> None:
    for name in page.tables:
        more = ASKED.get((page.stem, name), {})
        if more is None:
            continue
        query = urlencode({**ABOUT.get(page.path, {}), **more})
        answer = client.get(f"/csv/{page.stem}/{name}.csv?{query}")
        assert answer.status_code == 200, f"{name}: {answer.text}"
        assert next(csv.reader(io.StringIO(answer.text)))


def test_every_page_is_in_the_navigation_and_carries_the_filters(client: Client) -> None:
    nav = client.show(f"/?{urlencode(FILTERED)}")["nav"]["children"]
    carried = {key: value for key, value in FILTERED.items() if key != "what"}
    assert [one["props"]["children"] for one in nav] == [
        page.title for page in PAGES if page.order > 0
    ]
    for one in nav:
        _, _, query = one["props"]["href"].partition("?")
        assert sorted(query.split("&")) == sorted(urlencode(carried).split("&"))


MONTH = "--month", "2026-10"
SAME = [  # the table of a page, what its link says more, and the words of the command
    ("overview", "worth", {"by": "model"}, ("roi", "--by", "model", *MONTH)),
    ("overview", "alerts", {}, ("alerts", "--by", "product")),
    ("trust", "statement", {}, ("statement", *MONTH)),
    ("trust", "coverage", {"by": "feature"}, ("coverage", "--by", "feature", *MONTH)),
    ("trust", "loads", {}, ("loads", *MONTH)),
    ("trust", "findings", {}, ("findings",)),
    ("trust", "builds", {}, ("builds",)),
    ("portfolio", "advice", {}, ("portfolio", *MONTH)),
    ("portfolio", "savings", {}, ("savings", *MONTH)),
    ("portfolio", "sensitivity", {}, ("sensitivity", "--by", "product", *MONTH)),
    ("benefits", "realised", {}, ("realisation",)),
    ("feature", "explained", ABOUT["/feature"], ("explain", "product:shop_search", *MONTH)),
    ("feature", "measures", ABOUT["/feature"], ("value", "product:shop_search", *MONTH)),
    ("feature", "costs", {"level": "model"}, ("cost", "--by", "model", *MONTH)),
    (
        *("rows", "rows", {"of": "feature:(idle)", "lines": "yes"}),
        ("explain", "feature:(idle)", *MONTH, "--lines", "--most", "200"),
    ),
    (
        *("rows", "rows", {"of": "feature:x", "line": "aws:2026-10:8999"}),
        ("trace", "aws:2026-10:8999"),
    ),
]


@pytest.mark.few(10)
@pytest.mark.parametrize(
    ("stem", "name", "query", "words"), SAME, ids=[f"{one[0]}-{one[1]}" for one in SAME]
)
def test_a_csv_is_what_the_command_prints(
    client: Client,
    sample: Company,
    view: View,
    stem: str,
    name: str,
    query: dict[str, str],
    words: tuple[str, ...],
) -> None:
    assert view.last == "2026-10", "the window that the words name"
    ran = sample.run(*words, "--format", "csv")
    got = client.get(f"/csv/{stem}/{name}.csv?{urlencode(query)}").text
    assert got == ran.out
    assert got.count("\n") > 1 or name == "realised"


def test_the_csv_of_sources_has_the_rows_of_the_command(client: Client, sample: Company) -> None:
    got = client.get("/csv/trust/sources.csv").text.splitlines()
    want = sample.run("sources", "--format", "csv").out.splitlines()
    assert sorted(got) == sorted(want)
