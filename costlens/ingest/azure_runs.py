"""The runs of Azure's cost exports, as their manifests tell: of what, of which days, and when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RANGE = re.compile(r"\d{8}-\d{8}")


@dataclass(frozen=True, kw_only=True)
class AzureRun:
    """One run of an export. Of runs with the same scope, type and range the newest counts."""

    manifest: Path
    scope: str  # what is billed: an account, a subscription; else the folder of the export
    type: str  # ActualCost, AmortizedCost, FocusCost ...
    range: str  # the folder of its days, such as 20260501-20260531
    submitted: str


def azure_run(read: Mapping[str, Any], manifest: Path) -> AzureRun | None:  # any: JSON
    """Make a run of a manifest; None where it is somebody else's."""
    config, run = read.get("exportConfig"), read.get("runInfo")
    if not isinstance(config, dict) or not isinstance(run, dict):
        return None
    parts = manifest.parent.parts
    at = next((n for n, part in enumerate(parts) if _RANGE.fullmatch(part)), None)
    resource = str(config.get("resourceId") or "").casefold()
    scope, found, _ = resource.partition("/providers/microsoft.costmanagement")
    if not found:
        kind = str(config.get("type") or "")
        folder = "/".join(parts[:at] if at is not None else parts[:-1])
        scope = re.sub(kind.removesuffix("Cost") or "^$", "", folder, flags=re.IGNORECASE)
    return AzureRun(
        manifest=manifest,
        scope=scope,
        type=str(config.get("type") or ""),
        range=parts[at] if at is not None else str(run.get("startDate") or "")[:10],
        submitted=str(run.get("submittedTime") or manifest.parent.as_posix()),
    )
