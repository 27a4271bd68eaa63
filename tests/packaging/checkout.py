"""The checkout that these tests look at, as git sees it."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*under: str) -> list[Path]:
    """List the files of a checkout, new ones included, as git sees them."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *under],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    names = sorted(filter(None, done.stdout.split("\0")))
    return [Path(name) for name in names if (ROOT / name).is_file()]
