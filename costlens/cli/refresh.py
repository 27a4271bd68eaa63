"""`costlens refresh`."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from costlens.cli.options import load_workspace, takes_config


@click.command(epilog="Example: costlens refresh && costlens cost --by model")
@takes_config
def refresh(config: Path | None) -> None:
    """Ingest what changed, allocate what that touches, and publish a build.

    When nothing changed there is no new build. When anything is wrong, the last build stays.
    """
    from costlens.refresh import refresh as bring_up_to_date

    done = bring_up_to_date(
        load_workspace(config),
        as_of=datetime.now(UTC).replace(tzinfo=None),
        say=_say,
    )
    for one in done.findings:
        if not one.quiet:
            click.echo(f"{one.severity}: {one}", err=True)
    if done.is_new:
        click.echo(f"build {done.build.number} published")
    else:
        click.echo(f"nothing new: build {done.build.number} still holds")


def _say(text: str) -> None:
    """Say how far it is, where somebody watches."""
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        click.echo(text, err=True)
