"""What is delivered, and how it can go wrong."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from costlens.config.values import Settings

MANIFEST = "manifest.json"


class UndeliveredError(Exception):
    """It surely did not arrive: it can be tried again."""


class RefusedError(UndeliveredError):
    """It surely did not arrive, and would not a moment later: trying at once can lock a login."""


class UnclearError(Exception):
    """It may have arrived: trying again could make two of it."""


@dataclass(frozen=True)
class Parcel:
    """An edition as it was made, with the settings that its way needs."""

    report: str
    edition: str
    files: dict[str, bytes]
    settings: Settings
    folder: Path  # of costlens.yaml

    @cached_property
    def manifest(self) -> dict[str, Any]:  # Any: JSON
        """What the edition says of itself."""
        said: dict[str, Any] = json.loads(self.files[MANIFEST])
        return said

    @property
    def label(self) -> str:
        """The window, as files name it."""
        return str(self.manifest["window"])
