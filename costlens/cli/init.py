"""`costlens init`."""

import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costlens.cli.options import takes_print
from costlens.cli.output import Print
from costlens.errors import CostLensError

if TYPE_CHECKING:
    from costlens.questions.ask import Answer
    from costlens.start.start import Looked


@click.command(epilog="Example: costlens init exports/")
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    required=False,
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write costlens.yaml and catalog/ to this folder. Default: FOLDER.",
)
@click.option("--dry-run", is_flag=True, help="Say what is recognised; write nothing.")
@takes_print
def init(folder: Path, into: Path | None, dry_run: bool, printed: Print) -> None:
    """Find your bills and run logs in FOLDER, and write a first costlens.yaml and catalogue.

    Looks through FOLDER (default: here), says what it recognised and what not, and writes what
    `costlens check` and `costlens refresh` can work with. Nothing is ever overwritten.
    """
    from costlens.engine import connect
    from costlens.start.start import check_free, look, write

    folder = folder.resolve()
    into = (into or folder).resolve()
    if not dry_run:
        check_free(into)
    with connect() as con:
        looked = look(con, folder, into=into, say=_say)
    printed.show(_answer(looked))
    for one in looked.found:
        for finding in (*one.errors, *one.notes):
            click.echo(f"{finding.severity}: {finding}", err=True)
    if not looked.found:
        raise CostLensError(
            "nothing was recognised: nothing was written",
            where=str(folder),
            hint="costlens packs lists what can be read: a bill of any columns as generic; "
            "whatever has runs can be written as runs.csv: run_id, pipeline, part, start, end",
        )
    if not dry_run:
        write(looked.files, into)
    _say_next(looked, into, written=not dry_run)


def _answer(looked: "Looked") -> "Answer":
    """Lay out what was recognised, then what was not."""
    from costlens.questions.ask import Answer, Cell
    from costlens.start.settings import months

    columns = ("path", "type", "recognised_as", "months", "lines", "cost", "currency", "note")
    types = ("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "BIGINT", "DECIMAL", "VARCHAR", "VARCHAR")
    rows: list[tuple[Cell, ...]] = []
    for one in looked.found:
        candidate = one.candidate
        title = re.split(r" \(|, ", candidate.pack.description.title)[0]
        title = " ".join(filter(None, (title, candidate.version)))
        note = one.doubles or (one.errors[0].message if one.errors else "")
        if one.doubles:
            note = f"left out: {note}"
        held: list[tuple[Cell, ...]] = [
            (months(t.months), t.lines, t.cost, t.currency) for t in one.totals
        ]
        rows += [
            (one.path, one.source.type, title, *each, note)
            for each in held or [(None, None, None, None)]
        ]
    for other in looked.unknown:
        rows.append((other.shown, None, None, None, None, None, None, other.why))
    return Answer(columns=columns, types=types, rows=tuple(rows))


def _say_next(looked: "Looked", into: Path, *, written: bool) -> None:
    """Say what was written, what stands in the way, and what to do next."""
    drafted = looked.drafted
    named = ", ".join(
        f"{count} {kind}{'' if count == 1 else 's'}"
        for kind in ("resource", "pipeline", "feature", "model")
        if (count := len(drafted.of(kind)))
    )
    verb = "wrote" if written else "would write"
    where = _folder(into)
    click.echo(f"\n{verb} {where}costlens.yaml", err=True)
    click.echo(f"{verb} {where}catalog/found.yaml: {named or 'nothing is named yet'}", err=True)
    left = sum((one.cost for one in drafted.rest), Decimal(0))
    if drafted.total:
        share = f"{left:,.2f} of {drafted.total:,.2f} {drafted.currency}"
        click.echo(f"{verb} {where}catalog/todo.yaml: no rule picks {share} yet", err=True)
    others = sorted(
        {
            (month, total.currency)
            for one in looked.found
            if one.counts
            for total in one.totals
            for month in total.months
            if total.currency not in (None, drafted.currency)
        }
    )
    if others:
        first = ",".join((*others[0], drafted.currency, "<rate>"))
        lines = f"month,from,to,rate and lines such as {first}"
        click.echo(f"the bill has other currencies: first write {where}fx.csv, {lines}", err=True)
    if any(one.errors for one in looked.found):
        click.echo("refresh will refuse until the errors above are put right", err=True)
    from costlens.cli.main import VERBS

    config = f" -c {where}" if where else ""
    click.echo("next:", err=True)
    steps = [
        (f"costlens check{config}", "is everything in order?"),
        (f"costlens refresh{config}", "load, allocate, publish"),
        (f"costlens cost{config}", "what does each feature cost?"),
        (f"costlens statement{config}", "does it tie to the bill?"),
    ]
    if "serve" in VERBS:
        steps.append((f"costlens serve{config}", "see it in the browser"))
    width = max(len(command) for command, _ in steps)
    for command, what in steps:
        click.echo(f"  {command:<{width}}  {what}", err=True)


def _folder(into: Path) -> str:
    """Write a folder as one types it from here, with a slash; nothing for here itself."""
    here = Path.cwd()
    shown = into.relative_to(here).as_posix() if into.is_relative_to(here) else str(into)
    return "" if shown == "." else f"{shown}/"


def _say(text: str) -> None:
    """Say how far it is, where somebody watches."""
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        click.echo(text, err=True)
