"""The pages for leadership on paper: one HTML file, and a PDF of it where there is a Chromium."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from costlens.errors import CostLensError
from costlens.paths import bundled
from costlens.web.data import Data
from costlens.web.formats import moment
from costlens.web.pages import Page, find_pages
from costlens.web.still import as_html

LEADERSHIP = ("overview", "products", "models", "features", "portfolio", "benefits", "trust")
_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
_SECONDS = 120
_DRAW = """
for (const plot of document.querySelectorAll(".plot")) {
  const figure = JSON.parse(plot.firstElementChild.textContent);
  plot.textContent = "";
  Plotly.newPlot(plot, figure.data, figure.layout, {staticPlot: true});
}
"""


def leadership_pages() -> tuple[Page, ...]:
    """Find the pages that are printed, in the order of the paper."""
    known = {page.stem: page for page in find_pages([bundled("dashboards")])}
    return tuple(known[stem] for stem in LEADERSHIP if stem in known)


def paper(data: Data, pages: Sequence[Page], *, query: dict[str, str]) -> str:
    """Write pages of one build as one HTML file that needs nothing beside itself."""
    from plotly.offline import get_plotlyjs

    link = urlencode({**query, "build": str(data.number)})
    sheets = []
    for page in pages:
        address = f"{page.path}?{link}"
        made = as_html(page.layout(data, **query))
        sheets.append(
            f'<article class="sheet" data-page="{escape(page.stem, quote=True)}">{made}'
            f'<p class="address">{escape(page.title)}: {escape(address)}</p></article>'
        )
    assets = bundled("dashboards") / "assets"
    styles = "\n".join(file.read_text(encoding="utf-8") for file in sorted(assets.glob("*.css")))
    said = f"CostLens · build {data.number}, published {moment(data.built_at)}"
    return (
        '<!DOCTYPE html>\n<html lang="en" class="paper">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(said)}</title>\n<style>\n{styles}\n</style>\n</head>\n"
        f"<body>\n{''.join(sheets)}\n<script>{get_plotlyjs()}</script>\n"
        f"<script>{_DRAW}</script>\n</body>\n</html>\n"
    )


def find_browser() -> str | None:
    """Find a browser that prints, on the path."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def print_pdf(html: str, browser: str) -> bytes:
    """Print one HTML file on A4."""
    with tempfile.TemporaryDirectory(prefix="costlens-") as name:
        folder = Path(name)
        (folder / "pages.html").write_text(html, encoding="utf-8")
        pdf = folder / "pages.pdf"
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--no-pdf-header-footer",
            "--virtual-time-budget=20000",
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={pdf}",
            (folder / "pages.html").as_uri(),
        ]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # without it, Chromium does not start for root
        try:
            done = subprocess.run(  # noqa: S603 -- a browser of the path, over a file of our own
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(browser, str(error)) from error
        if not pdf.is_file():
            raise _failed(browser, done.stderr.strip().rpartition("\n")[2])
        return pdf.read_bytes()


def _failed(browser: str, why: str) -> CostLensError:
    return CostLensError(
        f"{browser} printed nothing: {why}",
        hint="leave --pdf out, or have another Chromium on the path",
    )
