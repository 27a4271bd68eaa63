"""Take the pictures of the pages that the documentation shows: docs/images/*.png.

Run: python docs/screenshots.py WORKSPACE, a folder with a build. Needs playwright and a chromium.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

OUT = Path(__file__).parent / "images"
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
WIDE, PHONE = (1280, 1400), (375, 1400)
MOST = 300_000  # bytes of a picture


def dearest(workspace: Path) -> str:
    """Name the feature that costs most."""
    words = ["cost", "--by", "feature", "--format", "csv", "--config", str(workspace)]
    rows = subprocess.run(command(words), capture_output=True, text=True, check=True).stdout
    return rows.splitlines()[1].split(",")[0]


def command(words: list[str]) -> list[str]:
    """Run a verb with this Python."""
    return [sys.executable, "-c", "from costlens.cli import main; main()", *words]


def take(browser: Browser, link: str, file: str, size: tuple[int, int]) -> None:
    """Take one picture, when its charts are drawn."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(link)
    page.wait_for_selector(".chart .barlayer path")
    page.wait_for_timeout(1500)
    path = OUT / file
    page.screenshot(path=path)
    page.close()
    size_on_disk = path.stat().st_size
    assert size_on_disk < MOST, f"{file} has {size_on_disk} bytes"
    print(f"{path} {size_on_disk:,} bytes")


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
            feature = f"{found[1]}/feature?{urlencode({'name': name, 'month': 'all'})}"
            take(browser, found[1], "overview.png", WIDE)
            take(browser, feature, "feature.png", WIDE)
            take(browser, found[1], "overview-phone.png", PHONE)
            browser.close()
    finally:
        server.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
