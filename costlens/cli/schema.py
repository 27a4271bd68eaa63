"""`costlens schema`."""

import json
from typing import Literal

import click


@click.command(epilog="Example: costlens schema catalogue > catalogue.schema.json")
@click.argument("file", type=click.Choice(["settings", "catalogue"]), default="settings")
def schema(file: Literal["settings", "catalogue"]) -> None:
    """Print the JSON Schema of costlens.yaml (settings) or catalog/*.yaml (catalogue).

    Editors complete and check the files by it.
    """
    from costlens.config import schema as make_schema

    click.echo(json.dumps(make_schema(file), indent=2))
