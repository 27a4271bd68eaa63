"""`costlens schedule`."""

from pathlib import Path

import click

from costlens.cli.options import takes_config


@click.command(epilog="Example: costlens schedule")
@takes_config
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
def schedule(config: Path | None, once: bool) -> None:
    """Refresh, and make and send the reports that are due, until it is told to end.

    One thing at a time, each as the command of its own that one could type. When is said by
    `schedule` and `reports` in costlens.yaml; a change of it counts at once. It can be stopped and
    started at any time: the ledger of editions says what was done; what was missed is caught up.

    In its place: costlens report run --due from cron or a timer, as in the files of deploy/.
    """
    from costlens.cli.reports import desk_of
    from costlens.config import find_settings
    from costlens.report.daemon import keep_time
    from costlens.report.ledger import Ledger

    folder, settings = find_settings(config)
    Ledger(folder / settings.lake).folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"keeping time for {folder}  (Ctrl-C stops)", err=True)
    words = ["--config", str((config or folder).resolve())]
    keep_time(lambda: desk_of(config), words, once=once)
