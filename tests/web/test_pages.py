"""The contract of a page, and what is said about one that breaks it."""

import inspect
from pathlib import Path

import pytest

from costlens.errors import CostLensError
from costlens.paths import bundled
from costlens.web.data import Data
from costlens.web.pages import Page, find_pages

PAGES = find_pages([bundled("dashboards")])
GOOD = """
from dash import html
PATH, TITLE, ORDER = "/mine", "Mine", 20
def layout(data, **_):
    return html.H1("mine")
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_bundled_page_takes_any_key_and_serves_its_tables(page: Page) -> None:
    kinds = [one.kind for one in inspect.signature(page.layout).parameters.values()]
    assert inspect.Parameter.VAR_KEYWORD in kinds
    assert page.tables


def test_the_page_that_contributing_shows_can_be_laid_out(tmp_path: Path, data: Data) -> None:
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = text.partition("## Add a page")[2].partition("```python\n")[2].partition("```")[0]
    (tmp_path / "mine.py").write_text(shown)
    (page,) = find_pages([tmp_path])
    assert "This part could not be computed" not in str(page.layout(data, any_key="x"))


def test_the_overview_comes_first() -> None:
    shown = [page.path for page in PAGES if page.order > 0]
    assert shown == [
        *("/", "/products", "/models", "/features", "/pipelines"),
        *("/portfolio", "/whatif", "/benefits", "/trust"),
    ]


def test_a_workspace_adds_pages_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    assert [page.path for page in find_pages([bundled("dashboards"), tmp_path])][-1] == "/mine"


def test_a_page_of_order_0_is_reached_by_links_and_shown_under_its_list() -> None:
    (page,) = [one for one in PAGES if one.path == "/feature"]
    assert page.order == 0
    assert page.under({"level": "model"}) == "/models"
    assert page.under({"level": "nothing"}) == "/features"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("**_", ""), "**_ in layout"),
        (GOOD.replace("PATH, TITLE, ORDER", "PATHS, TITLE, ORDER"), "lacks PATH"),
        (GOOD.replace("def layout", "def lay_out"), "lacks layout(data, **query)"),
        (GOOD + "\nraise ValueError('no')\n", ":7: the page cannot be loaded: ValueError: no"),
        (GOOD + "\nif True\n", "mine.py:7"),
        (GOOD.replace("/mine", "/feature"), 'two pages at "/feature"'),
    ],
)
def test_a_page_that_breaks_the_contract_is_named_with_what_it_lacks(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(CostLensError) as caught:
        find_pages([bundled("dashboards"), tmp_path])
    assert says in str(caught.value)
    assert "mine.py" in str(caught.value)
