"""Logging in and printing, in a real browser, with every header of security in force."""

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import pypdf
import pytest
from asking_pages import lake_of, start_server
from company import Company
from test_browser import Reader, opened

from costlens.web.door import hash_password
from costlens.web.formats import exact

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WORD = "four words of mine"


@pytest.fixture(scope="module")
def asked(sample: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of the sample company that asks who one is."""
    folder = tmp_path_factory.mktemp("asked")
    users = [
        {"name": "ada", "role": "admin", "password": {"file": "word"}},
        {"name": "bo", "teams": ["retention"], "password": {"env": "BO_OF_THE_TEST"}},
    ]
    text = (sample.folder / "costlens.yaml").read_text()
    more = {"lake": str(lake_of(sample)), "access": {"by": "password", "users": users}}
    lines = [f"{key}: {json.dumps(value)}" for key, value in more.items()]
    (folder / "costlens.yaml").write_text("\n".join([text, *lines, ""]))
    (folder / "word").write_text(hash_password(WORD))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BO_OF_THE_TEST", hash_password(WORD + "!"))
        process, address = start_server(folder)
    yield address, folder
    process.terminate()
    process.communicate(timeout=60)


def log_in(reader: Reader, name: str, word: str) -> None:
    reader.tab.get_by_label("Name").fill(name)
    reader.tab.get_by_label("Password").fill(word)
    reader.tab.get_by_role("button", name="Log in").click()


def test_one_logs_in_reads_downloads_and_logs_out(
    browser: "Browser", asked: tuple[str, Path]
) -> None:
    reader = opened(browser, asked[0])
    reader.tab.goto(f"{asked[0]}/?by=model")
    log_in(reader, "ada", "wrong")
    reader.tab.wait_for_selector("text=That is not right.")
    assert [one for one in reader.wrong if "401" not in one] == []
    reader.wrong.clear()
    log_in(reader, "ada", WORD)
    reader.tab.wait_for_selector("h2:has-text('each model cost')")
    assert reader.query == {"by": ["model"]}
    reader.tab.wait_for_selector(".chart .barlayer path")
    with reader.tab.expect_download() as waiting:
        reader.tab.click("#overview-worth ~ .rows .csv")
    assert Path(waiting.value.path()).read_text().startswith("name,")
    assert ",ada,admin,127.0.0.1,overview,worth,?by=model" in (asked[1] / "audit.csv").read_text()
    assert reader.wrong == []  # no script or style was held back, and nothing asked elsewhere
    assert "costlens=" not in reader.tab.evaluate("document.cookie")

    reader.tab.get_by_role("button", name="Log out").click()
    reader.tab.wait_for_selector("button:has-text('Log in')")
    reader.tab.go_back()
    reader.tab.wait_for_selector("button:has-text('Log in')")
    reader.tab.context.close()


@pytest.mark.slow
def test_a_page_that_is_open_when_the_login_ends_leads_to_the_login(
    browser: "Browser", asked: tuple[str, Path]
) -> None:
    reader = opened(browser, asked[0])
    reader.tab.goto(f"{asked[0]}/?by=feature")
    log_in(reader, "bo", WORD + "!")
    reader.tab.wait_for_selector("h2:has-text('each feature cost')")
    assert "Not for your role" in reader.tab.inner_text("#main")
    assert "fraud" not in reader.tab.inner_text("#main")
    assert reader.wrong == []
    reader.tab.context.clear_cookies(name="costlens")
    reader.tab.click("label:has-text('Model')")
    reader.tab.wait_for_selector("button:has-text('Log in')")
    log_in(reader, "bo", WORD + "!")
    reader.tab.wait_for_selector("h2:has-text('each model cost')")
    reader.tab.context.close()


def test_a_page_prints_all_its_rows_and_its_address_without_controls(
    browser: "Browser", served: str, sample: Company
) -> None:
    reader = opened(browser, served)
    reader.go("/features")
    reader.tab.wait_for_selector(".ag-row-pinned")
    pdf = pypdf.PdfReader(io.BytesIO(reader.tab.pdf(prefer_css_page_size=True)))
    texts = [" ".join(normalize("NFKC", sheet.extract_text()).split()) for sheet in pdf.pages]
    assert all(round(sheet.mediabox.width) == 595 for sheet in pdf.pages)
    whole = " ".join(texts)
    assert f"{served}/features" in whole
    assert -1 < texts[0].find("in October 2026") < texts[0].find("Every feature, and what none")
    assert "data to 31 Oct 2026" in whole
    rows = sample.ask("roi", "--by", "feature", "--month", "2026-10")
    for row in rows:
        if not row["name"].startswith("("):
            assert row["name"] in whole
            assert exact(Decimal(row["cost"]), "USD") in whole
    for control in ("More filters", "Download CSV", "Show as table", "Features"):
        assert control not in whole
    assert reader.wrong == []
    assert reader.tab.locator(".printed").count() == 0  # the screen is as before
    reader.tab.context.close()
