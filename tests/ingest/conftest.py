"""A workspace on disk whose sources are loaded into a real lake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from costlens.config import load
from costlens.engine import connect
from costlens.errors import CostLensError
from costlens.ingest import Ingested, check_sources, load_sources
from costlens.lake import Lake

DATA = Path(__file__).parents[1] / "data" / "billing"
HEADER = (
    "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,"
    "BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "ProviderName,ServiceName,Tags\n"
)


def line(
    billed: str = "1",
    *,
    month: str = "2026-05",
    day: str = "04",
    currency: str = "USD",
    account: str = "a-1",
    tags: str = "",
    effective: str | None = None,
) -> str:
    """Write a FOCUS line."""
    year, number = month.split("-")
    after = f"{year}-{int(number) + 1:02}"
    tags = tags.replace('"', '""')
    effective = billed if effective is None else effective
    return (
        f"{billed},{effective},{billed},{billed},{currency},{account},{month}-01,{after}-01,"
        f'{month}-{day}T00:00:00Z,{month}-{day}T01:00:00Z,Usage,AWS,EC2,"{tags}"\n'
    )


@dataclass
class Desk:
    """A folder with costlens.yaml; `load` brings its lake up to date and publishes."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def sources(self, *lines: str, more: str = "") -> None:
        listed = "".join(f"  - {{{one}}}\n" for one in lines)
        self.write("costlens.yaml", f"version: 1\n{more}sources:\n{listed}")

    def load(
        self, *tag_keys: str, during: Callable[[], None] | None = None, day: int = 1
    ) -> Ingested:
        workspace = load(self.folder)
        lake = Lake(self.folder / "lake")
        self.said.clear()

        def say(text: str) -> None:
            self.said.append(text)
            if during is not None:
                during()

        at = datetime(2026, 6, day)
        with lake.writing() as draft, connect(lake.folder / ".scratch") as con:
            ingested = load_sources(
                workspace, draft, con, tag_keys=frozenset(tag_keys), as_of=at, say=say, closed={}
            )
            if ingested.changed:
                draft.publish(
                    built_at=at, engine="0", inputs={}, settings={}, book={}, periods={}, totals={}
                )
        return ingested

    def check(self) -> list[str]:
        with connect() as con:
            return [
                str(finding)
                for finding in check_sources(load(self.folder), con, as_of=datetime(2026, 6, 1))
            ]

    def refusal(self) -> list[str]:
        with pytest.raises(CostLensError) as raised:
            self.load()
        return [str(finding) for finding in raised.value.findings]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:  # any: what DuckDB gives
        lake = Lake(self.folder / "lake")
        with connect() as con:
            lake.open(con, lake.build())
            return con.execute(sql).fetchall()

    def files(self, table: str) -> dict[str, int]:
        found = (self.folder / "lake" / table).rglob("*.parquet")
        return {str(path.parent.name): path.stat().st_ino for path in found}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(folder=tmp_path / "desk")
    made.folder.mkdir()
    made.sources("name: bill, type: focus, path: bills/")
    return made
