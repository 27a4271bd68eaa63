"""The pages on paper: as a PDF by a real browser, as one HTML file without, and from a reader's own tab."""

import io
import re
import shutil
from decimal import Decimal
from pathlib import Path
from unicodedata import normalize

import pypdf
import pytest
from company import Company

from costlens.paths import bundled
from costlens.web.formats import exact
from costlens.web.paper import find_browser, leadership_pages

A4 = (595, 842)
MONTH = "2026-10"
PAGES = leadership_pages()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("sample") / "sample"
    ignore = shutil.ignore_patterns("__pycache__", "lake")
    shutil.copytree(bundled("sample_data"), folder, ignore=ignore)
    company = Company(folder=folder)
    company.refresh()
    return company


def bill(company: Company) -> str:
    rows = company.ask("cost", "--month", MONTH)
    return exact(sum((Decimal(row["allocated"]) for row in rows), Decimal(0)), "USD")


@pytest.mark.slow
def test_the_pdf_has_each_page_for_leadership_on_sheets_of_its_own(
    sample: Company, tmp_path: Path
) -> None:
    if find_browser() is None:
        pytest.skip("no chromium on the path: apt-get install chromium")
    ran = sample.run("report", "--month", MONTH, "--pdf", "-o", str(tmp_path))
    assert ran.code == 0, ran.err
    assert f"{MONTH}.pdf: the pages, printed by " in ran.err
    pdf = pypdf.PdfReader(io.BytesIO((tmp_path / f"{MONTH}.pdf").read_bytes()))
    texts = [" ".join(normalize("NFKC", sheet.extract_text()).split()) for sheet in pdf.pages]
    for sheet in pdf.pages:
        box = sheet.mediabox
        assert (round(box.width), round(box.height)) == A4
    ends = [at for at, text in enumerate(texts) if "build=1" in text]
    assert len(ends) == len(PAGES)  # every page ends with its address, on a sheet of its own
    for at, page in zip(ends, PAGES, strict=True):
        assert f"{page.title}: {page.path}?month={MONTH}&basis=effective" in texts[at]
    assert texts[0].startswith("October 2026 cost $")
    assert "data to 31 Oct 2026" in texts[0]
    whole = " ".join(texts)
    assert bill(sample) in whole
    assert "could not be computed" not in whole
    for row in sample.ask("cost", "--by", "product", "--month", MONTH):
        if not row["name"].startswith("("):
            assert row["name"] in whole
            assert exact(Decimal(row["allocated"]), "USD") in whole
    for control in ("Download CSV", "Group by", "Log out"):
        assert control not in whole


def test_without_a_browser_the_pages_are_one_html_file(
    sample: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = sample.run("report", "--month", MONTH, "--pdf", "-o", str(tmp_path))
    assert ran.code == 0, ran.err
    assert "the pages as HTML, for no Chromium is on the path" in ran.err
    text = (tmp_path / f"{MONTH}.html").read_text(encoding="utf-8")
    assert re.findall(r'data-page="(\w+)"', text) == [page.stem for page in PAGES]
    shown = text.partition("<body>")[2].partition("<script>")[0]
    assert bill(sample) in shown
    assert "<button" not in shown
    assert not re.search(r'(?:src|href)="(?!data:)', shown)  # it needs nothing beside itself
    assert "Plotly.newPlot" in text
    assert not (tmp_path / f"{MONTH}.pdf").exists()


def test_a_browser_that_prints_nothing_is_named(
    sample: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\necho it is broken >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    ran = sample.run("report", "--month", MONTH, "--pdf", "-o", str(tmp_path))
    assert ran.code == 1
    assert f"{fake} printed nothing: it is broken" in ran.err
