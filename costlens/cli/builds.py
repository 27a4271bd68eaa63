"""`costlens builds`."""

from decimal import Decimal
from pathlib import Path

import click

from costlens.cli.options import open_lake, takes_config, takes_print
from costlens.cli.output import Print


@click.command(epilog="Example: costlens builds --format csv")
@takes_config
@takes_print
def builds(config: Path | None, printed: Print) -> None:
    """List the published builds, oldest first, with the bills that each one ties to."""
    from costlens.questions.ask import Answer

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
        for build in open_lake(config).builds()
        for total in build.totals["bill"]
    ]
    columns = {
        "build": "BIGINT",
        "built_at": "TIMESTAMP",
        "source": "VARCHAR",
        "period": "VARCHAR",
        "currency": "VARCHAR",
        "billed": "DECIMAL(38,12)",
        "effective": "DECIMAL(38,12)",
    }
    printed.show(Answer(columns=tuple(columns), types=tuple(columns.values()), rows=tuple(rows)))
