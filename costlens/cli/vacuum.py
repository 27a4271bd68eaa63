"""`costlens vacuum`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from costlens.cli.options import open_lake, takes_config


@click.command(epilog="Example: costlens vacuum --keep 12")
@takes_config
@click.option("--keep", type=click.IntRange(min=1), help="Keep this many builds. Default: all.")
def vacuum(config: Path | None, keep: int | None) -> None:
    """Delete files that no kept build needs; the build that closed a month is kept with it."""
    lake = open_lake(config)
    done = lake.vacuum(keep=keep, as_of=datetime.now(UTC).replace(tzinfo=None))
    click.echo(
        f"{len(done.builds)} builds forgotten, {len(done.files)} files deleted, "
        f"{done.bytes:,} bytes freed"
    )
