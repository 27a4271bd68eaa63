"""Take the pictures of the pages that the documentation shows: docs/images/*.png.

Run: python docs/screenshots.py WORKSPACE, a folder with a build. Needs playwright and a chromium.
Of each page there is one picture with both widths in both themes; of some there is one to read.
"""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

from costlens.paths import bundled
from costlens.web.pages import Page, find_pages

OUT = Path(__file__).parent / "images"
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
WIDE, PHONE = (1280, 900), (375, 900)
TALL = 1400
MOST = 300_000  # bytes of a picture
THEME = "mantine-color-scheme-value"
SHEET = """<body style="margin:0;padding:14px;background:#8b929b;display:flex;gap:14px">{}</body>"""


def dearest(workspace: Path) -> str:
    """Name the feature that costs most."""
    words = ["cost", "--by", "feature", "--format", "csv", "--config", str(workspace)]
    rows = subprocess.run(command(words), capture_output=True, text=True, check=True).stdout
    return rows.splitlines()[1].split(",")[0]


def command(words: list[str]) -> list[str]:
    """Run a verb with this Python."""
    return [sys.executable, "-c", "from costlens.cli import main; main()", *words]


def picture(browser: Browser, link: str, size: tuple[int, int], theme: str = "light") -> bytes:
    """Take a picture of a page, when its charts are drawn."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_init_script(f"localStorage.setItem({THEME!r}, {theme!r})")
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector(".page:not(.waiting) h1")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1200)
    if page.query_selector("#whatif-then-ask:not([disabled])"):
        page.click("#whatif-then-ask")
        page.wait_for_selector("#whatif-then-result table")
        page.wait_for_timeout(1200)
    taken = page.screenshot()
    context.close()
    return taken


def sheet(browser: Browser, link: str) -> bytes:
    """Put both widths in both themes side by side, small."""
    looks = [(size, theme) for size in (WIDE, PHONE) for theme in ("light", "dark")]
    images = "".join(
        '<img style="height:340px" src="data:image/png;base64,'
        f'{base64.b64encode(picture(browser, link, size, theme)).decode()}">'
        for size, theme in looks
    )
    page = browser.new_page(viewport={"width": 1318, "height": 368})
    page.set_content(SHEET.format(images))
    taken = page.screenshot()
    page.close()
    return taken


def keep(file: str, taken: bytes) -> None:
    """Write a picture, if it is small."""
    assert len(taken) < MOST, f"{file} has {len(taken)} bytes"
    (OUT / file).write_bytes(taken)
    print(f"{OUT / file} {len(taken):,} bytes")


def link_of(page: Page, name: str) -> str:
    """Write a link that shows what a page is for."""
    query = {
        "/feature": {"name": name, "month": "all"},
        "/rows": {"of": f"feature:{name}", "month": "all"},
        "/whatif": {"what": "product:home_page_picks"},
    }.get(page.path, {})
    return f"{page.path}?{urlencode(query)}" if query else page.path


def main(workspace: Path) -> None:
    """Serve a workspace and take its pictures."""
    OUT.mkdir(exist_ok=True)
    name = dearest(workspace)
    words = ["serve", "--port", "0", "--config", str(workspace)]
    server = subprocess.Popen(command(words), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        found = re.match(r"(http://\S+)", server.stdout.readline())
        assert found, "the server says where it is"
        with sync_playwright() as play:
            chromium = shutil.which("chromium")
            browser = play.chromium.launch(executable_path=chromium, args=FLAGS.split())
            for page in find_pages([bundled("dashboards")]):
                taken = sheet(browser, found[1] + link_of(page, name))
                keep(f"{page.stem}-looks.png", taken)
            feature = f"{found[1]}/feature?{urlencode({'name': name, 'month': 'all'})}"
            keep("overview.png", picture(browser, found[1], (WIDE[0], TALL)))
            keep("feature.png", picture(browser, feature, (WIDE[0], TALL)))
            keep("overview-phone.png", picture(browser, found[1], (PHONE[0], TALL)))
            browser.close()
    finally:
        server.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
