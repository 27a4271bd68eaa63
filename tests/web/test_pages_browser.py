"""Every page in a real browser: quiet, readable by machines, and reached by its link."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from company import Company
from test_browser import COMPLAINTS, PHONE, WIDE, Reader, opened
from test_every_page import ABOUT, FILTERED, PAGES

from costlens.web.pages import Page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_THEME = "mantine-color-scheme-value"
# The words of a page, whether or not its charts and grids are drawn yet.
_WORDS = """() => {
  const page = document.querySelector("#page").cloneNode(true);
  page.querySelectorAll(".chart, .grid").forEach((part) => part.remove());
  return page.textContent;
}"""


def link(page: Page, **query: str) -> str:
    query = {**ABOUT.get(page.path, {}), **query}
    return f"{page.path}?{urlencode(query)}" if query else page.path


def in_theme(browser: "Browser", base: str, size: tuple[int, int], theme: str) -> Reader:
    reader = opened(browser, base, size)
    reader.tab.add_init_script(f"localStorage.setItem({_THEME!r}, {theme!r})")
    return reader


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("size", "theme"),
    [(WIDE, "light"), (PHONE, "dark"), (PHONE, "light"), (WIDE, "dark")],
    ids=["wide-light", "phone-dark", "phone-light", "wide-dark"],
)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_quiet_fits_and_has_no_serious_finding_of_axe(
    browser: "Browser", served: str, page: Page, size: tuple[int, int], theme: str
) -> None:
    reader = in_theme(browser, served, size, theme)
    reader.go(link(page))
    reader.tab.wait_for_selector(
        ".js-plotly-plot .main-svg, .page table, .page .choices, .page .form"
    )
    reader.tab.wait_for_selector("#page [aria-busy=true]", state="detached")
    found = reader.tab.evaluate(COMPLAINTS) + [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in Axe().run(reader.tab).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    reader.tab.context.close()
    assert found + reader.wrong == []


@pytest.mark.slow
def test_axe_finds_what_is_wrong(browser: "Browser", served: str) -> None:
    reader = opened(browser, served)
    reader.go("/benefits")
    reader.tab.evaluate("document.querySelector('h1').style.color = '#eee'")
    impacts = {one["impact"] for one in Axe().run(reader.tab).response["violations"]}
    reader.tab.context.close()
    assert "serious" in impacts


@pytest.mark.slow
@pytest.mark.few(1)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_shows_the_same_page_to_whoever_opens_it(
    browser: "Browser", served: str, page: Page
) -> None:
    told = []
    for _ in range(2):
        reader = opened(browser, served)
        reader.go(link(page, **{k: v for k, v in FILTERED.items() if k != "what"}))
        reader.tab.wait_for_selector("#page [aria-busy=true]", state="detached")
        told.append(str(reader.tab.evaluate(_WORDS)))
        reader.tab.context.close()
    assert told[0] == told[1]
    assert "August to October 2026" in told[0]
    assert "Team risk" in told[0]


def test_filters_beside_are_set_by_keyboard_and_taken_off_by_their_chip(
    browser: "Browser", served: str
) -> None:
    reader = opened(browser, served)
    reader.go("/products")
    reader.tab.focus(".more-filters summary")
    reader.tab.keyboard.press("Enter")
    team = reader.tab.get_by_role("combobox", name="Team").or_(reader.tab.get_by_label("Team"))
    team.first.focus()
    reader.tab.keyboard.press("Enter")
    reader.tab.get_by_role("option", name="risk").wait_for()
    reader.tab.keyboard.type("risk")
    reader.tab.get_by_role("option", name="risk").click()
    reader.tab.wait_for_selector(".chip:has-text('Team risk')")
    assert reader.query == {"owner": ["risk"]}
    assert reader.title().startswith("1 product cost")
    reader.tab.click("nav a:text-is('Features')")
    reader.tab.wait_for_selector("h1:has-text('features cost')")
    assert reader.query == {"owner": ["risk"]}
    reader.tab.focus(".chip")
    reader.tab.keyboard.press("Enter")
    reader.tab.wait_for_selector(".chip", state="detached")
    assert reader.query == {}
    reader.tab.go_back()
    reader.tab.wait_for_selector(".chip:has-text('Team risk')")
    assert reader.wrong == []
    reader.tab.context.close()


def test_figures_lead_down_to_the_bill_line_and_back_leads_up_again(
    browser: "Browser", served: str, sample: Company
) -> None:
    reader = opened(browser, served)
    reader.go("/products")
    name = sample.ask("cost", "--by", "product", "--month", "2026-10")[0]["name"]
    reader.tab.click(".ag-row >> nth=0 >> [col-id=cost] a")
    reader.wait_for(f"What product {name} cost in October 2026")
    reader.tab.click("td a.to-rows >> nth=0")
    reader.wait_for(f"The bill lines behind product {name}")
    reader.tab.click("td a >> nth=0")
    reader.wait_for("Bill line ")
    line = parse_qs(urlsplit(reader.tab.url).query)["line"][0]
    assert line in reader.title()
    reader.tab.go_back()
    reader.wait_for(f"The bill lines behind product {name}")
    reader.tab.go_back()
    reader.wait_for(f"What product {name} cost")
    reader.tab.go_back()
    reader.tab.wait_for_selector(".ag-row")
    assert reader.wrong == []
    reader.tab.context.close()


def test_a_change_is_worked_out_by_its_button_with_a_running_state(
    browser: "Browser", served: str
) -> None:
    reader = opened(browser, served)
    reader.go("/whatif?what=product:home_page_picks")
    reader.tab.click("#whatif-then-ask")
    reader.tab.wait_for_selector("#whatif-then-ask[disabled]")
    assert "Working it out" in reader.tab.inner_text("#whatif-then-running")
    reader.tab.wait_for_selector("#whatif-then-result table")
    assert "Would stop" in reader.tab.inner_text("#whatif-then-result")
    reader.tab.wait_for_selector("#whatif-then-ask:not([disabled])")
    assert reader.tab.inner_text("#whatif-then-running") == ""
    assert reader.wrong == []
    reader.tab.context.close()
