"""`costlens packs`."""

from pathlib import Path

import click

from costlens.cli.options import takes_config, takes_print
from costlens.cli.output import Print


@click.command(epilog="Example: costlens packs")
@takes_config
@takes_print
def packs(config: Path | None, printed: Print) -> None:
    """List the connector packs: ours, and those in `connectors/` beside costlens.yaml."""
    from costlens.config import load
    from costlens.errors import CostLensError
    from costlens.ingest import find_packs
    from costlens.questions.ask import Answer

    try:
        folder = load(config).folder
    except CostLensError:
        if config is not None:
            raise
        folder = None  # no workspace here: list ours
    rows = tuple(
        (
            pack.name,
            pack.description.title,
            ", ".join(pack.description.produces),
            ", ".join(pack.description.format),
        )
        for pack in find_packs(folder)
    )
    printed.show(
        Answer(columns=("name", "title", "makes", "reads"), types=("VARCHAR",) * 4, rows=rows)
    )
