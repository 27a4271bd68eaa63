"""List the published builds, with the bills that each one ties to, and the sources."""

import json
from decimal import Decimal
from pathlib import Path

from costlens.config import find_settings
from costlens.lake import Lake
from costlens.questions.ask import Answer, Asked

_COLUMNS = {
    "build": "BIGINT",
    "built_at": "TIMESTAMP",
    "source": "VARCHAR",
    "period": "VARCHAR",
    "currency": "VARCHAR",
    "billed": "DECIMAL(38,12)",
    "effective": "DECIMAL(38,12)",
}


def published(lake: Lake) -> Answer:
    """List the builds of a lake, oldest first; one row per (build, source, period, currency)."""
    rows = [
        (
            build.number,
            build.built_at,
            total["source"],
            total["period"],
            total["currency"],
            Decimal(total["billed"]),
            Decimal(total["effective"]),
        )
        for build in lake.builds()
        for total in build.totals["bill"]
    ]
    return Answer(columns=tuple(_COLUMNS), types=tuple(_COLUMNS.values()), rows=tuple(rows))


def sources_of(asked: Asked, config: Path | None) -> Answer:
    """List the sources that costlens.yaml names, and what the build has of them."""
    _, settings = find_settings(config)
    named = [{"name": source.name, "type": source.type} for source in settings.sources]
    return asked.ask("sources", sources=json.dumps(named))
