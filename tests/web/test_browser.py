"""The pages as a reader sees them, in a real browser, from a real server."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from asking_pages import lake_of, start_server
from company import Company

from costlens.web.formats import exact
from costlens.web.view import View

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

WIDE, PHONE = (1280, 800), (375, 812)
PATIENCE = 90_000  # milliseconds: other tests may have the processors
READY = ".page:not(.waiting) h1"

# What a reader with a keyboard, a screen reader or a small screen needs; each line is a complaint.
COMPLAINTS = """() => {
  const found = [];
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((h) => +h.tagName[1]);
  if (levels.filter((l) => l === 1).length !== 1) found.push("not one h1");
  levels.forEach((l, at) => { if (at && l > levels[at - 1] + 1) found.push("heading skips a level"); });
  for (const img of document.images) if (!img.hasAttribute("alt")) found.push("img without alt");
  for (const chart of document.querySelectorAll(".chart"))
    if (!chart.getAttribute("aria-label")) found.push("chart without words");
  for (const box of document.querySelectorAll(".scroll"))
    if (box.tabIndex !== 0 || !box.getAttribute("aria-label")) found.push("box without a name");
  for (const one of document.querySelectorAll("button, summary, .top a, input:not([type=radio], [type=hidden])")) {
    const box = one.getBoundingClientRect();
    if (box.width && (box.height < 24 || box.width < 24)) found.push("small: " + one.outerHTML.slice(0, 90));
    const name = one.getAttribute("aria-label") || one.textContent || one.labels?.length;
    if (!name) found.push("no name: " + one.outerHTML.slice(0, 90));
  }
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push("scrolls sideways by " + wide);
  return found;
}"""


@dataclass(kw_only=True)
class Reader:
    """A tab of the browser that notes what went wrong in it."""

    tab: "Page"
    base: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.tab.on("request", self._request)

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{message.type}: {message.text}")

    def _request(self, request: "Request") -> None:
        if not request.url.startswith((f"{self.base}/", "data:", "blob:")):
            self.wrong.append(f"request to {request.url}")

    def go(self, link: str) -> str:
        self.tab.goto(self.base + link)
        return self.title()

    def title(self) -> str:
        self.tab.wait_for_selector(READY)
        return str(self.tab.inner_text(READY))

    def wait_for(self, start: str) -> None:
        """Wait until the page's title starts so."""
        self.tab.wait_for_function(
            f"start => document.querySelector({READY!r})?.textContent.startsWith(start)",
            arg=start,
        )

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.tab.url).query)


def opened(browser: "Browser", base: str, size: tuple[int, int] = WIDE) -> Reader:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(PATIENCE)
    return Reader(tab=context.new_page(), base=base)


@pytest.fixture
def reader(browser: "Browser", served: str) -> Iterator[Reader]:
    one = opened(browser, served)
    yield one
    one.tab.context.close()


def first_name(company: Company, level: str) -> str:
    return company.ask("cost", "--by", level)[0]["name"]


def test_a_page_shows_what_the_command_says(
    browser: "Browser", served: str, sample: Company, view: View
) -> None:
    reader = opened(browser, served)
    reader.go("/products")
    bill = sum(Decimal(row["allocated"]) for row in sample.ask("cost", "--month", view.last))
    reader.tab.wait_for_selector(".ag-row-pinned")
    assert exact(bill, "USD") in reader.tab.inner_text(".ag-floating-bottom")

    name = first_name(sample, "feature")
    cost = sample.cost("feature", "--month", view.last)[name]
    title = reader.go(f"/feature?name={name}")
    assert title.startswith(f"{name} cost {exact(cost, 'USD')} in ")
    assert exact(cost, "USD") in reader.tab.inner_text("tfoot")
    assert reader.tab.title() == "Detail · CostLens"
    assert reader.tab.inner_text("nav a.here") == "Features"
    reader.tab.wait_for_selector(".chart .barlayer path")
    assert reader.wrong == []
    reader.tab.context.close()


def test_a_filter_writes_the_link_and_a_link_sets_the_filters(reader: Reader, view: View) -> None:
    reader.go("/?what=ever")
    reader.tab.click("label:has-text('Model')")
    reader.tab.wait_for_selector("h2:has-text('What does each model cost')")
    assert reader.query == {"what": ["ever"], "by": ["model"]}
    reader.tab.click("label:has-text('As invoiced')")
    reader.tab.wait_for_selector(".about:has-text('as invoiced')")
    assert reader.query["basis"] == ["billed"]
    reader.tab.get_by_role("combobox", name="Months").or_(
        reader.tab.get_by_label("Months")
    ).first.click()
    reader.tab.get_by_role("option", name="All months").click()
    reader.tab.wait_for_url("**month=all**")
    assert reader.query["month"] == ["all"]
    link = reader.tab.url.removeprefix(reader.base)

    reader.go(link)
    assert reader.tab.is_checked("input[type=radio][value=model]")
    assert reader.tab.is_checked("input[type=radio][value=billed]")
    assert reader.tab.get_by_label("Months").first.input_value() == "All months"
    assert reader.wrong == []


@pytest.mark.slow
def test_back_returns_to_what_was_shown(reader: Reader, sample: Company) -> None:
    reader.go("/")
    first = reader.title()
    reader.tab.click("label:has-text('Feature')")
    reader.tab.wait_for_selector("h2:has-text('What does each feature cost')")
    reader.tab.click("#page a:text-is('All features, ranked')")
    reader.tab.wait_for_selector("h1:has-text('features cost')")
    name = first_name(sample, "feature")
    reader.tab.click(f".ag-row a:text-is('{name}')")
    reader.wait_for(f"{name} cost")
    assert reader.query["by"] == ["feature"]
    reader.tab.go_back()
    reader.tab.wait_for_selector("h1:has-text('features cost')")
    reader.tab.go_back()
    reader.tab.wait_for_selector("h2:has-text('What does each feature cost')")
    assert reader.query == {"by": ["feature"]}
    reader.tab.go_forward()
    reader.tab.wait_for_selector("h1:has-text('features cost')")
    reader.tab.click("nav a:text-is('Overview')")
    reader.tab.wait_for_selector("h2:has-text('What does each feature cost')")
    assert reader.title() != first  # by feature, another share of the bill is reached
    assert reader.wrong == []


def test_a_download_has_the_rows_of_the_table(reader: Reader, sample: Company, view: View) -> None:
    reader.go("/?by=feature")
    with reader.tab.expect_download() as waiting:
        reader.tab.click("#overview-worth ~ .rows .csv")
    path = Path(waiting.value.path())
    assert waiting.value.suggested_filename.startswith("costlens-overview-worth-")
    ran = sample.run("roi", "--by", "feature", "--month", view.last, "--format", "csv")
    assert path.read_text() == ran.out
    reader.tab.click("#overview-worth ~ .rows summary")
    shown = reader.tab.locator("#overview-worth ~ .rows tbody tr").all_inner_texts()
    names = [row.split(",")[0] for row in ran.out.splitlines()[1:]]
    assert [row.split("\t")[0].strip() for row in shown] == names


@pytest.mark.slow
def test_dark_stays_dark_and_readable(reader: Reader) -> None:
    reader.go("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = reader.tab.evaluate(ground)
    reader.tab.click("button[aria-label='Light or dark']")
    reader.tab.wait_for_function(f"{ground} !== '{light}'")
    reader.tab.reload()
    reader.title()
    assert reader.tab.evaluate(ground) != light
    assert reader.tab.evaluate("getComputedStyle(document.querySelector('h1')).color") != light
    assert reader.wrong == []


def refresh(folder: Path) -> None:
    """Refresh in a process of its own, as a timer would."""
    words = ["refresh", "--config", str(folder)]
    command = [sys.executable, "-c", "from costlens.cli import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_open_page_goes_from_empty_to_the_first_build_to_the_next_and_survives_a_failure(
    browser: "Browser", company: Company
) -> None:
    company.bill({"cost": "10"})
    company.catalogue("models: [{name: m, billed_by: [{service: Compute}]}]")
    process, base = start_server(company.folder)
    try:
        reader = opened(browser, base)
        assert reader.go("/?by=model") == "Nothing is built yet"
        refresh(company.folder)
        reader.wait_for("May 2026 cost $10.00")
        company.bill({"cost": "12"})
        refresh(company.folder)
        reader.wait_for("May 2026 cost $12.00")
        assert "Updated: build 2" in reader.tab.inner_text("#news")
        assert reader.query == {"by": ["model"]}
        assert reader.wrong == []

        # What a page needs of single stages is read from the lake when somebody asks for it.
        files = [
            file
            for table in ("ledger", "placements", "stage_costs")
            for file in (lake_of(company) / table).rglob("*.parquet")
        ]
        for file in files:
            file.rename(file.with_suffix(".gone"))
        reader.tab.goto(f"{base}/feature?level=model&name=m")
        reader.tab.wait_for_selector(".failed >> text=This part could not be computed")
        for part in reader.tab.locator(".failed").all():
            assert "$" not in part.inner_text()
        for file in files:
            file.with_suffix(".gone").rename(file)
        reader.tab.goto(f"{base}/feature?level=model&name=m")
        reader.tab.wait_for_selector("#main h1:has-text('m')")
        reader.tab.wait_for_selector("#page [aria-busy=true]", state="detached")
        assert reader.tab.locator(".failed").count() == 0
    finally:
        process.terminate()
        process.communicate(timeout=60)
