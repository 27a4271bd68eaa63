"""`costlens import`."""

from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import click

from costlens.cli.options import load_workspace, takes_config, takes_print
from costlens.cli.output import Print
from costlens.config.notes import did_you_mean
from costlens.config.values import Source, Workspace
from costlens.errors import CostLensError

if TYPE_CHECKING:
    from costlens.imports.write import Imported
    from costlens.questions.ask import Answer

_TOOLS = ("feast", "dbt", "mlflow", "tecton")


@click.command("import", epilog="Example: costlens import mlflow --dry-run")
@click.argument("tool", type=click.Choice(_TOOLS))
@click.option("--source", help="One source of this type. Default: all that costlens.yaml names.")
@click.option("--prune", is_flag=True, help="Take out what the tool no longer has.")
@click.option("--dry-run", is_flag=True, help="Print what would change as a diff; write nothing.")
@takes_config
@takes_print
def imports(
    tool: str,
    source: str | None,
    prune: bool,
    dry_run: bool,
    config: Path | None,
    printed: Print,
) -> None:
    """Write the features, models, products, owners and edges that TOOL tells of to the catalogue.

    Reads the sources of costlens.yaml that are of this type, as a refresh would, and writes or
    refreshes catalog/imported_TOOL.yaml; with --source, of several, imported_TOOL_NAME.yaml. What
    you change there stays, comments too; what another catalogue file names is not named again; what
    the tool no longer has is listed, and taken out with --prune. Keep the hidden file beside it,
    too: it says what the tool said last.
    """
    from costlens.engine import connect
    from costlens.imports.told import tell
    from costlens.imports.write import bring_in, write

    workspace = load_workspace(config)
    sources = _sources(workspace, tool, source)
    with connect(memory_limit=workspace.settings.memory_limit) as con:
        things, found = tell(workspace, con, sources, as_of=datetime.now(UTC).replace(tzinfo=None))
    several = [one for one in workspace.settings.sources if one.type == tool][1:]
    named = source if source and several else ""
    brought = bring_in(tool, workspace, things, source=named, prune=prune)
    for one in (*found, *brought.findings):
        click.echo(f"{one.severity}: {one}", err=True)
    if dry_run:
        click.echo(_diff(brought), nl=False)
    else:
        write(brought, workspace)
        printed.show(_answer(brought))
    _say(brought, prune=prune, dry_run=dry_run)


def _sources(workspace: Workspace, tool: str, wanted: str | None) -> list[Source]:
    """Choose the sources of a tool."""
    every = workspace.settings.sources
    mine = [one for one in every if one.type == tool and wanted in (None, one.name)]
    if mine:
        return mine
    named = next((one for one in every if one.name == wanted), None)
    near = did_you_mean(wanted or "", [one.name for one in every if one.type == tool])
    if named is not None:
        what = f'the source "{wanted}" is of type {named.type}, not {tool}'
    elif wanted is not None:
        what = f'no source "{wanted}"'
    else:
        what = f"no source of type {tool}"
    raise CostLensError(
        what,
        where=named.place if named else "costlens.yaml",
        hint=f'did you mean "{near}"?'
        if near
        else f"add it to sources, such as {{name: {tool}, type: {tool}, path: {tool}/}}",
    )


def _answer(brought: "Imported") -> "Answer":
    from costlens.questions.ask import Answer

    columns = ("change", "thing", "key", "here", "told")
    return Answer(
        columns=columns,
        types=("VARCHAR",) * len(columns),
        rows=tuple(
            (one.what, one.at, one.key, one.here, one.told)
            for one in sorted(brought.changes, key=lambda one: (one.what, one.at, one.key))
        ),
    )


def _diff(brought: "Imported") -> str:
    lines = unified_diff(
        brought.before.splitlines(keepends=True),
        brought.after.splitlines(keepends=True),
        fromfile=brought.name,
        tofile=brought.name,
    )
    return "".join(lines)


def _say(brought: "Imported", *, prune: bool, dry_run: bool) -> None:
    """Say how much of what changed."""
    counts: dict[str, int] = {}
    for one in brought.changes:
        counts[one.what] = counts.get(one.what, 0) + 1
    if prune and "gone" in counts:
        counts["taken out"] = counts.pop("gone")
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    if brought.after == brought.before:
        verb = "nothing to change in"
    else:
        verb = "would write" if dry_run else "wrote"
    click.echo(f"{verb} {brought.name}" + (f": {told}" if told else ""), err=True)
    if "gone" in counts:
        click.echo("what is gone stays; to take it out: --prune", err=True)
