"""`costlens refresh`."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from costlens.cli.options import OneMonth, load_workspace, takes_config, who
from costlens.questions.window import Window


@click.command(epilog="Example: costlens refresh && costlens cost --by model")
@takes_config
@click.option(
    "--reopen",
    type=OneMonth(),
    multiple=True,
    help="Open a closed month again: take what was delivered for it since, and today's rules and "
    "rates. May be given several times.",
)
@click.option("--by", help="Who reopens it. Default: your user's name.")
def refresh(config: Path | None, reopen: tuple[Window, ...], by: str | None) -> None:
    """Ingest what changed, allocate what that touches, and publish a build.

    When nothing changed there is no new build. When anything is wrong, the last build stays. Closed
    months stay as they are; what would change them is said, until they are reopened.
    """
    if by and not reopen:
        raise click.UsageError("--by goes with --reopen")
    from costlens.refresh import refresh as bring_up_to_date

    done = bring_up_to_date(
        load_workspace(config),
        as_of=datetime.now(UTC).replace(tzinfo=None),
        say=_say,
        reopen=[month.first for month in reopen],
        by=who(by),
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
