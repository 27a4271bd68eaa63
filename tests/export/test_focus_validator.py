"""The FinOps Foundation's own validator finds nothing wrong with what we export as FOCUS.

It is no dependency of ours. Where `focus-validator` 2.2.1 is on the path, which takes Python 3.12, this
runs: pip install focus-validator 'pyarrow<22' in an environment of its own.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from company import Company

VALIDATOR = shutil.which("focus-validator")
# Of these four it says that they fail on data that is as FOCUS wants it, too.
WRONG_THEMSELVES = {
    "InvoiceId-C-004-C",
    "EffectiveCost-C-005-C",
    "CapacityReservationStatus-C-004-C",
    "CommitmentDiscountStatus-C-004-C",
}


@pytest.mark.slow
@pytest.mark.skipif(VALIDATOR is None, reason="focus-validator is not on the path")
@pytest.mark.parametrize("level", ["feature", "model", "product"])
@pytest.mark.parametrize("month", ["2026-08", "2026-10"])
def test_no_rule_fails_but_those_that_are_wrong(
    demo: Company, tmp_path: Path, level: str, month: str
) -> None:
    out = tmp_path / "rows.parquet"
    ran = demo.run("export", "focus", "--by", level, "--month", month, "-o", str(out))
    assert ran.code == 0, ran.err
    said = validated(out)
    # A rule that is made of others fails with them, and says so.
    failed = {rule for rule, why in said.items() if "failed child rules" not in why}
    assert failed <= WRONG_THEMSELVES
    assert len(said) > 0


def validated(path: Path) -> dict[str, str]:
    """Give the rules that fail and why; it reads a file beside its package by a relative name."""
    assert VALIDATOR is not None
    (packages,) = Path(VALIDATOR).parent.parent.glob("lib/python*/site-packages")
    words = ["--validate-version", "1.2.0.1", "--block-download", "--applicability-criteria", "ALL"]
    done = subprocess.run(
        [VALIDATOR, "--data-file", str(path), *words, "--output-type", "console"],
        cwd=packages,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PASS" in done.stdout, done.stderr
    return dict(re.findall(r"(\S+): FAIL +\((.*)\)", done.stdout))
