"""A workspace with reports, in a folder of its own, and its desk at a moment of the test's choice."""

import json
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from company import Company

from costlens.config import find_settings
from costlens.report.run import Desk, run_due

APRIL = {"question": "chargeback_by_team", "window": "2026-04"}


@dataclass
class Office:
    """A workspace, and what its runs say."""

    company: Company
    said: list[str] = field(default_factory=list)

    def at(self, now: str) -> Desk:
        folder, settings = find_settings(self.company.folder)
        return Desk(
            settings=settings, folder=folder, now=datetime.fromisoformat(now), say=self.said.append
        )

    def due(self, now: str) -> int:
        """Run what is due at a moment; give the number of failures."""
        return run_due(self.at(now))

    def history(self, *words: str) -> list[dict[str, str]]:
        return self.company.ask("report", "history", *words)

    @property
    def states(self) -> list[str]:
        return [row["state"] for row in self.history()]


def office(paid: Company, folder: Path, *reports: dict[str, object], **more: object) -> Office:
    """Copy a company that is built already, and declare its reports."""
    shutil.copytree(paid.folder, folder, ignore=shutil.ignore_patterns("*.editions"))
    declare(folder, *reports, **more)
    return Office(company=Company(folder=folder))


def declare(folder: Path, *reports: dict[str, object], **more: object) -> None:
    """Write what costlens.yaml says of reports."""
    path = folder / "costlens.yaml"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "reports": list(reports), **more}, indent=1))
