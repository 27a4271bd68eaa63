"""`costlens builds`."""

from pathlib import Path

import click

from costlens.cli.options import open_lake, takes_config, takes_print
from costlens.cli.output import Print


@click.command(epilog="Example: costlens builds --format csv")
@takes_config
@takes_print
def builds(config: Path | None, printed: Print) -> None:
    """List the published builds, oldest first, with the bills that each one ties to."""
    from costlens.questions.published import published

    printed.show(published(open_lake(config)))
