"""The pages of docs/ are a site whose links all lead somewhere."""

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_every_page_is_in_the_site() -> None:
    said = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    named = {
        page
        for part in said["nav"]
        for pages in part.values()
        for one in pages
        for page in one.values()
    }
    assert named == {path.name for path in (ROOT / "docs").glob("*.md")}


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "reports" / "index.html").is_file()
