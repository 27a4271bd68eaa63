"""`costlens demo`."""

import shutil
from pathlib import Path

import click

from costlens.errors import CostLensError
from costlens.paths import bundled

_UNUSED = "feature:fv_support_tickets"
# Question → the words of the command that answers it.
_STEPS = (
    ("Is everything in order?", ["check"]),
    ("Ingest, allocate, publish", ["refresh"]),
    ("Does it tie to the bills?", ["statement"]),
    ("What does each feature cost?", ["cost", "--by", "feature"]),
    ("What does each model cost?", ["cost", "--by", "model"]),
    ("What does each product cost, and what does it bring in?", ["roi", "--by", "product"]),
    ("Nobody uses fv_support_tickets: what is its cost made of?", ["explain", _UNUSED]),
    ("What is still to be done?", ["findings"]),
    ("The files for finance, for the last month", ["report"]),
)


@click.command(epilog="Example: costlens demo --folder acme")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("costlens-demo"),
    show_default=True,
    help="The working folder that the sample company is copied to.",
)
@click.option("--serve/--no-serve", default=True, show_default=True, help="Then show the pages.")
def demo(folder: Path, serve: bool) -> None:
    """Run the sample company from its bills to its return, in a folder of its own, and show it."""
    from costlens.cli.main import root

    _copy(folder)
    for question, words in _STEPS:
        command = [words[0], *words[1:], "--config", str(folder)]
        click.secho(f"\n{question}", bold=True)
        click.secho(f"$ costlens {' '.join(command)}", dim=True)
        root(command, standalone_mode=False)
    click.echo(f"\nWhat it shows: {folder}/README.md.")
    click.echo(f"Go on: costlens --help, or edit {folder}/catalog and refresh again.")
    if serve:
        click.secho(f"\n$ costlens serve --config {folder}", dim=True)
        root(["serve", "--config", str(folder)], standalone_mode=False)


def _copy(folder: Path) -> None:
    """Copy the sample company, over an older copy of it and nothing else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "make_sample.py").is_file():
        raise CostLensError(
            "the folder holds something else",
            where=str(folder),
            hint="name another: costlens demo --folder NAME",
        )
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(bundled("sample_data"), folder, dirs_exist_ok=True, ignore=ignore)
