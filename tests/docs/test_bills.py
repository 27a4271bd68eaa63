"""docs/bills.md: every published bill that the tests read, with what it comes to and whose it is."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from costlens.errors import CostLensError
from costlens.ingest.diagnose import told
from costlens.ingest.fetch import named_file
from costlens.ingest.packs import Pack, find_packs
from costlens.ingest.rows import control
from costlens.ingest.source import macros, open_files

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
PACKS = {pack.name: pack for pack in find_packs(None) if pack.makes_charges}
HEAD = """# Bills that are read

Made by `tests/docs/test_bills.py`. Each file is read by its pack alone; the totals are the source's own, as
`control.sql` adds them up, and tests load the same files by `costlens refresh` and compare. Who published
a file under which licence stands in `tests/data/README.md`.

| file | pack | charges | currency | billed | effective |
|---|---|---|---|---|---|
"""


def bills() -> Iterator[tuple[Path, Pack]]:
    """Give every bill among the data, with the pack its folder is named for, else focus."""
    for path in sorted(DATA.rglob("*")):
        folders = path.relative_to(DATA).parts[:-1]
        pack = next((PACKS[name] for name in reversed(folders) if name in PACKS), None)
        if pack is None and folders == ("billing",):
            pack = PACKS["focus"]
        if pack and path.is_file() and re.search(r"\.(csv|parquet|jsonl)(\.gz)?$", path.name):
            yield path, pack


def rows_of(path: Path, pack: Pack, staging: Path) -> Iterator[str]:
    """Write the rows of one file: a row a currency, or why it is refused."""
    shown = path.relative_to(DATA).as_posix()
    with duckdb.connect() as con, macros(con):
        try:
            opened = open_files(con, [named_file(path)], pack=pack, currency="USD", staging=staging)
            opened.view(con)
            told(con, opened)
        except CostLensError as error:
            why = next(one for one in error.findings if one.severity == "error")
            yield f"| {shown} | {pack.name} | refused: {why.message} | | | |"
            return
        found = control(con, pack)
        for currency in sorted({str(one.currency) for one in found}):
            mine = [one for one in found if str(one.currency) == currency]
            billed = sum(one.billed or 0 for one in mine)
            effective = sum(one.effective or 0 for one in mine)
            rows = sum(one.rows for one in mine)
            yield (
                f"| {shown} | {pack.name} | {rows:,} | {currency} | {plain(billed)} | "
                f"{plain(effective)} |"
            )


def plain(amount: object) -> str:
    """Write an amount without the zeros behind it."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def test_the_list_of_bills_is_current(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    rows = [row for path, pack in bills() for row in rows_of(path, pack, tmp_path)]
    golden(ROOT / "docs" / "bills.md", HEAD + "\n".join(rows) + "\n")


def test_every_bill_has_an_origin_and_a_licence() -> None:
    listed = (DATA / "README.md").read_text(encoding="utf-8")
    for path, _ in bills():
        folders = path.relative_to(DATA).parts[:-1]
        assert path.name in listed or any(f"| {folder}/ |" in listed for folder in folders), path
