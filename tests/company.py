"""A company for one test: write its bill, run log and catalogue, and ask the command about it."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from costlens.cli import main

SAMPLE = Path(__file__).parents[1] / "sample_data"
Row = Mapping[str, object]

_BILL = {
    "BillingCurrency": "USD",
    "BillingAccountId": "1",
    "BillingPeriodStart": "2026-05-01T00:00:00Z",
    "BillingPeriodEnd": "2026-06-01T00:00:00Z",
    "ChargePeriodStart": "2026-05-01T00:00:00Z",
    "ChargePeriodEnd": "2026-05-02T00:00:00Z",
    "ChargeCategory": "Usage",
    "ProviderName": "P",
    "InvoiceIssuerName": "P",
    "ServiceName": "Compute",
}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How the command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


def costlens(*words: str) -> Ran:
    """Run the command in this process."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(words)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(kw_only=True)
class Company:
    """A workspace in a folder of its own."""

    folder: Path
    sources: list[dict[str, object]] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)

    def _source(self, **source: object) -> None:
        if source not in self.sources:
            self.sources.append(source)
        # JSON is YAML, and needs no quoting rules.
        text = json.dumps({"version": 1, "sources": self.sources, **self.settings}, indent=1)
        path = self.folder / "costlens.yaml"
        if not path.exists() or path.read_text() != text:  # somebody may be reading it
            path.write_text(text)

    def bill(self, *lines: Row, name: str = "bill", file: str = "", **source: object) -> Path:
        """Write a FOCUS file: each line gives `cost` and what differs from a plain daily line."""
        full = []
        for line in lines:
            cost = line.get("cost", "0")
            row = {**_BILL, "BilledCost": cost, "EffectiveCost": cost, **line}
            row.pop("cost", None)
            if isinstance(row.get("Tags"), dict):
                row["Tags"] = json.dumps(row["Tags"])
            full.append(row)
        path = self.folder / (file or f"{name}.csv")
        write(path, full)
        path_in_yaml = str(Path(file).parent) + "/" if "/" in file else path.name
        self._source(name=name, type="focus", path=path_in_yaml, **source)
        return path

    def runs(self, *rows: Row, name: str = "runs") -> Path:
        """Write a runs file."""
        path = self.folder / f"{name}.csv"
        write(path, rows)
        self._source(name=name, type="runs", path=path.name)
        return path

    def activity(self, *rows: Row, name: str = "usage") -> Path:
        """Write an activity file."""
        path = self.folder / f"{name}.csv"
        write(path, rows)
        self._source(name=name, type="activity", path=path.name)
        return path

    def source(self, **source: object) -> None:
        """Name a source in costlens.yaml; its files are the test's own."""
        self._source(**source)

    def catalogue(self, text: str, file: str = "all.yaml") -> None:
        """Write a file of the catalogue."""
        (self.folder / "catalog").mkdir(exist_ok=True)
        (self.folder / "catalog" / file).write_text(text)

    def run(self, *words: str) -> Ran:
        """Run a verb here."""
        return costlens(*words, "--config", str(self.folder))

    def refresh(self) -> Ran:
        """Refresh, and insist that it worked."""
        ran = self.run("refresh")
        assert ran.code == 0, ran.err
        return ran

    def ask(self, *words: str) -> list[dict[str, str]]:
        """Ask, and insist on an answer."""
        ran = self.run(*words, "--format", "csv")
        assert ran.code == 0, ran.err
        return ran.rows

    def cost(self, by: str = "feature", *words: str) -> dict[str, Decimal]:
        """Ask what things cost: name to allocated."""
        return {
            row["name"]: Decimal(row["allocated"]) for row in self.ask("cost", "--by", by, *words)
        }


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV, with the columns of all of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
