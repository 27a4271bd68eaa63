"""The reference pages say what the command and the settings are."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from costlens.cli.main import VERBS, root
from costlens.config import schema
from costlens.lake import TABLES

DOCS = Path(__file__).parents[2] / "docs"
Golden = Callable[[Path, str], None]


def test_every_verb_is_in_the_reference_with_its_help(golden: Golden) -> None:
    width = {"terminal_width": 100, "max_content_width": 100, "help_option_names": ["-h", "--help"]}
    context = click.Context(root, info_name="costlens", **width)
    parts = ["# The command\n", "Made from the command's own help.\n", _help(root, context)]
    for verb in VERBS:
        command = root.get_command(context, verb)
        assert command is not None
        own = click.Context(command, info_name=verb, parent=context, **width)
        parts += [f"## {verb}\n", _help(command, own)]
        for name, under in getattr(command, "commands", {}).items():
            its = click.Context(under, info_name=name, parent=own, **width)
            parts += [f"## {verb} {name}\n", _help(under, its)]
    golden(DOCS / "cli.md", "\n".join(parts))


def _help(command: click.Command, context: click.Context) -> str:
    return f"```\n{command.get_help(context)}\n```\n"


def test_every_verb_has_an_example() -> None:
    for verb in VERBS:
        command = root.get_command(click.Context(root), verb)
        assert command is not None
        assert (command.epilog or "").startswith("Example: costlens "), verb


def test_every_pack_is_in_the_reference_as_its_readme_has_it(golden: Golden) -> None:
    parts = [
        "# The connectors\n",
        "Made from the README of each pack. `costlens packs` lists them; how to write one:"
        " `CONTRIBUTING.md`.\n",
    ]
    for pack in sorted((DOCS.parent / "connectors").iterdir()):
        said = pack / "README.md"
        if said.is_file():
            prose = said.read_text(encoding="utf-8").split("```")
            prose[::2] = [re.sub(r"^#", "##", text, flags=re.MULTILINE) for text in prose[::2]]
            parts.append("```".join(prose).replace("](../../docs/", "]("))
    golden(DOCS / "connectors.md", "\n".join(parts))


def test_every_setting_is_in_the_reference(golden: Golden) -> None:
    parts = [
        "# The files you write\n",
        "Made from the definitions that read them. `costlens schema` prints them as JSON Schema.\n",
    ]
    for title, file in (("costlens.yaml", "settings"), ("catalog/*.yaml", "catalogue")):
        parts.append(f"## {title}\n")
        whole = schema(file)  # type: ignore[arg-type] -- one of the two, by the line above
        parts += list(_keys(whole, title))
    golden(DOCS / "files.md", "\n".join(parts) + "\n")


def _keys(whole: dict[str, Any], title: str) -> Iterator[str]:  # Any: JSON
    top = {"properties": whole.get("properties", {}), "required": whole.get("required", [])}
    named = {title: top, **whole.get("$defs", {})}
    for name, one in named.items():
        one = _object(one)  # noqa: PLW2901 -- the object form of a value that has a short one
        if not one.get("properties"):
            continue
        yield f"### {name}\n"
        yield "| key | | what |\n|---|---|---|"
        needed = one.get("required", [])
        for key, value in one["properties"].items():
            must = "required" if key in needed else ""
            if "default" in value:
                must = f"default `{value['default']}`"
            choice = ", ".join(f"`{c}`" for c in value.get("enum", []))
            yield f"| `{key}` | {must} | {value.get('description', '')} {choice} |".replace(
                "  |", " |"
            )
        yield ""


def _object(one: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    for form in one.get("anyOf", []):
        if "properties" in form:
            return form
    return one


def test_every_table_is_in_the_architecture() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for table in TABLES:
        assert f"| {table} |" in text, table
