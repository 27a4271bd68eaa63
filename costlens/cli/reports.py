"""`costlens report run`, `history` and `list`: the reports that costlens.yaml declares."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costlens.cli.options import Day, takes_config, takes_print
from costlens.cli.output import Print
from costlens.errors import CostLensError

if TYPE_CHECKING:
    from costlens.config.reports import Report
    from costlens.questions.spans import Span
    from costlens.report.run import Desk


def desk_of(config: Path | None) -> "Desk":
    """Open a workspace's reports, now."""
    from costlens.config import find_settings
    from costlens.report.run import Desk

    folder, settings = find_settings(config)
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return Desk(
        settings=settings, folder=folder, now=now, say=lambda said: click.echo(said, err=True)
    )


@click.command(
    short_help="Make a report and send it, or all that are due.",
    epilog="Example: costlens report run finance",
)
@click.argument("name", required=False)
@click.option("--due", is_flag=True, help="Make what is due, send what is open.")
@click.option("--again", is_flag=True, help="Send the last edition to where it did not get.")
@click.option("--on", type=Day(), help="Make NAME as if it were due on this day. Default: today.")
@takes_config
def run(name: str | None, due: bool, again: bool, on: date | None, config: Path | None) -> None:
    """Make a report now and send it where it goes; or, with --due, all that are due.

    An edition is kept beside the lake as it was made, in LAKE.editions; the ledger there says what
    went where. With --due nothing is sent twice, and what was missed is caught up: of missed
    moments with the same window the last. What fails is tried again for two days, less and less
    often.

    From cron, every minute: costlens report run --due. Ends with 1 if anything could not be made or
    sent. A mail or message that a run died over may have arrived: it is said to be unclear, and
    only --again sends it once more.
    """
    from costlens.report.run import run_by_hand, run_due, send_again

    if due == bool(name) or (due and (again or on)) or (again and on):
        raise click.UsageError("name a report, with --again or --on if need be; or take --due")
    desk = desk_of(config)
    if due:
        failed = run_due(desk)
    else:
        wanted = _named(desk, name or "")
        span = _span(desk, wanted, on)
        failed = send_again(desk, wanted) if again else run_by_hand(desk, wanted, span)
    if failed:
        sys.exit(1)


def _named(desk: "Desk", name: str) -> "Report":
    from costlens.config.notes import did_you_mean

    for one in desk.settings.reports:
        if one.name == name:
            return one
    names = [one.name for one in desk.settings.reports]
    near = did_you_mean(name, names)
    hint = f"did you mean {near}?" if near else f"reports: {', '.join(names) or 'none'}"
    raise CostLensError(f'there is no report "{name}"', where="costlens.yaml", hint=hint)


def _span(desk: "Desk", report: "Report", on: date | None) -> "Span":
    from costlens.questions.spans import span_of
    from costlens.report.due import local_day, zone_of

    return span_of(
        report.window, on or local_day(desk.now, zone_of(report, desk.settings.schedule)).date()
    )


@click.command(
    short_help="What went where, and what failed.",
    epilog="Example: costlens report history finance",
)
@click.argument("name", required=False)
@takes_config
@takes_print
def history(name: str | None, config: Path | None, printed: Print) -> None:
    """List the editions, newest first: where each went, and what failed.

    sent, failed (and tried again), given_up, unclear: it may have arrived; open: not tried yet.
    broken: the edition could not be made.
    """
    from costlens.report.history import history_of

    desk = desk_of(config)
    if name is not None:
        _named(desk, name)
    printed.show(history_of(desk, name or ""))


@click.command(
    "list", short_help="The reports of costlens.yaml.", epilog="Example: costlens report list"
)
@takes_config
@takes_print
def list_reports(config: Path | None, printed: Print) -> None:
    """List the reports of costlens.yaml: what each tells, when it is due, and where it goes."""
    from costlens.report.history import list_of

    printed.show(list_of(desk_of(config)))
