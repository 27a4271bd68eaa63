"""`costlens packs`."""

from pathlib import Path

import click

from costlens.cli.options import takes_config, takes_print
from costlens.cli.output import Print


@click.group(
    invoke_without_command=True,
    epilog="Example: costlens packs --format csv",
)
@takes_config
@takes_print
@click.pass_context
def packs(context: click.Context, config: Path | None, printed: Print) -> None:
    """List the connector packs: ours, and those in `connectors/` beside costlens.yaml."""
    if context.invoked_subcommand is not None:
        return
    from costlens.config import load
    from costlens.errors import CostLensError
    from costlens.ingest import find_packs
    from costlens.questions.ask import Answer

    try:
        folder = load(config).folder
    except CostLensError:
        if config is not None:
            raise
        folder = None  # no workspace here: list ours
    rows = tuple(
        (
            pack.name,
            pack.description.title,
            ", ".join(pack.description.produces),
            ", ".join(pack.description.format),
        )
        for pack in find_packs(folder)
    )
    printed.show(
        Answer(columns=("name", "title", "makes", "reads"), types=("VARCHAR",) * 4, rows=rows)
    )


@packs.command(epilog="Example: costlens packs new acme bills/acme-2026-05.csv --cost Net")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--cost", help="The column of the amount. Default: the one that looks like it.")
@click.option("--day", help="The column of the day or time. Default: the one that looks like it.")
@takes_config
def new(name: str, file: Path, cost: str | None, day: str | None, config: Path | None) -> None:
    """Begin a pack NAME in `connectors/` beside costlens.yaml, from the header of a bill's FILE.

    What it writes are best guesses to review. Nothing that exists is touched.
    """
    from costlens.config import find_settings
    from costlens.ingest.starter import start_pack, told

    folder, _ = find_settings(config)
    for line in told(start_pack(folder, name, file, cost=cost, day=day), folder):
        click.echo(line)
