"""`costlens close`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from costlens.cli.options import OneMonth, load_workspace, takes_config, who
from costlens.questions.window import Window


@click.command(epilog="Example: costlens close 2026-09")
@click.argument("month", type=OneMonth())
@click.option("--by", help="Who closes it. Default: your user's name.")
@takes_config
def close(month: Window, by: str | None, config: Path | None) -> None:
    """Close a billing MONTH as the latest build has it: from then on its figures stay.

    Its billing lines, their allocation and its rates no longer follow what is delivered or written
    later; a refresh says what would change, and `costlens refresh --reopen MONTH` takes it. A month
    that is not over, has no bill or does not tie to it is refused. `costlens months` lists them.
    """
    from costlens.closing import close as close_month

    done = close_month(
        load_workspace(config),
        month.first,
        as_of=datetime.now(UTC).replace(tzinfo=None),
        by=who(by),
    )
    for one in done.findings:
        click.echo(f"{one.severity}: {one}", err=True)
    rates = ", ".join(
        f"{own} to {to} {rate:f}" for (own, to), rate in sorted(done.closing.pairs.items())
    )
    click.echo(
        f"{month.first} is closed by build {done.build.number}, "
        + (f"at {rates}" if rates else "without a rate")
    )
